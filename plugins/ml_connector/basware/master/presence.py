"""What Basware holds: record by record, or everything once where many are asked for.

Basware has no search by several codes. A few records are asked for one by one; for more, the whole list is
read once and kept aside. An object found under another external code, with the business code and a company
of ours, was made by someone before us, and is taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.master.kinds import Kind
from ml_connector.basware.master.spool import Spool
from ml_connector.core.contract import Payload
from ml_connector.core.http import quote_segment

PAGE = 500
"""Rows of a page (vendor's OpenAPI: 500 at most)."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record as it stands there.

    Attributes:
        code: its external code.
        body: comparable with what was sent.
    """

    code: str
    active: bool
    body: Payload


class Presence:
    """Looks records of one kind up.

    Args:
        singly: so many are asked for one by one; then everything is listed.
    """

    def __init__(self, api: BaswareApi, kind: Kind, *, singly: int) -> None:
        self._api, self._kind, self._singly = api, kind, singly
        self._all: Spool | None = None
        self._foreign: dict[tuple[str, str], str] = {}
        self._asked = 0
        self._stale = False
        self._lock = asyncio.Lock()

    def close(self) -> None:
        """Give the list back, if there is one."""
        if self._all is not None:
            self._all.close()

    def changed(self) -> None:
        """Something was written: who looks at what stands there now needs another list."""
        self._stale = True

    async def record(self, code: str) -> Payload | None:
        """A record with everything that Basware has of it."""
        return await self._api.one(f"{self._kind.path}/{quote_segment(code)}")

    async def now(self, codes: Sequence[str]) -> dict[str, Held]:
        """Records as they stand this moment; those that are not there are missing."""
        found = {}
        for code in codes:
            record = await self.record(code)
            if record is not None:
                found[code] = self.held(record, code)
        return found

    async def shown(self, codes: Sequence[str]) -> dict[str, Held]:
        """Records as they stand since the last write; those that are not there are missing."""
        async with self._lock:
            if self._stale and self._all is not None:
                self._all.close()
                self._all, self._asked = None, 0
            self._stale = False
        return await self.known(codes)

    async def known(self, codes: Sequence[str]) -> dict[str, Held]:
        """Records as they stood when they were first read here; those that were not there are missing."""
        return {code: self.held(record, code) for code, record in (await self.records(codes)).items()}

    async def records(self, codes: Sequence[str]) -> dict[str, Payload]:
        """The same with everything that Basware has of them."""
        async with self._lock:
            self._asked += len(codes)
            if self._all is None and self._asked > self._singly:
                await self._list()
            spool = self._all
            if spool is None:
                found = {code: await self.record(code) for code in codes}
            else:
                found = {code: spool.get(code) for code in codes}
        return {code: record for code, record in found.items() if record is not None}

    async def listed(self) -> None:
        """Read everything now, unless that was done."""
        async with self._lock:
            if self._all is None:
                await self._list()

    def elsewhere(self, business_code: str, companies: str) -> str | None:
        """External code under which somebody else keeps the business code for one of these companies."""
        for company in companies.split():
            if found := self._foreign.get((business_code, company)):
                return found
        return None

    async def _list(self) -> None:
        spool = Spool()
        foreign: dict[tuple[str, str], str] = {}
        async for rows in self._api.pages(self._kind.path, {"pageSize": str(PAGE)}):
            await asyncio.to_thread(self._keep, rows, spool, foreign)
        self._all, self._foreign = spool, foreign

    def _keep(self, rows: Sequence[Payload], spool: Spool, foreign: dict[tuple[str, str], str]) -> None:
        for record in rows:
            held = self.held(record)
            spool.put(held.code, record)
            business = str(record.get(self._kind.shape.code) or "")
            if not held.code.endswith(f"-{business}"):  # a code as we make them is found by itself
                companies = self._kind.shape.companies_of(record)
                foreign.update({(business, company): held.code for company, _ in companies})

    def held(self, record: Payload, code: str | None = None) -> Held:
        """A record in the mapping's terms."""
        shown = str(record.get("externalCode") or code or "")
        return Held(shown, self._kind.shape.is_active(record), self._kind.body(record))
