"""Files of invoices as documents: those of each invoice that Basware knows to be transferred.

Basware gives files out only after the transfer, so the ledger of transfer responses says which, and the
invoices as they were read say what they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, select

from ml_connector.basware.responses.kinds import TRANSFERRED
from ml_connector.core.contract import CaughtUp, Document, KeyAnswer, Page, Payload, Window, join_key
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document, payload
from ml_connector.core.state.store import Store, in_chunks
from ml_connector.core.webhooks import Event

PAGE = 200
"""Invoices looked at together."""


class Files:
    """``core.contract.EventSource`` over the ledger.

    Args:
        transfers: the flow that tells Basware of vouchers.
        invoices: the flow that read the invoices.
    """

    def __init__(self, store: Store, transfers: Scope, invoices: Scope) -> None:
        self._store, self._transfers, self._invoices = store, transfers, invoices

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`. The stamp is the time at which Basware took the voucher."""
        began, after = self._store.now(), 0
        while True:
            rows = await asyncio.to_thread(self._next, window, after)
            last = len(rows) < PAGE
            after = rows[-1].id if rows else after
            documents = await asyncio.to_thread(self._documents, rows)
            yield Page(documents, None, last=last, source_time=began)
            if last:
                return

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`. What was kept once is never absent."""
        wanted = set(keys)
        invoices = list(dict.fromkeys(key.partition("|")[0] for key in keys))
        rows = await asyncio.to_thread(self._named, invoices)
        documents = await asyncio.to_thread(self._documents, rows)
        return KeyAnswer([one for one in documents if one.key in wanted], [])

    async def catch_up(self) -> CaughtUp:
        """See :class:`core.contract.EventSource`."""
        return CaughtUp()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """See :class:`core.contract.EventSource`."""
        return {event.event_id: () for event in events}

    def _next(self, window: Window, after: int) -> Sequence[AnyRow]:
        where = [document.c.unit == window.unit, document.c.id > after]
        if window.since:
            where.append(document.c.loaded_at >= moment(window.since))
        if window.until:
            where.append(document.c.loaded_at < moment(window.until))
        with self._store.read() as connection:
            return self._rows(connection, *where)

    def _named(self, invoices: Sequence[str]) -> list[AnyRow]:
        rows: list[AnyRow] = []
        with self._store.read() as connection:
            for chunk in in_chunks(invoices, PAGE):
                rows += self._rows(connection, document.c.key.in_(chunk))
        return rows

    def _rows(self, connection: object, *where: ColumnElement[bool]) -> Sequence[AnyRow]:
        columns = (document.c.id, document.c.key, document.c.unit, document.c.target_id, document.c.loaded_at)
        told = and_(
            self._transfers.rows(),
            document.c.status == Status.LOADED,
            document.c.loaded_state == TRANSFERRED,
            *where,
        )
        statement = select(*columns).where(told).order_by(document.c.id).limit(PAGE)
        rows: Sequence[AnyRow] = connection.execute(statement).all()  # type: ignore[attr-defined]
        return rows

    def _documents(self, rows: Sequence[AnyRow]) -> list[Document]:
        contents = self._contents([row.key for row in rows])
        return [one for row in rows for one in _files(row, contents.get(row.key) or {})]

    def _contents(self, keys: Sequence[str]) -> dict[str, Payload]:
        same = and_(payload.c.document_id == document.c.id, payload.c.hash == document.c.source_hash)
        found: dict[str, Payload] = {}
        with self._store.read() as connection:
            for chunk in in_chunks(keys):
                statement = select(document.c.key, payload.c.data).join_from(document, payload, same)
                where = (self._invoices.rows(), document.c.key.in_(chunk))
                for row in connection.execute(statement.where(*where)):
                    found[row.key] = self._store.open(row.data)
        return found


def _files(row: AnyRow, invoice: Payload) -> Iterator[Document]:
    taken_at = row.loaded_at.isoformat(timespec="seconds")
    unit, _, voucher = (row.target_id or "").partition("|")
    for file in invoice.get("attachments") or ():
        key = join_key(row.key, file["externalCode"])
        content: Payload = {
            "invoiceId": row.key,
            "code": file["externalCode"],
            "name": str(file.get("filename") or file["externalCode"]),
            "category": file.get("category"),
            "confidential": "true" if file.get("isConfidential") else "false",
            "BUSINESS_UNIT": unit or row.unit,
            "VOUCHER_ID": voucher,
            "number": invoice.get("invoiceNumber"),
            "party": invoice.get("supplierCode"),
            "taken_at": taken_at,
        }
        yield Document(key, row.unit, content, stamp=taken_at)
