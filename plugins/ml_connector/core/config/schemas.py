"""Writes JSON Schemas of configuration files, so that editors complete and check them."""

from __future__ import annotations

import json
from collections.abc import Mapping as Map
from pathlib import Path

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.mapping import Mapping
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.config.values import Model

KINDS: dict[str, type[Model]] = {"tenant": TenantConfig, "dataset": Dataset, "mapping": Mapping}


def export_schemas(directory: Path | str, more: Map[str, type[Model]] | None = None) -> list[Path]:
    """Write ``<kind>.schema.json`` for each kind; the paths written come back.

    Args:
        more: kinds of files that an integration has beside the tenant's.
    """
    target = Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, model in {**KINDS, **(more or {})}.items():
        path = target / f"{kind}.schema.json"
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
        path.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        written.append(path)
    return written
