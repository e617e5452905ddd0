"""What became of invoices, as a source: the ledger of the flow that makes vouchers of them.

Only a voucher that exists is told, and only a refusal that is final for the invoice as it is: what waits,
is held, in doubt or in conflict is not decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from sqlalchemy import ColumnElement, select

from ml_connector.core.contract import CaughtUp, Document, KeyAnswer, Page, Payload, Window
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store, in_chunks
from ml_connector.core.webhooks import Event

PAGE = 500
MESSAGE = 250
"""Characters of a response's message that Basware keeps."""

_COLUMNS = (
    document.c.id, document.c.key, document.c.unit, document.c.status, document.c.since, document.c.reason,
    document.c.target_id, document.c.label, document.c.amount, document.c.currency, document.c.party,
)  # fmt: skip


_MADE = (Status.LOADED, Status.HELD, Status.DRIFTED)


class Decisions:
    """``core.contract.EventSource`` over the ledger.

    Args:
        invoices: the flow that makes vouchers.
    """

    def __init__(self, store: Store, invoices: Scope) -> None:
        self._store, self._invoices = store, invoices

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`. The stamp is the time of the decision."""
        began, after = self._store.now(), 0
        while True:
            rows = await asyncio.to_thread(self._next, window, after)
            last = len(rows) < PAGE
            after = rows[-1].id if rows else after
            yield Page([_document(row) for row in rows], None, last=last, source_time=began)
            if last:
                return

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`. An invoice that is judged again was not deleted."""
        rows = await asyncio.to_thread(self._named, keys)
        return KeyAnswer([_document(row) for row in rows], [])

    async def catch_up(self) -> CaughtUp:
        """See :class:`core.contract.EventSource`. Nobody sends events about our own decisions."""
        return CaughtUp()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """See :class:`core.contract.EventSource`."""
        return {event.event_id: () for event in events}

    def _next(self, window: Window, after: int) -> Sequence[AnyRow]:
        where: list[ColumnElement[bool]] = [document.c.unit == window.unit, document.c.id > after]
        if window.since:
            where.append(document.c.since >= moment(window.since))
        if window.until:
            where.append(document.c.since < moment(window.until))
        with self._store.read() as connection:
            statement = select(*_COLUMNS).where(self._decided(), *where)
            rows: Sequence[AnyRow] = connection.execute(statement.order_by(document.c.id).limit(PAGE)).all()
        return rows

    def _named(self, keys: Sequence[str]) -> list[AnyRow]:
        rows: list[AnyRow] = []
        with self._store.read() as connection:
            for chunk in in_chunks(keys):
                statement = select(*_COLUMNS).where(self._decided(), document.c.key.in_(chunk))
                rows += connection.execute(statement).all()
        return rows

    def _decided(self) -> ColumnElement[bool]:
        """A row whose source has changed since is judged again first."""
        status, there = document.c.status, document.c.target_id.is_not(None)
        # Found, and in another form than it is wanted: it is there all the same, and a person may see to it.
        adopted = (status == Status.HELD) & there & document.c.loaded_hash.is_(None)
        changed = (status == Status.DRIFTED) & there & ~document.c.reason.endswith("is gone from the target")
        final = status.in_((Status.LOADED, Status.REJECTED)) | adopted | changed
        return self._invoices.rows() & final & ~document.c.unmapped


def _document(row: AnyRow) -> Document:
    decided_at = row.since.isoformat(timespec="seconds")
    made = row.status in _MADE
    unit, _, voucher = (row.target_id or "").partition("|")
    told = f"Voucher {voucher} of business unit {unit} is in PeopleSoft"
    payload: Payload = {
        "invoiceId": row.key,
        "BUSINESS_UNIT": row.unit,
        "number": row.label or row.key,
        "success": "true" if made else "false",
        "message": _cut(told if made else row.reason or "PeopleSoft refused the invoice"),
        "voucher_unit": unit,
        "VOUCHER_ID": voucher,
        "decided_at": decided_at,
        "amount": row.amount,
        "currency": row.currency,
        "party": row.party,
    }
    return Document(row.key, row.unit, payload, stamp=decided_at)


def _cut(text: str) -> str:
    return text if len(text) <= MESSAGE else f"{text[: MESSAGE - 1].rstrip()}…"
