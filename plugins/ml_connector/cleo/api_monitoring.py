"""What became of files, by Cleo's transfers or its log, where it shows them.

Their columns are Cleo's (its transfer report and its log), the calls are not published: a tenant may
have none of them, filter otherwise, or not let the user see them. That is no failure: None is answered,
and the flows go by folders and acknowledgments alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from ml_connector.cleo.errors import NotFound, NotOffered, WebPage
from ml_connector.cleo.filters import Filter, eq, ge
from ml_connector.cleo.links import Record
from ml_connector.cleo.moments import local_text, parse_moment
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.rest import Rest
from ml_connector.core.errors import ConfigurationError, ContractChanged, NotActivated, Rejected
from ml_connector.core.state.store import utc_now

REPORT = "TR (transfer report, view)"
"""The right to see transfers, as Cleo's VLNavigator names it."""

_RECENT = timedelta(days=7)
"""So far back a file is looked for where Cleo cannot filter by its name."""

_FRESH = timedelta(seconds=60)
"""So long what was read for one file serves for others: an upload of this task must not be missed."""

_SEND = {"local->host": "send", "host->local": "receive"}
"""The log's words for a direction."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer of a file.

    Attributes:
        status: ``In Progress``, ``Receipt Pending``, ``Success``, ``Warning``, ``Error``, ``Exception``,
            ``Interrupted``, ``Discarded``, and interim ones.
        file_name: as it was sent.
        direction: ``send``, ``receive``, ``inbound``, ``outbound``; empty where nobody says.
        is_receipt: it carries a receipt, no document.
        result: in Cleo's words.
    """

    id: str
    status: str
    file_name: str
    direction: str = ""
    is_receipt: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    result: str = ""


class _TooMany(ConfigurationError):
    """More pages than one reading may take."""


class Monitor:
    """Reads transfers, and remembers what this Cleo does not have.

    Args:
        rest: of the administrator.
        options: of the tenant.
        clock: replaceable in tests.
    """

    def __init__(self, rest: Rest, options: CleoOptions, clock: Callable[[], datetime] = utc_now) -> None:
        self._rest, self._options, self._how, self._clock = rest, options, options.monitoring, clock
        self._missing: set[str] = set()
        self._unfiltered: set[tuple[str, str]] = set()
        self._recent: tuple[datetime, list[Transfer] | None] | None = None
        self.trouble: str | None = None

    async def transfers(self, since: datetime | None) -> list[Transfer] | None:
        """See :class:`~ml_connector.cleo.api.CleoApi`."""
        found = await self._listed(since)
        if found is None:
            found = await self._logged(since)
        return found if found is None or since is None else [one for one in found if _late(one, since)]

    async def transfers_of(self, file_name: str) -> list[Transfer] | None:
        """See :class:`~ml_connector.cleo.api.CleoApi`."""
        path, name = self._options.paths.transfers, self._how.fields.file_name
        if path is not None and (path, name) not in self._unfiltered:
            rows = await self._named(path, name, file_name)
            if rows is not None and all(row.get(name) == file_name for row in rows):
                return [self._transfer(row) for row in rows]
            self._unfiltered.add((path, name))  # refused, or answered with others
        recent = await self._read_recent()
        return None if recent is None else [one for one in recent if one.file_name == file_name]

    async def _named(self, path: str, name: str, file_name: str) -> list[Record] | None:
        """Rows by name: one page, since more would be those of other files."""
        try:
            return await self._rows(
                path, "looking for the transfer of a file", eq(name, file_name), limit=1, else_all=False
            )
        except _TooMany:
            return None

    async def _read_recent(self) -> list[Transfer] | None:
        """All transfers of the last days; None where they are not shown, or too many."""
        now = self._clock()
        if self._recent is None or now - self._recent[0] > _FRESH:
            try:
                self._recent = now, await self.transfers(now - _RECENT)
            except _TooMany as error:
                self.trouble = str(error)
                self._recent = datetime.max.replace(tzinfo=UTC), None
        return self._recent[1]

    # ---- the transfer report

    async def _listed(self, since: datetime | None) -> list[Transfer] | None:
        where = self._since(self._how.fields.started, since)
        rows = await self._rows(self._options.paths.transfers, "listing the transfers", where)
        return None if rows is None else [self._transfer(row) for row in rows]

    def _transfer(self, row: Record) -> Transfer:
        fields = self._how.fields
        return Transfer(
            id=_text(row, fields.id),
            status=_text(row, fields.status),
            file_name=_text(row, fields.file_name),
            direction=_text(row, fields.direction).lower(),
            is_receipt=str(row.get(fields.receipt)).lower() in {"true", "t"},
            started=parse_moment(row.get(fields.started), self._how.zone),
            ended=parse_moment(row.get(fields.ended), self._how.zone),
            result=_text(row, fields.result),
        )

    # ---- the log

    async def _logged(self, since: datetime | None) -> list[Transfer] | None:
        """Transfers as the log tells them: a line ``File``, and a line ``Result`` of the same transfer."""
        where = self._since(self._how.event_time, since)
        rows = await self._rows(self._options.paths.events, "listing the events", where)
        if rows is None:
            return None
        lines = [(_text(row, "type").lower(), row, _attributes(row)) for row in rows]
        ends = {more.get("transferID"): row for kind, row, more in lines if kind == "result"}
        return [
            self._begun(row, more, ends.get(more.get("transferID")))
            for kind, row, more in lines
            if kind == "file" and more.get("transferID")
        ]

    def _begun(self, row: Record, more: dict[str, str], end: Record | None) -> Transfer:
        column, zone = self._how.event_time, self._how.zone
        said, direction = _text(end or {}, "text"), more.get("direction", "").lower()
        return Transfer(
            id=more["transferID"],
            status=said.partition(" ")[0].rstrip(":.,;") or "In Progress",
            file_name=PurePosixPath(more.get("source", "").replace("\\", "/")).name,
            direction=_SEND.get(direction, direction),
            started=parse_moment(row.get(column), zone),
            ended=None if end is None else parse_moment(end.get(column), zone),
            result=said,
        )

    # ---- reading

    def _since(self, column: str, since: datetime | None) -> Filter | None:
        if since is None or not self._how.since_filter:
            return None
        return ge(column, local_text(since, self._how.zone))

    async def _rows(
        self,
        path: str | None,
        what: str,
        where: Filter | None,
        *,
        limit: int | None = None,
        else_all: bool = True,
    ) -> list[Record] | None:
        """The rows; all of them where Cleo refuses the filter, and None where it has no such list.

        What will be no better at the next call counts as missing; an outage is raised.

        Args:
            limit: pages at most; the tenant's option where None.
            else_all: false answers None to a refused filter.
        """
        if path is None or path in self._missing:
            return None
        try:
            return await self._filtered(path, what, where, limit or self._how.pages, else_all=else_all)
        except _TooMany:
            raise
        except (NotActivated, NotFound, NotOffered):
            self._missing.add(path)
        except (ConfigurationError, ContractChanged, Rejected, WebPage) as error:
            if isinstance(error, WebPage) and error.status >= 500:
                raise
            self._missing.add(path)
            self.trouble = str(error)
        return None

    async def _filtered(
        self, path: str, what: str, where: Filter | None, limit: int, *, else_all: bool
    ) -> list[Record] | None:
        column = str(where).partition(" ")[0]
        if where is not None and (path, column) not in self._unfiltered:
            try:
                return await self._read(path, what, where, limit)
            except Rejected as error:
                if error.code != "400":
                    raise
                self._unfiltered.add((path, column))
        return await self._read(path, what, None, limit) if else_all else None

    async def _read(self, path: str, what: str, where: Filter | None, limit: int) -> list[Record]:
        rows: list[Record] = []
        pages = 0
        async for page in self._rest.pages(path, what, REPORT, where=where):
            rows += page
            pages += 1
            if pages > limit:
                raise _TooMany(
                    f"{what}: Cleo has more than {limit} pages of them; its filter by time does "
                    "not work as expected",
                    field="integrations.cleo.options.paths",
                    expected="null for this path, or more pages in monitoring",
                )
        return rows


def _attributes(row: Record) -> dict[str, str]:
    found = row.get("attributes")
    pairs: Sequence[tuple[Any, Any]] = list(found.items()) if isinstance(found, dict) else []
    return {str(name): str(value) for name, value in pairs}


def _text(row: Record, name: str) -> str:
    value: Any = row.get(name)
    return "" if value is None else str(value)


def _late(transfer: Transfer, since: datetime) -> bool:
    """Not before; what tells no time counts. Cleo's times have whole seconds."""
    moment = transfer.started
    return moment is None or moment >= since.astimezone(UTC).replace(microsecond=0)
