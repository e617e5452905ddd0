"""Extract, transform, load and reconcile of one flow, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from ml_connector.core.config.tenant import MaxChanges
from ml_connector.core.contract import (
    Document,
    Intent,
    Limits,
    Operation,
    Outcome,
    Progress,
    Scan,
    TargetPage,
    TargetRecord,
)
from ml_connector.core.errors import (
    ContractChanged,
    GuardTripped,
    InDoubt,
    RateLimited,
    Repeated,
)
from ml_connector.core.ledger import actions, crosswalks, reports, staging
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.planning.plan import make_plan
from ml_connector.core.stages import totals
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import Unreconciled, reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import audit_event, document, plan, reconciliation, watermark
from ml_connector.core.state.store import Store
from tests.core.stages.support import MAPPING, Clock, MemorySource, MemoryTarget, flow, order


def rows(store: Store, *columns: Any) -> dict[str, Any]:
    with store.read() as connection:
        found = connection.execute(select(document.c.key, *columns).order_by(document.c.key)).all()
    return {row[0].split("|")[-1].lstrip("0"): row[1] if len(columns) == 1 else row[1:] for row in found}


def statuses(store: Store) -> dict[str, str]:
    return rows(store, document.c.status)


async def run(store: Store, source: MemorySource, target: MemoryTarget, **changes: Any) -> dict[str, Any]:
    ctx = flow(store, source, target, **changes)
    read = await extract(ctx)
    transform(ctx)
    sent = await load(ctx)
    return {"extract": read, "load": sent, "reconcile": await reconcile(ctx)}


async def test_documents_arrive_once_and_a_second_run_writes_nothing(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 11)]), MemoryTarget()
    first = await run(store, source, target)
    assert first["extract"]["new"] == 10
    assert first["load"]["created"] == 10
    second = await run(store, source, target)
    assert second["extract"]["unchanged"] == 10
    assert second["extract"]["changed"] == 0
    assert len(target.writes) == 10
    assert set(statuses(store).values()) == {"loaded"}


async def test_every_answer_is_settled_while_others_are_under_way(store: Store) -> None:
    source, target = (
        MemorySource([order(i) for i in range(1, 701)], page=700),
        MemoryTarget(Limits(concurrency=3)),
    )
    ctx = flow(store, source, target)
    await extract(ctx)
    target.limits = Limits(concurrency=3, adopt=False)
    counts = await load(ctx)
    assert counts["created"] == 700
    assert target.finds == 0
    assert set(statuses(store).values()) == {"loaded"}


async def test_change_removal_and_return(store: Store) -> None:
    source, target = MemorySource([order(1), order(2)]), MemoryTarget(Limits(concurrency=1))
    await run(store, source, target)
    source.put(
        order(1, NAME="New name", CHANGED="2026-11-02"), order(2, STATUS="cancelled", CHANGED="2026-11-02")
    )
    await run(store, source, target)
    assert target.objects["T0001"]["name"] == "New name"
    assert target.archived == {"T0002"}
    source.put(order(2, CHANGED="2026-11-03"))
    await run(store, source, target)
    assert target.archived == set()
    assert sorted(operation for operation, _ in target.writes) == [
        "create",
        "create",
        "remove",
        "update",
        "update",
    ]


async def test_never_sent_and_not_wanted_needs_no_call(store: Store) -> None:
    source, target = MemorySource([order(1, STATUS="cancelled")]), MemoryTarget()
    await run(store, source, target)
    assert statuses(store) == {"1": "excluded"}
    assert target.writes == []


async def test_watermark_moves_with_the_last_page_only(store: Store) -> None:
    source, target = (
        MemorySource([order(i, CHANGED=f"2026-11-{i:02d}") for i in range(1, 10)]),
        MemoryTarget(),
    )
    source.fail_before_page = 3
    ctx = flow(store, source, target)
    with pytest.raises(ConnectionError):
        await extract(ctx)
    with store.read() as connection:
        assert connection.scalars(select(watermark.c.value)).all() == [None]
    source.fail_before_page = None
    await extract(ctx)
    assert source.windows[-1].cursor == "US001|000006"
    with store.read() as connection:
        assert set(connection.scalars(select(watermark.c.value))) == {"2026-11-09"}
    assert len(statuses(store)) == 9


async def test_window_overlaps_and_a_future_stamp_does_not_hide_what_follows(store: Store) -> None:
    source, target = MemorySource([order(1, CHANGED="2031-01-01")]), MemoryTarget()
    ctx = flow(store, source, target)
    await extract(ctx)
    await extract(ctx)
    assert source.windows[-1].scan is Scan.CHANGES
    assert (
        source.windows[-1].since == "2026-11-19"
    )  # the source's own day when the read began, less the overlap


async def test_run_parameters_do_not_move_the_watermark(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    await extract(flow(store, source, target))
    source.put(order(2, CHANGED="2026-11-15"))
    await extract(flow(store, source, target, params={"since": "2026-01-01", "until": "2026-12-01"}))
    with store.read() as connection:
        assert set(connection.scalars(select(watermark.c.value))) == {"2026-11-01"}
    await extract(flow(store, source, target, params={"keys": ("US001|000002",)}))
    assert len(statuses(store)) == 2


async def test_vanished_column_is_a_changed_contract(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    await extract(flow(store, source, target))
    source.columns -= {"NAME"}
    with pytest.raises(ContractChanged, match="NAME"):
        await extract(flow(store, source, target))


async def test_absence_is_a_suspicion_and_absence_by_key_a_deletion(store: Store) -> None:
    source, target = MemorySource([order(1), order(2), order(3)]), MemoryTarget(Limits(concurrency=1))
    await run(store, source, target)
    source.hidden_from_reads = {"US001|000002"}
    del source.orders["US001|000003"]
    result = await run(store, source, target, params={"full": True})
    assert result["extract"]["deleted"] == 1
    assert target.archived == {"T0003"}
    assert statuses(store)["2"] == "loaded"


async def test_waiting_document_becomes_ready_by_itself(store: Store) -> None:
    source, target = MemorySource([order(1, PARTY="P1")]), MemoryTarget()
    await run(store, source, target)
    status, reason = rows(store, document.c.status, document.c.reason)["1"]
    assert status == "waiting"
    assert "shop.parties P1" in reason
    with store.write() as tx:
        crosswalks.set_by_hand(tx, "acme", "shop.parties", [{"key": "P1", "target_id": "77"}])
    await run(store, source, target)
    assert target.objects["T0001"]["partyId"] == "77"


async def test_the_reason_of_a_wait_follows_what_is_waited_for(store: Store) -> None:
    source, target = MemorySource([order(1, PARTY="P1")]), MemoryTarget()
    ctx = flow(store, source, target)
    await run(store, source, target)
    parties = Scope("acme", "test", "shop.parties")
    with store.write() as tx:
        party = Document("P1", "US001", {"ID": "P1"})
        staging.stage(tx, parties, [party], lambda _: False, batch="b")
    await load(ctx)
    status, reason = rows(store, document.c.status, document.c.reason)["1"]
    assert status == "waiting"
    assert reason == "waits for shop.parties P1, which is excluded: outside the dataset's selection"


async def test_a_refusal_is_not_lost_while_a_request_is_under_way(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    ctx = flow(store, source, target)
    await extract(ctx)

    def refuse_meanwhile(_: Any) -> None:
        target.after_write = None
        with store.write() as tx:
            newer = Document("US001|000001", "US001", order(1, NAME="x" * 30))
            staging.stage(tx, ctx.scope, [newer], lambda _: True, batch="b")
        transform(ctx)
        assert statuses(store) == {"1": "sending"}

    target.after_write = refuse_meanwhile
    await load(ctx)
    transform(ctx)
    assert statuses(store) == {"1": "rejected"}
    assert target.objects["T0001"]["name"] == "Order 1"


async def test_a_conflict_keeps_its_reason_when_the_source_changes(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    target.outcome = lambda intent: Outcome(intent.key, "conflict", reason="typed by hand", target_id="H1")
    ctx = flow(store, source, target)
    await extract(ctx)
    await load(ctx)
    source.put(order(1, NAME="Other", CHANGED="2026-11-02"))
    await extract(ctx)
    transform(ctx)
    assert rows(store, document.c.status, document.c.reason)["1"] == ("conflict", "typed by hand")


async def test_a_lost_object_is_created_anew_when_a_person_says_so(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    ctx = flow(store, source, target)
    await run(store, source, target)
    target.objects.clear()
    with pytest.raises(Unreconciled):
        await reconcile(ctx)
    assert statuses(store) == {"1": "drifted"}
    with store.write() as tx:
        assert actions.create_anew(tx, ctx.scope, "US001|000001") == 1
    await load(ctx)
    assert statuses(store) == {"1": "loaded"}
    assert len(target.objects) == 1


async def test_a_target_that_restores_gets_back_what_was_changed_or_removed_there(store: Store) -> None:
    source, target = MemorySource([order(1), order(2), order(3)]), MemoryTarget()
    target.limits = replace(target.limits, restore=True, concurrency=1)
    await run(store, source, target)
    ids = {item["name"]: target_id for target_id, item in target.objects.items()}
    target.objects[ids["Order 1"]] |= {"name": "by hand"}
    del target.objects[ids["Order 3"]]
    report = await run(store, source, target)
    assert report["reconcile"]["differences"] == {"changed": 1, "missing": 1}
    assert statuses(store) == {"1": "ready", "2": "loaded", "3": "ready"}
    await run(store, source, target)
    assert statuses(store) == {"1": "loaded", "2": "loaded", "3": "loaded"}
    assert sorted(item["name"] for item in target.objects.values()) == ["Order 1", "Order 2", "Order 3"]


async def test_what_was_not_touched_is_read_back_once_in_a_while_where_calls_are_scarce(store: Store) -> None:
    clock = Clock()
    store.now = clock
    source, target = MemorySource([order(1), order(2)]), CountingTarget()
    target.limits = replace(target.limits, rotation=3600.0)
    await run(store, source, target)
    assert target.asked == [2, None]  # what was sent, then whatever stands there
    await run(store, source, target)
    assert target.asked == [2, None]
    source.put(order(3))
    await run(store, source, target)
    assert target.asked == [2, None, 1]  # what was touched is looked at in any case
    clock.move(hours=1)
    await run(store, source, target)
    assert target.asked == [2, None, 1, 3, None]
    await run(store, source, target, params={"full": True})
    assert target.asked[5:] == [3, None]


class CountingTarget(MemoryTarget):
    """Notes how many objects each read-back asked for; None for a page of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int | None] = []

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        self.asked.append(None if target_ids is None else len(target_ids))
        return await super().read_back(target_ids, cursor)


async def test_what_was_removed_is_looked_for_once_more_before_it_is_made_again(store: Store) -> None:
    source, target = MemorySource([order(1), order(2)]), MemoryTarget()
    target.limits = replace(target.limits, restore=True)
    await run(store, source, target)
    kept = target.objects.pop("T0002")
    await run(store, source, target)
    target.objects["T0002"] = kept  # a person restores it before the next run
    await run(store, source, target, params={"full": True})
    assert statuses(store) == {"1": "loaded", "2": "loaded"}
    assert list(target.objects) == ["T0001", "T0002"]


async def test_what_differs_as_soon_as_it_was_written_is_for_a_person(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    target.limits = replace(target.limits, restore=True)
    await run(store, source, target)

    def automation(_: Any) -> None:
        target.objects["T0001"] = target.objects["T0001"] | {"name": "by a rule of the board"}

    target.after_write = automation
    source.put(order(1, AMOUNT=Decimal("7.00"), CHANGED="2026-11-02"))
    with pytest.raises(Unreconciled):
        await run(store, source, target)
    assert statuses(store) == {"1": "drifted"}


async def test_more_differences_than_the_guard_allows_are_for_a_person(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 8)]), MemoryTarget()
    target.limits = replace(target.limits, restore=True)
    settings = {"max_changes": MaxChanges(percent=20, at_least=2)}
    await run(store, source, target, settings=settings)
    for target_id in ("T0001", "T0002", "T0003"):
        del target.objects[target_id]
    with pytest.raises(Unreconciled, match=r"3 difference"):
        await run(store, source, target, settings=settings)
    assert list(statuses(store).values()).count("drifted") == 3


async def test_a_key_that_somebody_changed_in_the_target_is_told(store: Store) -> None:
    source, target = MemorySource([order(1)]), KeyedTarget()
    target.limits = replace(target.limits, keyed=True)
    await run(store, source, target)
    target.shown["T0001"] = "US001|999999"
    with pytest.raises(Unreconciled):
        await run(store, source, target)
    assert "key" in rows(store, document.c.reason)["1"]


async def test_fields_that_the_mapping_no_longer_has_are_not_missed(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    await run(store, source, target)
    target.objects["T0001"].pop("name")
    fields = {name: field for name, field in MAPPING["fields"].items() if name != "name"}  # type: ignore[attr-defined]
    await run(store, source, target, mapping={"fields": fields})
    assert statuses(store) == {"1": "loaded"}


async def test_a_create_that_is_never_executed_is_given_up(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    target.outcome = lambda intent: Outcome(intent.key, "in_doubt", reason="Internal server error")
    await run(store, source, target, settings={"attempts": 3})
    assert rows(store, document.c.status, document.c.attempts)["1"] == ("dead", 3)
    assert target.writes == []


async def test_each_rotation_goes_on_where_it_is_and_rests_when_both_are_done(store: Store) -> None:
    clock = Clock()
    store.now = clock
    source, target = MemorySource([order(i) for i in range(1, 231)]), CountingTarget()
    target.limits = replace(target.limits, rotation=3600.0, read_back=2)
    for _ in range(3):
        await run(store, source, target)
    target.asked.clear()
    clock.move(hours=1)
    for expected in ([100, None], [100], [30], []):
        await run(store, source, target)
        assert target.asked == expected
        target.asked.clear()


async def test_what_a_run_wrote_costs_the_rotation_nothing(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 231)]), CountingTarget()
    target.limits = replace(target.limits, rotation=3600.0, read_back=2)
    for expected in ([100, 100, 30, None], []):
        await run(store, source, target)
        assert target.asked == expected
        target.asked.clear()


async def test_an_object_made_anew_has_others_that_name_it_mapped_again(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    await run(store, source, target)
    parties = MemorySource([order(9)])
    other = flow(store, parties, MemoryTarget(), mapping={"flow": "shop.parties"})
    await extract(other)
    await load(other)
    with store.write() as tx:
        crosswalks.put(
            tx, "acme", "shop.parties", [{"key": "US001|000009", "target_id": "OLD"}], origin="loaded"
        )
        tx.connection.execute(
            update(document).where(document.c.flow == "shop.parties").values(
                status="ready", target_id=None, loaded_hash=None
            )
        )  # fmt: skip
    await load(flow(store, parties, MemoryTarget(), mapping={"flow": "shop.parties"}))
    assert rows(store, document.c.unmapped, document.c.flow)["1"] == (True, "shop.orders")


async def test_a_copy_in_the_target_is_told_with_the_object_it_was_made_of(store: Store) -> None:
    source, target = MemorySource([order(1)]), KeyedTarget()
    await run(store, source, target)
    target.objects["COPY"] = dict(target.objects["T0001"])
    target.objects["OTHER"] = {"number": "000099", "name": "by hand"}
    with pytest.raises(Unreconciled, match=r"2 difference"):
        await run(store, source, target)
    found = {item.key: item for item in reports_of(store)}
    assert {key: item.kind for key, item in found.items()} == {"COPY": "duplicate", "OTHER": "surplus"}
    await run(store, source, target)  # news once


async def test_an_object_that_stands_is_kept_whatever_became_of_its_document(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    target.outcome = lambda intent: Outcome(
        intent.key, "rejected", target_id="HEAD", reason="a line is wrong", stands=True
    )
    await run(store, source, target)
    assert rows(store, document.c.status, document.c.target_id)["1"] == ("rejected", "HEAD")
    target.outcome = lambda _: None
    source.put(order(1, NAME="mended", CHANGED="2026-11-03"))
    await run(store, source, target)
    assert target.writes == [("update", "US001|000001")]
    assert list(target.objects) == ["HEAD"]


async def test_a_create_in_doubt_that_was_not_executed_forgets_the_object_it_named(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    outcomes = [Outcome("US001|000001", "in_doubt", target_id="HEAD", reason="no answer", stands=True)]
    target.outcome = lambda _: outcomes.pop() if outcomes else None
    await run(store, source, target)
    assert statuses(store) == {"1": "loaded"}
    assert target.writes == [("create", "US001|000001")]


async def test_steps_of_several_documents_are_durable_together(store: Store) -> None:
    source, target = MemorySource([order(1), order(2)]), MemoryTarget()
    target.limits = replace(target.limits, batch={Operation.CREATE: 2})

    async def write(intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        await progress.steps([(intent, f"I{intent.key[-1]}") for intent in intents], "item")
        return [Outcome(intent.key, "failed", reason="later") for intent in intents]

    target.write = write  # type: ignore[method-assign]
    await run(store, source, target)
    assert {key: store.open(steps) for key, steps in rows(store, document.c.steps).items()} == {
        "1": {"item": "I1"}, "2": {"item": "I2"},
    }  # fmt: skip


class KeyedTarget(MemoryTarget):
    """Shows the natural key of its objects."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, str] = {}

    def _record(self, target_id: str) -> TargetRecord:
        key = self.shown.get(target_id, f"US001|{self.objects[target_id]['number']}")
        return replace(super()._record(target_id), key=key)


def reports_of(store: Store) -> list[Any]:
    with store.read() as connection:
        return [row for row in reports.latest(connection, "acme", "shop.orders") if row.kind != "total"]


async def test_rejected_document_does_not_stop_its_neighbours(store: Store) -> None:
    source, target = MemorySource([order(1, NAME="x" * 21), order(2)]), MemoryTarget()
    await run(store, source, target)
    assert statuses(store) == {"1": "rejected", "2": "loaded"}
    assert "NAME" in rows(store, document.c.reason)["1"]
    source.put(order(1, NAME="short"))
    await run(store, source, target)
    assert statuses(store)["1"] == "loaded"


async def test_lost_answer_is_looked_up_and_not_repeated(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 6)]), MemoryTarget()

    def lose(intents: Any) -> None:
        if intents[0].key.endswith("3"):
            raise InDoubt("no answer")

    target.after_write = lose
    result = await run(store, source, target)
    assert len(target.objects) == 5
    assert [key for operation, key in target.writes].count("US001|000003") == 1
    assert result["load"]["adopted"] == 1
    assert set(statuses(store).values()) == {"loaded"}


async def test_not_found_counts_only_after_a_second_look_up(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget(lag=2)
    target.limits = Limits(concurrency=1, settle=0.2)
    ctx = flow(store, source, target)
    calls = []

    def lose_first(intents: Any) -> None:
        calls.append(intents)
        if len(calls) == 1:
            raise InDoubt("no answer")

    target.after_write = lose_first
    await extract(ctx)
    await load(ctx)
    assert target.finds >= 3  # before the first create, and twice for the doubt
    assert len(target.objects) == 1


async def test_never_executed_request_goes_again(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    failures = iter([InDoubt("reset")])

    def reset(_: Any) -> None:
        for error in failures:
            raise error

    target.before_write = reset
    result = await run(store, source, target)
    assert result["load"]["not executed"] == 1
    assert len(target.objects) == 1


async def test_rate_limit_stops_the_flow_and_counts_nothing(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 6)]), MemoryTarget()

    def limit(intents: Any) -> None:
        if intents[0].key.endswith("3"):
            raise RateLimited("enough", retry_after=600)

    target.before_write = limit
    ctx = flow(store, source, target)
    await extract(ctx)
    with pytest.raises(RateLimited):
        await load(ctx)
    assert set(statuses(store).values()) <= {"loaded", "ready"}
    assert set(rows(store, document.c.attempts).values()) == {0}
    target.before_write = None
    await run(store, source, target)
    assert len(target.objects) == 5


async def test_own_failures_are_counted_and_end_in_dead(store: Store) -> None:
    source, target = MemorySource([order(1), order(2)]), MemoryTarget()
    target.outcome = lambda intent: (
        Outcome(intent.key, "failed", reason="odd") if intent.key.endswith("1") else None
    )
    ctx = flow(store, source, target, settings={"attempts": 1})
    await extract(ctx)
    await load(ctx)
    assert statuses(store) == {"1": "dead", "2": "loaded"}
    target.outcome = lambda _: None
    with store.write() as tx:
        assert actions.replay(tx, ctx.scope, ["US001|000001"]) == 1
    await load(ctx)
    assert statuses(store)["1"] == "loaded"


async def test_ten_equal_errors_stop_the_flow(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 400)], page=200), MemoryTarget()
    target.outcome = lambda intent: Outcome(intent.key, "rejected", reason=f"no such thing '{intent.key}'")
    ctx = flow(store, source, target)
    await extract(ctx)
    with pytest.raises(Repeated, match="10 equal errors"):
        await load(ctx)
    counted = list(statuses(store).values())
    assert counted.count("ready") > 200
    assert counted.count("sending") == 0


async def test_mass_change_needs_a_person(store: Store) -> None:
    limits = {
        "tenant": {
            "integrations": {"shop": {"flows": {"orders": {"max_changes": {"percent": 20, "at_least": 2}}}}}
        }
    }
    source, target = MemorySource([order(i) for i in range(1, 6)]), MemoryTarget()
    await run(store, source, target, **limits)
    source.orders.clear()
    with pytest.raises(GuardTripped, match="release"):
        await run(store, source, target, params={"full": True}, **limits)
    assert target.archived == set()
    with store.write() as tx:
        assert actions.confirm_changes(tx, flow(store, source, target).scope) == 5
    await run(store, source, target, **limits)
    assert len(target.archived) == 5


async def test_go_live_adopts_what_is_there(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 5)]), MemoryTarget(Limits(concurrency=1))
    same = {"number": "000001", "name": "Order 1", "amount": Decimal("1.25")}
    other_name = {"number": "000002", "name": "By hand", "amount": Decimal("2.25")}
    other_amount = {"number": "000003", "name": "Order 3", "amount": Decimal("99.00")}
    target.objects = {"H1": same, "H2": other_name, "H3": other_amount}
    result = await run(store, source, target)
    assert result["load"]["adopted"] == 2
    assert target.objects["H2"]["name"] == "Order 2"
    assert statuses(store) == {"1": "loaded", "2": "loaded", "3": "conflict", "4": "loaded"}
    assert target.writes == [("create", "US001|000004"), ("update", "US001|000002")]


async def test_one_object_cannot_stand_for_two_documents(store: Store) -> None:
    source, target = MemorySource([order(1), order(2)]), MemoryTarget()
    target.outcome = lambda intent: Outcome(intent.key, "loaded", target_id="SAME")
    ctx = flow(store, source, target)
    await extract(ctx)
    target.limits = Limits(concurrency=1, adopt=False)
    await load(ctx)
    found = statuses(store)
    assert sorted(found.values()) in (["conflict", "loaded"], ["conflict", "conflict"])
    assert list(found.values()).count("loaded") <= 1


async def test_reconcile_names_what_was_changed_behind_us(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 7)]), MemoryTarget(Limits(concurrency=1))
    await run(store, source, target)
    del target.objects["T0002"]
    target.objects["T0003"] = target.objects["T0003"] | {"name": "changed by hand"}
    target.objects["HAND"] = {"number": "X", "name": "typed by hand", "amount": Decimal(5)}
    source.put(order(7), order(4, AMOUNT=Decimal("1.00")))
    del source.orders["US001|000005"]
    ctx = flow(store, source, target, params={"full": True})
    with pytest.raises(Unreconciled):
        await reconcile(ctx)
    with store.read() as connection:
        found = connection.execute(
            select(reconciliation.c.kind, reconciliation.c.key).where(
                reconciliation.c.kind != "total",
                ~reconciliation.c.explained | reconciliation.c.kind.like("source%"),
            )
        ).all()
    assert {tuple(row) for row in found} == {
        ("missing", "US001|000002"), ("changed", "US001|000003"), ("surplus", "HAND"),
        ("source new", "US001|000007"), ("source changed", "US001|000004"),
        ("source deleted", "US001|000005"),
    }  # fmt: skip
    assert statuses(store)["3"] == "drifted"
    result = await reconcile(flow(store, source, target))
    assert result["unexplained"] == 0


async def test_totals_are_the_same_whatever_their_pages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = MemorySource([order(i, NAME="x" * 30 if i == 4 else f"Order {i}") for i in range(1, 12)])
    ctx = flow(store, source, MemoryTarget())
    await run(store, source, MemoryTarget())
    with store.write() as tx:
        whole = totals.compute(tx, ctx.scope, {}, ())
    monkeypatch.setattr(totals, "PAGE", 3)
    with store.write() as tx:
        assert totals.compute(tx, ctx.scope, {}, ()) == whole
    (total,) = [row for row in whole if row.business_status == "active"]
    assert (total.source_count, total.target_count, total.open_count) == (11, 10, 1)
    assert total.open_amount == Decimal("4.25")
    assert total.explained


async def test_accepted_is_not_done(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    target.outcome = lambda intent: Outcome(intent.key, "accepted", receipt={"id": "R1"})
    target.objects["R1"] = {"number": "000001", "name": "Order 1", "amount": Decimal("1.25")}
    target.limits = Limits(adopt=False)
    ctx = flow(store, source, target)
    await extract(ctx)
    await load(ctx)
    assert statuses(store) == {"1": "accepted"}
    await reconcile(ctx)
    assert statuses(store) == {"1": "loaded"}
    assert rows(store, document.c.target_id) == {"1": "R1"}


async def test_what_stays_accepted_becomes_overdue(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    accepted = Outcome("US001|000001", "accepted", receipt={"id": "R1"})
    target.outcome = lambda _: accepted
    ctx = flow(store, source, target)
    await extract(ctx)
    await load(ctx)
    before = rows(store, document.c.since, document.c.deadline)

    async def undecided(*_: Any) -> list[Outcome]:
        return [accepted]

    monkeypatch.setattr(target, "confirm", undecided)
    await reconcile(ctx)
    assert statuses(store) == {"1": "accepted"}
    assert rows(store, document.c.since, document.c.deadline) == before


async def test_plan_says_what_the_run_then_does(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 6)]), MemoryTarget()
    await run(store, source, target)
    source.put(
        order(1, NAME="Other", CHANGED="2026-11-02"), order(2, STATUS="cancelled", CHANGED="2026-11-02")
    )
    source.put(order(6, CHANGED="2026-11-02"), order(7, NAME="y" * 30, CHANGED="2026-11-02"))
    counts = await make_plan(flow(store, source, target, params={"dry_run": True}), "p1")
    assert {name: counts[name] for name in ("create", "update", "remove", "reject")} == {
        "create": 1, "update": 1, "remove": 1, "reject": 1,
    }  # fmt: skip
    with store.read() as connection:
        lines = connection.execute(select(plan.c.key, plan.c.operation, plan.c.changes)).all()
    planned = {(row.operation, row.key) for row in lines if row.operation in ("create", "update", "remove")}
    changes = {row.key: store.open(row.changes) for row in lines}
    assert changes["US001|000001"] == [{"field": "name", "before": "Order 1", "after": "Other"}]
    before = len(target.writes)
    await run(store, source, target)
    assert set(target.writes[before:]) == planned


async def test_every_step_of_a_document_is_in_the_trail(store: Store) -> None:
    source, target = MemorySource([order(1)]), MemoryTarget()
    await run(store, source, target)
    with store.read() as connection:
        statement = select(audit_event.c.kind).where(audit_event.c.document_id.is_not(None))
        kinds = connection.scalars(statement.order_by(audit_event.c.number)).all()
    assert kinds == ["transformed", "claimed", "created"]


async def test_changes_of_state_go_before_anything_else(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 4)]), MemoryTarget(Limits(concurrency=1))
    await run(store, source, target)
    source.put(
        order(1, NAME="Other", CHANGED="2026-11-02"), order(3, STATUS="cancelled", CHANGED="2026-11-02")
    )
    source.put(*(order(i, CHANGED="2026-11-02") for i in range(4, 8)))
    target.writes.clear()
    await run(store, source, target)
    assert target.writes[0] == ("remove", "US001|000003")
    assert len(target.writes) == 6


async def test_batches_hold_one_operation(store: Store) -> None:
    source, target = MemorySource([order(i) for i in range(1, 8)]), MemoryTarget()
    target.limits = Limits(concurrency=2, batch={Operation.CREATE: 3})
    sizes: list[int] = []
    target.before_write = lambda intents: sizes.append(len(intents))
    await run(store, source, target)
    assert sorted(sizes) == [1, 3, 3]
    source.put(order(1, NAME="A", CHANGED="2026-11-02"), order(2, NAME="B", CHANGED="2026-11-02"))
    sizes.clear()
    await run(store, source, target)
    assert sizes == [1, 1]


async def test_equal_refusals_that_asked_nobody_do_not_stop_the_flow(store: Store) -> None:
    source = MemorySource([order(number) for number in range(1, 31)])
    target = MemoryTarget(Limits(concurrency=1, settle=0.0))
    fields: Any = {name: item for name, item in MAPPING["fields"].items() if name != "partyId"}  # type: ignore[attr-defined]
    refused = Outcome("", "rejected", reason="terms N99 have no counterpart", field="terms", local=True)
    target.outcome = lambda intent: replace(refused, key=intent.key)
    ctx = flow(store, source, target, mapping={"fields": fields})
    await extract(ctx)
    transform(ctx)
    counts = await load(ctx)
    assert counts["rejected"] == 30
