"""What BILL paid stands in PeopleSoft's books once, whatever happens to events, answers and statuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ml_connector.core.ledger import inbox
from ml_connector.core.state.crypto import Cipher
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from sandbox import credentials
from sandbox.bill.webhooks.subscriptions import Subscription
from sandbox.control import bill as in_bill
from sandbox.control import peoplesoft
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.back import BACK, SETTLEMENT, BackHarness, Books, move, pay, unpaid
from tests.flows.receiver import listening
from tests.flows.world import World
from tests.state import migrated


@asynccontextmanager
async def settled_world(folder: Path, **settlement: Any) -> AsyncIterator[World]:
    """A world whose vouchers are bills already."""
    database = migrated(folder / "state.db")
    options = SettlementOptions.model_validate(SETTLEMENT | settlement)
    async with Sandbox(Size(vouchers=24, suppliers=4), scenario="plain") as sandbox:
        key = Fernet.generate_key().decode()
        harness = BackHarness(
            sandbox.peoplesoft_url, sandbox.bill_url, database, cipher=Cipher([key]), key=key,
            clock=sandbox.clock.now, settlement=options, folder=folder / "files",
        )  # fmt: skip
        world = World(sandbox, harness)
        await harness.run()
        yield world
    database.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with settled_world(tmp_path) as made:
        yield made


@pytest.fixture
def books(world: World) -> Books:
    return Books(world)


def statuses(world: World) -> dict[str, str]:
    return {key: row.status for key, row in world.rows(BACK).items()}


async def test_each_payment_is_one_journal_and_a_second_run_writes_nothing(
    world: World, books: Books
) -> None:
    paid = [pay(world, bill) for bill in unpaid(world)[:6]]
    result = await world.harness.run(BACK)
    assert result[BACK]["load"]["created"] == 6
    assert {key: len(rows) for key, rows in books.per_payment().items()} == {row["id"]: 1 for row in paid}
    books.check()
    before = world.sandbox.calls.per_operation["peoplesoft SOAP CI_JOURNAL_ENTRY_C"]
    await world.harness.run(BACK)
    assert world.sandbox.calls.per_operation["peoplesoft SOAP CI_JOURNAL_ENTRY_C"] == before == 6


async def test_nothing_is_booked_before_the_supplier_has_the_money(world: World, books: Books) -> None:
    payment = pay(world, unpaid(world)[0], through="SCHEDULED")
    for status in ("FUNDING_STARTED", "PROCESSED", "SENT", None):
        await world.harness.run(BACK)
        assert books.journals == []
        assert statuses(world) == {payment["id"]: "excluded"}
        if status:
            move(world, payment, status)
    move(world, payment, "CLEARED")
    await world.harness.run(BACK)
    assert len(books.journals) == 1
    books.check()


async def test_a_payment_that_fails_after_it_cleared_is_reversed_and_may_clear_again(
    world: World, books: Books
) -> None:
    payment = pay(world, unpaid(world)[0])
    await world.harness.run(BACK)
    (first,) = books.journals
    for expected, status in ((2, "DISBURSEMENT_FAILED_ACTION_NEEDED"), (3, "CLEARED"), (4, "VOIDED")):
        move(world, payment, status)
        await world.harness.run(BACK)
        assert len(books.journals) == expected
        books.check()
    assert first in books.journals, "what was booked is never edited"


async def test_parts_of_a_bill_paid_one_by_one_add_up(world: World, books: Books) -> None:
    bill = unpaid(world)[0]
    half = (Decimal(str(bill["amount"])) / 2).quantize(Decimal("0.01"))
    pay(world, bill, amount=float(half))
    await world.harness.run(BACK)
    assert books.cash() == half
    pay(world, bill, amount=float(Decimal(str(bill["amount"])) - half))
    await world.harness.run(BACK)
    assert books.cash() == Decimal(str(bill["amount"]))
    assert len(books.journals) == 2
    books.check()


async def test_what_peoplesoft_paid_itself_does_not_come_back(world: World, books: Books) -> None:
    key = next(
        key
        for key, row in world.rows("bill.bills").items()
        if row.status == "loaded" and not row.loaded_absent
    )
    for row in world.voucher(key)["payments"]:
        peoplesoft.pay(world.sandbox.peoplesoft, {"key": key.split("|"), "count": row["PYMNT_CNT"]})
    await world.harness.run("bill.bills")
    assert len(list(world.bill.payments)) == 1, "recorded in BILL"
    for _ in range(2):
        await world.harness.run(BACK)
    assert books.journals == []
    assert set(statuses(world).values()) == {"excluded"}


async def test_a_payment_of_a_bill_made_by_hand_is_told_and_others_go_on(world: World, books: Books) -> None:
    bill = unpaid(world)[0]
    line = {"amount": 10, "classifications": bill["billLineItems"][0]["classifications"]}
    values = {
        "vendorId": bill["vendorId"], "dueDate": "2026-12-31", "billLineItems": [line],
        "invoice": {"invoiceNumber": "BY-HAND", "invoiceDate": "2026-11-01"},
    }  # fmt: skip
    by_hand = in_bill.create(world.sandbox.bill, {"table": "bills", "values": values})
    other, ours = pay(world, by_hand), pay(world, bill)
    await world.harness.run(BACK)
    assert statuses(world) == {other["id"]: "rejected", ours["id"]: "loaded"}
    assert f"known to have made {by_hand['id']}; it was made by hand" in world.rows(BACK)[other["id"]].reason
    assert set(books.per_payment()) == {ours["id"]}


@pytest.mark.parametrize("way", ["external", "hold"])
async def test_a_voucher_that_bill_paid_is_closed_to_the_pay_cycle_without_a_loop(
    tmp_path: Path, way: str
) -> None:
    async with settled_world(tmp_path, close_voucher=way) as world:
        bill = unpaid(world)[0]
        key = next(key for key, row in world.rows("bill.bills").items() if row.target_id == bill["id"])
        payment = pay(world, bill)
        await world.harness.run(BACK)
        rows = world.voucher(key)["payments"]
        shown = {(row["PYMNT_SELCT_STATUS"], row["PYMNT_ACTION"], row["PYMNT_HOLD"]) for row in rows}
        assert shown == ({("E", "R", "N")} if way == "external" else {("N", "S", "Y")})
        writes = world.writes()
        await world.harness.run("bill.bills")
        assert world.writes() == writes, "BILL's own payment is not recorded in BILL again"
        assert world.rows("bill.bills")[key].status == "loaded"
        move(world, payment, "DISBURSEMENT_FAILED_ACTION_NEEDED")
        await world.harness.run(BACK)
        rows = world.voucher(key)["payments"]
        assert {(row["PYMNT_SELCT_STATUS"], row["PYMNT_ACTION"], row["PYMNT_HOLD"]) for row in rows} == {
            ("N", "S", "N")
        }
        Books(world).check()


CREATE = "SOAP CI_JOURNAL_ENTRY_C"


@pytest.mark.parametrize("kind", ["lost", "late_commit", "reset", "error", "html", "truncate"])
async def test_an_answer_that_is_lost_books_nothing_twice(world: World, books: Books, kind: str) -> None:
    for bill in unpaid(world)[:4]:
        pay(world, bill)
    world.fault("peoplesoft", kind, CREATE, count=2, **({"seconds": 1} if kind == "late_commit" else {}))
    await world.settle_down(BACK)
    assert len(books.journals) == 4
    books.check()


def subscription(world: World) -> Subscription:
    (one,) = world.sandbox.bill.webhooks.rows(credentials.BILL_ORGANIZATION)
    return one


async def test_events_missed_while_bill_had_switched_them_off_are_caught_up(
    world: World, books: Books
) -> None:
    await world.harness.run(BACK)
    world.sandbox.bill.webhooks.dispatcher.disable(subscription(world))
    payment = pay(world, unpaid(world)[0])
    result = await world.harness.run(BACK)
    (alert,) = world.harness.alerts
    assert alert.startswith("BILL had switched off webhook subscription")
    assert subscription(world).shown()["status"]["enabled"] is True
    assert result[BACK]["extract"]["missed"] >= 5, "every status was an event of its own"
    assert set(books.per_payment()) == {payment["id"]}
    await world.harness.run(BACK)
    assert world.harness.alerts == [alert], "told once"


async def test_events_that_come_three_times_and_out_of_order_are_one_settlement(
    world: World, books: Books
) -> None:
    async with listening(world.harness) as url:
        world.harness.url = url  # type: ignore[attr-defined]
        await world.harness.run(BACK)
        webhooks = world.sandbox.bill.webhooks
        webhooks.dispatcher.pause()
        world.fault("bill", "duplicate", "WEBHOOK payment.updated", count=None, rows=3)
        payment = pay(world, unpaid(world)[0])
        webhooks.dispatcher.flush(shuffle=True)
        webhooks.dispatcher.resume()
        await webhooks.settled()
        assert {attempt.status for attempt in webhooks.dispatcher.log} == {200}
        with world.harness.store("look") as store, store.read() as connection:
            waiting = inbox.waiting(connection, "bill", "demo", 100)
        assert len(waiting) == 5, "each once, whatever the number of deliveries"
        assert len(webhooks.dispatcher.log) == 15
        await world.harness.run(BACK)
    assert {key: len(rows) for key, rows in books.per_payment().items()} == {payment["id"]: 1}
    with world.harness.store("look") as store, store.read() as connection:
        assert inbox.pending(connection) == {}
    books.check()


async def test_the_staged_way_has_each_entry_in_exactly_one_file(tmp_path: Path) -> None:
    async with settled_world(tmp_path, way="staged", csv_path=str(tmp_path / "files")) as world:
        paid = [pay(world, bill) for bill in unpaid(world)[:3]]
        await world.harness.run(BACK)
        move(world, paid[0], "VOIDED")
        await world.harness.run(BACK)
        await world.harness.run(BACK)
        lines = [
            line
            for path in (tmp_path / "files").rglob("*.csv")
            for line in path.read_text("utf-8-sig").splitlines()[1:]
        ]
        assert len(lines) == 4
        assert sum(paid[0]["id"] in line for line in lines) == 2
        assert Books(world).journals == []
