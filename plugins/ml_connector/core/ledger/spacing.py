"""Never two writes to one record of another system within a gap, over all processes and restarts.

Whoever is about to write reserves a moment: now, or the end of the gap after the last write to any of
its records, whichever is later. The reservation stands in the database before the write leaves, so a
process that is killed in between is waited for as if it had written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    delete,
    func,
    literal,
    select,
    text,
    true,
    type_coerce,
    update,
)

from ml_connector.core import codec
from ml_connector.core.state.database import Database, upsert
from ml_connector.core.state.schema import record_write
from ml_connector.core.state.store import utc_now

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_PURGE_EVERY = 300.0
_KEPT = timedelta(minutes=10)
"""Rows stay for longer than they are needed: clocks of two machines differ."""


class Spacing:
    """Keeps writes apart.

    Args:
        database: where the last writes stand.
        name: whose records they are: one per login at the other system.
        gap: seconds between two writes to one record; 0 switches it off.
        clock: replaceable in tests.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        gap: float,
        *,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database, self._name, self._gap = database, name, timedelta(seconds=gap)
        self._clock, self._sleep = clock, sleep
        self._purged = float("-inf")
        self._busy: set[str] = set()
        self._ended = asyncio.Condition()

    async def before(self, records: Sequence[str]) -> None:
        """Reserve the next moment at which all of these records may be written to, and wait for it."""
        wanted = sorted(set(records))
        if not self._gap or not wanted:
            return
        moment = await asyncio.to_thread(self._reserve, wanted)
        wait = (moment - self._clock()).total_seconds()
        if wait > 0:
            await self._sleep(wait)

    async def after(self, records: Sequence[str]) -> None:
        """The write has ended just now: the gap counts from here, however long it took."""
        wanted = sorted(set(records))
        if self._gap and wanted:
            await asyncio.to_thread(self._stamp, wanted)

    @asynccontextmanager
    async def apart(self, records: Sequence[str]) -> AsyncIterator[None]:
        """Around one write: before it, and after it whatever became of it.

        In this process a second write waits for the end of the first, in others for the gap.
        """
        wanted = set(records)
        async with self._ended:
            await self._ended.wait_for(lambda: self._busy.isdisjoint(wanted))
            self._busy |= wanted
        try:
            await self.before(records)
            try:
                yield
            finally:
                await self.after(records)
        finally:
            async with self._ended:
                self._busy -= wanted
                self._ended.notify_all()

    # ---- the database's side, in a thread

    def _reserve(self, records: Sequence[str]) -> datetime:
        """The moment for all of them. They come sorted: two who lock the same rows do not deadlock."""
        with self._database.write() as connection:
            last = self._locked(connection, records)
            moment = max(self._clock(), last + self._gap)  # after the lock, which may have been waited for
            self._set(connection, records, moment)
        self._purge()
        return moment

    def _stamp(self, records: Sequence[str]) -> None:
        with self._database.write() as connection:
            self._locked(connection, records)
            self._set(connection, records, self._clock())

    def _locked(self, connection: Connection, records: Sequence[str]) -> datetime:
        """The last write to any of these records. Their rows are made where missing, and locked."""
        values = _values(connection, records)
        never = literal(_NEVER, record_write.c.at.type)
        # SQLite takes ON CONFLICT for a join unless the query before it has a condition.
        rows = select(literal(self._name), values, never).where(true())
        statement = upsert(connection, record_write).from_select(["name", "record", "at"], rows)
        locked = statement.on_conflict_do_update(
            index_elements=["name", "record"], set_={"at": record_write.c.at}
        )
        last: datetime = max(connection.scalars(locked.returning(record_write.c.at)))
        return last

    def _set(self, connection: Connection, records: Sequence[str], at: datetime) -> None:
        """Never earlier than what stands there: somebody may have reserved a later moment."""
        mine = record_write.c.record.in_(select(_values(connection, records)))
        earlier = record_write.c.name == self._name, record_write.c.at < at
        connection.execute(update(record_write).where(mine, *earlier).values(at=at))

    def _purge(self) -> None:
        """Now and then remove what keeps nobody waiting any more, leaving alone what is being written to."""
        if time.monotonic() - self._purged < _PURGE_EVERY:
            return
        self._purged = time.monotonic()
        with self._database.write() as connection:
            old = (
                select(record_write.c.record)
                .where(record_write.c.name == self._name)
                .where(record_write.c.at < self._clock() - self._gap - _KEPT)
                .with_for_update(skip_locked=True)
            )
            connection.execute(
                delete(record_write).where(record_write.c.name == self._name, record_write.c.record.in_(old))
            )


def _values(connection: Connection, records: Sequence[str]) -> ColumnElement[str]:
    """The records as rows, handed over as one parameter: hundreds make a statement no longer."""
    listed = codec.encode(list(records)).decode()
    if connection.dialect.name == "sqlite":
        rows = func.json_each(listed).table_valued("value")
    else:
        plain = text("CAST(:listed AS json)").bindparams(listed=listed)
        rows = func.json_array_elements_text(plain).table_valued("value")
    return type_coerce(rows.c.value, String)
