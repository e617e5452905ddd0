"""What a connection of type ``bill`` says, checked before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ml_connector.core.errors import ConfigurationError

PRODUCTION = "https://gateway.prod.bill.com/connect"
SANDBOX = "https://gateway.stage.bill.com/connect"

_GATEWAYS = {"gateway.prod.bill.com", "gateway.stage.bill.com"}
_WRONG_HOSTS = {
    "gateway.bill.com": "there is no such gateway",
    "api.bill.com": "that is the host of the older v2 API",
    "api-stage.bill.com": "that is the host of the older v2 API",
    "api-sandbox.bill.com": "that is the host of the older v2 API",
    "login.us.bill.com": "that is the web application",
    "login.stage.us.bill.com": "that is the web application",
}


@dataclass(frozen=True, slots=True)
class BillSettings:
    """One organization at BILL and how to get in.

    Attributes:
        base_url: everything before ``/v3``, without a slash at its end.
        username: of a user, or the name of a sync token.
        password: of the user, or the value of the sync token.
        organization_id: starts with ``008``.
        dev_key: developer key of the same environment.
        webhook_security_key: signs webhooks; several, old and new, are separated by commas or blanks.
            None where the connector made the subscription itself and keeps its key.
    """

    base_url: str
    username: str
    password: str = field(repr=False)
    organization_id: str
    dev_key: str = field(repr=False)
    webhook_security_key: str | None = field(default=None, repr=False)

    @property
    def key_name(self) -> str:
        """Names the developer key without showing it; BILL counts calls per developer key."""
        return hashlib.sha256(self.dev_key.encode()).hexdigest()[:12]

    @property
    def session_name(self) -> str:
        """Names the session that workers share: one per key, organization and login."""
        login = hashlib.sha256(f"{self.base_url}|{self.username}".encode()).hexdigest()[:8]
        return f"bill:session:{self.key_name}:{self.organization_id}:{login}"

    def secrets(self) -> tuple[str, ...]:
        """Values that must appear in no text."""
        return (*filter(None, (self.password, self.dev_key, self.webhook_security_key)), *self.webhook_keys)

    @property
    def webhook_keys(self) -> tuple[str, ...]:
        """Keys with which deliveries may be signed, as the connection names them."""
        return tuple((self.webhook_security_key or "").replace(",", " ").split())

    @property
    def events_url(self) -> str:
        """Base address of webhook management: beside the API, with ``-events`` at its end."""
        parts = urlsplit(self.base_url)
        return parts._replace(path=f"{parts.path or '/connect'}-events").geturl()

    @classmethod
    def from_connection(
        cls,
        *,
        host: str | None,
        login: str | None,
        password: str | None,
        extra: Mapping[str, Any],
        port: int | None = None,
        schema: str | None = None,
    ) -> BillSettings:
        """Check the fields of an Airflow connection.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        text = {name: str(value).strip() for name, value in extra.items() if value is not None}
        return cls(
            base_url=_base_url(host, port, schema),
            username=_needed(login, "login", "the user's e-mail address, or the name of a sync token"),
            password=_needed(password, "password", "the user's password, or the value of the sync token"),
            organization_id=_organization(text.get("organization_id")),
            dev_key=_needed(text.get("dev_key"), "dev_key", "the developer key of this environment"),
            webhook_security_key=text.get("webhook_security_key") or None,
        )


def _needed(value: str | None, name: str, expected: str) -> str:
    if not value or not value.strip():
        raise ConfigurationError("the BILL connection has no value", field=name, expected=expected)
    return value.strip()


def _organization(value: str | None) -> str:
    expected = "the id that starts with 008 (in BILL: Settings > Sync & Integrations > Manage Developer Keys)"
    found = _needed(value, "organization_id", expected)
    if not found.startswith("008"):
        raise ConfigurationError(
            f"{found!r} is no organization id", field="organization_id", expected=expected
        )
    return found


def _base_url(host: str | None, port: int | None, schema: str | None) -> str:
    if not host or not host.strip():
        return PRODUCTION
    url = host.strip().rstrip("/")
    if "://" not in url:
        url = f"{schema or 'https'}://{url}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"{host!r} is no web address", field="host", expected=PRODUCTION)
    if port and parts.port is None:
        parts = parts._replace(netloc=f"{parts.netloc}:{port}")
    if parts.hostname in _WRONG_HOSTS:
        raise ConfigurationError(
            f"{parts.hostname} does not serve the v3 API: {_WRONG_HOSTS[parts.hostname]}",
            field="host",
            expected=f"{PRODUCTION}, or {SANDBOX} for the sandbox",
        )
    if parts.path.rstrip("/").endswith("/v3"):
        raise ConfigurationError(
            "the address must end before /v3: the connector adds it to each call",
            field="host",
            expected=parts._replace(path=parts.path.rstrip("/").removesuffix("/v3")).geturl(),
        )
    if parts.hostname in _GATEWAYS and not parts.path:
        parts = parts._replace(path="/connect")
    return parts.geturl().rstrip("/")
