"""Lines of a purchase order as PeopleSoft keeps them, and as X12 has room for them.

PeopleSoft keeps quantity, price, amount, due date and place on the schedules of a line. X12 has one
price a line, and schedules with quantity and date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ml_connector.cleo.outbound.values import decimal, distinct
from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.x12.documents.parts import Ids, Party, Schedule
from ml_connector.x12.documents.purchase_order import OrderLine

DELIVERY_REQUESTED = "002"

_ITEMS = {"BP": "item", "VP": "vendor_item"}
"""Qualifier of PO106 and on (element 235) to the field of the body."""


def order_line(
    line: Payload, *, unit: Callable[[str, str], str], ids: Sequence[str], place: str | None
) -> OrderLine:
    """One line of an order.

    Args:
        line: of the body.
        unit: X12's code of a unit; takes PeopleSoft's code and the line's number.
        ids: qualifiers of the item ids that the partner reads, in their order.
        place: where the whole order goes; a line that goes there names no place of its own.

    Raises:
        Rejected: the line says something that X12 has no room for.
    """
    number = str(line["line"])
    quantity, price = _quantity_and_price(number, line)
    there = line_place(line)
    return OrderLine(
        number=number,
        quantity=quantity,
        unit=unit(str(line["unit"]), number),
        price=price,
        ids=_ids(line, ids),
        description=line.get("description") or None,
        schedules=_schedules(line) if decimal(line.get("quantity")) else (),
        ship_to=None if there in (None, place) else ship_to(there),
    )


def is_deleted(line: Payload) -> bool:
    """Whether nothing is wanted of a line any more; one without a quantity is kept by amount."""
    return decimal(line.get("quantity")) == 0


def line_place(line: Payload) -> str | None:
    """Where a line goes, None where it names no place.

    Raises:
        Rejected: its schedules go to several.
    """
    places = distinct(schedule.get("ship_to") for schedule in _parts(line))
    if len(places) > 1:
        raise Rejected(
            f"line {line['line']} goes to several places ({', '.join(places)}), and an X12 line names one; "
            "make one line for each place in PeopleSoft",
            field=f"lines[{line['line']}].schedules",
        )
    return places[0] if places else None


def due_dates(line: Payload) -> list[str]:
    """Days on which parts of a line are wanted."""
    return distinct(schedule.get("due_date") for schedule in _parts(line))


def ship_to(place: str) -> Party:
    """Where something goes, by PeopleSoft's own number of the place."""
    return Party(role="ST", qualifier="92", id=place)


def _quantity_and_price(number: str, line: Payload) -> tuple[Decimal, Decimal | None]:
    """As ordered; a line that PeopleSoft keeps by amount only is one piece at that amount."""
    quantity = decimal(line.get("quantity"))
    if quantity is None:
        return Decimal(1), decimal(line["amount"]) or Decimal(0)
    prices = distinct(decimal(schedule.get("price")) for schedule in _parts(line))
    if len(prices) > 1:
        raise Rejected(
            f"line {number} has schedules at different prices, and an X12 line has one price; "
            "make one line for each price in PeopleSoft",
            field=f"lines[{number}].schedules",
        )
    return quantity, prices[0] if prices else None


def _ids(line: Payload, qualifiers: Sequence[str]) -> Ids:
    pairs = ((qualifier, line.get(_ITEMS[qualifier])) for qualifier in qualifiers if qualifier in _ITEMS)
    return tuple((qualifier, str(value)) for qualifier, value in pairs if value)


def _schedules(line: Payload) -> tuple[Schedule, ...]:
    """One for each date; parts without a date are told by the quantity of the line alone."""
    parts = [(decimal(part.get("quantity")), part.get("due_date")) for part in _parts(line)]
    wanted = [(quantity, str(day)) for quantity, day in parts if quantity and day]
    if len(wanted) < sum(bool(quantity) for quantity, _ in parts):
        return ()
    return tuple(
        Schedule(quantity=quantity, date=day, qualifier=DELIVERY_REQUESTED) for quantity, day in wanted
    )


def _parts(line: Payload) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = line.get("schedules") or ()
    return found
