"""Edits of a voucher, in the two steps of Voucher Build: pre-edit and edit. The component makes both."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.data.size import SETIDS, Record
from sandbox.data.vouchers import distribution
from sandbox.peoplesoft.soap.edits import CURRENCIES, Edits, total
from sandbox.peoplesoft.state import PeopleSoftState

ROWS: dict[str, Record] = {
    "VOUCHER_LINE": {
        "DESCR": "",
        "DESCR254_MIXED": "",
        "QTY_VCHR": Decimal(1),
        "UNIT_OF_MEASURE": "EA",
        "MERCHANDISE_AMT": Decimal(0),
        "BUSINESS_UNIT_PO": "",
        "PO_ID": "",
        "LINE_NBR": 0,
        "SCHED_NBR": 0,
    },
    "DISTRIB_LINE": {
        "BUSINESS_UNIT_GL": "",
        "ACCOUNT": "",
        "DEPTID": "",
        "DESCR": "",
        "OPERATING_UNIT": "",
        "PRODUCT": "",
        "FUND_CODE": "",
        "CLASS_FLD": "",
        "PROGRAM_CODE": "",
        "PROJECT_ID": "",
        "MERCHANDISE_AMT": Decimal(0),
    },
}
CHARGES = ("SALETX_AMT", "VAT_ENTRD_AMT", "FREIGHT_AMT", "MISC_AMT")


def pre_edit(record: Record, edits: Edits) -> None:
    """What keeps a voucher from existing at all; also defaults from the supplier."""
    edits.required(record, ("INVOICE_ID", "INVOICE_DT"))
    if edits.unit(record["BUSINESS_UNIT"]):
        record["VENDOR_SETID"] = record.get("VENDOR_SETID") or SETIDS[record["BUSINESS_UNIT"]]
        _supplier(record, edits)
    if not record["lines"]:
        edits.refuse("The voucher has no lines.", 102, "VOUCHER_LINE")
    for line in record["lines"]:
        _purchase_order(record, line, edits)
        if not line["distributions"]:
            where = f"VOUCHER_LINE({line['VOUCHER_LINE_NUM']})"
            edits.refuse("The line has neither a distribution nor a purchase order.", 103, where)


def edit(record: Record, edits: Edits) -> None:
    """What makes a voucher unfit for posting."""
    supplier = edits.state.suppliers.get((record["VENDOR_SETID"], record["VENDOR_ID"]))
    if supplier is not None and supplier["VENDOR_STATUS"] != "A":
        edits.refuse(f"Supplier {record['VENDOR_ID']} is not approved.", 104, "VENDOR_ID")
    if record["TXN_CURRENCY_CD"] not in CURRENCIES:
        edits.refuse(f"Currency {record['TXN_CURRENCY_CD']} does not exist.", 105, "TXN_CURRENCY_CD")
    edits.terms(record["PYMNT_TERMS_CD"])
    for line in record["lines"]:
        _line(record, line, edits)
    charges = sum((record.get(name) or Decimal(0) for name in CHARGES), Decimal(0))
    lines = total(record["lines"], "MERCHANDISE_AMT")
    edits.equal(lines + charges, record["GROSS_AMT"], "Lines and charges do not add up to the gross amount",
                "GROSS_AMT")  # fmt: skip


def duplicates(state: PeopleSoftState, record: Record) -> Iterator[Record]:
    """Other vouchers with the same unit, supplier, invoice, date and amount."""
    same = ("VENDOR_SETID", "VENDOR_ID", "INVOICE_ID", "INVOICE_DT", "GROSS_AMT")
    for other in state.vouchers[record["BUSINESS_UNIT"]].of_invoice(record["INVOICE_ID"]):
        if other["VOUCHER_ID"] == record.get("VOUCHER_ID") or other["ENTRY_STATUS"] == "X":
            continue
        if all(other[name] == record[name] for name in same):
            yield other


def _supplier(record: Record, edits: Edits) -> None:
    supplier = edits.state.suppliers.get((record["VENDOR_SETID"], record["VENDOR_ID"]))
    if supplier is None:
        shown = f"{record['VENDOR_SETID']} {record['VENDOR_ID'] or '(blank)'}"
        edits.refuse(f"Supplier {shown} does not exist.", 106, "VENDOR_ID")
        return
    record["VNDR_LOC"] = record["VNDR_LOC"] or supplier["DEFAULT_LOC"]
    locations = [row for row in supplier["locations"] if row["VNDR_LOC"] == record["VNDR_LOC"]]
    if not locations:
        edits.refuse(f"Supplier location {record['VNDR_LOC'] or '(blank)'} does not exist.", 107, "VNDR_LOC")
        return
    record["PYMNT_TERMS_CD"] = record["PYMNT_TERMS_CD"] or locations[-1]["PYMNT_TERMS_CD"]


def _purchase_order(record: Record, line: Record, edits: Edits) -> None:
    if not line["PO_ID"]:
        return
    unit = line["BUSINESS_UNIT_PO"] = line["BUSINESS_UNIT_PO"] or record["BUSINESS_UNIT"]
    order = edits.state.orders.get((unit, line["PO_ID"]))
    rows = [row for row in (order or {}).get("lines", ()) if row["LINE_NBR"] == (line["LINE_NBR"] or 1)]
    if not rows:
        where = f"VOUCHER_LINE({line['VOUCHER_LINE_NUM']}).PO_ID"
        edits.refuse(f"Purchase order {unit} {line['PO_ID']} has no such line.", 108, where)
        return
    line["LINE_NBR"], line["SCHED_NBR"] = line["LINE_NBR"] or 1, line["SCHED_NBR"] or 1
    where = f"VOUCHER_LINE({line['VOUCHER_LINE_NUM']}).SCHED_NBR"
    schedule = next((row for row in rows[0]["schedules"] if row["SCHED_NBR"] == line["SCHED_NBR"]), None)
    if schedule is None:
        shown = f"{unit} {line['PO_ID']} line {line['LINE_NBR']}"
        edits.refuse(f"Purchase order {shown} has no schedule {line['SCHED_NBR']}.", 112, where)
        return
    if not line["distributions"]:
        first = schedule["distributions"][0]
        amount = line["MERCHANDISE_AMT"]
        line["distributions"] = [
            distribution(1, first["BUSINESS_UNIT_GL"], first["ACCOUNT"], first["DEPTID"], amount)
        ]


def _line(record: Record, line: Record, edits: Edits) -> None:
    where = f"VOUCHER_LINE({line['VOUCHER_LINE_NUM']})"
    line.setdefault("UNIT_PRICE", line["MERCHANDISE_AMT"])
    amount = total(line["distributions"], "MERCHANDISE_AMT")
    edits.equal(amount, line["MERCHANDISE_AMT"], "Distributions do not add up to their line", where)
    for part in line["distributions"]:
        part["BUSINESS_UNIT_GL"] = part["BUSINESS_UNIT_GL"] or record["BUSINESS_UNIT"]
        place = f"{where}.DISTRIB_LINE({part['DISTRIB_LINE_NUM']})"
        if edits.unit(part["BUSINESS_UNIT_GL"], f"{place}.BUSINESS_UNIT_GL"):
            edits.account(part["BUSINESS_UNIT_GL"], part["ACCOUNT"], record["ACCOUNTING_DT"], place)
            edits.department(part["BUSINESS_UNIT_GL"], part["DEPTID"], record["ACCOUNTING_DT"], place)
