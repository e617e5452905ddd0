"""Reports, plans and settlements of the past, page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert

from ml_connector.core.ledger import history, reports
from ml_connector.core.ledger.history import Settled
from ml_connector.core.ledger.queries import report_answer
from ml_connector.core.ledger.reports import Difference
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.ledger.settlements import REVERSED, SETTLED, Row, Settlements
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import plan
from ml_connector.core.state.store import Store
from tests.core.stages.support import Clock

SCOPE = Scope("acme", "test", "bill.bills")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(database: Database, clock: Clock) -> Store:
    return Store(database, clock=clock)


def difference(**detail: Any) -> Difference:
    return Difference("changed", "U|1", "INV-1", "U", detail, explained=False)


def test_reports_the_newest_first(timed: Store, clock: Clock) -> None:
    for number in range(3):
        with timed.write() as tx:
            reports.save(tx, SCOPE, f"report{number}", [], [difference(reason="x")] * (number + 1))
        clock.move(minutes=5)
    with timed.read() as connection:
        found = history.reports(connection, "acme", "bill.bills", limit=2)
        older = history.reports(connection, "acme", "bill.bills", before=found[-1].at, limit=2)
        assert history.reports(connection, "acme", "bill.vendors") == []
    assert [(line.report, line.differences, line.unexplained) for line in (*found, *older)] == [
        ("report2", 3, 3), ("report1", 2, 2), ("report0", 1, 1),
    ]  # fmt: skip


def test_a_report_hides_private_fields_wherever_they_stand(timed: Store) -> None:
    changes = [
        {"field": "vendor.bankAccount.number", "before": "111", "after": "222"},
        {"field": "lines[0].amount", "before": Decimal("1.00"), "after": Decimal("2.00")},
    ]
    with timed.write() as tx:
        reports.save(tx, SCOPE, "one", [], [difference(reason="changed", changes=changes)])
    with timed.read() as connection:
        rows = history.report_rows(connection, "one")
    (shown,) = report_answer(timed, "acme", "bill.bills", rows)["differences"]
    assert shown["detail"]["changes"] == [
        {"field": "vendor.bankAccount.number", "before": "***", "after": "***"},
        {"field": "lines[0].amount", "before": "1.00", "after": "2.00"},
    ]


def put_plan(store: Store, plan_id: str, *rows: tuple[str, str, str]) -> None:
    with store.write() as tx:
        for flow, key, operation in rows:
            values = {"id": plan_id, "flow": flow, "key": key, "operation": operation, "tenant": "acme"}
            tx.connection.execute(insert(plan).values(values | {"planned_at": store.now()}))


def test_plans_and_their_pages(timed: Store, clock: Clock) -> None:
    put_plan(timed, "old", ("bill.bills", "U|1", "create"))
    clock.move(hours=1)
    put_plan(
        timed, "new", ("bill.bills", "U|1", "update"), ("bill.bills", "U|2", "create"),
        ("bill.bills", "U|3", "create"), ("bill.vendors", "S|1", "create"),
    )  # fmt: skip
    both = ["bill.bills", "bill.vendors"]
    with timed.read() as connection:
        found = history.plans(connection, "acme", both)
        assert [line.plan for line in found] == ["new", "old"]
        counts = [(row.flow, row.operation, row.documents) for row in found[0].counts]
        assert counts == [
            ("bill.bills", "create", 2), ("bill.bills", "update", 1), ("bill.vendors", "create", 1),
        ]  # fmt: skip
        assert [line.plan for line in history.plans(connection, "acme", both, limit=1)] == ["new"]
        assert [line.plan for line in history.plans(connection, "acme", ["bill.vendors"])] == ["new"]
        assert history.plan_line(connection, "none", both) is None
        first = history.plan_rows(connection, "new", both, limit=2)
        rest = history.plan_rows(connection, "new", both, after=(first[-1].flow, first[-1].key))
        assert [row.key for row in (*first, *rest)] == ["U|1", "U|2", "U|3", "S|1"]
        chosen = history.plan_rows(connection, "new", both, operation="create")
        assert [row.key for row in chosen] == ["U|2", "U|3", "S|1"]


def test_settlements_by_file_and_period(timed: Store) -> None:
    settled = Settlements(timed, "acme", "bill.payments")
    rows = [
        Row(f"stp{day}", 1, 1, SETTLED, "staged", "U", "U|1", Decimal(day), "USD", f"2026-11-{day:02}",
            export="file1" if day < 3 else None)
        for day in range(1, 6)
    ] + [Row("stp1", 2, 1, REVERSED, "staged", "U", "U|1", Decimal(-1), "USD", "2026-11-06")]  # fmt: skip
    with timed.write() as tx:
        settled.put(tx, rows)

    def dates(wanted: Settled, **paging: int) -> list[str]:
        with timed.read() as connection:
            return [row.accounting_date[-2:] for row in history.settled(connection, wanted, **paging)]

    everything = Settled("acme", ["bill.payments"])
    assert dates(everything) == ["06", "05", "04", "03", "02", "01"]
    assert dates(replace(everything, export="file1")) == ["02", "01"]
    assert dates(replace(everything, since="2026-11-02", until="2026-11-04")) == ["04", "03", "02"]
    assert dates(everything, offset=4, limit=1) == ["02"]
    assert dates(replace(everything, flows=["bill.bills"])) == []
    with timed.read() as connection:
        (file,) = history.exports(connection, "acme", ["bill.payments"])
    assert (file.export, file.parts, file.exported_at) == ("file1", 2, None)
    assert timed.now() - file.created_at < timedelta(minutes=1)
