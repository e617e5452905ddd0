"""Checks that what a tenant file overrides exists: a misspelt rule would silently do nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.mapping import Mapping, MappingField
from ml_connector.core.config.problems import KeyPath
from ml_connector.core.config.report import Report
from ml_connector.core.config.tenant import TenantConfig

_SETID_GROUP = re.compile(r"\{setid\.([a-z0-9_]+)")


def check_overrides(
    tenant: TenantConfig, mappings: Collection[Mapping], datasets: Collection[Dataset]
) -> None:
    """Compare a tenant's overrides with all mappings and datasets that it uses.

    Raises:
        InvalidFile: the tenant file names a rule, value map, record group or query of no file.
    """
    report = Report(tenant.file)
    fields = [field for mapping in mappings for field in _fields(mapping.fields.values())]
    maps = {name for mapping in mappings for name in mapping.value_maps}
    known = {
        "rules": {name for mapping in mappings for name in mapping.rules},
        "value_maps": maps | {field.map for field in fields if field.map is not None},
        "setid_of": {group for mapping in mappings for group in _groups(mapping, fields)},
        "queries": {f"{data.dataset}.{kind}" for data in datasets for kind in data.queries.named()},
    }
    for section, names in known.items():
        for name in getattr(tenant, section):
            if name not in names:
                _unknown(report, (section, name), sorted(names))
    report.close()


def _unknown(report: Report, at: KeyPath, names: list[str]) -> None:
    expected = f"one of {', '.join(names)}" if names else "nothing here"
    report.add(at, f"no mapping or dataset knows {at[-1]}", expected, value=at[-1])


def _fields(fields: Collection[MappingField]) -> Iterator[MappingField]:
    """All fields, those inside rows included."""
    for field in fields:
        yield field
        yield from _fields(field.fields.values())
        for row in field.append:
            yield from _fields(row.fields.values())


def _groups(mapping: Mapping, fields: Collection[MappingField]) -> Iterator[str]:
    """Record groups that templates ask a SETID for."""
    texts = [
        mapping.label,
        mapping.party,
        mapping.reference,
        *(text for field in fields for text in (field.key, field.template)),
    ]
    for text in texts:
        yield from _SETID_GROUP.findall(text or "")
