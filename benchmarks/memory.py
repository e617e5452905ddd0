"""Memory of extract and transform: thirty times the documents must cost no more than half again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.arena import open_arena
from benchmarks.processes import environment, run

FEW, MANY = 10_000, 300_000


def measure(folder: Path) -> dict[str, Any]:
    """Peak resident size of a fresh process, with few and with many vouchers."""
    few, many = _peak(folder, FEW), _peak(folder, MANY)
    return {
        "few": FEW, "few_mib": round(few[0]), "many": MANY, "many_mib": round(many[0]),
        "many_s": round(many[1], 1), "ratio": round(many[0] / few[0], 2),
    }  # fmt: skip


def _peak(folder: Path, vouchers: int) -> tuple[float, float]:
    with open_arena(folder, N=str(vouchers)) as arena, tempfile.TemporaryDirectory(prefix="bench-") as data:
        command = [sys.executable, "-m", "benchmarks.vouchers.staging", data]
        cost = run(command, environment(BENCH_BASE=arena.base))
    if cost.status != 0:
        sys.exit(f"extract and transform of {vouchers} vouchers failed with status {cost.status}")
    return cost.peak_mib, cost.wall
