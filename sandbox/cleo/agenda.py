"""Work that is due later on the sandbox clock. Nothing sleeps: whoever looks lets it happen first."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from sandbox.clock import Clock

Work = Callable[[], object]


class Agenda:
    """Pieces of work ordered by their moment (seconds since the epoch)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: list[tuple[float, int, Work]] = []
        self._order = count()
        self._moment: float | None = None

    def __len__(self) -> int:
        return len(self._items)

    def after(self, seconds: float, work: Work) -> None:
        """Plan work; counted from the moment the work that plans it was due, or from now."""
        begin = self._clock.seconds() if self._moment is None else self._moment
        heapq.heappush(self._items, (begin + seconds, next(self._order), work))

    def do(self, moment: float, work: Work) -> None:
        """Do work now that was due at a moment, which may be long ago."""
        self._moment = moment
        try:
            work()
        finally:
            self._moment = None

    def run(self, until: float) -> int:
        """Do what is due at ``until``, also what that work plans for before then; returns how much."""
        done = 0
        while self._items and self._items[0][0] <= until:
            moment, _, work = heapq.heappop(self._items)
            self.do(moment, work)
            done += 1
        return done
