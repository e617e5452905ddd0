"""Switches of the BILL simulator: what BILL does not document, or documents in two ways."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.switches import Switches, choice


@dataclass
class BillSwitches(Switches):
    """Defaults are the documented or most likely behaviour; the README says which is which."""

    # sessions and limits
    session_idle_seconds: int = 35 * 60
    token_idle_seconds: int = 48 * 3600
    concurrent_requests: int = 3
    requests_per_hour: int = 20_000
    logins_per_hour: int = 200
    limit_status: int = 422
    lock_after_logins: int = 10
    dev_key_inactive: bool = False
    organization_locked: bool = False
    # requests
    unknown_fields: str = choice("ignore", "refuse")
    strict_filters: bool = True
    duplicate_invoices: str = choice("refuse", "accept")
    duplicate_counts_archived: bool = False
    unique_vendor_names: bool = False
    unique_classifications: bool = True
    lock_paid_bills: bool = True
    negative_bills: str = choice("refuse", "accept")
    # answers
    money_as_text: bool = False
    partial_status: str = choice("PARTIAL", "PARTIAL_PAYMENT", "UNDEFINED")
    search_lag_seconds: float = 0.0
    vendor_name_in_lists: bool = True
