"""Reads one dataset of one tenant: the source of every flow that leaves PeopleSoft."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from ml_connector.core import codec
from ml_connector.core.config.dataset import Dataset, Query
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import Document, KeyAnswer, Page, Payload, Scan, Unreadable, Window
from ml_connector.core.errors import ConfigurationError, ContractChanged
from ml_connector.core.mapping.conditions import compile_condition
from ml_connector.peoplesoft.fold import Folder
from ml_connector.peoplesoft.keys import KeyReader
from ml_connector.peoplesoft.pages import Backoff, Block, NarrowWindow, Pager, Sizes
from ml_connector.peoplesoft.query import QueryCall, QueryService
from ml_connector.peoplesoft.rows import Identity, Layouts, Row
from ml_connector.peoplesoft.windows import Calendar

_log = logging.getLogger(__name__)

FIRST_KEY = ""  # what an offset prompt holds before the first page: blank sorts before every key


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a window was read: the stretch of time under way, and the last key in it."""

    begin: date
    end: date | None
    after: Identity | None = None

    def text(self) -> str:
        """The cursor of a page."""
        end = self.end.isoformat() if self.end else None
        return codec.encode({"begin": self.begin.isoformat(), "end": end, "after": self.after}).decode()

    @classmethod
    def parse(cls, text: str, calendar: Calendar) -> Self:
        """Inverse of :meth:`text`."""
        try:
            value: dict[str, Any] = codec.decode(text)
            end = calendar.since(value["end"]) if value["end"] else None
            after = tuple(value["after"]) if value["after"] is not None else None
            return cls(calendar.since(value["begin"]), end, after)
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(f"the stored cursor {text[:80]!r} is of another version") from None


class PeopleSoftSource:
    """``core.contract.Source`` over Query Access Services.

    Args:
        dataset: with the tenant's own query names already in it.
        service: shared by all datasets of a connection, so that what is learned about the site
            (a row cap) is learned once.
        clock: the current time; replaceable in tests.
        backoff: waits while the server struggles.
        parallel: calls in flight while looking up keys. Behind the gateway stand few server
            processes; two to four calls are polite.
    """

    def __init__(
        self,
        dataset: Dataset,
        tenant: TenantConfig,
        service: QueryService,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        backoff: Backoff | None = None,
        parallel: int = 3,
    ) -> None:
        self._dataset = dataset
        self._service = service
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._parallel = parallel
        self._zone = ZoneInfo(tenant.time_zone)
        self._calendar = Calendar(dataset.change.precision if dataset.change else "date", self._zone)
        self._layouts = Layouts(dataset, self._zone)
        self._sizes = Sizes(dataset.page, service.row_cap)
        self._stretch: timedelta | None = None
        self._source_time: datetime | None = None
        condition = dataset.open_when
        self._is_open: Callable[[Payload], bool] = (
            compile_condition(condition, dataset) if condition else lambda _: False
        )

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source`. An interrupted window goes on after its cursor.

        Raises:
            ConnectorError: the read stops; pages yielded before remain valid.
        """
        query = self._query(window.scan)
        self._source_time = None
        self._sizes.cap = self._sizes.cap or self._service.row_cap
        offset = [name.removeprefix("after.") for name in query.prompts.values() if name.startswith("after.")]
        if not offset:
            async for page in self._read_at_once(window, query):
                yield page
            return
        limit = self._calendar.until(window.until)
        place = self._first_place(window)
        while True:
            end = limit if place.end is None else min(place.end, limit)
            try:
                async for block in self._blocks(window, query, offset, place, end):
                    place = _Place(place.begin, place.end, block.after)
                    last = block.last and end >= limit
                    yield self._page(window, query, block, place, last=last)
                    if last:
                        return
            except NarrowWindow:
                place = self._narrowed(place, end)
            else:
                place = self._next_stretch(end, limit)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`."""
        reader = KeyReader(self._dataset, self._service, parallel=self._parallel, today=self._today)
        rows = await reader.rows(keys)
        documents: dict[str, Document] = {}
        unreadable: dict[str, Unreadable] = {item.key: item for item in reader.oversize}
        wanted = set(keys)
        for answer in rows:
            good, bad, _ = self._folded(reader.query.name, answer)
            documents.update({item.key: item for item in good if item.key in wanted})
            unreadable.update({item.key: item for item in bad if item.key in wanted})
        absent = [key for key in dict.fromkeys(keys) if key not in documents and key not in unreadable]
        found = [documents[key] for key in dict.fromkeys(keys) if key in documents]
        return KeyAnswer(found, absent, list(unreadable.values()))

    def _query(self, scan: Scan) -> Query:
        queries = self._dataset.queries
        query = {
            Scan.CHANGES: queries.changes or queries.full,
            Scan.OPEN: queries.open,
            Scan.FULL: queries.full or queries.changes,
        }[scan]
        if query is None:
            raise ConfigurationError(f"dataset {self._dataset.dataset} has no query for {scan.value}")
        return query

    def _first_place(self, window: Window) -> _Place:
        if window.cursor:
            return _Place.parse(window.cursor, self._calendar)
        return _Place(self._calendar.since(window.since), None)

    def _narrowed(self, place: _Place, end: date) -> _Place:
        """The first half of the stretch, after the same key."""
        width = self._calendar.width(place.begin, end, self._clock()) / 2
        self._stretch = max(width, self._calendar.smallest)
        return _Place(place.begin, self._calendar.advanced(place.begin, self._stretch), place.after)

    def _next_stretch(self, begin: date, limit: date) -> _Place:
        """The stretch after one that went well is twice as long."""
        if self._stretch is None:
            return _Place(begin, None)
        self._stretch *= 2
        remaining = self._calendar.width(begin, limit, self._clock())
        if self._stretch >= remaining:
            self._stretch = None
            return _Place(begin, None)
        return _Place(begin, self._calendar.advanced(begin, self._stretch))

    def _blocks(
        self, window: Window, query: Query, offset: list[str], place: _Place, end: date
    ) -> AsyncIterator[Block]:
        timed = {"since", "until"} <= set(query.prompts.values())
        width = self._calendar.width(place.begin, end, self._clock())
        values = {
            "unit": window.unit,
            "since": self._calendar.prompt(place.begin),
            "until": self._calendar.prompt(end),
            "today": self._today(),
        }

        async def ask(after: Identity | None, maxrows: int) -> list[Row]:
            known = after or (FIRST_KEY,) * len(offset)
            at = {f"after.{name}": str(value) for name, value in zip(offset, known, strict=True)}
            return await self._run(query, {**values, **at}, maxrows)

        def keys_of(rows: Sequence[Row]) -> list[Identity]:
            return self._offset_keys(query, offset, rows)

        pager = Pager(
            ask,
            keys_of,
            self._sizes,
            on_cap=self._announce_cap,
            backoff=self._backoff,
            can_narrow=timed and width > self._calendar.smallest,
        )
        return pager.blocks(place.after)

    async def _run(self, query: Query, values: dict[str, str], maxrows: int) -> list[Row]:
        prompts = {name: values[source] for name, source in query.prompts.items()}
        answer = await self._service.run(QueryCall(query.name, prompts, maxrows, query.owner))
        self._source_time = self._source_time or answer.source_time
        return answer.rows

    def _offset_keys(self, query: Query, offset: list[str], rows: Sequence[Row]) -> list[Identity]:
        if not rows:
            return []
        plan = self._layouts.plan(query.name, rows)
        columns = [plan.column_of(name) or "" for name in offset]
        return [tuple(_trimmed(row.get(column, "")) for column in columns) for row in rows]

    async def _read_at_once(self, window: Window, query: Query) -> AsyncIterator[Page]:
        """A query without an offset prompt: ask for more until the answer is not full."""
        values = {
            "unit": window.unit,
            "since": self._calendar.prompt(self._calendar.since(window.since)),
            "until": self._calendar.prompt(self._calendar.until(window.until)),
            "today": self._today(),
        }
        maxrows = self._dataset.page.maximum + 1
        rows = await self._run(query, values, maxrows)
        while len(rows) >= maxrows and len(rows) != self._service.row_cap:
            maxrows *= 4
            rows = await self._run(query, values, maxrows)
        if rows and len(rows) == self._service.row_cap:
            raise ConfigurationError(
                f"query {query.name} answers {len(rows)} rows, just as many as the query security profile of "
                "the user allows: rows are missing. Raise the limit, or give the query a key prompt "
                "(after.FIELD) so that it can be read in pages"
            )
        documents, unreadable, fields = self._folded(query.name, rows)
        self._check_unit(window, documents)
        size = self._dataset.page.rows
        for begin in range(0, max(len(documents), 1), size):
            last = begin + size >= len(documents)
            part = documents[begin : begin + size]
            yield Page(part, None, last, fields, self._source_time, unreadable if last else ())

    def _page(self, window: Window, query: Query, block: Block, place: _Place, *, last: bool) -> Page:
        documents, unreadable, fields = self._folded(query.name, block.rows)
        self._check_unit(window, documents)
        if block.oversize is not None:
            unreadable.append(self._oversize(window, block.oversize))
        return Page(documents, place.text(), last, fields, self._source_time, unreadable)

    def _folded(
        self, query: str, rows: Sequence[Row]
    ) -> tuple[list[Document], list[Unreadable], frozenset[str]]:
        """Documents, those that cannot be read, and the fields that the answer has."""
        if not rows:
            return [], [], frozenset()
        plan = self._layouts.plan(query, rows)
        folder = Folder(self._dataset, plan, self._today(), self._is_open)
        folder.add(rows)
        return *folder.result(), plan.fields()

    def _check_unit(self, window: Window, documents: Sequence[Document]) -> None:
        """A query that lost its criterion on the unit would read every company's documents."""
        wrong = next((item for item in documents if item.unit != window.unit), None)
        if wrong is not None and self._dataset.unit_name in wrong.payload:
            raise ContractChanged(
                f"dataset {self._dataset.dataset}: asked for {window.unit}, the query answered {wrong.key}; "
                f"its criterion on {self._dataset.unit_name} is missing"
            )

    def _oversize(self, window: Window, key: Identity) -> Unreadable:
        limit = self._sizes.cap or self._dataset.page.maximum
        return Unreadable(
            key="|".join([window.unit, *map(str, key)]),
            unit=window.unit,
            field="",
            value=f"{limit} rows or more",
            expected="a document that fits into one answer; raise the row limit of the user's query "
            "security profile, or page.maximum of the dataset",
        )

    def _announce_cap(self, cap: int) -> None:
        self._service.row_cap = cap
        _log.warning(
            "PeopleSoft cuts answers at %s rows without saying so (query security profile of the user): "
            "reading in smaller pages; a higher limit makes it faster",
            cap,
        )

    def _today(self) -> str:
        return self._clock().astimezone(self._zone).date().isoformat()


def _trimmed(value: Any) -> Any:
    return value.rstrip() if isinstance(value, str) else value
