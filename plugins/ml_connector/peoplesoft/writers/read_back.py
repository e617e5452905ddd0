"""Objects as PeopleSoft holds them, in the mapping's terms."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.core.contract import Payload, TargetPage, TargetRecord
from ml_connector.peoplesoft.writers.kinds import REMOVED, Kind
from ml_connector.peoplesoft.writers.lookup import Lookup
from ml_connector.peoplesoft.writers.private import public


async def read_back(kind: Kind, lookup: Lookup, target_ids: Sequence[str]) -> TargetPage:
    """These objects at once; those that do not exist are missing."""
    if not target_ids:
        return TargetPage([], None)
    read = await lookup.read(target_ids)
    records = [_shown(kind, target_id, record) for target_id, record in read.records.items()]
    broken = [TargetRecord(key, None, "unreadable", {}, partial=True) for key in read.unreadable]
    return TargetPage(records + broken, None)


def _shown(kind: Kind, target_id: str, record: Payload) -> TargetRecord:
    state = kind.state(record)
    return TargetRecord(
        target_id=target_id,
        key=None,
        state=state,
        body=public(record),
        amount=kind.amount(record),
        label=str(record.get(kind.label, "")) or None,
        absent=state == REMOVED,
        hidden=kind.unlike | (frozenset(kind.rows) if kind.more_rows else frozenset()),
        partial=True,
    )
