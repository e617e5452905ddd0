"""The webhook subscription: one, switched on, for the right events."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ml_connector.bill.api import BillApi, classify
from ml_connector.bill.webhook_api import WebhookApi
from ml_connector.bill.webhook_keys import WebhookKeys
from ml_connector.core import codec
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import AuthenticationError
from ml_connector.core.http import Client, HandlerTransport, Request, Response
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.server import Sandbox
from tests.sandbox.receiver import Receiver

from .back import URL, Back

CREATE, LIST, CATALOG = "POST /v3/subscriptions", "GET /v3/subscriptions", "GET /v3/events/catalog"
ONE, RENEW = "PATCH /v3/subscriptions/{id}", "POST /v3/subscriptions/{id}/security_key"
TOKEN = (credentials.BILL_TOKEN_NAME, credentials.BILL_TOKEN_VALUE)


# ---- making it


async def test_the_first_run_subscribes_and_later_ones_leave_it_alone(back_on_both: Back) -> None:
    back = back_on_both
    first, second = await back.catch_up(), await back.catch_up()
    row = back.subscription
    assert (row.url, row.name, row.wants, row.enabled) == (
        URL, "ml-connector", {"payment.updated", "payment.failed"}, True,
    )  # fmt: skip
    assert back.kept_keys == [row.key]
    assert (first.alerts, second) == ([], CaughtUp([], [], None))
    assert first.note is not None
    assert row.id in first.note
    assert (back.calls(CREATE), back.calls(CATALOG)) == (1, 1)


async def test_its_name_and_events_are_the_tenants(back: Back) -> None:
    webhooks = {"name": "Acme", "events": ["payment.updated", "bill.updated"], "url": "https://other/x"}
    await back.catch_up(webhooks=webhooks)
    assert (back.subscription.name, back.subscription.wants) == ("Acme", {"payment.updated", "bill.updated"})


async def test_keys_are_nowhere_in_clear(back: Back) -> None:
    caught = await back.catch_up()
    key = back.subscription.key
    with back.store.read() as connection:
        dumped = "".join(str(row) for row in connection.connection.driver_connection.iterdump())
    assert key not in dumped
    assert key not in f"{caught}{WebhookKeys(back.store, credentials.BILL_ORGANIZATION, 'acme').read()}"


@pytest.mark.parametrize("fault", ["lost", "broken_gateway", "truncate", "cut_off"])
async def test_a_lost_answer_makes_no_second_subscription(back: Back, fault: str) -> None:
    back.fault(fault, CREATE, count=None)
    lost = await back.catch_up()
    assert (len(back.subscriptions), back.kept_keys) == (1, [])
    assert back.subscription.key not in f"{lost}"
    back.sandbox.faults.clear()
    await back.catch_up()
    assert (back.kept_keys, back.calls(RENEW)) == ([back.subscription.key], 0)


async def test_an_answer_lost_once_is_asked_for_again_at_once(back: Back) -> None:
    back.fault("lost", CREATE)
    caught = await back.catch_up()
    assert (caught.alerts, back.kept_keys, back.calls(CREATE)) == ([], [back.subscription.key], 2)


async def test_a_killed_run_loses_no_key(back: Back) -> None:
    back.fault("hold", CREATE)
    run = asyncio.create_task(back.catch_up())
    await back.sandbox.faults.held.reach()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    back.sandbox.faults.release()
    await back.catch_up()
    assert (back.kept_keys, back.calls(RENEW)) == ([back.subscription.key], 0)


async def test_an_answer_lost_for_more_than_a_day_costs_a_new_key(back: Back) -> None:
    back.fault("lost", CREATE, count=None)
    await back.catch_up()
    back.sandbox.faults.clear()
    back.sandbox.clock.advance(25 * 3600)
    before = back.subscription.key
    await back.catch_up()
    assert back.kept_keys == [back.subscription.key] != [before]


async def test_a_refused_create_is_told_and_tried_anew(back: Back) -> None:
    back.sandbox.bill.switches.change({"idempotent_errors": "cached"})
    (alert,) = (await back.catch_up(url="http://connector.example.com/x")).alerts
    assert "HTTPS" in alert
    assert "polled" in alert
    await back.catch_up()
    assert len(back.subscriptions) == 1


async def test_two_runs_at_once_subscribe_once(back: Back) -> None:
    back.fault("hold_request", CREATE, count=None)
    runs = [asyncio.create_task(back.catch_up()) for _ in range(2)]
    await back.sandbox.faults.held.reach()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(back.sandbox.faults.held.reach(2), 1.0)
    back.sandbox.faults.clear()
    back.sandbox.faults.release()
    await asyncio.gather(*runs)
    assert (len(back.subscriptions), back.calls(CREATE)) == (1, 1)


async def test_without_payload_keys_nothing_is_made(sandbox: Sandbox, back: Back) -> None:
    with Store(back.store.database, Cipher(), actor="test") as open_store:
        (alert,) = (await Back(sandbox, open_store).catch_up()).alerts
    assert "payload_keys" in alert
    assert back.subscriptions == []


async def test_an_organization_with_ten_subscriptions(back: Back) -> None:
    for number in range(10):
        await back.by_hand(f"https://other.example.com/{number}")
    (alert,) = (await back.catch_up()).alerts
    assert "10" in alert
    assert (back.calls(CREATE), len(back.subscriptions)) == (10, 10)


async def test_more_subscriptions_than_a_page_shows(back: Back) -> None:
    await back.catch_up()
    rows = [{"id": f"s-{number}", "notificationUrl": "https://x"} for number in range(100)]
    mine = {"id": back.subscription.id, "notificationUrl": URL, "status": {"enabled": True}, "events": []}

    async def handle(request: Request) -> Response:
        second = dict(request.params).get("page") == "two"
        answer: dict[str, Any] = {"results": [mine]} if second else {"results": rows, "nextPage": "two"}
        return Response(200, {}, codec.encode(answer))

    client = Client("https://bill.test/connect", transport=HandlerTransport(handle), classify=classify)
    found = await WebhookApi(BillApi(client), "https://bill.test/connect-events").subscriptions()
    assert len(found) == 101


# ---- one that is there


async def test_one_made_by_hand_with_its_key_in_the_connection(back: Back) -> None:
    key = await back.by_hand(events=("payment.updated", "payment.failed"))
    caught = await back.catch_up(webhook_key=key)
    assert (caught.alerts, back.calls(RENEW), back.subscription.key) == ([], 0, key)


async def test_one_whose_key_nobody_knows_gets_a_new_one(back: Back) -> None:
    key = await back.by_hand(f"{URL}/")
    caught = await back.catch_up()
    assert back.kept_keys == [back.subscription.key] != [key]
    assert "new key" in str(caught.note)


async def test_a_lost_answer_to_a_new_key(back: Back) -> None:
    await back.by_hand()
    back.fault("lost", RENEW, count=None)
    await back.catch_up()
    back.sandbox.faults.clear()
    await back.catch_up()
    assert back.kept_keys == [back.subscription.key]


async def test_unknown_key_and_no_way_to_keep_one(sandbox: Sandbox, back: Back) -> None:
    await back.by_hand()
    with Store(back.store.database, Cipher(), actor="test") as open_store:
        (alert,) = (await Back(sandbox, open_store).catch_up()).alerts
    assert ("payload keys" in alert, back.calls(RENEW)) == (True, 0)


async def test_several_with_our_address(back: Back) -> None:
    await back.catch_up()
    await back.by_hand()
    mine, other = back.subscriptions
    mine.switch(mine.updated, enabled=False)
    caught = await back.catch_up()
    assert any(other.id in alert and mine.id in alert for alert in caught.alerts)
    assert (mine.enabled, len(back.subscriptions), back.kept_keys) == (True, 2, [mine.key])


async def test_events_that_it_lacks_are_added(back: Back) -> None:
    await back.by_hand(events=("bill.updated",))
    await back.catch_up()
    assert back.subscription.wants == {"bill.updated", "payment.updated", "payment.failed"}
    assert (await back.catch_up()).note is None


async def test_an_address_that_changed_moves_the_subscription(back: Back) -> None:
    await back.catch_up()
    await back.catch_up(url="https://new.example.com/hook")
    assert back.subscription.url == "https://new.example.com/hook"


async def test_one_that_was_deleted_is_made_anew(back: Back) -> None:
    await back.catch_up()
    old = back.subscription
    back.sandbox.bill.webhooks.subscriptions[credentials.BILL_ORGANIZATION].delete(old)
    await back.catch_up()
    assert back.kept_keys == [back.subscription.key, old.key]


async def test_payment_events_that_bill_does_not_offer(back: Back) -> None:
    back.sandbox.bill.switches.change({"payment_events": False})
    caught = await back.catch_up()
    assert (caught.alerts, back.subscriptions) == ([], [])
    assert "does not offer payment.updated, payment.failed" in str(caught.note)
    await back.catch_up(webhooks={"events": ["payment.updated", "bill.updated"]})
    assert back.subscription.wants == {"bill.updated"}


# ---- trouble


async def test_one_that_bill_switched_off_is_switched_on_and_its_events_fetched(
    back: Back, receiver: Receiver
) -> None:
    back.quick()
    await back.catch_up(url=receiver.url)
    receiver.answers = [503] * 5
    payment_id = back.payment(back.vendor())
    await back.sandbox.bill.webhooks.disabled.reach()
    assert not back.subscription.enabled
    caught = await back.catch_up(url=receiver.url)
    (alert,) = caught.alerts
    assert back.subscription.id in alert
    assert "could not be delivered" in alert
    assert back.subscription.enabled
    assert [event.body["payment"]["id"] for event in caught.events] == [payment_id]
    assert (await back.catch_up(url=receiver.url)).alerts == []


async def test_one_that_stays_off(back: Back) -> None:
    await back.catch_up()
    back.subscription.switch(back.subscription.updated, enabled=False, reason="suspended by BILL")
    back.fault("error", ONE, status=400, message="status: cannot be changed")
    caught = await back.catch_up()
    assert "cannot be changed" in " ".join(caught.alerts)


async def test_a_login_that_may_not_manage_webhooks_is_told_once_a_day(back: Back) -> None:
    back.sandbox.bill.switches.change({"sync_token_webhooks": "refused"})
    first, second = [await back.catch_up(login=TOKEN) for _ in range(2)]
    assert len(first.alerts) == 1
    assert "webhooks.subscribe: false" in first.alerts[0]
    assert second.alerts == []
    assert "told already" in str(second.note)
    back.sandbox.clock.advance(24 * 3600 + 60)
    assert (await back.catch_up(login=TOKEN)).alerts == first.alerts
    back.sandbox.bill.switches.change({"sync_token_webhooks": "allowed"})
    assert (await back.catch_up(login=TOKEN)).alerts == []


async def test_a_short_outage_is_noted_and_a_long_one_told(back: Back) -> None:
    await back.catch_up()
    back.fault("error", LIST, status=503, count=None)
    caught = await back.catch_up()
    assert caught.alerts == []
    assert "did not answer" in str(caught.note)
    back.sandbox.clock.advance(2 * 3600)
    (alert,) = (await back.catch_up()).alerts
    assert "has not answered since" in alert


async def test_an_address_without_webhook_management(back: Back) -> None:
    webhooks = {"management_url": f"{back.sandbox.bill_url}/elsewhere"}
    (alert,) = (await back.catch_up(webhooks=webhooks)).alerts
    assert "cannot be kept" in alert
    back.sandbox.clock.advance(24 * 3600 + 60)
    (alert,) = (await back.catch_up(webhooks={"management_url": "https://evil.example.com"})).alerts
    assert "outside" in alert


async def test_refused_credentials_stop_the_run(back: Back) -> None:
    with pytest.raises(AuthenticationError):
        await back.catch_up(login=(credentials.BILL_USERNAME, "wrong"))


async def test_an_odd_answer_is_told(back: Back) -> None:
    back.fault("html", LIST)
    await back.catch_up()
    back.fault("html", CATALOG, count=None)
    caught = await back.catch_up()
    assert caught.alerts or caught.note
    assert back.subscriptions == []
