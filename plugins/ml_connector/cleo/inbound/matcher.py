"""What holds a supplier's invoice against its purchase order: orders are not Cleo's, so it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Payload
from ml_connector.core.state.store import Store

MATCHED = "matched"
"""Result of an invoice that agrees with its order and receipts."""


class Matcher(Protocol):
    """Compares invoices with orders and receipts."""

    def orders(self, invoice: Payload) -> list[str]:
        """Keys of the orders that an invoice can be about, ``BUSINESS_UNIT|PO_ID``, the likeliest first.

        The same for every spelling of an order's number; none where the invoice names no order.
        """
        ...

    async def match(self, invoices: Sequence[Payload]) -> list[Payload]:
        """One match for each invoice, in the same order.

        An invoice holds ``key``, ``partner``, ``vendors``, ``number``, ``date``, ``kind``, ``currency``,
        ``order``, ``business_unit``, ``total``, ``tax``, ``vat``, ``freight``, ``miscellaneous``, ``lines``,
        ``invoiced_before`` and ``charged_before``. A match holds ``result``, ``reason``, ``releasable`` and
        the fields of the voucher; docs/cleo.md lists both.

        Raises:
            ConnectorError: whatever keeps orders from being read.
        """
        ...


MatcherFactory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Matcher]]
"""Opens the matcher of a tenant; the model holds the options of the integration."""
