"""Lists of what was sent: by file, by what became of the transfer, and in pages by document."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, tuple_

from ml_connector.core.ledger.exchange.outbound import FAILED, OUT, UPLOADED, Exchange, exchanges
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.store import Store, in_chunks


def of_files(
    connection: Connection, store: Store, tenant: str, names: Collection[str]
) -> dict[str, list[Exchange]]:
    """The sets that went out in files of these names, oldest first, by name."""
    found: dict[str, list[Exchange]] = {}
    for chunk in in_chunks(dict.fromkeys(names)):
        where = and_(interchange.c.tenant == tenant, interchange.c.file_name.in_(chunk))
        for one in exchanges(connection, store, where):
            found.setdefault(one.file_name, []).append(one)
    return found


def undelivered(connection: Connection, store: Store, tenant: str, since: datetime) -> list[Exchange]:
    """Sets uploaded since then whose transfer to the partner is not known to have succeeded."""
    where = and_(
        interchange.c.tenant == tenant, interchange.c.status.in_([UPLOADED, FAILED]),
        interchange.c.uploaded_at >= since,
    )  # fmt: skip
    return exchanges(connection, store, where)


def page(
    connection: Connection,
    store: Store,
    tenant: str,
    flows: Collection[str],
    *,
    after: tuple[str, str] = ("", ""),
    limit: int,
    changed_since: datetime | None = None,
) -> list[Exchange]:
    """The newest set of each document of these flows, in order of flow and key, behind ``after``.

    Args:
        changed_since: only sets of which anything became known since then.
    """
    sets = transaction_set.alias()
    newest = select(func.max(sets.c.id)).where(
        sets.c.tenant == tenant, sets.c.direction == OUT, sets.c.document_id.is_not(None),
        sets.c.flow.in_(flows),
    )  # fmt: skip
    where = and_(
        transaction_set.c.id.in_(newest.group_by(sets.c.document_id)),
        tuple_(transaction_set.c.flow, transaction_set.c.key) > tuple_(*after),
    )
    if changed_since is not None:
        changes = (
            transaction_set.c.since, transaction_set.c.responded_at, interchange.c.since,
            interchange.c.picked_up_at, interchange.c.alerted_at,
        )  # fmt: skip
        where = and_(where, or_(*(column >= changed_since for column in changes)))
    order = (transaction_set.c.flow, transaction_set.c.key)
    return exchanges(connection, store, where, order=order, limit=limit)
