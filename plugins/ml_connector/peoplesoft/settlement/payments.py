"""One payment as the mapping describes it: the body of a document of the flow ``bill.payments``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected


@dataclass(frozen=True, slots=True)
class Part:
    """What a payment pays of one voucher.

    Attributes:
        number: place within the payment, from 1.
        unit: business unit of the general ledger.
        voucher: ``US001|00001234``.
    """

    number: int
    unit: str
    voucher: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that is to stand in the books.

    Attributes:
        reference: its id in BILL.
        date: ISO date on which BILL processed it.
        funding_account: BILL's id of the account that it was paid from; blank where there is none.
        number: what the supplier sees.
        credits: vouchers, and what vendor credits in BILL paid of them beside the payment. They are not
            booked: PeopleSoft's own credit vouchers know nothing of it.
    """

    reference: str
    currency: str
    date: str
    funding_account: str
    payee: str
    number: str
    parts: tuple[Part, ...]
    credits: tuple[tuple[str, Decimal], ...] = ()

    @property
    def units(self) -> list[str]:
        """Business units in the order of the parts, each once."""
        return list(dict.fromkeys(part.unit for part in self.parts))

    def of_unit(self, unit: str) -> list[Part]:
        """What is booked in one unit."""
        return [part for part in self.parts if part.unit == unit]

    def as_body(self, parts: Iterable[tuple[str, Decimal]]) -> Payload:
        """The mapping's body with other parts."""
        listed = [{"voucher": voucher, "amount": amount} for voucher, amount in parts]
        return {"reference": self.reference, "currency": self.currency, "parts": listed}


def read_payment(body: Payload, unit_of: dict[str, str] | None = None) -> Payment:
    """Read a mapping's body.

    Args:
        unit_of: general ledger unit of a payables unit, where it has another name.

    Raises:
        Rejected: the body cannot be booked; the text says why.
    """
    parts = tuple(
        _part(number, part, unit_of or {}) for number, part in enumerate(body.get("parts") or (), 1)
    )
    for name in ("reference", "currency", "date"):
        if not body.get(name):
            raise Rejected("is missing, so the payment cannot be booked", field=name)
    if not parts:
        raise Rejected("the payment names no voucher", field="parts")
    return Payment(
        str(body["reference"]), str(body["currency"]), str(body["date"]),
        str(body.get("funding_account") or ""), str(body.get("payee") or ""), str(body.get("number") or ""),
        parts, tuple((str(row["voucher"]), Decimal(row["amount"])) for row in body.get("credits") or ()),
    )  # fmt: skip


def _part(number: int, part: Payload, unit_of: dict[str, str]) -> Part:
    voucher, amount = str(part.get("voucher") or ""), part.get("amount")
    unit, _, number_of_voucher = voucher.partition("|")
    if not (unit and number_of_voucher):
        raise Rejected("is no key of a voucher", field=f"parts[{number - 1}].voucher", value=voucher)
    if not isinstance(amount, (Decimal, int)) or amount <= 0:
        raise Rejected("is no amount above zero", field=f"parts[{number - 1}].amount", value=amount)
    return Part(number, unit_of.get(unit, unit), voucher, Decimal(amount))
