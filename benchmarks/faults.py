"""Correctness under fault: each contestant runs until it exits 0 or has spent its attempts.

Then the server's counters say what the customer has. A refused record is the only one that may
be missing, and nothing may be booked twice.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.arena import DEFAULT_PORT, Arena, open_arena
from benchmarks.contestants import BULLMQ, Contestant
from benchmarks.speed import VOUCHERS

ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong; ``server`` is the server's environment."""

    name: str
    server: dict[str, str]
    workers: int = 3
    kill_at: int | None = None
    counters: tuple[str, ...] = field(default=("rejected_429", "refused_422", "lost_replies", "lookups"))


FAULTS = (
    Fault("killed at half", {"DELAY_MS": "1"}, kill_at=VOUCHERS // 2),
    Fault("every 100th answer lost", {"AMBIG": "100"}),
    Fault("one record refused", {"POISON": "INV-0000777"}),
    Fault("nine workers, limit three", {"DELAY_MS": "3"}, workers=9),
)


def measure(folder: Path, engines: list[Contestant]) -> list[dict[str, Any]]:
    """One row per fault and contestant."""
    return [_one(folder, fault, engine) for fault in FAULTS for engine in engines]


def _reached(arena: Arena, count: int) -> Callable[[], bool]:
    return lambda: arena.stats()["unique"] >= count


def _one(folder: Path, fault: Fault, engine: Contestant) -> dict[str, Any]:
    port = DEFAULT_PORT if engine.name == BULLMQ else None
    began, statuses = time.monotonic(), list[int]()
    engine.reset()
    with (
        open_arena(folder, port, N=str(VOUCHERS), **fault.server) as arena,
        tempfile.TemporaryDirectory(prefix="bench-") as data,
    ):
        while len(statuses) < ATTEMPTS and 0 not in statuses:
            kill = _reached(arena, fault.kill_at) if fault.kill_at and not statuses else None
            statuses.append(engine.sync(arena, Path(data), fault.workers, kill_when=kill).status)
        counted = arena.stats()
    return {
        "fault": fault.name, "contestant": engine.name, "statuses": statuses,
        "wall_s": round(time.monotonic() - began, 1), "missing": VOUCHERS - counted["unique"],
        "double": counted["duplicates"],
        **{name: counted[name] for name in fault.counters if counted.get(name)},
    }  # fmt: skip
