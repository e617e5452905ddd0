"""Entries: what is booked for a payment, and what takes it back. Pure, and balanced by construction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from ml_connector.core.contract import Payload
from ml_connector.core.ledger.settlements import REVERSED, SETTLED, UNDONE, Row
from ml_connector.peoplesoft.settlement.options import Account, SettlementOptions
from ml_connector.peoplesoft.settlement.payments import Payment

ID_LENGTH = 10  # JOURNAL_ID and JRNL_LN_REF
TEXT_LENGTH = 30  # DESCR and LINE_DESCR
BRAND, UNDO = "BILL ", " REV"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

FOREIGN_PART = 10_000
"""Added to the number of a part that the payment does not have."""

Accounts = tuple[Account | None, Account | None]
"""Debited and credited."""


class Kind(StrEnum):
    """What an entry does."""

    SETTLED = SETTLED
    REVERSED = REVERSED

    @property
    def other(self) -> Kind:
        """What takes it back."""
        return Kind.REVERSED if self is Kind.SETTLED else Kind.SETTLED


def journal_id(prefix: str, reference: str, unit: str, number: int) -> str:
    """Id of entry ``number`` of a payment in one unit: the same whenever it is asked for."""
    text = "|".join((reference, unit, str(number)))
    rest, digits = int.from_bytes(hashlib.sha256(text.encode()).digest()), ""
    while len(digits) < ID_LENGTH - len(prefix):
        rest, digit = divmod(rest, len(_DIGITS))
        digits += _DIGITS[digit]
    return prefix + digits


def title(reference: str, kind: Kind) -> str:
    """The header's DESCR: by it an entry is known to be of this payment, and of which kind."""
    end = UNDO if kind is Kind.REVERSED else ""
    room = TEXT_LENGTH - len(BRAND) - len(UNDO)
    if len(reference) > room:  # no payment id that is documented is so long
        reference = reference[: room - 9] + "-" + hashlib.sha256(reference.encode()).hexdigest()[:8]
    return f"{BRAND}{reference}{end}"


def line_text(voucher: str) -> str:
    """LINE_DESCR: the voucher as people write it, ``US001-00001234``."""
    return voucher.replace("|", "-", 1)


def voucher_of(text: str) -> str:
    """Inverse of :func:`line_text`; blank where the text names no voucher."""
    unit, dash, number = text.partition("-")
    return f"{unit}|{number}" if dash and unit and number else ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a journal.

    Attributes:
        number: of the line, two for each part of the payment: payables, then cash.
        amount: above zero a debit, below zero a credit.
        text: see :func:`line_text`.
    """

    number: int
    account: str
    amount: Decimal
    text: str
    department: str = ""
    operating_unit: str = ""

    def as_payload(self) -> Payload:
        """The form in which it is stored."""
        return {
            "number": self.number, "account": self.account, "amount": self.amount, "text": self.text,
            "department": self.department, "operating_unit": self.operating_unit,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of one payment in one business unit.

    Attributes:
        number: of the entry, from 1, per payment and unit.
        date: accounting date, ISO; blank until it is decided.
        number_text: what the supplier sees, for the lines.
        undoes: journal that it takes back.
    """

    reference: str
    unit: str
    number: int
    kind: Kind
    currency: str
    lines: tuple[Line, ...]
    journal: str
    date: str = ""
    number_text: str = ""
    undoes: str = ""

    @property
    def payables(self) -> list[Line]:
        """One line for each part: the debits of a settlement, the credits of a reversal."""
        sign = 1 if self.kind is Kind.SETTLED else -1
        return [line for line in self.lines if line.amount * sign > 0]

    @property
    def parts(self) -> list[tuple[str, Decimal]]:
        """Vouchers and what the entry settles of them; negative in a reversal.

        Without the vouchers where no line shows one.
        """
        lines = self.of_vouchers or self.payables
        return [(voucher_of(line.text), line.amount) for line in lines]

    @property
    def of_vouchers(self) -> list[Line]:
        """The payables that name a voucher: the journal edit may add others, to balance ChartFields."""
        return [line for line in self.payables if voucher_of(line.text)]

    def dated(self, date: str) -> Entry:
        """The same on an accounting date."""
        return replace(self, date=date)

    def journal_values(self, options: SettlementOptions) -> Payload:
        """Properties of the component interface ``journal``."""
        return {
            "BUSINESS_UNIT": self.unit,
            "JOURNAL_ID": self.journal,
            "JOURNAL_DATE": self.date,
            "UNPOST_SEQ": 0,
            "LEDGER_GROUP": options.ledger_group,
            "SOURCE": options.source,
            "DESCR": title(self.reference, self.kind),
            "JRNL_LN": [self._line_values(line, options) for line in self.lines],
        }

    def _line_values(self, line: Line, options: SettlementOptions) -> Payload:
        return {
            "JOURNAL_LINE": line.number,
            "LEDGER": options.ledger,
            "ACCOUNT": line.account,
            "DEPTID": line.department,
            "OPERATING_UNIT": line.operating_unit,
            "CURRENCY_CD": self.currency,
            "MONETARY_AMOUNT": line.amount,
            "FOREIGN_AMOUNT": line.amount,
            "JRNL_LN_REF": self.number_text[-ID_LENGTH:],
            "LINE_DESCR": line.text[:TEXT_LENGTH],
        }

    def rows(self, way: str, payment: Payload, numbers: Mapping[str, int] | None = None) -> list[Row]:
        """What is remembered of it.

        Args:
            payment: what a later reader wants to know of the payment.
            numbers: number of the part that pays a voucher, where the lines' numbers are not ours.
        """
        payables = self.payables
        others = [line for line in self.lines if line not in payables]
        paired = len(payables) == len(others)
        rows = []
        for index, line in enumerate(payables):
            beside = [others[index]] if paired else others if index == 0 else []
            lines = [one.as_payload() for one in (line, *beside)]
            rows.append(
                Row(
                    self.reference, self.number, _part_number(line, numbers), self.kind.value, way, self.unit,
                    voucher_of(line.text), line.amount, self.currency, self.date,
                    debit=line.account or None,
                    credit=beside[0].account or None if beside else None,
                    journal=self.journal or None,
                    details=payment | {"lines": lines, "undoes": self.undoes},
                )
            )  # fmt: skip
        return rows

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> Self:
        """Inverse of :meth:`rows`, for the rows of one entry in one unit."""
        first = rows[0]
        lines = sorted(
            (Line(**line) for row in rows for line in row.details["lines"]), key=lambda line: line.number
        )
        return cls(
            first.reference, first.unit, first.entry, kind_of(first), first.currency, tuple(lines),
            first.journal or "", first.accounting_date, str(first.details.get("number") or ""),
            str(first.details.get("undoes") or ""),
        )  # fmt: skip


def kind_of(row: Row) -> Kind:
    """What the entry of a row does, or did before people undid it."""
    if row.kind != UNDONE:
        return Kind(row.kind)
    return Kind.SETTLED if row.amount > 0 else Kind.REVERSED


def settle(payment: Payment, unit: str, number: int, accounts: Accounts, prefix: str) -> Entry:
    """The entry that settles what a payment paid in one unit.

    Args:
        accounts: debited and credited; None where the entry names none.
        prefix: of the journal's id; blank where the entry is no journal.
    """
    debit, credit = accounts
    lines: list[Line] = []
    for part in payment.of_unit(unit):
        text, first = line_text(part.voucher), 2 * part.number - 1
        lines += [_line(first, debit, part.amount, text), _line(first + 1, credit, -part.amount, text)]
    name = journal_id(prefix, payment.reference, unit, number) if prefix else ""
    return Entry(
        payment.reference, unit, number, Kind.SETTLED, payment.currency, tuple(lines), name,
        number_text=payment.number,
    )  # fmt: skip


def _part_number(line: Line, numbers: Mapping[str, int] | None) -> int:
    part = (line.number + 1) // 2
    return part if numbers is None else numbers.get(voucher_of(line.text), FOREIGN_PART + part)


def take_back(entry: Entry, number: int, prefix: str) -> Entry:
    """The entry that takes another one back: the same lines with opposite signs.

    Args:
        prefix: of the journal's id; blank where the entry is no journal.
    """
    name = journal_id(prefix, entry.reference, entry.unit, number) if prefix else ""
    lines = tuple(replace(line, amount=-line.amount) for line in entry.lines)
    return replace(
        entry, number=number, kind=entry.kind.other, lines=lines, journal=name, date="", undoes=entry.journal
    )


def filled(entry: Entry, payables: Account, cash: Account) -> Entry:
    """The entry with accounts on the lines that have none: people chose those of a file themselves."""
    ours = entry.payables
    lines = tuple(
        line
        if line.account
        else _line(line.number, payables if line in ours else cash, line.amount, line.text)
        for line in entry.lines
    )
    return replace(entry, lines=lines)


def _line(number: int, account: Account | None, amount: Decimal, text: str) -> Line:
    if account is None:
        return Line(number, "", amount, text)
    return Line(number, account.account, amount, text, account.department, account.operating_unit)


def same_parts(one: Iterable[tuple[str, Decimal]], other: Iterable[tuple[str, Decimal]]) -> bool:
    """Whether the same is settled of the same vouchers, in whatever order."""
    return _sorted(one) == _sorted(other)


def _sorted(parts: Iterable[tuple[str, Decimal]]) -> list[Any]:
    return sorted((voucher, amount) for voucher, amount in parts)
