"""A target over a component interface; what differs between kinds of objects is data.

Component interfaces save one object per call. A save that timed out may still be made, and nobody
guarantees that a second voucher for one invoice is refused, so objects are looked up by their
natural key before a vulnerable create, after a refusal, and before anything is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    Verdict,
)
from ml_connector.core.errors import ConnectorError, InDoubt, Rejected, Unavailable
from ml_connector.core.outcomes import as_found, in_doubt, loaded
from ml_connector.peoplesoft.soap import Created
from ml_connector.peoplesoft.writers.compare import normal
from ml_connector.peoplesoft.writers.finder import Finder
from ml_connector.peoplesoft.writers.kinds import REMOVED, Kind
from ml_connector.peoplesoft.writers.lookup import Lookup, OpenInterface
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.outcomes import conflict, held, one_by_one, rejected
from ml_connector.peoplesoft.writers.private import hide
from ml_connector.peoplesoft.writers.read_back import read_back


class ComponentTarget:
    """``core.contract.Target`` for one kind of object.

    Args:
        kind: what it is.
        interface: opens the component interface; asked when it is first needed.
        lookup: sees what PeopleSoft has.
        options: of the tenant.
        now: the current time.
        create: whether this flow may create objects, or only align those that are there.
    """

    def __init__(
        self,
        kind: Kind,
        interface: OpenInterface,
        lookup: Lookup,
        options: WriterOptions,
        *,
        now: Callable[[], datetime],
        create: bool = True,
    ) -> None:
        self.kind, self.options = kind, options
        self._interface, self._lookup, self._may_create = interface, lookup, create
        self._finder = Finder(kind, lookup, options, now)
        self.limits = Limits(
            concurrency=options.concurrency, settle=options.settle_seconds, distinct=kind.distinct
        )

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        return await self._finder.find(intents)

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """One call each; see :meth:`_create`, :meth:`_update` and :meth:`_remove`."""
        send = {
            Operation.CREATE: self._create, Operation.UPDATE: self._update, Operation.REMOVE: self._remove,
        }  # fmt: skip
        return await one_by_one(intents, lambda intent: send[intent.operation](intent))

    async def _create(self, intent: Intent) -> Outcome:
        if not self._may_create:
            raise Rejected(
                f"is not in PeopleSoft, and this flow may create no {self.kind.noun}s; create it by hand"
            )
        missing = self._finder.missing(intent)
        if missing:
            raise Rejected(
                f"a {self.kind.noun} without it could not be found again, so it is not sent", field=missing
            )
        if self.kind.look_first:
            outcome = self._there_already(intent, await self._finder.by_natural_key(intent))
            if outcome is not None:
                return outcome
        try:
            created = await (await self._interface()).create(self._new_values(intent))
        except Rejected as refusal:
            return await self._refused(intent, refusal)
        return await self._created(intent, created)

    def _there_already(self, intent: Intent, found: Found) -> Outcome | None:
        match found.verdict:
            case Verdict.ABSENT:
                return None
            case Verdict.EQUAL:
                return loaded(intent, found.target_id)
            case Verdict.FOREIGN:
                return conflict(intent, found.reason or "", target_id=found.target_id)
            case Verdict.DIFFERENT:
                # It may be another document's: only the ledger knows, and asks again before it changes it.
                reason = f"PeopleSoft has {found.target_id} already, in another form"
                return in_doubt(intent, reason)
        raise Unavailable(
            f"{intent.key}: looking for a {self.kind.noun} before it is created: {found.reason}"
        )

    async def _refused(self, intent: Intent, refusal: Rejected) -> Outcome:
        """Perhaps because it is there already; PeopleSoft says so in words and numbers of the site."""
        found = await self._finder.by_natural_key(intent)
        if found.verdict in {Verdict.ABSENT, Verdict.UNSURE}:
            return rejected(intent, refusal)
        outcome = self._there_already(intent, found)
        return outcome or rejected(intent, refusal)

    async def _created(self, intent: Intent, created: Created) -> Outcome:
        """PeopleSoft's answer must be about what was sent, and say under which number it stands."""
        sent = self._new_values(intent)
        target_id = self.kind.target_id({**sent, **created.keys})
        other = self._moved(sent, created.keys)
        if target_id is None or other is not None:
            why = f"the answer is about another one: {other}" if other else "the answer names no number"
            raise InDoubt(f"PeopleSoft saved a {self.kind.noun} for {intent.key}, but {why}; it is looked up")
        alert = await self._alert(intent, target_id, created) if created.messages else None
        return loaded(intent, target_id, alert=alert)

    async def _alert(self, intent: Intent, target_id: str, created: Created) -> str | None:
        """What a person must know at once: saved, but not fit to go on."""
        said = hide("; ".join(message.text for message in created.messages), intent.desired.body)
        try:
            record = (await self._lookup.read([target_id])).records.get(target_id)
        except ConnectorError as error:  # it is saved, whatever the look-up meets with
            return f"PeopleSoft saved {self.kind.noun} {target_id} and says: {said} (not looked at: {error})"
        if record is None or self.kind.fit(record):
            return None
        status = f"{self.kind.status} {record.get(self.kind.status)}"
        return (
            f"PeopleSoft saved {self.kind.noun} {target_id} with {status}; somebody must look at it: {said}"
        )

    async def _update(self, intent: Intent) -> Outcome:
        target_id = intent.target_id
        if target_id is None:
            return conflict(intent, f"no {self.kind.noun} of PeopleSoft is known for it")
        keys = self.kind.key_values(target_id)
        values = {**intent.desired.body, **keys}
        if moved := self._moved(intent.desired.body, keys):
            return conflict(intent, f"{moved}; {self.kind.noun} {target_id} cannot get another")
        record = await self._finder.record(target_id)
        if record is None:
            return self._gone(intent, target_id)
        if why := self.kind.settled(record):
            return held(
                intent, f"{self.kind.noun} {target_id} is {why}: change it in PeopleSoft if it must be"
            )
        if intent.previous is None or intent.previous.absent:
            if self.kind.state(record) == REMOVED and self.kind.restore is None:
                return conflict(intent, self._finder.deleted(target_id, record))
            if self.kind.state(record) == REMOVED:
                values = {**(self.kind.restore or {}), **values}
        return await self._save(
            intent, target_id, values, self.options.update.get(self.kind.name, self.kind.update)
        )

    async def _remove(self, intent: Intent) -> Outcome:
        target_id = intent.target_id
        if target_id is None:
            return loaded(intent, None)
        record = await self._finder.record(target_id)
        if record is None or self.kind.state(record) == REMOVED:
            return loaded(intent, target_id)
        if self.kind.cancel is None:
            return held(intent, f"{target_id} is to go: {self.kind.not_removable}")
        values = {**self.kind.key_values(target_id), **self.kind.cancel(self.options)}
        return await self._save(intent, target_id, values, "updatedata")

    async def _save(self, intent: Intent, target_id: str, values: Payload, way: str) -> Outcome:
        interface = await self._interface()
        call = interface.update if way == "update" else interface.update_data
        try:
            saved = await call(values)
        except Rejected as refusal:
            if await self._finder.record(target_id) is None:
                return self._gone(intent, target_id)
            return rejected(intent, refusal)
        answered = self.kind.target_id({**values, **saved.keys})
        if answered != target_id:
            raise InDoubt(f"PeopleSoft's answer is about {answered} and not about {target_id}")
        return loaded(intent, target_id)

    # ---- confirming and reading back

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """PeopleSoft decides at once; whoever asks gets what stands there now."""
        return as_found(await self.find(intents))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These objects. What others enter is no surplus, so there is no page of everything."""
        return await read_back(self.kind, self._lookup, target_ids or ())

    # ---- helpers

    def _new_values(self, intent: Intent) -> Payload:
        body = intent.desired.body
        return {**body, self.kind.generated: self.kind.number(intent.key, body)}

    def _moved(self, values: Payload, keys: Mapping[str, str]) -> str | None:
        """A key that differs, apart from the number; PeopleSoft never changes one."""
        for name in self.kind.keys:
            given, known = normal(values.get(name)), normal(keys.get(name))
            if name != self.kind.generated and given and known and given != known:
                return f"{name} is {given} and not {known}"
        return None

    def _gone(self, intent: Intent, target_id: str) -> Outcome:
        return conflict(intent, f"its {self.kind.noun} {target_id} is gone from PeopleSoft")
