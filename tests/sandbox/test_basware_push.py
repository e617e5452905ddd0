"""Push notifications: subscribing, signatures, retries, faults, and their history."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import credentials
from sandbox.basware.push.signature import HEADER, headers, sign
from sandbox.basware.switches import BaswareSwitches

from .basware_client import Buyer, account, transfer
from .receiver import Receiver

SUBSCRIPTIONS = "/v1/subscriptions"
SECRET = credentials.BASWARE_WEBHOOK_TOKEN
EVERYTHING = "lastUpdated=0001-01-01&taskType=All&taskSubType=All"


def subscription(receiver: Receiver, **changed: Any) -> dict[str, Any]:
    return {
        "taskType": "AccountingDocuments",
        "taskSubType": "WaitingForTransfer",
        "subscriptionType": "Webhook",
        "notificationWebhookURL": receiver.url,
        "webhookAuthenticationToken": SECRET,
    } | changed


async def subscribe(buyer: Buyer, receiver: Receiver, **changed: Any) -> None:
    reply = await buyer.call("POST", SUBSCRIPTIONS, [subscription(receiver, **changed)])
    assert reply.status == 200, reply.body
    receiver.received.clear()
    receiver.came.change(-receiver.came.value)


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [received.json for received in receiver.received]


async def test_the_address_is_tested_before_it_is_taken(buyer: Buyer, receiver: Receiver) -> None:
    reply = await buyer.call("POST", SUBSCRIPTIONS, [subscription(receiver)])
    (row,) = reply.json
    assert row.pop("lastUpdated")
    assert row == subscription(receiver)
    (body,) = bodies(receiver)
    assert (body["taskType"], body["documentId"]) == ("ConnectionTest", "ConnectionTest")
    (found,) = (await buyer.get(SUBSCRIPTIONS)).json["subscriptions"]
    assert found["webhookAuthenticationToken"] == SECRET
    assert (await buyer.get("/v1/tasks")).json == {"detail": "Not Found"}


@pytest.mark.parametrize("answer", [401, 404, 202, 302, 500])
async def test_an_address_that_does_not_say_200(buyer: Buyer, receiver: Receiver, answer: int) -> None:
    receiver.answers = [200, answer]
    rows = [subscription(receiver), subscription(receiver, taskType="RequestStatus", taskSubType="Error")]
    reply = await buyer.call("POST", SUBSCRIPTIONS, rows)
    assert (reply.status, reply.json["hasError"], bool(reply.json["requestId"])) == (400, True, True)
    assert (await buyer.get(SUBSCRIPTIONS)).status == 404


async def test_nobody_answers(buyer: Buyer, receiver: Receiver) -> None:
    row = subscription(receiver, notificationWebhookURL="http://127.0.0.1:1/")
    assert (await buyer.call("POST", SUBSCRIPTIONS, [row])).status == 400
    receiver.silent.clear()
    buyer.switch(notification_timeout_seconds=0.05)
    assert (await buyer.call("POST", SUBSCRIPTIONS, [subscription(receiver)])).status == 400


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"taskType": "AccoutingDocuments"}, "taskType must be one of"),
        ({"taskType": "RequestStatus"}, "taskSubType must be one of Error, Success, All"),
        ({"subscriptionType": "Polling"}, "Polling is reserved"),
        ({"notificationWebhookURL": "ftp://x"}, "not an address"),
        ({"notificationWebhookURL": "https://x/" + "y" * 2083}, "must have a length"),
        ({"webhookAuthenticationToken": ""}, "must have a length"),
        ({"colour": "red"}, "does not exist"),
    ],
)
async def test_wrong_subscriptions(
    buyer: Buyer, receiver: Receiver, changed: dict[str, str], message: str
) -> None:
    reply = await buyer.call("POST", SUBSCRIPTIONS, [subscription(receiver, **changed)])
    assert reply.status == 400
    assert message in reply.json["errorMessages"][0]["message"]
    assert SECRET not in reply.body.decode()
    assert receiver.received == []


@pytest.mark.parametrize("body", [b"", b"{", {}, []])
async def test_no_array(buyer: Buyer, body: Any) -> None:
    reply = await buyer.call("POST", SUBSCRIPTIONS, body)
    assert (reply.status, reply.json) == (422, {"message": "UnprocessableEntity"})


async def test_a_second_one_replaces_the_first_and_deleting_takes_a_time(
    buyer: Buyer, receiver: Receiver
) -> None:
    await subscribe(buyer, receiver)
    await subscribe(buyer, receiver, webhookAuthenticationToken="other")
    await subscribe(buyer, receiver, taskType="RequestStatus", taskSubType="")
    rows = (await buyer.get(SUBSCRIPTIONS)).json["subscriptions"]
    assert [(row["taskSubType"], row["webhookAuthenticationToken"]) for row in rows] == [
        ("WaitingForTransfer", "other"), ("Error", SECRET),
    ]  # fmt: skip
    path = f"{SUBSCRIPTIONS}?taskType=RequestStatus"
    assert len((await buyer.get(path)).json["subscriptions"]) == 1
    assert (await buyer.call("DELETE", path)).status == 422
    late = "lastUpdated=2099-01-01&taskType=All&taskSubType=All"
    for query, count in ((late, 0), (EVERYTHING, 2), (EVERYTHING, 0)):
        reply = await buyer.call("DELETE", f"{SUBSCRIPTIONS}?{query}")
        assert reply.json == {"status": "Deleted successfully", "numberOfRecordsDeleted": count}


async def test_an_invoice_is_announced_to_those_who_want_it(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver)
    await subscribe(buyer, receiver, taskSubType="WaitingForPrebook")
    document = buyer.invoice()
    await receiver.came.reach(1)
    await buyer.state.push.dispatcher.settled()
    (body,) = bodies(receiver)
    expiry = body.pop("expirationTime")
    assert expiry > document.updated.isoformat()
    task = body.pop("taskId")
    assert body == {
        "taskStatus": "New",
        "taskType": "AccountingDocuments",
        "taskSubType": "WaitingForTransfer",
        "documentId": document.id,
    }
    (row,) = (await buyer.get("/v1/tasks?taskStatus=Completed")).json["taskStatus"]
    assert (row["taskId"], row["isSimulatedTask"]) == (task, False)
    assert [entry["action"] for entry in row["taskHistory"]] == ["New", "Completed"]
    assert (await buyer.get(f"/v1/tasks/{task}")).json["taskStatus"] == [row]
    assert (await buyer.get("/v1/tasks/other")).status == 404
    await buyer.act(document, "acknowledge")
    await buyer.state.push.dispatcher.settled()
    assert len(receiver.received) == 1


async def test_a_failed_import_is_announced(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver, taskType="RequestStatus", taskSubType="All")
    reply = await buyer.call("POST", "/v1/accounts", [account("1", "X")])
    good = await buyer.act(buyer.invoice(), "transferResponses", transfer())
    buyer.settle()
    await receiver.came.reach(2)
    found = {(body["documentId"], body["taskSubType"]) for body in bodies(receiver)}
    assert found == {(reply.request_id, "Error"), (good.request_id, "Success")}


async def test_what_fails_is_tried_again_and_then_given_up(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver)
    buyer.switch(notification_retry_seconds=[2, 4])
    receiver.answers = [503, 500, 200]
    first = buyer.invoice()
    for seconds in (2, 4):
        await buyer.sandbox.clock.sleeping.reach(1)
        buyer.sandbox.clock.advance(seconds)
        await buyer.sandbox.clock.sleeping.fall(0)
    await buyer.state.push.dispatcher.settled()
    assert [body["taskId"] for body in bodies(receiver)] == [bodies(receiver)[0]["taskId"]] * 3
    buyer.switch(notification_retry_seconds=[0, 0])
    receiver.answers = [503] * 3
    second = buyer.invoice()
    await receiver.came.reach(6)
    await buyer.state.push.dispatcher.settled()
    (failed,) = (await buyer.get("/v1/tasks?taskStatus=Failed")).json["taskStatus"]
    assert failed["documentId"] == second.id
    assert [entry["messages"] for entry in failed["taskHistory"]] == [
        ["Task Created"], ["HTTP 503 from endpoint"], ["HTTP 503 from endpoint"], ["HTTP 503 from endpoint"],
    ]  # fmt: skip
    (row,) = (await buyer.get(f"/v1/tasks?documentId={first.id}")).json["taskStatus"]
    assert row["taskStatus"] == "Completed"
    assert buyer.state.push.counts()["failed"] == 1
    log = await buyer.control("deliveries")
    assert [attempt["status"] for attempt in log] == [503, 500, 200, 503, 503, 503]


async def test_the_history_has_pages(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver)
    buyer.switch(tasks_page=2)
    made = [buyer.invoice().id for _ in range(5)]
    await receiver.came.reach(5)
    await buyer.state.push.dispatcher.settled()
    pages = await buyer.pages("/v1/tasks?taskType=AccountingDocuments")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row["documentId"] for page in pages for row in page] == made
    assert (await buyer.get("/v1/tasks", "invented")).status == 422


async def test_faults_of_the_delivery(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver)
    plan = {"system": "basware", "operation": "WEBHOOK AccountingDocuments WaitingForTransfer"}
    add = buyer.sandbox.faults.add
    add(**plan, kind="drop")
    dropped = buyer.invoice()
    add(**plan, kind="duplicate", rows=2)
    doubled = buyer.invoice()
    await receiver.came.reach(2)
    assert {body["documentId"] for body in bodies(receiver)} == {doubled.id}
    assert len({body["taskId"] for body in bodies(receiver)}) == 1
    add(**plan, kind="delay", seconds=60)
    late = buyer.invoice()
    await buyer.sandbox.clock.sleeping.reach(1)
    add(**plan, kind="reorder", rows=3, count=3)
    mixed = [buyer.invoice().id for _ in range(3)]
    await receiver.came.reach(5)
    order = [body["documentId"] for body in bodies(receiver)[2:]]
    assert (sorted(order), order != mixed) == (sorted(mixed), True)
    buyer.sandbox.clock.advance(60)
    await receiver.came.reach(6)
    assert bodies(receiver)[-1]["documentId"] == late.id
    (lost,) = (await buyer.get(f"/v1/tasks?documentId={dropped.id}")).json["taskStatus"]
    assert lost["taskStatus"] == "New"


async def test_holding_back_and_sending_by_hand(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver)
    await buyer.control("pause")
    made = await buyer.control("invoices", {"count": 3, "values": {"invoiceNumber": "M-"}})
    assert receiver.received == []
    assert await buyer.control("resume") == {"released": 3}
    await receiver.came.reach(3)
    assert {body["documentId"] for body in bodies(receiver)} == set(made["invoiceIds"])
    again = {"invoiceId": made["invoiceIds"][0]}
    assert await buyer.control("notify", again) == {"notified": 1}
    await receiver.came.reach(4)
    other = {"taskType": "AccountingDocuments", "taskSubType": "WaitingForTransfer", "documentId": "nobody"}
    await buyer.control("notify", other)
    await receiver.came.reach(5)
    await buyer.control("invoice", {"notify": False})
    assert await buyer.control("flush") == {"released": 0}
    (shown,) = await buyer.control("subscriptions")
    assert "webhookAuthenticationToken" not in shown


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["sha256=", ""])
@pytest.mark.parametrize("signed", ["body", "ts.body"])
async def test_signatures_on_the_wire(
    buyer: Buyer, receiver: Receiver, encoding: str, prefix: str, signed: str
) -> None:
    await subscribe(buyer, receiver)
    buyer.switch(
        signature_encoding=encoding,
        signature_prefix=prefix,
        signed_message=signed,
        timestamp_header="X-BWAPI-Timestamp",
    )
    buyer.invoice()
    await receiver.came.reach(1)
    (received,) = receiver.received
    stamp = received.headers["x-bwapi-timestamp"]
    assert abs(int(stamp) - buyer.sandbox.clock.seconds()) < 5
    message = received.body if signed == "body" else f"{stamp}.".encode() + received.body
    digest = hmac.new(SECRET.encode("utf-8"), message, hashlib.sha256).digest()
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    assert received.headers["x-bwapi-signature-256"] == prefix + text


def test_the_signature_vectors(facts: Path) -> None:
    vectors = json.loads((facts / "basware/samples/webhook_signature_vectors.json").read_text("utf-8"))
    raw = (facts / "basware/samples/webhook_raw_body.bin").read_bytes()
    token, body = vectors["webhookAuthenticationToken"], vectors["raw_body"].encode()
    assert raw.rstrip(b"\n") == body
    assert vectors["header"] == HEADER
    for name, expected in vectors["candidates"].items():
        prefix, _, encoding = name.rpartition("=")
        switches = BaswareSwitches(
            signature_encoding=encoding, signature_prefix=f"{prefix}=" if prefix else ""
        )
        assert sign(token, body, switches) == expected
    stamped = dict(vectors["candidates_with_timestamp_dot_body"])
    seconds = float(stamped.pop("timestamp"))
    for encoding, expected in stamped.items():
        switches = BaswareSwitches(
            signature_encoding=encoding, signature_prefix="", signed_message="ts.body", timestamp_header="T"
        )
        assert headers(token, body, seconds, switches) == {
            "Content-Type": "application/json", HEADER: expected, "T": str(int(seconds)),
        }  # fmt: skip


async def test_a_reset_forgets_what_was_to_be_sent(buyer: Buyer, receiver: Receiver) -> None:
    await subscribe(buyer, receiver)
    buyer.switch(notification_retry_seconds=[60])
    receiver.answers = [503]
    buyer.invoice()
    await receiver.came.reach(1)
    await buyer.sandbox.clock.sleeping.reach(1)
    buyer.sandbox.reset()
    async with asyncio.timeout(5):
        await buyer.state.push.dispatcher.settled()
    assert (await buyer.get(SUBSCRIPTIONS)).status == 404
    assert buyer.state.counts()["push"]["attempted"] == 0
