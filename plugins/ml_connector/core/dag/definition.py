"""What a DAG file says: an integration and its flows.

DAG files are the only place where systems meet, so everything that must know all integrations -
the check of the tenant files, the pools, the commands - reads the DAG files themselves, in a mode
in which they describe and do not build.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ml_connector.core.config import Dataset, FlowSettings, Rule, TenantConfig
from ml_connector.core.config.mapping import Mapping as MappingFile
from ml_connector.core.config.values import Model
from ml_connector.core.contract import EventSource, Source, Target
from ml_connector.core.dag.system import System
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier

SourceFactory = Callable[[TenantConfig, Dataset, Store, BaseModel], AbstractAsyncContextManager[Source]]
"""Reads the connection at once; entering the result opens the client. The last argument is the
tenant's options for the integration."""

EventSourceFactory = Callable[
    [TenantConfig, Dataset, Store, BaseModel], AbstractAsyncContextManager[EventSource]
]
"""The same for a source whose system also sends events."""

TargetFactory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]
"""The same for a target."""

VerifierFactory = Callable[[TenantConfig, Store], Verifier]
"""Makes what decides whether a delivered event is genuine; reads the connection at once."""

RulesFactory = Callable[[TenantConfig, BaseModel], Mapping[str, Rule]]
"""Rules that follow from files of the integration's own, for mappings that name them. Read in the task;
what a tenant file says of the same rule comes first."""

Adapt = Callable[[TenantConfig, BaseModel, MappingFile], MappingFile]
"""Fits a mapping to what the tenant's target takes: fields that have no place there are left out."""

Ways = Callable[[TenantConfig, BaseModel, Mapping[str, int]], str]
"""Says in one sentence how what a plan counts by operation would be written, and in how many calls."""

Inspect = Callable[[TenantConfig, Store, BaseModel], Coroutine[Any, Any, Sequence[str]]]
"""Compares a tenant's options with what stands in the target, and says what does not fit."""

Provision = Callable[[TenantConfig, Store, BaseModel, bool], Coroutine[Any, Any, Sequence[str]]]
"""Creates what the options name and the target lacks; with the last argument true it only says so."""

Check = Callable[[TenantConfig, BaseModel], Sequence[str]]
"""What is wrong with files that an integration has beside the tenant's: sentences for people."""

_MARK = "ml_connector.core.dag.builder"


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several kinds of documents that a flow may carry."""

    dataset: str
    mapping: str


def option_of(options: BaseModel, path: str) -> object:
    """An option by its path, e.g. ``invoices.mode``."""
    value: object = options
    for name in path.split("."):
        value = getattr(value, name)
    return value


@dataclass(frozen=True, slots=True)
class Choice:
    """Lets an option of the tenant decide which documents a flow carries.

    Attributes:
        option: path of the option, e.g. ``invoices.mode``; while it is empty the flow does not run.
        variants: by the option's value.
    """

    option: str
    variants: Mapping[str, Variant]

    def of(self, options: BaseModel) -> Variant | None:
        """What the tenant chose; None where it has not."""
        value = option_of(options, self.option)
        return None if value is None else self.variants[str(value)]


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of document moving in one direction.

    Attributes:
        name: full name, ``bill.bills``; what follows the dot names the task group.
        dataset: dataset of the source system.
        mapping: mapping of the target system.
        target: opens the target.
        look_ups: datasets of the target system in which the target looks things up; a tenant file may
            name their queries too.
        choice: where the tenant decides which documents it carries; ``dataset`` and ``mapping`` are then
            those of one of the variants.
        rules: gives the mapping the rules that follow from files of the integration's own.
        needs: path of an option without which the flow does not run, e.g. ``boards.invoices``.
        adapt: fits the mapping to the tenant's target.
        ways: says how what a plan counts would be written.
        follows: it reads what the flow before it left in the ledger, so that one is loaded first.
        answers: it writes to the system that the DAG reads, which wants to hear what became of a document.
    """

    name: str
    dataset: str
    mapping: str
    target: TargetFactory
    look_ups: Sequence[str] = ()
    choice: Choice | None = None
    rules: RulesFactory | None = None
    needs: str | None = None
    adapt: Adapt | None = None
    ways: Ways | None = None
    follows: bool = False
    answers: bool = False

    @property
    def group(self) -> str:
        """Name of the task group, and of the flow in a tenant file."""
        return self.name.partition(".")[2]

    @property
    def variants(self) -> Sequence[Variant]:
        """Every dataset with its mapping that the flow may use."""
        return tuple(self.choice.variants.values()) if self.choice else (Variant(self.dataset, self.mapping),)

    def chosen(self, options: BaseModel) -> Flow | None:
        """The flow as a tenant's options have it; None where they do not say which documents it carries."""
        if self.choice is None:
            return self
        variant = self.choice.of(options)
        if variant is None:
            return None
        return replace(self, dataset=variant.dataset, mapping=variant.mapping)


@dataclass(frozen=True, slots=True)
class Back:
    """The flows of an integration that run the other way.

    Attributes:
        read: opens the source that also brings events.
        flows: in the order in which they load.
        webhook: makes the verifier of the events that the system delivers; None where it sends none.
    """

    read: EventSourceFactory
    flows: Sequence[Flow]
    webhook: VerifierFactory | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """One direction of an integration, as its DAG file describes it: one DAG for each tenant.

    Attributes:
        integration: name in tenant files, and of the folder of its mappings: the other system's.
        flows: in the order in which they load.
        known_flows: names of the flows of both directions, as a tenant file may name them.
        events: the DAG that is started by events; its source is the other system.
        webhook: makes the verifier of delivered events.
        check: looks at files that the integration has beside the tenant's.
        schemas: models of those files by kind, for editors.
        inspect: compares options and target, for ``check --ping``.
        provision: creates in the target what the options name, for the command of that name.
    """

    integration: str
    source: System
    target: System
    read: SourceFactory | EventSourceFactory
    options: type[BaseModel]
    flows: Sequence[Flow] = field(repr=False)
    known_flows: Sequence[str] = field(repr=False)
    events: bool = False
    webhook: VerifierFactory | None = None
    check: Check | None = None
    schemas: Mapping[str, type[Model]] = field(default_factory=dict)
    inspect: Inspect | None = None
    provision: Provision | None = None

    @property
    def prefix(self) -> str:
        """First part of the DAG ids, ``peoplesoft_bill`` or ``bill_events``."""
        return f"{self.integration}_events" if self.events else f"{self.source.name}_{self.target.name}"

    @property
    def systems(self) -> tuple[System, System]:
        """Both sides."""
        return self.source, self.target

    def written(self, flow: Flow) -> System:
        """The system that a flow writes to."""
        return self.source if flow.answers else self.target

    def dag_id(self, tenant: str) -> str:
        """Id of a tenant's DAG."""
        return f"{self.prefix}__{tenant}"

    def settings(self, tenant: TenantConfig, flow: Flow) -> FlowSettings:
        """How a tenant runs a flow."""
        return tenant.integrations[self.integration].flow(flow.group)

    def other_systems(self) -> list[str]:
        """Systems but the integration's own, whose connections it needs."""
        return [system.name for system in self.systems if system.name != self.integration]


_collector: ContextVar[list[Definition] | None] = ContextVar("ml_connector_definitions", default=None)


def collect(definitions: Sequence[Definition]) -> bool:
    """Note definitions where somebody is reading the DAG files; False where DAGs are to be built."""
    found = _collector.get()
    if found is None:
        return False
    found.extend(definitions)
    return True


@dataclass(frozen=True, slots=True)
class Reading:
    """What the DAG files say; ``broken`` holds the error of each that cannot be imported."""

    definitions: list[Definition] = field(default_factory=list)
    broken: dict[Path, str] = field(default_factory=dict)


def read_definitions(folder: Path) -> Reading:
    """The integrations of all DAG files of a folder; files that do not use the builder are left alone."""
    reading = Reading()
    token = _collector.set(reading.definitions)
    try:
        for path in sorted(folder.glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if _MARK in text:
                _run(path, reading)
    finally:
        _collector.reset(token)
    return reading


def _run(path: Path, reading: Reading) -> None:
    try:
        runpy.run_path(str(path))
    except Exception as error:  # noqa: BLE001 - a DAG file may fail in any way, and the others still count
        reading.broken[path] = f"{type(error).__name__}: {error}"


def all_systems(definitions: Sequence[Definition]) -> dict[str, System]:
    """Systems of all integrations, by name."""
    return {system.name: system for definition in definitions for system in definition.systems}
