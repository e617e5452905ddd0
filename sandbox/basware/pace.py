"""Writes that follow each other too closely, which Basware asks callers not to send."""

from __future__ import annotations

from collections import Counter

from sandbox.clock import Clock

from .switches import BaswareSwitches


class Pace:
    """Counts violations of the gap between two writes to one thing, by operation."""

    def __init__(self, switches: BaswareSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self.violations: Counter[str] = Counter()

    def violated(self, last: float, operation: str) -> bool:
        """Count a write that comes too soon after the last one (0 if there was none)."""
        gap = float(self._switches.write_gap_seconds)
        too_soon = bool(last) and self._clock.seconds() - last < gap
        if too_soon:
            self.violations[operation] += 1
        return too_soon
