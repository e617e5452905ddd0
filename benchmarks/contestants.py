"""Who takes part: the product, the reference, and BullMQ where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import DEFAULT_PORT, Arena, is_open
from benchmarks.processes import ROOT, Cost, environment, run

REDIS_PORT = 16379  # the BullMQ contestant looks nowhere else

PRODUCT, REFERENCE, BULLMQ = "ml-connector", "c_ref.py", "BullMQ"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One engine; ``command`` takes its data folder and the number of workers asked for."""

    name: str
    command: Callable[[Path, int], list[str]]
    cwd: Path
    reset: Callable[[], None] = lambda: None

    def sync(
        self, arena: Arena, data: Path, workers: int = 3, *, kill_when: Callable[[], bool] | None = None
    ) -> Cost:
        """One run of it."""
        env = environment(BENCH_BASE=arena.base)
        return run(self.command(data, workers), env, cwd=self.cwd, patience=150, kill_when=kill_when)


def product() -> Contestant:
    """What this repository builds."""
    command = [sys.executable, "-m", "benchmarks.vouchers.product"]
    return Contestant(PRODUCT, lambda data, workers: [*command, str(data), str(workers)], ROOT)


def reference(folder: Path) -> Contestant:
    """What about a hundred lines of asyncio and SQLite can reach."""
    command = [sys.executable, "-B", "c_ref.py"]
    return Contestant(REFERENCE, lambda data, workers: [*command, str(data), str(workers)], folder)


def bullmq(folder: Path) -> Contestant:
    """BullMQ on Redis; its own ledger is emptied between repetitions."""
    flush = ["redis-cli", "-p", str(REDIS_PORT), "flushall"]

    def reset() -> None:
        subprocess.run(flush, check=True, stdout=subprocess.DEVNULL)

    return Contestant(BULLMQ, lambda _, workers: ["node", "c_bullmq.js", str(workers)], folder, reset)


@contextmanager
def contestants(folder: Path) -> Iterator[list[Contestant]]:
    """All that can take part here. BullMQ needs ``BULLMQ_DIR``, node, Redis and its two fixed ports."""
    found = [reference(folder), product()]
    if not os.environ.get("BULLMQ_DIR"):
        yield found
        return
    if is_open(DEFAULT_PORT):
        sys.exit(f"BullMQ needs port {DEFAULT_PORT} for the server, but something listens there")
    with _redis():
        yield [*found, bullmq(folder)]


@contextmanager
def _redis() -> Iterator[None]:
    """Redis on the port that the contestant wants; one that runs already is used."""
    if is_open(REDIS_PORT):
        yield
        return
    if shutil.which("redis-server") is None:
        sys.exit("BULLMQ_DIR is set, but there is no redis-server")
    with tempfile.TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not is_open(REDIS_PORT):
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait()
