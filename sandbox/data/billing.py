"""Invoices of Billing to customers."""

from __future__ import annotations

import random
from decimal import Decimal

from .names import ITEMS
from .size import UNITS, Record, Size, day
from .vouchers import cents

CUSTOMERS = tuple(f"{number:010d}" for number in range(1001, 1006))
STATUSES = ("INV",) * 8 + ("RDY", "CAN")
TAX = Decimal("0.05")


def customer_invoices(size: Size) -> list[Record]:
    """A twentieth as many as vouchers, 5 to 500 per business unit; every eighth is a credit."""
    chance = random.Random(size.seed + 303)
    return [
        _invoice(unit, number, chance)
        for unit in UNITS
        for number in range(1, min(500, max(5, size.of_unit(unit) // 20)) + 1)
    ]


def _invoice(unit: str, number: int, chance: random.Random) -> Record:
    dated = -chance.randrange(2, 60)
    sign = -1 if number % 8 == 0 else 1
    lines = [_line(position, sign, chance) for position in range(1, chance.randrange(1, 4) + 1)]
    return {
        "BUSINESS_UNIT": unit,
        "INVOICE": f"BI-{unit[-3:]}-{number:06d}",
        "INVOICE_TYPE": "REG" if sign > 0 else "ADJ",
        "BILL_STATUS": chance.choice(STATUSES),
        "INVOICE_DT": day(dated),
        "DUE_DT": day(dated + 30),
        "BILL_TO_CUST_ID": chance.choice(CUSTOMERS),
        "PYMNT_TERMS_CD": "N30",
        "PO_REF": f"CUST-{number:05d}",
        "BI_CURRENCY_CD": "USD",
        "INVOICE_AMOUNT": sum((line["NET_EXTENDED_AMT"] + line["TAX_AMT"] for line in lines), Decimal(0)),
        "lines": lines,
    }


def _line(number: int, sign: int, chance: random.Random) -> Record:
    quantity, price = sign * chance.randrange(1, 40), cents(chance.randrange(500, 40_000))
    net = quantity * price
    return {
        "LINE_SEQ_NUM": number,
        "IDENTIFIER": f"PROD-{number:03d}",
        "DESCR": chance.choice(ITEMS)[:30],
        "QTY": quantity,
        "UNIT_OF_MEASURE": "EA",
        "UNIT_AMT": price,
        "NET_EXTENDED_AMT": net,
        "TAX_AMT": (net * TAX).quantize(Decimal("0.01")),
        "VAT_AMT": Decimal(0),
        "PO_REF": "",
        "PO_LINE": number,
    }
