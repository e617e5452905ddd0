"""Switches of the PeopleSoft simulator: facts that differ between sites or are only inferred."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.switches import Switches, choice


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
    effdt_current: list[str] = field(default_factory=lambda: ["ML_AP_SUPPLIERS", "ML_AP_SUPPLIER_KEY"])
    effdt_auto: bool = True
    last_update_dt: bool = True
    # identity provider
    token_seconds: int = 300
    token_audience: str = ""
    # application services
    inquiry_rows: str = choice("first", "list")
