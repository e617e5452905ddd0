"""Basware's open API for P2P, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from ml_connector.basware.answers import Download, ListPage
from ml_connector.basware.calls import Calls
from ml_connector.basware.errors import Duplicate, NotFound, PagingExpired
from ml_connector.basware.imports import Imported, Importer, PartlyImported, Refusal
from ml_connector.basware.reading import Reader
from ml_connector.basware.redirects import Redirects
from ml_connector.basware.request_status import Item, ItemError, RequestStatus, RequestStatuses
from ml_connector.basware.writing import Acknowledgment, InvoiceWriter, Receipt, ResponseKind
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.spacing import Spacing
from ml_connector.core.state.store import utc_now

__all__ = [
    "Acknowledgment",
    "BaswareApi",
    "Download",
    "Duplicate",
    "Imported",
    "Item",
    "ItemError",
    "ListPage",
    "NotFound",
    "PagingExpired",
    "PartlyImported",
    "Receipt",
    "Refusal",
    "RequestStatus",
    "ResponseKind",
]

SUBSCRIPTIONS, TASKS = "/v1/subscriptions", "/v1/tasks"


class BaswareApi:
    """Calls by name; answers as JSON objects with exact numbers.

    Every method raises the classes of ``core.errors``. Reads are repeated inside the call; a write whose
    answer is lost raises ``InDoubt`` and is never repeated here.

    Paths begin with the version: ``/v1/vendors``. Parts of them that are values must be percent-encoded
    (``core.http.quote_segment``).

    Args:
        calls: over a client with authentication and gate.
        redirects: fetches larger answers.
        spacing: keeps writes to one record apart.
        clock: replaceable in tests.
        on_close: awaited last by :meth:`aclose`.
    """

    def __init__(
        self,
        calls: Calls,
        redirects: Redirects,
        spacing: Spacing,
        *,
        clock: Callable[[], datetime] = utc_now,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.now = clock
        self._calls, self._on_close = calls, on_close
        self._reader = Reader(calls, redirects)
        self._writer = InvoiceWriter(calls, spacing)
        self._importer = Importer(calls, self._reader, spacing)
        self._statuses = RequestStatuses(self._reader, calls.clean)

    async def aclose(self) -> None:
        """Close the connection and give back what was reserved."""
        await self._calls.aclose()
        if self._on_close is not None:
            await self._on_close()

    # ---- reading

    async def page(
        self, path: str, query: Mapping[str, str], token: str | None = None, *, wrapper: str | None = None
    ) -> ListPage:
        """One page of a list; an empty list has no rows and no token.

        Args:
            path: of the list, e.g. ``/v1/accountingDocuments``.
            query: filters; the same for every page.
            token: of the page before.
            wrapper: key of the list in the answer; else its first list.

        Raises:
            PagingExpired: the token is not taken any more; begin again with the first page.
        """
        return await self._reader.page(path, query, token, wrapper=wrapper)

    def pages(
        self, path: str, query: Mapping[str, str], *, wrapper: str | None = None
    ) -> AsyncIterator[list[Payload]]:
        """The rows of all pages. It may begin again once, so a row may come twice: callers go by its id.

        Raises:
            PagingExpired: pages expire faster than they are taken up.
        """
        return self._reader.pages(path, query, wrapper=wrapper)

    async def one(self, path: str) -> Payload | None:
        """One object; None where there is none."""
        return await self._reader.one(path)

    async def download(self, path: str, limit_bytes: int) -> Download:
        """A file, such as an invoice's attachment.

        Raises:
            NotFound: there is none.
            Rejected: it is larger than allowed.
        """
        return await self._reader.download(path, limit_bytes)

    # ---- invoices

    async def acknowledge(self, invoice_id: str) -> Acknowledgment:
        """Say that an invoice is stored here; Basware offers it no longer.

        Raises:
            InDoubt: it may have been executed; once more is harmless.
        """
        return await self._writer.acknowledge(invoice_id)

    async def respond(self, invoice_id: str, kind: ResponseKind, body: Payload) -> Receipt:
        """Answer an invoice.

        Args:
            invoice_id: of the invoice.
            kind: what is answered.
            body: with an ``externalCode`` of its own, the same for each attempt at the same answer.

        Raises:
            Duplicate: this external code is there already, so an earlier attempt arrived.
            NotFound: there is no such invoice.
            Rejected: with field and reason.
            InDoubt: it may have been executed; try again with the same external code.
        """
        return await self._writer.respond(invoice_id, kind, body)

    # ---- records, and what P2P made of them

    async def import_records(self, path: str, records: Sequence[Payload]) -> Imported:
        """Write records over what stands under their external codes.

        Args:
            path: of the resource, e.g. ``/v1/vendors``.
            records: no more than Basware takes at once (vendors 200, others 500), each external code once.

        Raises:
            InDoubt: it may have been executed. ``PartlyImported`` says which part was answered.
        """
        return await self._importer.send(path, records)

    async def request_status(self, request_id: str) -> RequestStatus | None:
        """What P2P made of a write; None where Basware does not know of it, or not yet."""
        return await self._statuses.one(request_id)

    def request_statuses(
        self,
        *,
        status: str | None = None,
        entity_type: str | None = None,
        since: str | None = None,
        ignore_successful: bool = True,
    ) -> AsyncIterator[list[RequestStatus]]:
        """What P2P made of many writes, in pages; without a status and type Basware lists errors only.

        Args:
            status: ``Error`` and so on.
            entity_type: ``Vendor`` and so on.
            since: changed after this time, ISO 8601.
            ignore_successful: leave out records that were successful.
        """
        return self._statuses.list(
            status=status, entity_type=entity_type, since=since, ignore_successful=ignore_successful
        )

    # ---- notifications

    async def subscriptions(self) -> list[Payload]:
        """All subscriptions. They hold the token that signs: show none of them."""
        rows: list[Payload] = []
        async for page in self._reader.pages(SUBSCRIPTIONS, {}, wrapper="subscriptions"):
            rows += page
        return rows

    async def subscribe(self, entries: Sequence[Payload]) -> None:
        """Make or replace subscriptions; Basware calls each address before it answers."""
        await self._calls.write(SUBSCRIPTIONS, list(entries), repeatable=True)

    async def unsubscribe(self, task_type: str, task_sub_type: str, last_updated: str) -> None:
        """End subscriptions that were changed after this time; needs the scope ``subscriptions.delete``."""
        params = {"taskType": task_type, "taskSubType": task_sub_type, "lastUpdated": last_updated}
        await self._calls.write(SUBSCRIPTIONS, method="DELETE", params=params, repeatable=True)

    async def tasks(self, query: Mapping[str, str], token: str | None = None) -> ListPage:
        """One page of the notifications that Basware made, with what became of each."""
        return await self.page(TASKS, query, token, wrapper="taskStatus")
