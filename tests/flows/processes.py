"""Processes that work in a test's world until they end, are killed or suspended.

Importing the product and Airflow takes seconds of each processor: a server imports everything once, and
the processes are forked from it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, TextIO

import psutil

_SERVER = multiprocessing.get_context("forkserver")
# One server for all of a test session's processes: it knows whatever any of them needs.
_SERVER.set_forkserver_preload(
    ["tests.flows.worker", *(f"tests.flows.{name}_worker" for name in ("cleo", "monday", "basware"))]
)


@dataclass
class Worker:
    """A running process and what it has said."""

    process: multiprocessing.process.BaseProcess
    output: TextIO
    said: list[str] = field(default_factory=list)

    async def says(self, text: str) -> str:
        """Wait for a line that begins so; fail when the process ends without it."""
        while line := await asyncio.wait_for(asyncio.to_thread(self.output.readline), 60):
            self.said.append(line.strip())
            if line.startswith(text):
                return line.strip()
        raise AssertionError(f"ended without {text!r}: {self.said}")

    async def ends(self) -> int | None:
        """Its exit status, after all that it said."""
        rest = await asyncio.wait_for(asyncio.to_thread(self.output.readlines), 60)
        self.said += [line.strip() for line in rest]
        await asyncio.to_thread(self.process.join, 30)
        return self.process.exitcode

    async def stands_still(self) -> None:
        """Wait until the kernel has suspended it; it is no child of ours, so that nobody tells us."""
        await asyncio.wait_for(asyncio.to_thread(self._suspended), 30)

    def _suspended(self) -> None:
        one = psutil.Process(self.process.pid)
        while one.status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)


@asynccontextmanager
async def forked(work: Callable[[Any], None], order: object) -> AsyncIterator[Worker]:
    """A process that does some work; it is gone at the end.

    Args:
        work: a module's function, called in the process with the order.
        order: can be pickled.
    """
    reading, writing = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_work, args=(work, order, writing), daemon=True)
    await asyncio.to_thread(process.start)
    writing.close()
    with os.fdopen(os.dup(reading.fileno())) as output:
        reading.close()
        try:
            yield Worker(process, output)
        finally:
            if process.is_alive():
                process.kill()
            await asyncio.to_thread(process.join)


def _work(work: Callable[[Any], None], order: object, pipe: Connection) -> None:
    """In the process: what it prints goes to the pipe."""
    sys.stdout = os.fdopen(os.dup(pipe.fileno()), "w")
    sys.stderr = sys.stdout
    work(order)
