"""What the targets of outgoing documents have in common: the way from a wanted body to Cleo and back.

What stands at a partner cannot be read; what was sent, and what came back about it, stands in our own
tables. So looking up, confirming and reading back ask there first, and Cleo only for files that may
have arrived.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.mailbox.protocol import RemoteFile
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound import looking, naming, unknown
from ml_connector.cleo.outbound.looking import answered
from ml_connector.cleo.outbound.messages import Message, Standing, wanted_hash
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.outbound.preparing import Parcel, prepare
from ml_connector.cleo.outbound.rendering import Renderer
from ml_connector.cleo.outbound.transmit import STARTED, UPLOADED, Transmitter, taken
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    TargetRecord,
    Verdict,
)
from ml_connector.core.errors import Rejected
from ml_connector.core.ledger.exchange import answers, outbound
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store, Transaction

BATCH = 25
"""Documents that are written, and kept, in one transaction."""

_ARRIVED = ("loaded", "accepted")


class OutboundTarget(ABC):
    """Base of the targets; implements ``core.contract.Target`` but for what a subclass decides.

    Args:
        tenant: of the flow.
        store: state of the task; its clock is the time of writing.
        options: of the tenant.
        directory: the tenant's partners.
        cleo: connected.
    """

    flow: str
    kinds: tuple[str, ...]
    states: frozenset[str]
    distinct = False

    def __init__(
        self, tenant: TenantConfig, store: Store, options: CleoOptions, directory: Directory, cleo: Cleo
    ) -> None:
        self.tenant, self.store, self.options, self.directory = tenant, store, options, directory
        self.scope = Scope(tenant.tenant, tenant.environment, self.flow)
        self.limits = Limits(
            concurrency=2,  # while the files of one batch are on their way, the next is written
            batch=dict.fromkeys(Operation, BATCH),
            settle=options.settle_seconds,
            distinct=self.distinct,
        )
        self._transmitter = Transmitter(cleo, store, options)
        self._files = looking.Files(cleo)
        self._careful: bool | None = None
        self._raised = 0

    # ---- what a subclass says

    @abstractmethod
    def decide(self, intent: Intent, standing: Standing, renderer: Renderer) -> Outcome | Message:
        """What is to be done about one document.

        Raises:
            Rejected: nothing, because of the document or the partner's file.
        """

    @abstractmethod
    def expected(self, intent: Intent) -> looking.Expected | None:
        """How the first file of a document is called that has not been sent by this ledger."""

    @abstractmethod
    def folders_of(self, profile: Profile) -> Sequence[str | None]:
        """Folders of a partner's own for these documents."""

    @abstractmethod
    def reference(self, name: FileName) -> str:
        """The number of the document that a file's name stands for."""

    def guard(self, tx: Transaction, intents: Sequence[Intent]) -> dict[int, Outcome]:
        """Documents that must not be sent at all, by id."""
        return {}

    # ---- the contract

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Keep new messages with their numbers in one transaction, then upload them."""
        if self._careful is None:
            self._careful = await asyncio.to_thread(unknown.after_restore, self.store, self.scope)
        if self._careful:
            await self._files.read(self._folders(), self.store.now())
            await self._raise_numbers()
        prepared = await asyncio.to_thread(self._prepare, intents)
        outcomes = [one for one in prepared if isinstance(one, Outcome)]
        parcels = [one for one in prepared if isinstance(one, Parcel)]
        outcomes += [taken(one) for one in parcels if one.exchange.left]
        sent = await self._transmitter.send([one for one in parcels if not one.exchange.left], progress)
        earlier = {one.intent.key: one.intent for one in parcels if one.earlier}
        follow = [earlier[one.key] for one in sent if one.key in earlier and one.result in _ARRIVED]
        outcomes += [one for one in sent if one.key not in earlier or one.result not in _ARRIVED]
        return outcomes + (await self.write(follow, progress) if follow else [])

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Ask our own tables, then the folders of Cleo, then its transfers."""
        sent = await asyncio.to_thread(self._latest, intents)
        listed: dict[str, list[RemoteFile]] = {}
        return [await self._find(intent, sent.get(intent.document_id), listed) for intent in intents]

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """What the partner's acknowledgment, or its absence, makes of documents."""
        return await asyncio.to_thread(self._confirm, intents)

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """The state of these documents; or, with None, the files in the folders that nobody has named."""
        if target_ids is not None:
            return TargetPage(await asyncio.to_thread(self._records, target_ids), None)
        found = await self._files.named(self._folders(), self.kinds)
        return TargetPage(await asyncio.to_thread(self._lying_there, found), None)

    # ---- helpers

    def partner(self, name: str | None) -> Profile:
        """The profile of a partner.

        Raises:
            Rejected: there is none.
        """
        profile = self.directory.by_name(name or "")
        if profile is None:
            raise Rejected(
                "there is no file of this partner any more; put it back", field="partner", value=name
            )
        return profile

    def partner_of(self, body: Payload) -> Profile:
        """The profile of the partner that a document is for.

        Raises:
            Rejected: there is none, or the supplier is another partner's by now.
        """
        profile = self.partner(body.get("partner"))
        self.check_supplier(body, profile)
        return profile

    def check_supplier(self, body: Payload, profile: Profile) -> None:
        """Refuse what would go to a partner whose file does not name the supplier any more.

        Raises:
            Rejected: another partner's file names it, or none.
        """
        supplier = body.get("supplier_key")
        if supplier is not None and self.directory.by_vendor(str(supplier)) is not profile:
            raise Rejected(
                f"supplier {supplier} does not stand in the file of partner {profile.partner} any more; "
                "run the flow cleo.partners, then replay the document",
                field="vendors",
            )

    def _prepare(self, intents: Sequence[Intent]) -> list[Outcome | Parcel]:
        renderer = Renderer(self.tenant, self.options, self.store.now())
        with self.store.write() as tx:
            stopped = self.guard(tx, intents)
            free = [intent for intent in intents if intent.document_id not in stopped]
            prepared = prepare(
                tx,
                free,
                decide=lambda intent, standing: self._decided(tx, intent, standing, renderer),
                renderer=renderer,
                flow=self.flow,
            )
        return [*stopped.values(), *prepared]

    def _decided(
        self, tx: Transaction, intent: Intent, standing: Standing, renderer: Renderer
    ) -> Outcome | Message:
        answer = self.decide(intent, standing, renderer)
        if not self._careful or isinstance(answer, Outcome):
            return answer
        reason = unknown.why_not(tx, self.tenant.tenant, self._files, answer, self.kinds)
        return answer if reason is None else Outcome(intent.key, "held", intent.target_id, reason=reason)

    async def _raise_numbers(self) -> None:
        seen = self._files.seen
        if len(seen) > self._raised:
            self._raised = len(seen)
            await asyncio.to_thread(
                unknown.raise_numbers, self.store, self.tenant, self.options, self.directory, seen
            )

    def _latest(self, intents: Sequence[Intent]) -> dict[int, Exchange]:
        with self.store.read() as connection:
            return outbound.latest(connection, self.store, [intent.document_id for intent in intents])

    async def _find(
        self, intent: Intent, sent: Exchange | None, listed: dict[str, list[RemoteFile]]
    ) -> Found:
        if sent is None:
            return await self._unknown(intent)
        id_ = f"{sent.partner}:{sent.reference}" if sent.may_have_left else intent.target_id
        if sent.document_hash != wanted_hash(intent):  # this was never kept; the earlier one stands
            never = intent.operation is Operation.CREATE and not sent.may_have_left
            return Found(intent.key, Verdict.ABSENT if never else Verdict.DIFFERENT, id_)
        record = {"file": sent.file_name, "number": sent.number, "status": sent.set_status}
        if sent.left:
            return await asyncio.to_thread(self._arrived, intent, sent, record)
        if intent.steps.get(UPLOADED) == sent.interchange_id:
            return _before_action(intent, sent, id_, record)
        return await self._seen(intent, sent, id_, record, listed)

    async def _seen(
        self,
        intent: Intent,
        sent: Exchange,
        id_: str | None,
        record: Payload,
        listed: dict[str, list[RemoteFile]],
    ) -> Found:
        """By the name of its file."""
        seen = await self._files.look(sent, listed)
        if seen is Verdict.EQUAL:
            return await asyncio.to_thread(self._arrived, intent, sent, record)
        if seen is Verdict.FOREIGN:
            reason = f"{sent.route.get('folder')} holds another file called {sent.file_name}"
            return Found(intent.key, Verdict.FOREIGN, id_, record, reason)
        return self._not_there(intent, id_, record)

    def _arrived(self, intent: Intent, sent: Exchange, record: Payload) -> Found:
        """What has left waits for its acknowledgment, or has got it."""
        with self.store.write() as tx:
            outbound.uploaded(tx, sent.interchange_id, answer_within=sent.answer_within)
            (now,) = outbound.latest(tx.connection, self.store, [intent.document_id]).values()
            outcome = looking.untold(tx, intent, now) or answered(intent, now, self.store.now())[0]
        if outcome.result == "accepted":
            outcome = replace(outcome, alert=None)  # what is late is told when it is confirmed
        return Found(intent.key, Verdict.EQUAL, outcome.target_id, record, outcome=outcome)

    def _not_there(self, intent: Intent, id_: str | None, record: Payload) -> Found:
        """Not seen. A first message is as if it was never sent; a change goes again, when it is certain."""
        if intent.operation is Operation.CREATE:
            return Found(intent.key, Verdict.ABSENT, id_, record)
        settled = timedelta(seconds=self.limits.settle)
        if intent.attempted_at is not None and self.store.now() < intent.attempted_at + settled:
            return Found(intent.key, Verdict.UNSURE, id_, record, "not seen yet; the upload may still arrive")
        return Found(intent.key, Verdict.DIFFERENT, id_, record)

    async def _unknown(self, intent: Intent) -> Found:
        """Nothing of its document is stored here: never begun, or the state database was lost."""
        expected = self.expected(intent) if intent.operation is Operation.CREATE else None
        if expected is None:
            verdict = Verdict.ABSENT if intent.operation is Operation.CREATE else Verdict.DIFFERENT
            return Found(intent.key, verdict, intent.target_id)
        name = await self._files.beginning(expected, self.store.now())
        await self._raise_numbers()
        if name is None:
            return Found(intent.key, Verdict.ABSENT)
        reason = "sent before this state database began"
        alert = (
            f"{name} was {reason}, and counts as sent. Whether {expected.partner} has the document as it is "
            "now is not known here: compare it with the file"
        )
        outcome = Outcome(intent.key, "loaded", target_id=expected.target_id, alert=alert)
        return Found(intent.key, Verdict.EQUAL, expected.target_id, {"file": name}, reason, outcome)

    def _confirm(self, intents: Sequence[Intent]) -> list[Outcome]:
        with self.store.write() as tx:
            sent = outbound.latest(tx.connection, self.store, [intent.document_id for intent in intents])
            there = [(intent, sent[intent.document_id]) for intent in intents if intent.document_id in sent]
            told = [(answered(intent, one, tx.store.now()), one) for intent, one in there]
            answers.alerted(tx, [one.interchange_id for (_, late), one in told if late])
        return [outcome for (outcome, _), _ in told]

    def _records(self, target_ids: Sequence[str]) -> list[TargetRecord]:
        with self.store.read() as connection:
            return looking.records(connection, self.store, self.scope, target_ids, self.states)

    def _folders(self) -> list[str]:
        """Where files of the flow may lie."""
        named = {self.options.folders.upload.get(kind) for kind in self.kinds}
        named |= {folder for profile in self.directory.profiles for folder in self.folders_of(profile)}
        return sorted(folder for folder in named if folder)

    def _lying_there(self, found: Mapping[str, FileName]) -> list[TargetRecord]:
        partners = {naming.plain(profile.partner): profile.partner for profile in self.directory.profiles}
        ours = {name: parts for name, parts in found.items() if parts.partner in partners and parts.exact}
        ids = {name: f"{partners[one.partner]}:{self.reference(one)}" for name, one in ours.items()}
        with self.store.read() as connection:
            return looking.strangers(connection, self.store, self.tenant.tenant, ours, ids)


def _before_action(intent: Intent, sent: Exchange, id_: str | None, record: Payload) -> Found:
    """The file lies there. An action that may have run is not run again before somebody has looked."""
    if intent.steps.get(STARTED) != sent.interchange_id:
        reason = "uploaded; its action is still to be run"
        return Found(intent.key, Verdict.DIFFERENT, id_, record, reason)
    reason = (
        f"{sent.file_name} is in {sent.route.get('folder')}, and nobody knows whether action "
        f"{sent.route.get('action')} has run; look into the log of connection "
        f"{sent.route.get('connection')} in Cleo. A replay runs the action again"
    )
    held = Outcome(intent.key, "held", target_id=id_, reason=reason)
    return Found(intent.key, Verdict.UNSURE, id_, record, reason, held)
