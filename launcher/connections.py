"""Connections to the bundled sandbox, as environment variables that Airflow reads."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from sandbox import credentials

BASWARE_SCOPE = " ".join(
    [
        *(
            f"{name}.{right}"
            for name in (
                "accountingDocuments", "vendors", "accounts", "costCenters", "lists", "projects", "taxCodes",
                "paymentTerms", "exchangeRates", "requestStatus",
            )
            for right in ("read", "write")
        ),
        "errorFeedbacks.read", "tasks.read",
        "subscriptions.read", "subscriptions.write", "subscriptions.delete",
    ]
)  # fmt: skip
"""What the flows need, and no right to delete data."""


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
    cleo = {
        "conn_type": "cleo",
        "host": addresses["cleo_url"],
        "login": credentials.CLEO_ADMIN,
        "password": credentials.CLEO_ADMIN_PASSWORD,
        "extra": {
            "mailbox_login": credentials.CLEO_MAILBOX,
            "mailbox_password": credentials.CLEO_MAILBOX_PASSWORD,
            "api_provider_url": addresses["cleo_provider_url"],
            "api_provider_token": credentials.CLEO_API_TOKEN,
        },
    }
    monday = {
        "conn_type": "monday",
        "host": addresses["monday_url"],
        "password": credentials.MONDAY_TOKEN,
        "extra": {"auth": "token", "api_version": "2026-10"},
    }
    basware = {
        "conn_type": "basware",
        "host": addresses["basware_url"],
        "login": credentials.BASWARE_CLIENT_ID,
        "password": credentials.BASWARE_CLIENT_SECRET,
        "extra": {
            "auth": "oauth2",
            "token_url": f"{addresses['basware_url']}/v1/tokens",
            "scope": BASWARE_SCOPE,
            "webhook_token": credentials.BASWARE_WEBHOOK_TOKEN,
        },
    }
    made: dict[str, dict[str, Any]] = {
        "peoplesoft": peoplesoft,
        "bill": bill,
        "cleo": cleo,
        "monday": monday,
        "basware": basware,
    }
    return {_variable(tenant, system): _text(connection) for system, connection in made.items()}


def _variable(tenant: str, system: str) -> str:
    return f"AIRFLOW_CONN_{tenant}__{system}".upper()


def _text(connection: dict[str, Any]) -> str:
    return json.dumps(connection)
