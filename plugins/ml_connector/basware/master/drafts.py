"""Documents on their way: the record of each, its external code, and whether it must look new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.basware.master.codes import external_code, mark_of, marked
from ml_connector.basware.master.keeping import with_others
from ml_connector.basware.master.kinds import Kind
from ml_connector.basware.master.presence import Held, Presence
from ml_connector.basware.master.second_stage import Receipt
from ml_connector.basware.master.verdicts import NOT_TAKEN, Case
from ml_connector.core import codec
from ml_connector.core.contract import Desired, Intent, Operation, Payload
from ml_connector.core.planning.differences import changed_fields


@dataclass(frozen=True, slots=True)
class Draft:
    """One document and the record that it becomes."""

    intent: Intent
    record: Payload
    private: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """External code."""
        return str(self.record["externalCode"])

    @property
    def digest(self) -> str:
        """Of the record as the mapping wants it; a mark does not count."""
        return codec.digest(self.record)

    def to_send(self, kind: Kind, *, again: int = 0) -> Payload:
        """The record as it is sent: marked where the API holds the same, and P2P did not take it.

        Args:
            again: which repetition of one attempt this is.
        """
        if not again and self.intent.steps.get(NOT_TAKEN) != self.digest:
            return self.record
        return marked(self.record, kind.mark, mark_of(f"{self.intent.attempt_id}{again}", self.intent.key))

    def case(self, receipt: Receipt) -> Case:
        """The document with its receipt."""
        previous = self.intent.previous
        stood = previous is not None and previous.as_payload() == self.intent.desired.as_payload()
        return Case(self.intent, receipt, self.digest, self.private, stood)


class Drafting:
    """Makes records of one kind.

    Args:
        prefix: stands before every external code.
    """

    def __init__(self, kind: Kind, presence: Presence, prefix: str) -> None:
        self._kind, self._presence, self._prefix = kind, presence, prefix

    def code(self, intent: Intent) -> str:
        """External code of a document: the one that it has, or will have for ever."""
        return intent.target_id or external_code(intent.key, self._prefix)

    async def draft(self, intent: Intent) -> Draft | None:
        """The record of a document; None for a removal of what is not there.

        A post overwrites everything, so that what is to be gone is sent whole, for nobody's use: as it was
        sent last, or as it stands in Basware.
        """
        code, desired = self.code(intent), intent.desired
        if not desired.absent:
            return self._draft(intent, code, desired.body, active=True)
        before: Payload = intent.previous.body if intent.previous is not None else {}
        body = desired.body or before
        if body:
            return self._draft(intent, code, body, active=False)
        record = await self._presence.record(code)
        if record is None:
            return None
        private = tuple(self._kind.private(self._kind.body(record)))
        return Draft(intent, self._kind.shape.switched_off(record), private)

    async def records(self, drafts: Mapping[str, Draft], *, again: int) -> list[Payload]:
        """Records as they are sent, each with what others have put there."""
        shared = [code for code, draft in drafts.items() if self._is_shared(draft.intent)]
        there = await self._presence.records(shared) if shared else {}
        made = {code: draft.to_send(self._kind, again=again) for code, draft in drafts.items()}
        return [
            with_others(record, there[code], self._before(drafts[code].intent)) if code in there else record
            for code, record in made.items()
        ]

    def _is_shared(self, intent: Intent) -> bool:
        """Vendors are completed in Basware; of other records, those that someone made before us."""
        if intent.operation is Operation.CREATE:
            return False
        return intent.previous is None or self._kind.name == "vendors"

    def _before(self, intent: Intent) -> Payload:
        """What was sent last."""
        if intent.previous is None or not intent.previous.body:
            return {}
        return self._kind.shape.record(self.code(intent), intent.previous.body, active=True)

    def _draft(self, intent: Intent, code: str, body: Payload, *, active: bool) -> Draft:
        record = self._kind.shape.record(code, body, active=active)
        return Draft(intent, record, tuple(self._kind.private(body)))


def is_as_desired(desired: Desired, held: Held) -> bool:
    """Whether a record shows what the mapping wants."""
    if held.active == desired.absent:
        return False
    return desired.absent or not changed_fields(desired.body, held.body)
