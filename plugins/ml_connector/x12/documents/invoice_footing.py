"""Whether an invoice adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.x12.documents.invoice import Invoice
from ml_connector.x12.documents.parts import Charge, Tax

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """The parts of an invoice and what they come to.

    Attributes:
        lines: sum of quantity times price, each line rounded to cents.
        charges: charges less allowances, of the invoice and, where they are added, of its lines.
        taxes: likewise.
        total: what the invoice says.
        tolerance: the difference that rounding explains.
    """

    lines: Decimal
    charges: Decimal
    taxes: Decimal
    total: Decimal
    tolerance: Decimal

    @property
    def sum(self) -> Decimal:
        """What the parts come to."""
        return self.lines + self.charges + self.taxes

    @property
    def difference(self) -> Decimal:
        """Total less sum."""
        return self.total - self.sum

    @property
    def fits(self) -> bool:
        return abs(self.difference) <= self.tolerance

    def explain(self) -> str:
        """The sum as a sentence, with a guess at the two mistakes that are made most often."""
        parts = f"lines {self.lines}, charges {self.charges} and taxes {self.taxes} come to {self.sum}"
        text = f"The total is {self.total}, but {parts}: a difference of {self.difference}"
        if self._near(self.total * 100):
            return f"{text}. The total seems to be written in whole units instead of cents"
        if self._near(self.total / 100):
            return f"{text}. The total seems to have been multiplied by 100"
        return text

    def _near(self, amount: Decimal) -> bool:
        return bool(self.sum) and abs(amount - self.sum) <= self.tolerance


def foot(invoice: Invoice, *, line_charges_added: bool = True, tolerance: Decimal | None = None) -> Footing:
    """Adds an invoice up.

    Args:
        invoice: to be added up.
        line_charges_added: False where the partner's prices include the charges and taxes of a line.
        tolerance: a cent for each line and at least five where it is left out.
    """
    charges = [*invoice.charges]
    taxes = [*invoice.taxes]
    if line_charges_added:
        charges.extend(one for line in invoice.lines for one in line.charges)
        taxes.extend(one for line in invoice.lines for one in line.taxes)
    allowed = max(Decimal("0.01") * len(invoice.lines), Decimal("0.05"))
    return Footing(
        lines=sum((line.amount for line in invoice.lines), _ZERO),
        charges=_charged(charges),
        taxes=_taxed(taxes),
        total=invoice.total,
        tolerance=allowed if tolerance is None else tolerance,
    )


def _charged(charges: Iterable[Charge]) -> Decimal:
    signs = {"allowance": -1, "charge": 1, "none": 0}
    return sum((signs[one.kind] * (one.amount or _ZERO) for one in charges), _ZERO)


def _taxed(taxes: Iterable[Tax]) -> Decimal:
    return sum((one.amount for one in taxes if one.amount is not None), _ZERO)
