"""The 810 that a partner writes for an order, right or wrong in a chosen way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from .orders import Line, Order
from .responses import plain
from .x12 import Segment

CENT = Decimal("0.01")
LONGEST = 22
"""Characters of BIG02."""
FREIGHT, TAX_PERCENT = Decimal("15.00"), Decimal("8.25")


@dataclass(frozen=True)
class Invoice:
    """An invoice with its number and the body of its set."""

    number: str
    total: Decimal
    body: list[Segment]


def number_for(order: Order, words: frozenset[str]) -> str:
    """A number derived from the order's; a duplicate takes the last one again."""
    if order.last_invoice and "duplicate" in words:
        return order.invoices[-1]
    order.last_invoice += 1
    suffix = f"-{order.last_invoice}" if order.last_invoice > 1 else ""
    return f"INV-{order.number[-(LONGEST - 4 - len(suffix)) :]}{suffix}"


def invoice(order: Order, title: str, words: frozenset[str], at: datetime) -> Invoice:
    """The invoice of an order."""
    number = number_for(order, words)
    lines = _lines(order, words)
    charges, amounts = _charges(sum((_extended(line) for line in lines), Decimal(0)), words)
    total = sum((_extended(line) for line in lines), Decimal(0)) + amounts
    items = [] if "header_only" in words else [part for line in lines for part in _item(line, words)]
    body: list[Segment] = [
        _big(order, number, words, at),
        *_currency(order, words),
        *([["REF", "IA", order.vendor]] if order.vendor else []),
        *([["REF", "OI", order.invoices[0]]] if words & CREDITS and order.invoices else []),
        ["N1", "RE", title, "92", order.vendor or order.theirs.id],
        *([order.terms] if order.terms else []),
        ["DTM", "011", f"{at:%Y%m%d}"],
        *items,
        ["TDS", _tds(total, words)],
        *charges,
        ["CTT", str(sum(part[0] == "IT1" for part in items))],
    ]
    order.invoices.append(number)
    return Invoice(number, total, body)


CREDITS = frozenset({"credit", "negative_credit"})


def _big(order: Order, number: str, words: frozenset[str], at: datetime) -> Segment:
    reference = "US001-9999999999" if "wrong_order" in words else "" if "no_order" in words else order.number
    day = order.date if reference else ""
    return ["BIG", f"{at:%Y%m%d}", number, day, reference, "", "", "CR" if words & CREDITS else "DI"]


def _currency(order: Order, words: frozenset[str]) -> list[Segment]:
    if "other_currency" in words:
        return [["CUR", "SE", "EUR" if order.currency != "EUR" else "USD"]]
    return [["CUR", "SE", order.currency]] if order.currency else []


def _lines(order: Order, words: frozenset[str]) -> list[Line]:
    lines = [line for line in order.lines.values() if line.quantity > 0]
    if lines and "price" in words:
        lines[0] = replace(lines[0], price=lines[0].price * Decimal("1.10"))
    if lines and "quantity" in words:
        lines[0] = replace(lines[0], quantity=lines[0].quantity + max(Decimal(1), lines[0].quantity // 10))
    if "part" in words:
        lines = [replace(line, quantity=_half(line.quantity)) for line in lines]
    if "negative_credit" in words:
        lines = [replace(line, quantity=-line.quantity) for line in lines]
    return lines


def _half(quantity: Decimal) -> Decimal:
    return (quantity / 2).quantize(CENT, ROUND_HALF_UP)


def _extended(line: Line) -> Decimal:
    return (line.quantity * line.price).quantize(CENT, ROUND_HALF_UP)


def _item(line: Line, words: frozenset[str]) -> list[Segment]:
    number = {"no_line": "", "wrong_line": "999"}
    shown = next((number[word] for word in number if word in words), line.number)
    unit = "EACH" if "each" in words else line.unit
    text = "Dichtung für Größe ½ groß" if "non_ascii" in words else line.text
    made: Segment = ["IT1", shown, plain(line.quantity), unit, plain(line.price), "", *line.ids]
    return [made, *([["PID", "F", "", "", "", text]] if text else [])]


def _charges(goods: Decimal, words: frozenset[str]) -> tuple[list[Segment], Decimal]:
    """Segments behind TDS, and what they add to the total."""
    segments: list[Segment] = []
    amount = Decimal(0)
    if "tax" in words:
        tax = (goods * TAX_PERCENT / 100).quantize(CENT, ROUND_HALF_UP)
        segments.append(["TXI", "ST", plain(tax), plain(TAX_PERCENT)])
        amount += tax
    if "freight" in words:
        segments.append(_sac("C", "D240", FREIGHT, "FREIGHT"))
        amount += FREIGHT
    if "discount" in words:
        discount = (goods * Decimal("0.02")).quantize(CENT, ROUND_HALF_UP)
        segments.append(_sac("A", "C310", discount, "DISCOUNT"))
        amount -= discount
    return segments, amount


def _sac(kind: str, code: str, amount: Decimal, text: str) -> Segment:
    return ["SAC", kind, code, "", "", _cents(amount), *[""] * 6, "06", "", "", text]


def _cents(amount: Decimal) -> str:
    return str(int((amount * 100).to_integral_value(ROUND_HALF_UP)))


def _tds(total: Decimal, words: frozenset[str]) -> str:
    if "dollars" in words:
        return str(int(total))
    return _cents(total + 100 if "bad_total" in words else total)
