"""One business object under two keys: the same party's same label, twice in one flow."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, select

from ml_connector.core.ledger.scope import IN_FLIGHT, Scope
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import in_chunks


def ahead(connection: Connection, scope: Scope, owner: str, ids: Sequence[int]) -> dict[int, str]:
    """Of documents about to be created, those whose twin came first.

    A twin came first when the target has it, or when it is in flight: claimed by somebody else, or
    by us with a lower id. Two runs that claim twins at the same moment thus both give way.

    Args:
        owner: who claimed ``ids``.

    Returns:
        Key of the twin by row id.
    """
    mine, other = document.alias("mine"), document.alias("other")
    there = and_(other.c.target_id.is_not(None), other.c.loaded_absent.is_not(True))
    before = or_(other.c.owner.is_(None), other.c.owner != owner, other.c.id < mine.c.id)
    came_first = or_(there, and_(other.c.status.in_(sorted(IN_FLIGHT)), before))
    found: dict[int, str] = {}
    for chunk in in_chunks(ids):
        statement = select(mine.c.id, other.c.key).where(
            mine.c.id.in_(chunk),
            other.c.tenant == scope.tenant,
            other.c.flow == scope.flow,
            other.c.label == mine.c.label,
            other.c.party == mine.c.party,
            other.c.id != mine.c.id,
            came_first,
        )
        found.update((row_id, key) for row_id, key in connection.execute(statement))
    return found
