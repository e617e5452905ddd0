"""Finding documents by what people have in hand, and listing them by state; fast on a million rows.

Every step is a range of one index, read in that index's order: a page costs the same wherever it is.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, not_, or_, select

from ml_connector.core.ledger.scope import PATIENCE
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import IS_OPEN, document
from ml_connector.core.state.terms import HIGHEST, Folded, NumberIn

Scopes = Mapping[str, Sequence[str]]
"""Flows by tenant."""

OPEN = tuple(PATIENCE)
LISTED = (
    document.c.id, document.c.tenant, document.c.flow, document.c.key, document.c.label, document.c.unit,
    document.c.status, document.c.reason, document.c.since, document.c.deadline, document.c.state,
    document.c.amount, document.c.currency, document.c.target_id, document.c.party,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is restricted to.

    Attributes:
        statuses: empty means all.
        reason: exactly this one.
        overdue_at: only what is past its deadline then.
    """

    statuses: Sequence[str] = ()
    reason: str | None = None
    overdue_at: datetime | None = None

    def condition(self) -> ColumnElement[bool]:
        """The same in SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.statuses:
            wanted.append(document.c.status.in_(self.statuses))
        if self.reason is not None:
            wanted.append(document.c.reason == self.reason)
        if self.overdue_at is not None:
            wanted.append(document.c.deadline <= self.overdue_at)
        return and_(*wanted) if wanted else literal(1) == 1


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of documents; ``following`` is where the next one begins, None at the end."""

    rows: Sequence[AnyRow]
    following: str | None


@dataclass(frozen=True, slots=True)
class _Step:
    """One range of one index; ``term`` is what its rows are ordered by before the id."""

    condition: ColumnElement[bool]
    term: ColumnElement[str] | None = None

    def rows(self, connection: Connection, chosen: Filter, after: _Place | None, limit: int) -> list[AnyRow]:
        shown = literal(None) if self.term is None else self.term
        statement = select(*LISTED, shown.label("term")).where(self.condition, chosen.condition())
        if after is not None:
            statement = statement.where(self._beyond(after))
        if self.term is None:
            statement = statement.order_by(document.c.id.desc())
        else:
            statement = statement.order_by(self.term, document.c.id)
        return list(connection.execute(statement.limit(limit)))

    def _beyond(self, place: _Place) -> ColumnElement[bool]:
        if self.term is None or place.term is None:
            return document.c.id < place.row_id
        return and_(self.term >= place.term, or_(self.term > place.term, document.c.id > place.row_id))


@dataclass(frozen=True, slots=True)
class _Place:
    """The last row that was shown: its step, its term there, and its id."""

    step: int
    term: str | None
    row_id: int

    def text(self) -> str:
        words = json.dumps([self.step, self.term, self.row_id], separators=(",", ":"))
        return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str | None) -> _Place | None:
        """None for what makes no sense: the list then begins anew."""
        try:
            step, term, row_id = json.loads(base64.urlsafe_b64decode(f"{text or ''}==="))
            return cls(int(step), None if term is None else str(term), int(row_id))
        except (ValueError, TypeError, binascii.Error):
            return None


def search(
    connection: Connection,
    scopes: Scopes,
    text: str,
    *,
    chosen: Filter | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Hits:
    """Documents whose target id is the text, or whose number, key, label, reference or party begins with it.

    Leading zeros, the business unit and the case of letters do not matter. Without a text: all that
    fit the filter, flow by flow, the newest first.

    Args:
        scopes: the flows to look in.
        after: ``following`` of the page before.
    """
    chosen, words = chosen or Filter(), text.strip()
    steps = list(_ways(scopes, words) if words else _lists(scopes, chosen))
    place = _Place.read(after)
    found: list[tuple[int, AnyRow]] = []
    for number, step in enumerate(steps):
        if place is not None and number < place.step:
            continue
        begin = place if place is not None and number == place.step else None
        rows = step.rows(connection, chosen, begin, limit + 1 - len(found))
        found += [(number, row) for row in rows]
        if len(found) > limit:
            last, row = found[limit - 1]
            return Hits([row for _, row in found[:limit]], _Place(last, row.term, row.id).text())
    return Hits([row for _, row in found], None)


def _lists(scopes: Scopes, chosen: Filter) -> Iterator[_Step]:
    """Flow by flow; open states by the index of open rows, one state after the other."""
    wanted = list(chosen.statuses)
    if not wanted and (chosen.reason is not None or chosen.overdue_at is not None):
        wanted = [status.value for status in OPEN]
    by_state = wanted and all(status in OPEN for status in wanted)
    for tenant, flows in scopes.items():
        for flow in flows:
            of_flow = and_(document.c.tenant == tenant, document.c.flow == flow)
            if by_state:
                yield from (_Step(and_(of_flow, document.c.status == state, IS_OPEN)) for state in wanted)
            else:
                yield _Step(of_flow)


def _ways(scopes: Scopes, text: str) -> Iterator[_Step]:
    """What the text may be, the likeliest first; a document is found in the first way that fits."""
    before: list[ColumnElement[bool]] = []
    for condition, term, each_flow in _meanings(text):
        fresh = [not_(func.coalesce(earlier, false())) for earlier in before]
        for tenant, flows in scopes.items():
            for group in [[flow] for flow in flows] if each_flow else [flows]:
                of_flows = and_(document.c.tenant == tenant, document.c.flow.in_(group))
                yield _Step(and_(of_flows, condition, *fresh), term)
        before.append(condition)


def _meanings(text: str) -> Iterator[tuple[ColumnElement[bool], ColumnElement[str], bool]]:
    """Condition, term to order by, and whether the index of the condition begins with the flow."""
    key_number, party_number = NumberIn(document.c.key), NumberIn(document.c.party)
    label, whole_key = Folded(document.c.label), "|" in text
    digits = func.lower(text.partition("|")[2].lstrip("0") if whole_key else text.lstrip("0"))
    has_digits = bool(text.strip("0|"))
    yield document.c.target_id == text, document.c.flow, False
    if whole_key:
        yield _begins(document.c.key, literal(text)), document.c.key, True
    elif has_digits:
        yield _begins(key_number, digits), key_number, False
    yield _begins(label, func.lower(text)), label, False
    if has_digits:
        number = NumberIn(document.c.reference)
        yield and_(document.c.reference.is_not(None), _begins(number, digits)), number, False
    if whole_key:
        yield party_is(text), party_number, False
    elif has_digits:
        yield _begins(party_number, digits), party_number, False


def party_is(party: str) -> ColumnElement[bool]:
    """A document's party is exactly this one. Said as ranges: SQLite leaves its index at an equality."""
    number, column = NumberIn(document.c.party), document.c.party
    digits = func.lower((party.partition("|")[2] or party).lstrip("0"))
    return and_(number >= digits, number <= digits, column >= party, column <= party)


def reference_is(reference: str) -> ColumnElement[bool]:
    """A document's further number is exactly this one; see :func:`party_is`."""
    number, column = NumberIn(document.c.reference), document.c.reference
    digits = func.lower((reference.partition("|")[2] or reference).lstrip("0"))
    named = column.is_not(None)  # the index holds no others
    return and_(named, number >= digits, number <= digits, column >= reference, column <= reference)


def _begins(term: ColumnElement[str], text: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(term >= text, term < text.concat(HIGHEST))
