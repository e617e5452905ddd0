"""Fits the mapping of a kind to what the tenant's Basware takes: companies, languages, columns, switches.

What depends on a tenant's options becomes part of the mapping, so that a change of the options is a change
of the documents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from ml_connector.basware.companies import Companies
from ml_connector.basware.master.options import KindName, ListColumns, MasterOptions
from ml_connector.basware.master.translations import languages
from ml_connector.core.config import TenantConfig
from ml_connector.core.config.mapping import Mapping, MappingField
from ml_connector.core.errors import ConfigurationError

COMPANIES, SCHEMES = "basware_companies", "basware_identifier_schemes"
"""Value maps that come from the options; what a tenant sets under ``value_maps`` wins."""

BANKS = "bank_accounts"
_PAYEES = {"full": "ML_AP_SUPPLIERS", "by_key": "ML_AP_SUPPLIER_KEY"}
_INTERFACE = {"code": "projectCode", "description": "projectName"}
_TEXT = "text_"

_GROUPS: dict[KindName, str] = {
    "accounts": "gl_accounts",
    "cost_centers": "departments",
    "vendors": "suppliers",
}
"""Record groups whose name in ``setid_of`` is not the kind's own."""

Fields = dict[str, MappingField]


def adapt(kind: KindName) -> Callable[[TenantConfig, BaseModel, Mapping], Mapping]:
    """Fits the mapping of a flow.

    Raises:
        ConfigurationError: on fitting, where options and mapping do not go together.
    """

    def fit(tenant: TenantConfig, options: BaseModel, mapping: Mapping) -> Mapping:
        master = master_options(options)
        fields = _constants(dict(mapping.fields), master)
        if kind == "vendors":
            fields = _vendors(fields, master, tenant)
        elif kind == "projects" and master.projects == "interface":
            fields = {_INTERFACE.get(name, name): field for name, field in fields.items()}
        elif (columns := _columns(kind, master)) is not None:
            fields = _into_columns(fields, columns, kind)
        maps = {COMPANIES: companies(tenant, options, kind), SCHEMES: dict(master.vendors.identifiers)}
        known = {name: {**mapping.value_maps[name], **maps.get(name, {})} for name in mapping.value_maps}
        fitted = mapping.model_copy(update={"fields": fields, "value_maps": known})
        return fitted if mapping.file is None else fitted.placed_in(mapping.file)

    return fit


def master_options(options: BaseModel) -> MasterOptions:
    """The part of an integration's options that is about master data."""
    found = options if isinstance(options, MasterOptions) else getattr(options, "master", None)
    if not isinstance(found, MasterOptions):
        raise TypeError(f"master data takes MasterOptions, which {type(options).__name__} does not hold")
    return found


def companies(tenant: TenantConfig, options: BaseModel, kind: KindName) -> dict[str, Any]:
    """Basware's company codes by SETID and by business unit, separated by blanks."""
    group = _GROUPS.get(kind, kind)
    known = Companies(tenant, getattr(options, "companies", {}))
    found: dict[str, list[str]] = {}
    for unit in tenant.business_units:
        found.setdefault(unit, []).extend(known.codes(unit))
        found.setdefault(tenant.setid(group, unit), []).extend(known.codes(unit))
    named = found | {name: list(codes) for name, codes in master_options(options).companies_of.items()}
    return {name: " ".join(sorted(set(codes))) for name, codes in named.items()}


def _constants(fields: Fields, options: MasterOptions) -> Fields:
    """Fields whose value the options give, where the mapping has them."""
    values: dict[str, str | bool] = {
        "languages": languages(options.language),
        "inherit": options.inherit,
        "sourceSystem": options.source_system,
    }
    given = {name: _constant(value) for name, value in values.items() if name in fields}
    return {**fields, **given}


def _constant(value: str | bool) -> MappingField:
    return MappingField.model_validate({"const": value})


def _columns(kind: KindName, options: MasterOptions) -> ListColumns | None:
    found: ListColumns | None = getattr(options.lists, kind, None)
    return found


def _into_columns(fields: Fields, columns: ListColumns, kind: KindName) -> Fields:
    """The fields that have a column, under its name; a text that is longer than it is refused."""
    for name in columns.columns:
        if name not in fields:
            raise ConfigurationError(
                f"the mapping has no field {name!r}",
                field=f"integrations.basware.options.master.lists.{kind}.columns",
                expected=f"one of {', '.join(sorted(fields))}",
            )
    placed = {
        column: _limited(fields[name], column, columns.capacity.length)
        for name, column in columns.by_field().items()
        if name in fields
    }
    return placed | {"companies": fields["companies"], "list": _constant(columns.list)}


def _limited(field: MappingField, column: str, length: int) -> MappingField:
    if not column.startswith(_TEXT) or (field.max_length or length + 1) <= length:
        return field
    return field.model_copy(update={"max_length": length})


def _vendors(fields: Fields, options: MasterOptions, tenant: TenantConfig) -> Fields:
    wanted = {BANKS: options.vendors.bank_accounts, "identifiers": bool(options.vendors.identifiers)}
    kept = {name: field for name, field in fields.items() if wanted.get(name, True)}
    if BANKS in kept:
        _queries_show_banks(tenant)
    if "identifiers" in kept:
        kept["identifiers"] = _with_schemes(kept["identifiers"], options)
    return kept


def _with_schemes(field: MappingField, options: MasterOptions) -> MappingField:
    """Only numbers of types that have a scheme: the others have no place in Basware."""
    where = {"STD_ID_NUM_QUAL": list(options.vendors.identifiers)}
    made = MappingField.model_validate(
        {"each": field.each, "where": where, "fields": {"scheme": {"const": ""}}}
    )
    return field.model_copy(update={"where": made.where})


def _queries_show_banks(tenant: TenantConfig) -> None:
    """The shipped queries show no bank accounts: every vendor would lose its accounts in Basware."""
    for kind, name in _PAYEES.items():
        if tenant.queries.get(f"payees.{kind}", name) == name:
            raise ConfigurationError(
                f"tenant {tenant.tenant}: bank accounts are to be sent, and {name} shows none",
                field=f"queries.payees.{kind}",
                expected="the name of your query that shows bank accounts too, such as ML_AP_PAYEES",
            )
