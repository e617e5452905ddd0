"""Files of master data for Cleo: one JSON file for what changed in a batch, numbered so that none is missed.

A file is kept before it leaves. Whatever breaks off, the same bytes go again under the same name, and
whoever takes files in by their number sees a second copy as what it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from ml_connector.cleo.mailbox.protocol import FileExists, Mailbox, NoSuchFolder
from ml_connector.core import codec
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Intent, Payload
from ml_connector.core.errors import NotActivated, Rejected
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.control_numbers import Address, allocate
from ml_connector.core.ledger.exchange.outbound import Exchange, NewInterchange, NewSet
from ml_connector.core.state.store import Store, Transaction

VERSION = 1
"""Of the files' form; docs/cleo.md describes it."""

SENDER, RECEIVER = "ml-connector", "cleo"


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file.

    Attributes:
        name: of the list in it, and first part of its name: ``vendors``.
        counter: under which its numbers count.
        set_code: of its rows in the ledger of exchanges.
    """

    name: str
    counter: str
    set_code: str


VENDORS = FileKind("vendors", "VENDORS", "vendor")
COST_OBJECTS = FileKind("cost_objects", "COSTOBJ", "cost")


class Feed:
    """Writes and uploads the files of one kind for one tenant.

    Args:
        folder: of the mailbox.
        flow: whose documents they carry.
    """

    def __init__(
        self, mailbox: Mailbox, store: Store, tenant: TenantConfig, kind: FileKind, *, folder: str, flow: str
    ) -> None:
        self._mailbox, self._store, self._tenant = mailbox, store, tenant
        self._kind, self._folder, self._flow = kind, folder, flow

    # ---- sending

    async def deliver(self, intents: Sequence[Intent], entries: Sequence[Payload]) -> dict[int, str]:
        """Upload what Cleo does not have yet of these documents.

        Args:
            entries: what the file says of each.

        Returns:
            Why Cleo did not take the file, by document id, for those it refused.

        Raises:
            InDoubt: a file may have arrived.
            ConnectorError: what stops the flow; the file was not taken.
        """
        refused: dict[int, str] = {}
        for file in await asyncio.to_thread(self._prepare, intents, entries):
            if reason := await self._upload(file[0]):
                refused.update({one.document_id: reason for one in file if one.document_id is not None})
        return refused

    def _prepare(self, intents: Sequence[Intent], entries: Sequence[Payload]) -> list[list[Exchange]]:
        """The files to upload, oldest first: those that are kept already, and one with all the rest."""
        with self._store.write() as tx:
            known = outbound.latest(tx.connection, self._store, [intent.document_id for intent in intents])
            rest: list[tuple[Intent, Payload]] = []
            waiting: dict[int, None] = {}
            for intent, entry in zip(intents, entries, strict=True):
                sent = known.get(intent.document_id)
                if sent is None or not carries(sent, intent):
                    rest.append((intent, entry))
                if sent is not None and not sent.left:  # outdated or not: its number must not be missing
                    waiting[sent.interchange_id] = None
            files = [
                outbound.of_interchanges(tx.connection, self._store, [number]) for number in sorted(waiting)
            ]
            return [*files, *([self._keep(tx, rest)] if rest else [])]

    def _keep(self, tx: Transaction, rest: Sequence[tuple[Intent, Payload]]) -> list[Exchange]:
        tenant = self._tenant
        address = Address(tenant.tenant, tenant.environment, SENDER, RECEIVER)
        number = allocate(tx, address, self._kind.counter)
        content = {
            "format": f"ml-connector.{self._kind.name}", "version": VERSION, "tenant": tenant.tenant,
            "environment": tenant.environment, "sequence": number,
            "created": tx.store.now().astimezone(UTC).isoformat(timespec="seconds"),
            self._kind.name: [entry for _, entry in rest],
        }  # fmt: skip
        sets = [
            NewSet(
                self._kind.set_code, flow=self._flow, document_id=intent.document_id, key=intent.key,
                document_hash=wanted(intent), reference=intent.key,
            )
            for intent, _ in rest
        ]  # fmt: skip
        name = f"{self._kind.name}_{tenant.tenant}_{number:09d}.json"
        new = NewInterchange(address, None, name, codec.encode(content), sets, route={"folder": self._folder})
        return outbound.keep(tx, new)

    async def _upload(self, one: Exchange) -> str | None:
        content = await asyncio.to_thread(outbound.content, self._store, one.interchange_id)
        await asyncio.to_thread(self._leaving, one)
        try:
            await self._mailbox.upload(one.route["folder"], one.file_name, content)
        except FileExists as there:
            if there.size not in (None, one.size):
                return f"{there}; look what it is, and take it away"
        except Rejected as refusal:
            return f"Cleo does not take {one.file_name}: {refusal.reason}"
        await asyncio.to_thread(self._sent, one)
        return None

    def _leaving(self, one: Exchange) -> None:
        with self._store.write() as tx:
            outbound.uploading(tx, [one.interchange_id])

    def _sent(self, one: Exchange) -> None:
        with self._store.write() as tx:
            outbound.uploaded(tx, one.interchange_id, answer_within=None)

    # ---- looking up

    async def arrived(self, intents: Sequence[Intent]) -> set[int]:
        """Ids of the documents whose file Cleo certainly has."""
        known = await asyncio.to_thread(self._known, intents)
        current = [
            one for intent in intents if (one := known.get(intent.document_id)) and carries(one, intent)
        ]
        missing = {one.interchange_id: one for one in current if not one.left}
        found = await self._listed(list(missing.values())) if missing else set()
        for number in found:
            await asyncio.to_thread(self._sent, missing[number])
        return {
            one.document_id
            for one in current
            if one.document_id is not None and (one.left or one.interchange_id in found)
        }

    async def _listed(self, missing: Sequence[Exchange]) -> set[int]:
        """Those that lie in the folder; one that was taken from there already is sent once more."""
        try:
            sizes = {file.name: file.size for file in await self._mailbox.list(self._folder)}
        except (NotActivated, NoSuchFolder):
            return set()  # many mailboxes do not show their uploads; the file's number tells a repetition
        return {
            one.interchange_id
            for one in missing
            if one.file_name in sizes and sizes[one.file_name] in (None, one.size)
        }

    def _known(self, intents: Sequence[Intent]) -> dict[int, Exchange]:
        ids = [intent.document_id for intent in intents]
        with self._store.read() as connection:
            return outbound.latest(connection, self._store, ids)


def wanted(intent: Intent) -> str:
    """Hash of what a document is to say."""
    return codec.digest(intent.desired.as_payload())


def carries(one: Exchange, intent: Intent) -> bool:
    """Whether a file that was made says of a document what is wanted now."""
    return one.document_hash == wanted(intent)
