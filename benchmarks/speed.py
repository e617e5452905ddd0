"""All contestants in turn, several times: the machine's moods meet everybody alike."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.arena import DEFAULT_PORT, Arena, open_arena
from benchmarks.contestants import BULLMQ, PRODUCT, Contestant

VOUCHERS = 10_000


def measure(folder: Path, engines: list[Contestant], delay_ms: int, repetitions: int) -> dict[str, Any]:
    """Records per second, and what a second run costs and posts.

    Returns:
        Figures by contestant, and the product's records per second as parts of each other one's.
    """
    port = DEFAULT_PORT if any(engine.name == BULLMQ for engine in engines) else None
    rows: dict[str, list[dict[str, float]]] = {engine.name: [] for engine in engines}
    with open_arena(folder, port, DELAY_MS=str(delay_ms), N=str(VOUCHERS)) as arena:
        for _ in range(repetitions):
            for engine in engines:
                rows[engine.name].append(_once(arena, engine))
    figures = {name: _figures(found) for name, found in rows.items()}
    own = figures[PRODUCT]["records_per_s"]
    ratios = {
        name: round(own / found["records_per_s"], 3) for name, found in figures.items() if name != PRODUCT
    }
    return {"delay_ms": delay_ms, "repetitions": repetitions, "figures": figures, "ratios": ratios}


def _once(arena: Arena, engine: Contestant) -> dict[str, float]:
    arena.reset(VOUCHERS)
    engine.reset()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        first = engine.sync(arena, Path(folder))
        counted = arena.stats()
        again = engine.sync(arena, Path(folder))
    return {
        "status": first.status, "wall_s": first.wall, "cpu_s": first.cpu, "peak_mib": first.peak_mib,
        "unique": counted["unique"], "duplicates": counted["duplicates"],
        "again_s": again.wall, "again_posts": arena.stats()["posts"] - counted["posts"],
    }  # fmt: skip


def _figures(rows: list[dict[str, float]]) -> dict[str, float]:
    middle = {name: round(median(row[name] for row in rows), 2) for name in rows[0]}
    return {"records_per_s": round(VOUCHERS / middle["wall_s"], 1), **middle}
