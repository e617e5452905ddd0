"""BILL: signed delivery, retries, and switching a subscription off."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from sandbox import credentials
from sandbox.bill.webhooks.signature import sign
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread

from .clients import Payer, vendor_body
from .receiver import Hooks, Receiver
from .shapes import sample


async def test_signed_delivery(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.subscribed("vendor.created")
    vendor = await hooks.payer.vendor()
    await hooks.center.delivered.reach()
    (received,) = receiver.received
    assert received.headers["content-type"] == "application/json"
    assert received.signed_with(made["securityKey"])
    metadata = received.json["metadata"]
    UUID(metadata.pop("eventId"))
    assert metadata == {
        "subscriptionId": made["id"],
        "organizationId": credentials.BILL_ORGANIZATION,
        "eventType": "vendor.created",
        "version": "1",
    }
    assert received.json["vendor"]["id"] == vendor["id"]


def test_documented_signatures(facts: Path) -> None:
    vectors = sample(facts, "bill/samples/signature_vectors.json")["vectors"]
    assert vectors
    for vector in vectors:
        expected = vector["x-bill-sha-signature"]
        assert sign(vector["securityKey"], vector["raw_body"].encode()) == expected, vector["name"]


@pytest.mark.parametrize("form", ["object", "string"])
@pytest.mark.parametrize("signed", ["raw", "minified"])
async def test_forms_of_body_and_signature(hooks: Hooks, receiver: Receiver, form: str, signed: str) -> None:
    hooks.sandbox.bill.switches.change({"body_form": form, "signed_body": signed})
    key = (await hooks.subscribed("vendor.created"))["securityKey"]
    await hooks.payer.vendor("Zażółć & Söhne")
    await hooks.center.delivered.reach()
    (received,) = receiver.received
    document: Any = json.loads(received.json) if form == "string" else received.json
    assert isinstance(received.json, str) == (form == "string")
    assert document["vendor"]["name"] == "Zażółć & Söhne"
    minified = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    assert received.signed_with(key) == (signed == "raw")
    assert received.signed_with(key, minified) == (signed == "minified" or form == "object")


async def test_amounts_keep_their_digits(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed("bill.created")
    await hooks.payer.bill((await hooks.payer.vendor())["id"], billLineItems=[{"amount": 100}])
    await hooks.center.delivered.reach()
    assert b'"amount":100.00,' in receiver.received[0].body


async def test_only_what_was_subscribed_comes(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed("bill.created")
    await hooks.subscribed("vendor.created", notificationUrl=receiver.url + "/vendors")
    await hooks.payer.bill((await hooks.payer.vendor())["id"])
    await hooks.payer.login(organizationId=credentials.BILL_OTHER_ORGANIZATION)
    await hooks.payer.vendor()
    await hooks.center.settled()
    assert sorted(receiver.types) == ["bill.created", "vendor.created"]


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 500, 503])
async def test_only_200_counts(hooks: Hooks, receiver: Receiver, status: int) -> None:
    hooks.quick(1)
    receiver.answers = [status]
    made = await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    await hooks.center.settled()
    assert len(receiver.received) == 2
    assert len({received.event_id for received in receiver.received}) == 1
    assert receiver.received[0].body == receiver.received[1].body
    assert [log.status for log in hooks.center.dispatcher.log] == [status, 200]
    assert (await hooks.status(made))["enabled"] is True


async def test_retries_after_2_4_8_and_16_seconds(hooks: Hooks, receiver: Receiver, sandbox: Sandbox) -> None:
    receiver.answers = [500] * 5
    made = await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    for attempt, wait in enumerate((2, 4, 8, 16), 1):
        await receiver.came.reach(attempt)
        await sandbox.clock.sleeping.reach()
        sandbox.clock.advance(wait - 1)
        await asyncio.sleep(0)
        assert len(receiver.received) == attempt
        sandbox.clock.advance(1.1)
    await hooks.center.disabled.reach()
    assert len(receiver.received) == 5
    status = await hooks.status(made)
    assert (status["enabled"], status["actor"]) == (False, "SYSTEM")
    assert status["reason"]


async def disabled(hooks: Hooks, *events: str) -> dict[str, Any]:
    """A subscription that BILL switched off after failures."""
    made = await hooks.subscribed(*events)
    hooks.quick()
    hooks.receiver.answers = [500] * 5
    await hooks.payer.vendor("Never heard of")
    await hooks.center.disabled.reach()
    await hooks.center.settled()
    hooks.receiver.answers.clear()
    hooks.receiver.received.clear()
    return made


async def test_a_disabled_subscription_gets_nothing_until_patched(hooks: Hooks, receiver: Receiver) -> None:
    made = await disabled(hooks, "vendor.created")
    await hooks.payer.vendor("While off")
    await hooks.center.settled()
    assert receiver.received == []
    body = {"status": {"enabled": True}}
    status = (await hooks.call("PATCH", f"/v3/subscriptions/{made['id']}", body)).json["status"]
    assert status == {"enabled": True, "actor": "CLIENT"}
    await hooks.center.settled()
    assert receiver.received == [], "what was missed is in the history only"
    await hooks.payer.vendor("On again")
    await hooks.center.settled()
    assert [received.json["vendor"]["name"] for received in receiver.received] == ["On again"]
    names = [json.loads(row["payload"])["vendor"]["name"] for row in await hooks.history(made)]
    assert sorted(names) == ["Never heard of", "On again", "While off"]


async def test_one_failing_event_stops_the_others(hooks: Hooks, receiver: Receiver) -> None:
    """Events that wait for their next attempt are given up as soon as the subscription is off."""
    made = await hooks.subscribed("vendor.created")
    receiver.answers = [500] * 3
    await hooks.payer.vendor("First")
    await hooks.payer.vendor("Second")
    await hooks.sandbox.clock.sleeping.reach(2)
    await hooks.control("POST", "/bill/webhooks/disable")
    await hooks.call("PATCH", f"/v3/subscriptions/{made['id']}", {"status": {"enabled": True}})
    hooks.sandbox.clock.advance(30)
    await hooks.center.settled()
    assert len(receiver.received) == 2
    assert [row["retries"] for row in await hooks.history(made)] == [[], []]


async def test_created_or_put_disabled(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.subscribed("vendor.created", status={"enabled": False, "reason": "later"})
    assert made["status"] == {"enabled": False, "actor": "CLIENT", "reason": "later"}
    await hooks.payer.vendor("Off")
    body = hooks.body(["vendor.created"], status={})
    put = (await hooks.call("PUT", f"/v3/subscriptions/{made['id']}", body)).json
    assert put["status"] == {"enabled": True, "actor": "CLIENT"}
    await hooks.payer.vendor("On")
    await hooks.center.settled()
    assert [received.json["vendor"]["name"] for received in receiver.received] == ["On"]


async def test_a_receiver_that_does_not_answer_in_time(hooks: Hooks, receiver: Receiver) -> None:
    assert hooks.sandbox.bill.switches.webhook_timeout_seconds == 10
    hooks.quick(1)
    hooks.sandbox.bill.switches.change({"webhook_timeout_seconds": 0.05})
    receiver.silent.clear()
    made = await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    await hooks.center.disabled.reach()
    (row,) = await hooks.history(made)
    assert row["statusCode"] is None
    assert {log.error for log in hooks.center.dispatcher.log} <= {"TimeoutError", "ServerTimeoutError"}
    assert len(hooks.center.dispatcher.log) == 2


async def test_nobody_listens(hooks: Hooks) -> None:
    hooks.quick(2)
    made = await hooks.subscribed("vendor.created", notificationUrl="http://127.0.0.1:9/bill")
    await hooks.payer.vendor()
    await hooks.center.disabled.reach()
    assert [log.status for log in hooks.center.dispatcher.log] == [None] * 3
    assert (await hooks.status(made))["enabled"] is False


async def test_the_api_does_not_wait_for_receivers(hooks: Hooks, receiver: Receiver) -> None:
    receiver.silent.clear()
    await hooks.subscribed("vendor.created")
    for number in range(3):
        await hooks.payer.vendor(f"V{number}")
    await receiver.came.reach(3)
    receiver.silent.set()
    await hooks.center.delivered.reach(3)


@pytest.mark.parametrize("switch", ["new", "old"])
async def test_queued_retries_after_a_rotation(hooks: Hooks, receiver: Receiver, switch: str) -> None:
    hooks.sandbox.bill.switches.change({"retry_key": switch})
    receiver.answers = [500]
    made = await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    await hooks.sandbox.clock.sleeping.reach()
    rotated = await hooks.call("POST", f"/v3/subscriptions/{made['id']}/security_key", key=str(uuid4()))
    hooks.sandbox.clock.advance(3)
    await hooks.center.delivered.reach()
    await hooks.payer.vendor("Next")
    await hooks.center.delivered.reach(2)
    keys = {"old": made["securityKey"], "new": rotated.json["securityKey"]}
    assert receiver.received[1].signed_with(keys[switch])
    assert receiver.received[2].signed_with(keys["new"])


async def test_a_deleted_subscription_gets_no_retries(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers = [500]
    made = await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    await hooks.sandbox.clock.sleeping.reach()
    await hooks.call("DELETE", f"/v3/subscriptions/{made['id']}")
    hooks.sandbox.clock.advance(3)
    await hooks.center.settled()
    assert len(receiver.received) == 1


async def test_the_test_call(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.subscribed("payment.updated", "bill.created")
    path = f"/v3/subscriptions/{made['id']}/test"
    first = (await hooks.call("POST", path)).json
    assert (first["type"], first["version"], first["subscriptionId"]) == ("payment.updated", "1", made["id"])
    body = {"eventType": "bill.created", "version": "1", "bill": {"id": "test-1", "amount": 5}}
    second = (await hooks.call("POST", path, body)).json
    assert json.loads(second["payload"])["bill"]["id"] == "test-1"
    third = await hooks.call("POST", path, {"eventType": "payment.failed"})
    assert json.loads(third.json["payload"])["errors"]
    await hooks.center.settled()
    assert sorted(receiver.types) == ["bill.created", "payment.failed", "payment.updated"]
    assert all(received.signed_with(made["securityKey"]) for received in receiver.received)
    wrong: Any
    for wrong in ({"eventType": "bill.paid"}, {"version": "2"}, {"version": 1}, []):
        assert (await hooks.call("POST", path, wrong)).status == 400


def test_stopping_with_deliveries_under_way() -> None:
    thread = SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1), scenario="plain"))
    with thread as sandbox:
        asyncio.run(_leave_undelivered(sandbox))
        dispatcher = sandbox.bill.webhooks.dispatcher
    assert not dispatcher._tasks


async def _leave_undelivered(sandbox: Sandbox) -> None:
    async with Receiver() as receiver, aiohttp.ClientSession() as http:
        payer = Payer(http, sandbox.bill_url)
        await payer.login()
        hooks = Hooks(sandbox, payer, receiver)
        await hooks.subscribed("vendor.created")
        receiver.silent.clear()
        await payer.vendor()
        await receiver.came.reach()
        receiver.silent.set()
        receiver.answers = [500] * 9
        await payer.create("/v3/vendors", vendor_body("Waits for its retry"))


async def test_a_reset_forgets_all(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers = [500]
    await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    await hooks.sandbox.clock.sleeping.reach()
    await hooks.control("POST", "/reset")
    hooks.sandbox.clock.advance(60)
    await hooks.center.settled()
    assert (len(receiver.received), hooks.center.attempted.value) == (1, 0)
    await hooks.payer.login()
    assert (await hooks.get("/v3/subscriptions")).json == {"results": []}
    await hooks.subscribed("vendor.created")
    await hooks.payer.vendor()
    await hooks.center.delivered.reach()
