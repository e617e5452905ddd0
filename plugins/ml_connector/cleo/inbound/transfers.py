"""What became of files after the upload: taken by Cleo, passed on, failed, or still lying there.

Where Cleo shows its transfers, they tell. Where it does not, the upload folders do: what is gone from
them was taken. A transfer proves that bytes arrived, never that a document was accepted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ml_connector.cleo.api_monitoring import Transfer
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.told import news
from ml_connector.cleo.mailbox.protocol import Mailbox, NoSuchFolder
from ml_connector.core.errors import AuthenticationError, ConnectorError, NotActivated
from ml_connector.core.ledger.exchange import answers, listing, outbound, watching
from ml_connector.core.ledger.exchange.outbound import FAILED, Exchange

_WATCHED = timedelta(days=3)
"""So long after its upload a file is looked for; what Cleo tries again for longer is for people."""

_EARLY = timedelta(minutes=10)
"""Cleo's clock may be behind ours."""

_ARRIVED = frozenset({"success", "warning"})
_BROKEN = frozenset({"error", "exception", "interrupted", "discarded"})
_OUTGOING = frozenset({"", "send", "outbound"})
_SHOWN = 5

_MADE_UNIQUE = re.compile(r"\.[0-9]{1,3}(?=\.[A-Za-z]+$)")
"""What Cleo puts before the extension of a name that is taken on its own side (its EDI router does)."""


class TransferList(Protocol):
    """What shows transfers."""

    async def transfers(self, since: datetime | None = None) -> list[Transfer] | None:
        """Transfers since a time; None where they are not shown."""
        ...

    async def transfers_of(self, file_name: str) -> list[Transfer] | None:
        """Transfers of a file; None where they are not shown."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why they are not shown, where that is neither a right nor their absence."""
        ...


class TransferWatch:
    """Follows the files of one tenant.

    Args:
        api: None where only the mailbox is known.
    """

    def __init__(self, mailbox: Mailbox, api: TransferList | None, context: InboundContext) -> None:
        self._mailbox, self._api, self._context = mailbox, api, context

    async def follow(self, alerts: list[str] | None = None) -> list[str]:
        """Note what became of files. Nothing depends on it, so what cannot be looked at is told once.

        Args:
            alerts: sentences are put there at once, so that none is lost where this raises.

        Returns:
            Sentences for people: transfers that failed, files that nobody takes, 997s that are overdue.

        Raises:
            AuthenticationError: the user was refused.
        """
        told = [] if alerts is None else alerts
        told += await asyncio.to_thread(self._overdue)
        open_ = await asyncio.to_thread(self._undelivered)
        if open_:
            faults: dict[str, str] = {}
            seen = await self._transfers(open_, faults)
            told += await asyncio.to_thread(self._settle, open_, seen)
            told += await self._folders([one for one in open_ if one.picked_up_at is None], faults)
            told += await asyncio.to_thread(news, self._context.store, self._context.name, "watch", faults)
        return told

    def _undelivered(self) -> list[Exchange]:
        """One set of each interchange."""
        context = self._context
        since = context.store.now() - _WATCHED
        with context.store.read() as connection:
            found = listing.undelivered(connection, context.store, context.name, since)
        return list({one.interchange_id: one for one in found}.values())

    # ---- transfers

    async def _transfers(self, open_: Sequence[Exchange], faults: dict[str, str]) -> dict[str, Transfer]:
        """The newest transfer to the partner of each file, by its name."""
        since = min(one.uploaded_at or one.created_at for one in open_) - _EARLY
        found, trouble = await self._asked(since)
        if trouble is not None:
            faults["transfers"] = (
                f"Cleo's transfers cannot be read, so folders and acknowledgments alone tell what became of "
                f"files: {trouble}. If this Cleo has no such list, set paths.transfers, paths.events to null"
            )
        outgoing = [one for one in found or () if one.direction in _OUTGOING and not one.is_receipt]
        return {_own_name(one.file_name): one for one in sorted(outgoing, key=_began)}

    async def _asked(self, since: datetime) -> tuple[list[Transfer] | None, str | None]:
        """The transfers, and why there are none."""
        if self._api is None:
            return None, None
        try:
            found = await self._api.transfers(since)
        except AuthenticationError:
            raise
        except ConnectorError as error:
            return None, str(error)
        return found, self._api.trouble if found is None else None

    def _settle(self, open_: Sequence[Exchange], seen: Mapping[str, Transfer]) -> list[str]:
        alerts = []
        with self._context.store.write() as tx:
            for one in open_:
                transfer = seen.get(one.file_name)
                if transfer is None:
                    continue
                status = transfer.status.strip().lower()
                if status in _ARRIVED:
                    outbound.delivered(tx, [one.interchange_id], transfer.ended)
                    continue
                outbound.picked_up(tx, [one.interchange_id])
                if status in _BROKEN and outbound.failed(tx, one.interchange_id, _why(transfer)):
                    alerts.append(_broken(one, transfer))
        return alerts

    # ---- folders

    async def _folders(self, waiting: Sequence[Exchange], faults: dict[str, str]) -> list[str]:
        """What is no longer in its folder was taken; what lies there for long is stuck."""
        alerts: list[str] = []
        for folder in dict.fromkeys(one.route.get("folder") for one in waiting):
            if folder is None:  # sent to an endpoint
                continue
            try:
                names = {file.name for file in await self._mailbox.list(folder)}
            except (NoSuchFolder, NotActivated):
                continue  # the upload tells it; and a mailbox may let its user upload and not look
            except AuthenticationError:
                raise
            except ConnectorError as error:
                faults[folder] = f"whether Cleo takes the files in {folder} cannot be seen: {error}"
                continue
            here = [one for one in waiting if one.route.get("folder") == folder]
            alerts += await asyncio.to_thread(self._looked, folder, here, names)
        return alerts

    def _looked(self, folder: str, waiting: Sequence[Exchange], names: set[str]) -> list[str]:
        minutes = self._context.options.inbound.stuck_minutes
        limit = self._context.store.now() - timedelta(minutes=minutes)
        reason = f"nobody has taken it from {folder} for {minutes} minutes"
        stuck = []
        with self._context.store.write() as tx:
            taken = [one.interchange_id for one in waiting if one.file_name not in names]
            outbound.picked_up(tx, taken)
            for one in waiting:
                late = one.file_name in names and (one.uploaded_at or one.created_at) <= limit
                if late and one.status != FAILED and watching.stuck(tx, one.interchange_id, reason):
                    stuck.append(one.file_name)
        if not stuck:
            return []
        return [
            f"{_listed(stuck)}: {reason}. Look whether Cleo's flow for this folder is enabled and takes them"
        ]

    # ---- acknowledgments that did not come

    def _overdue(self) -> list[str]:
        context = self._context
        with context.store.read() as connection:
            found = answers.overdue(connection, context.store, context.name, context.store.now())
        if not found:
            return []
        with context.store.write() as tx:
            answers.alerted(tx, {one.interchange_id for one in found})
        partners: dict[str, list[str]] = {}
        for one in found:
            named = f"{one.set_code} {one.reference or one.key or one.set_number}"
            partners.setdefault(one.partner or one.receiver, []).append(named)
        return [
            f"{partner} has not acknowledged {_listed(names)} in time. Ask whether it arrived"
            for partner, names in partners.items()
        ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _own_name(name: str) -> str:
    return _MADE_UNIQUE.sub("", name)


def _began(transfer: Transfer) -> datetime:
    return transfer.started or datetime.min.replace(tzinfo=UTC)


def _broken(one: Exchange, transfer: Transfer) -> str:
    return (
        f"Cleo could not pass {one.file_name} on to {one.partner}: {_why(transfer)}. Have it sent again in "
        "Cleo's cockpit; the same file may go again"
    )


def _why(transfer: Transfer) -> str:
    return transfer.result or f"its transfer ended as {transfer.status!r}"
