"""Pages by key, so that no page boundary cuts a document and no silent row limit loses one.

QAS has no offset: a query takes the last key as a prompt and answers what comes after it, in key
order. Of a full answer the last document may be cut, so it is left for the next page. An answer
that is not full may have been cut by the query security profile of the user without a word, so
its last document is asked for once more: if anything else comes, there is a cap.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from ml_connector.core.config.dataset import PageSize
from ml_connector.core.errors import ContractChanged
from ml_connector.core.http import TooHeavy
from ml_connector.peoplesoft.rows import Identity, Row

Ask = Callable[[Identity | None, int], Awaitable[list[Row]]]
KeysOf = Callable[[Sequence[Row]], list[Identity]]
Sleep = Callable[[float], Awaitable[None]]

_TRIES_AT_MINIMUM = 3
_GOOD_PAGES = 3
_LONGEST_PAUSE = 30.0  # seconds; a longer wait is the flow's
_QUICK = 5.0  # seconds
_QUICK_FAILURES = 6


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of whole documents.

    Attributes:
        after: key after which to go on.
        last: nothing comes after.
        oversize: key of a document that no answer can hold; it was passed over.
    """

    rows: list[Row]
    after: Identity | None
    last: bool
    oversize: Identity | None = None


class NarrowWindow(Exception):
    """The query is too heavy for its window of time, which can be made smaller."""


class Sizes:
    """Rows per page: shrinks when the server struggles, grows back, stays below a row cap."""

    def __init__(self, page: PageSize, cap: int | None = None) -> None:
        self._page = page
        self._good = 0
        self.cap = cap
        self.rows = page.rows

    def asked(self, grown: int) -> int:
        """``maxrows`` of the next call: one more than a page, never more than the cap."""
        rows = max(self.rows, grown) + 1
        return rows if self.cap is None else max(1, min(rows, self.cap))

    def may_grow_beyond(self, asked: int) -> bool:
        """Whether a larger answer is possible."""
        return asked <= self._page.maximum and (self.cap is None or asked < self.cap)

    def shrink(self) -> bool:
        """Half a page; False at the minimum."""
        self._good = 0
        if self.rows <= self._page.minimum:
            return False
        self.rows = max(self._page.minimum, self.rows // 2)
        return True

    def succeeded(self) -> None:
        """After a few good pages in a row, double a page that was shrunk."""
        self._good += 1
        if self._good >= _GOOD_PAGES and self.rows < self._page.rows:
            self._good = 0
            self.rows = min(self._page.rows, self.rows * 2)


class Backoff:
    """Waits between calls to a server that struggles; longer each time in a row.

    A query that is too heavy fails late. Failures that come at once are an outage, for which
    smaller questions are no help: after a few of them the error goes up.
    """

    def __init__(
        self,
        sleep: Sleep = asyncio.sleep,
        rand: Callable[[], float] = random.random,  # noqa: S311  (spreads load, hides nothing)
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._rand = rand
        self._clock = clock
        self._failures = 0
        self._quick = 0
        self._asked_at = 0.0

    def begin(self) -> None:
        """A call leaves."""
        self._asked_at = self._clock()

    def succeeded(self) -> None:
        """The server answers."""
        self._failures = self._quick = 0

    async def failed(self, error: TooHeavy) -> None:
        """Pause before another try; raises the error where another try makes no sense."""
        wanted = error.retry_after or 0.0
        self._quick = self._quick + 1 if self._clock() - self._asked_at < _QUICK else 0
        if wanted > _LONGEST_PAUSE or self._quick >= _QUICK_FAILURES:
            raise error
        pause = min(_LONGEST_PAUSE, 2.0**self._failures) * (0.5 + 0.5 * self._rand())
        self._failures += 1
        await self._sleep(max(pause, wanted))


class Pager:
    """Walks one query from key to key.

    Args:
        ask: executes the query after a key, with ``maxrows``.
        keys_of: the offset key of each row.
        on_cap: told once about a row cap.
        can_narrow: whether the window of time can be made smaller instead of the page.
    """

    def __init__(
        self,
        ask: Ask,
        keys_of: KeysOf,
        sizes: Sizes,
        *,
        on_cap: Callable[[int], None],
        backoff: Backoff,
        can_narrow: bool = False,
    ) -> None:
        self._ask = ask
        self._keys_of = keys_of
        self._sizes = sizes
        self._on_cap = on_cap
        self._can_narrow = can_narrow
        self._backoff = backoff
        self._tries = 0
        self._heavy_at: int | None = None

    async def blocks(self, after: Identity | None) -> AsyncIterator[Block]:
        """Blocks in key order; the last one says so.

        Raises:
            NarrowWindow: too heavy; ask again for a smaller window, after the last block's key.
            ContractChanged: the query is not ordered by its key.
        """
        known: set[Identity] = set() if after is None else {after}
        grown = 0
        while True:
            asked = self._sizes.asked(grown)
            answer = await self._answer(after, asked, grown)
            if answer is None:
                continue
            rows, starts = self._grouped(answer, known)
            full = len(answer) >= asked
            if full and len(starts) < 2 and self._sizes.may_grow_beyond(asked):
                grown = asked * 2
                continue
            if not full:
                end = await self._is_end(after, asked, answer, starts, known)
                if end is None:
                    continue
                if end:
                    yield Block(rows, starts[-1][0] if starts else after, last=True)
                    return
            block = self._whole(rows, starts)
            after, grown = block.after, 0
            known = {block.oversize} if block.oversize else {key for key, _ in starts[:-1]}
            yield block
            self._heavy_at = None
            self._sizes.succeeded()

    @staticmethod
    def _whole(rows: list[Row], starts: list[tuple[Identity, int]]) -> Block:
        """All but the last document; the last one itself where no answer can hold it."""
        if len(starts) >= 2:
            return Block(rows[: starts[-1][1]], starts[-2][0], last=False)
        if starts:
            return Block([], starts[0][0], last=False, oversize=starts[0][0])
        raise ContractChanged("the query answers only what came before: its offset prompt has no effect")

    async def _answer(self, after: Identity | None, asked: int, grown: int) -> list[Row] | None:
        """The rows, or None: ask for less."""
        self._backoff.begin()
        try:
            rows = await self._ask(after, asked)
        except TooHeavy as error:
            await self._backoff.failed(error)
            if self._can_narrow:
                raise NarrowWindow from None
            if grown and self._heavy_at is not None and asked >= self._heavy_at:
                raise
            self._heavy_at = asked
            if not self._sizes.shrink():
                self._tries += 1
                if self._tries >= _TRIES_AT_MINIMUM:
                    raise
            return None
        self._tries = 0
        self._backoff.succeeded()
        return rows

    def _grouped(
        self, answer: list[Row], known: set[Identity]
    ) -> tuple[list[Row], list[tuple[Identity, int]]]:
        """Rows that are new, and where each document begins among them."""
        rows: list[Row] = []
        starts: list[tuple[Identity, int]] = []
        seen: set[Identity] = set()
        for key, row in zip(self._keys_of(answer), answer, strict=True):
            if key in known:
                continue
            if not starts or key != starts[-1][0]:
                if key in seen or (starts and _falls(starts[-1][0], key)):
                    raise ContractChanged(
                        f"the query is not ordered by its key: {key} comes after {starts[-1][0]}; add an "
                        "ORDER BY over the key fields to it"
                    )
                seen.add(key)
                starts.append((key, len(rows)))
            rows.append(row)
        return rows, starts

    async def _is_end(
        self,
        after: Identity | None,
        asked: int,
        answer: list[Row],
        starts: list[tuple[Identity, int]],
        known: set[Identity],
    ) -> bool | None:
        """Whether an answer that is not full holds everything; None: it changed meanwhile.

        Something more may also have been entered a moment ago, so a cap is believed only when the
        same question gets the same number of rows again.
        """
        if not starts or self._sizes.cap is not None:
            return True
        last = starts[-1][0]
        base = starts[-2][0] if len(starts) > 1 else last
        before = {key for key, _ in starts[:-1]} | known | ({last} if base == last else set())
        rows, found = self._grouped(await self._repeat(base, asked), before)
        ours = [row for key, row in zip(self._keys_of(answer), answer, strict=True) if key == last]
        if not any(key != last for key, _ in found) and _distinct(rows) <= _distinct(ours):
            return True
        if len(await self._repeat(after, asked)) > len(answer):
            return None
        self._sizes.cap = len(answer)
        self._on_cap(len(answer))
        return False

    async def _repeat(self, base: Identity | None, asked: int) -> list[Row]:
        while True:
            answer = await self._answer(base, asked, 0)
            if answer is not None:
                return answer


def _distinct(rows: Sequence[Row]) -> int:
    return len({tuple(row.values()) for row in rows})


def _falls(before: Identity, key: Identity) -> bool:
    """Certainly descending: numbers of one width sort alike under every collation."""
    for old, new in zip(before, key, strict=True):
        if isinstance(old, str) and isinstance(new, str):
            if not (old.isdecimal() and new.isdecimal() and len(old) == len(new)):
                return False
            if old != new:
                return new < old
    return False
