"""How far each dataset was read, per business unit or SETID and per kind of scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.database import upsert
from ml_connector.core.state.schema import watermark
from ml_connector.core.state.store import Transaction


@dataclass(slots=True)
class Mark:
    """State of one scan of one unit.

    Attributes:
        value: highest stamp read by a completed window.
        cursor: where an interrupted window goes on; None when none is open.
        window_since: lower bound of the open window.
        window_until: upper bound of the open window.
        high: highest stamp that the open window has met.
        began_at: source's own time when the open window began.
        selection: fingerprint of what the window selects.
        columns: fields that the answers had, sorted and comma-separated.
        completed_at: when a window was last read to its end.
    """

    dataset: str
    unit: str
    scan: str
    value: str | None = None
    cursor: str | None = None
    window_since: str | None = None
    window_until: str | None = None
    high: str | None = None
    began_at: datetime | None = None
    selection: str | None = None
    columns: str | None = None
    completed_at: datetime | None = None


_FIELDS = tuple(name for name in Mark.__dataclass_fields__ if name not in ("dataset", "unit", "scan"))


def get(connection: Connection, scope: Scope, dataset: str, unit: str, scan: str) -> Mark:
    """The stored mark, or an empty one."""
    row = connection.execute(
        select(watermark).where(
            watermark.c.tenant == scope.tenant,
            watermark.c.flow == scope.flow,
            watermark.c.dataset == dataset,
            watermark.c.unit == unit,
            watermark.c.scan == scan,
        )
    ).first()
    mark = Mark(dataset, unit, scan)
    if row is not None:
        for name in _FIELDS:
            setattr(mark, name, getattr(row, name))
    return mark


def put(tx: Transaction, scope: Scope, mark: Mark) -> None:
    """Store a mark; always in the transaction of the page that moved it."""
    values = {name: getattr(mark, name) for name in _FIELDS} | {"updated_at": tx.store.now()}
    key = {
        "tenant": scope.tenant, "flow": scope.flow, "dataset": mark.dataset, "unit": mark.unit,
        "scan": mark.scan,
    }  # fmt: skip
    statement = upsert(tx.connection, watermark).values(**key, **values)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def all_marks(connection: Connection, tenant: str, flow: str | None = None) -> list[Any]:
    """Rows of a tenant, for people to read."""
    statement = select(watermark).where(watermark.c.tenant == tenant)
    if flow:
        statement = statement.where(watermark.c.flow == flow)
    return list(connection.execute(statement.order_by(watermark.c.flow, watermark.c.unit, watermark.c.scan)))


def moment(stamp: str) -> datetime:
    """A stamp as an aware time; a date counts from its midnight in UTC."""
    if len(stamp) == 10:
        return datetime.combine(date.fromisoformat(stamp), datetime.min.time(), UTC)
    parsed = datetime.fromisoformat(stamp)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def later(first: str | None, second: str | None) -> str | None:
    """The later of two stamps."""
    if first is None or second is None:
        return first or second
    return first if moment(first) >= moment(second) else second


def not_after(stamp: str | None, limit: datetime | None, zone: str) -> str | None:
    """A stamp, or the source's own time when that is earlier: a future stamp must not hide what follows."""
    if stamp is None or limit is None:
        return stamp
    if len(stamp) == 10:
        return min(stamp, limit.astimezone(ZoneInfo(zone)).date().isoformat())
    return stamp if moment(stamp) <= limit else limit.astimezone(UTC).isoformat()


def back(stamp: str, overlap: timedelta) -> str:
    """A stamp moved back by the dataset's overlap; a date stays a date."""
    moved = moment(stamp) - overlap
    return moved.date().isoformat() if len(stamp) == 10 else moved.isoformat()


def read_completely(connection: Connection, scope: Scope) -> bool:
    """Whether everything that the flow reads has been read to its end at least once."""
    statement = select(watermark.c.completed_at).where(
        watermark.c.tenant == scope.tenant, watermark.c.flow == scope.flow, watermark.c.scan == "full"
    )
    completed = [row[0] for row in connection.execute(statement)]
    return bool(completed) and all(completed)
