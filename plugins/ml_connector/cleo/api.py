"""Cleo's connections and actions, as its administrator sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ml_connector.cleo.api_monitoring import Monitor, Transfer
from ml_connector.cleo.filters import Filter, eq
from ml_connector.cleo.links import Record, link
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.rest import Rest
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import quote_segment
from ml_connector.core.state.store import utc_now

HOSTS = "Hosts (view)"
"""The right to see connections and actions, as Cleo's VLNavigator names it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One partner endpoint.

    Attributes:
        id: Cleo's own.
        alias: its name.
        type: ``as2``, ``sftp``, ``ftp`` and many others.
        enabled: may be used.
        ready: is configured completely.
        reason: why it is not ready.
        partner: name of the partner in the protocol, e.g. AS2-To.
    """

    id: str
    alias: str
    type: str
    enabled: bool
    ready: bool
    reason: str | None = None
    partner: str | None = None

    @classmethod
    def of(cls, row: Record) -> Connection:
        """From a row of Cleo's list; members at their default may be missing."""
        return cls(
            id=str(row.get("id") or ""),
            alias=str(row.get("alias") or ""),
            type=str(row.get("type") or ""),
            enabled=truth(row.get("enabled"), default=True),
            ready=truth(row.get("ready"), default=True),
            reason=row.get("notReadyReason") or None,
            partner=row.get("partnerName") or None,
        )


@dataclass(frozen=True, slots=True)
class Action:
    """A named series of commands of a connection.

    Attributes:
        alias: its name, unique within its connection.
        connection: alias of the connection.
        runnable: the user may run it.
        running: it is at work.
        last_status: how it ended the last time, in Cleo's words.
        href: where it is read.
        run_href: where it is run.
    """

    alias: str
    connection: str
    runnable: bool
    running: bool
    last_status: str | None
    href: str = field(repr=False)
    run_href: str = field(repr=False)


def truth(value: Any, *, default: bool) -> bool:
    """A truth value; Cleo writes some of them as texts."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value if isinstance(value, bool) else default


class CleoApi:
    """Calls by name. All methods raise the classes of ``core.errors``.

    Args:
        rest: of the administrator.
        options: of the tenant.
        sleep: replaceable in tests.
        clock: replaceable in tests.
    """

    def __init__(
        self,
        rest: Rest,
        options: CleoOptions,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.rest, self.options, self.sleep = rest, options, sleep
        self._monitor = Monitor(rest, options, clock)

    # ---- connections

    async def connections(self, where: Filter | None = None) -> AsyncIterator[Connection]:
        """All connections, or those of a filter.

        Raises:
            NotActivated: the user may not see them.
        """
        params = {"includeDefaults": "true"}
        path, what = self.options.paths.connections, "listing the connections"
        async for page in self.rest.pages(path, what, HOSTS, where=where, params=params):
            for row in page:
                yield Connection.of(row)

    async def connection(self, alias: str) -> Connection | None:
        """The connection of a name, if there is one."""
        async for found in self.connections(eq("alias", alias)):
            if found.alias == alias:
                return found
        return None

    async def count_connections(self) -> int | None:
        """How many there are, where Cleo says so."""
        params = {"startIndex": "0", "count": "1"}
        path = self.options.paths.connections
        answer = await self.rest.read(path, "counting the connections", HOSTS, params)
        total = answer.get("totalResults")
        return total if isinstance(total, int) else None

    # ---- actions

    async def action(self, alias: str, connection: str) -> Action:
        """The action of a name in a connection.

        Raises:
            ConfigurationError: there is none, or more than one.
        """
        where = eq("alias", alias) & eq("connection.alias", connection)
        found = []
        what = f"looking for action {alias} of connection {connection}"
        async for page in self.rest.pages(self.options.paths.actions, what, HOSTS, where=where):
            actions = [self._action(row, connection) for row in page]
            found += [one for one in actions if (one.alias, one.connection) == (alias, connection)]
        if len(found) != 1:
            number = "no action" if not found else f"{len(found)} actions"
            raise ConfigurationError(
                f"Cleo shows {number} {alias!r} of connection {connection!r}; check the route in the "
                "partner's file, and that the user may see the connection",
                field="action",
            )
        return found[0]

    async def again(self, action: Action) -> Action:
        """The action as it is now."""
        row = await self.rest.read(action.href, f"looking at action {action.alias}", HOSTS)
        return self._action(row, action.connection)

    def _action(self, row: Record, connection: str) -> Action:
        own = f"{self.options.paths.actions}/{quote_segment(str(row.get('id') or ''))}"
        href = link(row, "self")
        run = link(row, "run")
        parent = row.get("connection")
        named = parent.get("alias") if isinstance(parent, dict) else None
        return Action(
            alias=str(row.get("alias") or ""),
            connection=str(named or connection),
            runnable=truth(row.get("runnable"), default=True),
            running=truth(row.get("running"), default=False),
            last_status=row.get("lastStatus") or None,
            href=self.rest.resolve(href) if href else own,
            run_href=self.rest.resolve(run) if run else f"{own}/run",
        )

    # ---- what happened

    async def transfers(self, since: datetime | None = None) -> list[Transfer] | None:
        """Transfers that began at or after a time, by Cleo's list or else by its log.

        Returns:
            None where this Cleo shows neither.

        Raises:
            ConfigurationError: there are more than one reading may take.
            ConnectorError: whatever may be over at the next call.
        """
        return await self._monitor.transfers(since)

    async def transfers_of(self, file_name: str) -> list[Transfer] | None:
        """Transfers of a file by its name; None where this Cleo does not show them, or too many.

        Raises:
            ConnectorError: whatever may be over at the next call.
        """
        return await self._monitor.transfers_of(file_name)

    @property
    def trouble(self) -> str | None:
        """Why transfers are not shown, where it is neither a right nor their absence."""
        return self._monitor.trouble

    async def aclose(self) -> None:
        """Close the connections."""
        await self.rest.aclose()
