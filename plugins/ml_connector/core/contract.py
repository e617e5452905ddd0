"""The whole contract between the core and a system: two small protocols and the values they pass.

A *source* reads documents in pages; a *target* finds, writes, confirms and reads back. Everything
else - state, retries of documents, the audit trail, reconciliation - is the core's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from ml_connector.core.errors import ConnectorError

if TYPE_CHECKING:
    from ml_connector.core.webhooks import Event

Payload = dict[str, Any]
"""A JSON object in the sense of ``core.codec``."""


def join_key(*parts: object) -> str:
    """Natural key as one string; parts keep leading zeros and are joined by ``|``."""
    return "|".join(str(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Document:
    """One business object as its source holds it, with its children.

    Attributes:
        key: natural key, e.g. ``US001|00001234``.
        unit: business unit or SETID in which it was read.
        payload: the object, children nested as lists of objects.
        stamp: change stamp (ISO date or ISO time in UTC), where the record has one.
        open: the source may still change it without moving its stamp.
    """

    key: str
    unit: str
    payload: Payload
    stamp: str | None = None
    open: bool = False


class Scan(StrEnum):
    """How a window looks at its dataset."""

    CHANGES = "changes"  #: what was stamped since the watermark
    OPEN = "open"  #: everything that can still change without a new stamp
    FULL = "full"  #: everything


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of reading: one unit, one scan, closed-open in its stamps.

    ``since`` already includes the dataset's overlap. ``cursor`` continues an interrupted read and
    is whatever the source put into its last committed page.
    """

    unit: str
    scan: Scan
    since: str | None = None
    until: str | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Whole documents, never a part of one.

    Attributes:
        documents: in key order.
        cursor: where to go on after this page.
        last: the window ends here.
        columns: the fields the answer had; empty when it had no row.
        source_time: the source's own clock when the read began.
        rejected: documents that cannot be read, by key, with the reason; the others go on.
    """

    documents: Sequence[Document]
    cursor: str | None
    last: bool
    columns: frozenset[str] = frozenset()
    source_time: datetime | None = None
    rejected: Sequence[Unreadable] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document whose data breaks the dataset's rules, e.g. an impossible date."""

    key: str
    unit: str
    field: str
    value: str
    expected: str


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """Answer to a look-up by key: what is there, and which keys gave no row at all."""

    documents: Sequence[Document]
    absent: Sequence[str]
    rejected: Sequence[Unreadable] = ()


class Source(Protocol):
    """Where documents come from. One instance reads one dataset for one tenant."""

    def read(self, window: Window) -> AsyncIterator[Page]:
        """Yield the window's pages in key order; the last one says so."""
        ...

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """Read exactly these documents."""
        ...


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What a source found when it made sure that events keep coming.

    Attributes:
        events: those that were missed, from the sender's own history.
        alerts: sentences for people: a subscription was switched off, cannot be kept, and so on.
        note: what was found and done, for the trail.
        failure: what stops the flow, raised when the rest was kept and told.
    """

    events: Sequence[Event] = ()
    alerts: Sequence[str] = ()
    note: str | None = None
    failure: ConnectorError | None = None


class EventSource(Source, Protocol):
    """A source whose system also sends events. An event only wakes; the object itself is read."""

    async def catch_up(self) -> CaughtUp:
        """Make sure that events keep coming, and bring those that were missed."""
        ...

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """Natural keys of the documents that each event concerns, by event id."""
        ...


@runtime_checkable
class Acknowledging(Protocol):
    """A source whose system wants to hear that documents were taken."""

    async def acknowledge(self, keys: Sequence[str]) -> None:
        """Tell it, where it was not told yet: these documents are durable. A killed run never comes here."""
        ...


class Operation(StrEnum):
    """What a write is to do."""

    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"  #: archive, deactivate, cancel: whatever the target has for "gone"


@dataclass(frozen=True, slots=True)
class Desired:
    """What the mapping wants the target to hold.

    Attributes:
        state: name of the target state, e.g. ``active``, ``archived``, ``paid``; opaque to the core.
        body: the target's fields.
        absent: this state means "not there": a document never sent needs no call.
    """

    state: str
    body: Payload
    absent: bool = False

    def as_payload(self) -> Payload:
        """The form that is hashed, stored and compared."""
        return {"state": self.state, "absent": self.absent, "body": self.body}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Desired:
        """Inverse of :meth:`as_payload`."""
        return cls(payload["state"], payload["body"], payload["absent"])


@dataclass(slots=True)
class Intent:
    """One claimed document on its way to the target.

    Attributes:
        document_id: row in the ledger.
        key: natural key in the source.
        unit: business unit or SETID.
        operation: what to do.
        desired: what the target shall hold afterwards.
        previous: what was last sent and accepted, if anything.
        target_id: the target's id, once known.
        attempt_id: unique for this claim.
        attempted_at: when the attempt that is now in doubt left; None for a first attempt.
        steps: finished steps of an earlier attempt, by name.
        superseded: what has been staged in place of ``desired`` since it was sent, and waits for this
            to be settled; only where it is confirmed.
    """

    document_id: int
    key: str
    unit: str
    operation: Operation
    desired: Desired
    attempt_id: str
    previous: Desired | None = None
    target_id: str | None = None
    attempted_at: datetime | None = None
    steps: dict[str, Any] = field(default_factory=dict)
    superseded: Operation | None = None


class Verdict(StrEnum):
    """What a look-up found for one intent."""

    EQUAL = "equal"  #: there, and as desired
    DIFFERENT = "different"  #: there and ours (same party, date and amount), but not as desired
    FOREIGN = "foreign"  #: same key, other party, date or amount: a person decides
    ABSENT = "absent"  #: not there
    UNSURE = "unsure"  #: the answer ignored the question, or was incomplete


@dataclass(frozen=True, slots=True)
class Found:
    """Result of a look-up for one intent.

    Attributes:
        target_id: of what is there, or may be there.
        record: the target's object for the story page.
        outcome: what the look-up makes of the document, where the verdict does not say all of it.
    """

    key: str
    verdict: Verdict
    target_id: str | None = None
    record: Payload | None = None
    reason: str | None = None
    outcome: Outcome | None = None


Result = Literal["loaded", "accepted", "rejected", "failed", "conflict", "held", "in_doubt", "unsent"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one intent.

    ``loaded``: done. ``accepted``: taken, decided later (``receipt`` finds it again). ``rejected``:
    the business says no. ``failed``: an error that names this document, worth another attempt.
    ``conflict``/``held``: a person decides. ``in_doubt``: may have been executed. ``unsent``: was
    certainly not executed, through no fault of the document; ``cause`` then says why and stops
    the flow, as it does beside any other result. ``alert`` is a sentence for a person at once.
    ``local``: decided without asking the target, so that equal refusals say nothing about the target.
    ``stands``: the object ``target_id`` is there and this document's, although the document is not done;
    the intent's steps are kept with it.
    """

    key: str
    result: Result
    target_id: str | None = None
    receipt: Payload | None = None
    reason: str | None = None
    field: str | None = None
    code: str | None = None
    alert: str | None = None
    cause: ConnectorError | None = None
    local: bool = False
    stands: bool = False


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """One object as the target holds it now, in the mapping's terms.

    Attributes:
        target_id: the target's id.
        key: natural key, where the target shows it; None where only the crosswalk knows.
        state: same vocabulary as :class:`Desired`.
        body: the fields that the product owns, comparable with ``Desired.body``.
        amount: money amount for the totals, where the object has one.
        label: what a person calls it (invoice number, vendor name).
        agrees: further states with which the object is in accordance: a bill that the target has
            paid is as much ``active`` as ``paid``.
        absent: the object counts as not there, whatever the mapping calls that state.
        hidden: top-level fields that can be written but are not shown again, so cannot be compared.
        partial: the body names what could be read and nothing else; fields it lacks are not compared.
    """

    target_id: str
    key: str | None
    state: str
    body: Payload
    amount: Decimal | None = None
    label: str | None = None
    agrees: frozenset[str] = frozenset()
    absent: bool = False
    hidden: frozenset[str] = frozenset()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class TargetPage:
    """A page of a read-back; ``cursor`` is None at the end."""

    records: Sequence[TargetRecord]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What the target allows, as data.

    Attributes:
        concurrency: requests in flight that one task may use.
        batch: documents per write call, by operation; 1 where not named.
        settle: seconds after which "not found" can be believed.
        read_back: pages that a reconcile may spend on the part in rotation.
        rotation: seconds after which everything is read back once more, where calls are scarce; 0: always.
        adopt: existing objects can be looked up before the first create.
        distinct: two documents of one party with one label are one and the same (an invoice entered
            twice): the second is for a person, whether or not the target would take it.
        shared: several documents may stand for one object: two suppliers that are one trading partner.
        restore: what somebody changed or removed in the target is written again, instead of waiting for a
            person as ``drifted``.
        keyed: objects show their natural keys, and one whose key was changed is told.
        searched: top-level fields that a search finds, and that it may not show before ``settle`` is over.
        sender_decides: a document that cannot be made, since its object is another's, is refused to whoever
            sent it, and may come corrected; it is no conflict that waits for a person here.
    """

    concurrency: int = 1
    batch: Mapping[Operation, int] = field(default_factory=dict)
    settle: float = 120.0
    read_back: int = 50
    rotation: float = 0.0
    adopt: bool = True
    distinct: bool = False
    shared: bool = False
    restore: bool = False
    keyed: bool = False
    searched: frozenset[str] = frozenset()
    sender_decides: bool = False


class Progress(Protocol):
    """Lets a target record a finished step of a document that takes several calls."""

    async def step(self, intent: Intent, name: str, value: Any) -> None:
        """Make the step durable before the next call leaves."""
        ...

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        """The same for several documents at once, each with its own value."""
        ...


class Target(Protocol):
    """Where documents go. One instance writes one kind of object for one tenant.

    Methods raise ``RateLimited``, ``Unavailable``, ``AuthenticationError``, ``NotActivated``,
    ``ConfigurationError`` or ``ContractChanged`` for what stops the whole flow - then nothing of
    that call was executed - and ``InDoubt`` when a whole call got no answer.
    """

    limits: Limits

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Say for each intent what is there. Keys are compared here, normalised."""
        ...

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Carry out up to one batch of intents of one operation; one outcome each."""
        ...

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """Decide what was accepted earlier. Still undecided: answer ``accepted`` again."""
        ...

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """Read these objects, or (None) one page of everything from ``cursor`` on."""
        ...
