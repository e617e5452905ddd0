"""Takes files from Cleo's download folders into the state database.

A file is removed only after its content, and our answer to it, were committed. A task that is killed
in between finds the same bytes again, and has nothing left to do but to remove the file.
"""

from __future__ import annotations

import asyncio

from ml_connector.cleo.inbound.assessment import assess, examine
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.filing import Filing, Origin
from ml_connector.cleo.mailbox.protocol import FileGone, Mailbox, NoSuchFolder, RemoteFile
from ml_connector.core import codec
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.exchange import outbound, received, watching
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.received import QUARANTINED, NewReceived
from ml_connector.core.ledger.exchange.watching import Waiting
from ml_connector.x12 import reader
from ml_connector.x12.model import Interchange, X12Error
from ml_connector.x12.reader import MAX_BYTES


class Intake:
    """The download folders of one tenant."""

    def __init__(self, mailbox: Mailbox, context: InboundContext) -> None:
        self._mailbox, self._context = mailbox, context

    async def collect(self) -> list[str]:
        """Take in every file of every folder.

        Returns:
            Sentences for people: what was quarantined, refused, rejected, contradictory.

        Raises:
            ConfigurationError: a folder does not exist; the others were read before.
            ConnectorError: whatever keeps the mailbox from being read.
        """
        alerts = await asyncio.to_thread(self._reconsider)
        missing: list[NoSuchFolder] = []
        for folder in self._context.options.folders.download:
            try:
                files = await self._mailbox.list(folder)
            except NoSuchFolder as error:
                missing.append(error)
                continue
            for file in files:
                alerts += await self._take(file)
        if missing:
            raise ConfigurationError(
                f"{missing[0]}; what lay in the other folders was taken",
                field="integrations.cleo.options.folders.download",
                expected="folders that the mailbox shows",
            )
        return alerts

    async def _take(self, file: RemoteFile) -> list[str]:
        if file.size is not None and file.size > MAX_BYTES:
            return await asyncio.to_thread(self._too_large, file)
        try:
            data = await self._mailbox.download(file)
        except FileGone:
            return []  # another task takes it
        alerts = await asyncio.to_thread(self.keep, Origin(file.folder, file.name), data)
        await self._mailbox.remove(file)
        return alerts

    def keep(self, origin: Origin, data: bytes) -> list[str]:
        """Keep the content of a file; what was kept before is left alone. Blocking.

        Returns:
            Sentences for people.
        """
        reading = reader.read(data)
        fresh = self._fresh({codec.digest_of(_content(one, data)): one for one in reading.interchanges})
        examined = [examine(one, data) for one in fresh]
        alerts: list[str] = []
        with self._context.store.write() as tx:
            for one in examined:
                alerts += Filing(tx, self._context, origin, one).keep()
            if reading.faults:
                row = self._unreadable(origin, data, reading.faults)
                if received.keep(tx, row) is not None:
                    alerts.append(self._cannot_be_read(origin, row.reason or ""))
        return alerts

    def _fresh(self, found: dict[str, Interchange]) -> list[Interchange]:
        """Those whose bytes were not kept before; ``found`` is by their hash."""
        name = self._context.name
        with self._context.store.read() as connection:
            return [one for digest, one in found.items() if received.seen(connection, name, digest) is None]

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

    def _too_large(self, file: RemoteFile) -> list[str]:
        """Left where it is; the note in its place makes that told once."""
        note = codec.encode({"folder": file.folder, "name": file.name, "size": file.size})
        reason = f"it has {file.size} bytes, more than the {MAX_BYTES} that are read"
        address = Address(self._context.name, self._context.tenant.environment, "", "")
        row = NewReceived(
            address, None, file.name, note, route={"folder": file.folder}, status=QUARANTINED, reason=reason
        )
        with self._context.store.write() as tx:
            if received.keep(tx, row) is None:
                return []
        return [f"{file.folder}/{file.name} is left in its folder: {reason}; ask its sender to split it"]

    # ---- quarantine

    def _reconsider(self) -> list[str]:
        """Process what waits for a partner's file that names its sender by now."""
        context = self._context
        with context.store.read() as connection:
            waiting = watching.unknown_senders(connection, context.store, context.name)
        known = {identity.text for profile in context.directory.profiles for identity in profile.identities}
        return [alert for one in waiting if one.sender in known for alert in self._again(one)]

    def _again(self, one: Waiting) -> list[str]:
        context = self._context
        content = outbound.content(context.store, one.interchange_id)
        examined = [examine(found, content) for found in reader.read(content).interchanges]
        with context.store.write() as tx:
            if any(assess(tx.connection, context, found).status == QUARANTINED for found in examined):
                return []
            watching.supersede(tx, one.interchange_id)
            origin = Origin(one.route.get("folder", ""), one.file_name)
            return [alert for found in examined for alert in Filing(tx, context, origin, found).keep()]


def _content(found: Interchange, data: bytes) -> bytes:
    return data[found.position : found.position + found.size]
