"""Crosswalk entries, found by key, target id or label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.console.access import Access
from ml_connector.core.ledger import crosswalks
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.store import Store


@dataclass(frozen=True, slots=True)
class Name:
    """One crosswalk of one tenant."""

    tenant: str
    name: str
    entries: int


def names(access: Access, store: Store) -> list[Name]:
    """Crosswalks that the person may read: those of flows and DAGs that they may read."""
    with store.read() as connection:
        counted = crosswalks.names(connection, list(access.scopes))
    return [Name(*row) for row in counted if access.may_read(row.tenant, row.name)]


def entries(store: Store, tenant: str, name: str, *, text: str, after: str, limit: int) -> Sequence[AnyRow]:
    """A page of entries in key order."""
    with store.read() as connection:
        return crosswalks.search(connection, tenant, name, text=text, after=after, limit=limit)
