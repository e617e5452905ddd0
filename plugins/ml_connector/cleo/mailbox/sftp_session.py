"""One SSH connection to the mailbox, opened when it is needed and again when it broke off."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Callable
from typing import Any

import asyncssh

from ml_connector.cleo.mailbox.host_keys import HostKeys
from ml_connector.cleo.options import Timeouts
from ml_connector.cleo.settings import SftpSettings
from ml_connector.core.errors import AuthenticationError, ConfigurationError, ConnectorError, Unavailable

asyncssh.set_log_level(logging.WARNING)  # else ten lines for each connection

_KEEPALIVE = 15.0
_MISSED = 3


class SftpSession:
    """Logs in once for all calls. A refusal is never repeated: Cleo locks accounts.

    Args:
        settings: of the connection.
        timeouts: of the tenant.

    Raises:
        ConfigurationError: key or host key cannot be read.
    """

    def __init__(self, settings: SftpSettings, timeouts: Timeouts) -> None:
        self._settings, self._timeouts = settings, timeouts
        self._host_keys = HostKeys.parse(settings.host_key) if settings.host_key else None
        self._key = _private_key(settings) if settings.key else None
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._opening = asyncio.Lock()
        self._refused: str | None = None

    async def client(self) -> asyncssh.SFTPClient:
        """The SFTP client of a connection that stands.

        Raises:
            AuthenticationError: the user was refused, now or earlier.
            ConfigurationError: the server is not the one that was meant, or speaks no SFTP.
            Unavailable: it cannot be reached.
        """
        async with self._opening:
            if self._client is None or self._connection is None or self._connection.is_closed():
                await self._drop()
                self._client = await self._opened()
            return self._client

    async def aclose(self) -> None:
        """Close the connection."""
        async with self._opening:
            await self._drop()

    def abort(self) -> None:
        """Give up the connection at once; whatever waits on it fails, and the next call opens another."""
        if self._connection is not None:
            self._connection.abort()

    async def _drop(self) -> None:
        client, self._client = self._client, None
        connection, self._connection = self._connection, None
        if client is not None:
            client.exit()
        if connection is not None:
            connection.close()
            await connection.wait_closed()

    async def _opened(self) -> asyncssh.SFTPClient:
        if self._refused is not None:
            raise AuthenticationError(f"{self._refused} (not tried again: failures lock accounts)")
        shown: list[str] = []
        try:
            self._connection = await self._connect(shown)
            return await asyncio.wait_for(self._connection.start_sftp_client(), self._timeouts.read)
        except (asyncssh.Error, OSError, TimeoutError) as error:
            failure = self._failure(error, shown)
            if isinstance(failure, AuthenticationError):
                self._refused = str(failure)
            raise failure from None

    async def _connect(self, shown: list[str]) -> asyncssh.SSHClientConnection:
        """Connect with what the connection says, and nothing of the machine's own SSH settings."""
        settings, keys = self._settings, self._host_keys
        anyone = keys is None and not settings.verify
        password = None if self._key else settings.password  # beside a key it is the key's passphrase
        options: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port,
            "username": settings.username,
            "password": password,
            "password_auth": password is not None,
            "kbdint_auth": password is not None,
            "client_keys": [self._key] if self._key else None,
            "known_hosts": None if anyone else (list(keys.keys) if keys else [], [], []),
            "client_factory": _client_factory(keys, shown),
            "config": None,
            "agent_path": None,
            "gss_host": None,
            "x509_trusted_certs": None,
            "connect_timeout": self._timeouts.connect,
            "login_timeout": self._timeouts.read,
            "keepalive_interval": _KEEPALIVE,
            "keepalive_count_max": _MISSED,
        }
        return await asyncssh.connect(**options)

    def _failure(self, error: Exception, shown: list[str]) -> ConnectorError:
        address, user = self._settings.address, self._settings.username
        match error:
            case asyncssh.HostKeyNotVerifiable():
                key = f"shows the key {shown[-1]}" if shown else "shows another key"
                return ConfigurationError(
                    f"the SFTP server {address} {key}, which the connection does not name. Compare it with "
                    "what Cleo's administrator says before you believe it: somebody may stand in between",
                    field="sftp_host_key",
                )
            case asyncssh.KeyExchangeFailed():
                return ConfigurationError(
                    f"the SFTP server {address} and this connector agree on no key exchange; where "
                    "sftp_host_key names a key, the server may have one of another kind",
                    field="sftp_host_key",
                )
            case asyncssh.PermissionDenied():
                return AuthenticationError(
                    f"the SFTP server {address} refused user {user}. Check sftp_login, and sftp_password or "
                    "sftp_key; that the account is not locked, and that Cleo allows this way of logging in"
                )
            case asyncssh.ChannelOpenError():
                return ConfigurationError(
                    f"{address} lets user {user} log in and offers no SFTP", field="sftp_host"
                )
            case TimeoutError():
                return Unavailable(f"no SFTP connection to {address} in time")
            case _:
                return Unavailable(f"no SFTP connection to {address} ({type(error).__name__})")


def _client_factory(keys: HostKeys | None, shown: list[str]) -> Callable[[], asyncssh.SSHClient]:
    class _Checking(asyncssh.SSHClient):
        def validate_host_public_key(self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey) -> bool:
            shown.append(key.get_fingerprint())
            return keys is not None and keys.believe(key)

    return _Checking


def _private_key(settings: SftpSettings) -> asyncssh.SSHKey:
    """The private key; the password is its passphrase where it has one.

    Raises:
        ConfigurationError: it cannot be read, and why.
    """
    text, encrypted = settings.key or "", False
    for passphrase in (None, settings.password):
        try:
            return asyncssh.import_private_key(text, passphrase)
        except asyncssh.KeyEncryptionError:
            encrypted = True
        except asyncssh.KeyImportError as error:
            encrypted = encrypted or "passphrase" in str(error).lower()
    if not encrypted:
        raise ConfigurationError(
            "this is no private key",
            field="sftp_key",
            expected="the text of a file that begins with -----BEGIN, line breaks kept",
        )
    if "BEGIN OPENSSH" in text and importlib.util.find_spec("bcrypt") is None:
        raise ConfigurationError(
            "a key in OpenSSH form with a passphrase cannot be read: the Python package bcrypt is not "
            "installed. The passphrase may be right",
            field="sftp_key",
            expected="the same key in PEM form (ssh-keygen -p -m PKCS8 on a copy), or without passphrase",
        )
    raise ConfigurationError(
        "the private key has a passphrase, and it is not sftp_password"
        if settings.password
        else "the private key has a passphrase, and sftp_password is empty",
        field="sftp_password",
        expected="the passphrase of sftp_key",
    )
