"""Uploads what waits and is no document of the ledger: our acknowledgments.

The bytes and their numbers were stored with what they acknowledge. An upload whose answer was lost
is looked for in its folder and among the transfers first, and sent again under the same name with the
same bytes if it is nowhere; that is believed after the same time as for documents, and until then
nobody else sends it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.transfers import TransferList
from ml_connector.cleo.mailbox.protocol import FileExists, Mailbox
from ml_connector.core.errors import (
    AuthenticationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.fence import fenced
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.outbound import UPLOADING, Exchange

_AT_ONCE = 200
"""Files that are looked up together."""


class Outbox:
    """Files of one tenant that wait for their upload.

    Args:
        api: shows transfers; None where only the mailbox is known.
    """

    def __init__(self, mailbox: Mailbox, api: TransferList | None, context: InboundContext) -> None:
        self._mailbox, self._api = mailbox, api
        self._store, self._tenant = context.store, context.name
        self._settle = timedelta(seconds=context.options.settle_seconds)

    async def send(self, alerts: list[str] | None = None) -> list[str]:
        """Upload what waits.

        Args:
            alerts: sentences are put there at once, so that none is lost where this raises.

        Returns:
            Sentences for people, of files that Cleo does not take.

        Raises:
            ConnectorError: whatever keeps all files from being uploaded; they go on waiting.
        """
        told = [] if alerts is None else alerts
        after = 0
        while waiting := await asyncio.to_thread(self._waiting, after):
            for one in waiting:
                alert = await self._send(one)
                told += [alert] if alert else []
            after = waiting[-1].interchange_id
        return told

    async def _send(self, one: Exchange) -> str | None:
        content = await asyncio.to_thread(outbound.content, self._store, one.interchange_id)
        began = time.monotonic()
        if not await asyncio.to_thread(self._leaving, one):
            return None  # another task sends it, or it may still be on its way
        if one.status == UPLOADING and await self._is_there(one):
            return await asyncio.to_thread(self._sent, one)
        try:
            with fenced(lambda: self._fence(began)):
                await self._mailbox.upload(one.route["folder"], one.file_name, content)
        except FileExists as there:
            if there.size not in (None, len(content)):
                return await asyncio.to_thread(self._refused, one, str(there))
        except InDoubt:
            return None  # looked for by a later run
        except Rejected as refusal:
            return await asyncio.to_thread(self._refused, one, str(refusal))
        return await asyncio.to_thread(self._sent, one)

    async def _is_there(self, one: Exchange) -> bool:
        """Whether it lies in its folder, or was passed on from there; a mailbox may not let us look."""
        try:
            files = await self._mailbox.list(one.route["folder"])
        except NotActivated:
            files = []
        if any(file.name == one.file_name and file.size in (None, one.size) for file in files):
            return True
        if self._api is None:
            return False
        try:
            return bool(await self._api.transfers_of(one.file_name))
        except AuthenticationError:
            raise
        except ConnectorError:
            return False  # then it may come twice, which partners recognise

    def _fence(self, began: float) -> None:
        """A process that slept must not send what others may have sent meanwhile."""
        if self._settle and time.monotonic() - began >= self._settle.total_seconds() / 2:
            raise Unavailable("an acknowledgment took too long to leave; a later run sends it")

    def _waiting(self, after: int) -> Sequence[Exchange]:
        with self._store.read() as connection:
            return outbound.waiting(connection, self._store, self._tenant, _AT_ONCE, after=after)

    def _leaving(self, one: Exchange) -> bool:
        with self._store.write() as tx:
            before = tx.store.now() - self._settle if one.status == UPLOADING else None
            return bool(outbound.uploading(tx, [one.interchange_id], again_before=before))

    def _sent(self, one: Exchange) -> None:
        with self._store.write() as tx:
            outbound.uploaded(tx, one.interchange_id, answer_within=None)

    def _refused(self, one: Exchange, reason: str) -> str | None:
        with self._store.write() as tx:
            if not outbound.failed(tx, one.interchange_id, reason):
                return None
        return (
            f"Cleo does not take our acknowledgment {one.file_name} for {one.partner}: {reason}. "
            "The partner will miss it; put the file there by hand, or settle it with the partner."
        )
