"""Switches of the PeopleSoft simulator: facts that differ between sites or are only inferred."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.switches import Switches, choice

SUPPLIER_QUERIES = ("ML_AP_SUPPLIERS", "ML_AP_SUPPLIER_KEY", "ML_AP_SUPPLIER_BY_NAME")


@dataclass
class PeopleSoftSwitches(Switches):
    """Defaults are the documented or most likely behaviour; the README says which is which."""

    # who may call, and what a refusal looks like
    verification: str = choice("any", "basic", "oauth2", "none")
    lock_after: int = 5
    inactive: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    no_access_units: list[str] = field(default_factory=list)
    refusal: str = choice("403", "401", "500")
    unknown_query: str = choice("500", "404", "status")
    query_error: str = choice("500", "text", "status")
    private_queries: list[str] = field(default_factory=list)
    # answers
    profile_rows: int = 0
    maxrows_zero: str = choice("unlimited", "error")
    name_key: str = choice("queryname=", "queryname")
    unprefixed: list[str] = field(default_factory=list)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    translated: dict[str, list[str]] = field(default_factory=dict)
    blank_columns: str = choice("present", "absent")
    time_zone: str = "America/New_York"
    # data
    effdt_current: list[str] = field(default_factory=lambda: [*SUPPLIER_QUERIES])
    effdt_auto: bool = True
    last_update_dt: bool = True
    # identity provider
    token_seconds: int = 300
    token_audience: str = ""
    # application services
    inquiry_rows: str = choice("first", "list")
    # component interfaces over SOAP
    database: str = "EPDEV"
    soap_host: str = ""
    soap_verification: str = choice("any", "basic", "wsse")
    wsdl_verification: str = choice("none", "basic")
    soap_fault_status: str = choice("500", "200")
    aliases: dict[str, str] = field(default_factory=dict)
    interfaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    check_namespaces: bool = True
    invalid_body: str = choice("notification", "fault")
    find_match: str = choice("begins", "exact")
    get_missing: str = choice("empty", "fault")
    update_rows: str = choice("merge", "replace")
    unicode_database: bool = True
    duplicate_vouchers: str = choice("reject", "recycle", "accept")
    duplicate_suppliers: str = choice("accept", "reject")
    journal_status: str = choice("V", "N")
    # Voucher Build
    node_password: str = ""
    voucher_build: str = choice("manual", "auto")
    voucher_build_seconds: float = 0.0
    voucher_build_ids: str = choice("keep", "next")
    voucher_build_rest: bool = True
