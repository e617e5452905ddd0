"""How invoices stand in Basware now: few are asked for one by one, many through a list.

A list of a hundred invoices costs one call, as a single invoice does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ml_connector.basware.api import BaswareApi, PagingExpired
from ml_connector.basware.companies import Companies
from ml_connector.basware.invoices.document import OFFERED
from ml_connector.basware.invoices.source import DOCUMENTS, PAGE
from ml_connector.core.contract import Payload

_SINGLY = 5
"""So many, in one question or in several, are each asked for at their own address."""

_FRESH = timedelta(minutes=2)
"""A list is believed for so long; what is written by us meanwhile is asked for again."""

_KEPT = (
    "invoiceId", "invoiceNumber", "processingStatus", "paymentBlock", "voucherNumber1", "voucherNumber2",
    "transferResponses", "paymentResponses",
)  # fmt: skip


class Standing:
    """Documents by id, remembered for a while."""

    def __init__(self, api: BaswareApi, companies: Companies) -> None:
        self._api, self._companies = api, companies
        self._listed: dict[str, Payload] = {}
        self._listed_at: datetime | None = None
        self._queries: Sequence[Mapping[str, str]] = ()
        self._asked = 0
        self._lock = asyncio.Lock()

    async def now(self, ids: Sequence[str]) -> dict[str, Payload]:
        """These documents, each from its own address."""
        wanted = list(dict.fromkeys(ids))
        found = await asyncio.gather(*(self._api.one(f"{DOCUMENTS}/{one}") for one in wanted))
        return {key: record for key, record in zip(wanted, found, strict=True) if record is not None}

    async def offered(self, ids: Sequence[str]) -> dict[str, Payload]:
        """These documents; those for which Basware waits may be as a list showed them a moment ago."""
        return await self._known(ids, [{"ProcessingStatus": status} for status in OFFERED])

    async def changed(self, ids: Sequence[str], since: datetime) -> dict[str, Payload]:
        """These documents; those that changed since then may be as a list showed them a moment ago."""
        return await self._known(ids, [{"lastUpdated": since.isoformat()}])

    async def page(self, status: str, cursor: str | None) -> tuple[list[Payload], str | None]:
        """A page of the tenant's documents in a status, and the cursor of the next one."""
        filters = self._companies.filters()
        number, _, token = (cursor or "0|").partition("|")
        query = {"ProcessingStatus": status, "pageSize": str(PAGE), **filters[int(number)]}
        try:
            found = await self._api.page(DOCUMENTS, query, token or None)
        except PagingExpired:
            found = await self._api.page(DOCUMENTS, query)
        ours = [
            slim(row) for row in found.rows if self._companies.unit(str(row.get("companyCode"))) is not None
        ]
        if found.token is not None:
            return ours, f"{number}|{found.token}"
        following = int(number) + 1
        return ours, f"{following}|" if following < len(filters) else None

    def forget(self, ids: Sequence[str]) -> None:
        """They were written to."""
        for one in ids:
            self._listed.pop(one, None)

    async def _known(self, ids: Sequence[str], queries: Sequence[Mapping[str, str]]) -> dict[str, Payload]:
        async with self._lock:  # of several that ask, one lists
            if queries != self._queries or self._is_old():
                self._listed, self._listed_at, self._asked, self._queries = {}, None, 0, queries
            self._asked += sum(one not in self._listed for one in dict.fromkeys(ids))
            if self._listed_at is None and self._asked > _SINGLY:
                await self._list(queries)
            found = {one: self._listed[one] for one in ids if one in self._listed}
        return found | await self.now([one for one in ids if one not in found])

    def _is_old(self) -> bool:
        return self._listed_at is not None and self._api.now() - self._listed_at > _FRESH

    async def _list(self, queries: Sequence[Mapping[str, str]]) -> None:
        began = self._api.now()
        for company in self._companies.filters():
            for query in queries:
                asked = {**query, **company, "pageSize": str(PAGE)}
                async for rows in self._api.pages(DOCUMENTS, asked):
                    self._listed.update({str(row["invoiceId"]): slim(row) for row in rows})
        self._listed_at = began


def slim(record: Payload) -> Payload:
    """What is asked about a document: there may be thousands in a list."""
    return {name: record[name] for name in _KEPT if name in record}
