"""Everything known of one document: its row, its payloads, every event with its actor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.privacy import masked, plain
from ml_connector.core.ledger.queries import Answer, answers, flow_is
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import audit_chain, audit_event, document, payload, reconciliation
from ml_connector.core.state.store import Store

ROLES = ("source", "staged", "sent", "loaded")


def story(store: Store, key: str, *, tenant: str | None = None, flow: str | None = None) -> list[Answer]:
    """The documents with this key, label or target id: row, payloads, events."""
    with store.read() as connection:
        statement = select(document).where(
            or_(document.c.key == key, document.c.label == key, document.c.target_id == key)
        )
        if tenant:
            statement = statement.where(document.c.tenant == tenant)
        if flow:
            statement = statement.where(flow_is(flow))
        rows = connection.execute(
            statement.order_by(document.c.tenant, document.c.flow, document.c.key).limit(20)
        ).all()
        return [_one_story(store, connection, row) for row in rows]


def find(connection: Connection, tenant: str, flow: str, key: str) -> AnyRow | None:
    """One document's row, None where there is none."""
    where = (document.c.tenant == tenant, document.c.flow == flow, document.c.key == key)
    return connection.execute(select(document).where(*where)).first()


def payloads(store: Store, connection: Connection, row: AnyRow) -> dict[str, Payload]:
    """A document's payloads by what they are to it (``ROLES``), *not masked*; purged ones are missing."""
    statement = select(payload.c.hash, payload.c.data).where(payload.c.document_id == row.id)
    by_hash = {item.hash: store.open(item.data) for item in connection.execute(statement)}
    digests = {role: getattr(row, f"{role}_hash") for role in ROLES}
    return {role: by_hash[digest] for role, digest in digests.items() if digest in by_hash}


def drift(store: Store, connection: Connection, row: AnyRow) -> Payload | None:
    """What the reconciliation saw in the target when the document drifted: its difference's detail."""
    statement = select(reconciliation.c.detail).where(
        reconciliation.c.tenant == row.tenant,
        reconciliation.c.flow == row.flow,
        reconciliation.c.at >= row.since,
        reconciliation.c.kind.in_(("changed", "missing")),
        reconciliation.c.key == row.key,
    )
    detail = connection.scalar(statement.order_by(reconciliation.c.at).limit(1))
    found: Payload | None = store.open(detail)
    return found


def events(connection: Connection, document_id: int) -> list[Answer]:
    """A document's events in order, each with its actor: ``dag/run/task/try``, ``cli:<user>``, ..."""
    opened = and_(audit_chain.c.chain == audit_event.c.chain, audit_chain.c.kind == "open")
    columns = (
        audit_event.c.at, audit_event.c.kind, audit_event.c.chain, audit_event.c.number, audit_event.c.data,
        audit_chain.c.actor,
    )  # fmt: skip
    rows = connection.execute(
        select(*columns)
        .join_from(audit_event, audit_chain, opened, isouter=True)
        .where(audit_event.c.document_id == document_id)
        .order_by(audit_event.c.at, audit_event.c.chain, audit_event.c.number)
    )
    return [_event(row) for row in rows]


def _event(row: AnyRow) -> Answer:
    data: Mapping[str, Any] = masked(codec.decode(row.data))
    about = {"at": plain(row.at), "event": row.kind, "actor": row.actor}
    return about | {name: value for name, value in data.items() if name not in about} | {
        "trail": f"{row.chain}:{row.number}"
    }  # fmt: skip


def _one_story(store: Store, connection: Connection, row: AnyRow) -> Answer:
    answer = answers([row], without=("steps", "receipt", "owner"))[0]
    answer["steps"] = masked(store.open(row.steps))
    answer["receipt"] = masked(store.open(row.receipt))
    answer["payloads"] = [
        {"hash": item.hash, "role": _role(row, item.hash), "created_at": plain(item.created_at),
         "data": masked(store.open(item.data))}
        for item in connection.execute(
            select(payload)
            .where(payload.c.document_id == row.id)
            .order_by(payload.c.created_at, payload.c.hash)
        )
    ]  # fmt: skip
    answer["events"] = events(connection, row.id)
    return answer


def _role(row: AnyRow, digest: str) -> list[str]:
    """What a stored payload is to its document."""
    return [role for role in ROLES if getattr(row, f"{role}_hash") == digest] or ["earlier"]
