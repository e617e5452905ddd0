"""Under which address this Airflow is reached from outside."""

from __future__ import annotations

from airflow.sdk.configuration import conf


def base_url() -> str:
    """``[api] base_url``, without a slash at its end: where webhooks of other systems arrive."""
    return str(conf.get("api", "base_url", fallback="") or "http://localhost:8080").rstrip("/")
