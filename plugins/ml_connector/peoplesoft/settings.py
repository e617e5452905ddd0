"""The settings of a PeopleSoft connection, checked one by one, without Airflow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import Auth, BasicAuth, OAuth2ClientCredentials, Redactor, TokenStore

AuthKind = Literal["basic", "oauth2"]

OAUTH2_SINCE = (8, 58)  # documented in the PeopleTools 8.58 book: REST service operation security
_DEFAULT_GATEWAY_PATH = "/PSIGW"
_DEFAULT_TIMEOUT = 120.0
_NODE = re.compile(r"[A-Za-z0-9_]{1,30}")
_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")
_TRUE, _FALSE = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


@dataclass(frozen=True, slots=True)
class PeopleSoftSettings:
    """Everything needed to call one PeopleSoft integration gateway.

    Attributes:
        base_url: scheme, host, port and path prefix, without a trailing slash.
        node: default local node of the database behind the gateway, e.g. ``PSFT_EP``.
        verify: TLS verification, or the path of a CA bundle.
        soap_auth: how SOAP calls authenticate.
    """

    base_url: str
    node: str
    auth: AuthKind = "basic"
    login: str = ""
    password: str = field(default="", repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str = ""
    audience: str = ""
    peopletools: str = ""
    gateway_path: str = _DEFAULT_GATEWAY_PATH
    soap_auth: Literal["basic", "wsse"] = "basic"
    requesting_node: str = ""
    node_password: str = field(default="", repr=False)
    timeout: float = _DEFAULT_TIMEOUT
    verify: bool | str = True

    @property
    def rest_url(self) -> str:
        """Where the node's REST services begin."""
        return f"{self.base_url}{self.gateway_path}/RESTListeningConnector/{self.node}"

    def redactor(self) -> Redactor:
        """Knows every secret of this connection."""
        return Redactor([self.password, self.client_secret, self.node_password])

    def make_auth(self, store: TokenStore | None = None) -> Auth:
        """Basic, or OAuth 2 client credentials at the customer's identity provider."""
        if self.auth == "basic":
            return BasicAuth(self.login, self.password)
        return OAuth2ClientCredentials(
            token_url=self.token_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            scope=self.scope or None,
            audience=self.audience or None,
            store=store,
        )

    @classmethod
    def from_connection(
        cls,
        *,
        host: str | None,
        port: int | str | None = None,
        schema: str | None = None,
        login: str | None = None,
        password: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> PeopleSoftSettings:
        """Read the fields of an Airflow connection.

        Raises:
            ConfigurationError: one setting is missing or wrong; the text says which and why.
        """
        extras = _Extras(extra or {})
        auth = extras.one_of("auth", "basic", "oauth2")
        release = extras.text("peopletools")
        if auth == "oauth2":
            _check_oauth2(extras, release)
        elif not login:
            raise _wrong("login", "the login (OPRID) is missing", "the OPRID of the integration user")
        elif not password:
            raise _wrong("password", f"the password of {login} is missing", "the OPRID's password")
        elif release:
            _release(release)
        return cls(
            base_url=_base_url(host, port, schema),
            node=_node(extras.text("node")),
            auth="oauth2" if auth == "oauth2" else "basic",
            login=login or "",
            password=password or "",
            token_url=extras.text("token_url"),
            client_id=extras.text("client_id"),
            client_secret=extras.text("client_secret"),
            scope=extras.text("scope"),
            audience=extras.text("audience"),
            peopletools=release,
            gateway_path=_gateway_path(extras.text("gateway_path")),
            soap_auth="wsse" if extras.one_of("soap_auth", "basic", "wsse") == "wsse" else "basic",
            requesting_node=extras.text("requesting_node"),
            node_password=extras.text("node_password"),
            timeout=_timeout(extras.text("timeout")),
            verify=_verify(extras.text("verify")),
        )


def _wrong(name: str, message: str, expected: str) -> ConfigurationError:
    return ConfigurationError(message, field=name, expected=expected)


class _Extras:
    """The connection's extra fields as trimmed text; the form stores some of them as JSON types."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value).strip()

    def one_of(self, name: str, default: str, *others: str) -> str:
        value = self.text(name).lower() or default
        if value not in (default, *others):
            words = " or ".join((default, *others))
            raise _wrong(name, f"{value!r} is no way to authenticate that PeopleSoft has", words)
        return value


def _base_url(host: str | None, port: int | str | None, schema: str | None) -> str:
    text = (host or "").strip().rstrip("/")
    if not text:
        raise _wrong("host", "the host is missing", "the integration gateway, e.g. https://erp.example.com")
    scheme = (schema or "").strip().lower()
    if "://" not in text:
        text = f"{scheme or 'https'}://{text}"
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or (scheme and scheme != parts.scheme):
        raise _wrong("schema", "the scheme is not http or https, or host and schema differ", "http or https")
    if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise _wrong("host", "the host is no plain address", "host[:port][/path], without user or query")
    return f"{parts.scheme}://{_netloc(parts.netloc, port)}{parts.path}"


def _netloc(netloc: str, port: int | str | None) -> str:
    host, _, inside = netloc.rpartition(":") if re.search(r":\d*$", netloc) else (netloc, "", "")
    inside_port = _port(inside) if inside else None
    own_port = _port(port) if port not in (None, "", 0) else None
    if inside_port and own_port and inside_port != own_port:
        raise _wrong("port", f"host says port {inside_port}, port says {own_port}", "one port")
    chosen = inside_port or own_port
    return f"{host}:{chosen}" if chosen else host


def _port(value: int | str | None) -> int:
    try:
        port = int(str(value))
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise _wrong("port", f"{value!r} is no port", "a number from 1 to 65535")
    return port


def _node(value: str) -> str:
    if not value:
        raise _wrong("node", "the node is missing", "the database's default local node, e.g. PSFT_EP")
    if not _NODE.fullmatch(value):
        raise _wrong("node", f"{value!r} is no node name", "letters, digits and underscores, e.g. PSFT_EP")
    return value


def _gateway_path(value: str) -> str:
    path = (value or _DEFAULT_GATEWAY_PATH).strip("/")
    if not re.fullmatch(r"[\w.~/-]+", path):
        raise _wrong("gateway_path", f"{value!r} is no path", "a path such as /PSIGW")
    return f"/{path}"


def _release(value: str) -> tuple[int, int]:
    match = _RELEASE.fullmatch(value)
    if match is None:
        raise _wrong("peopletools", f"{value!r} is no PeopleTools release", "a release such as 8.60")
    return int(match[1]), int(match[2])


def _check_oauth2(extras: _Extras, release: str) -> None:
    if release and _release(release) < OAUTH2_SINCE:
        raise _wrong(
            "auth",
            f"PeopleTools {release} cannot check OAuth 2 tokens; that began with 8.58",
            "auth basic, or a newer release",
        )
    for name, what in (
        ("token_url", "the token endpoint of the identity provider"),
        ("client_id", "the client id at the identity provider"),
        ("client_secret", "the client's secret"),
    ):
        if not extras.text(name):
            raise _wrong(name, f"{name} is missing, and auth is oauth2", what)
    parts = urlsplit(extras.text("token_url"))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _wrong("token_url", "the token endpoint is no http(s) address", "https://idp.example.com/token")


def _timeout(value: str) -> float:
    if not value:
        return _DEFAULT_TIMEOUT
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise _wrong("timeout", f"{value!r} is no number of seconds", "a number from 1 to 3600")
    return seconds


def _verify(value: str) -> bool | str:
    lowered = value.lower()
    if not value or lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    if not Path(value).exists():
        raise _wrong("verify", f"{value!r} does not exist", "true, false or the path of a CA bundle")
    return value
