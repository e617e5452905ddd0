"""Pages of items: a cursor names what the first request found, and lives 60 minutes from then."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from itertools import count

from sandbox.clock import Clock

from .errors import MondayError, bad_argument
from .model import Item

LIFE = 3600.0
MOST = 500
EXPIRED = (
    "CursorExpiredError: The cursor provided for pagination has expired. "
    "Please refresh your query and obtain a new cursor to continue fetching items"
)


@dataclass
class Page:
    """An answer of type ItemsResponse."""

    items: list[Item]
    cursor: str | None


@dataclass
class Pages:
    """What first requests found."""

    clock: Clock
    _found: dict[int, tuple[float, list[Item]]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def first(self, items: list[Item], limit: int) -> Page:
        """The first page."""
        check(limit)
        now = self.clock.seconds()
        self._found = {key: entry for key, entry in self._found.items() if entry[0] > now}
        if len(items) <= limit:
            return Page(items, None)
        number = next(self._numbers)
        self._found[number] = (now + LIFE, items)
        return Page(items[:limit], _cursor(number, limit))

    def next(self, cursor: str, limit: int) -> Page:
        """The page behind a cursor, without what was archived, deleted or moved away since."""
        check(limit)
        number, offset = _read(cursor)
        end, items = self._found.get(number, (0.0, []))
        if self.clock.seconds() >= end:
            raise MondayError("CursorException", EXPIRED)
        rows = [item for item in items[offset : offset + limit] if item.state == "active"]
        more = offset + limit < len(items)
        return Page(rows, _cursor(number, offset + limit) if more else None)

    def expire(self) -> int:
        """Let every cursor expire at once."""
        ended, self._found = len(self._found), {}
        return ended


def check(limit: int) -> None:
    """Refuse pages that are too large."""
    if not 1 <= limit <= MOST:
        raise bad_argument(f"limit must be between 1 and {MOST}", limit=limit)


def _cursor(number: int, offset: int) -> str:
    return base64.urlsafe_b64encode(f"MSw{number}:{offset}".encode()).decode()


def _read(cursor: str) -> tuple[int, int]:
    try:
        number, offset = base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("MSw").split(":")
        return int(number), int(offset)
    except ValueError as error:
        raise MondayError("CursorException", "The cursor is invalid") from error
