"""Tax, freight and other charges: no order names them, so they are held to a share of the goods."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.matching.amounts import cash, rounded, shown
from ml_connector.peoplesoft.matching.findings import Finding
from ml_connector.peoplesoft.matching.options import ChargeKind, MatchingOptions
from ml_connector.peoplesoft.matching.order import ZERO

CHARGES = ("tax", "vat", "freight", "miscellaneous")
"""Fields of an invoice beside its lines."""

_PARTS: dict[ChargeKind, tuple[str, ...]] = {
    "freight": ("freight",), "tax": ("tax", "vat"), "miscellaneous": ("miscellaneous",),
}  # fmt: skip
_NAMES: dict[ChargeKind, str] = {"freight": "Freight", "tax": "Tax", "miscellaneous": "Other charges"}

Amounts = dict[ChargeKind, Decimal]


def charges_of(row: Payload) -> Payload:
    """The charges alone, as :func:`too_much` takes them for an earlier invoice."""
    return {name: row.get(name) or ZERO for name in CHARGES}


def goods_of(invoice: Payload) -> Decimal:
    """The total without tax and charges."""
    total: Decimal = invoice["total"]
    return total - sum(charges_of(invoice).values(), ZERO)


def too_much(
    invoice: Payload, order_key: str, goods_before: Decimal, options: MatchingOptions, step: Decimal
) -> Iterator[Finding]:
    """Charges that are more than the tenant accepts, of this invoice or of all for the order together.

    Allowances of an invoice are not limited: they only make it cheaper. In a credit every charge is, and
    no more is credited than was charged.

    Args:
        invoice: with ``charged_before``: charges of earlier invoices, each with its ``order``.
        goods_before: what earlier invoices asked for, without charges.
    """
    goods, now = goods_of(invoice), _amounts(invoice)
    earlier = [_amounts(row) for row in invoice.get("charged_before") or () if row["order"] == order_key]
    before: Amounts = {kind: sum((one[kind] for one in earlier), ZERO) for kind in now}
    together: Amounts = {kind: before[kind] + now[kind] for kind in now}
    credit = invoice.get("kind") == "credit"
    for kind, amount in now.items():
        if not amount or (amount < 0 and not credit):
            continue
        name = _NAMES[kind]
        most = rounded(options.charge_limit(kind, _base(kind, goods, now)), step)
        if abs(amount) > most:
            yield _finding(f"{name}: {cash(amount)}, but no more than {cash(most)} {_rule(kind, options)}")
        elif amount < 0 and together[kind] < 0:
            yield _finding(f"{name}: {cash(-amount)} credited, but {cash(before[kind])} charged before")
        elif amount > 0:
            all_goods = _base(kind, goods_before + goods, together)
            most = rounded(options.charge_limit(kind, all_goods), step)
            if together[kind] > most:
                yield _finding(
                    f"{name}: {cash(amount)} and {cash(before[kind])} before, but no more than {cash(most)} "
                    f"{_rule(kind, options)} for all invoices of the order together"
                )


def _amounts(row: Payload) -> Amounts:
    return {kind: sum((row.get(name) or ZERO for name in names), ZERO) for kind, names in _PARTS.items()}


def _base(kind: ChargeKind, goods: Decimal, charges: Amounts) -> Decimal:
    """What a percentage is of; freight and other charges are taxed too."""
    return goods + charges["freight"] + charges["miscellaneous"] if kind == "tax" else goods


def _rule(kind: ChargeKind, options: MatchingOptions) -> str:
    percent, amount = options.charge_rule(kind)
    of = "goods and charges" if kind == "tax" else "the goods"
    return f"is accepted ({shown(percent)} % of {of}, or {cash(amount)})"


def _finding(text: str) -> Finding:
    return Finding("charges", f"{text}.")
