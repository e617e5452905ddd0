"""What the ledger knows of invoices: which were taken, and for which transfer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select

from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document, payload
from ml_connector.core.state.store import Store, in_chunks


@dataclass(frozen=True, slots=True)
class Taken:
    """An invoice in the ledger.

    Attributes:
        transfer: the transfer for which it was read last; None where its content is older than the
            retention, or could not be read.
    """

    transfer: str | None


class KnownInvoices:
    """Invoices of one tenant in the ledger.

    Args:
        scope: of the flow that reads them.
    """

    def __init__(self, store: Store, scope: Scope) -> None:
        self._store, self._scope = store, scope

    def of(self, keys: Sequence[str]) -> dict[str, Taken]:
        """Those that the ledger has. Blocking."""
        found: dict[str, Taken] = {}
        same = and_(payload.c.document_id == document.c.id, payload.c.hash == document.c.source_hash)
        with self._store.read() as connection:
            for chunk in in_chunks(keys):
                statement = (
                    select(document.c.key, payload.c.data)
                    .outerjoin_from(document, payload, same)
                    .where(self._scope.rows(), document.c.key.in_(chunk))
                )
                for row in connection.execute(statement):
                    content = self._store.open(row.data) or {}
                    found[row.key] = Taken(content.get("transfer"))
        return found

    def acknowledged(self, keys: Sequence[str]) -> None:
        """Put it into the trail that Basware was told. Blocking."""
        with self._store.write() as tx:
            for chunk in in_chunks(keys):
                statement = select(document.c.id, document.c.key).where(
                    self._scope.rows(), document.c.key.in_(chunk)
                )
                for row in tx.connection.execute(statement):
                    tx.record("acknowledged", {"key": row.key}, document_id=row.id, **self._scope.labels())
