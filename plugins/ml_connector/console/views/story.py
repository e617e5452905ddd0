"""One document: where it stands, how it got there, both payloads, and what it has to do with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ml_connector.console.access import Access
from ml_connector.console.actions import Action, offered
from ml_connector.console.catalog import FlowEntry
from ml_connector.console.views.events import Told, told
from ml_connector.console.views.payloads import Line, Pair, lines, pairs
from ml_connector.console.views.references import Reference, references
from ml_connector.console.views.states import MEANING
from ml_connector.core.contract import Desired, Payload
from ml_connector.core.ledger import related, stories
from ml_connector.core.ledger.exchange import history
from ml_connector.core.ledger.scope import Status
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.store import Store


@dataclass(frozen=True, slots=True)
class Sides:
    """What the target shall hold beside what it holds, as far as is known.

    Attributes:
        known: the target holds an object of ours; otherwise ``there`` is empty everywhere.
        gone: the last reconciliation did not find it any more.
        looked: ``there`` is what the last reconciliation saw, rather than what was sent.
    """

    pairs: Sequence[Pair]
    known: bool
    gone: bool
    looked: bool

    @property
    def differing(self) -> int:
        """Number of fields that differ."""
        return sum(pair.differs for pair in self.pairs)


@dataclass(slots=True)
class Story:
    """All that the page shows."""

    entry: FlowEntry
    row: AnyRow
    meaning: str
    way_on: str
    overdue: bool
    may_act: bool
    actions: Sequence[Action]
    source: Sequence[Line]
    sides: Sides | None
    receipt: Sequence[Line]
    events: Sequence[Told]
    references: Sequence[Reference] = ()
    same_key: Sequence[AnyRow] = ()
    of_party: Sequence[AnyRow] = ()
    waiting: Sequence[AnyRow] = ()
    settlements: Sequence[AnyRow] = ()
    referred: Sequence[AnyRow] = ()
    paid: Sequence[AnyRow] = ()
    same_order: Sequence[AnyRow] = ()
    exchanges: Sequence[AnyRow] = ()


def story(access: Access, store: Store, entry: FlowEntry, key: str) -> Story | None:
    """The document's story, None where the ledger does not know it."""
    with store.read() as connection:
        row = stories.find(connection, entry.tenant, entry.flow, key)
        if row is None:
            return None
        payloads = stories.payloads(store, connection, row)
        meaning, way_on = MEANING[row.status]
        made = Story(
            entry,
            row,
            meaning,
            way_on,
            overdue=row.deadline is not None and row.deadline <= store.now(),
            may_act=access.may_act(entry),
            actions=offered(row),
            source=lines(payloads.get("source", {})),
            sides=_sides(store, connection, row, payloads),
            receipt=lines(store.open(row.receipt) or {}),
            events=[told(event) for event in stories.events(connection, row.id)],
        )
        _add_related(access, connection, made, payloads.get("source"))
    return made


def _sides(
    store: Store, connection: Connection, row: AnyRow, payloads: Mapping[str, Payload]
) -> Sides | None:
    loaded, staged = _flat(payloads.get("loaded")), _flat(payloads.get("staged") or payloads.get("sent"))
    if loaded is None and staged is None:
        return None
    drift = stories.drift(store, connection, row) if row.status == Status.DRIFTED else None
    changes = (drift or {}).get("changes", [])
    gone = drift is not None and not changes
    there = None if gone else loaded
    found = pairs(there, staged if staged is not None else loaded)
    if changes:
        found = _as_seen(found, changes)
    return Sides(found, known=loaded is not None, gone=gone, looked=bool(changes))


def _as_seen(found: Sequence[Pair], changes: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """What the reconciliation saw takes the place of what was sent."""
    seen = {
        pair.field: pair
        for change in changes
        for pair in pairs(_at(change["field"], change["after"]), _at(change["field"], change["before"]))
    }
    fields = [*(pair.field for pair in found), *(name for name in seen)]
    known = {pair.field: pair for pair in found} | seen
    return [known[name] for name in dict.fromkeys(fields)]


def _at(name: str, value: Any) -> Payload:
    return {name: value}


def _flat(payload: Payload | None) -> Payload | None:
    """State and body of a target payload as one object."""
    if payload is None:
        return None
    desired = Desired.from_payload(payload)
    return {"state": desired.state} | desired.body


def _add_related(access: Access, connection: Connection, made: Story, source: Payload | None) -> None:
    row, flows = made.row, access.scopes.get(made.row.tenant, [])
    made.references = references(connection, made.entry, source) if source is not None else ()
    made.same_key = [
        item for item in related.with_keys(connection, row.tenant, flows, [row.key]) if item.id != row.id
    ]
    wanted = [*(reference.key for reference in made.references), *([row.party] if row.party else [])]
    of_references = related.with_keys(connection, row.tenant, flows, list(dict.fromkeys(wanted)))
    made.referred = [item for item in of_references if item.id != row.id]
    party = row.party or row.key
    made.of_party = related.of_party(connection, row, flows, party)
    made.same_order = related.of_reference(connection, row, flows)
    made.exchanges = history.of_document(connection, row)
    made.waiting = related.waiting_for(connection, row, flows)
    made.settlements = related.settlements(connection, row, flows)
    if made.settlements:
        keys = {line.reference for line in made.settlements} | {line.voucher for line in made.settlements}
        known = related.with_keys(connection, row.tenant, flows, sorted(keys))
        made.paid = [item for item in known if item.id != row.id]
