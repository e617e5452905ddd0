"""Journal entry: balanced per ledger and currency, on known accounts, in an open period."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.data.size import Record
from sandbox.peoplesoft.soap.component import Component
from sandbox.peoplesoft.soap.edits import CURRENCIES, Edits
from sandbox.peoplesoft.soap.outcome import Notice
from sandbox.peoplesoft.state import PeopleSoftState

LEDGER_GROUPS = ("ACTUALS",)
CHANGEABLE = ("N", "E", "V", "T")
ROWS: dict[str, Record] = {
    "JRNL_LN": {
        "LEDGER": "",
        "ACCOUNT": "",
        "DEPTID": "",
        "OPERATING_UNIT": "",
        "CURRENCY_CD": "USD",
        "MONETARY_AMOUNT": Decimal(0),
        "JRNL_LN_REF": "",
        "LINE_DESCR": "",
    }
}


class JournalComponent(Component):
    """JOURNAL_ENTRY."""

    ci = "JOURNAL_ENTRY"
    rows = ROWS

    def get(self, state: PeopleSoftState, key: Record) -> Record | None:
        if key.get("BUSINESS_UNIT") in state.switches.no_access_units:
            return None
        return state.journals.get(_key(key))

    def candidates(self, state: PeopleSoftState, given: Record) -> Iterator[Record]:
        hidden = state.switches.no_access_units
        return (record for record in state.journals if record["BUSINESS_UNIT"] not in hidden)

    def fill(self, record: Record, edits: Edits) -> None:
        for name, value in {
            "UNPOST_SEQ": 0,
            "LEDGER_GROUP": "ACTUALS",
            "SOURCE": "",
            "DESCR": "",
            "POSTED_DATE": "",
        }.items():
            record.setdefault(name, value)
        record["JRNL_HDR_STATUS"] = edits.state.switches.journal_status
        edits.required(record, ("BUSINESS_UNIT", "JOURNAL_DATE", "SOURCE"))

    def may_change(self, old: Record, given: Record, edits: Edits) -> None:
        status = old["JRNL_HDR_STATUS"]
        if status not in CHANGEABLE:
            edits.refuse(f"A journal in status {status} cannot be changed.", 201, "JRNL_HDR_STATUS")

    def edit(self, record: Record, edits: Edits) -> list[Notice]:
        unit, day = record["BUSINESS_UNIT"], record["JOURNAL_DATE"]
        if not edits.unit(unit):
            return []
        record["FISCAL_YEAR"], record["ACCOUNTING_PERIOD"] = int(day[:4]), int(day[5:7])
        if record["LEDGER_GROUP"] not in LEDGER_GROUPS:
            edits.refuse(f"Ledger group {record['LEDGER_GROUP']} does not exist.", 202, "LEDGER_GROUP")
        if not edits.state.periods.holds(unit, day):
            edits.refuse(
                f"Journal date {day} is not in an open period of business unit {unit}.", 203, "JOURNAL_DATE"
            )
        if not record["lines"]:
            edits.refuse("A journal needs lines.", 204, "JRNL_LN")
        for line in record["lines"]:
            _edit_line(record, line, edits)
        _balance(record, edits)
        return []

    def next_id(self, state: PeopleSoftState, record: Record) -> str:
        unit = record["BUSINESS_UNIT"]
        return state.next_id("journal", unit, 10, lambda number: any(state.journals.under(unit, number)))

    def save(self, state: PeopleSoftState, record: Record, old: Record | None) -> None:
        state.journals.put(record)


def _edit_line(journal: Record, line: Record, edits: Edits) -> None:
    unit, day = journal["BUSINESS_UNIT"], journal["JOURNAL_DATE"]
    where = f"JRNL_LN({line['JOURNAL_LINE']})"
    line["LEDGER"] = line["LEDGER"] or journal["LEDGER_GROUP"]
    line.setdefault("FOREIGN_AMOUNT", line["MONETARY_AMOUNT"])
    if line["LEDGER"] not in LEDGER_GROUPS:
        edits.refuse(f"Ledger {line['LEDGER']} does not exist.", 205, f"{where}.LEDGER")
    if line["CURRENCY_CD"] not in CURRENCIES:
        edits.refuse(f"Currency {line['CURRENCY_CD']} does not exist.", 206, f"{where}.CURRENCY_CD")
    edits.account(unit, line["ACCOUNT"], day, where)
    edits.department(unit, line["DEPTID"], day, where)


def _balance(journal: Record, edits: Edits) -> None:
    sums: dict[tuple[str, str, str], Decimal] = {}
    for line in journal["lines"]:
        for name in ("MONETARY_AMOUNT", "FOREIGN_AMOUNT"):
            key = (line["LEDGER"], line["CURRENCY_CD"], name)
            sums[key] = sums.get(key, Decimal(0)) + line[name]
    for (ledger, currency, name), amount in sums.items():
        if amount:
            edits.refuse(
                f"The journal is out of balance by {amount:f} {currency} in ledger {ledger}.", 207, name
            )


def _key(given: Record) -> tuple[str, ...]:
    return (
        str(given.get("BUSINESS_UNIT", "")),
        str(given.get("JOURNAL_ID", "")),
        str(given.get("JOURNAL_DATE", "")),
        str(given.get("UNPOST_SEQ", 0)),
    )
