"""BILL: disturbing deliveries, and the control endpoint for webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from .receiver import Hooks, Receiver


async def vendors(hooks: Hooks, count: int) -> None:
    for number in range(count):
        await hooks.payer.vendor(f"V{number}")


def names(receiver: Receiver) -> list[str]:
    return [received.json["vendor"]["name"] for received in receiver.received]


def plan(hooks: Hooks, kind: str, **more: Any) -> None:
    hooks.sandbox.faults.add(system="bill", kind=kind, operation="WEBHOOK vendor.*", **more)


async def test_duplicates(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    plan(hooks, "duplicate", rows=3)
    await vendors(hooks, 2)
    await hooks.center.delivered.reach(4)
    await hooks.center.settled()
    ids = [received.event_id for received in receiver.received]
    assert sorted(ids.count(event_id) for event_id in set(ids)) == [1, 3]


async def test_events_that_get_lost(hooks: Hooks, receiver: Receiver) -> None:
    subscription = await hooks.subscribed()
    plan(hooks, "drop")
    await vendors(hooks, 2)
    await hooks.center.delivered.reach()
    await hooks.center.settled()
    assert names(receiver) == ["V1"]
    statuses = [row["statusCode"] for row in await hooks.history(subscription, createdTimeFrom="2020-01-01")]
    assert statuses == [200, None]


async def test_delayed_events(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    await hooks.control("POST", "/faults", {"system": "bill", "kind": "delay", "seconds": 599.5})
    await vendors(hooks, 2)
    await hooks.center.delivered.reach()
    assert names(receiver) == ["V1"]
    hooks.sandbox.clock.advance(600)
    await hooks.center.delivered.reach(2)


async def test_events_out_of_order(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    plan(hooks, "reorder", rows=4, count=None)
    await vendors(hooks, 3)
    await hooks.center.settled()
    assert receiver.received == []
    await hooks.payer.vendor("V3")
    await hooks.center.delivered.reach(4)
    assert sorted(names(receiver)) == ["V0", "V1", "V2", "V3"] != names(receiver)


async def test_two_events_out_of_order_are_always_swapped(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    plan(hooks, "reorder", rows=2, count=None)
    for turn in range(4):
        receiver.received.clear()
        await hooks.payer.vendor("first")
        await hooks.payer.vendor("second")
        await hooks.center.delivered.reach(2 * turn + 2)
        assert names(receiver) == ["second", "first"]


async def test_faults_of_calls_do_not_strike_deliveries(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    hooks.sandbox.faults.add(system="bill", kind="lost", operation="WEBHOOK *", count=None)
    plan(hooks, "duplicate", rows=2, skip=1)
    assert (await hooks.get("/v3/subscriptions")).status == 200
    await vendors(hooks, 2)
    await hooks.center.delivered.reach(3)


async def test_pause_and_resume(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    assert await hooks.control("POST", "/bill/webhooks/pause") == {"paused": True}
    await vendors(hooks, 3)
    await hooks.center.settled()
    assert receiver.received == []
    assert await hooks.control("POST", "/bill/webhooks/resume") == {"released": 3}
    await hooks.center.delivered.reach(3)
    await hooks.payer.vendor("V3")
    await hooks.center.delivered.reach(4)


@pytest.mark.parametrize("shuffle", [False, True])
async def test_flush(hooks: Hooks, receiver: Receiver, shuffle: bool) -> None:
    await hooks.subscribed()
    await hooks.control("POST", "/bill/webhooks/pause")
    await vendors(hooks, 5)
    assert await hooks.control("POST", "/bill/webhooks/flush", {"shuffle": shuffle}) == {"released": 5}
    await hooks.center.delivered.reach(5)
    assert sorted(names(receiver)) == [f"V{number}" for number in range(5)]
    if shuffle:
        assert names(receiver) != sorted(names(receiver))
    await hooks.payer.vendor("still paused")
    await hooks.center.settled()
    assert len(receiver.received) == 5


async def test_flush_ends_the_wait_for_the_next_attempt(hooks: Hooks, receiver: Receiver) -> None:
    hooks.sandbox.bill.switches.change({"webhook_retry_seconds": [3600]})
    receiver.answers = [500]
    await hooks.subscribed()
    await hooks.payer.vendor()
    await hooks.sandbox.clock.sleeping.reach()
    assert await hooks.control("POST", "/bill/webhooks/flush") == {"released": 0}
    await hooks.center.delivered.reach()


async def test_retries_wait_while_paused(hooks: Hooks, receiver: Receiver) -> None:
    receiver.answers = [500]
    await hooks.subscribed()
    await hooks.payer.vendor()
    await hooks.sandbox.clock.sleeping.reach()
    await hooks.control("POST", "/bill/webhooks/pause")
    hooks.sandbox.clock.advance(3)
    await hooks.center.settled()
    assert len(receiver.received) == 1
    assert await hooks.control("POST", "/bill/webhooks/resume") == {"released": 1}
    await hooks.center.delivered.reach()


async def test_disable(hooks: Hooks, receiver: Receiver) -> None:
    first = await hooks.subscribed()
    second = await hooks.subscribed(notificationUrl=receiver.url + "/2")
    rows = await hooks.control(
        "POST", "/bill/webhooks/disable", {"subscription_id": first["id"], "reason": "Too many failures"}
    )
    assert rows[0]["status"] == {"enabled": False, "actor": "SYSTEM", "reason": "Too many failures"}
    assert (await hooks.status(second))["enabled"] is True
    assert len(await hooks.control("POST", "/bill/webhooks/disable")) == 2
    assert (await hooks.status(second))["enabled"] is False
    assert (await hooks.status(first))["reason"] == "Too many failures"
    assert "error" in await hooks.control("POST", "/bill/webhooks/disable", {"subscription_id": "x"}, 400)


async def test_what_was_sent(hooks: Hooks, receiver: Receiver) -> None:
    hooks.quick()
    receiver.answers = [500]
    made = await hooks.subscribed()
    await hooks.payer.bill((await hooks.payer.vendor())["id"])
    await hooks.center.delivered.reach(2)
    rows = await hooks.control("GET", "/bill/webhooks/deliveries?event_type=vendor.created")
    assert {row["status"] for row in rows} <= {200, 500}
    everything = await hooks.control("GET", "/bill/webhooks/deliveries")
    assert sorted(row["status"] for row in everything) == [200, 200, 500]
    assert {row["url"] for row in everything} == {receiver.url}
    assert len(await hooks.control("GET", "/bill/webhooks/deliveries?last=1")) == 1
    shown = await hooks.control("GET", "/bill/webhooks/subscriptions")
    assert [row["id"] for row in shown] == [made["id"]]
    assert made["securityKey"] not in str([everything, shown, await hooks.control("GET", "/state")])
    state = await hooks.control("GET", "/state")
    assert state["bill_webhooks"] == {
        "subscriptions": 1, "events": 2, "attempted": 3, "delivered": 2, "disabled": 0, "held": 0, "open": 0,
    }  # fmt: skip
    await hooks.control("POST", "/bill/webhooks/explode", {}, 400)


async def test_many_at_once(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.subscribed()
    body = {"count": 60, "at_once": 30, "event_type": "bill.updated"}
    answer = await hooks.control("POST", "/bill/webhooks/send", body)
    assert answer["statuses"] == {"200": 60}
    assert answer["worst_seconds"] >= answer["median_seconds"] > 0
    assert len({received.event_id for received in receiver.received}) == 60
    assert len({received.json["bill"]["id"] for received in receiver.received}) == 60
    assert all(received.signed_with(made["securityKey"]) for received in receiver.received)
    assert await hooks.history(made) == []


async def test_many_forged_or_for_known_objects(hooks: Hooks, receiver: Receiver) -> None:
    made = await hooks.subscribed()
    receiver.answers = [401] * 4
    body = {"count": 4, "security_key": "forged", "url": receiver.url + "/x", "entity_ids": ["a", "b"]}
    answer = await hooks.control("POST", "/bill/webhooks/send", body | {"subscription_id": made["id"]})
    assert answer["statuses"] == {"401": 4}
    assert all(received.signed_with("forged") for received in receiver.received)
    assert sorted(received.json["payment"]["id"] for received in receiver.received) == ["a", "a", "b", "b"]
    assert (await hooks.status(made))["enabled"] is True
    for wrong in ({"count": 10_001}, {"count": 0}, {"at_once": 501}, {"event_type": "bill.paid"}, {"x": 1}):
        assert "error" in await hooks.control("POST", "/bill/webhooks/send", wrong, 400)
    answer = await hooks.control("POST", "/bill/webhooks/send", {"event_type": "payment.failed", "count": 1})
    assert "id" not in receiver.received[-1].json["payment"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_retry_seconds": [1, -1]}, {"webhook_retry_seconds": ["2"]}, {"webhook_retry_seconds": 2},
        {"webhook_retry_seconds": [True]}, {"signed_body": "sorted"}, {"payment_events": "no"},
    ],
)  # fmt: skip
async def test_wrong_switches(hooks: Hooks, wrong: dict[str, Any]) -> None:
    await hooks.control("POST", "/switches", {"bill": wrong}, 400)


async def test_switches_take_fractions(hooks: Hooks) -> None:
    values = {"webhook_retry_seconds": [0.25, 1], "search_lag_seconds": 0.5, "webhook_timeout_seconds": 0.5}
    shown = await hooks.control("POST", "/switches", {"bill": values})
    assert {name: shown["bill"][name] for name in values} == values
    assert hooks.sandbox.bill.switches.webhook_retry_seconds == [0.25, 1]
