"""A worker of its own process that kills itself at a chosen place: ``killed.py URL FOLDER KEY PLACE``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml_connector.cleo.outbound import preparing, rendering
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store
from tests.cleo.outbound.support import Box, Site, order

PLACES = ("allocated", "kept", "uploading", "uploaded", "noted")


class DiskBox(Box):
    """A mailbox whose files outlive the process."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        for path in folder.glob("*/*/*"):
            self.files["/".join(path.parts[-3:-1]), path.name] = path.read_bytes()

    async def upload(self, folder: str, name: str, content: bytes) -> None:
        await super().upload(folder, name, content)
        path = self.folder / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Carries the function out and dies."""

    def carried_out(*args: Any, **more: Any) -> Any:
        function(*args, **more)
        die()

    return carried_out


def arm(place: str) -> None:
    """Have the process die at a place."""
    if place == "allocated":
        rendering.allocate = dying(rendering.allocate)  # type: ignore[attr-defined]
    elif place == "kept":
        preparing.outbound.keep = dying(outbound.keep)  # type: ignore[attr-defined]
    elif place == "uploading":
        outbound.uploading = dying(outbound.uploading)
    elif place == "noted":
        outbound.uploaded = dying(outbound.uploaded)
    else:
        upload = DiskBox.upload

        async def stored(self: DiskBox, folder: str, name: str, content: bytes) -> None:
            await upload(self, folder, name, content)
            die()

        DiskBox.upload = stored  # type: ignore[method-assign]


async def main(url: str, folder: str, key: str, place: str) -> None:
    arm(place)
    with Store(Database(url), Cipher([key]), actor="worker") as store:
        site = Site(store)
        site.box = DiskBox(Path(folder))
        site.put("1", order())
        await site.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
