"""What changed behind the product is named, exactly; what did not change costs no write; a plan is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.ledger import queries, stories
from ml_connector.core.ledger.reports import latest
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.reconcile import Unreconciled
from ml_connector.core.stages.reconcile import reconcile as compare
from sandbox.control import bill as in_bill
from sandbox.control import peoplesoft
from sandbox.data import Size, scenario
from tests.flows.conftest import MakeWorld
from tests.flows.harness import FLOWS
from tests.flows.world import World

BILLS, VENDORS = "bill.bills", "bill.vendors"

Named = set[tuple[str, str]]


@pytest.fixture
async def settled(make_world: MakeWorld) -> AsyncIterator[World]:
    """Everything arrived, and both sides agree."""
    async with make_world(Size(vouchers=60, suppliers=8)) as world:
        await world.harness.run()
        world.check()
        yield world


def report(world: World, flow: str) -> list[Any]:
    """Rows of the flow's newest report."""
    with world.harness.store("look") as store, store.read() as connection:
        return latest(connection, world.harness.tenant.tenant, flow)


def named(world: World, flow: str) -> Named:
    """Kind and key of every difference in the newest report."""
    return {(row.kind, row.key) for row in report(world, flow) if row.kind != "total"}


def loaded(world: World, flow: str) -> list[str]:
    """Keys of what stands in BILL."""
    return sorted(
        key for key, row in world.rows(flow).items() if row.status == "loaded" and not row.loaded_absent
    )


def target_id(world: World, flow: str, key: str) -> str:
    return str(world.rows(flow)[key].target_id)


async def reconcile(world: World, flow: str, **params: Any) -> None:
    """Only this stage, complaining or not."""
    async with world.harness.connected(flow, **params) as ctx:
        await compare(ctx)


# ---- behind our back, in BILL


async def test_changes_in_bill_are_named_once_and_exactly(settled: World) -> None:
    world, state = settled, settled.sandbox.bill
    deleted, archived, changed, *_ = loaded(world, BILLS)
    ids = {key: target_id(world, BILLS, key) for key in (deleted, archived, changed)}
    in_bill.delete(state, {"table": "bills", "id": ids[deleted]})
    in_bill.archive(state, {"table": "bills", "id": ids[archived]})
    in_bill.edit(state, {"table": "bills", "id": ids[changed], "values": {"dueDate": "2030-01-01"}})
    like = world.bill.bills.rows[target_id(world, BILLS, loaded(world, BILLS)[3])]
    typed = in_bill.create(
        state,
        {
            "table": "bills",
            "values": {
                "vendorId": like["vendorId"], "dueDate": "2026-12-31",
                "billLineItems": [{"amount": Decimal("9.99")}],
                "invoice": {"invoiceNumber": "TYPED-BY-HAND", "invoiceDate": "2026-11-18"},
            },
        },
    )  # fmt: skip
    with pytest.raises(Unreconciled):
        await reconcile(world, BILLS)
    expected = {("missing", deleted), ("changed", archived), ("changed", changed), ("surplus", typed["id"])}
    assert named(world, BILLS) == expected
    drifted = {key for key, row in world.rows(BILLS).items() if row.status == "drifted"}
    assert drifted == {deleted, archived, changed}
    assert "dueDate" in world.rows(BILLS)[changed].reason
    written = world.writes()
    await world.harness.run(BILLS)  # told once: now the ledger says why they differ
    assert named(world, BILLS) == expected
    assert world.writes() == written  # and nobody's work in BILL is overwritten without being asked


async def test_vendors_and_accounts_changed_by_hand_are_named(settled: World) -> None:
    world, state = settled, settled.sandbox.bill
    vendor, account = loaded(world, VENDORS)[0], loaded(world, "bill.accounts")[5]
    values = {"address": {"line1": "1 Elsewhere"}}
    in_bill.edit(state, {"table": "vendors", "id": target_id(world, VENDORS, vendor), "values": values})
    account_id = target_id(world, "bill.accounts", account)
    in_bill.archive(state, {"table": "chart-of-accounts", "id": account_id})
    await world.harness.run(VENDORS, "bill.accounts", "bill.departments", tolerant=True)
    assert named(world, VENDORS) == {("changed", vendor)}
    assert named(world, "bill.accounts") == {("changed", account)}
    assert named(world, "bill.departments") == set()


async def test_totals_show_what_is_gone(settled: World) -> None:
    world = settled
    key = loaded(world, BILLS)[0]
    row = world.rows(BILLS)[key]
    in_bill.delete(world.sandbox.bill, {"table": "bills", "id": row.target_id})
    with pytest.raises(Unreconciled):
        await reconcile(world, BILLS)
    with world.harness.store("look") as store:
        (answer,) = queries.reconciliations(store, flow=BILLS)
    lines = answer["totals"]
    difference = sum((Decimal(str(line["difference"])) for line in lines), Decimal(0))
    counts = {
        name: sum(line[name] for line in lines) for name in ("source_count", "target_count", "open_count")
    }
    assert difference == row.amount
    assert counts["source_count"] - counts["target_count"] == 1 == counts["open_count"]


async def test_put_right_by_hand_is_right_again(settled: World) -> None:
    world = settled
    key = loaded(world, BILLS)[0]
    bill = {"table": "bills", "id": target_id(world, BILLS, key)}
    in_bill.archive(world.sandbox.bill, bill)
    await world.harness.run(BILLS, tolerant=True)
    assert world.rows(BILLS)[key].status == "drifted"
    in_bill.archive(world.sandbox.bill, {**bill, "archived": False})
    await world.harness.run(BILLS)
    assert world.rows(BILLS)[key].status == "loaded"
    assert named(world, BILLS) == set()


# ---- behind our back, in PeopleSoft


async def test_changes_in_peoplesoft_are_named_by_a_full_reconciliation(settled: World) -> None:
    world, state = settled, settled.sandbox.peoplesoft
    deleted, changed, *_ = loaded(world, BILLS)
    like = loaded(world, BILLS)[2].split("|")
    peoplesoft.delete(state, {"record": "voucher", "key": deleted.split("|")})
    world.change(changed, stamp=False, DESCR254_MIXED="changed without a stamp", DUE_DT="2027-03-31")
    body = {
        "record": "voucher",
        "key": ["US001", "00770001"],
        "like": like,
        "values": {"INVOICE_ID": "NEW-1"},
    }
    peoplesoft.upsert(state, body)
    await reconcile(world, BILLS, full=True)
    expected = {("source deleted", deleted), ("source changed", changed), ("source new", "US001|00770001")}
    assert named(world, BILLS) == expected
    await world.harness.run(BILLS, full=True)
    world.check()
    await reconcile(world, BILLS, full=True)
    assert named(world, BILLS) == set()


@pytest.mark.parametrize("kind", ["not selected", "rejected", "never sent", "unreadable"])
async def test_deleted_in_peoplesoft_and_never_sent_is_nobodys_work(make_world: MakeWorld, kind: str) -> None:
    """What BILL never had needs no call and no person when PeopleSoft no longer has it either."""
    async with make_world(Size(vouchers=20, suppliers=4)) as world:
        like = world.voucher(world.payable()[0])
        values: dict[str, dict[str, Any]] = {
            "not selected": {"ENTRY_STATUS": "O"},
            "rejected": {"GROSS_AMT": like["GROSS_AMT"] + 1},
            "never sent": {"APPR_STATUS": "P"},
            "unreadable": {"DUE_DT": "20210431"},
        }
        key = ["US001", "00880001"]
        body = {
            "record": "voucher", "key": key, "like": [like["BUSINESS_UNIT"], like["VOUCHER_ID"]],
            "values": {"INVOICE_ID": "GONE-1", **values[kind]},
        }  # fmt: skip
        peoplesoft.upsert(world.sandbox.peoplesoft, body)
        await world.harness.run()
        before = world.rows(BILLS)["|".join(key)].status
        assert before == ("rejected" if kind in ("rejected", "unreadable") else "excluded")
        peoplesoft.delete(world.sandbox.peoplesoft, {"record": "voucher", "key": key})
        await world.harness.run(BILLS, full=True)
        row = world.rows(BILLS)["|".join(key)]
        assert (row.status, row.target_id) == ("excluded", None), row.reason


async def test_deleted_after_it_became_unreadable_its_bill_is_archived(settled: World) -> None:
    world, state = settled, settled.sandbox.peoplesoft
    key = loaded(world, BILLS)[0]
    bill_id = target_id(world, BILLS, key)
    world.change(key, DUE_DT="20210431")
    await world.harness.run(BILLS)
    assert world.rows(BILLS)[key].status == "rejected"
    assert world.bill.bills.rows[bill_id]["archived"] is False
    peoplesoft.delete(state, {"record": "voucher", "key": key.split("|")})
    await world.harness.run(BILLS)
    row = world.rows(BILLS)[key]
    assert (row.status, row.loaded_absent) == ("loaded", True), row.reason
    assert world.bill.bills.rows[bill_id]["archived"] is True


async def test_deselected_between_reading_and_mapping_is_not_left_lying(make_world: MakeWorld) -> None:
    """The task died after its extract; meanwhile the voucher left the selection."""
    async with make_world(Size(vouchers=20, suppliers=4)) as world:
        async with world.harness.connected(BILLS) as ctx:
            await extract(ctx)
        key = next(key for key, row in world.rows(BILLS).items() if row.status == "staged")
        world.change(key, ENTRY_STATUS="O")
        await world.harness.run()
        assert world.rows(BILLS)[key].status == "excluded"
        world.check()


# ---- nothing new


async def test_a_second_run_with_nothing_new_writes_nothing(demo: World) -> None:
    await demo.settle_down()
    demo.sandbox.calls.clear()
    results = await demo.harness.run()
    assert demo.writes() == 0
    assert not [name for name in demo.sandbox.calls.per_operation if "POST" in name and "login" not in name]
    for flow in FLOWS:
        counts = results[flow]
        assert counts["extract"]["new"] == counts["extract"]["changed"] == 0
        assert set(counts["load"]) == {"alerts"}
        assert counts["reconcile"]["differences"] == {}


# ---- plan, then run


async def test_the_run_does_what_the_plan_said(demo: World) -> None:
    await _plan_and_run(demo, "first")
    demo.check()
    scenario.change(demo.sandbox.peoplesoft)
    await _plan_and_run(demo, "second")


async def _plan_and_run(world: World, name: str) -> None:
    written = world.writes()
    before = {flow: world.rows(flow) for flow in FLOWS}
    await world.harness.plan(name)
    assert world.writes() == written
    assert {flow: world.rows(flow) for flow in FLOWS} == before
    with world.harness.store("look") as store:
        planned = {(line["flow"], line["key"]): line for line in queries.latest_plan(store, limit=10_000)}
    await world.harness.run()
    assert {item: line["operation"] for item, line in planned.items() if line["operation"] in _DONE} == _done(
        world, before
    )
    for flow in FLOWS:
        for key, row in world.rows(flow).items():
            line = planned.get((flow, key))
            if line is not None and line["operation"] in ("create", "update"):
                _same_fields(world, before[flow].get(key), row, line)


_DONE = ("create", "update", "remove")


def _done(world: World, before: dict[str, dict[str, Any]]) -> dict[tuple[str, str], str]:
    """What the run did, by what the ledger says now."""
    found = {}
    for flow in FLOWS:
        for key, row in world.rows(flow).items():
            old = before[flow].get(key)
            if row.loaded_hash is not None and (old is None or old.loaded_hash != row.loaded_hash):
                known = old is not None and old.target_id is not None
                found[flow, key] = "remove" if row.loaded_absent else ("update" if known else "create")
    return found


def _same_fields(world: World, old: Any, row: Any, line: dict[str, Any]) -> None:
    """Each field that the plan named is what was sent, and no other field changed."""
    with world.harness.store("look") as store:
        (story,) = stories.story(store, row.key, flow=row.flow)
    by_hash = {item["hash"]: item["data"]["body"] for item in story["payloads"] if "body" in item["data"]}
    sent = _flat(by_hash[row.loaded_hash])
    was = _flat(by_hash[old.loaded_hash]) if old is not None and old.loaded_hash else {}
    changed = {name for name in {*sent, *was} if sent.get(name) != was.get(name)}
    told: dict[str, Any] = {}
    for change in line["changes"]:
        told |= _flat(change["after"], change["field"])
        told |= {name: None for name in _flat(change["before"], change["field"]) if name not in told}
    told = {name: value for name, value in told.items() if value != was.get(name)}
    assert told.keys() == changed, line
    for name, value in told.items():
        # A vendor that the same plan creates has no id yet: the plan names it by its key.
        assert value == sent.get(name) or str(value).startswith("(new "), (line, name)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Leaves by dotted path."""
    if isinstance(value, dict):
        items = [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        return {} if value is None else {path: value}
    return {name: leaf for below, item in items for name, leaf in _flat(item, below).items()}
