"""Matches invoices in bulk: reads all their orders with one look-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import KeyAnswer, Payload
from ml_connector.core.errors import ConfigurationError
from ml_connector.peoplesoft.matching.charges import charges_of
from ml_connector.peoplesoft.matching.findings import MATCHED, Finding
from ml_connector.peoplesoft.matching.match import match, unmatched
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.matching.order import Order, read_order
from ml_connector.peoplesoft.matching.references import OrderNumbers

ReadOrders = Callable[[Sequence[str]], Awaitable[KeyAnswer]]


@dataclass(slots=True)
class _Claimed:
    """What matched ahead in the same call has used up of an order."""

    lines: list[Payload] = field(default_factory=list)
    charges: list[Payload] = field(default_factory=list)


class OrderMatcher:
    """Holds invoices against a tenant's orders.

    Args:
        read: orders of the dataset ``purchase_orders``, by key.
    """

    def __init__(self, tenant: TenantConfig, options: MatchingOptions, read: ReadOrders) -> None:
        self._tenant, self._options, self._read = tenant, options, read
        self._numbers = OrderNumbers(options, tenant.business_units)

    def orders(self, invoice: Payload) -> list[str]:
        """Keys of the orders that an invoice can be about, ``BUSINESS_UNIT|PO_ID``, the likeliest first.

        However a supplier spells the number, the keys are the same; none where it names no order.
        """
        found = self._numbers.of_invoice(invoice)
        return [] if isinstance(found, Finding) else found

    async def match(self, invoices: Sequence[Payload]) -> list[Payload]:
        """One match for each invoice, in the same order.

        Raises:
            ConfigurationError: receipts are required, and the order's query does not show them.
            ConnectorError: PeopleSoft does not answer.
        """
        named = [self._numbers.of_invoice(invoice) for invoice in invoices]
        keys = dict.fromkeys(key for one in named if not isinstance(one, Finding) for key in one)
        answer = await self._read(list(keys)) if keys else KeyAnswer([], [])
        orders: dict[str, Order | Finding] = {
            item.key: self._order(item.payload) for item in answer.documents
        }
        for item in answer.rejected:
            text = (
                f"Order {item.key} cannot be read: {item.field} is {item.value!r}, expected {item.expected}."
            )
            orders[item.key] = Finding("unreadable_order", text, stops=True)
        claimed: defaultdict[str, _Claimed] = defaultdict(_Claimed)
        return [
            self._one(invoice, keys, orders, claimed) for invoice, keys in zip(invoices, named, strict=True)
        ]

    def _order(self, payload: Payload) -> Order:
        setid = self._tenant.setid("suppliers", str(payload.get("BUSINESS_UNIT", "")))
        order = read_order(payload, setid, self._options.cancelled)
        if self._options.receipts == "required" and not order.shows_receipts:
            raise ConfigurationError(
                "matching wants receipts, but the query of the dataset purchase_orders does not show them",
                field="matching.receipts",
                expected="columns of RECV_LN_SHIP in ML_PO_KEY, or receipts: if_any or ignored",
            )
        return order

    def _one(
        self,
        invoice: Payload,
        keys: list[str] | Finding,
        orders: dict[str, Order | Finding],
        claimed: defaultdict[str, _Claimed],
    ) -> Payload:
        """One match; what matched ahead of it in the same call has used up a part of the order."""
        if isinstance(keys, Finding):
            return unmatched(invoice, keys)
        order = next((orders[key] for key in keys if key in orders), None)
        if order is None:
            text = f"PeopleSoft has no order {keys[0]}, or the integration user may not see it."
            return unmatched(invoice, Finding("unknown_order", text, stops=True))
        if isinstance(order, Finding):
            return unmatched(invoice, order)
        ahead = claimed[order.key]
        before = {
            "invoiced_before": [*(invoice.get("invoiced_before") or ()), *ahead.lines],
            "charged_before": [*(invoice.get("charged_before") or ()), *ahead.charges],
        }
        made = match({**invoice, **before}, order, self._options)
        if made["result"] == MATCHED:
            ahead.lines += [_claim(order, line) for line in made["lines"]]
            ahead.charges.append({"order": order.key, **charges_of(invoice)})
        return made


def _claim(order: Order, line: Payload) -> Payload:
    return {
        "order_line": order.line_key(int(line["LINE_NBR"])),
        "schedule": line["SCHED_NBR"],
        "quantity": line["QTY_VCHR"],
        "amount": line["MERCHANDISE_AMT"],
    }
