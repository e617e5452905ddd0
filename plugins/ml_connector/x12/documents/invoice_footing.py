"""Whether an invoice adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from ml_connector.x12.documents.invoice import Invoice
from ml_connector.x12.documents.parts import Charge, Tax

_ZERO = Decimal("0.00")
_DIGITS = 100  # more than any sum of what can be read has; the usual 28 would round


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """The parts of an invoice and what they come to.

    Attributes:
        lines: sum of quantity times price, each line rounded to cents.
        charges: charges less allowances, of the invoice and, where they are added, of its lines.
        taxes: likewise.
        total: what the invoice says.
        tolerance: the difference that rounding explains.
        other_units: lines whose price is for another unit than their quantity, which nobody can multiply.
        line_charges_added: whether charges and taxes of lines are in the sum.
    """

    lines: Decimal
    charges: Decimal
    taxes: Decimal
    total: Decimal
    tolerance: Decimal
    other_units: tuple[str, ...] = ()
    line_charges_added: bool = True

    @property
    def sum(self) -> Decimal:
        """What the parts come to."""
        with localcontext(prec=_DIGITS):
            return self.lines + self.charges + self.taxes

    @property
    def difference(self) -> Decimal:
        """Total less sum."""
        with localcontext(prec=_DIGITS):
            return self.total - self.sum

    @property
    def fits(self) -> bool:
        return not self.other_units and self.difference.copy_abs() <= self.tolerance

    @property
    def in_units(self) -> bool:
        """Whether the total seems to be written in whole units instead of cents."""
        return self._near(100)

    def explain(self) -> str:
        """The sum as a sentence, with a guess at the two mistakes that are made most often."""
        if self.other_units:
            which = ", ".join(self.other_units[:5])
            return f"The price of line {which} is for another unit than its quantity, so nothing adds up"
        parts = f"lines {self.lines}, charges {self.charges} and taxes {self.taxes} come to {self.sum}"
        text = f"The total is {self.total}, but {parts}: a difference of {self.difference}"
        if self.in_units:
            return f"{text}. The total seems to be written in whole units instead of cents"
        if self._near(Decimal("0.01")):
            return f"{text}. The total seems to have been multiplied by 100"
        return text

    def _near(self, factor: Decimal | int) -> bool:
        with localcontext(prec=_DIGITS):
            return bool(self.sum) and abs(self.total * factor - self.sum) <= self.tolerance


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
    numbered = enumerate(invoice.lines, 1)
    with localcontext(prec=_DIGITS):
        return Footing(
            lines=sum((line.amount for line in invoice.lines), _ZERO),
            charges=_charged(charges),
            taxes=_taxed(taxes),
            total=invoice.total,
            tolerance=allowed if tolerance is None else tolerance,
            other_units=tuple(one.number or str(at) for at, one in numbered if not one.is_priced),
            line_charges_added=line_charges_added,
        )


def foot_either_way(invoice: Invoice) -> Footing:
    """Adds an invoice up with the charges of its lines, or without them where only that fits.

    Prices may include them, which no element says.
    """
    added = foot(invoice)
    without = foot(invoice, line_charges_added=False)
    return without if without.fits and not added.fits else added


def _charged(charges: Iterable[Charge]) -> Decimal:
    signs = {"allowance": -1, "charge": 1, "none": 0}
    return sum((signs[one.kind] * (one.amount or _ZERO) for one in charges), _ZERO)


def _taxed(taxes: Iterable[Tax]) -> Decimal:
    return sum((one.amount for one in taxes if one.amount is not None), _ZERO)
