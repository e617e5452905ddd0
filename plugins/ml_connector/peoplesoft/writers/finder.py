"""Judging what a look-up shows: whether it is ours, as desired, another one, or not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ml_connector.core.contract import Found, Intent, Operation, Payload, Verdict
from ml_connector.core.errors import Rejected
from ml_connector.peoplesoft.writers.compare import differences, normal, unseen
from ml_connector.peoplesoft.writers.kinds import REMOVED, Kind
from ml_connector.peoplesoft.writers.lookup import Lookup, Matches, Read, in_parallel
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.private import public


class Finder:
    """Finds the objects of documents.

    Args:
        kind: what they are.
        lookup: sees what PeopleSoft has.
        options: of the tenant.
        now: the current time.
    """

    def __init__(
        self, kind: Kind, lookup: Lookup, options: WriterOptions, now: Callable[[], datetime]
    ) -> None:
        self.kind, self._lookup, self._options, self._now = kind, lookup, options, now

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By number where it is known, else by natural key."""
        ids = [intent.target_id for intent in intents if intent.target_id]
        known = await self._lookup.read(ids) if ids else Read()

        async def one(intent: Intent) -> Found:
            if intent.target_id:
                return self._may_still_arrive(intent, self._by_number(intent, intent.target_id, known))
            return await self.by_natural_key(intent)

        return await in_parallel(intents, one, self._options.concurrency)

    async def by_natural_key(self, intent: Intent) -> Found:
        """The object that a document without a number stands for."""
        missing = self.missing(intent)
        if missing:
            reason = f"it has no {missing}, so nothing tells it from other {self.kind.noun}s"
            return Found(intent.key, Verdict.FOREIGN, reason=reason)
        matches = await self._lookup.matching(self.kind.natural(intent.key, intent.desired.body))
        return self._judged(intent, matches)

    async def record(self, target_id: str) -> Payload | None:
        """One object; None where it does not exist.

        Raises:
            Rejected: it is there and cannot be read.
        """
        read = await self._lookup.read([target_id])
        if target_id in read.unreadable:
            raise Rejected(f"{self.kind.noun} {target_id} cannot be read: {read.unreadable[target_id]}")
        return read.records.get(target_id)

    def missing(self, intent: Intent) -> str | None:
        """A property without which an object could not be told from others."""
        body = intent.desired.body
        return next((name for name in self.kind.required if not normal(body.get(name))), None)

    def deleted(self, target_id: str, record: Payload) -> str:
        """Says that somebody deleted it in PeopleSoft."""
        status = f"{self.kind.status} {record.get(self.kind.status)}"
        return f"its {self.kind.noun} {target_id} was deleted or cancelled in PeopleSoft ({status})"

    def _by_number(self, intent: Intent, target_id: str, known: Read) -> Found:
        if target_id in known.unreadable:
            return Found(intent.key, Verdict.UNSURE, target_id, reason=known.unreadable[target_id])
        return self._compared(intent, target_id, known.records.get(target_id))

    def _judged(self, intent: Intent, matches: Matches) -> Found:
        counting = {key: one for key, one in matches.records.items() if self.kind.counts(one)}
        body = intent.desired.body
        relations = {key: self.kind.relation(body, one, self._options) for key, one in counting.items()}
        ours = [key for key, relation in relations.items() if relation == "ours"]
        if len(ours) > 1:
            reason = (
                f"PeopleSoft has this {self.kind.noun} more than once: {', '.join(sorted(ours))}; "
                "keep one of them"
            )
            return Found(intent.key, Verdict.FOREIGN, reason=reason)
        if ours:
            return self._compared(intent, ours[0], counting[ours[0]])
        foreign = next((key for key, relation in relations.items() if relation == "foreign"), None)
        if foreign is not None:
            return self._foreign(intent, foreign, counting[foreign])
        if matches.unclear:
            return Found(intent.key, Verdict.FOREIGN, reason=matches.unclear)
        if matches.doubt:
            return Found(intent.key, Verdict.UNSURE, reason=matches.doubt)
        return Found(intent.key, Verdict.ABSENT)

    def _foreign(self, intent: Intent, target_id: str, record: Payload) -> Found:
        body = intent.desired.body
        why = self.kind.difference(body, record) or "nothing shows that it is the same"
        label = ", ".join(self.kind.natural(intent.key, body).values())
        reason = f"PeopleSoft has a {self.kind.noun} for {label} already ({target_id}): {why}"
        return Found(intent.key, Verdict.FOREIGN, target_id, public(record), reason)

    def _compared(self, intent: Intent, target_id: str, record: Payload | None) -> Found:
        if record is None:
            return Found(intent.key, Verdict.ABSENT)
        gone = self.kind.state(record) == REMOVED
        if gone and not intent.desired.absent and self.kind.restore is None:
            return Found(
                intent.key, Verdict.FOREIGN, target_id, public(record), self.deleted(target_id, record)
            )
        equal = gone == intent.desired.absent and (gone or self._as_wanted(intent, record))
        verdict = Verdict.EQUAL if equal else Verdict.DIFFERENT
        return Found(intent.key, verdict, target_id, public(record))

    def _as_wanted(self, intent: Intent, record: Payload) -> bool:
        """Whether everything that can be seen is as desired, and a change in nothing else was to be made.

        A change of what PeopleSoft does not show again cannot be seen to be there; sending it once
        more harms nothing.
        """
        body = intent.desired.body
        if differences(body, record, self.kind.unlike, more_rows=self.kind.more_rows):
            return False
        if intent.operation is not Operation.UPDATE:
            return True
        previous = intent.previous.body if intent.previous else {}
        shown = {name: value for name, value in record.items() if name not in self.kind.unlike}
        return unseen(body, shown) == unseen(previous, shown)

    def _may_still_arrive(self, intent: Intent, found: Found) -> Found:
        """A change that left a moment ago may be carried out later, even after another one."""
        left = intent.attempted_at
        if found.verdict is not Verdict.DIFFERENT or left is None:
            return found
        if (self._now() - left).total_seconds() >= self._options.settle_seconds:
            return found
        reason = "not changed yet; the request that was sent may still be carried out"
        return Found(intent.key, Verdict.UNSURE, found.target_id, found.record, reason)
