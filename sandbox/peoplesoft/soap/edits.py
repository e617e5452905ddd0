"""Edits that several components share: prompts against setup tables, sums and translate values."""

from __future__ import annotations

from collections.abc import Container, Iterable
from decimal import Decimal

from sandbox.data.size import SETID, SETIDS, Record
from sandbox.peoplesoft.state import PeopleSoftState

from .outcome import Notice, NotSaved

CURRENCIES = ("USD", "EUR", "CAD", "GBP")


class Edits:
    """Collects what is wrong with an object."""

    def __init__(self, state: PeopleSoftState) -> None:
        self.state = state
        self.notices: list[Notice] = []

    def refuse(self, text: str, number: int, where: str = "") -> None:
        """Note an error; `where` names the row or field."""
        self.notices.append(Notice(text, number, explain=where))

    def stop(self) -> None:
        """Raise ``NotSaved`` when there are errors."""
        if self.notices:
            raise NotSaved(self.notices)

    def required(self, record: Record, names: Iterable[str]) -> None:
        """Fields that may not be blank."""
        for name in names:
            if record.get(name) in ("", None):
                self.refuse(f"A value is required for field {name}.", 8, name)

    def one_of(self, record: Record, name: str, values: Container[str]) -> None:
        """A translate value, or blank."""
        if record.get(name) and record[name] not in values:
            self.refuse(f"{record[name]} is no valid value for field {name}.", 9, name)

    def unit(self, unit: str, field: str = "BUSINESS_UNIT") -> bool:
        """A business unit that exists and that the user may see."""
        if unit in SETIDS and unit not in self.state.switches.no_access_units:
            return True
        self.refuse(f"Business unit {unit or '(blank)'} is not a valid value for {field}.", 11, field)
        return False

    def account(self, unit: str, account: str, day: str, where: str) -> None:
        """An account that is active on a day; it may not be blank."""
        self._chartfield("account", unit, account, day, f"{where}.ACCOUNT")

    def department(self, unit: str, department: str, day: str, where: str) -> None:
        """A department that is active on a day, or blank."""
        if department:
            self._chartfield("department", unit, department, day, f"{where}.DEPTID")

    def _chartfield(self, table: str, unit: str, value: str, day: str, where: str) -> None:
        record = self.state.tables[table].get((SETIDS.get(unit, ""), value))
        if not active(record, day):
            shown = f"{table.capitalize()} {value or '(blank)'}"
            self.refuse(f"{shown} is not valid for business unit {unit} on {day}.", 12, where)

    def terms(self, code: str) -> None:
        """Payment terms, or blank; every SETID shares those of the main one."""
        if code and self.state.terms.get((SETID, code)) is None:
            self.refuse(f"Payment terms {code} do not exist.", 13, "PYMNT_TERMS_CD")

    def equal(self, found: Decimal, wanted: Decimal, text: str, where: str) -> None:
        """Two amounts that must be the same."""
        if found != wanted:
            self.refuse(f"{text}: {found:f} is not {wanted:f}.", 14, where)


def active(record: Record | None, day: str) -> bool:
    """Whether the row of a setup record that is current on a day is active."""
    past = [row for row in (record or {}).get("rows", ()) if row["EFFDT"] <= day]
    return bool(past) and max(past, key=lambda row: str(row["EFFDT"]))["EFF_STATUS"] == "A"


def total(rows: Iterable[Record], name: str) -> Decimal:
    """Sum of an amount over rows."""
    return sum((Decimal(row.get(name) or 0) for row in rows), Decimal(0))
