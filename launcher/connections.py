"""Connections to the bundled sandbox, as environment variables that Airflow reads."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from sandbox import credentials


def sandbox_connections(addresses: dict[str, str], tenant: str = "demo") -> dict[str, str]:
    """``AIRFLOW_CONN_*`` for a tenant whose systems are simulated.

    Args:
        addresses: what the sandbox says it listens on.
    """
    gateway = urlsplit(addresses["peoplesoft_url"])
    peoplesoft = {
        "conn_type": "peoplesoft",
        "host": f"{gateway.scheme}://{gateway.hostname}",
        "port": gateway.port,
        "login": credentials.OPRID,
        "password": credentials.OPRID_PASSWORD,
        "extra": {"node": credentials.NODE, "auth": "basic", "peopletools": "8.60"},
    }
    bill = {
        "conn_type": "bill",
        "host": addresses["bill_url"],
        "login": credentials.BILL_USERNAME,
        "password": credentials.BILL_PASSWORD,
        "extra": {"organization_id": credentials.BILL_ORGANIZATION, "dev_key": credentials.BILL_DEV_KEY},
    }
    return {_variable(tenant, "peoplesoft"): _text(peoplesoft), _variable(tenant, "bill"): _text(bill)}


def _variable(tenant: str, system: str) -> str:
    return f"AIRFLOW_CONN_{tenant}__{system}".upper()


def _text(connection: dict[str, Any]) -> str:
    return json.dumps(connection)
