"""810, written."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.x12.documents import common
from ml_connector.x12.documents.invoice import CREDIT_TYPES, Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.documents.writing import Writing
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.segments import segment
from ml_connector.x12.text import Dialect
from ml_connector.x12.values import write_date, write_n2, write_real

_QUANTITY_LENGTH = {"004010": 10, "005010": 15}
_ROUNDING = Decimal("0.005")  # of a line, whose exact amount the partner may add up
_MOST_MESSAGES = 10
_MOST_REFERENCES = 12


def build_invoice(invoice: Invoice, dialect: Dialect, told: list[str] | None = None) -> list[Segment]:
    """The segments between ST and SE. A credit is written with positive amounts and its type.

    Args:
        invoice: to be written.
        dialect: how the partner wants it.
        told: gets what of the texts was replaced, cut or left out, in sentences without the texts.

    Raises:
        X12Error: what cannot be written without loss, an invoice that does not add up, or a credit
            whose type does not say so.
    """
    writing = Writing(dialect, told)
    _check(invoice)
    quantities = (line.quantity for line in invoice.lines if line.quantity is not None)
    return [
        _head(invoice, writing),
        *common.currency(writing, invoice.currency, "SE"),
        *_references(invoice, writing),
        *common.contacts(writing, invoice.contacts),
        *common.parties(writing, invoice.parties),
        *(made for one in (invoice.terms, *invoice.more_terms) for made in common.terms(writing, one)),
        *common.dates(writing, invoice.dates),
        *common.freight(writing, invoice.freight),
        *_notes(invoice, writing),
        *(made for line in invoice.lines for made in _line(line, writing)),
        _totals(invoice),
        *common.taxes(writing, invoice.taxes),
        *common.charges(writing, invoice.charges),
        *common.totals(len(invoice.lines), quantities, None),
    ]


def _check(invoice: Invoice) -> None:
    what = f"Invoice {invoice.number}"
    if invoice.credit != (invoice.type in CREDIT_TYPES):
        kind = "a credit" if invoice.credit else "no credit"
        raise X12Error(f"{what} is {kind}, but its type is {invoice.type}")
    if invoice.total < 0:
        raise X12Error(f"{what} has a negative total; a credit has a positive one and its own type")
    footing = foot(invoice, tolerance=_ROUNDING * len(invoice.lines))
    if not footing.fits:
        raise X12Error(f"{what} does not add up: its total and its parts differ by {footing.difference}")
    _check_discount(invoice, what)


def _check_discount(invoice: Invoice, what: str) -> None:
    """TDS02 to TDS04 against TDS01."""
    total, discount = invoice.total, invoice.discount or Decimal(0)
    discountable = total if invoice.discountable is None else invoice.discountable
    if invoice.discount is None and invoice.discounted is not None:
        discount = total - invoice.discounted
    if invoice.discounted is not None and invoice.discounted != total - discount:
        raise X12Error(f"{what}: the total less discount is not the total less {discount}")
    if not 0 <= discount <= discountable <= total:
        raise X12Error(
            f"{what}: a discount of {discount} on {discountable} of {total} is none: it is neither negative "
            "nor above what it applies to, and that is no more than the total"
        )


def _head(invoice: Invoice, writing: Writing) -> Segment:
    return segment(
        "BIG",
        write_date(invoice.date, "The invoice date"),
        writing.identifier(invoice.number, 22, "The invoice number"),
        "" if invoice.order_date is None else write_date(invoice.order_date, "The order date"),
        writing.identifier(invoice.order, 22, "The order number"),
        writing.identifier(invoice.release, 30, "The release number"),
        "",
        writing.code(invoice.type, 2, "The type of the invoice"),
        writing.code(invoice.purpose, 2, "The purpose of the invoice"),
    )


def _references(invoice: Invoice, writing: Writing) -> list[Segment]:
    if len(invoice.references) > _MOST_REFERENCES:
        raise X12Error(f"Invoice {invoice.number} has more than {_MOST_REFERENCES} references")
    return common.references(writing, invoice.references)


def _notes(invoice: Invoice, writing: Writing) -> list[Segment]:
    """One N9 with MSG in both versions; the 810 never took MTX."""
    pieces = common.note_pieces(writing, invoice.notes, 264, _MOST_MESSAGES, "Notes")
    if not pieces:
        return []
    messages = (segment("MSG", piece) for piece in pieces)
    return [segment("N9", "L1", "NOTES"), *messages]


def _line(line: InvoiceLine, writing: Writing) -> list[Segment]:
    what = f"Line {line.number or ''}".strip()
    return [
        segment(
            "IT1",
            writing.identifier(line.number, 20, "The number of a line"),
            *_price(line, writing, what),
            *common.pairs(writing, line.ids, what),
        ),
        *common.taxes(writing, line.taxes),
        *common.description(writing, line.description, what),
        *common.references(writing, line.references),
        *common.dates(writing, line.dates),
        *common.charges(writing, line.charges),
    ]


def _price(line: InvoiceLine, writing: Writing, what: str) -> tuple[str, str, str, str]:
    """IT102 to IT105: quantity, unit and price all or none."""
    if line.quantity is None and line.unit is None and line.price is None:
        return "", "", "", ""
    if line.quantity is None or line.unit is None or line.price is None:
        raise X12Error(f"{what} has quantity, unit and price in part; they come all or none")
    return (
        write_real(line.quantity, _QUANTITY_LENGTH[writing.release], f"{what}: the quantity"),
        writing.code(line.unit, 2, f"{what}: the unit"),
        write_real(line.price, 17, f"{what}: the price"),
        writing.code(line.basis, 2, f"{what}: the price's basis"),
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
