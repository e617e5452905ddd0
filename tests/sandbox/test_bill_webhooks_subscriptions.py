"""BILL: managing webhook subscriptions."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid1, uuid4

import pytest

from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox

from .clients import Payer, request
from .receiver import KEY, Hooks


async def test_life_of_a_subscription(hooks: Hooks) -> None:
    made = await hooks.subscribed("payment.updated", "bill.updated")
    UUID(made["id"])
    assert made["securityKey"]
    assert made["organizationId"] == credentials.BILL_ORGANIZATION
    shown = (await hooks.get(f"/v3/subscriptions/{made['id']}")).json
    assert shown == {name: value for name, value in made.items() if name != "securityKey"}
    assert (await hooks.get("/v3/subscriptions")).json == {"results": [shown]}
    patched = await hooks.call("PATCH", f"/v3/subscriptions/{made['id']}", {"name": "Renamed"})
    assert (patched.json["name"], patched.json["events"]) == ("Renamed", made["events"])
    put = await hooks.call(
        "PUT", f"/v3/subscriptions/{made['id']}", hooks.body(["bill.created"], name="Other")
    )
    assert (put.json["name"], len(put.json["events"])) == ("Other", 1)
    deleted = await hooks.call("DELETE", f"/v3/subscriptions/{made['id']}")
    assert (deleted.status, deleted.body) == (200, b"")
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/security_key"), ("POST", "/test")):
        answer = await hooks.call(method, f"/v3/subscriptions/{made['id']}{path}", key=str(uuid4()))
        assert (answer.status, answer.codes) == (404, ["BDC_1205"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"notificationUrl": "http://hooks.example.com/bill"}, "notificationUrl: must be an HTTPS URL"),
        ({"notificationUrl": "https://"}, "notificationUrl: must be an HTTPS URL"),
        ({"notificationUrl": "http://[::1"}, "notificationUrl: must be an HTTPS URL"),
        ({"notificationUrl": None}, "notificationUrl: must not be null"),
        ({"name": ""}, "name: must not be blank"),
        ({"status": None}, "status: must not be null"),
        (
            {"status": {"enabled": True, "events": [{"type": "bill.created", "version": "1"}]}},
            "status.events: unrecognized field",
        ),
        ({"events": None}, "events: must not be null"),
        ({"events": []}, "events: must not be empty"),
        ({"events": [{"type": "bill.paid", "version": "1"}]}, "events.type: bill.paid is not in the catalog"),
        (
            {"events": [{"type": "payment.created", "version": "1"}]},
            "events.type: payment.created is not in the catalog",
        ),
        (
            {"events": [{"type": "bill.created", "version": "1.0"}]},
            "events.version: 1.0 is no version of bill.created",
        ),
        (
            {"events": [{"type": "bill.created", "version": 1}]},
            "Cannot construct instance of `events[0].version`: text expected",
        ),
        ({"events": [{"type": "bill.created"}]}, "events[0].version: must not be null"),
    ],
)
async def test_wrong_bodies(hooks: Hooks, changed: dict[str, Any], message: str) -> None:
    answer = await hooks.create(hooks.body(**changed))
    assert (answer.status, answer.messages, answer.codes) == (400, [message], [None])
    assert hooks.center.rows(credentials.BILL_ORGANIZATION) == []


async def test_a_patch_is_checked_too(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    path = f"/v3/subscriptions/{made['id']}"
    body: Any
    for body in (
        {"notificationUrl": "http://x.example"},
        {"events": []},
        {"status": {"enabled": "yes"}},
        None,
    ):
        assert (await hooks.call("PATCH", path, body)).status == 400
    assert (await hooks.call("PUT", path, {"name": "only"})).status == 400
    assert (await hooks.get(path)).json["notificationUrl"] == hooks.receiver.url


async def test_loopback_and_https_are_accepted(hooks: Hooks) -> None:
    for url in ("https://hooks.example.com/bill", "http://localhost:1/x", "http://[::1]:1/x"):
        assert (await hooks.create(hooks.body(notificationUrl=url))).status == 200


async def test_every_call_needs_the_session(hooks: Hooks, sandbox: Sandbox) -> None:
    url = f"{sandbox.bill_events_url}/v3/subscriptions"
    bare = await request(hooks.payer.http, "GET", url)
    assert (bare.status, bare.messages) == (
        400,
        ["devKey: must not be null", "sessionId: must not be null"],
    )
    headers = {"devKey": hooks.payer.dev_key, "sessionId": "ended"}
    assert (await request(hooks.payer.http, "GET", url, headers=headers)).codes == ["BDC_1109"]
    headers = {"devKey": "other", "sessionId": hooks.payer.session_id}
    assert (await request(hooks.payer.http, "GET", url, headers=headers)).codes == ["BDC_1102"]
    health = await request(hooks.payer.http, "GET", f"{sandbox.bill_events_url}/v3/health")
    assert health.json["appId"] == "connect-events"


async def test_the_paths_of_the_api_have_no_webhooks(payer: Payer) -> None:
    for path in ("/v3/subscriptions", "/v3/connect-events/v3/subscriptions", "/v3/events/catalog"):
        assert (await payer.get(path)).codes == ["BDC_1121"]


async def test_another_organization_sees_nothing(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    await hooks.payer.login(organizationId=credentials.BILL_OTHER_ORGANIZATION)
    assert (await hooks.get("/v3/subscriptions")).json == {"results": []}
    assert (await hooks.get(f"/v3/subscriptions/{made['id']}")).status == 404
    await hooks.subscribed()


@pytest.mark.parametrize("path", ["/v3/subscriptions", "/v3/subscriptions/{id}/security_key"])
async def test_the_key_must_be_a_uuid4(hooks: Hooks, path: str) -> None:
    made = await hooks.subscribed()
    body = hooks.body(name="second", notificationUrl=hooks.receiver.url + "/2")
    for key, message in (
        ("", f"{KEY}: must not be null"),
        (str(uuid1()), f"{KEY}: must be a UUID4"),
        ("settlement-1", f"{KEY}: must be a UUID4"),
        (uuid4().hex, f"{KEY}: must be a UUID4"),
    ):
        answer = await hooks.call("POST", path.format(id=made["id"]), body, key)
        assert (answer.status, answer.messages, answer.codes) == (400, [message], [None])
        assert {"timestamp", "severity", "category"} <= answer.json[0].keys()


async def test_the_same_key_gets_the_same_answer_for_a_day(hooks: Hooks, sandbox: Sandbox) -> None:
    key = str(uuid4())
    first = await hooks.create(hooks.body(), key)
    again = await hooks.create(hooks.body(name="ignored"), key.upper())
    assert (again.status, again.json) == (200, first.json)
    sandbox.clock.advance(23.9 * 3600)
    await hooks.payer.login()
    assert (await hooks.create(hooks.body(), key)).json == first.json
    sandbox.clock.advance(0.2 * 3600)
    answer = await hooks.create(hooks.body(), key)
    assert answer.messages == ["subscription: another one has the same events and notificationUrl"]


async def test_a_lost_answer_is_recovered_with_the_key(hooks: Hooks, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="broken_gateway", operation="POST /v3/subscriptions")
    key = str(uuid4())
    assert (await hooks.create(hooks.body(), key)).status == 502
    assert (await hooks.create(hooks.body(), key)).json["securityKey"]
    assert len((await hooks.get("/v3/subscriptions")).json["results"]) == 1


@pytest.mark.parametrize(("switch", "status"), [("anew", 200), ("cached", 400)])
async def test_the_key_of_a_refused_request(hooks: Hooks, switch: str, status: int) -> None:
    hooks.sandbox.bill.switches.change({"idempotent_errors": switch})
    key = str(uuid4())
    assert (await hooks.create(hooks.body(name=""), key)).status == 400
    assert (await hooks.create(hooks.body(), key)).status == status


async def test_rotation(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    path, key = f"/v3/subscriptions/{made['id']}/security_key", str(uuid4())
    rotated = (await hooks.call("POST", path, key=key)).json
    assert set(rotated) == {"securityKey"}
    assert rotated["securityKey"] != made["securityKey"]
    assert (await hooks.call("POST", path, key=key)).json == rotated
    assert (await hooks.call("POST", path, key=str(uuid4()))).json != rotated


async def test_ten_subscriptions_and_no_twins(hooks: Hooks) -> None:
    for number in range(10):
        await hooks.subscribed(
            "bill.created", "bill.updated", notificationUrl=f"{hooks.receiver.url}/{number}"
        )
    answer = await hooks.create(hooks.body(notificationUrl=f"{hooks.receiver.url}/10"))
    assert answer.messages == ["subscriptions: no more than 10 per organization"]
    rows = (await hooks.get("/v3/subscriptions")).json["results"]
    path = f"/v3/subscriptions/{rows[1]['id']}"
    twin = hooks.body(["bill.updated", "bill.created"], notificationUrl=rows[0]["notificationUrl"])
    for method, body in (("PUT", twin), ("PATCH", {"notificationUrl": rows[0]["notificationUrl"]})):
        answer = await hooks.call(method, path, body)
        assert answer.messages == ["subscription: another one has the same events and notificationUrl"]
    hooks.sandbox.bill.switches.change({"subscription_refusal_status": 422})
    assert (await hooks.call("PUT", path, twin)).status == 422
    assert (
        await hooks.call("PUT", path, twin | {"notificationUrl": rows[1]["notificationUrl"]})
    ).status == 200


async def test_lists_go_forward_only(hooks: Hooks) -> None:
    for number in range(5):
        await hooks.subscribed(notificationUrl=f"{hooks.receiver.url}/{number}")
    names, page = [], None
    while True:
        answer = (await hooks.get("/v3/subscriptions", max="2", **({"page": page} if page else {}))).json
        assert "prevPage" not in answer
        names += [row["notificationUrl"][-1] for row in answer["results"]]
        if (page := answer.get("nextPage")) is None:
            break
    assert names == ["0", "1", "2", "3", "4"]
    for wrong in ({"max": "0"}, {"max": "101"}, {"page": "?"}, {"page": "YWZ0ZXIgeA"}):
        assert (await hooks.get("/v3/subscriptions", **wrong)).status == 400


async def test_the_catalog(hooks: Hooks) -> None:
    rows = (await hooks.get("/v3/events/catalog")).json
    types = {row["type"] for row in rows}
    assert {"vendor.restored", "bill.archived", "payment.updated", "payment.failed"} <= types
    assert types.isdisjoint({"payment.created", "bill.paid", "bill.approved", "autopay.failed"})
    assert all(row["versions"] == ["1"] for row in rows)
    hooks.sandbox.bill.switches.change({"payment_events": False})
    assert {row["type"] for row in (await hooks.get("/v3/events/catalog")).json} == types - {
        "payment.updated",
        "payment.failed",
    }
    assert (await hooks.create(hooks.body())).status == 400


async def test_a_sync_token_may_be_refused(hooks: Hooks) -> None:
    await hooks.payer.login(username=credentials.BILL_TOKEN_NAME, password=credentials.BILL_TOKEN_VALUE)
    assert (await hooks.get("/v3/subscriptions")).status == 200
    hooks.sandbox.bill.switches.change({"sync_token_webhooks": "refused"})
    assert (await hooks.get("/v3/subscriptions")).status == 403
    assert (await hooks.create(hooks.body())).status == 403
    assert (await hooks.payer.get("/v3/vendors")).status == 200
    await hooks.payer.login()
    assert (await hooks.get("/v3/subscriptions")).status == 200


async def test_calls_count_towards_the_limits(hooks: Hooks, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="hold", operation="GET /v3/events/catalog", count=3)
    held = [asyncio.create_task(hooks.get("/v3/events/catalog")) for _ in range(3)]
    await sandbox.faults.held.reach(3)
    assert (await hooks.get("/v3/subscriptions")).codes == ["BDC_1322"]
    sandbox.faults.release()
    assert [answer.status for answer in await asyncio.gather(*held)] == [200] * 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("/connect", "/connect-events")),
        ({"bill_prefix": ""}, ("", "/connect-events")),
        ({"bill_prefix": "/gateway/connect"}, ("/gateway/connect", "/gateway/connect-events")),
        ({"bill_events_prefix": "/hooks"}, ("/connect", "/hooks")),
    ],
)
async def test_prefixes(hooks: Hooks, given: dict[str, Any], expected: tuple[str, str]) -> None:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain", **given) as running:
        base = running.bill_url.removesuffix(expected[0])
        assert (running.bill_url, running.bill_events_url) == tuple(base + prefix for prefix in expected)
        payer = Payer(hooks.payer.http, running.bill_url)
        await payer.login()
        there = Hooks(running, payer, hooks.receiver)
        assert (await there.get("/v3/subscriptions")).json == {"results": []}
        assert running.calls.count("bill GET /v3/subscriptions") == 1
        assert running.addresses["bill_events_url"] == running.bill_events_url
