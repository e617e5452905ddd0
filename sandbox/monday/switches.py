"""Switches of the Monday.com simulator."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.switches import Switches, choice


@dataclass
class MondaySwitches(Switches):
    """Defaults are the documented or most likely behaviour; the README says which is which."""

    # the account and its limits; 0 is what the plan says
    plan: str = choice("standard", "pro", "enterprise")
    token_kind: str = choice("personal", "app")
    daily_calls: int = 0
    minute_requests: int = 0
    concurrent_requests: int = 0
    minute_complexity: int = 0
    query_complexity: int = 5_000_000
    items_limit: int = 0
    boards_per_minute: int = 40
    concurrent_writes: str = choice("allowed", "locked")
    # transport
    current_version: str = "2026-10"
    maintenance_version: str = "2025-04"
    access_token_seconds: int = 3600
    latency_seconds: float = 0.0
    idempotency_mismatch: str = choice("replay", "error")
    # reading
    time_zone: str = "America/New_York"
    search_lag_seconds: float = 0.0
    # bulk import
    ingest_seconds: float = 0.0
    ingest_lags: bool = False
    ingest_rows: int = 10_000
    ingest_bytes: int = 150 * 2**20
    ingest_items_per_hour: int = 19_000
    job_starts_per_hour: int = 100
