"""Which flows there are, and which DAG runs each: permissions on a flow are those on its DAG.

DAG files and tenant files are read again when one of them changes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from airflow.configuration import conf

from ml_connector.core.config import Settings, TenantConfig
from ml_connector.core.dag.configuration import healthy_tenants, is_enabled
from ml_connector.core.dag.definition import Definition, Flow, read_definitions
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.dag.watch import allowed_age


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """One flow of one tenant.

    Attributes:
        dag_id: the DAG that runs it.
        definition: the direction of the integration that it belongs to.
        tenant_file: None where it is broken or gone; the ledger may still know the flow.
        stale_after: how old its last success may be; None where the tenant does not say.
    """

    tenant: str
    flow: str
    dag_id: str
    definition: Definition
    tenant_file: TenantConfig | None = None
    stale_after: timedelta | None = None

    @property
    def zone(self) -> str:
        """The tenant's time zone."""
        return self.tenant_file.time_zone if self.tenant_file else "UTC"

    @property
    def environment(self) -> str | None:
        """``test`` or ``production``."""
        return self.tenant_file.environment if self.tenant_file else None

    @property
    def title(self) -> str:
        """Both systems, in the direction of the flow."""
        return f"{self.definition.source.title} to {self.definition.target.title}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that is configured.

    Attributes:
        flows: what is switched on, by tenant and name, in the order in which it runs.
    """

    definitions: Sequence[Definition]
    tenants: Mapping[str, TenantConfig]
    flows: Mapping[tuple[str, str], FlowEntry]

    def entry(self, tenant: str, flow: str) -> FlowEntry | None:
        """A flow, also one that is switched off or whose tenant file is gone; None for no flow of ours."""
        if (known := self.flows.get((tenant, flow))) is not None:
            return known
        definition = self._definition(flow)
        if definition is None:
            return None
        return FlowEntry(tenant, flow, definition.dag_id(tenant), definition, self.tenants.get(tenant))

    def _definition(self, flow: str) -> Definition | None:
        """The direction that has the flow; for other names the main one of the system they begin with."""
        for definition in self.definitions:
            if any(item.name == flow for item in definition.flows):
                return definition
        system = flow.partition(".")[0]
        of_system = [item for item in self.definitions if item.integration == system]
        return min(of_system, key=lambda item: item.events, default=None)


_lock = threading.Lock()
_read: list[tuple[object, Catalog]] = []


def catalog() -> Catalog:
    """What the DAG files and the tenant files say now."""
    settings, dags = read_settings(), Path(conf.get_mandatory_value("core", "dags_folder"))
    with _lock:
        seen = (settings.tenants_path, settings.mappings_paths, dags, _state_of(dags, settings))
        if not _read or _read[0][0] != seen:
            _read[:] = [(seen, _catalog(dags, settings))]
        return _read[0][1]


def _state_of(dags: Path, settings: Settings) -> tuple[tuple[str, int, int], ...]:
    folders = [(dags, "*.py"), (settings.tenants_path, "*.y*ml")]
    folders += [(path, "*/*.y*ml") for path in settings.mappings_paths]  # they say what is enabled
    paths = [path for folder, pattern in folders for path in sorted(folder.glob(pattern))]
    return tuple((str(path), (stat := path.stat()).st_mtime_ns, stat.st_size) for path in paths)


def _catalog(dags: Path, settings: Settings) -> Catalog:
    definitions = read_definitions(dags).definitions
    tenants = {tenant.tenant: tenant for tenant in healthy_tenants(settings)}
    entries = [
        entry
        for tenant in tenants.values()
        for definition in definitions
        for entry in _entries(definition, tenant, settings)
    ]
    return Catalog(definitions, tenants, {(entry.tenant, entry.flow): entry for entry in entries})


def _entries(definition: Definition, tenant: TenantConfig, settings: Settings) -> Iterator[FlowEntry]:
    integration = tenant.integrations.get(definition.integration)
    if integration is None or not integration.enabled:
        return
    for flow in definition.flows:
        if is_enabled(definition, tenant, flow, settings):
            yield _entry(definition, tenant, flow, integration.stale_after)


def _entry(
    definition: Definition, tenant: TenantConfig, flow: Flow, stale_after: timedelta | None
) -> FlowEntry:
    allowed = allowed_age(definition, tenant, flow, stale_after) if stale_after else None
    return FlowEntry(tenant.tenant, flow.name, definition.dag_id(tenant.tenant), definition, tenant, allowed)
