"""Voucher: regular entry, changes before posting, and its scheduled payments afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sandbox import credentials
from sandbox.data.size import Record
from sandbox.data.vouchers import NET_DAYS
from sandbox.peoplesoft.soap.component import Component
from sandbox.peoplesoft.soap.edits import Edits
from sandbox.peoplesoft.soap.outcome import Notice
from sandbox.peoplesoft.state import PeopleSoftState
from sandbox.peoplesoft.xlat import TRANSLATIONS

from . import payments
from .voucher_edits import CHARGES, ROWS, duplicates, edit, pre_edit

HEADER: Record = {
    "INVOICE_ID": "",
    "INVOICE_DT": "",
    "VENDOR_ID": "",
    "VNDR_LOC": "",
    "ADDRESS_SEQ_NUM": 1,
    "VOUCHER_STYLE": "REG",
    "ORIGIN": "ONL",
    "GROSS_AMT": Decimal(0),
    "TXN_CURRENCY_CD": "USD",
    "DUE_DT": "",
    "ACCOUNTING_DT": "",
    "PYMNT_TERMS_CD": "",
    "DESCR254_MIXED": "",
    **dict.fromkeys(CHARGES, Decimal(0)),
    "ENTRY_STATUS": "P",
    "APPR_STATUS": "A",
    "POST_STATUS_AP": "U",
    "MATCH_STATUS_VCHR": "N",
    "CLOSE_STATUS": "O",
}


class VoucherComponent(Component):
    """AP_VOUCHER."""

    ci = "AP_VOUCHER"
    rows = ROWS

    def get(self, state: PeopleSoftState, key: Record) -> Record | None:
        unit = str(key.get("BUSINESS_UNIT", ""))
        if unit in state.switches.no_access_units:
            return None
        return state.voucher(unit, str(key.get("VOUCHER_ID", "")))

    def candidates(self, state: PeopleSoftState, given: Record) -> Iterator[Record]:
        for unit, table in state.vouchers.items():
            if unit.startswith(given.get("BUSINESS_UNIT", "")) and unit not in state.switches.no_access_units:
                yield from table.starting(given.get("VOUCHER_ID", ""), given.get("INVOICE_ID", ""))

    def fill(self, record: Record, edits: Edits) -> None:
        fill_header(record, edits.state)

    def may_change(self, old: Record, given: Record, edits: Edits) -> None:
        if old["ENTRY_STATUS"] == "X" or old["CLOSE_STATUS"] == "C":
            edits.refuse("The voucher is deleted or closed and cannot be changed.", 109)
            return
        payments.may_change(old, given, edits)
        others = set(given) - {"BUSINESS_UNIT", "VOUCHER_ID", "payments"}
        if old["POST_STATUS_AP"] == "P" and others:
            edits.refuse("The voucher is posted: only its scheduled payments can be changed.", 110)

    def edit(self, record: Record, edits: Edits) -> list[Notice]:
        record["INVOICE_ID"] = record["INVOICE_ID"].upper()
        unposted = record["POST_STATUS_AP"] != "P"
        if unposted:
            edits.one_of(record, "VOUCHER_STYLE", TRANSLATIONS["VOUCHER_STYLE"])
            pre_edit(record, edits)
            edits.stop()
            edit(record, edits)
            derive(record)
        payments.edit(record, edits)
        edits.stop()
        return _duplicate(record, edits) if unposted else []

    def next_id(self, state: PeopleSoftState, record: Record) -> str:
        return next_voucher_id(state, record["BUSINESS_UNIT"])

    def save(self, state: PeopleSoftState, record: Record, old: Record | None) -> None:
        save(state, record)


def fill_header(record: Record, state: PeopleSoftState) -> None:
    """Header defaults of a new voucher."""
    for name, value in HEADER.items():
        record.setdefault(name, value)
    for name in ("ACCOUNTING_DT", "VOUCHER_STYLE", "ORIGIN", "TXN_CURRENCY_CD"):
        default = state.today() if name == "ACCOUNTING_DT" else HEADER[name]
        record[name] = record[name] or default
    record["BUSINESS_UNIT_GL"] = record["BUSINESS_UNIT"]


def derive(record: Record) -> None:
    """Fields that follow from others: due date, match status, scheduled payments."""
    if not record["DUE_DT"]:
        days = NET_DAYS.get(record["PYMNT_TERMS_CD"], 0)
        record["DUE_DT"] = (date.fromisoformat(record["INVOICE_DT"]) + timedelta(days=days)).isoformat()
    if any(line["PO_ID"] for line in record["lines"]) and record["MATCH_STATUS_VCHR"] == "N":
        record["MATCH_STATUS_VCHR"] = "T"
    if "ENTERED_DT" in record:
        payments.reschedule(record)
    else:
        payments.schedule(record)


def next_voucher_id(state: PeopleSoftState, unit: str) -> str:
    """The next automatic number of a business unit."""
    return state.next_id("voucher", unit, 8, state.vouchers[unit].get)


def save(state: PeopleSoftState, record: Record) -> None:
    """Put a voucher into the database as its page does: with today's stamp and the user's name."""
    record.setdefault("ENTERED_DT", state.today())
    record |= {"LAST_UPDATE_DT": state.today(), "OPRID_LAST_UPDT": credentials.OPRID}
    state.vouchers[record["BUSINESS_UNIT"]].put(record)


def _duplicate(record: Record, edits: Edits) -> list[Notice]:
    rule = edits.state.switches.duplicate_vouchers
    other = next(duplicates(edits.state, record), None)
    if rule == "accept" or other is None:
        return []
    text = f"Invoice {record['INVOICE_ID']} is already on voucher {other['VOUCHER_ID']}."
    if rule == "reject":
        edits.refuse(text, 101, "INVOICE_ID")
        return []
    record["ENTRY_STATUS"] = "R"
    return [Notice(text, 101, "Warning", "INVOICE_ID")]
