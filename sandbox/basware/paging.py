"""Pages of lists, and the continuation tokens between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import uuid4

from sandbox.clock import Clock

from . import moments
from .errors import bad_parameter, not_found
from .switches import BaswareSwitches

T = TypeVar("T")
ASKED, ANSWERED = "x-amz-meta-continuationtoken", "X-amz-meta-continuationToken"


@dataclass(frozen=True)
class Query(Generic[T]):
    """What to list.

    Attributes:
        where: path and query parameters, which must not change from page to page.
        weight: how much a row adds to a page, of which `heaviest` fits.
    """

    where: str
    size: int
    matches: Callable[[T], bool]
    weight: Callable[[T], int] = lambda _: 0
    heaviest: int = 0


class Pages:
    """Cuts lists into pages."""

    def __init__(self, switches: BaswareSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._tokens: dict[str, tuple[str, int, float]] = {}

    def page(
        self, rows: Sequence[T | None], query: Query[T], token: str | None
    ) -> tuple[list[T], str | None]:
        """One page, and the token of the next; a hole in `rows` is a removed row.

        Raises ``BaswareError`` with 404 when nothing matches, 400 for a bad token.
        """
        start = self._start(query.where, token)
        by_offset = self._switches.page_cursor == "offset"
        page: list[T] = []
        skip, place, weight = (start, 0, 0) if by_offset else (0, start, 0)
        for number in range(place, len(rows)):
            row = rows[number]
            if row is None or not query.matches(row):
                continue
            if skip:
                skip -= 1
                continue
            weight += query.weight(row)
            if len(page) == query.size or (page and query.heaviest and weight > query.heaviest):
                return page, self._token(query.where, start + len(page) if by_offset else number)
            page.append(row)
        if not page:
            raise not_found()
        return page, None

    def _start(self, where: str, token: str | None) -> int:
        if token is None:
            return 0
        asked, place, end = self._tokens.get(token, ("", 0, 0.0))
        if end <= self._clock.seconds():
            raise bad_parameter("The continuation token is unknown or has expired.")
        if asked != where:
            raise bad_parameter("The continuation token belongs to other query parameters.")
        return place

    def _token(self, where: str, place: int) -> str:
        now, token = self._clock.seconds(), str(uuid4())
        self._tokens = {kept: row for kept, row in self._tokens.items() if row[2] > now}
        self._tokens[token] = (where, place, now + self._switches.continuation_seconds)
        return token

    def expire(self) -> int:
        """Let all tokens be over; returns how many there were."""
        ended, self._tokens = len(self._tokens), {}
        return ended


def where(path: str, params: Mapping[str, str]) -> str:
    """A list's identity from page to page."""
    return f"{path}?{'&'.join(sorted(f'{name.lower()}={value}' for name, value in params.items()))}"


def parameter(params: Mapping[str, str], name: str) -> str | None:
    """A query parameter, its name in any capitals; None when it is absent or empty."""
    return next((value for key, value in params.items() if key.lower() == name.lower() and value), None)


def size(params: Mapping[str, str], default: int, most: int) -> int:
    """`pageSize`. Raises ``BaswareError`` with 400."""
    text = parameter(params, "pageSize")
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise bad_parameter(f"pageSize must be 1 to {most}.")
    return int(text)


def since(params: Mapping[str, str]) -> datetime | None:
    """`lastUpdated`: only what changed after it. Raises ``BaswareError`` with 400."""
    text = parameter(params, "lastUpdated")
    try:
        return None if text is None else moments.read(text)
    except ValueError:
        raise bad_parameter("lastUpdated must be a date-time.") from None


def word(params: Mapping[str, str], name: str, words: Sequence[str]) -> str | None:
    """A parameter that takes one of some words, in any capitals. Raises ``BaswareError`` with 400."""
    if (text := parameter(params, name)) is None:
        return None
    for known in words:
        if known.lower() == text.lower():
            return known
    raise bad_parameter(f"{name} must be one of {', '.join(words)}.")


def flag(params: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false. Raises ``BaswareError`` with 400."""
    return word(params, name, ("false", "true")) == "true"
