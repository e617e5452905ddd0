"""Request and response: plain values. Their ``repr`` shows no header, no query and no body."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ml_connector.core import codec

Params = Mapping[str, str] | Sequence[tuple[str, str]]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_QUERY_SAFE = ",:"  # legal in a query, and PeopleSoft splits its prompt lists at literal commas


def quote_segment(value: str) -> str:
    """Percent-encode one path segment, slashes included."""
    return quote(value, safe="")


def _encoded(text: str) -> str:
    plain = text.isascii() and text.isalnum()  # spares most values the slower way
    return text if plain else quote(text, safe=_QUERY_SAFE)


@dataclass(slots=True)
class Request:
    """One HTTP request.

    Attributes:
        method: upper case.
        url: path below the client's base URL, or an absolute URL; already percent-encoded.
        params: query parameters, not yet encoded.
        headers: sent as they are.
        body: bytes to send.
        idempotent: may be repeated without harm; where not given, true for reads only.
        timeout: seconds for the whole exchange; the client's default where None.
    """

    method: str
    url: str
    params: Params = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    idempotent: bool | None = None
    timeout: float | None = None

    def __post_init__(self) -> None:
        if self.idempotent is None:
            self.idempotent = self.method in _READS

    @property
    def path(self) -> str:
        """The URL without its query: the part that may be shown."""
        return self.url.split("?", 1)[0]

    @property
    def target(self) -> str:
        """The URL with its query, percent-encoded."""
        if not self.params:
            return self.url
        pairs = self.params.items() if isinstance(self.params, Mapping) else self.params
        query = "&".join([f"{_encoded(name)}={_encoded(value)}" for name, value in pairs])
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}"

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """A copy that carries these headers too."""
        return Request(
            self.method,
            self.url,
            self.params,
            {**self.headers, **headers},
            self.body,
            self.idempotent,
            self.timeout,
        )


def json_request(
    method: str,
    url: str,
    value: Any = None,
    *,
    params: Params = (),
    headers: Mapping[str, str] | None = None,
    idempotent: bool | None = None,
    timeout: float | None = None,
) -> Request:
    """A request that sends ``value`` as JSON (none where it is None) and asks for JSON."""
    all_headers = {"Accept": "application/json", **(headers or {})}
    body = None
    if value is not None:
        all_headers.setdefault("Content-Type", "application/json")
        body = codec.encode(value)
    return Request(method, url, params, all_headers, body, idempotent, timeout)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response, read to its end.

    Attributes:
        status: HTTP status.
        headers: names in any case; use :meth:`header`.
        body: decompressed.
        elapsed: seconds from sending to the last byte.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    elapsed: float = 0.0

    def header(self, name: str, default: str = "") -> str:
        """A header by name, in whatever case it came."""
        found = self.headers.get(name)
        if found is not None:
            return found
        lowered = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == lowered), default)

    @property
    def media_type(self) -> str:
        """``application/json`` and the like, lower case, without parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset that the content type names, else UTF-8."""
        _, _, rest = self.header("Content-Type").lower().partition("charset=")
        try:
            return codecs.lookup(rest.split(";", 1)[0].strip().strip('"')).name
        except LookupError:
            return "utf-8"

    def json(self) -> Any:
        """The body as JSON, numbers with a fraction as ``Decimal``.

        Raises:
            ValueError: the body is no JSON, or was cut off.
        """
        return codec.decode(self.body)

    def text(self, limit: int = 65536) -> str:
        """The body as text, at most ``limit`` bytes of it; bytes that do not decode are replaced."""
        return self.body[:limit].decode(self.charset, errors="replace")
