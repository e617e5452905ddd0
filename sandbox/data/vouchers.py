"""Vouchers, computed from their number when they are asked for.

A few thousand templates (lines, distributions, payment method, statuses) are drawn from the seed;
voucher `n` is template `n % templates` with its own ids, dates and supplier. So 300,000 vouchers
cost no memory, and each is made in microseconds. Lines are shared between vouchers of a template
and must never be changed in place: the table in `peoplesoft.tables` copies before it edits.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from .names import ITEMS
from .setup import TERMS, department_ids, expense_accounts
from .size import BASE_DATE, SETID, UNITS, Record, Size

TEMPLATES = 2048
LONGEST_LAG = 5
NET_DAYS = {code: days for code, _, days in TERMS}
INVOICE = re.compile(r"INV-(\d{3})-(\d{8})")
LINE_COUNTS = (1, 1, 1, 1, 2, 2, 3, 4)
PART_COUNTS = (1, 1, 1, 1, 2, 3)
ACCOUNTS, DEPARTMENTS = expense_accounts(), department_ids()
METHODS = ("ACH",) * 12 + ("EFT",) * 4 + ("CHK",) * 3 + ("WIR",)
STATES = (
    (("P", "A", "P"),) * 93
    + (("P", "P", "U"),) * 3
    + (("P", "D", "U"), ("O", "P", "U"), ("R", "P", "U"), ("X", "P", "U"))
)
"""Entry, approval and posting status."""


def cents(amount: int) -> Decimal:
    """An amount in cents as Decimal with two digits."""
    return Decimal(amount).scaleb(-2)


@dataclass(frozen=True)
class Template:
    """What vouchers of one pattern have in common."""

    lines: list[Record]
    gross: Decimal
    method: str
    shares: tuple[Decimal, ...]
    entry: str
    approval: str
    posting: str
    closed: bool
    invoice_age: int
    lag: int


class VoucherMaker:
    """Makes the generated vouchers of one business unit; numbers run from 1."""

    def __init__(self, unit: str, size: Size, suppliers: Sequence[Record], orders: Sequence[Record]) -> None:
        self.unit, self.count = unit, size.of_unit(unit)
        self._size = size
        self._position = UNITS.index(unit)
        self._suppliers = list(suppliers)
        chance = random.Random(size.seed * 1_000_003 + self._position)
        amount = min(TEMPLATES, max(1, self.count))
        links = [order["PO_ID"] for order in orders if order["BUSINESS_UNIT"] == unit]
        self.templates = [_template(chance, unit, links, size.closed_percent) for _ in range(amount)]
        first = BASE_DATE - timedelta(days=size.days)
        self._days = [(first + timedelta(days=offset)).isoformat() for offset in range(-30, size.days + 130)]

    def template(self, number: int) -> Template:
        """The template of a voucher."""
        return self.templates[number % len(self.templates)]

    def entered(self, number: int) -> str:
        """ENTERED_DT; never falls as numbers rise."""
        return self._days[30 + self._entered_offset(number)]

    def stamp(self, number: int) -> str:
        """LAST_UPDATE_DT: at most `LONGEST_LAG` days after entry, never after the base date."""
        return self._days[30 + self._stamp_offset(number)]

    def first_entered(self, date: str) -> int:
        """The lowest number entered on that date or later."""
        return bisect_left(range(1, self.count + 1), date, key=self.entered) + 1

    def invoice(self, number: int) -> str:
        """INVOICE_ID of a generated voucher."""
        return f"INV-{self.unit[-3:]}-{number:08d}"

    def number_of(self, invoice: str) -> int | None:
        """The generated voucher that has this invoice id, if it is one of this unit."""
        match = INVOICE.fullmatch(invoice)
        if match is None or match.group(1) != self.unit[-3:]:
            return None
        number = int(match.group(2))
        return number if 1 <= number <= self.count else None

    def _entered_offset(self, number: int) -> int:
        return (number - 1) * self._size.days // max(1, self.count)

    def _stamp_offset(self, number: int) -> int:
        return min(self._entered_offset(number) + self.template(number).lag, self._size.days)

    def make(self, number: int) -> Record:
        """The whole voucher with lines and scheduled payments."""
        template = self.template(number)
        supplier = self._suppliers[(number * 7 + self._position) % len(self._suppliers)]
        terms = supplier["locations"][-1]["PYMNT_TERMS_CD"]
        entered = 30 + self._entered_offset(number)
        invoiced = entered - template.invoice_age
        record: Record = {
            "BUSINESS_UNIT": self.unit,
            "VOUCHER_ID": f"{number:08d}",
            "INVOICE_ID": self.invoice(number),
            "INVOICE_DT": self._days[invoiced],
            "VENDOR_SETID": SETID,
            "VENDOR_ID": supplier["VENDOR_ID"],
            "VNDR_LOC": "MAIN",
            "ADDRESS_SEQ_NUM": 1,
            "VOUCHER_STYLE": "REG",
            "ORIGIN": "INT",
            "GROSS_AMT": template.gross,
            "TXN_CURRENCY_CD": "USD",
            "DUE_DT": self._days[invoiced + NET_DAYS[terms]],
            "ACCOUNTING_DT": self._days[entered],
            "PYMNT_TERMS_CD": terms,
            "ENTRY_STATUS": template.entry,
            "APPR_STATUS": template.approval,
            "POST_STATUS_AP": template.posting,
            "MATCH_STATUS_VCHR": "M" if template.lines[0]["PO_ID"] else "N",
            "CLOSE_STATUS": "C" if template.closed else "O",
            "ENTERED_DT": self._days[entered],
            "LAST_UPDATE_DT": self.stamp(number),
            "OPRID_LAST_UPDT": "VP1",
            "BUSINESS_UNIT_GL": self.unit,
            "DESCR254_MIXED": "",
            "lines": template.lines,
        }
        record["payments"] = [
            self._payment(record, template, count) for count in range(1, len(template.shares) + 1)
        ]
        return record

    def _payment(self, voucher: Record, template: Template, count: int) -> Record:
        number = int(voucher["VOUCHER_ID"])
        amount = template.shares[count - 1]
        payment = scheduled_payment(voucher, count, amount, template.method)
        if template.closed:
            made = self._days[min(31 + self._entered_offset(number), len(self._days) - 1)]
            paid(payment, f"{self._position + 1}{number:08d}{count}", made, voided=number % 50 == 9)
        return payment


def scheduled_payment(voucher: Record, count: int, amount: Decimal, method: str) -> Record:
    """A row of PYMNT_VCHR_XREF that is not paid yet."""
    return {
        "PYMNT_CNT": count,
        "PYMNT_ID": "",
        "PYMNT_SELCT_STATUS": "N",
        "PYMNT_ACTION": "S",
        "PYMNT_METHOD": method,
        "PYMNT_HOLD": "N",
        "PYMNT_HOLD_REASON": "",
        "BANK_SETID": SETID,
        "BANK_CD": "USBNK",
        "BANK_ACCT_KEY": "CHCK",
        "PYMNT_GROSS_AMT": amount,
        "PAID_AMT": Decimal(0),
        "DSCNT_PAY_AMT": Decimal(0),
        "CURRENCY_PYMNT": voucher["TXN_CURRENCY_CD"],
        "SCHEDULED_PAY_DT": voucher["DUE_DT"],
        "DUE_DT": voucher["DUE_DT"],
        "REMIT_SETID": voucher["VENDOR_SETID"],
        "REMIT_VENDOR": voucher["VENDOR_ID"],
        "payment": None,
    }


def paid(row: Record, payment_id: str, date: str, *, voided: bool = False) -> None:
    """Mark a scheduled payment as paid by PeopleSoft and give it its PAYMENT_TBL row."""
    amount = row["PYMNT_GROSS_AMT"]
    row |= {"PYMNT_ID": payment_id, "PYMNT_SELCT_STATUS": "P", "PAID_AMT": amount}
    row["payment"] = {
        "BANK_SETID": row["BANK_SETID"],
        "BANK_CD": row["BANK_CD"],
        "BANK_ACCT_KEY": row["BANK_ACCT_KEY"],
        "PYMNT_ID_REF": payment_id[-6:],
        "PYMNT_DT": date,
        "PYMNT_STATUS": "V" if voided else "P",
        "PYMNT_AMT": amount,
        "CREATION_DT": date,
        "CANCEL_ACTION": "R" if voided else "N",
        "CANCEL_DT": date if voided else "",
    }


def voucher_line(number: int, descr: str, amount: Decimal, distributions: list[Record]) -> Record:
    """A row of VOUCHER_LINE with its distributions, not linked to a purchase order."""
    return {
        "VOUCHER_LINE_NUM": number,
        "DESCR": descr[:30],
        "DESCR254_MIXED": "",
        "QTY_VCHR": 1,
        "UNIT_OF_MEASURE": "EA",
        "UNIT_PRICE": amount,
        "MERCHANDISE_AMT": amount,
        "BUSINESS_UNIT_PO": "",
        "PO_ID": "",
        "LINE_NBR": 0,
        "SCHED_NBR": 0,
        "distributions": distributions,
    }


def distribution(number: int, unit: str, account: str, deptid: str, amount: Decimal) -> Record:
    """A row of DISTRIB_LINE."""
    return {
        "DISTRIB_LINE_NUM": number,
        "BUSINESS_UNIT_GL": unit,
        "ACCOUNT": account,
        "DEPTID": deptid,
        "OPERATING_UNIT": "",
        "PRODUCT": "",
        "FUND_CODE": "",
        "CLASS_FLD": "",
        "PROGRAM_CODE": "",
        "PROJECT_ID": "",
        "MERCHANDISE_AMT": amount,
    }


def _template(chance: random.Random, unit: str, orders: Sequence[str], closed_percent: int) -> Template:
    lines = [_line(chance, unit, number) for number in range(1, chance.choice(LINE_COUNTS) + 1)]
    if orders and chance.randrange(5) == 0:
        link = {"BUSINESS_UNIT_PO": unit, "PO_ID": chance.choice(orders), "LINE_NBR": 1, "SCHED_NBR": 1}
        lines[0] |= link
    gross = sum((line["MERCHANDISE_AMT"] for line in lines), Decimal(0))
    closed = chance.randrange(100) < closed_percent
    entry, approval, posting = ("P", "A", "P") if closed else chance.choice(STATES)
    half = (gross / 2).quantize(Decimal("0.01"))
    return Template(
        lines=lines,
        gross=gross,
        method=chance.choice(METHODS),
        shares=(half, gross - half) if chance.randrange(8) == 0 else (gross,),
        entry=entry,
        approval=approval,
        posting=posting,
        closed=closed,
        invoice_age=chance.randrange(12),
        lag=chance.randrange(LONGEST_LAG + 1),
    )


def _line(chance: random.Random, unit: str, number: int) -> Record:
    parts = [cents(chance.randrange(500, 250_000)) for _ in range(chance.choice(PART_COUNTS))]
    distributions = [
        distribution(position, unit, chance.choice(ACCOUNTS), chance.choice(DEPARTMENTS), part)
        for position, part in enumerate(parts, 1)
    ]
    return voucher_line(number, chance.choice(ITEMS), sum(parts, Decimal(0)), distributions)
