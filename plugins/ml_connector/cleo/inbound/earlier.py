"""What was invoiced of an order before, by other invoices that came in the same way."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.cleo.inbound.context import INVOICES, InboundContext
from ml_connector.cleo.inbound.ledger_state import sent_keys
from ml_connector.cleo.inbound.matcher import MATCHED
from ml_connector.cleo.inbound.supplier_invoice import orders_of
from ml_connector.core.contract import Payload, join_key
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.received import Taken


def invoiced_before(context: InboundContext, invoice: Taken) -> list[Payload]:
    """Quantities and amounts by line of the order, of invoices that matched or were sent. Blocking."""
    orders = orders_of(invoice.data["invoice"])
    if not orders or invoice.partner is None:
        return []
    with context.store.read() as connection:
        found = received.of_reference(
            connection, context.store, context.name, flow=INVOICES, partner=invoice.partner, references=orders
        )
    others = [one for one in found if one.set_id != invoice.set_id and one.data.get("match")]
    sent = sent_keys(context.store, context.invoices, [one.key or "" for one in others])
    counted = [one for one in others if one.key in sent or one.data["match"]["result"] == MATCHED]
    return [row for one in counted for row in _lines(one.data["match"])]


def _lines(match: Payload) -> list[Payload]:
    unit, order = match.get("BUSINESS_UNIT_PO"), match.get("PO_ID")
    return [
        {
            "order_line": join_key(unit, order, line["LINE_NBR"]),
            "quantity": _number(line.get("QTY_VCHR")),
            "amount": _number(line.get("MERCHANDISE_AMT")),
        }
        for line in match["lines"]
        if unit and order and line.get("LINE_NBR")
    ]


def _number(stored: int | Decimal | None) -> Decimal | None:
    """JSON makes a plain 13 of ``Decimal("13")``."""
    return None if stored is None else Decimal(stored)
