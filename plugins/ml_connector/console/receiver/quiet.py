"""Logs what is worth a line once, however often it happens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Kind:
    logged_at: float
    unsaid: int = 0


class QuietLog:
    """One line per kind and interval; the next line says how many were left out.

    Args:
        log: gets the lines.
        interval: seconds.
        clock: replaceable in tests.
    """

    def __init__(
        self, log: logging.Logger, interval: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._interval, self._clock = log, interval, clock
        self._kinds: dict[Hashable, _Kind] = {}

    def __call__(self, kind: Hashable, text: str, level: int = logging.WARNING) -> None:
        """Log, unless a line of this kind was logged a moment ago.

        Args:
            kind: from a small set, never something that a sender chooses.
        """
        now, known = self._clock(), self._kinds.get(kind)
        if known is not None and now - known.logged_at < self._interval:
            known.unsaid += 1
            return
        more = f" ({known.unsaid} more like it since the last line)" if known and known.unsaid else ""
        self._kinds[kind] = _Kind(now)
        self._log.log(level, "%s%s", text, more)
