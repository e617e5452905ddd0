"""Retention: payloads and closed audit chains go, keys, hashes and target ids stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from ml_connector.core.audit.trail import add_link
from ml_connector.core.ledger.scope import Status
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
from ml_connector.core.state.store import Store, Transaction

EVENTS_KEPT = timedelta(days=180)
"""BILL lists, and sends again, the events of 180 days: so long their ids tell what was seen already."""

FINISHED = (Status.LOADED, Status.EXCLUDED)
CHAINS = 200


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
