"""Supplier: a header with effective-dated addresses and locations."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.data.size import FIRST_DATE, OTHER_SETID, SETID, Record
from sandbox.data.suppliers import address, location, short_name
from sandbox.peoplesoft.soap.component import Component
from sandbox.peoplesoft.soap.edits import CURRENCIES, Edits
from sandbox.peoplesoft.soap.outcome import Notice
from sandbox.peoplesoft.state import PeopleSoftState
from sandbox.peoplesoft.xlat import TRANSLATIONS

HEADER: Record = {
    "VENDOR_NAME_SHORT": "",
    "NAME1": "",
    "NAME2": "",
    "VENDOR_STATUS": "A",
    "VENDOR_CLASS": "R",
    "VENDOR_PERSISTENCE": "R",
    "PRIM_ADDR_SEQ_NUM": 1,
    "REMIT_ADDR_SEQ_NUM": 1,
}
CODES = ("VENDOR_STATUS", "VENDOR_CLASS", "VENDOR_PERSISTENCE")
ROWS: dict[str, Record] = {
    "VENDOR_ADDR": address(("", "", "", ""), ""),
    "VENDOR_LOC": location("", FIRST_DATE),
}


class SupplierComponent(Component):
    """VNDR_ID."""

    ci = "VNDR_ID"
    rows = ROWS

    def get(self, state: PeopleSoftState, key: Record) -> Record | None:
        return state.suppliers.get((str(key.get("SETID", "")), str(key.get("VENDOR_ID", ""))))

    def candidates(self, state: PeopleSoftState, given: Record) -> Iterator[Record]:
        return iter(state.suppliers)

    def fill(self, record: Record, edits: Edits) -> None:
        for name, value in HEADER.items():
            record[name] = record.get(name) or value
        edits.required(record, ("NAME1",))
        record["VENDOR_NAME_SHORT"] = record["VENDOR_NAME_SHORT"] or f"{short_name(record['NAME1'])}-001"
        record["VENDOR_NAME_SHORT"] = record["VENDOR_NAME_SHORT"].upper()

    def may_change(self, old: Record, given: Record, edits: Edits) -> None:
        if old["VENDOR_STATUS"] == "X":
            edits.refuse("The supplier is to be archived and cannot be changed.", 301, "VENDOR_STATUS")

    def edit(self, record: Record, edits: Edits) -> list[Notice]:
        if record["SETID"] not in (SETID, OTHER_SETID):
            edits.refuse(f"SETID {record['SETID']} does not exist.", 302, "SETID")
        edits.required(record, ("NAME1", "VENDOR_NAME_SHORT"))
        for name in CODES:
            edits.one_of(record, name, TRANSLATIONS[name])
        _edit_addresses(record, edits)
        _edit_locations(record, edits)
        if "REMIT_VENDOR" not in record:
            _refuse_duplicate(record, edits)
        return []

    def next_id(self, state: PeopleSoftState, record: Record) -> str:
        setid = record["SETID"]
        return state.next_id("supplier", setid, 10, lambda number: state.suppliers.get((setid, number)))

    def save(self, state: PeopleSoftState, record: Record, old: Record | None) -> None:
        record.setdefault("REMIT_SETID", record["SETID"])
        record.setdefault("REMIT_VENDOR", record["VENDOR_ID"])
        record.setdefault("DEFAULT_LOC", record["locations"][0]["VNDR_LOC"])
        state.suppliers.put(record)


def _edit_addresses(record: Record, edits: Edits) -> None:
    if not record["addresses"]:
        edits.refuse("A supplier needs an address.", 303, "VENDOR_ADDR")
    for row in record["addresses"]:
        where = f"VENDOR_ADDR({row['ADDRESS_SEQ_NUM']},{row['EFFDT']})"
        edits.one_of(row, "EFF_STATUS", TRANSLATIONS["EFF_STATUS"])
        if len(row["COUNTRY"]) != 3:
            edits.refuse(f"Country {row['COUNTRY'] or '(blank)'} does not exist.", 304, f"{where}.COUNTRY")


def _edit_locations(record: Record, edits: Edits) -> None:
    if not record["locations"]:
        edits.refuse("A supplier needs a location.", 305, "VENDOR_LOC")
    for row in record["locations"]:
        where = f"VENDOR_LOC({row['VNDR_LOC']},{row['EFFDT']})"
        edits.one_of(row, "EFF_STATUS", TRANSLATIONS["EFF_STATUS"])
        edits.terms(row["PYMNT_TERMS_CD"])
        if row["CURRENCY_CD"] not in CURRENCIES:
            edits.refuse(f"Currency {row['CURRENCY_CD']} does not exist.", 306, f"{where}.CURRENCY_CD")


def _refuse_duplicate(record: Record, edits: Edits) -> None:
    if edits.state.switches.duplicate_suppliers == "accept":
        return
    for other in edits.state.suppliers.under(record["SETID"]):
        if all(other[name] == record[name] for name in ("NAME1", "VENDOR_NAME_SHORT")):
            edits.refuse(f"Supplier {other['VENDOR_ID']} has the same names.", 307, "NAME1")
