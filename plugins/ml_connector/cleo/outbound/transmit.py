"""Carries kept bytes to Cleo: the same bytes under the same name, however often it takes.

Before this nothing left; the bytes, their numbers and their document are committed. Whatever breaks off
here is looked for by its name, and sent again as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.mailbox.protocol import FileExists
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound.messages import Route
from ml_connector.cleo.outbound.preparing import Parcel
from ml_connector.cleo.runs import RunResult, run
from ml_connector.core import codec
from ml_connector.core.contract import Outcome, Progress
from ml_connector.core.errors import ConfigurationError, ConnectorError, InDoubt, Rejected
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.outcomes import STOPS, in_doubt, unsent
from ml_connector.core.state.store import Store

UPLOADED = "uploaded"
"""Step of a document whose route has an action: its file lies in the folder, and the action was not run."""

STARTED = "started"
"""Step of such a document: its action is about to be run."""

_KNOWN = "409"


class Transmitter:
    """Uploads parcels of one flow, several at once."""

    def __init__(self, cleo: Cleo, store: Store, options: CleoOptions) -> None:
        self._cleo, self._store, self.workers = cleo, store, options.pace.per_task

    async def send(self, parcels: Sequence[Parcel], progress: Progress) -> list[Outcome]:
        """Upload parcels, and run the actions that their routes name.

        What stops the flow leaves those unsent that have not left; the others are settled.
        """
        waiting, outcomes = list(reversed(parcels)), list[Outcome]()
        batch = _Batch(self, progress, waiting, outcomes)
        await asyncio.gather(*(batch.work() for _ in range(self.workers)))
        await batch.run_actions()
        return outcomes

    async def carry(self, parcel: Parcel, progress: Progress) -> None:
        """One parcel, up to its action.

        Raises:
            Rejected: Cleo does not take it.
            InDoubt: it may have taken it.
        """
        content = parcel.content
        if content is None:
            content = await asyncio.to_thread(outbound.content, self._store, parcel.exchange.interchange_id)
        await asyncio.to_thread(self._note_leaving, parcel)
        if parcel.route.endpoint is not None:
            await self._post(parcel.route.endpoint, content)
        elif parcel.intent.steps.get(UPLOADED) != parcel.exchange.interchange_id:
            await self._upload(parcel, content)
            if parcel.route.action is not None:
                await progress.step(parcel.intent, UPLOADED, parcel.exchange.interchange_id)

    async def _upload(self, parcel: Parcel, content: bytes) -> None:
        folder = parcel.route.folder
        if folder is None:
            raise ConfigurationError(
                f"no folder is named for {parcel.exchange.set_code}",
                field="integrations.cleo.options.folders.upload",
                expected="a folder of the mailbox for each set code",
            )
        try:
            await self._cleo.mailbox.upload(folder, parcel.exchange.file_name, content)
        except FileExists as there:
            if there.size not in (None, len(content)):
                raise

    async def _post(self, endpoint: str, content: bytes) -> None:
        """The document's id is its own, so one that is known there is this one."""
        try:
            await self._cleo.post_json(endpoint, codec.decode(content))
        except Rejected as refusal:
            if refusal.code != _KNOWN:
                raise

    def _note_leaving(self, parcel: Parcel) -> None:
        with self._store.write() as tx:
            outbound.uploading(tx, [parcel.exchange.interchange_id])

    async def run_action(self, route: Route) -> RunResult:
        """Run the action of a route.

        Raises:
            ConfigurationError: there is none, or nothing that could run it.
        """
        if self._cleo.api is None or route.connection is None:
            raise ConfigurationError(
                f"a partner's route names action {route.action}, and nothing can run it",
                field="connection",
                expected="connection in the partner's file, and an administrator's login for Cleo",
            )
        action = await self._cleo.api.action(route.action or "", route.connection)
        return await run(self._cleo.api, action)

    def note_uploaded(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        """Note that Cleo has these, and say what that makes of their documents."""
        with self._store.write() as tx:
            for parcel in parcels:
                one = parcel.exchange
                outbound.uploaded(tx, one.interchange_id, answer_within=one.answer_within)
            ids = [parcel.exchange.interchange_id for parcel in parcels]
            sets = outbound.of_interchanges(tx.connection, self._store, ids)
        now = {one.interchange_id: one for one in sets}
        return [taken(replace(one, exchange=now[one.exchange.interchange_id])) for one in parcels]


class _Batch:
    """Parcels of one call, and what became of them."""

    def __init__(
        self, transmitter: Transmitter, progress: Progress, waiting: list[Parcel], outcomes: list[Outcome]
    ) -> None:
        self._transmitter, self._progress = transmitter, progress
        self._waiting, self._outcomes = waiting, outcomes
        self._to_run: dict[Route, list[Parcel]] = {}
        self._stopped: ConnectorError | None = None

    async def work(self) -> None:
        """Take one parcel after another until none is left."""
        while self._waiting:
            parcel = self._waiting.pop()
            if self._stopped is not None:
                self._outcomes.append(unsent(parcel.intent, self._stopped))
            else:
                await self._one(parcel)

    async def _one(self, parcel: Parcel) -> None:
        try:
            await self._transmitter.carry(parcel, self._progress)
        except FileExists as there:
            self._outcomes.append(Outcome(parcel.intent.key, "conflict", reason=f"{there}; look what it is"))
        except Rejected as refusal:
            reason = f"Cleo does not take {parcel.exchange.file_name}: {refusal.reason}"
            self._outcomes.append(failed(parcel, reason, refusal.code))
        except InDoubt as error:
            self._outcomes.append(in_doubt(parcel.intent, str(error), target_id=target_id(parcel)))
        except STOPS as error:
            self._stopped = self._stopped or error
            self._outcomes.append(stopped(parcel, error))
        else:
            if parcel.route.action is None:
                self._outcomes += await asyncio.to_thread(self._transmitter.note_uploaded, [parcel])
            else:
                self._to_run.setdefault(parcel.route, []).append(parcel)

    async def run_actions(self) -> None:
        """Run each action once for all files that wait for it."""
        for route, parcels in self._to_run.items():
            for one in parcels:
                await self._progress.step(one.intent, STARTED, one.exchange.interchange_id)
            try:
                result = await self._transmitter.run_action(route)
            except Rejected as refusal:
                reason = f"the file is in {route.folder}; Cleo does not run {route.action}: {refusal.reason}"
                self._outcomes += [failed(one, reason, refusal.code) for one in parcels]
            except InDoubt as error:
                self._outcomes += [
                    in_doubt(one.intent, str(error), target_id=target_id(one)) for one in parcels
                ]
            except STOPS as error:
                self._outcomes += [stopped(one, error) for one in parcels]
            else:
                self._outcomes += await self._settled(route, result, parcels)

    async def _settled(self, route: Route, result: RunResult, parcels: list[Parcel]) -> list[Outcome]:
        if result.succeeded:
            return await asyncio.to_thread(self._transmitter.note_uploaded, parcels)
        reason = (
            f"the file is in {route.folder}, and action {route.action} of connection {route.connection} "
            f"ended with {result.reason}; the next attempt runs it again and uploads nothing twice"
        )
        return [failed(one, reason) for one in parcels]


def failed(parcel: Parcel, reason: str, code: str | None = None) -> Outcome:
    """Worth another attempt. The document is named: something of it may have arrived."""
    return Outcome(parcel.intent.key, "failed", target_id=target_id(parcel), reason=reason, code=code)


def stopped(parcel: Parcel, cause: ConnectorError) -> Outcome:
    """Nothing left this time; an earlier attempt may have arrived all the same."""
    return replace(unsent(parcel.intent, cause), target_id=target_id(parcel))


def target_id(parcel: Parcel) -> str:
    """How a document is called once it was sent: ``acme:US001-0000000007``."""
    return f"{parcel.exchange.partner}:{parcel.exchange.reference}"


def taken(parcel: Parcel) -> Outcome:
    """What the state of a message makes of its document: done, or waiting for its acknowledgment."""
    exchange = parcel.exchange
    if exchange.answer_due_at is None:
        return Outcome(parcel.intent.key, "loaded", target_id=target_id(parcel))
    receipt = {"interchange": exchange.interchange_id, "file": exchange.file_name, "number": exchange.number}
    reason = f"sent in {exchange.file_name}; its 997 is due by {exchange.answer_due_at:%Y-%m-%d %H:%M} UTC"
    return Outcome(parcel.intent.key, "accepted", target_id=target_id(parcel), receipt=receipt, reason=reason)
