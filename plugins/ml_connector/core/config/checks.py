"""Cross checks inside one tenant or dataset file: what single fields cannot say about themselves."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from ml_connector.core.config.condition_checks import check_condition
from ml_connector.core.config.dataset import Dataset, Level, Query, QueryKind
from ml_connector.core.config.explain import validated
from ml_connector.core.config.problems import InvalidFile, KeyPath
from ml_connector.core.config.report import Report
from ml_connector.core.config.scopes import Scope
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.config.yamlfile import YamlFile

OptionsType = TypeVar("OptionsType", bound=BaseModel)
RESERVED = ("parent", "document", "setid", "any_of", "all_of", "not", "rule")

_PLAIN_PROMPTS = ("unit", "since", "until", "today")
_IN_CHANGES = "unit, since, until, today or after.FIELD with FIELD of the key"
_IN_BY_KEY = "unit, today or key.FIELD with FIELD of the key"


def check_tenant(tenant: TenantConfig) -> None:
    """Raises InvalidFile where parts of the tenant file contradict each other."""
    report = Report(tenant.file)
    stem = Path(tenant.file.path).stem if tenant.file else tenant.tenant
    if tenant.tenant != stem:
        report.add(("tenant",), "the tenant's name differs from the file's", f"{stem}, as the file is named")
    for group, units in tenant.setid_of.items():
        for unit, setid in units.items():
            if setid not in tenant.setids:
                expected = f"one of setids: {', '.join(tenant.setids) or 'none is named'}"
                report.add(("setid_of", group, unit), f"the SETID {setid} is not among those read", expected)
    for name, integration in tenant.integrations.items():
        if integration.enabled and name not in tenant.connections:
            message = f"the integration {name} has no connection"
            report.add(("integrations", name), message, f"an entry {name} under connections")
    report.close()


def check_integration(
    tenant: TenantConfig,
    name: str,
    *,
    flows: Collection[str],
    options: type[OptionsType],
    systems: Collection[str] = ("peoplesoft",),
) -> OptionsType:
    """Check one integration against what its DAG file knows; the validated options come back.

    Args:
        tenant: the tenant.
        name: the integration, e.g. ``bill``.
        flows: names of its flows, without the integration's own.
        options: the system's own model for ``options``.
        systems: other connections that the integration needs.

    Raises:
        InvalidFile: with every mistake found.
    """
    at: KeyPath = ("integrations", name)
    report = Report(tenant.file)
    for system in systems:
        if system not in tenant.connections:
            message = f"the integration {name} needs a connection to {system}"
            report.add(("connections",), message, f"an entry {system}")
    for flow in tenant.integrations[name].flows:
        if flow not in flows:
            report.add(
                (*at, "flows", flow), f"{name} has no flow {flow}", f"one of {', '.join(sorted(flows))}"
            )
    given = tenant.integrations[name].options
    file = tenant.file or YamlFile("tenant", {"integrations": {name: {"options": given}}}, {})
    try:
        result = validated(options, file, (*at, "options")) if given else validated(options, _empty(file))
    except InvalidFile as error:
        report.problems.extend(error.problems)
        raise InvalidFile(report.problems) from None
    report.close()
    return result


def _empty(file: YamlFile) -> YamlFile:
    """The file as if it held nothing: options that are not given have their defaults."""
    return YamlFile(file.path, {}, {})


def check_dataset(dataset: Dataset) -> None:
    """Raises InvalidFile where parts of the dataset file contradict each other."""
    report = Report(dataset.file)
    if dataset.file:
        _check_place(dataset, Path(dataset.file.path), report)
    _check_level(dataset, (), report)
    if dataset.unit != "account" and dataset.unit_name not in dataset.fields:
        expected = f"a field {dataset.unit_name}, or unit_field naming the one that holds it"
        report.add(("unit",), f"the documents have no field {dataset.unit_name}", expected)
    _check_queries(dataset, report)
    _check_change(dataset, report)
    for name in ("select", "open_when"):
        condition = getattr(dataset, name)
        if condition is not None:
            check_condition(condition, Scope((dataset,)), (), report, (name,))
    report.close()


def _check_place(dataset: Dataset, path: Path, report: Report) -> None:
    for key, value, name in (
        ("dataset", dataset.dataset, path.stem),
        ("system", dataset.system, path.parent.name),
    ):
        if value != name:
            report.add((key,), f"{key} differs from where the file lies", f"{name}, as the path says")


def _check_level(level: Level, at: KeyPath, report: Report) -> None:
    for index, name in enumerate(level.key):
        _known(level, name, (*at, "key", index), report)
    for name in level.columns:
        _known(level, name, (*at, "columns", name), report)
    for name in (*level.fields, *level.children):
        if name in RESERVED:
            kind = "fields" if name in level.fields else "children"
            report.add((*at, kind, name), f"the name {name} has a meaning of its own", "another name")
    if level.effective_dated:
        dated = level.effective_dated
        _known(level, dated.field, (*at, "effective_dated", "field"), report)
        if dated.status:
            _known(level, dated.status, (*at, "effective_dated", "status"), report)
    for name, child in level.children.items():
        if name in level.fields:
            report.add((*at, "children", name), f"{name} is a field as well", "a name of its own")
        _check_level(child, (*at, "children", name), report)


def _known(level: Level, name: str, at: KeyPath, report: Report) -> bool:
    if name not in level.fields:
        report.add(at, f"there is no field {name}", f"one of {', '.join(sorted(level.fields))}")
    return name in level.fields


def _check_queries(dataset: Dataset, report: Report) -> None:
    queries = dataset.queries.named()
    if dataset.read == "interface":
        if queries:
            report.add(("queries",), "a dataset with read: interface has no queries", "no queries")
        return
    if not queries or set(queries) == {"open"}:
        wanted = "a query changes or full, or by_key alone for a look-up"
        report.add(("queries",), "no query reads all documents", wanted)
    for kind, query in queries.items():
        for prompt, value in query.prompts.items():
            expected = _prompt_fault(dataset, kind, value)
            if expected:
                at = ("queries", kind, "prompts", prompt)
                report.add(at, f"the prompt value {value} is not known here", expected)
        if kind == "by_key":
            _check_by_key(dataset, query, report)


def _prompt_fault(dataset: Dataset, kind: QueryKind, value: str) -> str | None:
    """What would have been right, where the prompt's value is wrong."""
    word, _, field = value.partition(".")
    if kind == "by_key":
        fits = value in ("unit", "today") or (word == "key" and field in dataset.key)
        return None if fits else _IN_BY_KEY
    fits = value in _PLAIN_PROMPTS or (word == "after" and field in dataset.key)
    return None if fits else _IN_CHANGES


def _check_by_key(dataset: Dataset, query: Query, report: Report) -> None:
    """Some key must be named. The answer may hold more than was asked; the reader picks by the key."""
    given = {value.removeprefix("key.") for value in query.prompts.values() if value.startswith("key.")}
    if not given & set(dataset.key):
        at = ("queries", "by_key", "prompts")
        expected = f"prompts with {', '.join(f'key.{name}' for name in dataset.key)}"
        report.add(at, "the prompts name no part of the key", expected)


def _check_change(dataset: Dataset, report: Report) -> None:
    change = dataset.change
    if change is None:
        return
    if dataset.read == "queries" and dataset.queries.changes is None:
        report.add(("change",), "a change stamp needs the query changes", "a query changes")
    wanted: dict[str, tuple[Any, ...]] = {"date": ("date", "datetime"), "time": ("datetime",)}
    for key, name in (("stamp", change.stamp), ("fallback", change.fallback)):
        if name is None or not _known(dataset, name, ("change", key), report):
            continue
        kind = dataset.fields[name].type
        if kind not in wanted[change.precision]:
            expected = f"a field of type {' or '.join(wanted[change.precision])}"
            report.add(("change", key), f"{name} is of type {kind}", expected)
