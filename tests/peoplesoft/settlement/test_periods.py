"""Accounting dates lie in open periods, as early as they can."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.contract import Document, KeyAnswer, Page, Scan, Window
from ml_connector.peoplesoft.settlement.periods import FixedPeriods, Period, QueriedPeriods, accounting_date

days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
periods = st.lists(
    st.tuples(days, st.integers(0, 60)).map(
        lambda made: Period(made[0].isoformat(), (made[0] + timedelta(days=made[1])).isoformat())
    ),
    max_size=6,
)


@given(days, periods)
def test_the_first_open_day_from_the_payment_on(day: date, open_ones: list[Period]) -> None:
    found = accounting_date(day.isoformat(), open_ones)
    every = [
        moment.isoformat()
        for number in range(1200)
        if any(
            period.first <= (moment := day + timedelta(days=number)).isoformat() <= period.last
            for period in open_ones
        )
    ]
    assert found == (every[0] if every else None)


def test_a_closed_month_is_booked_on_the_first_day_that_is_open() -> None:
    november = Period("2026-11-01", "2026-11-30")
    assert accounting_date("2026-11-12", [november]) == "2026-11-12"
    assert accounting_date("2026-10-28", [november]) == "2026-11-01"
    assert accounting_date("2026-12-01", [november]) is None
    assert accounting_date("2026-12-01", []) is None


async def test_the_tenant_file_may_name_what_is_open() -> None:
    assert await FixedPeriods(date(2026, 11, 1), date(2026, 11, 30)).of("US001") == [
        Period("2026-11-01", "2026-11-30")
    ]
    (forever,) = await FixedPeriods(date(2026, 11, 1), None).of("US001")
    assert accounting_date("2031-05-05", [forever]) == "2031-05-05"


class Query:
    """The dataset ``open_periods``."""

    def __init__(self) -> None:
        self.asked: list[Window] = []

    async def read(self, window: Window) -> AsyncIterator[Page]:
        self.asked.append(window)
        rows = [("2026-12-01", "2026-12-31"), ("2026-11-01", "2026-11-30")]
        documents = [
            Document(first, window.unit, {"OPEN_FROM_DT": first, "OPEN_THRU_DT": last})
            for first, last in rows
        ]
        yield Page(documents, None, last=True)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        raise AssertionError("periods are read by unit")


async def test_each_unit_is_asked_about_once_in_a_run() -> None:
    query = Query()
    asked = QueriedPeriods(query)
    for unit in ("US001", "US002", "US001"):
        assert (await asked.of(unit))[0] == Period("2026-11-01", "2026-11-30")
    assert [(window.unit, window.scan) for window in query.asked] == [
        ("US001", Scan.FULL),
        ("US002", Scan.FULL),
    ]
