"""Uploads what waits and is no document of the ledger: our acknowledgments.

The bytes and their numbers were stored with what they acknowledge. An upload whose answer was lost
is looked for in its folder first, and sent again under the same name with the same bytes if it is not
there; it may have been passed on already, and partners know an acknowledgment that comes twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ml_connector.cleo.mailbox.protocol import FileExists, Mailbox
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.outbound import UPLOADING, Exchange
from ml_connector.core.state.store import Store

_AT_ONCE = 200
"""Files of one run; the others follow in the next."""


class Outbox:
    """Files of one tenant that wait for their upload."""

    def __init__(self, mailbox: Mailbox, store: Store, tenant: str) -> None:
        self._mailbox, self._store, self._tenant = mailbox, store, tenant

    async def send(self) -> list[str]:
        """Upload what waits.

        Returns:
            Sentences for people, of files that Cleo does not take.

        Raises:
            ConnectorError: whatever keeps all files from being uploaded; they go on waiting.
        """
        waiting = await asyncio.to_thread(self._waiting)
        return [alert for one in waiting if (alert := await self._send(one))]

    async def _send(self, one: Exchange) -> str | None:
        content = await asyncio.to_thread(outbound.content, self._store, one.interchange_id)
        if one.status == UPLOADING and await self._is_there(one):
            return await asyncio.to_thread(self._sent, one)
        await asyncio.to_thread(self._leaving, one)
        try:
            await self._mailbox.upload(one.route["folder"], one.file_name, content)
        except FileExists as there:
            if there.size not in (None, len(content)):
                return await asyncio.to_thread(self._refused, one, str(there))
        except InDoubt:
            return None  # looked for by the next run
        except Rejected as refusal:
            return await asyncio.to_thread(self._refused, one, str(refusal))
        return await asyncio.to_thread(self._sent, one)

    async def _is_there(self, one: Exchange) -> bool:
        files = await self._mailbox.list(one.route["folder"])
        return any(file.name == one.file_name and file.size in (None, one.size) for file in files)

    def _waiting(self) -> Sequence[Exchange]:
        with self._store.read() as connection:
            return outbound.waiting(connection, self._store, self._tenant, _AT_ONCE)

    def _leaving(self, one: Exchange) -> None:
        with self._store.write() as tx:
            outbound.uploading(tx, [one.interchange_id])

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
