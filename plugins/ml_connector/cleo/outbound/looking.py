"""What became of messages: in our own tables, in the folders of Cleo, and in its transfers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.mailbox.protocol import NoSuchFolder, RemoteFile
from ml_connector.cleo.outbound import naming
from ml_connector.cleo.outbound.messages import wanted_hash
from ml_connector.core.contract import Intent, Operation, Outcome, TargetRecord, Verdict
from ml_connector.core.errors import NotActivated
from ml_connector.core.ledger.exchange import answers, documents, listing, outbound
from ml_connector.core.ledger.exchange.outbound import FAILED, NOT_EXPECTED, Exchange
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store, Transaction

_REMEMBERED = timedelta(days=30)
"""So far back transfers are read for what was sent before the state database began."""

_DONE = (answers.ACKNOWLEDGED, answers.WITH_ERRORS, NOT_EXPECTED)


@dataclass(frozen=True, slots=True)
class Expected:
    """A file that may have been uploaded without this ledger.

    Attributes:
        folder: in which it would lie; None where it would be no file.
        prefix: of its name.
        partner: to whom it would have gone.
        target_id: of the document.
    """

    folder: str | None
    prefix: str
    partner: str
    target_id: str


class Files:
    """Files of ours at Cleo.

    Attributes:
        seen: names of ours that were read, with their parts.
        shows_transfers: whether Cleo shows what it has passed on; None before it was asked.
    """

    def __init__(self, cleo: Cleo) -> None:
        self._cleo = cleo
        self._reading = asyncio.Lock()
        self._folders: set[str] = set()
        self._by_prefix: dict[str, list[str]] = {}
        self.seen: dict[str, naming.FileName] = {}
        self.shows_transfers: bool | None = None

    async def look(self, sent: Exchange, listed: dict[str, list[RemoteFile]]) -> Verdict:
        """Whether a file has arrived: it lies there, lay there, or another one has its name.

        Args:
            listed: folders that were listed for the same question.
        """
        folder = sent.route.get("folder")
        if folder is None:
            return Verdict.ABSENT  # what was posted leaves no file
        if folder not in listed:
            listed[folder] = await self._listed(folder)
        for file in listed[folder]:
            if file.name == sent.file_name:
                return Verdict.EQUAL if file.size in (None, sent.size) else Verdict.FOREIGN
        transfers = await self._cleo.api.transfers_of(sent.file_name) if self._cleo.api else None
        return Verdict.EQUAL if transfers else Verdict.ABSENT

    async def beginning(self, expected: Expected, now: datetime) -> str | None:
        """A file of a document, in its folder or among the transfers."""
        await self.read([expected.folder] if expected.folder else [], now)
        return next(iter(self.of(expected.prefix)), None)

    def of(self, prefix: str) -> list[str]:
        """Names that begin so, among those that were read."""
        return self._by_prefix.get(prefix, [])

    async def read(self, folders: Iterable[str], now: datetime) -> None:
        """Read folders and the transfers of the last days; each once a task."""
        async with self._reading:
            await self._read(folders, now)

    async def _read(self, folders: Iterable[str], now: datetime) -> None:
        names: list[str] = []
        for folder in set(folders) - self._folders:
            names += [file.name for file in await self._listed(folder)]
            self._folders.add(folder)
        if self.shows_transfers is None:
            transfers = await self._cleo.api.transfers(now - _REMEMBERED) if self._cleo.api else None
            self.shows_transfers = transfers is not None
            names += [transfer.file_name for transfer in transfers or ()]
        for name in names:
            if name not in self.seen and (parts := naming.parse(name)) is not None:
                self.seen[name] = parts
                self._by_prefix.setdefault(parts.prefix, []).append(name)

    async def named(self, folders: Iterable[str], kinds: Sequence[str]) -> dict[str, naming.FileName]:
        """Files of these kinds that bear names of ours, by name."""
        names = [file.name for folder in folders for file in await self._listed(folder)]
        parsed = {name: naming.parse(name) for name in names}
        return {name: parts for name, parts in parsed.items() if parts and parts.kind in kinds}

    async def _listed(self, folder: str) -> list[RemoteFile]:
        """Files in a folder, as far as it shows any: a mailbox may let its user upload and not look.

        Of one that does not exist an upload says what is missing.
        """
        try:
            return await self._cleo.mailbox.list(folder)
        except (NoSuchFolder, NotActivated):
            return []


def answered(intent: Intent, sent: Exchange, now: datetime) -> tuple[Outcome, bool]:
    """What a message's acknowledgment makes of its document, and whether to tell people that it is late."""
    id_ = f"{sent.partner}:{sent.reference}"
    status, late = sent.set_status, sent.answer_due_at is not None and now > sent.answer_due_at
    if status == answers.REJECTED:
        return refused(intent, sent), False
    if status in _DONE:
        alert = None
        if status == answers.WITH_ERRORS:
            alert = f"the partner took {sent.file_name} with errors: {sent.set_reason or 'none is named'}"
        return Outcome(intent.key, "loaded", target_id=id_, alert=alert), False
    reason = _waiting(sent, late)
    if _goes_on(intent, sent, late):
        alert = f"{reason}. What PeopleSoft wants of the document since goes now, without waiting any longer"
        return Outcome(intent.key, "loaded", target_id=id_, alert=alert), late
    tell = late and sent.alerted_at is None
    outcome = Outcome(intent.key, "accepted", target_id=id_, reason=reason, alert=reason if tell else None)
    return outcome, tell


def refused(intent: Intent, sent: Exchange) -> Outcome:
    """The partner's system has rejected it."""
    reason = f"the partner's system refused {sent.file_name}: {sent.set_reason or 'no reason given'}"
    id_ = f"{sent.partner}:{sent.reference}"
    return Outcome(intent.key, "rejected", target_id=id_, reason=reason, code="997")


def untold(tx: Transaction, intent: Intent, sent: Exchange | None) -> Outcome | None:
    """A rejection that came before anybody knew that the file had arrived: it is told, not sent again."""
    if sent is None or sent.document_hash != wanted_hash(intent) or not sent.data.get(answers.UNTOLD):
        return None
    outbound.mark(tx, sent, **{answers.UNTOLD: False})
    return refused(intent, sent)


def _goes_on(intent: Intent, sent: Exchange, late: bool) -> bool:
    """Whether what is wanted since need not wait: what takes a document back never does."""
    if intent.superseded is None:
        return False
    stuck = late or sent.set_status == answers.UNCLEAR or sent.status == FAILED
    return intent.superseded is Operation.REMOVE or stuck


def _waiting(sent: Exchange, late: bool) -> str:
    if sent.status == FAILED:
        return (
            f"Cleo could not pass {sent.file_name} on to {sent.partner}: {sent.reason}; "
            "put it right and send the file again in Cleo"
        )
    if sent.set_status == answers.UNCLEAR:
        told = f": {sent.set_reason}" if sent.set_reason else ""
        return (
            f"{sent.partner} has answered {sent.file_name} without saying what became of it{told}; "
            "ask whether it has the document"
        )
    if late and sent.answer_due_at is not None:
        return (
            f"sent in {sent.file_name}, and its 997 is overdue since "
            f"{sent.answer_due_at:%Y-%m-%d %H:%M} UTC; ask {sent.partner} whether it has the document"
        )
    return f"sent in {sent.file_name}, no 997 yet"


def records(
    connection: Connection, store: Store, scope: Scope, target_ids: Sequence[str], states: frozenset[str]
) -> list[TargetRecord]:
    """The state of documents by what we know of their last message.

    Args:
        states: those that a document may be wanted in; all agree with a message that was not refused.
    """
    ids = documents.of_targets(connection, scope, target_ids)
    sent = outbound.latest(connection, store, list(ids.values()))
    return [_record(target_id, sent.get(document_id), states) for target_id, document_id in ids.items()]


def _record(target_id: str, sent: Exchange | None, states: frozenset[str]) -> TargetRecord:
    state, agrees = "sent", states
    if sent is not None and sent.set_status == answers.REJECTED:
        state, agrees = "rejected", frozenset()
    elif sent is not None and sent.status == FAILED and sent.set_status not in _DONE[:2]:
        state, agrees = "not delivered", frozenset()
    label = sent.reference if sent is not None else None
    return TargetRecord(target_id, None, state, {}, label=label, agrees=agrees, partial=True)


def strangers(
    connection: Connection,
    store: Store,
    tenant: str,
    found: Mapping[str, naming.FileName],
    ids: Mapping[str, str],
) -> list[TargetRecord]:
    """Files with names of ours, by the documents that they stand for.

    Args:
        found: names and their parts.
        ids: target id by name, for files that our tables do not know.
    """
    known = listing.of_files(connection, store, tenant, list(found))
    rows = []
    for name in found:
        exchange = known[name][0] if name in known else None
        target_id = f"{exchange.partner}:{exchange.reference}" if exchange else ids[name]
        rows.append(TargetRecord(target_id, None, "sent", {}, label=name, partial=True))
    return list({row.target_id: row for row in rows}.values())
