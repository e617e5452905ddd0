"""What a connection of type ``basware`` says, checked before anything is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from ml_connector.core.errors import ConfigurationError

Auth = Literal["oauth2", "basic"]
Encoding = Literal["auto", "hex", "base64"]

EXAMPLE = "https://api.basware.com"
TOKEN_PATH = "/v1/tokens"  # noqa: S105  (an address)
STORAGE_HOSTS = ("*.amazonaws.com",)
"""Where larger answers lie: Basware sends a redirect to its object storage."""

SCOPES = (
    "accountingDocuments.read", "accountingDocuments.write",
    "vendors.read", "vendors.write",
    "accounts.read", "accounts.write",
    "costCenters.read", "costCenters.write",
    "lists.read", "lists.write",
    "taxCodes.read", "taxCodes.write",
    "paymentTerms.read", "paymentTerms.write",
    "requestStatus.read",
    "subscriptions.read", "subscriptions.write",
    "tasks.read",
)  # fmt: skip
"""What the product calls. Deleting is not among it: records are switched off, never removed."""

_WRONG_HOSTS = {
    "developer.basware.com": "that is the documentation",
    "basware.com": "that is the web site",
    "www.basware.com": "that is the web site",
}
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class BaswareSettings:
    """One tenant of Basware P2P and how to get in.

    Attributes:
        base_url: everything before ``/v1``, without a slash at its end.
        login: client id, or user of an API account with ``basic``.
        password: client secret, or the password.
        auth: ``oauth2`` (client credentials) or ``basic``.
        token_url: where access tokens are issued.
        scope: asked for with each token; blanks between.
        webhook_token: signs notifications; None where none are received.
        signature_encoding: how the signature is written.
        timestamp_header: header with the time of a notification; None where it is not known.
        redirect_hosts: hosts to which an answer may be redirected, beside the API's own; ``*.`` in
            front stands for any number of names.
    """

    base_url: str
    login: str
    password: str = field(repr=False)
    auth: Auth = "oauth2"
    token_url: str = ""
    scope: str = " ".join(SCOPES)
    webhook_token: str | None = field(default=None, repr=False)
    signature_encoding: Encoding = "auto"
    timestamp_header: str | None = None
    redirect_hosts: tuple[str, ...] = STORAGE_HOSTS

    def __post_init__(self) -> None:
        if not self.token_url:
            object.__setattr__(self, "token_url", f"{self.base_url}{TOKEN_PATH}")

    @property
    def key_name(self) -> str:
        """Names the login whose limits are shared, without showing it."""
        return _fingerprint(self.base_url, self.login)

    @property
    def session_name(self) -> str:
        """Names the token that workers share: another one as soon as anything changes that it depends on."""
        changed = _fingerprint(self.token_url, self.scope, self.password)
        return f"basware:token:{self.key_name}:{changed}"

    def secrets(self) -> tuple[str, ...]:
        """Values that must appear in no text."""
        return tuple(filter(None, (self.password, self.webhook_token)))

    def may_follow(self, host: str) -> bool:
        """Whether an answer may be fetched from this host."""
        host = host.lower()
        if host == urlsplit(self.base_url).hostname:
            return True
        return any(_covers(pattern, host) for pattern in self.redirect_hosts)

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
    ) -> BaswareSettings:
        """Check the fields of an Airflow connection.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        hosts = extra.get("redirect_hosts")
        text = {
            name: str(value).strip()
            for name, value in extra.items()
            if value is not None and name != "redirect_hosts"
        }
        auth = _auth(text.get("auth") or "oauth2")
        basic = auth == "basic"
        base_url = _base_url(host, port, schema)
        return cls(
            base_url=base_url,
            login=_needed(login, "login", "the user of an API account" if basic else "the client id"),
            password=_needed(password, "password", "its password" if basic else "the client secret"),
            auth=auth,
            token_url=_token_url(text.get("token_url"), base_url),
            scope=_scope(text.get("scope")),
            webhook_token=_webhook_token(extra.get("webhook_token")),
            signature_encoding=_encoding(text.get("signature_encoding") or "auto"),
            timestamp_header=_header(text.get("timestamp_header")),
            redirect_hosts=_hosts(hosts) or STORAGE_HOSTS,
        )


def _fingerprint(*values: str) -> str:
    return hashlib.sha256("|".join(values).encode()).hexdigest()[:12]


def _covers(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _needed(value: str | None, name: str, expected: str) -> str:
    if not value or not value.strip():
        raise ConfigurationError(
            "the Basware connection has no value", field=name, expected=f"{expected} that Basware issued"
        )
    return value.strip()


def _auth(value: str) -> Auth:
    if value == "oauth2":
        return "oauth2"
    if value == "basic":
        return "basic"
    raise ConfigurationError(f"{value!r} is no way to log in", field="auth", expected="oauth2 or basic")


def _encoding(value: str) -> Encoding:
    if value == "auto":
        return "auto"
    if value == "hex":
        return "hex"
    if value == "base64":
        return "base64"
    raise ConfigurationError(
        f"{value!r} is no way to write a signature",
        field="signature_encoding",
        expected="auto, hex or base64",
    )


def _scope(value: str | None) -> str:
    """Blanks between scopes, whatever stood between them."""
    scopes = (value or "").replace(",", " ").split() or SCOPES
    wrong = [name for name in scopes if not re.fullmatch(r"[A-Za-z]+\.(?:read|write|delete)", name)]
    if wrong:
        raise ConfigurationError(
            f"{wrong[0]!r} is no scope of Basware's API", field="scope",
            expected="names such as vendors.read, with blanks between; empty for those that are needed",
        )  # fmt: skip
    return " ".join(dict.fromkeys(scopes))


def _webhook_token(value: Any) -> str | None:
    """Any text: it is used as it stands, blanks included, since its bytes are the key."""
    token = "" if value is None else str(value)
    if not token.strip():
        return None
    if len(token) < 16:
        raise ConfigurationError(
            f"a token of {len(token)} characters can be guessed", field="webhook_token",
            expected="at least 16 characters that nobody knows",
        )  # fmt: skip
    return token


def _header(value: str | None) -> str | None:
    if not value:
        return None
    if not _HEADER.fullmatch(value):
        raise ConfigurationError(
            f"{value!r} is no name of a header",
            field="timestamp_header",
            expected="such as X-BWAPI-Timestamp",
        )
    return value.lower()


def _hosts(value: Any) -> tuple[str, ...]:
    given: Iterable[Any] = value if isinstance(value, list | tuple) else re.split(r"[,\s]+", str(value or ""))
    hosts = [str(host).strip().lower() for host in given if str(host).strip()]
    for host in hosts:
        if not _HOST.fullmatch(host) or (host.startswith("*.") and host.count(".") < 2):
            raise ConfigurationError(
                f"{host!r} is no host name", field="redirect_hosts",
                expected="names such as files.example.com or *.amazonaws.com, with commas between",
            )  # fmt: skip
    return tuple(dict.fromkeys(hosts))


def _token_url(value: str | None, base_url: str) -> str:
    if not value:
        return f"{base_url}{TOKEN_PATH}"
    _parts(value, "token_url", f"{EXAMPLE}{TOKEN_PATH}")
    return value.rstrip("/")


def _base_url(host: str | None, port: int | None, schema: str | None) -> str:
    url = (host or "").strip()
    if not url:
        raise ConfigurationError(
            "the Basware connection has no value", field="host",
            expected=f"the address of the region in which P2P runs, such as {EXAMPLE}",
        )  # fmt: skip
    if "://" not in url:
        url = f"{schema or 'https'}://{url}"
    parts = _parts(url, "host", EXAMPLE)
    if port and parts.port is None:
        parts = parts._replace(netloc=f"{parts.netloc}:{port}")
    if parts.hostname in _WRONG_HOSTS:
        raise ConfigurationError(
            f"{parts.hostname} does not serve the API: {_WRONG_HOSTS[parts.hostname]}",
            field="host",
            expected=EXAMPLE,
        )
    path = parts.path.rstrip("/")
    version = re.search(r"/v\d+$", path)
    if version:
        raise ConfigurationError(
            f"the address must end before {version.group()}: the connector adds it to each call",
            field="host",
            expected=parts._replace(path=path[: version.start()]).geturl(),
        )
    return parts._replace(path=path).geturl()


def _parts(url: str, name: str, expected: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable or parts.username or parts.query or parts.fragment:
        raise ConfigurationError("this is no web address", field=name, expected=expected)
    return parts
