"""Links in Cleo's answers: ``_links`` as an object or a list, each with a server-relative ``href``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ml_connector.core.errors import ContractChanged

Record = dict[str, Any]


def link(record: Mapping[str, Any], name: str) -> str | None:
    """The ``href`` of a link by name, as it was answered; None where there is none."""
    found = next((href for label, href in _links(record.get("_links")) if label == name), None)
    return found or None


def _links(links: Any) -> Iterator[tuple[str, str]]:
    """Name and ``href`` of each link: ``{"self": {"href": ...}}`` or ``[{"rel": "self", "href": ...}]``."""
    if isinstance(links, Mapping):
        for name, value in links.items():
            href = value.get("href") if isinstance(value, Mapping) else value
            if isinstance(href, str):
                yield name, href
    elif isinstance(links, list):
        for value in (one for one in links if isinstance(one, Mapping)):
            if isinstance(value.get("href"), str):
                yield str(value.get("rel") or value.get("name") or ""), value["href"]
            else:
                yield from _links(value)


class Resolver:
    """Turns an ``href`` into a path below the base address.

    Cleo's are relative to the server, and its own tools put them behind the base address as they are.
    A proxy that adds a path may or may not rewrite them, so a prefix that is there is not added again.

    Args:
        base_url: of the connection, with its path prefix.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._origin = (parts.scheme, _authority(base_url))
        self._prefix = parts.path.rstrip("/")

    def path(self, href: str) -> str:
        """The path, with its query.

        Raises:
            ContractChanged: the link leads to another server or out of its place.
        """
        try:
            parts = urlsplit(href.strip())
        except ValueError:
            raise ContractChanged("a link in Cleo's answer is no usable path") from None
        foreign = (parts.scheme, _authority(href.strip())) != self._origin
        if (parts.scheme or parts.netloc) and foreign:
            raise ContractChanged(
                "a link in Cleo's answer leads to another server, and credentials go to no other; check "
                "that the host of the connection is the one by which Cleo knows itself"
            )
        path = "/" + parts.path.lstrip("/")
        if "\\" in path or ".." in path.split("/") or not parts.path:
            raise ContractChanged("a link in Cleo's answer is no usable path")
        if self._prefix and path.startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix)
        return f"{path}?{parts.query}" if parts.query else path


def _authority(url: str) -> tuple[str | None, int | None]:
    """Host and port, the scheme's own port named."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return None, None
    return parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)
