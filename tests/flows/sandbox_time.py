"""The sandbox's clock in several processes: whoever waits for Monday.com moves it instead.

Its time goes on by itself, too; what it is ahead of the real time stands in a small file, so that looking at
the clock costs no call.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import struct
import time
import urllib.request
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ml_connector.monday import flows
from ml_connector.monday.connect import connect

Sleep = Callable[[float], Awaitable[None]]
_OFFSET = struct.Struct("d")
_MOMENT = 0.02
"""Real seconds in which another process may move the clock first."""


class SandboxTime:
    """The clock of a sandbox that runs in another process, or in this one.

    Args:
        control_url: of the sandbox.
        file: shared by all processes; made where it is not there.
    """

    def __init__(self, control_url: str, file: Path) -> None:
        self._control_url = control_url
        if not file.exists():
            file.write_bytes(_OFFSET.pack(0.0))
        with file.open("r+b") as handle:
            self._offset = mmap.mmap(handle.fileno(), _OFFSET.size)

    @property
    def offset(self) -> float:
        """Seconds that the sandbox is ahead."""
        found: float = _OFFSET.unpack_from(self._offset)[0]
        return found

    def moved(self, offset: float) -> None:
        """Somebody moved the clock; it never goes back."""
        _OFFSET.pack_into(self._offset, 0, max(offset, self.offset))

    def seconds(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The same moment."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock; blocks."""
        body = json.dumps({"advance": seconds}).encode()
        request = urllib.request.Request(f"{self._control_url}/clock", data=body)
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.moved(json.load(answer)["offset"])

    async def sleep(self, seconds: float) -> None:
        """Wait by that clock: it is moved by what others did not move it meanwhile."""
        end = self.seconds() + seconds
        await asyncio.sleep(min(seconds, _MOMENT))
        if (rest := end - self.seconds()) > 0:
            await asyncio.to_thread(self.advance, rest)


def wait_by(sleep: Sleep, put: Callable[[object, str, object], None] = setattr) -> None:
    """Have the flows of this process wait for Monday.com in this way.

    Args:
        put: ``monkeypatch.setattr``, where the process lives on.
    """
    put(flows, "connect", partial(connect, sleep=sleep))
