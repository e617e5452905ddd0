"""What stands in PeopleSoft's books for a payment: its journals, looked up by id and checked by text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from ml_connector.peoplesoft.settlement.entries import Entry, Kind, Line, journal_id, title

JournalKey = tuple[str, str]
"""Business unit and JOURNAL_ID."""

_DELETED = frozenset({"D", "X"})
_UNPOSTED, _ERRORS = "U", "E"


class State(StrEnum):
    """What has become of an entry's journal."""

    STANDS = "stands"
    DELETED = "was deleted in PeopleSoft"
    UNPOSTED = "was unposted in PeopleSoft"  #: see ``_state``
    GONE = "is not in PeopleSoft any more"  #: deleted for good, or hidden from the integration user


@dataclass(frozen=True, slots=True)
class Header:
    """One journal header as PeopleSoft shows it.

    Attributes:
        status: JRNL_HDR_STATUS; blank where the site does not show it.
        lines: ``text`` is blank where the site does not show it.
    """

    unit: str
    journal: str
    date: str
    sequence: int
    status: str
    text: str
    currency: str
    lines: tuple[Line, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """Headers with one id, whatever their date.

    Attributes:
        doubt: why an absence proves nothing, of this id and of all others.
        unclear: why there may be others with this id alone.
    """

    headers: Sequence[Header] = ()
    doubt: str | None = None
    unclear: str | None = None


class JournalReader(Protocol):
    """Looks journals up."""

    async def headers(self, keys: Sequence[JournalKey]) -> Mapping[JournalKey, Seen]:
        """An answer for each id."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """One entry as it was found.

    Attributes:
        number: of the entry.
        header: None where it is known to have been made, and is gone or stands in a file.
        foreign: the journal of this id is not ours.
        dates: of all journals of ours with this id that stand; more than one where it was made twice.
    """

    number: int
    journal: str
    kind: Kind
    state: State
    header: Header | None = None
    foreign: bool = False
    dates: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether PeopleSoft's journal edit found errors, so that it is not posted."""
        return self.header is not None and self.header.status == _ERRORS


@dataclass(slots=True)
class Standing:
    """The entries of one payment in one unit, in order of their numbers.

    ``doubt`` and ``unclear``: the look-up did not say everything, of any payment or of this one, so
    nothing may be booked on its word.
    """

    reference: str
    unit: str
    entries: list[Found] = field(default_factory=list)
    doubt: str | None = None
    unclear: str | None = None

    @property
    def foreign(self) -> Found | None:
        """A journal of somebody else under one of our ids."""
        return next((entry for entry in self.entries if entry.foreign), None)

    @property
    def twice(self) -> Found | None:
        """An entry that was made on several dates: a call was carried out late, after another one."""
        return next((entry for entry in self.entries if len(entry.dates) > 1), None)

    @property
    def balance(self) -> int:
        """Settlements less reversals: 1 where the payment is settled, 0 where nothing stands."""
        living = [entry for entry in self.entries if entry.state is State.STANDS]
        return sum(1 if entry.kind is Kind.SETTLED else -1 for entry in living)

    @property
    def current(self) -> Found | None:
        """The settlement that stands, if one does."""
        living = [entry for entry in self.entries if entry.state is State.STANDS]
        return next(
            (entry for entry in reversed(living) if entry.kind is Kind.SETTLED and self.balance == 1), None
        )

    @property
    def undone(self) -> Found | None:
        """The last settlement that somebody took back in PeopleSoft."""
        return next(
            (
                entry
                for entry in reversed(self.entries)
                if entry.state is not State.STANDS and entry.kind is Kind.SETTLED
            ),
            None,
        )

    @property
    def next_number(self) -> int:
        """Number of the next entry."""
        return max((entry.number for entry in self.entries), default=0) + 1


@dataclass(frozen=True, slots=True)
class Question:
    """A payment in one unit.

    Attributes:
        known: entries that are remembered, by number.
        further: whether to look for entries that nobody remembers.
    """

    reference: str
    unit: str
    known: Mapping[int, Entry] = field(default_factory=dict)
    further: bool = True

    def in_a_file(self, number: int) -> bool:
        """Whether the entry is a row of a file, which people booked: there is no journal to look for."""
        return number in self.known and not self.known[number].journal

    def goes_on(self, number: int, *, found: bool) -> bool:
        """Whether the entry after ``number`` is looked for."""
        return number < max(self.known, default=0) or (found and self.further)


class Payment(Protocol):
    """A payment and what is remembered of it."""

    reference: str

    @property
    def units(self) -> list[str]:
        """Business units that it has, or had, to do with."""
        ...

    def entries(self, unit: str) -> dict[int, Entry]:
        """Entries that are remembered, by number."""
        ...


Standings = dict[str, Standing]
"""By business unit."""


class Books:
    """Looks entries up: number 1, 2, 3 and so on, until one is neither there nor remembered."""

    def __init__(self, reader: JournalReader, prefix: str) -> None:
        self._reader, self._prefix = reader, prefix

    async def of_payments(self, payments: Sequence[Payment], *, further: bool = True) -> list[Standings]:
        """What stands of each payment, by unit.

        Args:
            further: whether to look for entries that nobody remembers, of payments that are remembered.
        """
        questions = [
            Question(one.reference, unit, one.entries(unit), further or not one.entries(unit))
            for one in payments
            for unit in one.units
        ]
        found = await self.standing(questions)
        return [{unit: found[one.reference, unit] for unit in one.units} for one in payments]

    async def standing(self, questions: Iterable[Question]) -> dict[tuple[str, str], Standing]:
        """What stands, by reference and unit; one look-up in bulk per round."""
        found = {(one.reference, one.unit): Standing(one.reference, one.unit) for one in questions}
        open_ones, number = list(questions), 1
        while open_ones:
            keys = {id(one): self._key(one, number) for one in open_ones if not one.in_a_file(number)}
            answers = await self._reader.headers(list(keys.values()))
            going_on = []
            for one in open_ones:
                key = keys.get(id(one))
                entry = self._take(
                    found[one.reference, one.unit], one, number, key and (key[1], answers[key])
                )
                if one.goes_on(number, found=entry):
                    going_on.append(one)
            open_ones, number = going_on, number + 1
        return found

    def _take(
        self, standing: Standing, question: Question, number: int, answer: tuple[str, Seen] | None
    ) -> bool:
        """Add an entry to what stands; whether there is one."""
        if answer is None:
            entry = Found(number, "", question.known[number].kind, State.STANDS)
        else:
            journal, seen = answer
            standing.doubt = standing.doubt or seen.doubt
            standing.unclear = standing.unclear or seen.unclear
            found = _found(question, number, journal, seen.headers)
            if found is None:
                return False
            entry = found
        standing.entries.append(entry)
        return True

    def _key(self, question: Question, number: int) -> JournalKey:
        """The id as it was given, should the prefix have changed since."""
        known = question.known.get(number)
        name = known.journal if known else ""
        return question.unit, name or journal_id(self._prefix, question.reference, question.unit, number)


def _found(question: Question, number: int, journal: str, headers: Sequence[Header]) -> Found | None:
    known = question.known.get(number)
    originals = [header for header in headers if header.sequence == 0]
    if not originals:
        return None if known is None else Found(number, journal, known.kind, State.GONE)
    kinds = {title(question.reference, kind): kind for kind in Kind}
    ours = [header for header in originals if header.text.strip() in kinds]
    if not ours:
        return Found(number, journal, Kind.SETTLED, State.STANDS, originals[0], foreign=True)
    states = [_state(header, headers) for header in ours]
    living = [header for header, state in zip(ours, states, strict=True) if state is State.STANDS]
    header = (living or ours)[0]
    state = State.STANDS if living else states[0]
    dates = tuple(sorted(one.date for one in living))
    return Found(number, journal, kinds[header.text.strip()], state, header, dates=dates)


def _state(header: Header, headers: Sequence[Header]) -> State:
    """The header's own status decides: what was unposted may have been posted again."""
    if header.status in _DELETED:
        return State.DELETED
    sibling = any(other.sequence > 0 and other.date == header.date for other in headers)
    unposted = header.status == _UNPOSTED or (not header.status and sibling)
    return State.UNPOSTED if unposted else State.STANDS


def as_entry(found: Found, standing: Standing, known: Entry | None) -> Entry | None:
    """An entry as it stands: its lines are PeopleSoft's, ChartFields that it does not show are ours.

    Where the amounts are what we remember, everything is as we remember it; so is the currency where
    PeopleSoft shows none. None where it is gone and nobody remembers it.
    """
    header = found.header
    if header is None:
        return known
    lines = tuple(sorted(header.lines, key=lambda line: line.number))
    if known is not None and _amounts(known.lines) == _amounts(lines):
        return known
    currency = header.currency or (known.currency if known is not None else "")
    return Entry(
        standing.reference, standing.unit, found.number, found.kind, currency, lines, found.journal,
        header.date,
    )  # fmt: skip


def current_entry(payment: Payment, standing: Standing) -> Entry | None:
    """The settlement that stands, if one does."""
    current = standing.current
    return (
        as_entry(current, standing, payment.entries(standing.unit).get(current.number)) if current else None
    )


def _amounts(lines: Iterable[Line]) -> list[tuple[str, Decimal]]:
    return sorted((line.account, line.amount) for line in lines)
