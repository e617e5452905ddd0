"""State of a flow as a whole: adoption at go-live, last success, confirmations, batches."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ml_connector.core import codec
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.database import AnyRow, upsert
from ml_connector.core.state.schema import batch, flow_state
from ml_connector.core.state.store import Transaction


@dataclass(slots=True)
class FlowState:
    """``adopted_at``: the target's existing objects were compared before the first create.

    ``confirmed_changes``: so many updates and removals a person has let pass in the next run.
    ``ledger_cursor``, ``target_cursor``: where the rotations of the reconciliation go on.
    ``rotated_at``: when they last came to their ends.
    ``watched_since``: since when somebody looks whether the flow stands still.
    ``stale_alerted_at``: when people were last told that it does.
    """

    adopted_at: datetime | None = None
    succeeded_at: datetime | None = None
    confirmed_changes: int = 0
    ledger_cursor: int = 0
    target_cursor: str | None = None
    rotated_at: datetime | None = None
    stopped_reason: str | None = None
    watched_since: datetime | None = None
    stale_alerted_at: datetime | None = None


_FIELDS = tuple(FlowState.__dataclass_fields__)


def get(connection: Connection, scope: Scope) -> FlowState:
    """The flow's state, empty when it never ran."""
    row = connection.execute(
        select(flow_state).where(flow_state.c.tenant == scope.tenant, flow_state.c.flow == scope.flow)
    ).first()
    return FlowState(**{name: getattr(row, name) for name in _FIELDS}) if row else FlowState()


def put(tx: Transaction, scope: Scope, **values: Any) -> None:
    """Change single values of the flow's state."""
    key = {"tenant": scope.tenant, "flow": scope.flow}
    statement = upsert(tx.connection, flow_state).values(
        **key, **({"confirmed_changes": 0, "ledger_cursor": 0} | values)
    )
    tx.connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def forget_adoption(tx: Transaction, tenant: str | None = None) -> None:
    """After a restore: every flow compares the target's objects again before it creates any."""
    statement = update(flow_state).values(adopted_at=None)
    if tenant:
        statement = statement.where(flow_state.c.tenant == tenant)
    tx.connection.execute(statement)
    tx.record("restored", {"tenant": tenant or "all"}, tenant=tenant)


def begin_batch(tx: Transaction, scope: Scope, run: str) -> str:
    """Open a batch: one flow's work in one run."""
    batch_id = uuid.uuid4().hex
    values = {"id": batch_id, "tenant": scope.tenant, "flow": scope.flow, "run": run[:256]}
    tx.connection.execute(insert(batch).values(started_at=tx.store.now(), **values))
    return batch_id


def last_batch(connection: Connection, scope: Scope) -> AnyRow | None:
    """The flow's newest batch."""
    statement = select(batch).where(batch.c.tenant == scope.tenant, batch.c.flow == scope.flow)
    return connection.execute(statement.order_by(batch.c.started_at.desc()).limit(1)).first()


def end_batch(tx: Transaction, batch_id: str, counts: dict[str, Any]) -> None:
    """Close a batch with its counts."""
    values = {"finished_at": tx.store.now(), "counts": codec.encode(counts).decode()}
    tx.connection.execute(update(batch).where(batch.c.id == batch_id).values(values))
