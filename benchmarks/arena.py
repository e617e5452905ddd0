"""The API that all engines work against, and where it stands."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

DEFAULT_PORT = 18900
"""Where engines look that cannot be told otherwise."""


def bench_folder() -> Path:
    """The folder with the shared benchmark: ``ML_BENCH``, or ``../shared/bench`` beside the repository."""
    folder = Path(os.environ.get("ML_BENCH") or ROOT.parent / "shared" / "bench") / "vouchers"
    if not (folder / "server.py").is_file():
        sys.exit(
            f"There is no benchmark in {folder.parent}. Name the folder that holds vouchers/server.py: "
            "ML_BENCH=/path/to/bench python -m benchmarks.run"
        )
    return folder


class Arena:
    """A running server; its counters say what the customer has."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def reset(self, vouchers: int) -> None:
        """Begin anew with so many vouchers."""
        self._call(f"/reset?n={vouchers}", b"")

    def stats(self) -> dict[str, int]:
        """Counters since the last reset."""
        found: dict[str, int] = self._call("/stats")
        return found

    def _call(self, path: str, data: bytes | None = None) -> Any:
        with urllib.request.urlopen(
            urllib.request.Request(self.base + path, data=data), timeout=60
        ) as answer:
            return json.load(answer)


@contextmanager
def open_arena(folder: Path, port: int | None = None, **settings: str) -> Iterator[Arena]:
    """Start the server in a process of its own.

    Args:
        settings: its environment, e.g. ``DELAY_MS`` or ``AMBIG``.
    """
    port = port or free_port()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PORT": str(port), **settings}
    process = subprocess.Popen([sys.executable, "server.py"], cwd=folder, env=environment)
    try:
        _await_port(port, process)
        yield Arena(port)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_open(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _await_port(port: int, process: subprocess.Popen[bytes], patience: float = 120.0) -> None:
    began = time.monotonic()
    while not is_open(port):
        if process.poll() is not None or time.monotonic() - began > patience:
            sys.exit(f"the benchmark's server did not start on port {port}")
        time.sleep(0.02)
