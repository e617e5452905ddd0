"""Retention: payloads and closed audit chains go, keys, hashes and target ids stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, or_, select, update

from ml_connector.core.audit.trail import add_link
from ml_connector.core.ledger.exchange.outbound import KEPT, SUPERSEDED
from ml_connector.core.ledger.exchange.remains import remains
from ml_connector.core.ledger.scope import Status
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.schema import (
    audit_chain,
    audit_event,
    audit_head,
    batch,
    document,
    inbox,
    payload,
    plan,
    reconciliation,
)
from ml_connector.core.state.store import Store, Transaction, in_chunks

EVENTS_KEPT = timedelta(days=180)
"""BILL lists, and sends again, the events of 180 days: so long their ids tell what was seen already."""

FINISHED = (Status.LOADED, Status.EXCLUDED)
CHAINS = 200

ANSWERED = (
    "acknowledged", "acknowledged_with_errors", "rejected", "not_expected", SUPERSEDED, "taken", "duplicate",
)  # fmt: skip
"""States of transaction sets that wait for nothing; see ``ledger.exchange``."""

UNDER_WAY = ("built", "uploading", "failed", "quarantined")
"""States of interchanges that somebody still needs the bytes of."""


def purge(store: Store, keep: timedelta) -> dict[str, int]:
    """Remove what is older than ``keep``.

    A document that is still open keeps its payloads. A removed chain leaves a checkpoint link in
    the register, so that the trail can still be verified.

    Returns:
        Number of removed rows by kind.
    """
    before = store.now() - keep
    removed: dict[str, int] = {}
    with store.write() as tx:
        removed["payloads"] = _purge_payloads(tx, before)
        for table, column in (
            (plan, plan.c.planned_at),
            (batch, batch.c.started_at),
            (reconciliation, reconciliation.c.at),
        ):
            removed[table.name] = tx.connection.execute(delete(table).where(column < before)).rowcount
        closed = inbox.c.closed_at < min(before, store.now() - EVENTS_KEPT)
        removed["events"] = tx.connection.execute(delete(inbox).where(closed)).rowcount
        removed["interchanges"] = _purge_exchanges(tx, before)
        tx.record("purged", {"before": before.isoformat(), **removed})
    removed["audit_chains"] = 0
    while count := _purge_chains(store, before):
        removed["audit_chains"] += count
    return removed


def _purge_payloads(tx: Transaction, before: datetime) -> int:
    old = select(document.c.id).where(
        document.c.status.in_(FINISHED), document.c.since < before, ~document.c.unmapped
    )
    condition = (payload.c.document_id.in_(old), payload.c.created_at < before)
    return tx.connection.execute(delete(payload).where(*condition)).rowcount


def _purge_exchanges(tx: Transaction, before: datetime) -> int:
    """Take the content from what was sent and received.

    Numbers, hashes and keys stay, so that nothing is taken twice and an old number can still be explained;
    of an invoice what it used up of its order, and of what was sent what taking it back needs. What no
    flow has taken over yet stays whole.
    """
    sets = transaction_set.c
    of_key = and_(document.c.tenant == sets.tenant, document.c.flow == sets.flow, document.c.key == sets.key)
    finished = document.c.status.in_(FINISHED)
    needed = exists().where(or_(document.c.id == sets.document_id, of_key), ~finished)
    comes = and_(sets.direction == "in", sets.status == "taken", sets.key.is_not(None))
    waits = exists().where(
        sets.interchange_id == interchange.c.id,
        or_(sets.status.not_in(ANSWERED), needed, and_(comes, ~exists().where(of_key, finished))),
    )
    dropped = exists().where(sets.interchange_id == interchange.c.id, sets.status == SUPERSEDED)
    closed = and_(
        interchange.c.created_at < before, or_(interchange.c.status.not_in(UNDER_WAY), dropped), ~waits,
        interchange.c.content.is_not(None),
    )  # fmt: skip
    old = tx.connection.scalars(select(interchange.c.id).where(closed)).all()
    for chunk in in_chunks(old):
        _reduce(tx, chunk)
        tx.connection.execute(update(interchange).where(interchange.c.id.in_(chunk)).values(content=None))
    return len(old)


def _reduce(tx: Transaction, interchange_ids: list[int]) -> None:
    sets = transaction_set.c
    where = and_(sets.interchange_id.in_(interchange_ids), sets.data.is_not(None))
    carried = tx.connection.execute(
        select(sets.id, sets.data, sets.direction).where(where, sets.flow.is_not(None))
    ).all()
    tx.connection.execute(update(transaction_set).where(where).values(data=None))
    for row in carried:
        data = tx.store.open(row.data)
        left = remains(data) if row.direction == "in" else _as_long_as_its_document(data)
        if left is not None:
            values = {"data": tx.store.seal(left)}
            tx.connection.execute(update(transaction_set).where(sets.id == row.id).values(values))


def _as_long_as_its_document(data: dict[str, Any]) -> dict[str, Any] | None:
    return {KEPT: data[KEPT]} if KEPT in data else None


def _purge_chains(store: Store, before: datetime) -> int:
    with store.write() as tx:
        purged = select(audit_chain.c.chain).where(audit_chain.c.kind == "purge")
        statement = select(audit_chain).where(
            audit_chain.c.kind == "close", audit_chain.c.at < before, audit_chain.c.chain.not_in(purged)
        )
        rows = tx.connection.execute(statement.order_by(audit_chain.c.number).limit(CHAINS)).all()
        for row in rows:
            tx.connection.execute(delete(audit_event).where(audit_event.c.chain == row.chain))
            tx.connection.execute(delete(audit_head).where(audit_head.c.chain == row.chain))
            link: dict[str, Any] = {"chain": row.chain, "events": row.events, "head": row.head}
            add_link(tx.connection, kind="purge", actor=store.actor, at=store.now(), **link)
        return len(rows)
