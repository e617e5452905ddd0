"""Starting programs, and ending every process they left, each by its own id."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil


class Failed(Exception):
    """Something that was started did not do its work; the text says where to look."""


class Service:
    """A program that runs until it is stopped, in a process group of its own.

    Args:
        name: what people call it.
        words: the command line.
        environment: all of its environment.
        log: file that gets its output.
        folder: where it runs.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        environment: dict[str, str],
        log: Path,
        folder: Path | None = None,
    ) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                cwd=folder, start_new_session=True,
            )  # fmt: skip

    def check(self) -> None:
        """Raise Failed if it has ended."""
        if (status := self._process.poll()) is not None:
            raise Failed(f"{self.name} ended with status {status}:\n{tail(self.log)}")

    def wait(self) -> int:
        """Until it ends by itself."""
        return self._process.wait()

    def stop(self) -> None:
        """End it and all its descendants.

        Each gets its own SIGTERM: Airflow's executor waits for idle workers that an interrupt of the
        group does not reach, and a running task outlives the group.
        """
        alive = self._family()
        for number, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
            alive = _signal_all(alive, number, patience)
        self._process.wait()

    def _family(self) -> list[psutil.Process]:
        try:
            root = psutil.Process(self._process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _signal_all(
    processes: Sequence[psutil.Process], number: signal.Signals, patience: float
) -> list[psutil.Process]:
    """Those that still live afterwards."""
    for process in processes:
        try:
            process.send_signal(number)  # psutil makes sure that the id is still this process's
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(processes, timeout=patience)
    return list(alive)


def call(words: Sequence[str], environment: dict[str, str], folder: Path) -> str:
    """Run a command to its end; its output comes back.

    Raises:
        Failed: it ended with another status than 0.
    """
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(
            f"`{' '.join(words)}` ended with status {done.returncode}:\n"
            f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
        )
    return done.stdout


def wait_until(
    ready: Callable[[], bool], services: Sequence[Service], what: str, seconds: float = 180
) -> None:
    """Wait for a condition while the services live.

    Raises:
        Failed: a service ended, or the time is up.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        for service in services:
            service.check()
        if time.monotonic() > deadline:
            logs = "\n".join(f"{service.name}: {tail(service.log)}" for service in services)
            raise Failed(f"{what} did not happen within {seconds:.0f} seconds.\n{logs}")
        time.sleep(0.25)


def tail(log: Path, lines: int = 30) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
