"""Transfers and events of Cleo, where it shows them.

Their columns are Cleo's (its transfer report and its log), the calls are not published: a tenant may
have none of them, filter otherwise, or not let the user see them. That is no failure: None is answered,
and the flows go by folders and acknowledgments alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from ml_connector.cleo.errors import NotFound
from ml_connector.cleo.filters import Filter, eq, ge
from ml_connector.cleo.links import Record
from ml_connector.cleo.moments import local_text, parse_moment
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.rest import Rest
from ml_connector.core.errors import ConfigurationError, NotActivated, Rejected

REPORT = "TR (transfer report, view)"
"""The right to see transfers, as Cleo's VLNavigator names it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer of a file; names follow the columns of Cleo's transfer report.

    Attributes:
        status: ``In Progress``, ``Receipt Pending``, ``Success``, ``Warning``, ``Error``, ``Exception``,
            ``Interrupted``, ``Discarded``, and interim ones.
        file_name: as it was sent.
        direction: ``send``, ``receive``, ``inbound``, ``outbound``.
        is_receipt: it carries a receipt, no document.
        connection: alias of the connection (Cleo's column is Host).
        acknowledgment: what Cleo's own tracking says of the 997; empty unless that is switched on.
    """

    id: str
    status: str
    file_name: str
    direction: str = ""
    is_receipt: bool = False
    connection: str = ""
    size: int | None = None
    started: datetime | None = None
    ended: datetime | None = None
    result: str = ""
    message_id: str = ""
    external_id: str = ""
    partner: str = ""
    sender: str = ""
    receiver: str = ""
    document_id: str = ""
    document_type: str = ""
    acknowledgment: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of Cleo's log.

    Attributes:
        type: ``File``, ``Transfer``, ``Result`` and so on.
        attributes: of the entry: transferID, direction, source, destination, mdn and others.
    """

    id: str
    type: str
    time: datetime | None
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


class Monitor:
    """Reads transfers and events, and remembers what this Cleo does not have.

    Args:
        rest: of the administrator.
        options: of the tenant.
    """

    def __init__(self, rest: Rest, options: CleoOptions) -> None:
        self._rest, self._options, self._how = rest, options, options.monitoring
        self._missing: set[str] = set()
        self._unfiltered: set[str] = set()

    async def transfers(self, since: datetime | None) -> list[Transfer] | None:
        """See :class:`~ml_connector.cleo.api.CleoApi`."""
        path, column = self._options.paths.transfers, self._how.transfer_time
        where = self._since(column, since)
        rows = await self._rows(path, "listing the transfers", where)
        found = None if rows is None else [self._transfer(row) for row in rows]
        return (
            found if found is None or since is None else [one for one in found if _late(one.started, since)]
        )

    async def transfers_of(self, file_name: str) -> list[Transfer] | None:
        """See :class:`~ml_connector.cleo.api.CleoApi`."""
        path = self._options.paths.transfers
        rows = await self._rows(path, "looking for the transfer of a file", eq("origName", file_name))
        if rows is None:
            return None
        return [one for one in map(self._transfer, rows) if one.file_name == file_name]

    async def events(self, since: datetime | None) -> list[Event] | None:
        """See :class:`~ml_connector.cleo.api.CleoApi`."""
        path, column = self._options.paths.events, self._how.event_time
        rows = await self._rows(path, "listing the events", self._since(column, since))
        found = None if rows is None else [self._event(row) for row in rows]
        return found if found is None or since is None else [one for one in found if _late(one.time, since)]

    def _since(self, column: str, since: datetime | None) -> Filter | None:
        if since is None or not self._how.since_filter:
            return None
        return ge(column, local_text(since, self._how.zone))

    async def _rows(self, path: str | None, what: str, where: Filter | None) -> list[Record] | None:
        """The rows; without a filter where Cleo refuses it, and None where it has no such list."""
        if path is None or path in self._missing:
            return None
        try:
            if where is not None and path not in self._unfiltered:
                try:
                    return await self._read(path, what, where)
                except Rejected as error:
                    if error.code != "400":
                        raise
                    self._unfiltered.add(path)
            return await self._read(path, what, None)
        except (NotActivated, NotFound):
            self._missing.add(path)
            return None

    async def _read(self, path: str, what: str, where: Filter | None) -> list[Record]:
        rows: list[Record] = []
        pages = 0
        async for page in self._rest.pages(path, what, REPORT, where=where):
            rows += page
            pages += 1
            if pages > self._how.pages:
                raise ConfigurationError(
                    f"{what}: Cleo has more than {self._how.pages} pages of them; its filter by time does "
                    "not work as expected",
                    field="integrations.cleo.options.paths",
                    expected="null for this path, or more pages in monitoring",
                )
        return rows

    def _transfer(self, row: Record) -> Transfer:
        size = row.get("fileSize")
        return Transfer(
            id=_text(row, "transferID"),
            status=_text(row, "status"),
            file_name=_text(row, "origName"),
            direction=_text(row, "direction").lower(),
            is_receipt=str(row.get("isReceipt")).lower() in {"true", "t"},
            connection=_text(row, "host"),
            size=int(str(size)) if str(size).isdecimal() else None,
            started=parse_moment(row.get(self._how.transfer_time), self._how.zone),
            ended=parse_moment(row.get("endDT"), self._how.zone),
            result=_text(row, "resultText"),
            message_id=_text(row, "messageID"),
            external_id=_text(row, "externalID"),
            partner=_text(row, "tradingPartnerAlias"),
            sender=_text(row, "senderID"),
            receiver=_text(row, "receiverID"),
            document_id=_text(row, "documentID"),
            document_type=_text(row, "documentType"),
            acknowledgment=_text(row, "ackStatus"),
        )

    def _event(self, row: Record) -> Event:
        attributes = row.get("attributes")
        pairs = attributes.items() if isinstance(attributes, dict) else ()
        return Event(
            id=_text(row, "id"),
            type=_text(row, "type"),
            time=parse_moment(row.get(self._how.event_time), self._how.zone),
            text=_text(row, "text"),
            attributes={str(name): str(value) for name, value in pairs},
        )


def _text(row: Record, name: str) -> str:
    value: Any = row.get(name)
    return "" if value is None else str(value)


def _late(moment: datetime | None, since: datetime) -> bool:
    """Not before; what tells no time counts. Cleo's times have whole seconds."""
    return moment is None or moment >= since.astimezone(UTC).replace(microsecond=0)
