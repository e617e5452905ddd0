"""One kind of BILL object: rows by id, indexes, and time stamps."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sandbox.clock import Clock

from .errors import timestamp

Row = dict[str, Any]
IndexKey = Callable[[Row], Any]
OnChange = Callable[[Row | None, Row], None]
"""Takes the row as it was, None for a new one, and as it is."""


class Table:
    """Rows in the order of their creation, with exact indexes and a version for cached lists."""

    def __init__(self, prefix: str, clock: Clock, *, archivable: bool = True, **indexes: IndexKey) -> None:
        self.prefix, self._clock, self._archivable = prefix, clock, archivable
        self.rows: dict[str, Row] = {}
        self.visible_from: dict[str, float] = {}
        self.version = 0
        self.on_change: OnChange | None = None
        self._order: list[tuple[str, str]] = []
        self._keys = indexes
        self._indexes: dict[str, dict[Any, dict[str, None]]] = {name: defaultdict(dict) for name in indexes}
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def new_id(self) -> str:
        """The next id: three letters for the kind, twenty characters in all."""
        return f"{self.prefix}02SANDBOX{next(self._numbers):08d}"

    def now(self) -> str:
        """The time as BILL writes it."""
        return timestamp(self._clock.now())

    def add(self, row: Row, *, lag: float = 0.0) -> Row:
        """Add a new row; it gets its id, and its times last."""
        moment = self.now()
        beginning: Row = (
            {"id": self.new_id(), "archived": False} if self._archivable else {"id": self.new_id()}
        )
        made = {**beginning, **row, "createdTime": moment, "updatedTime": moment}
        self.rows[made["id"]] = made
        self._order.append((moment, made["id"]))
        if lag:
            self.visible_from[made["id"]] = self._clock.seconds() + lag
        self._enter(made)
        self.version += 1
        self._tell(None, made)
        return made

    def replace(self, row: Row, *, touch: bool = True) -> Row:
        """Put a changed copy in place of the row with its id; `updatedTime` always moves on."""
        old = self.rows[row["id"]]
        self._leave(old)
        if touch:
            row["updatedTime"] = max(self.now(), _next(old["updatedTime"]))
        self.rows[row["id"]] = row
        self._enter(row)
        self.version += 1
        self._tell(old, row)
        return row

    def _tell(self, old: Row | None, new: Row) -> None:
        if self.on_change is not None:
            self.on_change(old, new)

    def remove(self, row_id: str) -> bool:
        """Delete for good, as BILL itself never does; for tests."""
        row = self.rows.pop(row_id, None)
        if row is None:
            return False
        self._leave(row)
        self._order = [pair for pair in self._order if pair[1] != row_id]
        self.version += 1
        return True

    def created_since(self, moment: str) -> Iterator[Row]:
        """Rows created at that moment or later, oldest first."""
        start = bisect_left(self._order, (moment, ""))
        return (self.rows[row_id] for _, row_id in self._order[start:])

    def get(self, row_id: str) -> Row | None:
        """One row; never change it in place."""
        return self.rows.get(row_id)

    def ids(self, index: str, key: Any) -> list[str]:
        """Ids of the rows with this index key, oldest first."""
        return list(self._indexes[index].get(key, ()))

    def indexed(self, name: str) -> bool:
        """Whether there is an index of this name."""
        return name in self._indexes

    def groups(self, index: str) -> dict[Any, list[str]]:
        """Index keys that several rows share."""
        return {key: list(ids) for key, ids in self._indexes[index].items() if len(ids) > 1}

    def _enter(self, row: Row) -> None:
        for name, key_of in self._keys.items():
            key = key_of(row)
            if key is not None:
                self._indexes[name][key][row["id"]] = None

    def _leave(self, row: Row) -> None:
        for name, key_of in self._keys.items():
            self._indexes[name].get(key_of(row), {}).pop(row["id"], None)


def _next(moment: str) -> str:
    """A millisecond later."""
    return timestamp(datetime.fromisoformat(moment) + timedelta(milliseconds=1))
