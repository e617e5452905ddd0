"""An api-server with nothing but the receiver, as a process of its own.

Run as ``python -m tests.console.receiver_server '<JSON of an Order>'``; it says where it listens. The
product has no hooks for tests: what must be held up is wrapped here, in the process that is to die.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from ml_connector.console.receiver import Limits, Receiver, create
from ml_connector.console.receiver.installation import give_up_early
from ml_connector.console.receiver.writer import Writer
from ml_connector.core.state.store import Store
from tests.console.receiver_support import KEY, House

READY = "listens at "


@dataclass
class Order:
    """What the process is to do.

    Attributes:
        answer: seconds until a sender is answered at the latest.
        hold: never answer what was committed.
    """

    url: str
    key: str
    answer: float = Limits().answer
    hold: bool = False


class PatientHouse(House):
    """Waits for locks as the product does."""

    patience = Limits().answer

    def open_store(self) -> Store:
        store = super().open_store()
        give_up_early(store.database, self.patience)
        store.database.engine.dispose()
        return store


def hold_answers() -> None:
    """Commit, and then never come back."""
    commit = Writer._commit

    def wrapped(self: Writer, group: Any) -> None:
        commit(self, group)
        threading.Event().wait()

    Writer._commit = wrapped  # type: ignore[method-assign]


async def serve(order: Order) -> None:
    if order.hold:
        hold_answers()
    house = PatientHouse(order.url, order.key)
    house.patience = order.answer
    house.sender("shop", "acme", KEY)
    app = FastAPI()
    app.include_router(create(Receiver(house, Limits(answer=order.answer))), prefix="/ml-connector")
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        sys.stdout.write(f"{READY}http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        await uvicorn.Server(config).serve([listening])


@asynccontextmanager
async def serving(url: str, key: str, **more: Any) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A running server: the address that events go to, and its process."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'plugins'}{os.pathsep}{root}"}
    words = [
        sys.executable,
        "-m",
        "tests.console.receiver_server",
        json.dumps(asdict(Order(url, key, **more))),
    ]
    process = await asyncio.create_subprocess_exec(
        *words, env=environment, stdout=asyncio.subprocess.PIPE, cwd=root
    )
    assert process.stdout is not None
    try:
        said = ""
        while not said.startswith(READY):
            said = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
            assert said, "the server ended before it listened"
        yield f"{said.removeprefix(READY).strip()}/ml-connector/webhooks/shop/acme", process
    finally:
        if process.returncode is None:
            process.kill()
        await process.stdout.read()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(Order(**json.loads(sys.argv[1]))))
