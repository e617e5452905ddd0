"""How invoices stand in Basware now: few are asked for one by one, many through the list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.companies import Companies
from ml_connector.basware.invoices.document import OFFERED
from ml_connector.basware.invoices.source import DOCUMENTS, PAGE
from ml_connector.core.contract import Payload

_SINGLY = 5
"""So many are each asked for at their own address, which costs a call for each."""

_FRESH = timedelta(minutes=2)
"""A list is believed for so long; what is written by us meanwhile is asked for again."""


class Standing:
    """Documents by id, remembered for a while.

    Args:
        units: business units whose companies are listed.
    """

    def __init__(self, api: BaswareApi, companies: Companies, units: Sequence[str]) -> None:
        self._api = api
        self._codes = [code for unit in units for code in companies.codes(unit)]
        self._listed: dict[str, Payload] = {}
        self._listed_at: datetime | None = None

    async def now(self, ids: Sequence[str]) -> dict[str, Payload]:
        """These documents, each from its own address."""
        wanted = list(dict.fromkeys(ids))
        found = await asyncio.gather(*(self._api.one(f"{DOCUMENTS}/{one}") for one in wanted))
        return {key: record for key, record in zip(wanted, found, strict=True) if record is not None}

    async def offered(self, ids: Sequence[str]) -> dict[str, Payload]:
        """These documents; those for which Basware waits may be as a list showed them a moment ago."""
        if self._listed_at is None or self._api.now() - self._listed_at > _FRESH:
            self._listed, self._listed_at = {}, None
        missing = [one for one in dict.fromkeys(ids) if one not in self._listed]
        if len(missing) > _SINGLY and self._listed_at is None:
            await self._list()
            missing = [one for one in missing if one not in self._listed]
        found = {one: self._listed[one] for one in ids if one in self._listed}
        return found | await self.now(missing)

    def forget(self, ids: Sequence[str]) -> None:
        """They were written to."""
        for one in ids:
            self._listed.pop(one, None)

    async def _list(self) -> None:
        began = self._api.now()
        for code in self._codes:
            for status in OFFERED:
                query = {"ProcessingStatus": status, "companyCode": code, "pageSize": str(PAGE)}
                async for rows in self._api.pages(DOCUMENTS, query):
                    self._listed.update({str(row["invoiceId"]): slim(row) for row in rows})
        self._listed_at = began


def slim(record: Payload) -> Payload:
    """A document without what may be large: coding rows stay where they are."""
    heavy = {"codingRows", "invoiceLines", "attachments"}
    return {name: value for name, value in record.items() if name not in heavy}
