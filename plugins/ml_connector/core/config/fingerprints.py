"""Tells whether documents must be mapped again."""

from __future__ import annotations

from typing import Any

from ml_connector.core.codec import digest
from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.mapping import Mapping
from ml_connector.core.config.tenant import TenantConfig

_MEANING = 1
"""Raised whenever the same files give another result with a new release."""


def fingerprint(mapping: Mapping, dataset: Dataset, tenant: TenantConfig) -> str:
    """SHA-256 over everything in the files that decides what a document becomes."""
    system = mapping.flow.partition(".")[0]
    value: dict[str, Any] = {
        "meaning": _MEANING,
        "mapping": _plain(mapping, {"description", "enabled"}),
        "dataset": _plain(dataset, {"description", "queries", "change", "full_every", "page", "columns"}),
        "value_maps": {name: tenant.value_maps[name] for name in sorted(tenant.value_maps)},
        "rules": _plain(tenant, set())["rules"] if tenant.rules else {},
        "setids": list(tenant.setids),
        "setid_of": tenant.setid_of,
        "switches": {name: on for name, on in tenant.switches() if name.startswith(f"{system}.")},
    }
    return digest(value)


def _plain(model: Mapping | Dataset | TenantConfig, without: set[str]) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude=without, exclude_unset=True)
