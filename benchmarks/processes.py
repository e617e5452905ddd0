"""Runs one command and says what it cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    """``cpu`` is user and system time of the process itself, ``peak_mib`` its largest resident size."""

    status: int
    wall: float
    cpu: float
    peak_mib: float


def environment(**more: str) -> dict[str, str]:
    """The shell's environment, in which the package can be imported and its byte code is kept."""
    path = os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": path, **more}


def run(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: Path = ROOT,
    patience: float = 600.0,
    kill_when: Callable[[], bool] | None = None,
) -> Cost:
    """Run to the end, or until ``kill_when`` holds, or until patience ends; then it is killed.

    A killed command has the status -9.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=dict(env), cwd=cwd, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        usage = None
        while usage is None:
            pid, status, found = os.wait4(process.pid, os.WNOHANG)
            if pid:
                usage = found
            elif time.perf_counter() - began > patience or (kill_when is not None and kill_when()):
                os.killpg(process.pid, signal.SIGKILL)
                kill_when, patience = None, float("inf")
            else:
                time.sleep(0.01)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.stderr.read().decode(errors="replace")[-500:] if process.stderr else ""
    if process.returncode not in (0, -signal.SIGKILL):
        sys.stderr.write(said)
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Cost(process.returncode, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)
