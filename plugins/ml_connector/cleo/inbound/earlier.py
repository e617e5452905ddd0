"""What was invoiced of an order before, by other invoices that came in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.cleo.inbound.context import INVOICES, InboundContext
from ml_connector.cleo.inbound.ledger_state import going_keys
from ml_connector.cleo.inbound.matcher import MATCHED
from ml_connector.cleo.inbound.supplier_invoice import KINDS
from ml_connector.core.contract import Payload, join_key
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.received import Taken


def order_number(order: str) -> str:
    """How an order's invoices are found, whatever their suppliers call it: as our own 850 writes it.

    Args:
        order: its key, ``US001|0000000007``.
    """
    return order.replace("|", "-", 1)


def order_of(match: Payload) -> str | None:
    """Key of the order that a match is about; None where none was found."""
    unit, order = match.get("BUSINESS_UNIT_PO"), match.get("PO_ID")
    return join_key(unit, order) if unit and order else None


def invoiced_before(context: InboundContext, invoice: Taken, orders: Sequence[str]) -> Payload:
    """``invoiced_before``, by line and schedule of the order, and ``charged_before``. Blocking.

    What matched counts, and what was sent or released; what is held does not.

    Args:
        orders: keys of the orders that the invoice can be about.
    """
    counted = _counted(context, invoice, orders) if orders and invoice.partner else []
    return {
        "invoiced_before": [row for one in counted for row in _lines(one.data["match"])],
        "charged_before": [_charges(one) for one in counted],
    }


def _counted(context: InboundContext, invoice: Taken, orders: Sequence[str]) -> list[Taken]:
    with context.store.read() as connection:
        found = received.of_reference(
            connection, context.store, context.name, flow=INVOICES, partner=invoice.partner or "",
            references=[order_number(order) for order in orders],
        )  # fmt: skip
    others = [one for one in found if one.set_id != invoice.set_id and one.data.get("match")]
    going = going_keys(context.store, context.invoices, [one.key or "" for one in others])
    return [one for one in others if one.key in going or _will_go(one)]


def _will_go(one: Taken) -> bool:
    """A second invoice under one number is held even if it matches."""
    return one.data["match"]["result"] == MATCHED and not one.data["duplicate_of"]


def _lines(match: Payload) -> list[Payload]:
    order = order_of(match)
    return [
        {
            "order_line": join_key(order, line["LINE_NBR"]),
            "schedule": line.get("SCHED_NBR"),
            "quantity": _number(line.get("QTY_VCHR")),
            "amount": _number(line.get("MERCHANDISE_AMT")),
        }
        for line in match["lines"]
        if order and line.get("LINE_NBR")
    ]


def _charges(one: Taken) -> Payload:
    given = one.data["invoice"]
    return {"order": order_of(one.data["match"]), **{kind: _number(given[kind]) for kind in KINDS}}


def _number(stored: int | Decimal | None) -> Decimal | None:
    """JSON makes a plain 13 of ``Decimal("13")``."""
    return None if stored is None else Decimal(stored)
