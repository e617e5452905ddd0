"""BILL: the history of events, and sending them again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from .receiver import Hooks, Receiver

BEGINNING = "2020-01-01T00:00:00Z"


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [json.loads(row["payload"])["vendor"]["name"] for row in rows]


async def made(hooks: Hooks, count: int, **changed: Any) -> dict[str, Any]:
    """A subscription with so many events, V0, V1, ... a minute apart."""
    subscription = await hooks.subscribed("vendor.created", **changed)
    for number in range(count):
        await hooks.payer.vendor(f"V{number}")
        hooks.sandbox.clock.advance(60)
    await hooks.center.settled()
    return subscription


async def test_rows(hooks: Hooks, receiver: Receiver) -> None:
    hooks.quick()
    receiver.answers = [500, 503, 200]
    subscription = await made(hooks, 1)
    (row,) = await hooks.history(subscription)
    payload = json.loads(row.pop("payload"))
    assert payload == receiver.received[-1].json
    assert [retry.pop("createdTime")[:4] for retry in row["retries"]] == [row.pop("createdTime")[:4]] * 2
    assert row == {
        "id": payload["metadata"]["eventId"],
        "type": "vendor.created",
        "version": "1",
        "subscriptionId": subscription["id"],
        "statusCode": 500,
        "retries": [{"attemptNumber": 1, "statusCode": 503}, {"attemptNumber": 2, "statusCode": 200}],
    }
    hooks.sandbox.bill.switches.change({"history_status": "last"})
    assert (await hooks.history(subscription))[0]["statusCode"] == 200


@pytest.mark.parametrize(("switch", "shown"), [("null", {"statusCode": None}), ("absent", {})])
async def test_events_of_a_disabled_subscription(
    hooks: Hooks, receiver: Receiver, switch: str, shown: dict[str, Any]
) -> None:
    hooks.sandbox.bill.switches.change({"history_unsent": switch})
    subscription = await made(hooks, 1, status={"enabled": False})
    (row,) = await hooks.history(subscription)
    assert {name: value for name, value in row.items() if name == "statusCode"} == shown
    assert row["retries"] == []
    assert receiver.received == []


async def test_order(hooks: Hooks) -> None:
    subscription = await made(hooks, 8)
    everything = [f"V{number}" for number in range(8)]
    assert names(await hooks.history(subscription, createdTimeFrom=BEGINNING)) == everything[::-1]
    rows = await hooks.history(subscription, createdTimeFrom=BEGINNING, ascending="true")
    assert names(rows) == everything
    unsorted = await hooks.history(subscription, ascending="true")
    assert sorted(names(unsorted)) == everything
    assert [row["id"] for row in unsorted] == sorted(row["id"] for row in rows), "sorted by nothing useful"


async def test_windows(hooks: Hooks) -> None:
    subscription = await made(hooks, 4)
    rows = await hooks.history(subscription, createdTimeFrom=BEGINNING, ascending="true")
    second, third = rows[1]["createdTime"], rows[2]["createdTime"]
    assert names(await hooks.history(subscription, createdTimeFrom=third, ascending="true")) == ["V2", "V3"]
    window = {"createdTimeFrom": second, "createdTimeTo": third, "ascending": "true"}
    assert names(await hooks.history(subscription, **window)) == ["V1", "V2"]
    assert sorted(names(await hooks.history(subscription, createdTimeTo=second))) == ["V0", "V1"]
    assert await hooks.history(subscription, createdTimeFrom="2099-01-01T00:00:00Z") == []


async def test_one_object(hooks: Hooks) -> None:
    subscription = await made(hooks, 3)
    vendor = (await hooks.payer.get("/v3/vendors", filters="name:eq:V1")).json["results"][0]
    assert names(await hooks.history(subscription, entityId=vendor["id"])) == ["V1"]
    assert await hooks.history(subscription, entityId="00902SANDBOX99999999") == []


@pytest.mark.parametrize(
    "params", [{}, {"createdTimeFrom": BEGINNING}, {"createdTimeFrom": BEGINNING, "ascending": "true"}]
)
async def test_pages(hooks: Hooks, params: dict[str, str]) -> None:
    subscription = await made(hooks, 7)
    path, found, page = f"/v3/events/subscription/{subscription['id']}", [], None
    while True:
        more: dict[str, str] = {"page": page} if page else {}
        answer = (await hooks.get(path, max="3", **params, **more)).json
        assert "prevPage" not in answer
        found += names(answer["results"])
        if (page := answer.get("nextPage")) is None:
            break
        if len(found) == 3 and params:
            await hooks.payer.vendor("Late")  # newer events move no page
    assert sorted(name for name in found if name != "Late") == [f"V{number}" for number in range(7)]


async def test_wrong_parameters(hooks: Hooks) -> None:
    subscription = await made(hooks, 1)
    path = f"/v3/events/subscription/{subscription['id']}"
    for wrong in (
        {"max": "0"}, {"max": "101"}, {"max": "x"}, {"ascending": "yes"}, {"createdTimeFrom": "yesterday"},
        {"createdTimeTo": "20-1"}, {"page": "!"}, {"page": "YWZ0ZXIgeA"}, {"page": "eHg"},
    ):  # fmt: skip
        assert (await hooks.get(path, **wrong)).status == 400, wrong
    assert (await hooks.get("/v3/events/subscription/other")).codes == ["BDC_1205"]


async def test_events_are_kept_for_180_days(hooks: Hooks) -> None:
    subscription = await made(hooks, 1)
    hooks.sandbox.clock.advance(timedelta(days=179).total_seconds())
    await hooks.payer.login()
    assert len(await hooks.history(subscription, createdTimeFrom=BEGINNING)) == 1
    hooks.sandbox.clock.advance(timedelta(days=1).total_seconds())
    await hooks.payer.login()
    assert await hooks.history(subscription, createdTimeFrom=BEGINNING) == []
    hooks.sandbox.bill.switches.change({"history_days": 365})
    assert len(await hooks.history(subscription)) == 1


async def test_sending_again(hooks: Hooks, receiver: Receiver) -> None:
    subscription = await made(hooks, 2)
    row = (await hooks.history(subscription, createdTimeFrom=BEGINNING))[0]
    path = f"/v3/events/subscription/{subscription['id']}/event"
    answer = await hooks.call("POST", f"{path}/{row['id']}")
    assert (answer.status, answer.json["id"], answer.json["payload"]) == (200, row["id"], row["payload"])
    await hooks.center.delivered.reach(3)
    assert receiver.received[-1].event_id == row["id"]
    assert receiver.received[-1].signed_with(subscription["securityKey"])
    again = (await hooks.history(subscription, createdTimeFrom=BEGINNING))[0]
    assert [retry["statusCode"] for retry in again["retries"]] == [200]
    assert (await hooks.call("POST", f"{path}/00000000")).codes == ["BDC_1205"]


async def test_nothing_is_sent_again_while_disabled(hooks: Hooks, receiver: Receiver) -> None:
    subscription = await made(hooks, 1, status={"enabled": False})
    (row,) = await hooks.history(subscription)
    path = f"/v3/events/subscription/{subscription['id']}/event/{row['id']}"
    assert (await hooks.call("POST", path)).status == 200
    await hooks.center.settled()
    assert receiver.received == []
