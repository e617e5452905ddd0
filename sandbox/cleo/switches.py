"""Switches of the Cleo simulator: nearly everything beyond Cleo's own client is inferred."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.switches import Switches, choice


@dataclass
class CleoSwitches(Switches):
    """Defaults are the documented or most likely behaviour; the README says which is which."""

    # log-in
    admin_token_seconds: int = 43_200
    mailbox_token_seconds: int = 3600
    expires_in: str = choice("number", "text", "absent")
    token_type: bool = True
    refresh: bool = True
    basic: bool = True
    basic_disabled_status: int = 401
    lockout: bool = False
    password_expiry: bool = False
    password_age_days: int = 49
    two_factor: bool = False
    otp_field: str = "totp"
    # paths and paging
    api_prefix: str = "/api"
    provider_path: str = "/provider"
    default_count: int = 100
    count_ceiling: int = 1000
    page_echo: bool = True
    filter_operators: str = choice("all", "documented")
    # resources
    action_links: str = choice("array", "object")
    text_booleans: bool = False
    read_only_members: str = choice("ignore", "refuse")
    template_actions: bool = True
    run_seconds: float = 0.0
    run_result: str = choice("success", "error", "exception")
    mailbox_sees_connections: bool = False
    admin_sees_folders: bool = False
    events: str = choice("on", "forbidden", "absent")
    transfers: str = choice("on", "forbidden", "absent")
    track_acknowledgments: bool = False
    # mailbox
    folder_listing: str = choice("tree", "flat")
    download_layout: str = choice("by_set", "flat")
    list_upload: bool = True
    overwrite: bool = False
    allowed_types: str = "*.edi;*.x12;*.txt;*.csv;*.json;*.xml"
    list_lag_seconds: float = 0.0
    pickup: str = choice("running", "stopped")
    pickup_delay: float = 5.0
    duplicate_check: bool = True
    duplicate_days: int = 90
    receipt_seconds: float = 0.0
    provider_status: int = 200
    sftp_login: str = choice("both", "password", "key")
    # partners
    acknowledgment_seconds: float = 30.0
    response_seconds: float = 60.0
    invoice_seconds: float = 120.0
    late_hours: float = 30.0
