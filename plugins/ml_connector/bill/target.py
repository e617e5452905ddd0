"""What all targets at BILL have in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from ml_connector.bill.api import PAGE, BillApi, Filter, Record, Resource
from ml_connector.bill.errors import FilterRefused, NotFound
from ml_connector.bill.options import BillOptions, Flow
from ml_connector.bill.outcomes import in_bulk, one_by_one, rejected
from ml_connector.core.contract import (
    Desired,
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    TargetRecord,
    Verdict,
)
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.outcomes import as_found

ARCHIVED = "archived"
ACTIVE = "active"


class BillTarget(ABC):
    """Base of the targets; implements ``core.contract.Target`` but for what a subclass adds.

    Args:
        api: connected to the organization.
        options: of the tenant.
        create: whether this flow may create objects, or only align those that are there.
    """

    flow: ClassVar[Flow]
    resource: Resource

    def __init__(self, api: BillApi, options: BillOptions | None = None, *, create: bool = True) -> None:
        self.api, self.options = api, options or BillOptions()
        self.create = create and self.options.may_create(self.flow)
        self.limits = self._limits()
        self._refresh = asyncio.Lock()

    def _limits(self) -> Limits:
        options = self.options
        return Limits(
            concurrency=options.concurrency,
            batch={Operation.CREATE: self.resource.bulk if options.bulk else 1},
            settle=options.settle_seconds,
            read_back=options.read_back_pages,
        )

    # ---- the contract

    @abstractmethod
    async def find(self, intents: Sequence[Intent]) -> list[Found]: ...

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Create in bulk, change one by one; see :meth:`_change`."""
        if not intents or intents[0].operation is not Operation.CREATE:
            return await one_by_one(intents, lambda intent: self._change(intent, progress))
        if not self.create:
            return [self._not_allowed(intent) for intent in intents]
        return await in_bulk(
            intents, self._post, lambda intent, refusal: self._refused(intent, refusal, progress)
        )

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """BILL decides at once; whoever asks gets what stands there now."""
        return as_found(await self.find(intents))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These objects at once, or one page of everything."""
        if target_ids is not None:
            records = await self._by_ids(target_ids)
            return TargetPage([await self._record(record) for record in records.values()], None)
        try:
            rows, following = await self.api.page(self.resource, token=cursor)
        except Rejected:
            if cursor is None:
                raise
            rows, following = await self.api.page(self.resource)  # BILL no longer knows the old token
        return TargetPage([await self._record(row) for row in rows], following)

    # ---- what a subclass says

    @abstractmethod
    async def _change(self, intent: Intent, progress: Progress) -> Outcome:
        """Carry out an update or a removal."""

    @abstractmethod
    async def _post(self, intents: Sequence[Intent]) -> list[Outcome]:
        """Create these, all or none; raises ``Rejected`` when BILL took none."""

    async def _refused(self, intent: Intent, refusal: Rejected, progress: Progress) -> Outcome:
        """Decide about a create that BILL refused."""
        return rejected(intent, refusal)

    @abstractmethod
    async def _record(self, record: Record) -> TargetRecord:
        """An object in the mapping's terms."""

    # ---- helpers

    def _may_still_arrive(self, intent: Intent, found: Found) -> Found:
        """A change that left a moment ago may be carried out later, even after another one."""
        left = intent.attempted_at
        if found.verdict is not Verdict.DIFFERENT or left is None or intent.operation is Operation.CREATE:
            return found
        if (self.api.now() - left).total_seconds() >= self.options.settle_seconds:
            return found
        reason = "not changed yet; the request that was sent may still be carried out"
        return Found(intent.key, Verdict.UNSURE, found.target_id, found.record, reason)

    def _not_allowed(self, intent: Intent) -> Outcome:
        return rejected(
            intent, Rejected("is not in BILL, and this flow may create nothing there; create it by hand")
        )

    async def _create(self, bodies: Sequence[Payload]) -> list[Record]:
        """One call, bulk where there are several."""
        if len(bodies) == 1:
            return [await self.api.create(self.resource, bodies[0])]
        created = await self.api.create_bulk(self.resource, bodies)
        if len(created) != len(bodies):
            raise InDoubt(f"BILL answered {len(created)} objects to {len(bodies)} that were sent")
        return created

    async def _by_ids(self, target_ids: Sequence[str]) -> dict[str, Record]:
        """Objects by id, archived ones too; ids that BILL does not know are missing."""
        found: dict[str, Record] = {}
        wanted = [target_id for target_id in dict.fromkeys(target_ids) if '"' not in target_id]
        for start in range(0, len(wanted), PAGE):
            await self._group(wanted[start : start + PAGE], found)
        for target_id in wanted:
            if target_id not in found:
                await self._add_single(target_id, found)
        return found

    async def _group(self, group: Sequence[str], found: dict[str, Record]) -> None:
        try:
            await self._collect([Filter("id", "in", group)], set(group), found)
            missing = [target_id for target_id in group if target_id not in found]
            if missing and not self.options.archived_in_lists:
                filters = [Filter("id", "in", missing), Filter("archived", "eq", True)]
                await self._collect(filters, set(missing), found)
        except FilterRefused:  # not documented for every kind of object: each is asked for by itself
            return

    async def _collect(self, filters: Sequence[Filter], wanted: set[str], found: dict[str, Record]) -> None:
        async for rows in self.api.pages(self.resource, filters):
            found.update({row["id"]: row for row in rows if row.get("id") in wanted})
            if wanted <= found.keys() or any(row.get("id") not in wanted for row in rows):
                return  # all there; or the filter was ignored, and each is asked for by itself

    async def _add_single(self, target_id: str, found: dict[str, Record]) -> None:
        """A list may lag or ignore its filter; the object's own address does not."""
        try:
            found[target_id] = await self.api.get(self.resource, target_id)
        except NotFound:
            return

    async def _everything(self, filters: Sequence[Filter] = ()) -> AsyncIterator[Record]:
        """All objects, archived ones too."""
        async for rows in self.api.pages(self.resource, filters):
            for row in rows:
                yield row
        if not self.options.archived_in_lists:
            async for rows in self.api.pages(self.resource, [*filters, Filter("archived", "eq", True)]):
                for row in rows:
                    yield row


def is_archived(record: Mapping[str, Any]) -> bool:
    """Whether an object is archived."""
    return record.get("archived") is True


def as_wanted(desired: Desired, record: Mapping[str, Any]) -> bool:
    """Whether an object is there, or not there, as desired."""
    return is_archived(record) == desired.absent


def cleared(name: str, how: str) -> dict[str, Any]:
    """A field emptied in the way that the tenant's options say."""
    return {} if how == "keep" else {name: "" if how == "empty" else None}
