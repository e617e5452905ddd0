"""All invoices of a tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from sandbox.basware.errors import not_found
from sandbox.clock import Clock

from .make import document
from .model import Document


class Archive:
    """Invoices by id, in the order in which they came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self.rows: dict[str, Document] = {}
        self.order: list[Document | None] = []

    def add(self, body: Mapping[str, Any], companies: Mapping[str, str]) -> Document:
        """Make an invoice. Raises ``ValueError``, also for an id that is taken."""
        made = document(self._clock, body, next(self._numbers), companies)
        if made.id in self.rows:
            raise ValueError(f"invoice {made.id} exists")
        self.rows[made.id] = made
        self.order.append(made)
        return made

    def find(self, invoice_id: str) -> Document:
        """One invoice. Raises ``BaswareError`` with 404."""
        if (found := self.rows.get(invoice_id)) is None:
            raise not_found()
        return found

    def by_status(self) -> dict[str, int]:
        """How many there are in each state."""
        return dict(Counter(row.status for row in self.rows.values()))

    def duplicates(self) -> Iterator[dict[str, Any]]:
        """Invoices of which more than one voucher was reported."""
        for row in self.rows.values():
            if len(vouchers := sorted(set(row.vouchers))) > 1:
                yield {"invoiceId": row.id, "vouchers": [list(voucher) for voucher in vouchers]}
