"""Keys of webhooks: kept, known to the verifier, and replaced where they are wrong."""

from __future__ import annotations

import pytest

from ml_connector.bill.settings import BillSettings
from ml_connector.core.webhooks import Refused
from tests.sandbox.receiver import Receiver

from .back import Back, delivery, signed
from .support import settings

RENEW = "POST /v3/subscriptions/{id}/security_key"


async def test_deliveries_are_verified_with_the_key_that_was_kept(back: Back, receiver: Receiver) -> None:
    with pytest.raises(Refused) as refused:
        back.verifier().accept(signed(b"{}", "x"))
    assert refused.value.status == 503
    await back.catch_up(url=receiver.url)
    await changed_payment(back, receiver)
    (event,) = back.verifier().accept(delivery(receiver.received[0]))
    assert event.type == "payment.updated"


@pytest.mark.parametrize("signed", ["raw", "minified"])
@pytest.mark.parametrize("form", ["object", "string"])
async def test_deliveries_in_every_form(back: Back, receiver: Receiver, signed: str, form: str) -> None:
    back.sandbox.bill.switches.change({"signed_body": signed, "body_form": form})
    await back.catch_up(url=receiver.url)
    await changed_payment(back, receiver)
    (event,) = back.verifier().accept(delivery(receiver.received[0]))
    assert event.body["payment"]["status"] == "VOIDED"


@pytest.mark.parametrize("retry_key", ["old", "new"])
async def test_a_delivery_under_way_during_a_rotation(back: Back, receiver: Receiver, retry_key: str) -> None:
    back.sandbox.bill.switches.change({"retry_key": retry_key})
    await back.catch_up(url=receiver.url)
    key = back.subscription.key
    receiver.answers = [500]
    await changed_payment(back, receiver)
    back.subscription.key = "made-elsewhere"
    back.sandbox.bill.webhooks.dispatcher.flush()
    await receiver.came.reach(2)
    verifier = back.verifier(webhook_key=f"made-elsewhere, {key}")
    assert verifier.accept(delivery(receiver.received[1]))


async def changed_payment(back: Back, receiver: Receiver) -> None:
    payment_id = back.payment(back.vendor())
    await receiver.came.reach(1)
    receiver.received.clear()
    receiver.came.change(-receiver.came.value)
    back.move(payment_id, singleStatus="VOIDED")
    await receiver.came.reach(1)


async def test_a_key_that_our_receiver_refuses_is_replaced(back: Back, receiver: Receiver) -> None:
    """As after an old backup of the state database was restored."""
    back.quick()
    await back.catch_up(url=receiver.url)
    back.subscription.key = "made-elsewhere"
    back.sandbox.clock.advance(3 * 3600)
    receiver.answers = [401] * 5
    back.payment(back.vendor())
    await back.sandbox.bill.webhooks.disabled.reach()
    caught = await back.catch_up(url=receiver.url)
    assert back.kept_keys[0] == back.subscription.key != "made-elsewhere"
    assert any("401" in alert for alert in caught.alerts)
    assert (await back.catch_up(url=receiver.url)).alerts == []
    assert back.calls(RENEW) == 1


async def test_a_key_just_made_is_left_alone(back: Back, receiver: Receiver) -> None:
    """The receiver may not have read it when the first events came."""
    await back.catch_up(url=receiver.url)
    receiver.answers = [401]
    back.payment(back.vendor())
    await receiver.came.reach()
    await back.sandbox.bill.webhooks.attempted.reach()
    caught = await back.catch_up(url=receiver.url)
    assert (caught.alerts, back.calls(RENEW)) == ([], 0)


async def test_a_persons_key_is_never_replaced(back: Back, receiver: Receiver) -> None:
    back.quick()
    await back.by_hand(receiver.url)
    receiver.answers = [401] * 5
    back.payment(back.vendor())
    await back.sandbox.bill.webhooks.disabled.reach()
    caught = await back.catch_up(url=receiver.url, webhook_key="mistyped")
    assert any("webhook_security_key" in alert for alert in caught.alerts)
    assert back.calls(RENEW) == 0


def test_keys_of_the_connection() -> None:
    def made(keys: str | None) -> BillSettings:
        return settings("https://gateway.prod.bill.com/connect", webhook_security_key=keys)

    assert made(None).webhook_keys == ()
    assert made("new-key, old-key\nolder").webhook_keys == ("new-key", "old-key", "older")
    assert set(made("new-key old-key").secrets()) >= {"new-key", "old-key"}
    assert "old-key" not in repr(made("old-key"))


@pytest.mark.parametrize(
    ("base", "events"),
    [
        ("https://gateway.prod.bill.com/connect", "https://gateway.prod.bill.com/connect-events"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/connect-events"),
        ("https://proxy.example.com/bill/connect", "https://proxy.example.com/bill/connect-events"),
    ],
)
def test_where_webhooks_are_managed(base: str, events: str) -> None:
    assert settings(base).events_url == events
