"""Switches of the Basware simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.switches import Switches, choice


@dataclass
class BaswareSwitches(Switches):
    """Defaults are the documented or most likely behaviour; the README says which is which."""

    # log-in
    token_seconds: int = 3600
    missing_scope: str = choice("401", "403")
    unauthorized_body: str = choice("none", "message")
    # transport
    redirects: bool = True
    presigned_host: str = ""
    presigned_seconds: int = 900
    continuation_on: str = choice("final", "redirect", "both")
    continuation_seconds: int = 300
    page_cursor: str = choice("position", "offset")
    page_coding_rows: int = 1000
    vendors_wrapper: str = choice("object", "array")
    concurrent_requests: int = 0
    # import of coding data
    unknown_fields: str = choice("refuse", "ignore")
    partial_batches: bool = False
    partial_patches: bool = True
    unknown_company: str = choice("error", "warning")
    processing_seconds: float = 2.0
    expired_within_seconds: float = 1.0
    # invoices
    write_gap_seconds: float = 5.0
    gap_strict: bool = True
    response_applies: str = choice("after_processing", "at_once")
    repeated_transfer_status: str = choice("400", "409")
    paid_on: str = choice("any_payment", "full_payment")
    acknowledge_error_body: bool = False
    status_enabled: bool = False
    attachments_enabled: bool = True
    attachments_from: str = choice("transferred", "always")
    # notifications
    signature_encoding: str = choice("hex", "base64")
    signature_prefix: str = choice("sha256=", "")
    timestamp_header: str = ""
    signed_message: str = choice("body", "ts.body")
    notification_timeout_seconds: float = 10.0
    notification_retry_seconds: list[float] = field(default_factory=lambda: [2.0, 4.0, 8.0])
    tasks_page: int = 100

    def _check(self, name: str, value: Any, choices: tuple[str, ...] | None) -> None:
        super()._check(name, value, choices)
        if name == "notification_retry_seconds" and not all(_seconds(item) for item in value):
            raise ValueError(f"switch {name!r} takes a list of seconds, not {value!r}")


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
