"""Approved invoices as a source: found by their status, by id, and because of a notification.

An invoice is offered (``WaitingForTransfer``) until we acknowledge it, and then waits for our answer
(``TransferInProgress``), where no poll for offered ones shows it again. So both statuses are listed in
every run, and an invoice is acknowledged only after the ledger has it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime

from ml_connector.basware.api import Acknowledgment, BaswareApi
from ml_connector.basware.companies import Companies
from ml_connector.basware.invoices.document import (
    IN_PROGRESS,
    OFFERED,
    WAITING,
    as_document,
    stamp_of,
    transfer_of,
)
from ml_connector.basware.invoices.known import KnownInvoices, Taken
from ml_connector.basware.options import InvoiceOptions
from ml_connector.core.contract import (
    CaughtUp,
    Document,
    KeyAnswer,
    Page,
    Payload,
    Scan,
    Unreadable,
    Window,
)
from ml_connector.core.errors import ContractChanged, InDoubt
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.webhooks import Event

DOCUMENTS = "/v1/accountingDocuments"
PAGE = 100
"""Documents of a page; Basware gives no more."""

_TOLD = 50
"""Acknowledgments after which the trail is written."""

_ID = re.compile(r"[A-Za-z0-9-]{1,36}")


class InvoiceSource:
    """``core.contract.EventSource`` and ``Acknowledging`` over ``GET /v1/accountingDocuments``.

    Args:
        known: what the ledger has already.
        options: what documents are made of invoices.
        upkeep: makes sure that notifications keep coming; None where nobody subscribes.
    """

    def __init__(
        self,
        api: BaswareApi,
        companies: Companies,
        known: KnownInvoices,
        options: InvoiceOptions,
        upkeep: Callable[[], Awaitable[CaughtUp]] | None = None,
    ) -> None:
        self._api, self._companies, self._known = api, companies, known
        self._options, self._upkeep = options, upkeep
        self._offered: set[str] = set()

    # ---- the contract

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`. A complete read also looks at what was answered already."""
        began = self._api.now()
        until = moment(window.until) if window.until else None
        for company in self._companies.filters():
            for query in _queries(window):
                asked = {"pageSize": str(PAGE), **company, **query}
                answered = "ProcessingStatus" not in query
                async for rows in self._api.pages(DOCUMENTS, asked):
                    within = [row for row in rows if _before(row, until)]
                    documents, rejected = await self._documents(within, answered=answered)
                    yield Page(documents, None, last=False, source_time=began, rejected=rejected)
        yield Page((), None, last=True, source_time=began)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`. What Basware no longer offers is shown as the ledger has it."""
        wanted = [key for key in dict.fromkeys(keys) if _ID.fullmatch(key)]
        records = await asyncio.gather(*(self._api.one(f"{DOCUMENTS}/{key}") for key in wanted))
        found = dict(zip(wanted, records, strict=True))
        documents, rejected = await self._documents(
            [row for row in records if row is not None], answered=True
        )
        absent = [key for key in dict.fromkeys(keys) if found.get(key) is None]
        return KeyAnswer(documents, absent, rejected)

    async def catch_up(self) -> CaughtUp:
        """See :class:`core.contract.EventSource`."""
        return await self._upkeep() if self._upkeep else CaughtUp()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """See :class:`core.contract.EventSource`. Verdicts on what was sent are asked for by the flows."""
        return {event.event_id: _invoice_of(event) for event in events}

    async def acknowledge(self, keys: Sequence[str]) -> None:
        """See :class:`core.contract.Acknowledging`."""
        offered = [key for key in keys if key in self._offered]
        for start in range(0, len(offered), _TOLD):
            part = offered[start : start + _TOLD]
            told = await asyncio.gather(*(self._acknowledge(key) for key in part))
            heard = [key for key, done in zip(part, told, strict=True) if done]
            await asyncio.to_thread(self._known.acknowledged, heard)

    # ---- reading

    async def _documents(
        self, records: Iterable[Payload], *, answered: bool
    ) -> tuple[list[Document], list[Unreadable]]:
        """Documents of the tenant that are, or were, for us.

        Args:
            answered: also those that the ledger has and Basware no longer waits for.
        """
        ours = [(row, unit) for row in records if (unit := self._unit(row)) is not None]
        known = await asyncio.to_thread(self._known.of, [str(row["invoiceId"]) for row, _ in ours])
        made = []
        for row, unit in ours:
            taken = known.get(str(row["invoiceId"]))
            transfer = _transfer(row, taken, answered=answered)
            if transfer is not None:
                made.append(as_document(row, unit, transfer, self._options))
            if row.get("processingStatus") == WAITING:
                self._offered.add(str(row["invoiceId"]))
        documents = [one for one in made if isinstance(one, Document)]
        return documents, [one for one in made if isinstance(one, Unreadable)]

    def _unit(self, record: Payload) -> str | None:
        if not _ID.fullmatch(str(record.get("invoiceId") or "")):
            raise ContractChanged("Basware shows an accounting document without an invoiceId")
        if record.get("p2pProcessingMode") not in (None, "Standard"):
            return None  # enrichment is another process: its documents are never approved for payment
        return self._companies.unit(str(record.get("companyCode") or ""))

    # ---- acknowledging

    async def _acknowledge(self, key: str) -> bool:
        """Whether Basware knows now; an answer that got lost shows in the status of the next run."""
        try:
            return await self._api.acknowledge(key) is not Acknowledgment.UNKNOWN
        except InDoubt:
            return False


def _queries(window: Window) -> list[dict[str, str]]:
    queries = [{"ProcessingStatus": status} for status in OFFERED]
    if window.scan is Scan.FULL:
        queries.append({"lastUpdated": window.since} if window.since else {})
    return queries


def _transfer(record: Payload, taken: Taken | None, *, answered: bool) -> str | None:
    """For which transfer a document is to be read; None where the ledger need not hear of it.

    Only an offered document is a new transfer. One in progress that the ledger knows waits for our answer,
    and may show that answer before Basware has acted on it.
    """
    status = record.get("processingStatus")
    if status == WAITING or (status == IN_PROGRESS and taken is None):
        return transfer_of(record)
    return taken.transfer if taken is not None and answered else None


def _before(record: Payload, until: datetime | None) -> bool:
    stamp = stamp_of(record)
    return until is None or stamp is None or moment(stamp) < until


def _invoice_of(event: Event) -> Sequence[str]:
    key = str(event.body.get("documentId") or "")
    about_documents = event.type.partition("/")[0] == "AccountingDocuments"
    return (key,) if about_documents and _ID.fullmatch(key) else ()
