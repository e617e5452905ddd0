"""Follows the redirects with which Basware hands out larger answers.

The address is signed and good for some minutes: whoever knows it may read, so it is never shown, and
the call must carry neither credentials nor headers of Amazon's (Basware's description of the P2P API).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urljoin, urlsplit

from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.errors import ConfigurationError, ContractChanged, Unavailable
from ml_connector.core.http import Client, Redactor, Request, Response, Transport

STATUSES = frozenset({301, 302, 303, 307, 308})
_SHORTEST_SECRET = 8


class ExpiredAddress(Unavailable):
    """The storage takes the signed address no longer; asking Basware again gives another one."""


class Redirects:
    """Fetches what redirects point to.

    Args:
        settings: say which hosts are allowed.
        transport: shared with the API's client, which closes it.
        timeout: seconds for one answer.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        settings: BaswareSettings,
        transport: Transport,
        *,
        timeout: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings, self._transport, self._timeout, self._sleep = settings, transport, timeout, sleep

    async def follow(self, path: str, redirect: Response) -> Response:
        """What lies at the address to which a call was redirected.

        Raises:
            ContractChanged: no usable address, or one that leads on to another.
            ConfigurationError: a host that is not allowed.
            ExpiredAddress: refused by the storage.
            Unavailable: the storage does not answer, or not with what was promised.
        """
        url = self._address(path, redirect)
        parts = urlsplit(url)
        values = (value for _, value in parse_qsl(parts.query) if len(value) >= _SHORTEST_SECRET)
        client = Client(
            f"{parts.scheme}://{parts.netloc}",
            transport=self._transport,
            redactor=Redactor(values),
            timeout=self._timeout,
            sleep=self._sleep,
        )
        response = await client.send(Request("GET", url))
        if response.status in STATUSES:
            raise ContractChanged(
                f"{path}: Basware redirects to {parts.hostname}, which redirects to yet another address"
            )
        if not 200 <= response.status < 300:
            kind = ExpiredAddress if response.status in {400, 401, 403} else Unavailable
            raise kind(
                f"{path}: {parts.hostname}, to which Basware redirects, answered {response.status}; its "
                "addresses are good for some minutes only"
            )
        return response

    def _address(self, path: str, redirect: Response) -> str:
        location = redirect.header("Location").strip()
        base = self._settings.base_url
        url = urljoin(f"{base}/", location) if location else ""
        try:
            parts = urlsplit(url)
            usable = bool(parts.hostname) and (parts.port or 1) > 0 and not parts.username
        except ValueError:
            usable = False
        if not usable:
            raise ContractChanged(f"{path}: Basware redirects (HTTP {redirect.status}) to no usable address")
        host = parts.hostname or ""
        if not self._settings.may_follow(host):
            raise ConfigurationError(
                f"{path}: Basware redirects to {host}, which is not among the hosts that are allowed. Add it "
                "if it is Basware's",
                field="redirect_hosts",
            )
        if parts.scheme != "https" and parts.scheme != urlsplit(base).scheme:
            raise ContractChanged(f"{path}: Basware redirects to {host} over {parts.scheme or 'no'} protocol")
        return parts._replace(fragment="").geturl()
