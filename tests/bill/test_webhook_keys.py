"""Keys of webhooks: kept, known to the verifier, and replaced where they are wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ml_connector.bill.settings import BillSettings
from ml_connector.bill.webhook import BillVerifier
from ml_connector.bill.webhook_keys import Busy, Kept, WebhookKeys
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import Unavailable
from ml_connector.core.webhooks import Refused
from sandbox import credentials
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


def test_a_replaced_key_is_accepted_for_a_day(back: Back) -> None:
    kept, now = Kept(), back.store.now()
    kept.take("s-1", "first", now - timedelta(days=30))
    assert kept.accepted(now) == ["first"]
    kept.take("s-1", "second", now)
    assert kept.accepted(now + timedelta(hours=23)) == ["second", "first"]
    assert kept.accepted(now + timedelta(hours=24)) == ["second"]
    assert Kept.from_payload(kept.as_payload()).accepted(now + timedelta(hours=25)) == ["second"]


async def test_the_verifier_forgets_a_replaced_key_after_a_day(back: Back) -> None:
    await back.catch_up()
    old = back.subscription.key
    back.sandbox.bill.webhooks.subscriptions[credentials.BILL_ORGANIZATION].delete(back.subscription)
    await back.catch_up()
    new = back.subscription.key
    assert accepted(back.verifier()) == [new, old]
    back.sandbox.clock.advance(24 * 3600)
    assert accepted(back.verifier()) == [new]
    assert accepted(back.verifier(webhook_key=old)) == [old, new]  # a person's key is that person's


def accepted(verifier: BillVerifier) -> list[str]:
    return [key.decode() for key in verifier._keys]


async def test_while_another_task_looks_after_the_subscription_a_run_goes_on_without(back: Back) -> None:
    await back.catch_up()
    back.sandbox.clock.advance(3 * 3600)  # an outage of that length would be told
    keys = WebhookKeys(back.store, credentials.BILL_ORGANIZATION, "acme")
    calls = back.calls("GET /v3/subscriptions")
    async with keys.lock():
        caught = await back.catch_up()
    assert caught == CaughtUp(
        note="another task is looking after BILL's webhook subscription; this run left it alone"
    )
    assert back.calls("GET /v3/subscriptions") == calls
    assert (await back.catch_up()).note is None


async def test_a_lock_of_a_dead_task_is_free_after_two_minutes(back: Back) -> None:
    dead, keys = (WebhookKeys(back.store, credentials.BILL_ORGANIZATION, "acme") for _ in range(2))
    async with dead.lock():
        with pytest.raises(Busy):
            async with keys.lock():
                raise AssertionError("two tasks hold it")
        back.sandbox.clock.advance(121)
        async with keys.lock():
            pass


async def test_an_outage_under_the_lock_stays_an_outage(back: Back) -> None:
    keys = WebhookKeys(back.store, credentials.BILL_ORGANIZATION, "acme")
    with pytest.raises(Unavailable, match="maintenance") as caught:
        async with keys.lock():
            raise Unavailable("maintenance")
    assert type(caught.value) is Unavailable


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
