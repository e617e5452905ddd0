"""Switches of the BILL simulator: what BILL does not document, or documents in two ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
    thin_payment_lists: bool = False
    # webhooks
    sync_token_webhooks: str = choice("allowed", "refused")
    payment_events: bool = True
    bill_events_on_payment: bool = True
    offline_payment_events: bool = False
    subscription_refusal_status: int = 400
    idempotent_errors: str = choice("anew", "cached")
    signed_body: str = choice("raw", "minified")
    body_form: str = choice("object", "string")
    retry_key: str = choice("new", "old")
    webhook_timeout_seconds: float = 10.0
    webhook_retry_seconds: list[float] = field(default_factory=lambda: [2.0, 4.0, 8.0, 16.0])
    history_days: int = 180
    history_status: str = choice("first", "last")
    history_unsent: str = choice("null", "absent")

    def _check(self, name: str, value: Any, choices: tuple[str, ...] | None) -> None:
        super()._check(name, value, choices)
        if name == "webhook_retry_seconds" and not all(_seconds(item) for item in value):
            raise ValueError(f"switch {name!r} takes a list of seconds, not {value!r}")


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
