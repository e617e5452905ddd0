"""Files at the addresses that monday.com signs for a bulk import: rows up, report down.

Whoever knows such an address may use it, for ten minutes, and nothing else may be sent along: one header
too many and the storage refuses the file (developer.monday.com/api-reference/docs/importing-items-in-bulk).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from ml_connector.core.errors import ContractChanged, Unavailable
from ml_connector.core.http import Client, Redactor, Request, Response, Transport

TIMEOUT = 300.0
_SHORTEST_SECRET = 8


class Storage:
    """Sends and fetches files without credentials.

    Args:
        transport: shared with the API's client, which closes it.
        sleep: replaceable in tests.
    """

    def __init__(self, transport: Transport, *, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._transport, self._sleep = transport, sleep

    async def upload(self, url: str, body: bytes) -> None:
        """Put a CSV file there; sent once.

        Raises:
            InDoubt: the answer was lost; the state of the job tells whether the file arrived.
            Unavailable: the file was not taken.
        """
        client = self._client(url)
        headers = {"Content-Type": "text/csv"}
        request = Request("PUT", url, headers=headers, body=body, idempotent=False, timeout=TIMEOUT)
        self._check("upload", client, await client.send(request))

    async def download(self, url: str) -> bytes:
        """The file there.

        Raises:
            Unavailable: it is not to be had; a new address may help.
        """
        client = self._client(url)
        response = await client.send(Request("GET", url, timeout=TIMEOUT))
        self._check("download", client, response)
        return response.body

    def _client(self, url: str) -> Client:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ContractChanged("monday.com named no usable address for a file")
        values = (value for _, value in parse_qsl(parts.query) if len(value) >= _SHORTEST_SECRET)
        origin = f"{parts.scheme}://{parts.netloc}"
        return Client(origin, transport=self._transport, redactor=Redactor(values), sleep=self._sleep)

    @staticmethod
    def _check(what: str, client: Client, response: Response) -> None:
        if 200 <= response.status < 300:
            return
        excerpt = client.excerpt(response, 200)
        raise Unavailable(
            f"the {what} was refused (HTTP {response.status}{f': {excerpt}' if excerpt else ''}); the "
            "address that monday.com signs for it is good for ten minutes"
        )
