"""Takes files from Cleo's download folders into the state database.

A file is removed only after its content, and our answer to it, were committed. A task that is killed
in between finds the same bytes again, and has nothing left to do but to remove the file.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError

from ml_connector.cleo.inbound.assessment import examine
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.filing import Filing, Origin
from ml_connector.cleo.inbound.quarantine import reconsider
from ml_connector.cleo.inbound.told import news
from ml_connector.cleo.mailbox.protocol import FileGone, Mailbox, NoSuchFolder, RemoteFile
from ml_connector.core import codec
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    RateLimited,
    Unavailable,
)
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.received import LEFT_OUT, QUARANTINED, NewReceived
from ml_connector.core.ledger.exchange.texts import storable
from ml_connector.x12 import reader
from ml_connector.x12.model import Interchange, X12Error

_WHOLE = (AuthenticationError, RateLimited, Unavailable)
"""What concerns no single folder: the others would answer the same."""


_FRAMES = 8
"""Of a failure, in the log."""

_log = logging.getLogger(__name__)


class Intake:
    """The download folders of one tenant."""

    def __init__(self, mailbox: Mailbox, context: InboundContext) -> None:
        self._mailbox, self._context = mailbox, context

    async def collect(self, alerts: list[str] | None = None) -> list[str]:
        """Take in every file of every folder; a file that fails is left, and the others are taken.

        Args:
            alerts: sentences are put there at once, so that none is lost where this raises.

        Returns:
            Sentences for people: what was quarantined, refused, rejected, contradictory, or left.

        Raises:
            ConfigurationError: a folder does not exist; the others were read before.
            ConnectorError: whatever keeps the mailbox, or a whole folder, from being read.
        """
        told = [] if alerts is None else alerts
        told += await asyncio.to_thread(reconsider, self._context)
        closed: list[ConnectorError] = []
        left: dict[str, str] = {}
        for folder in self._context.options.folders.download:
            try:
                await self._collect(folder, told, left)
            except _WHOLE:
                raise
            except ConnectorError as error:
                closed.append(error)
        told += await asyncio.to_thread(news, self._context.store, self._context.name, "files", left)
        if closed:
            raise _closed(closed[0])
        return told

    async def _collect(self, folder: str, told: list[str], left: dict[str, str]) -> None:
        for file in await self._mailbox.list(folder):
            try:
                await self._take(file, told)
            except (AuthenticationError, RateLimited):
                raise
            except ConnectorError as error:
                if isinstance(error, Unavailable):
                    await self._mailbox.list(folder)  # where this fails too, it is not the file
                left[f"{folder}/{file.name} {file.size} {type(error).__name__}"] = (
                    f"{folder}/{file.name} is left in its folder, and tried again by each run: {error}"
                )

    async def _take(self, file: RemoteFile, told: list[str]) -> None:
        if file.size is not None and file.size > self._largest:
            told += await asyncio.to_thread(self._too_large, file, file.size)
            return
        try:
            data = await self._mailbox.download(file)
        except FileGone:
            if await self._stays(file):
                raise
            return  # another task takes it, or it grows
        if len(data) > self._largest:
            told += await asyncio.to_thread(self._too_large, file, len(data))
            return
        told += await asyncio.to_thread(self._keep, Origin(file.folder, file.name), data)
        await self._mailbox.remove(file)

    async def _stays(self, file: RemoteFile) -> bool:
        """Whether it has lain there for long, and is still listed as it was: then it is not being written."""
        settled = timedelta(minutes=self._context.options.inbound.stuck_minutes)
        if file.modified is not None and self._context.store.now() - file.modified < settled:
            return False
        files = await self._mailbox.list(file.folder)
        return any((one.name, one.size) == (file.name, file.size) for one in files)

    @property
    def _largest(self) -> int:
        return self._context.options.inbound.largest

    def _keep(self, origin: Origin, data: bytes) -> list[str]:
        """Keep the content; where that fails for a reason of its own, the bytes alone, out of the way."""
        try:
            return self.keep(origin, data)
        except (ConnectorError, OperationalError, InterfaceError):
            raise  # the database or the configuration, not this file
        except Exception as error:  # noqa: BLE001 - one file that breaks us must not keep the others out
            frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]  # its words may hold content
            where = ", ".join(f"{Path(one.filename).name}:{one.lineno}" for one in frames)
            _log.error("%s/%s: %s at %s", origin.folder, origin.name, type(error).__name__, where)
            return self._set_aside(origin, data, type(error).__name__)

    def _set_aside(self, origin: Origin, data: bytes, error: str) -> list[str]:
        address = Address(self._context.name, self._context.tenant.environment, "", "")
        reason = f"the connector failed to process it ({error})"
        route = {"folder": storable(origin.folder)}
        row = NewReceived(address, None, origin.name, data, route=route, status=QUARANTINED, reason=reason)
        with self._context.store.write() as tx:
            if received.keep(tx, row) is None:
                return []
        advice = "The task's log says more; report it, and have the file sent again once it is mended"
        return [f"{origin.folder}/{origin.name} is kept but not processed: {reason}. {advice}"]

    def keep(self, origin: Origin, data: bytes) -> list[str]:
        """Keep the content of a file; what was kept before is left alone. Blocking.

        Returns:
            Sentences for people.
        """
        reading = reader.read(data)
        found = {codec.digest_of(_content(one, data)): one for one in reading.interchanges}
        examined = [examine(one, data) for one in self._open(found)]
        alerts: list[str] = []
        with self._context.store.write() as tx:
            for one in examined:
                alerts += Filing(tx, self._context, origin, one).keep()
            if reading.faults:
                row = self._unreadable(origin, data, reading.faults)
                if received.keep(tx, row) is not None:
                    alerts.append(self._cannot_be_read(origin, row.reason or ""))
        return alerts

    def _open(self, found: dict[str, Interchange]) -> list[Interchange]:
        """Those whose bytes were not processed before; ``found`` is by their hash."""
        name = self._context.name
        with self._context.store.read() as connection:
            before = {digest: received.seen(connection, name, digest) for digest in found}
        return [
            one
            for digest, one in found.items()
            if (known := before[digest]) is None or known.status in LEFT_OUT
        ]

    def _unreadable(self, origin: Origin, data: bytes, faults: tuple[X12Error, ...]) -> NewReceived:
        """The whole file, as it cannot be said where what is broken ends."""
        first = faults[0]
        sender, receiver = first.sender or "", first.receiver or ""
        address = Address(self._context.name, self._context.tenant.environment, sender, receiver)
        reason = str(first) if len(faults) == 1 else f"{first} (and {len(faults) - 1} more)"
        return NewReceived(
            address,
            None,
            origin.name,
            data,
            route={"folder": origin.folder},
            status=QUARANTINED,
            reason=reason,
        )

    @staticmethod
    def _cannot_be_read(origin: Origin, reason: str) -> str:
        return (
            f"{origin.folder}/{origin.name} is no X12, or not all of it: {reason}. What could be read was "
            "processed, and the whole file is kept; ask its sender for another one"
        )

    def _too_large(self, file: RemoteFile, size: int) -> list[str]:
        """Left where it is; the note in its place makes that told once."""
        note = codec.encode({"folder": file.folder, "name": storable(file.name), "size": size})
        reason = f"it has {size} bytes, more than the {self._largest} that are read"
        address = Address(self._context.name, self._context.tenant.environment, "", "")
        row = NewReceived(
            address, None, file.name, note, route={"folder": file.folder}, status=QUARANTINED, reason=reason
        )
        with self._context.store.write() as tx:
            if received.keep(tx, row) is None:
                return []
        advice = (
            "ask its sender to split it, or set inbound.largest_megabytes under integrations.cleo.options"
        )
        return [f"{file.folder}/{file.name} is left in its folder: {reason}; {advice}"]


def _closed(error: ConnectorError) -> ConnectorError:
    if not isinstance(error, NoSuchFolder):
        return error
    return ConfigurationError(
        f"{error}; what lay in the other folders was taken",
        field="integrations.cleo.options.folders.download",
        expected="folders that the mailbox shows",
    )


def _content(found: Interchange, data: bytes) -> bytes:
    return data[found.position : found.position + found.size]
