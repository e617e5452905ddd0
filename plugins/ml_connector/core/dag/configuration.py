"""Finds every mistake in tenant files and the mappings they use, without keeping healthy tenants away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from ml_connector.core.config import (
    InvalidFile,
    Settings,
    TenantConfig,
    check_integration,
    check_mapping,
    check_overrides,
    find_dataset,
    find_mapping,
    load_tenants,
)
from ml_connector.core.dag.definition import Definition, Flow, Reading, option_of, read_definitions
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake; ``tenant`` is None where it concerns them all."""

    tenant: str | None
    text: str


def healthy_tenants(settings: Settings) -> list[TenantConfig]:
    """Tenants whose files can be read; none when the folder is missing."""
    if not settings.tenants_path.is_dir():
        return []
    return [file.tenant for file in load_tenants(settings.tenants_path) if file.tenant is not None]


def find_faults(reading: Reading, settings: Settings) -> list[Fault]:
    """Every mistake in every tenant file and in the files it uses, each told once."""
    faults: list[Fault] = []
    try:
        files = load_tenants(settings.tenants_path)
    except ConfigurationError as error:
        return [Fault(None, str(error))]
    for file in files:
        if file.error is not None:
            faults.append(Fault(file.name, str(file.error)))
        if file.tenant is not None:
            faults += [Fault(file.name, text) for text in _tenant_faults(reading, file.tenant, settings)]
    told: set[str] = set()
    return [fault for fault in faults if not (fault.text in told or told.add(fault.text))]  # type: ignore[func-returns-value]


def _tenant_faults(reading: Reading, tenant: TenantConfig, settings: Settings) -> Iterator[str]:
    known = {definition.integration for definition in reading.definitions}
    for name, integration in tenant.integrations.items():
        if name not in known and reading.broken:
            continue  # its DAG file cannot be imported, which Airflow says of that file itself
        if name not in known:
            where = tenant.file.path if tenant.file else tenant.tenant
            expected = ", ".join(sorted(known))
            yield f"{where}: integrations.{name}: there is no such integration. Expected: one of {expected}."
        elif integration.enabled:
            for definition in reading.definitions:
                if definition.integration == name:
                    yield from _integration_faults(definition, tenant, settings)
    if not reading.broken:
        yield from _override_faults(reading, tenant, settings)


def _override_faults(reading: Reading, tenant: TenantConfig, settings: Settings) -> Iterator[str]:
    """A misspelt rule would silently do nothing, so what a tenant overrides must exist somewhere."""
    paths = settings.mappings_paths
    try:
        check_overrides(
            tenant,
            [
                find_mapping(definition.integration, variant.mapping, paths)
                for definition in reading.definitions
                for flow in definition.flows
                for variant in flow.variants
            ],
            [
                find_dataset(system.name, name, paths)
                for definition in reading.definitions
                for flow in definition.flows
                for system, names in (
                    (definition.source, tuple(variant.dataset for variant in flow.variants)),
                    (definition.target, flow.look_ups),
                )
                for name in names
            ],
        )
    except InvalidFile as error:
        yield str(error)
    except ConfigurationError:
        return  # a missing file is told where its flow is checked


def _integration_faults(definition: Definition, tenant: TenantConfig, settings: Settings) -> Iterator[str]:
    try:
        options = check(definition, tenant)
    except InvalidFile as error:
        yield str(error)
        return
    if definition.check is not None:
        yield from definition.check(tenant, options)
    for flow in definition.flows:
        if not_wanted(definition, tenant, flow):
            continue
        try:
            wanted = chosen(definition, tenant, flow)
            dataset = find_dataset(definition.source.name, wanted.dataset, settings.mappings_paths)
            mapping = find_mapping(definition.integration, wanted.mapping, settings.mappings_paths)
            if flow.adapt is not None:
                mapping = flow.adapt(tenant, options, mapping)
            check_mapping(mapping, dataset, tenant)
        except ConfigurationError as error:
            yield str(error)


def check(definition: Definition, tenant: TenantConfig) -> BaseModel:
    """A tenant's options for an integration.

    Raises:
        InvalidFile: the tenant file does not fit the integration.
    """
    return check_integration(
        tenant,
        definition.integration,
        flows=definition.known_flows,
        options=definition.options,
        systems=definition.other_systems(),
    )


def chosen(definition: Definition, tenant: TenantConfig, flow: Flow) -> Flow:
    """The flow with the dataset and mapping that the tenant's options choose.

    Raises:
        InvalidFile: the tenant file does not fit the integration.
        ConfigurationError: the options choose none.
    """
    if flow.choice is None:
        return flow
    found = flow.chosen(check(definition, tenant))
    if found is None:
        raise ConfigurationError(
            f"tenant {tenant.tenant}: flow {flow.name} is switched on, and nothing says what it carries",
            field=f"integrations.{definition.integration}.options.{flow.choice.option}",
            expected=f"one of {', '.join(flow.choice.variants)}",
        )
    return found


def not_wanted(definition: Definition, tenant: TenantConfig, flow: Flow) -> bool:
    """Whether the tenant file switches a flow off, or leaves open what it would carry."""
    switched = definition.settings(tenant, flow).enabled
    if switched is not None or (flow.choice is None and flow.needs is None):
        return switched is False
    options = check(definition, tenant)
    return flow.chosen(options) is None or (flow.needs is not None and option_of(options, flow.needs) is None)


def is_enabled(definition: Definition, tenant: TenantConfig, flow: Flow, settings: Settings) -> bool:
    """Whether a tenant runs a flow: as its file says, or else as the mapping does.

    A mapping that cannot be read counts as enabled: its tasks then fail and name the mistake,
    where a missing flow would go unnoticed.
    """
    switched = definition.settings(tenant, flow).enabled
    if switched is not None:
        return switched
    try:
        if not_wanted(definition, tenant, flow):
            return False
        mapping = chosen(definition, tenant, flow).mapping
        return find_mapping(definition.integration, mapping, settings.mappings_paths).enabled
    except ConfigurationError:
        return True


def raise_faults(dags_folder: Path) -> None:
    """Raise one error that lists every mistake; Airflow shows it as the import error of the calling file.

    Raises:
        ConfigurationError: there is at least one mistake.
    """
    faults = find_faults(read_definitions(dags_folder), read_settings())
    if faults:
        count = f"{len(faults)} mistake{'s' if len(faults) > 1 else ''} in the configuration"
        raise ConfigurationError("\n".join([f"{count}:", *(fault.text for fault in faults)]))
