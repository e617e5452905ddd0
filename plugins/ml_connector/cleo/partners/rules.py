"""Turns the partner files into rules of mappings: which documents are for a partner at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ml_connector.cleo.partners.directory import CUSTOMERS, Directory, cleo_options, open_directory
from ml_connector.cleo.partners.profile import Kind, Profile
from ml_connector.core.config import Rule, TenantConfig

_rule: TypeAdapter[Rule] = TypeAdapter(Rule)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Fields of a dataset in which the partner and the document's date stand."""

    setid: str
    party: str
    date: str | None = None


_ORDERS = _Fields("VENDOR_SETID", "VENDOR_ID", "PO_DT")
_VOUCHERS = _Fields("VENDOR_SETID", "VENDOR_ID", "INVOICE_DT")
_SUPPLIERS = _Fields("SETID", "VENDOR_ID")
_CUSTOMER_INVOICES = _Fields("BUSINESS_UNIT", "BILL_TO_CUST_ID", "INVOICE_DT")

_Groups = dict[tuple[tuple[str, ...], date | None], list[str]]


def partner_rules(tenant: TenantConfig, options: BaseModel) -> Mapping[str, Rule]:
    """Rules by name, from the partner files.

    ``takes_purchase_orders`` and ``takes_invoices`` hold for orders and vouchers of a supplier whose
    partner takes them, from the start in its file on, ``takes_customer_invoices`` for invoices to a
    customer; ``trading_partner`` for suppliers with a partner. ``dispatched_by_peoplesoft`` holds for
    nothing where the tenant wants orders, too, that PeopleSoft dispatches electronically.

    Raises:
        InvalidFile: partner files have mistakes.
    """
    own = cleo_options(options)
    rules = rules_of(open_directory(tenant, own), tenant)
    return {**rules, "dispatched_by_peoplesoft": False} if own.purchase_orders.include_edx else rules


def rules_of(directory: Directory, tenant: TenantConfig) -> dict[str, Rule]:
    """The same, from profiles that were read already."""
    invoiced = _taking(directory, "invoice")
    return {
        "takes_purchase_orders": _rule_of(_suppliers(_taking(directory, "purchase_order")), _ORDERS),
        "takes_invoices": _rule_of(_suppliers(invoiced), _VOUCHERS),
        "takes_customer_invoices": _rule_of(_customers(invoiced, tenant), _CUSTOMER_INVOICES),
        "trading_partner": _rule_of(_suppliers(directory.profiles), _SUPPLIERS),
    }


def _taking(directory: Directory, kind: Kind) -> list[Profile]:
    return [profile for profile in directory.profiles if kind in profile.takes()]


def _suppliers(profiles: Iterable[Profile]) -> _Groups:
    """Ids by SETID and start."""
    groups: _Groups = defaultdict(list)
    for profile in profiles:
        for setid, _, vendor in (key.partition("|") for key in profile.vendors):
            groups[(setid,), profile.start].append(vendor)
    return groups


def _customers(profiles: Iterable[Profile], tenant: TenantConfig) -> _Groups:
    """Ids by start and the business units whose customers have the SETID: invoices do not show it."""
    groups: _Groups = defaultdict(list)
    for profile in profiles:
        for setid, _, customer in (key.partition("|") for key in profile.customers):
            units = tuple(unit for unit in tenant.business_units if tenant.setid(CUSTOMERS, unit) == setid)
            if units:
                groups[units, profile.start].append(customer)
    return groups


def _rule_of(groups: _Groups, fields: _Fields) -> Rule:
    """A document is compared with a few lists of ids, and not with 500 partners."""
    if not groups:
        return False
    order = sorted(groups, key=lambda group: (group[0], group[1] or date.min))
    conditions = [_condition(fields, *group, sorted(groups[group])) for group in order]
    return _rule.validate_python({"any_of": conditions})


def _condition(fields: _Fields, where: tuple[str, ...], start: date | None, ids: list[str]) -> dict[str, Any]:
    condition: dict[str, Any] = {fields.setid: list(where), fields.party: ids}
    if start is not None and fields.date is not None:
        condition[fields.date] = {"gte": start.isoformat()}
    return condition
