"""A supplier's invoice as the ledger keeps it: from an 810 and the partner's file to plain fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from ml_connector.core import codec
from ml_connector.core.contract import Payload, join_key
from ml_connector.x12.documents.invoice import Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_footing import foot_either_way
from ml_connector.x12.documents.parts import Terms

FREIGHT, TAX, VAT, MISCELLANEOUS = "freight", "tax", "vat", "miscellaneous"
KINDS = (FREIGHT, TAX, VAT, MISCELLANEOUS)

VAT_TYPES = frozenset({"VA", "GS"})
"""TXI01 of taxes that PeopleSoft keeps apart from sales tax: value added tax, and goods and services tax."""

USUAL_CHARGES: Mapping[str, str] = {"D240": FREIGHT, "G821": FREIGHT, "D500": MISCELLANEOUS, "H850": TAX}
"""SAC02 as most suppliers use it; a partner's file adds to it and may say otherwise."""

_NOTHING = Decimal("0.00")
_PARTS = re.compile(r"[0-9]+|[A-Z]+")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9]) (?=[0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a partner's invoices are understood.

    Attributes:
        partner: name of the partner's profile.
        business_unit: whose identity the invoice was sent to; None where several units share it.
        units: X12's units as PeopleSoft's.
        charges: SAC02 to one of ``KINDS``.
    """

    partner: str
    business_unit: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    charges: Mapping[str, str] = field(default_factory=dict)


def normalised(number: str) -> str:
    """An invoice number as it is compared: ``inv-00123`` and ``INV 123`` are the same."""
    parts = [part.lstrip("0") or "0" if part.isdigit() else part for part in _PARTS.findall(number.upper())]
    return _BETWEEN_DIGITS.sub("-", " ".join(parts)).replace(" ", "")


def business_key(partner: str, number: str) -> str:
    """What invoices have in common that may be the same one."""
    return join_key(partner, normalised(number))


def natural_key(partner: str, number: str, date: str) -> str:
    """Key of the document: ``acme|INV-1001|2026-11-02``."""
    return join_key(partner, number, date)


def invoice_payload(invoice: Invoice, reading: Reading) -> Payload:
    """The fields of an invoice. Amounts and quantities of a credit are negative.

    ``fault`` says why the invoice does not add up, or is None.
    """
    sign = -1 if invoice.credit else 1
    extras, fault = _footed(invoice, reading)
    return {
        "partner": reading.partner, "number": invoice.number, "date": invoice.date,
        "kind": "credit" if invoice.credit else "invoice", "currency": invoice.currency,
        "order": invoice.order, "order_date": invoice.order_date, "business_unit": reading.business_unit,
        "total": sign * invoice.total, **{kind: sign * extras[kind] for kind in KINDS},
        "terms": _terms(invoice), "net_days": invoice.terms.net_days if invoice.terms else None,
        "fault": fault,
        "lines": _distinct([_line(one, at, sign, reading) for at, one in enumerate(invoice.lines, 1)]),
    }  # fmt: skip


def stored_payload(stored: Payload) -> Payload:
    """The fields as they were before they were stored: JSON makes a plain 13 of ``Decimal("13")``."""
    header = {name: Decimal(stored[name]) for name in ("total", *KINDS)}
    return {**stored, **header, "lines": [_decimals(line) for line in stored["lines"]]}


def _decimals(line: Payload) -> Payload:
    given = {name: line[name] for name in ("quantity", "price", "amount")}
    return line | {name: None if value is None else Decimal(value) for name, value in given.items()}


def content_digest(payload: Payload) -> str:
    """Equal for the same invoice, whenever and under whatever control numbers it came."""
    return codec.digest(_plain(payload))


def _plain(value: Any) -> Any:
    """Numbers as they are compared: 12.5 is 12.50."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def orders_of(payload: Payload) -> list[str]:
    """Numbers of the orders that an invoice names, each once."""
    named = [payload["order"], *(line["order"] for line in payload["lines"])]
    return list(dict.fromkeys(number for number in named if number))


def _line(line: InvoiceLine, position: int, sign: int, reading: Reading) -> Payload:
    """``line`` tells it from the others; ``order_line`` is what the supplier said, or None."""
    unit = None if line.unit is None else reading.units.get(line.unit, line.unit)
    return {
        "line": line.number or str(position), "order_line": line.number, "order": line.order, "unit": unit,
        "quantity": None if line.quantity is None else sign * line.quantity, "price": line.unit_price,
        "amount": sign * line.amount, "items": dict(line.ids), "description": line.description,
    }  # fmt: skip


def _terms(invoice: Invoice) -> str | None:
    """Terms for people; which of PeopleSoft's they are, the order says."""
    given = (invoice.terms, *invoice.more_terms)
    return "; ".join(words for one in given if one and (words := _words(one))) or None


def _words(terms: Terms) -> str:
    early = (
        f"{terms.percent} % within {terms.discount_days or terms.discount_date}" if terms.percent else None
    )
    net = terms.net_days if terms.net_days is not None else terms.net_date
    parts = [early, None if net is None else f"net {net}", terms.text]
    return ", ".join(part for part in parts if part)


def _footed(invoice: Invoice, reading: Reading) -> tuple[dict[str, Decimal], str | None]:
    """Charges, taxes and allowances by kind, and why the invoice does not add up.

    Those of lines may be part of the unit price already: they count where the sum then fits.
    """
    footing = foot_either_way(invoice)
    extras = _extras(invoice, reading.charges, footing.line_charges_added)
    return extras, None if footing.fits else footing.explain()


def _extras(invoice: Invoice, own: Mapping[str, str], of_lines: bool) -> dict[str, Decimal]:
    lines = invoice.lines if of_lines else ()
    found = dict.fromkeys(KINDS, _NOTHING)
    for charge in (*invoice.charges, *(one for line in lines for one in line.charges)):
        kind = own.get(charge.code or "") or USUAL_CHARGES.get(charge.code or "", MISCELLANEOUS)
        if charge.kind == "allowance":
            found[MISCELLANEOUS] -= charge.amount or _NOTHING
        elif charge.kind == "charge":
            found[kind] += charge.amount or _NOTHING
    for tax in (*invoice.taxes, *(one for line in lines for one in line.taxes)):
        found[VAT if tax.type in VAT_TYPES else TAX] += tax.amount or _NOTHING
    return found


def _distinct(lines: Sequence[Payload]) -> list[Payload]:
    """Lines under numbers of their own: a supplier may bill one line of the order twice."""
    given, used, result = {line["line"] for line in lines}, set[str](), []
    turns: dict[str, count[int]] = {}
    for line in lines:
        name = line["line"]
        if name in used:
            further = (f"{name}.{turn}" for turn in turns.setdefault(name, count(2)))
            name = next(one for one in further if one not in used and one not in given)
        used.add(name)
        result.append(line | {"line": name})
    return result
