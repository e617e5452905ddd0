"""Bodies of purchase orders as the documents that a supplier gets: order, change, cancellation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from ml_connector.cleo.outbound.lines import (
    DELIVERY_REQUESTED,
    due_dates,
    is_deleted,
    line_place,
    order_line,
)
from ml_connector.cleo.outbound.parts import party, terms
from ml_connector.cleo.outbound.units import to_x12
from ml_connector.cleo.outbound.values import decimal, distinct
from ml_connector.cleo.partners.profile import PurchaseOrderRules
from ml_connector.core.contract import Payload
from ml_connector.x12.documents.parts import Contact, DateOf, Party, Reference
from ml_connector.x12.documents.purchase_order import OrderLine, PurchaseOrder, Purpose
from ml_connector.x12.documents.purchase_order_change import ChangeCode, ChangeLine, PurchaseOrderChange
from ml_connector.x12.documents.purchase_order_change import Purpose as ChangePurpose

# Purposes, BEG01 and BCH01.
ORIGINAL: Final = "00"
CANCELLATION: Final = "01"
CHANGE: Final = "04"
REPLACE: Final = "05"

_SETTING = "documents.purchase_order"


def purchase_order(body: Payload, rules: PurchaseOrderRules, *, purpose: Purpose = ORIGINAL) -> PurchaseOrder:
    """An order as the supplier shall have it; lines of which nothing is wanted are left out.

    Raises:
        Rejected: the body says something that X12, or the partner's file, has no place for.
    """
    body = body | {"lines": [line for line in body["lines"] if not is_deleted(line)]}
    unit = partial(_unit, rules)
    place = _common_place(body)
    lines = [order_line(line, unit=unit, ids=rules.line_ids, place=place) for line in body["lines"]]
    return PurchaseOrder(
        number=str(body["number"]),
        date=str(body["date"]),
        purpose=purpose,
        type=rules.purpose_type,
        currency=body.get("currency"),
        references=_references(body),
        contacts=(Contact(role="BD", name=str(body["buyer"])),) if body.get("buyer") else (),
        terms=terms(body.get("terms"), rules.terms, setting=f"{_SETTING}.terms"),
        dates=_dates(body),
        notes=tuple(str(text) for text in body.get("comments") or ()),
        parties=_parties(body, place),
        lines=tuple(lines),
        total=sum((decimal(line["amount"]) or Decimal(0) for line in body["lines"]), start=Decimal(0)),
    )


def changed_order(
    before: PurchaseOrder, after: PurchaseOrder, *, sequence: int, on: str
) -> PurchaseOrderChange | None:
    """What changed of an order; None where the supplier would see no difference.

    Args:
        before: as the supplier has it.
        sequence: number of the change, from 1.
        on: day of the change.
    """
    if before == replace(after, purpose=before.purpose):
        return None
    return _change(after, CHANGE, sequence, on, lines=tuple(_changes(before, after)))


def whole_order(
    after: PurchaseOrder, *, gone: Sequence[PurchaseOrder], sequence: int, on: str
) -> PurchaseOrderChange:
    """All of an order, for a supplier of which nobody knows what it has.

    Args:
        gone: earlier forms of the order, whose lines it may have.
        sequence: number of the change, from 1.
        on: day of the change.
    """
    there = {line.number for line in after.lines}
    lines = [_changed("CA", line) for line in after.lines]
    earlier = {line.number: line for one in gone for line in one.lines if line.number not in there}
    return _change(
        after, CHANGE, sequence, on, lines=(*lines, *(_changed("DI", one) for one in earlier.values()))
    )


def header(body: Payload) -> Payload:
    """What a cancellation needs of an order; no texts, no people, no prices."""
    names = ("number", "partner", "business_unit", "date", "currency", "vendor")
    return {name: body[name] for name in names if body.get(name)} | {"lines": []}


def cancelled_order(before: PurchaseOrder, *, sequence: int, on: str) -> PurchaseOrderChange:
    """The whole order is cancelled; arguments as for :func:`changed_order`."""
    return _change(before, CANCELLATION, sequence, on, lines=())


def _change(
    order: PurchaseOrder, purpose: ChangePurpose, sequence: int, on: str, *, lines: tuple[ChangeLine, ...]
) -> PurchaseOrderChange:
    return PurchaseOrderChange(
        number=order.number,
        date=order.date,
        changed=on,
        lines=lines,
        purpose=purpose,
        type=order.type,
        sequence=str(sequence),
        currency=order.currency,
        references=order.references,
        contacts=order.contacts,
        terms=order.terms,
        dates=order.dates,
        notes=order.notes,
        parties=order.parties,
        total=order.total if purpose == CHANGE else None,
    )


def _changes(before: PurchaseOrder, after: PurchaseOrder) -> list[ChangeLine]:
    """Lines that were added or changed, in their order, then those that are gone."""
    had = {line.number: line for line in before.lines}
    found = []
    for line in after.lines:
        earlier = had.pop(line.number, None)
        if earlier is None:
            found.append(_changed("AI", line))
        elif earlier != line:
            found.append(_changed(_kind(earlier, line), line))
    found += [_changed("DI", line) for line in had.values()]
    # A change of the header alone still has to name lines.
    return found or [_changed("NC", line) for line in after.lines]


def _changed(change: ChangeCode, line: OrderLine) -> ChangeLine:
    """POC04, what is left to receive, must stand beside the quantity.

    Receipts are not looked at: each would be a change of the order. So it is all of the line or nothing.
    """
    return ChangeLine(change=change, line=line, left=Decimal(0) if change == "DI" else line.quantity)


def _kind(before: OrderLine, after: OrderLine) -> ChangeCode:
    """The narrowest code that tells all of it; schedules follow the quantity."""
    rest = replace(before, price=after.price, quantity=after.quantity, schedules=after.schedules)
    price, quantity = before.price != after.price, before.quantity != after.quantity
    if rest != after or (before.schedules != after.schedules and not quantity):
        return "CA"
    if price and quantity:
        return "PQ"
    if price:
        return "PC"
    return "QI" if after.quantity > before.quantity else "QD"


def _unit(rules: PurchaseOrderRules, code: str, line: str) -> str:
    return to_x12(code, rules.units, line=line, setting=f"{_SETTING}.units")


def _common_place(body: Payload) -> str | None:
    """Where the order goes, if all of it goes to one place."""
    places = distinct([body.get("ship_to"), *(line_place(line) for line in body["lines"])])
    return places[0] if len(places) == 1 else None


def _references(body: Payload) -> tuple[Reference, ...]:
    fields = (("IA", "vendor"), ("CT", "contract"), ("DP", "department"))
    return tuple(Reference(qualifier, str(body[name])) for qualifier, name in fields if body.get(name))


def _dates(body: Payload) -> tuple[DateOf, ...]:
    """The first day on which anything is wanted."""
    days = distinct([body.get("due_date"), *(day for line in body["lines"] for day in due_dates(line))])
    return (DateOf(DELIVERY_REQUESTED, min(days)),) if days else ()


def _parties(body: Payload, place: str | None) -> tuple[Party, ...]:
    """Bill to, ship to and supplier, each by PeopleSoft's own number."""
    roles = [("BT", body.get("bill_to") or body["business_unit"], None), ("ST", place, None)]
    roles.append(("VN", body.get("vendor"), body.get("vendor_name")))
    return tuple(party(role, str(number), name) for role, number, name in roles if number)
