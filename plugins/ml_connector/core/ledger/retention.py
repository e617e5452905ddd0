"""Retention: payloads and closed audit chains go, keys, hashes and target ids stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, or_, select, update

from ml_connector.core.audit.trail import add_link
from ml_connector.core.ledger.scope import Status
from ml_connector.core.state.schema import (
    audit_chain,
    audit_event,
    audit_head,
    batch,
    document,
    inbox,
    interchange,
    payload,
    plan,
    reconciliation,
    transaction_set,
)
from ml_connector.core.state.store import Store, Transaction

EVENTS_KEPT = timedelta(days=180)
"""BILL lists, and sends again, the events of 180 days: so long their ids tell what was seen already."""

FINISHED = (Status.LOADED, Status.EXCLUDED)
CHAINS = 200

ANSWERED = ("acknowledged", "acknowledged_with_errors", "rejected", "not_expected", "taken", "duplicate")
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

    Numbers, hashes and keys stay, so that nothing is taken twice and an old number can still be explained.
    """
    sets = transaction_set.c
    of_document = or_(
        document.c.id == sets.document_id,
        and_(document.c.tenant == sets.tenant, document.c.flow == sets.flow, document.c.key == sets.key),
    )
    needed = exists().where(of_document, document.c.status.not_in(FINISHED))
    waits = exists().where(sets.interchange_id == interchange.c.id, or_(sets.status.not_in(ANSWERED), needed))
    closed = and_(interchange.c.created_at < before, interchange.c.status.not_in(UNDER_WAY), ~waits)
    old = select(interchange.c.id).where(closed)
    tx.connection.execute(
        update(transaction_set).where(sets.interchange_id.in_(old), sets.data.is_not(None)).values(data=None)
    )
    where = and_(closed, interchange.c.content.is_not(None))
    return tx.connection.execute(update(interchange).where(where).values(content=None)).rowcount


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
