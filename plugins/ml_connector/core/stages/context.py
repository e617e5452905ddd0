"""What a stage needs to know of its flow and its run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from ml_connector.core.contract import Acknowledging, Source, Target
from ml_connector.core.ledger.claims import Lease
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store

if TYPE_CHECKING:
    from ml_connector.core.config.dataset import Dataset
    from ml_connector.core.config.tenant import FlowSettings, TenantConfig
    from ml_connector.core.mapping import CompiledMapping


@dataclass(frozen=True, slots=True)
class RunParams:
    """What a person may ask of one run. None of it moves a watermark.

    Attributes:
        since: read from this date or time on instead of the watermark.
        until: read up to here, exclusive.
        full: read everything and map it again, whatever the hashes say.
        keys: only these documents, by natural key.
        dry_run: plan only.
    """

    since: str | None = None
    until: str | None = None
    full: bool = False
    keys: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def own_window(self) -> bool:
        """Whether the run reads something else than what is new since the watermark."""
        return bool(self.since or self.until or self.full or self.keys)


@dataclass(slots=True)
class FlowContext:
    """One flow of one tenant in one run.

    Attributes:
        run: name of the run, shown in the trail.
        lease: how long a claim holds without being renewed.
        patience: how long a load waits, at its end, for documents in doubt.
        events_from: the system whose events wake this flow; None where nothing but its schedule does.
        alerts: sentences for people, to be told whatever becomes of the stage.
        taken: keys of the documents that this extract made durable, where the source wants to hear of them.
        scope: the flow's rows in the ledger.
    """

    tenant: TenantConfig
    flow: str
    settings: FlowSettings
    dataset: Dataset
    mapping: CompiledMapping
    store: Store
    run: str
    params: RunParams = field(default_factory=RunParams)
    source: Source | None = None
    target: Target | None = None
    lease: timedelta = timedelta(seconds=120)
    patience: timedelta = timedelta(seconds=300)
    events_from: str | None = None
    alerts: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope(self.tenant.tenant, self.tenant.environment, self.flow)

    @property
    def units(self) -> tuple[str, ...]:
        """Business units or SETIDs that the dataset is read for; an account is one unit."""
        if self.dataset.unit == "account":
            return (self.dataset.system,)
        chosen = self.tenant.business_units if self.dataset.unit == "business_unit" else self.tenant.setids
        return tuple(chosen)

    @property
    def start(self) -> str:
        """First date that is read."""
        return (self.settings.start or self.tenant.start).isoformat()

    @property
    def claimant(self) -> Lease:
        """Who claims documents in this run."""
        return Lease(self.store.trail.chain, self.lease)

    @property
    def listener(self) -> Acknowledging | None:
        """The source, where it wants to hear what was taken."""
        source: object = self.source
        return source if isinstance(source, Acknowledging) else None

    def need_source(self) -> Source:
        """The source; a stage that reads was given one."""
        if self.source is None:
            raise RuntimeError(f"{self.flow}: this stage reads, but was given no source")
        return self.source

    def need_target(self) -> Target:
        """The target; a stage that writes was given one."""
        if self.target is None:
            raise RuntimeError(f"{self.flow}: this stage writes, but was given no target")
        return self.target
