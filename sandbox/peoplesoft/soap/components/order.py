"""Purchase order: lines, schedules with quantity and price, distributions that add up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.data.size import SETIDS, Record
from sandbox.peoplesoft.soap.component import Component
from sandbox.peoplesoft.soap.edits import CURRENCIES, Edits, total
from sandbox.peoplesoft.soap.outcome import Notice
from sandbox.peoplesoft.state import PeopleSoftState
from sandbox.peoplesoft.xlat import TRANSLATIONS

HEADER: Record = {
    "PO_TYPE": "GEN",
    "PO_STATUS": "A",
    "PO_REF": "",
    "VENDOR_ID": "",
    "BUYER_ID": "VP1",
    "CURRENCY_CD": "USD",
    "DISP_METHOD": "PRN",
}
ROWS: dict[str, Record] = {
    "PO_LINE": {"DESCR254_MIXED": "", "INV_ITEM_ID": "", "CATEGORY_ID": "", "UNIT_OF_MEASURE": ""},
    "PO_LINE_SHIP": {
        "QTY_PO": Decimal(0),
        "PRICE_PO": Decimal(0),
        "UNIT_OF_MEASURE": "EA",
        "DUE_DT": "",
    },
    "PO_LINE_DISTRIB": {
        "BUSINESS_UNIT_GL": "",
        "ACCOUNT": "",
        "DEPTID": "",
        "FUND_CODE": "",
        "PROJECT_ID": "",
        "MERCHANDISE_AMT": Decimal(0),
    },
}
FINISHED = ("C", "X", "PX")
CENT = Decimal("0.01")


class OrderComponent(Component):
    """PURCHASE_ORDER."""

    ci = "PURCHASE_ORDER"
    rows = ROWS

    def get(self, state: PeopleSoftState, key: Record) -> Record | None:
        unit = str(key.get("BUSINESS_UNIT", ""))
        if unit in state.switches.no_access_units:
            return None
        return state.orders.get((unit, str(key.get("PO_ID", ""))))

    def candidates(self, state: PeopleSoftState, given: Record) -> Iterator[Record]:
        hidden = state.switches.no_access_units
        return (record for record in state.orders if record["BUSINESS_UNIT"] not in hidden)

    def fill(self, record: Record, edits: Edits) -> None:
        for name, value in HEADER.items():
            record[name] = record.get(name) or value
        record["PO_DT"] = record.get("PO_DT") or edits.state.today()
        record["APPROVAL_DT"] = edits.state.today()
        record["VENDOR_SETID"] = record.get("VENDOR_SETID") or SETIDS.get(record["BUSINESS_UNIT"], "")

    def may_change(self, old: Record, given: Record, edits: Edits) -> None:
        if old["PO_STATUS"] in FINISHED:
            edits.refuse(
                f"A purchase order in status {old['PO_STATUS']} cannot be changed.", 401, "PO_STATUS"
            )

    def edit(self, record: Record, edits: Edits) -> list[Notice]:
        if edits.unit(record["BUSINESS_UNIT"]):
            _edit_header(record, edits)
            for line in record["lines"]:
                _edit_line(record, line, edits)
        return []

    def next_id(self, state: PeopleSoftState, record: Record) -> str:
        unit = record["BUSINESS_UNIT"]
        return state.next_id("order", unit, 10, lambda number: state.orders.get((unit, number)))

    def save(self, state: PeopleSoftState, record: Record, old: Record | None) -> None:
        record["LAST_DTTM_UPDATE"] = state.clock.now()
        state.orders.put(record)


def _edit_header(record: Record, edits: Edits) -> None:
    supplier = edits.state.suppliers.get((record["VENDOR_SETID"], record["VENDOR_ID"]))
    if supplier is None or supplier["VENDOR_STATUS"] != "A":
        shown = f"{record['VENDOR_SETID']} {record['VENDOR_ID'] or '(blank)'}"
        edits.refuse(f"Supplier {shown} does not exist or is not approved.", 402, "VENDOR_ID")
    edits.one_of(record, "PO_STATUS", TRANSLATIONS["PO_STATUS"])
    if record["CURRENCY_CD"] not in CURRENCIES:
        edits.refuse(f"Currency {record['CURRENCY_CD']} does not exist.", 403, "CURRENCY_CD")
    if not record["lines"]:
        edits.refuse("The purchase order has no lines.", 404, "PO_LINE")


def _edit_line(record: Record, line: Record, edits: Edits) -> None:
    where = f"PO_LINE({line['LINE_NBR']})"
    if not (line["DESCR254_MIXED"] or line["INV_ITEM_ID"]):
        edits.refuse("A line needs a description or an item.", 405, where)
    if not line["schedules"]:
        edits.refuse("The line has no schedule.", 406, where)
        return
    for schedule in line["schedules"]:
        _edit_schedule(record, schedule, f"{where}.PO_LINE_SHIP({schedule['SCHED_NBR']})", edits)
    line["UNIT_OF_MEASURE"] = line["schedules"][0].get("UNIT_OF_MEASURE") or line["UNIT_OF_MEASURE"]


def _edit_schedule(record: Record, schedule: Record, where: str, edits: Edits) -> None:
    schedule.setdefault("SHIPTO_ID", record["BUSINESS_UNIT"])
    schedule.setdefault("receipts", [])
    amount = (schedule["QTY_PO"] * schedule["PRICE_PO"]).quantize(CENT)
    schedule.setdefault("MERCHANDISE_AMT", amount)
    if schedule["QTY_PO"] <= 0:
        edits.refuse("The quantity of a schedule is above zero.", 407, f"{where}.QTY_PO")
    edits.equal(amount, schedule["MERCHANDISE_AMT"], "Quantity times price is not the amount", where)
    if not schedule["distributions"]:
        edits.refuse("The schedule has no distribution.", 408, where)
        return
    spread = total(schedule["distributions"], "MERCHANDISE_AMT")
    edits.equal(spread, schedule["MERCHANDISE_AMT"], "Distributions do not add up to their schedule", where)
    for part in schedule["distributions"]:
        unit = part["BUSINESS_UNIT_GL"] = part["BUSINESS_UNIT_GL"] or record["BUSINESS_UNIT"]
        place = f"{where}.PO_LINE_DISTRIB({part['DISTRIB_LINE_NUM']})"
        if edits.unit(unit, f"{place}.BUSINESS_UNIT_GL"):
            edits.account(unit, part["ACCOUNT"], record["PO_DT"], place)
            edits.department(unit, part["DEPTID"], record["PO_DT"], place)
