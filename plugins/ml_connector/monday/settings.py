"""What a connection of type ``monday`` says, checked before anything is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from ml_connector.core.errors import ConfigurationError

Auth = Literal["token", "oauth2"]

PRODUCTION = "https://api.monday.com"
TOKEN_URL = "https://auth.monday.com/oauth_ms/oauth/token"  # noqa: S105  (an address)
API_VERSION = "2026-10"
OLDEST_VERSION = "2026-07"
"""The first one with bulk import."""

_VERSION = re.compile(r"20\d\d-(?:01|04|07|10)")
_WRONG_HOSTS = {
    "monday.com": "that is the web site",
    "www.monday.com": "that is the web site",
    "auth.monday.com": "that is where tokens are issued",
    "developer.monday.com": "that is the documentation",
    "mcp.monday.com": "that is the service for assistants",
}


@dataclass(frozen=True, slots=True)
class MondaySettings:
    """One account at monday.com and how to get in.

    Attributes:
        base_url: everything before ``/v2``, without a slash at its end.
        auth: ``token``, a personal API token, or ``oauth2``, an app whose tokens are renewed.
        api_token: of a user; None with ``oauth2``.
        client_id: of the app; None with ``token``.
        client_secret: of the app.
        refresh_token: the one that a person was given when the app was authorized. Each use replaces it;
            the later ones stand encrypted in the state database.
        token_url: where tokens are renewed.
        api_version: quarter of the API that the connector was made for.
    """

    base_url: str
    auth: Auth = "token"
    api_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    token_url: str = TOKEN_URL
    api_version: str = API_VERSION

    @property
    def key_name(self) -> str:
        """Names the credential whose limits are shared, without showing it.

        monday.com counts per account and app, and the credential stands for both. One that a person
        replaces is counted anew; should that be too many, monday.com says so.
        """
        return _fingerprint(
            self.api_token if self.auth == "token" else f"{self.client_id}|{self.refresh_token}"
        )

    @property
    def session_name(self) -> str:
        """Names the tokens that workers share: others as soon as a person enters another refresh token."""
        return f"monday:tokens:{_fingerprint(self.token_url)[:8]}:{self.key_name}"

    def secrets(self) -> tuple[str, ...]:
        """Values that must appear in no text."""
        return tuple(filter(None, (self.api_token, self.client_secret, self.refresh_token)))

    @classmethod
    def from_connection(
        cls,
        *,
        host: str | None,
        password: str | None,
        extra: Mapping[str, Any],
        login: str | None = None,  # noqa: ARG003  (a token names its user)
        port: int | None = None,
        schema: str | None = None,
    ) -> MondaySettings:
        """Check the fields of an Airflow connection.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        text = {name: str(value).strip() for name, value in extra.items() if value is not None}
        auth = _auth(text.get("auth") or "token")
        common: dict[str, Any] = {
            "base_url": _base_url(host, port, schema),
            "auth": auth,
            "token_url": _token_url(text.get("token_url") or TOKEN_URL),
            "api_version": _version(text.get("api_version") or API_VERSION),
        }
        if auth == "token":
            return cls(**common, api_token=_api_token(password))
        return cls(
            **common,
            client_id=_needed(text.get("client_id"), "client_id", "the client id of the app"),
            client_secret=_needed(text.get("client_secret"), "client_secret", "the client secret of the app"),
            refresh_token=_needed(
                text.get("refresh_token"), "refresh_token", "the refresh token of the app's authorization"
            ),
        )


def _fingerprint(value: str | None) -> str:
    return hashlib.sha256((value or "").encode()).hexdigest()[:12]


def _needed(value: str | None, name: str, expected: str) -> str:
    if not value or not value.strip():
        raise ConfigurationError("the monday.com connection has no value", field=name, expected=expected)
    return value.strip()


def _auth(value: str) -> Auth:
    if value == "token":
        return "token"
    if value == "oauth2":
        return "oauth2"
    raise ConfigurationError(f"{value!r} is no way to log in", field="auth", expected="token or oauth2")


def _api_token(value: str | None) -> str:
    """monday.com takes a personal token as it is; a scheme in front of it was copied from elsewhere."""
    token = _needed(value, "password", "the API token of a user (profile picture > Developers > API token)")
    token = re.sub(r"^Bearer\s+", "", token, flags=re.IGNORECASE)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            "the API token holds blanks, line breaks or other signs that no token has",
            field="password",
            expected="the token as monday.com shows it",
        )
    return token


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ConfigurationError(
            f"{value!r} is no version of monday.com's API",
            field="api_version",
            expected=f"year and first month of a quarter, such as {API_VERSION}",
        )
    if value < OLDEST_VERSION:
        raise ConfigurationError(
            f"version {value} of monday.com's API has no bulk import",
            field="api_version",
            expected=f"{OLDEST_VERSION} or later; the connector was made for {API_VERSION}",
        )
    return value


def _token_url(value: str) -> str:
    return _web_address(value, "token_url", TOKEN_URL)


def _base_url(host: str | None, port: int | None, schema: str | None) -> str:
    if not host or not host.strip():
        return PRODUCTION
    url = host.strip()
    if "://" not in url:
        url = f"{schema or 'https'}://{url}"
    parts = urlsplit(_web_address(url, "host", PRODUCTION))
    if port and parts.port is None:
        parts = parts._replace(netloc=f"{parts.netloc}:{port}")
    hostname = parts.hostname or ""
    application = hostname.endswith(".monday.com") and not hostname.startswith("api")
    if hostname in _WRONG_HOSTS or application:
        said = _WRONG_HOSTS.get(hostname, "that is the web application")
        raise ConfigurationError(
            f"{hostname} does not serve the API: {said}", field="host", expected=PRODUCTION
        )
    if parts.path.endswith("/v2"):
        raise ConfigurationError(
            "the address must end before /v2: the connector adds it to each call",
            field="host",
            expected=parts._replace(path=parts.path.removesuffix("/v2")).geturl(),
        )
    return parts.geturl()


def _web_address(url: str, name: str, expected: str) -> str:
    parts = urlsplit(url)
    try:
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable or parts.username or parts.query or parts.fragment:
        raise ConfigurationError("this is no web address", field=name, expected=expected)
    return url.rstrip("/")
