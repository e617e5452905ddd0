"""Way ``interface``: each record is kept in step through a component interface of the site.

The keys are the document's own, so a record is looked up by them and nothing is ever there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ml_connector.core.contract import (
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
from ml_connector.core.outcomes import as_found, loaded
from ml_connector.peoplesoft.records.kinds import RecordKind, fields_of
from ml_connector.peoplesoft.records.options import RecordOptions
from ml_connector.peoplesoft.writers.compare import differences
from ml_connector.peoplesoft.writers.lookup import OpenInterface, in_parallel
from ml_connector.peoplesoft.writers.outcomes import held, one_by_one

ACTIVE = "active"


class InterfaceRecords:
    """``core.contract.Target`` for one kind of record.

    Args:
        interface: opens the component interface; asked when it is first needed.
        now: the current time.
    """

    def __init__(
        self,
        kind: RecordKind,
        interface: OpenInterface,
        options: RecordOptions,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._kind, self._interface, self._options, self._now = kind, interface, options, now
        self.limits = Limits(concurrency=options.concurrency, settle=options.settle_seconds)

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By key: a record that is there is ours, whatever it holds."""
        return await in_parallel(intents, self._find, self._options.concurrency)

    async def _find(self, intent: Intent) -> Found:
        try:
            target_id = self._target_id(intent)
            record = await self._get(target_id)
        except Rejected as refusal:
            return Found(intent.key, Verdict.FOREIGN, reason=str(refusal))
        if record is None:
            return Found(intent.key, Verdict.ABSENT)
        if intent.desired.absent:
            return Found(intent.key, Verdict.DIFFERENT, target_id, record)
        if not differences(fields_of(intent.desired.body), record):
            return Found(intent.key, Verdict.EQUAL, target_id, record)
        return Found(intent.key, self._unlike(intent), target_id, record)

    def _unlike(self, intent: Intent) -> Verdict:
        """A change that left a moment ago may be carried out later, even after another one."""
        left = intent.attempted_at
        waiting = left is not None and (self._now() - left).total_seconds() < self._options.settle_seconds
        return Verdict.UNSURE if waiting else Verdict.DIFFERENT

    async def _get(self, target_id: str) -> Payload | None:
        return await (await self._interface()).get(self._kind.key_values(target_id))

    def _target_id(self, intent: Intent) -> str:
        return intent.target_id or self._kind.target_id(fields_of(intent.desired.body))

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """One call each."""
        return await one_by_one(intents, self._send)

    async def _send(self, intent: Intent) -> Outcome:
        if intent.operation is Operation.REMOVE:
            return await self._remove(intent)
        values = fields_of(intent.desired.body)
        target_id = self._kind.target_id(values)
        if intent.target_id not in {None, target_id}:
            reason = f"its keys have changed: {self._kind.noun} {intent.target_id} cannot become {target_id}"
            return Outcome(intent.key, "conflict", target_id=intent.target_id, reason=reason)
        try:
            keys = await self._save(values, create=intent.operation is Operation.CREATE)
        except Rejected as refusal:
            keys = await self._other_way(intent, target_id, refusal)
        if self._kind.target_id({**values, **keys}) != target_id:
            raise InDoubt(f"PeopleSoft's answer is about another {self._kind.noun} than {target_id}")
        return loaded(intent, target_id)

    async def _save(self, values: Payload, *, create: bool) -> dict[str, str]:
        interface = await self._interface()
        saved = await (interface.create(values) if create else interface.update(values))
        return saved.keys

    async def _other_way(self, intent: Intent, target_id: str, refusal: Rejected) -> dict[str, str]:
        """A create is refused because the record is there, an update because somebody deleted it."""
        create = intent.operation is Operation.CREATE
        there = await self._get(target_id) is not None
        if there != create:
            raise refusal
        return await self._save(fields_of(intent.desired.body), create=not create)

    async def _remove(self, intent: Intent) -> Outcome:
        if intent.target_id is None or await self._get(intent.target_id) is None:
            return loaded(intent, intent.target_id)
        return held(
            intent, f"no component interface deletes {self._kind.noun} {intent.target_id}; delete it by hand"
        )

    # ---- confirming and reading back

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """PeopleSoft decides at once; whoever asks gets what stands there now."""
        return as_found(await self.find(intents))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These records. Nobody else's are looked at, so there is no page of everything."""
        found = await in_parallel(target_ids or (), self._read, self._options.concurrency)
        return TargetPage([record for record in found if record is not None], None)

    async def _read(self, target_id: str) -> TargetRecord | None:
        record = await self._get(target_id)
        if record is None:
            return None
        return TargetRecord(target_id, None, ACTIVE, {"fields": record}, partial=True)
