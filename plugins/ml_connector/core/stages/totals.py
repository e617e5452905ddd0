"""Counts and amounts by unit, status and currency in source, ledger and target."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import select

from ml_connector.core.ledger.reports import Total
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.state.database import AnyRow, records
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Transaction

ZERO = Decimal(0)
GROUPS = ["unit", "business_status", "currency"]
PAGE = 10_000

_COLUMNS = (
    document.c.id, document.c.unit, document.c.business_status, document.c.state, document.c.loaded_state,
    document.c.currency, document.c.status, document.c.amount, document.c.loaded_amount, document.c.selected,
    document.c.staged_absent, document.c.loaded_absent, document.c.loaded_hash, document.c.absent_since,
)  # fmt: skip


def compute(
    tx: Transaction, scope: Scope, in_target: Mapping[int, Decimal | None], gone: Collection[int]
) -> list[Total]:
    """Totals over everything the source wants in the target or the ledger knows to be there.

    Args:
        in_target: amounts read back in this run, by document id; documents that were not read back
            count as the ledger has them.
        gone: documents whose object was not found.
    """
    frames, after = [], 0
    while rows := _page(tx, scope, after):
        after = rows[-1].id
        numbers = [_Numbers(row, in_target, gone).as_row() for row in rows]
        frames.append(_summed(pd.DataFrame([row for row in numbers if row is not None])))
    frames = [frame for frame in frames if not frame.empty]
    if not frames:
        return []
    lines = _summed(pd.concat(frames)).to_dict("records")
    return [Total(**{str(name): _plain(value) for name, value in line.items()}) for line in lines]


def _page(tx: Transaction, scope: Scope, after: int) -> list[AnyRow]:
    """The next rows of the flow: a ledger of any size costs the memory of one page."""
    statement = select(*_COLUMNS).where(scope.rows(), document.c.id > after)
    return records(tx.connection.execute(statement.order_by(document.c.id).limit(PAGE)))


def _summed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if frame.empty else frame.groupby(GROUPS, sort=True, dropna=False).sum().reset_index()


class _Numbers:
    """What one row contributes."""

    def __init__(self, row: Any, in_target: Mapping[int, Decimal | None], gone: Collection[int]) -> None:
        self.row = row
        self.wanted = bool(
            row.selected
            and row.absent_since is None
            and not row.staged_absent
            and row.status != Status.EXCLUDED
        )
        self.loaded = row.loaded_hash is not None and not row.loaded_absent
        self.there = self.loaded and row.id not in gone
        self.amount = row.amount or ZERO
        self.loaded_amount = (
            (row.loaded_amount if row.loaded_amount is not None else self.amount) if self.loaded else ZERO
        )
        read = in_target.get(row.id)
        self.target_amount = (self.loaded_amount if read is None else read) if self.there else ZERO

    def as_row(self) -> dict[str, Any] | None:
        """Counts and amounts; None for a row that neither source nor target holds."""
        if not (self.wanted or self.loaded):
            return None
        row = self.row
        is_open = row.status != Status.LOADED
        source = self.amount if self.wanted else ZERO
        return {
            "unit": row.unit,
            "business_status": row.business_status or row.state or row.loaded_state or row.status,
            "currency": row.currency or "",
            "source_count": int(self.wanted), "source_amount": source,
            "ledger_count": int(self.loaded), "ledger_amount": self.loaded_amount,
            "target_count": int(self.there), "target_amount": self.target_amount,
            "open_count": int(self.wanted) - int(self.there) if is_open else 0,
            "open_amount": source - self.target_amount if is_open else ZERO,
        }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, Decimal)) else int(value)
