"""What a connection of type ``cleo`` says, checked before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from ml_connector.core.errors import ConfigurationError

Transport = Literal["api", "sftp"]

_TENANT = "https://YOURTENANT.cleointegration.com, or https://host:port of Harmony or VLTrader"
_API = "/api"


@dataclass(frozen=True, slots=True)
class Login:
    """One user of Cleo."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SftpSettings:
    """The mailbox over SFTP.

    Attributes:
        host: name or address of the server.
        port: 22 where the connection names none.
        username: of the mailbox user.
        password: of the mailbox user; beside a key it is the key's passphrase, and no server sees it.
        key: private key in PEM or OpenSSH form.
        host_key: what the server must prove to be: lines as in ``known_hosts``, or fingerprints.
        verify: false only where the connection says so: any server is believed.
    """

    host: str
    port: int
    username: str
    password: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    host_key: str | None = None
    verify: bool = True

    @property
    def address(self) -> str:
        """Host and port, as people write them."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class CleoSettings:
    """One Cleo tenant, or one server of Harmony or VLTrader, and how to get in.

    Attributes:
        base_url: everything before ``/api``, without a slash at its end; None where files go over SFTP
            and no REST interface is named.
        admin: sees connections and actions; None where nothing is known but the mailbox.
        mailbox: sees folders and files; the same as ``admin`` where the connection names no other.
        token_path: where tokens are issued.
        folders_path: where the folders of the mailbox are listed.
        files_path: where files are found that come without links.
        transport: what carries files.
        sftp: where and how, for that transport.
        api_provider_url: base address of the tenant's own endpoints for JSON.
        api_provider_token: bearer token for them.
        webhook_secret: reserved for notifications that a tenant's administrator builds in Cleo; nothing
            reads it yet.
        verify: TLS verification: true, false, or the path of a CA bundle.
    """

    base_url: str | None
    admin: Login | None
    mailbox: Login | None
    token_path: str = "/api/authentication"  # noqa: S105  (a path)
    folders_path: str = "/api/folders"
    files_path: str = "/api/files"
    transport: Transport = "api"
    sftp: SftpSettings | None = None
    api_provider_url: str | None = None
    api_provider_token: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    verify: bool | str = True

    @property
    def place(self) -> str:
        """Names the Cleo whose limits are shared, without giving anything away."""
        where = self.base_url or (self.sftp.address if self.sftp else self.api_provider_url or "")
        return hashlib.sha256(where.lower().encode()).hexdigest()[:12]

    def token_name(self, login: Login) -> str:
        """Names the token that workers share: one per Cleo and user. Nothing of the password is in it."""
        who = hashlib.sha256(f"{self.base_url}|{login.username}".encode()).hexdigest()[:12]
        return f"cleo:token:{self.place}:{who}"

    def secrets(self) -> tuple[str, ...]:
        """Values that must appear in no text."""
        values = [self.api_provider_token, self.webhook_secret]
        values += [login.password for login in (self.admin, self.mailbox) if login]
        values += [self.sftp.password, self.sftp.key] if self.sftp else []
        return tuple(value for value in values if value)

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
    ) -> CleoSettings:
        """Check the fields of an Airflow connection.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        text = {name: str(value).strip() for name, value in extra.items() if value is not None}
        transport = _transport(text.get("transport") or "api")
        verify = _verify(text.get("verify") or "true")
        admin = _login(login, password, "login", "password")
        mailbox = (
            _login(text.get("mailbox_login"), text.get("mailbox_password"),
                   "mailbox_login", "mailbox_password") or admin
        )  # fmt: skip
        base_url = _base_url(host, port, schema)
        if transport == "api":
            _needed(base_url, "host", _TENANT)
            _needed(
                mailbox.username if mailbox else None,
                "login",
                "a user of Cleo, or mailbox_login for its mailbox",
            )
        provider_url = text.get("api_provider_url")
        return cls(
            base_url=base_url,
            admin=admin if base_url else None,
            mailbox=mailbox,
            token_path=_path(text, "token_path", "/api/authentication"),
            folders_path=_path(text, "folders_path", "/api/folders"),
            files_path=_path(text, "files_path", "/api/files"),
            transport=transport,
            sftp=_sftp(text, mailbox, verify) if transport == "sftp" else None,
            api_provider_url=_web_address(provider_url, "api_provider_url") if provider_url else None,
            api_provider_token=text.get("api_provider_token") or None,
            webhook_secret=text.get("webhook_secret") or None,
            verify=verify,
        )


def _needed(value: str | None, name: str, expected: str) -> str:
    if not value or not value.strip():
        raise ConfigurationError("the Cleo connection has no value", field=name, expected=expected)
    return value.strip()


def _login(username: str | None, password: str | None, name: str, secret: str) -> Login | None:
    if not username or not username.strip():
        return None
    return Login(username.strip(), _needed(password, secret, f"the password of {name}"))


def _transport(value: str) -> Transport:
    if value == "api":
        return "api"
    if value == "sftp":
        return "sftp"
    raise ConfigurationError(f"{value!r} carries no files", field="transport", expected="api or sftp")


def _verify(value: str) -> bool | str:
    return {"true": True, "false": False}.get(value.lower(), value)


def _path(text: Mapping[str, str], name: str, default: str) -> str:
    value = text.get(name) or default
    if not value.startswith("/") or value.startswith("//") or set(value) & set("?#\\ "):
        raise ConfigurationError(f"{value!r} is no path", field=name, expected=default)
    return value.rstrip("/")


def _base_url(host: str | None, port: int | None, schema: str | None) -> str | None:
    if not host or not host.strip():
        return None
    url = host.strip()
    if "://" not in url:
        url = f"{schema or 'https'}://{url}"
    url = _web_address(url, "host")
    parts = urlsplit(url)
    if port and parts.port is None:
        url = parts._replace(netloc=f"{parts.netloc}:{port}").geturl()
    return url.removesuffix(_API)  # it stands in the paths


def _web_address(url: str, name: str) -> str:
    parts = urlsplit(url)
    try:
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable or parts.username or parts.query or parts.fragment:
        raise ConfigurationError("this is no web address", field=name, expected=_TENANT)
    return url.rstrip("/")


def _sftp(text: Mapping[str, str], mailbox: Login | None, verify: bool | str) -> SftpSettings:
    own = text.get("sftp_login")
    username = _needed(
        own or (mailbox.username if mailbox else None), "sftp_login", "the user of the mailbox"
    )
    same = mailbox is not None and username == mailbox.username
    key = (text.get("sftp_key") or "").replace("\\n", "\n") or None
    password = text.get("sftp_password") or (mailbox.password if mailbox and same and not key else None)
    if not password and not key:
        _needed(None, "sftp_password", "a password, or a private key in sftp_key")
    host_key = (text.get("sftp_host_key") or "").replace("\\n", "\n") or None
    if not host_key and verify is not False:
        raise ConfigurationError(
            "without the server's key nobody knows who receives the files; ssh-keyscan shows it. Only "
            "verify: false does without it",
            field="sftp_host_key",
            expected="a line as in known_hosts, or a fingerprint such as SHA256:...",
        )
    return SftpSettings(
        host=_needed(text.get("sftp_host"), "sftp_host", "name or address of the SFTP server"),
        port=_port(text.get("sftp_port") or "22"),
        username=username,
        password=password,
        key=key,
        host_key=host_key,
        verify=verify is not False,
    )


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ConfigurationError(f"{value!r} is no port", field="sftp_port", expected="1 to 65535")
    return int(value)
