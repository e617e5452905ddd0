"""Purchase orders with lines, schedules, distributions and receipts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from .names import ITEMS
from .size import BASE_DATE, SETID, UNITS, Record, Size, day
from .vouchers import ACCOUNTS, DEPARTMENTS, cents

STATUSES = ("D",) * 12 + ("A", "A", "PA", "C", "X", "O")


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
    order: Record = {
        "BUSINESS_UNIT": unit,
        "PO_ID": f"{number:010d}",
        "PO_TYPE": "GEN",
        "PO_STATUS": status,
        "PO_DT": day(ordered),
        "PO_REF": "",
        "VENDOR_SETID": SETID,
        "VENDOR_ID": vendor,
        "BUYER_ID": "VP1",
        "CURRENCY_CD": "USD",
        "DISP_METHOD": "EDX",
        "APPROVAL_DT": day(ordered + 1) if status in ("A", "D", "C") else "",
        "LAST_DTTM_UPDATE": changed + timedelta(minutes=number),
    }
    order["lines"] = [_line(order, line, chance, ordered) for line in range(1, chance.randrange(1, 4) + 1)]
    return order


def _line(order: Record, line: int, chance: random.Random, ordered: int) -> Record:
    quantity, price = chance.randrange(1, 60), chance.randrange(200, 90_000)
    amount = cents(quantity * price)
    received = order["PO_STATUS"] == "C" or (order["PO_STATUS"] == "D" and chance.randrange(2) == 0)
    part = {
        "DISTRIB_LINE_NUM": 1,
        "BUSINESS_UNIT_GL": order["BUSINESS_UNIT"],
        "ACCOUNT": chance.choice(ACCOUNTS),
        "DEPTID": chance.choice(DEPARTMENTS),
        "FUND_CODE": "",
        "PROJECT_ID": "",
        "MERCHANDISE_AMT": amount,
    }
    schedule: Record = {
        "SCHED_NBR": 1,
        "DUE_DT": day(ordered + 21),
        "SHIPTO_ID": order["BUSINESS_UNIT"],
        "QTY_PO": quantity,
        "PRICE_PO": cents(price),
        "MERCHANDISE_AMT": amount,
        "distributions": [part],
        "receipts": [_receipt(order, line, quantity, ordered)] if received else [],
    }
    return {
        "LINE_NBR": line,
        "INV_ITEM_ID": f"{10000 + line}",
        "DESCR254_MIXED": chance.choice(ITEMS),
        "CATEGORY_ID": "00042",
        "UNIT_OF_MEASURE": "EA",
        "schedules": [schedule],
    }


def _receipt(order: Record, line: int, quantity: int, ordered: int) -> Record:
    return {
        "RECEIVER_ID": f"{int(order['PO_ID']) * 10 + line:010d}",
        "RECV_LN_NBR": line,
        "RECV_SHIP_SEQ_NBR": 1,
        "RECEIPT_DT": day(ordered + 9),
        "QTY_SH_ACCPT": quantity,
        "RECV_STATUS": "R",
    }
