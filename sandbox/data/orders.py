"""Purchase orders with lines, schedules, distributions and receipts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from .names import ITEMS
from .size import BASE_DATE, SETID, UNITS, Record, Size, day
from .vouchers import ACCOUNTS, DEPARTMENTS, cents

STATUSES = ("D",) * 12 + ("A", "A", "PA", "C", "X", "O")
METHODS = ("PRN", "PHN", "EML", "PRN", "EML", "PRN", "PHN", "EML", "PRN", "EDX")
"""How orders are dispatched, by the last digit of their number."""


def purchase_orders(size: Size, suppliers: Sequence[Record]) -> list[Record]:
    """A tenth as many orders as vouchers, 10 to 2,000 per business unit."""
    chance = random.Random(size.seed + 101)
    vendors = [supplier["VENDOR_ID"] for supplier in suppliers]
    return [
        _order(unit, number, chance, chance.choice(vendors))
        for unit in UNITS
        for number in range(1, min(2000, max(10, size.of_unit(unit) // 10)) + 1)
    ]


def _order(unit: str, number: int, chance: random.Random, vendor: str) -> Record:
    ordered = -chance.randrange(10, 80)
    changed = datetime.combine(BASE_DATE, time(14, 22, 31), UTC) + timedelta(days=ordered + 2)
    status = chance.choice(STATUSES)
    order = header(unit, number, vendor, ordered) | {
        "PO_STATUS": status,
        "DISP_METHOD": METHODS[number % len(METHODS)],
        "APPROVAL_DT": day(ordered + 1) if status in ("A", "D", "C") else "",
        "LAST_DTTM_UPDATE": changed + timedelta(minutes=number),
    }
    order["lines"] = [_line(order, line, chance, ordered) for line in range(1, chance.randrange(1, 4) + 1)]
    return order


def _line(order: Record, line: int, chance: random.Random, ordered: int) -> Record:
    quantity, price = chance.randrange(1, 60), chance.randrange(200, 90_000)
    received = order["PO_STATUS"] == "C" or (order["PO_STATUS"] == "D" and chance.randrange(2) == 0)
    part = distribution(1, order["BUSINESS_UNIT"], chance.choice(ACCOUNTS), chance.choice(DEPARTMENTS))
    one = schedule(quantity, cents(price), [part], shipto=order["BUSINESS_UNIT"], due=day(ordered + 21))
    if received:
        one["receipts"].append(receipt(order["PO_ID"], line, quantity, day(ordered + 9)))
    return order_line(line, chance.choice(ITEMS), [one])


def header(unit: str, number: int, vendor: str, ordered: int) -> Record:
    """A dispatched order without lines; `ordered` is its date in days after the base date."""
    return {
        "BUSINESS_UNIT": unit,
        "PO_ID": f"{number:010d}",
        "PO_TYPE": "GEN",
        "PO_STATUS": "D",
        "PO_DT": day(ordered),
        "PO_REF": "",
        "VENDOR_SETID": SETID,
        "VENDOR_ID": vendor,
        "BUYER_ID": "VP1",
        "CURRENCY_CD": "USD",
        "PYMNT_TERMS_CD": "N30",
        "DISP_METHOD": "PRN",
        "APPROVAL_DT": day(ordered + 1),
        "LAST_DTTM_UPDATE": datetime.combine(BASE_DATE, time(14, 22, 31), UTC) + timedelta(days=ordered),
        "lines": [],
    }


def order_line(number: int, descr: str, schedules: list[Record]) -> Record:
    """A row of PO_LINE; its item has a number of ours and one of the supplier's."""
    return {
        "LINE_NBR": number,
        "INV_ITEM_ID": f"{10000 + number}",
        "ITM_ID_VNDR": f"V-{20000 + number}",
        "DESCR254_MIXED": descr,
        "CATEGORY_ID": "00042",
        "UNIT_OF_MEASURE": "EA",
        "AMT_ONLY_FLG": "N",
        "CANCEL_STATUS": "A",
        "schedules": schedules,
    }


def schedule(
    quantity: int, price: Decimal, parts: list[Record], *, shipto: str, due: str, number: int = 1
) -> Record:
    """A row of PO_LINE_SHIP; its amount goes to the parts in equal shares, the odd cents to the last."""
    amount = quantity * price
    each = (amount / len(parts)).quantize(Decimal("0.01"))
    for part in parts:
        part["MERCHANDISE_AMT"] = each
    parts[-1]["MERCHANDISE_AMT"] = amount - each * (len(parts) - 1)
    return {
        "SCHED_NBR": number,
        "DUE_DT": due,
        "SHIPTO_ID": shipto,
        "QTY_PO": quantity,
        "PRICE_PO": price,
        "MERCHANDISE_AMT": amount,
        "CANCEL_STATUS": "A",
        "distributions": parts,
        "receipts": [],
    }


def distribution(number: int, unit: str, account: str, deptid: str) -> Record:
    """A row of PO_LINE_DISTRIB; its amount comes from the schedule."""
    return {
        "DISTRIB_LINE_NUM": number,
        "BUSINESS_UNIT_GL": unit,
        "ACCOUNT": account,
        "DEPTID": deptid,
        "FUND_CODE": "",
        "PROJECT_ID": "",
        "MERCHANDISE_AMT": Decimal(0),
    }


def receipt(po_id: str, line: int, quantity: int | Decimal, date: str, number: int = 1) -> Record:
    """A row of RECV_LN_SHIP with its header."""
    return {
        "RECEIVER_ID": f"{int(po_id) * 10 + line:010d}",
        "RECV_LN_NBR": line,
        "RECV_SHIP_SEQ_NBR": number,
        "RECEIPT_DT": date,
        "QTY_SH_ACCPT": quantity,
        "RECV_STATUS": "R",
    }
