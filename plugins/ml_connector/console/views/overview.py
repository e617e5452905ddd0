"""Every flow at a glance, grouped by the DAG that runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ml_connector.console.access import Access
from ml_connector.console.catalog import FlowEntry
from ml_connector.core.ledger import inbox
from ml_connector.core.ledger.overview import Glance, glances
from ml_connector.core.state.store import Store


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One flow.

    Attributes:
        health: ``stopped``, ``stale``, ``never``, ``overdue`` or ``good``; decides the mark's colour.
    """

    entry: FlowEntry
    glance: Glance
    health: str


@dataclass(slots=True)
class DagGroup:
    """The flows of one DAG, and the events that wait for it."""

    entry: FlowEntry
    may_act: bool
    waiting_events: int = 0
    lines: list[FlowLine] = field(default_factory=list)


def overview(access: Access, store: Store, scopes: Mapping[str, Iterable[str]]) -> list[DagGroup]:
    """The chosen flows, DAG by DAG."""
    now = store.now()
    with store.read() as connection:
        found = glances(connection, list(scopes), now)
        pending = inbox.pending(connection)
    groups: dict[str, DagGroup] = {}
    for tenant, flows in scopes.items():
        for flow in flows:
            entry, glance = access.entries[tenant, flow], found.get((tenant, flow), Glance())
            if entry.dag_id not in groups:
                groups[entry.dag_id] = DagGroup(entry, access.may_act(entry), _waiting(entry, pending))
            groups[entry.dag_id].lines.append(FlowLine(entry, glance, _health(entry, glance, now)))
    return list(groups.values())


def _waiting(entry: FlowEntry, pending: Mapping[tuple[str, str], tuple[int, int]]) -> int:
    if not entry.definition.events:
        return 0
    return pending.get((entry.definition.integration, entry.tenant), (0, 0))[1]


def _health(entry: FlowEntry, glance: Glance, now: datetime) -> str:
    if glance.stopped:
        return "stopped"
    if glance.succeeded_at is None:
        return "never"
    if entry.stale_after is not None and now - glance.succeeded_at > entry.stale_after:
        return "stale"
    return "overdue" if glance.overdue else "good"
