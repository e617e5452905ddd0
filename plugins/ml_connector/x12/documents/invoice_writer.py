"""810, written."""

from __future__ import annotations

from ml_connector.x12.documents import common
from ml_connector.x12.documents.invoice import CREDIT_TYPES, Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_n2, write_real

_QUANTITY_LENGTH = {"004010": 10, "005010": 15}
_MOST_MESSAGES = 10
_MOST_REFERENCES = 12


def build_invoice(invoice: Invoice, dialect: Dialect) -> list[Segment]:
    """The segments between ST and SE. A credit is written with positive amounts and its type.

    Raises:
        X12Error: what cannot be written without loss, an invoice that does not add up, or a credit
            whose type does not say so.
    """
    _check(invoice)
    quantities = (line.quantity for line in invoice.lines if line.quantity is not None)
    return [
        _head(invoice, dialect),
        *common.currency(dialect, invoice.currency, "SE"),
        *_references(invoice, dialect),
        *common.contacts(dialect, invoice.contacts),
        *common.parties(dialect, invoice.parties),
        *common.terms(dialect, invoice.terms),
        *common.dates(dialect, invoice.dates),
        *common.freight(dialect, invoice.freight),
        *_notes(invoice, dialect),
        *(made for line in invoice.lines for made in _line(line, dialect)),
        _totals(invoice),
        *common.taxes(dialect, invoice.taxes),
        *common.charges(dialect, invoice.charges),
        *common.totals(len(invoice.lines), quantities, None),
    ]


def _check(invoice: Invoice) -> None:
    what = f"Invoice {invoice.number}"
    if invoice.credit != (invoice.type in CREDIT_TYPES):
        kind = "a credit" if invoice.credit else "no credit"
        raise X12Error(f"{what} is {kind}, but its type is {invoice.type}")
    if invoice.total < 0:
        raise X12Error(f"{what} has a negative total; a credit has a positive one and its own type")
    footing = foot(invoice)
    if not footing.fits:
        raise X12Error(f"{what} does not add up: its total and its parts differ by {footing.difference}")


def _head(invoice: Invoice, dialect: Dialect) -> Segment:
    return segment(
        "BIG",
        write_date(invoice.date, "The invoice date"),
        dialect.identifier(invoice.number, 22, "The invoice number"),
        "" if invoice.order_date is None else write_date(invoice.order_date, "The order date"),
        dialect.identifier(invoice.order, 22, "The order number"),
        dialect.identifier(invoice.release, 30, "The release number"),
        "",
        common.code(dialect, invoice.type, 2, "The type of the invoice"),
        common.code(dialect, invoice.purpose, 2, "The purpose of the invoice"),
    )


def _references(invoice: Invoice, dialect: Dialect) -> list[Segment]:
    if len(invoice.references) > _MOST_REFERENCES:
        raise X12Error(f"Invoice {invoice.number} has more than {_MOST_REFERENCES} references")
    return common.references(dialect, invoice.references)


def _notes(invoice: Invoice, dialect: Dialect) -> list[Segment]:
    """One N9 with MSG in both versions; the 810 never took MTX."""
    pieces = [piece for text in invoice.notes for piece in dialect.split(text, 264)]
    if not pieces:
        return []
    messages = (segment("MSG", piece) for piece in pieces[:_MOST_MESSAGES])
    return [segment("N9", "L1", "NOTES"), *messages]


def _line(line: InvoiceLine, dialect: Dialect) -> list[Segment]:
    what = f"Line {line.number or ''}".strip()
    return [
        segment(
            "IT1",
            dialect.identifier(line.number, 20, "The number of a line"),
            *_price(line, dialect, what),
            *common.pairs(dialect, line.ids, what),
        ),
        *common.taxes(dialect, line.taxes),
        *common.description(dialect, line.description),
        *common.references(dialect, line.references),
        *common.dates(dialect, line.dates),
        *common.charges(dialect, line.charges),
    ]


def _price(line: InvoiceLine, dialect: Dialect, what: str) -> tuple[str, str, str, str]:
    """IT102 to IT105: quantity, unit and price all or none."""
    if line.quantity is None and line.unit is None and line.price is None:
        return "", "", "", ""
    if line.quantity is None or line.unit is None or line.price is None:
        raise X12Error(f"{what} has quantity, unit and price in part; they come all or none")
    return (
        write_real(line.quantity, _QUANTITY_LENGTH[dialect.release], f"{what}: the quantity"),
        common.code(dialect, line.unit, 2, f"{what}: the unit"),
        write_real(line.price, 17, f"{what}: the price"),
        common.code(dialect, line.basis, 2, f"{what}: the price's basis"),
    )


def _totals(invoice: Invoice) -> Segment:
    """TDS. The amount subject to discount is required where it differs from the total (TDS02)."""
    discountable = invoice.discountable
    discounted = invoice.discounted is not None or invoice.discount is not None
    if discountable is None and discounted:
        discountable = invoice.total
    amounts = (
        (invoice.total, "The total"),
        (
            None if discountable == invoice.total and not discounted else discountable,
            "What the discount applies to",
        ),
        (invoice.discounted, "The total less discount"),
        (invoice.discount, "The discount"),
    )
    return segment("TDS", *("" if value is None else write_n2(value, what) for value, what in amounts))
