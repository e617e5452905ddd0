"""JOURNAL_ENTRY: balanced, on known accounts, in an open period, once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from .soap_client import TODAY, TOMORROW, YESTERDAY, Outcome, Site, journal, journal_line

CI = "JOURNAL_ENTRY"


def create(site: Site, **changed: Any) -> Outcome:
    return site.create(CI, **journal(**changed))


def test_a_new_journal_is_numbered_and_found(site: Site) -> None:
    first, second = create(site), create(site)
    assert (first.saved, first.messages) == (True, [])
    assert first.keys == {
        "BUSINESS_UNIT": "US001",
        "JOURNAL_ID": "0000000001",
        "JOURNAL_DATE": TODAY,
        "UNPOST_SEQ": "0",
    }
    assert second.keys["JOURNAL_ID"] == "0000000002"
    rows = site.rows("ML_GL_JOURNAL_KEY", BUSINESS_UNIT="US001", JOURNAL_ID="0000000001")
    assert [row["B.MONETARY_AMOUNT"] for row in rows] == [Decimal("228.99"), Decimal("-228.99")]
    row = rows[0]
    assert (row["A.DESCR"], row["A.SOURCE"], row["A.LEDGER_GROUP"]) == ("BILL payment", "ML", "ACTUALS")
    assert (row["A.JRNL_HDR_STATUS"], row["A.FISCAL_YEAR"], row["A.ACCOUNTING_PERIOD"]) == (
        "V",
        int(TODAY[:4]),
        int(TODAY[5:7]),
    )
    assert (row["B.JRNL_LN_REF"], row["B.LINE_DESCR"]) == ("P261120001", "Happy Music Supplies")
    assert row["B.FOREIGN_AMOUNT"] == Decimal("228.99")
    window = {"FROM_DT": TODAY, "THRU_DT": TOMORROW, "JOURNAL_ID_OFFSET": ""}
    found = site.rows("ML_GL_JOURNALS", BUSINESS_UNIT="US001", **window)
    assert {row["A.JOURNAL_ID"] for row in found} == {"0000000001", "0000000002"}


def test_the_status_after_saving_is_the_sites(site: Site) -> None:
    site.switch(journal_status="N")
    create(site)
    rows = site.rows("ML_GL_JOURNAL_KEY", BUSINESS_UNIT="US001", JOURNAL_ID="0000000001")
    assert {row["A.JRNL_HDR_STATUS"] for row in rows} == {"N"}


def test_the_same_key_is_refused(site: Site) -> None:
    assert create(site, JOURNAL_ID="ML00000001").saved
    again = create(site, JOURNAL_ID="ML00000001")
    assert (again.saved, again.numbers) == (False, ["2"])
    assert create(site, JOURNAL_ID="ML00000001", JOURNAL_DATE=YESTERDAY).saved
    assert create(site, JOURNAL_ID="ML00000001", UNPOST_SEQ=1).saved
    assert create(site, JOURNAL_ID="ML00000001", BUSINESS_UNIT="US002").saved


def test_get_and_find(site: Site) -> None:
    key = create(site, JOURNAL_ID="ML00000001").keys
    create(site, JOURNAL_ID="ML00000002", SOURCE="ONL")
    made = site.call(CI, "Get", **key)
    assert [line["MONETARY_AMOUNT"] for line in made["JRNL_LN"]] == ["228.99", "-228.99"]
    found = site.call(CI, "Find", BUSINESS_UNIT="US001", JOURNAL_ID="ML", SOURCE="ML")
    assert [row["JOURNAL_ID"] for row in found] == ["ML00000001"]
    assert found[0]["DESCR"] == "BILL payment"
    assert len(site.call(CI, "Find", JOURNAL_ID="ML")) == 2
    site.switch(no_access_units=["US001"])
    assert not site.call(CI, "Find", JOURNAL_ID="ML")
    assert not any(site.call(CI, "Get", **key).values())


def lines(*amounts: str, **changed: Any) -> list[dict[str, Any]]:
    return [journal_line(number, "200000", amount, **changed) for number, amount in enumerate(amounts, 1)]


def _days(offset: int) -> str:
    return (date.fromisoformat(TODAY) + timedelta(days=offset)).isoformat()


ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown unit": ({"BUSINESS_UNIT": "XX001"}, "11"),
    "no source": ({"SOURCE": ""}, "8"),
    "unknown ledger group": ({"LEDGER_GROUP": "BUDGETS"}, "202"),
    "closed period": ({"JOURNAL_DATE": _days(-100)}, "203"),
    "period to come": ({"JOURNAL_DATE": _days(70)}, "203"),
    "no lines": ({"JRNL_LN": []}, "204"),
    "unknown ledger": ({"JRNL_LN": lines("1", "-1", LEDGER="LOCAL")}, "205"),
    "unknown currency": ({"JRNL_LN": lines("1", "-1", CURRENCY_CD="XXX")}, "206"),
    "unknown account": ({"JRNL_LN": lines("1", "-1", ACCOUNT="999999")}, "12"),
    "unknown department": ({"JRNL_LN": lines("1", "-1", DEPTID="99999")}, "12"),
    "out of balance": ({"JRNL_LN": lines("1.00", "-1.01")}, "207"),
}


@pytest.mark.parametrize(("changed", "number"), ERRORS.values(), ids=ERRORS)
def test_edits(site: Site, changed: dict[str, Any], number: str) -> None:
    outcome = create(site, **changed)
    assert not outcome.saved
    assert set(outcome.numbers) == {number}
    assert outcome.keys["JOURNAL_ID"] == "NEXT"


def test_every_currency_balances_by_itself(site: Site) -> None:
    mixed = [*lines("1", "-1"), journal_line(3, "200000", "5", CURRENCY_CD="EUR")]
    assert not create(site, JRNL_LN=mixed).saved
    mixed.append(journal_line(4, "200000", "-5", CURRENCY_CD="EUR"))
    assert create(site, JRNL_LN=mixed).saved
    foreign = [line | {"FOREIGN_AMOUNT": amount} for line, amount in zip(lines("1", "-1"), "23", strict=True)]
    assert create(site, JRNL_LN=foreign).numbers == ["207"]


def test_changes_until_it_is_posted(site: Site) -> None:
    key = create(site).keys
    change = {"DESCR": "Corrected", "JRNL_LN": [{"JOURNAL_LINE": 1, "LINE_DESCR": "New"}]}
    assert site.save(CI, "Updatedata", **key, **change).saved
    made = site.call(CI, "Get", **key)
    assert (made["DESCR"], made["JRNL_LN"][0]["LINE_DESCR"]) == ("Corrected", "New")
    unbalanced = {"JRNL_LN": [{"JOURNAL_LINE": 1, "MONETARY_AMOUNT": "1", "FOREIGN_AMOUNT": "1"}]}
    assert not site.save(CI, "Update", **key, **unbalanced).saved
    posted = {"record": "journal", "key": list(key.values()), "values": {"JRNL_HDR_STATUS": "P"}}
    site.control("/peoplesoft/upsert", posted)
    assert site.save(CI, "Updatedata", **key, **change).numbers == ["201"]


class TestPeriods:
    def periods(self, site: Site, unit: str = "US001") -> list[tuple[str, str]]:
        rows = site.rows("ML_GL_OPEN_PERIODS", BUSINESS_UNIT=unit)
        assert all(row["A.BUSINESS_UNIT"] == unit for row in rows)
        return [(row["A.OPEN_FROM_DT"], row["A.OPEN_THRU_DT"]) for row in rows]

    def test_two_months_back_to_one_ahead(self, site: Site) -> None:
        assert self.periods(site) == self.periods(site, "US002")
        months = [first[:7] for first, _ in self.periods(site)]
        today = site.sandbox.peoplesoft.today()
        assert months[2] == today[:7]
        assert len(months) == 4
        assert self.periods(site, "XX001") == []

    def test_they_are_whole_months(self, site: Site) -> None:
        ends = [last for _, last in self.periods(site)]
        starts = [first for first, _ in self.periods(site)]
        assert all(start.endswith("-01") for start in starts)
        assert all(end < start for end, start in zip(ends, starts[1:], strict=False))

    def test_a_list_of_ones_own(self, site: Site) -> None:
        own = [["2026-12-01", "2026-12-31"], ["2026-05-01", "2026-05-31"]]
        site.control("/peoplesoft/open-periods", {"unit": "US001", "periods": own})
        assert self.periods(site) == [("2026-05-01", "2026-05-31"), ("2026-12-01", "2026-12-31")]
        assert not create(site).saved
        assert create(site, JOURNAL_DATE="2026-05-31").saved
        assert create(site, BUSINESS_UNIT="US002").saved
        site.control("/peoplesoft/open-periods", {"unit": "US001", "periods": None})
        assert create(site).saved

    def test_closing_one(self, site: Site) -> None:
        left = site.control("/peoplesoft/close-period", {"unit": "US001", "date": TODAY})
        assert len(left) == 3
        assert create(site).numbers == ["203"]
