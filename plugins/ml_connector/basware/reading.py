"""Reads lists, single objects and files: empty lists, pages, redirects.

An empty list is answered with 404, and so is an unknown id: which one it is, the address tells. The
token of the next page travels in headers, and may stand on the redirect or on what it leads to.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from email.message import Message

from ml_connector.basware.answers import CONTINUATION, Download, ListPage, continuation, entity_of, rows_of
from ml_connector.basware.calls import Calls
from ml_connector.basware.errors import PagingExpired
from ml_connector.basware.redirects import STATUSES, ExpiredAddress, Redirects
from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, ContractChanged, Rejected
from ml_connector.core.http import Request, Response

_FRESH = 30.0
"""Seconds in which no token of a next page expires: a 404 to one is then the end of the list."""


class Reader:
    """Reads over one connection.

    Args:
        calls: sends with credentials.
        redirects: fetches without.
        clock: seconds; replaceable in tests.
    """

    def __init__(
        self, calls: Calls, redirects: Redirects, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls, self._redirects, self._clock = calls, redirects, clock

    async def page(
        self, path: str, query: Mapping[str, str], token: str | None = None, *, wrapper: str | None = None
    ) -> ListPage:
        """See :meth:`BaswareApi.page`."""
        headers = {CONTINUATION: token} if token else None
        answered, final = await self._get(path, query, headers)
        if token and answered.status in {400, 404}:
            raise PagingExpired(
                f"{path}: Basware does not know the next page any more (HTTP {answered.status})",
                status=answered.status,
            )
        if self._nothing(path, answered):
            return ListPage([], None)
        following = continuation(final, answered)
        if token and following == token:
            raise ContractChanged(f"{path}: Basware's list leads back to the page it gave before")
        return ListPage(rows_of(self._calls.answer(path, final), wrapper, path), following)

    async def pages(
        self, path: str, query: Mapping[str, str], *, wrapper: str | None = None
    ) -> AsyncIterator[list[Payload]]:
        """See :meth:`BaswareApi.pages`."""
        broken_at: int | None = None
        number, token, since = 0, None, self._clock()
        while True:
            try:
                page = await self.page(path, query, token, wrapper=wrapper)
            except PagingExpired as expired:
                fresh = self._clock() - since < _FRESH
                if broken_at == number and expired.status == 404 and fresh:
                    return
                if broken_at is not None:
                    raise
                broken_at, number, token = number, 0, None
                continue
            number, token, since = number + 1, page.token, self._clock()
            yield page.rows
            if token is None:
                return

    async def one(self, path: str, query: Mapping[str, str] | None = None) -> Payload | None:
        """See :meth:`BaswareApi.one`."""
        answered, final = await self._get(path, query or {})
        return None if self._nothing(path, answered) else entity_of(self._calls.answer(path, final), path)

    async def download(self, path: str, limit_bytes: int) -> Download:
        """See :meth:`BaswareApi.download`."""
        _, final = await self._get(path, {}, {"Accept": "*/*"})
        if not 200 <= final.status < 300:
            raise self._calls.failure(Request("GET", path), final)
        size = len(final.body)
        if size > limit_bytes:
            raise Rejected(f"the file has {size} bytes, and {limit_bytes} are allowed", code="TOO_LARGE")
        return Download(final.body, final.media_type, _file_name(final))

    async def _get(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> tuple[Response, Response]:
        """The answer of the API, and the one that it leads to; the same where it redirects nowhere."""
        answered = await self._calls.read(path, query, headers)
        if answered.status not in STATUSES:
            return answered, answered
        try:
            return answered, await self._redirects.follow(path, answered)
        except ExpiredAddress:
            answered = await self._calls.read(path, query, headers)
        if answered.status not in STATUSES:
            return answered, answered
        return answered, await self._redirects.follow(path, answered)

    def _nothing(self, path: str, answered: Response) -> bool:
        """A 404 of the API itself, and not of whatever else may listen at a wrong address."""
        if answered.status != 404:
            return False
        error = self._calls.failure(Request("GET", path), answered)
        if isinstance(error, ConfigurationError):
            raise error
        return True


def _file_name(response: Response) -> str | None:
    """The name in ``Content-Disposition``, without the folders that a sender may have put before it."""
    header = Message()
    header["Content-Disposition"] = response.header("Content-Disposition")
    name = header.get_filename() if header["Content-Disposition"] else None
    bare = (name or "").replace("\\", "/").rpartition("/")[2].strip()
    return bare if bare and bare.isprintable() and bare not in {".", ".."} else None
