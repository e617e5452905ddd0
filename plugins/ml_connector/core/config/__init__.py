"""Configuration as people write it: tenant, dataset and mapping files, read, checked and explained.

Every mistake is told with file, line, field, value and what was expected, all of a file at once
(``InvalidFile.problems``). Nothing here knows Airflow or any system.
"""

from ml_connector.core.config.checks import check_dataset, check_integration, check_tenant
from ml_connector.core.config.conditions import Comparison, Condition, Quantified, Rule
from ml_connector.core.config.dataset import (
    Change,
    Child,
    Dataset,
    DatasetField,
    EffectiveDated,
    Level,
    PageSize,
    Queries,
    Query,
    QueryKind,
)
from ml_connector.core.config.fingerprints import fingerprint
from ml_connector.core.config.loading import (
    TenantFile,
    find_dataset,
    find_mapping,
    load_dataset,
    load_mapping,
    load_tenant,
    load_tenants,
)
from ml_connector.core.config.mapping import Check, Mapping, MappingField, NamedRow, Operand, State
from ml_connector.core.config.mapping_checks import check_mapping
from ml_connector.core.config.override_checks import check_overrides
from ml_connector.core.config.problems import InvalidFile, Problem
from ml_connector.core.config.schemas import export_schemas
from ml_connector.core.config.settings import Settings
from ml_connector.core.config.tenant import (
    ComponentInterface,
    FlowSettings,
    Integration,
    InterfaceKind,
    MaxChanges,
    Notifier,
    TenantConfig,
)
from ml_connector.core.config.values import Cadence, Duration

__all__ = [
    "Cadence",
    "Change",
    "Check",
    "Child",
    "Comparison",
    "ComponentInterface",
    "Condition",
    "Dataset",
    "DatasetField",
    "Duration",
    "EffectiveDated",
    "FlowSettings",
    "Integration",
    "InterfaceKind",
    "InvalidFile",
    "Level",
    "Mapping",
    "MappingField",
    "MaxChanges",
    "NamedRow",
    "Notifier",
    "Operand",
    "PageSize",
    "Problem",
    "Quantified",
    "Queries",
    "Query",
    "QueryKind",
    "Rule",
    "Settings",
    "State",
    "TenantConfig",
    "TenantFile",
    "check_dataset",
    "check_integration",
    "check_mapping",
    "check_overrides",
    "check_tenant",
    "export_schemas",
    "find_dataset",
    "find_mapping",
    "fingerprint",
    "load_dataset",
    "load_mapping",
    "load_tenant",
    "load_tenants",
]
