"""Suppliers and departments on their way to Cleo: a file says what changed.

Cleo keeps no record of a supplier or a department that could be read back. What can be read are its
connections: they say whether anything can be sent to the partner that a supplier is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from ml_connector.cleo.alignment.connections import (
    ACTIVE,
    Connections,
    fault,
    read_connections,
    state_of,
)
from ml_connector.cleo.alignment.feed import COST_OBJECTS, VENDORS, Feed, FileKind
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.options import CleoOptions
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
from ml_connector.core.outcomes import loaded
from ml_connector.core.state.store import Store

BATCH = 500
"""Documents in one file."""

INACTIVE = "inactive"


class FileTarget(ABC):
    """``core.contract.Target`` over files of one kind."""

    kind: ClassVar[FileKind]
    flow: ClassVar[str]
    shared: ClassVar[bool] = False

    def __init__(self, cleo: Cleo, options: CleoOptions, store: Store, tenant: TenantConfig) -> None:
        self.cleo, self.options = cleo, options
        self._feed = Feed(cleo.mailbox, store, tenant, self.kind, folder=self.folder(options), flow=self.flow)
        # One after the other: files are taken in by their numbers.
        self.limits = Limits(
            concurrency=1, batch=dict.fromkeys(Operation, BATCH), settle=options.settle_seconds,
            adopt=False, shared=self.shared,
        )  # fmt: skip

    @abstractmethod
    def folder(self, options: CleoOptions) -> str:
        """Where its files go."""

    @abstractmethod
    def target_id(self, intent: Intent) -> str:
        """What the crosswalk is to say of a document."""

    @abstractmethod
    def entry(self, intent: Intent) -> Payload:
        """What the file says of a document."""

    @abstractmethod
    async def settled(self, intent: Intent) -> Outcome:
        """The outcome of a document whose file Cleo has."""

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Whether Cleo has the file of what is in doubt. If not, the same file goes again."""
        there = await self._feed.arrived(intents)
        return [await self._found(intent, arrived=intent.document_id in there) for intent in intents]

    async def _found(self, intent: Intent, *, arrived: bool) -> Found:
        done = arrived and (await self.settled(intent)).result == "loaded"
        # Never "absent": a removal of what is not there would be done, and it is the file that is not there.
        return Found(intent.key, Verdict.EQUAL if done else Verdict.DIFFERENT, self.target_id(intent))

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """One file with what changed; what was kept and did not arrive goes first."""
        refused = await self._feed.deliver(intents, [self.entry(intent) for intent in intents])
        outcomes = []
        for intent in intents:
            if reason := refused.get(intent.document_id):
                outcomes.append(Outcome(intent.key, "failed", reason=reason))
            else:
                outcomes.append(await self.settled(intent))
        return outcomes

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """What waited for a connection is done once the connection is."""
        return [await self.settled(intent) for intent in intents]

    @abstractmethod
    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """See ``core.contract.Target``."""


class Partners(FileTarget):
    """Suppliers that are trading partners. Their crosswalk names the partner, so orders know where to go.

    A supplier whose connection is missing, disabled or not ready stays accepted, with the reason, and is
    done by itself once the connection is; its orders wait until then.
    """

    kind = VENDORS
    flow = "cleo.partners"
    shared = True

    def __init__(
        self, cleo: Cleo, options: CleoOptions, store: Store, tenant: TenantConfig, directory: Directory
    ) -> None:
        super().__init__(cleo, options, store, tenant)
        self._directory = directory
        self._connections: Connections | None = None
        self._read = False

    def folder(self, options: CleoOptions) -> str:
        return options.folders.vendor

    def target_id(self, intent: Intent) -> str:
        profile = self._directory.by_vendor(intent.key)
        return profile.partner if profile else intent.target_id or intent.key

    def entry(self, intent: Intent) -> Payload:
        profile = self._directory.by_vendor(intent.key)
        named = {"partner": profile.partner, "connection": profile.connection} if profile else {}
        status = INACTIVE if intent.desired.absent else ACTIVE
        return {**intent.desired.body, **named, "vendor": intent.key, "status": status}

    async def settled(self, intent: Intent) -> Outcome:
        profile = self._directory.by_vendor(intent.key)
        if intent.desired.absent:
            return loaded(intent, self.target_id(intent))
        if profile is None:
            reason = "no partner's file names this supplier any more; name it, or map the document again"
            return Outcome(intent.key, "rejected", reason=reason, field="vendors", local=True)
        wrong = fault(profile, await self._all())
        if wrong is None:
            return loaded(intent, profile.partner)
        first = intent.target_id is None
        return Outcome(
            intent.key, "accepted", profile.partner, {"connection": profile.connection}, wrong,
            alert=wrong if first else None,
        )  # fmt: skip

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """Partners by the state of their connections; those without a supplier when all are asked for."""
        connections = await self._all()
        if target_ids is None:
            return TargetPage(list(self._every(connections or {})), None)
        named = (self._directory.by_name(name) for name in target_ids)
        records = (self._record(profile, connections) for profile in named if profile)
        return TargetPage([record for record in records if record], None)

    def _every(self, connections: Connections) -> Iterable[TargetRecord]:
        for alias, connection in sorted(connections.items()):
            profiles = [one for one in self._directory.by_connection(alias) if one.vendors]
            yield from (record for one in profiles if (record := self._record(one, connections)))
            if not profiles and alias not in self.options.other_connections:
                state = state_of(connection)
                name = f"connection:{alias}"  # never the name of a partner
                yield TargetRecord(name, None, state, {}, label=f"{alias} ({connection.type})", partial=True)

    def _record(self, profile: Profile, connections: Connections | None) -> TargetRecord | None:
        """None where its connection is gone."""
        known = frozenset({ACTIVE, INACTIVE})
        if connections is None or profile.connection is None:
            state, agrees = ACTIVE, known
        elif profile.connection in connections:
            state = state_of(connections[profile.connection])
            # Whether an inactive supplier should still be reached shows only where it is the only one.
            several = len(profile.vendors) > 1 or len(self._directory.by_connection(profile.connection)) > 1
            agrees = known if several and state == ACTIVE else frozenset()
            agrees |= frozenset() if state == ACTIVE else {INACTIVE}
        else:
            return None
        return TargetRecord(profile.partner, None, state, {}, label=profile.name, agrees=agrees, partial=True)

    async def _all(self) -> Connections | None:
        if not self._read:
            self._connections = await read_connections(self.cleo, self.options)
            self._read = True
        return self._connections


class CostObjects(FileTarget):
    """Departments, for what maps cost objects in Cleo."""

    kind = COST_OBJECTS
    flow = "cleo.cost_objects"

    def folder(self, options: CleoOptions) -> str:
        return options.folders.cost_objects

    def target_id(self, intent: Intent) -> str:
        return intent.key

    def entry(self, intent: Intent) -> Payload:
        status = INACTIVE if intent.desired.absent else ACTIVE
        return {**intent.desired.body, "cost_object": intent.key, "status": status}

    async def settled(self, intent: Intent) -> Outcome:
        return loaded(intent, self.target_id(intent))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """Cleo shows none of them: what was sent counts as there, and nothing as too much."""
        either = frozenset({ACTIVE, INACTIVE})
        return TargetPage(
            [TargetRecord(name, name, ACTIVE, {}, agrees=either, partial=True) for name in target_ids or ()],
            None,
        )
