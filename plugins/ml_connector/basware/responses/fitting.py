"""Fits the mappings of responses to the tenant: under which name PeopleSoft answers."""

from __future__ import annotations

from pydantic import BaseModel

from ml_connector.basware.master.fitting import master_options
from ml_connector.core.config import TenantConfig
from ml_connector.core.config.mapping import Mapping, MappingField

_NAME = "sourceSystem"


def adapt(_: TenantConfig, options: BaseModel, mapping: Mapping) -> Mapping:
    """The mapping with the tenant's name of PeopleSoft, where it has a field for it."""
    if _NAME not in mapping.fields:
        return mapping
    named = MappingField.model_validate({"const": master_options(options).source_system})
    fitted = mapping.model_copy(update={"fields": {**mapping.fields, _NAME: named}})
    return fitted if mapping.file is None else fitted.placed_in(mapping.file)
