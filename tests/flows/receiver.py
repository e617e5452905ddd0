"""The product's receiver of webhooks over real HTTP, in the test's own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from ml_connector.bill.back import make_verifier, receiver_url
from ml_connector.console.receiver import MakeVerifier, Receiver, create
from ml_connector.console.receiver.verifiers import Installation
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier
from tests.flows.harness import Harness


@dataclass(frozen=True)
class OneTenant:
    """An installation with the harness's tenant and nothing else."""

    harness: Harness

    def addresses(self) -> Mapping[tuple[str, str], MakeVerifier]:
        """BILL may deliver for the tenant."""
        return {("bill", self.harness.tenant.tenant): self._verifier}

    def open_store(self) -> Store:
        """The harness's state."""
        return self.harness.store("webhooks")

    def _verifier(self, store: Store) -> Verifier:
        return make_verifier(self.harness.bill, self.harness.options, store, self.harness.tenant.tenant)


@asynccontextmanager
async def listening(harness: Harness) -> AsyncIterator[str]:
    """The address to which BILL is to send its events."""
    async with serving(OneTenant(harness)) as base_url:
        yield receiver_url(base_url, harness.tenant.tenant)


@asynccontextmanager
async def serving(installation: Installation) -> AsyncIterator[str]:
    """Base URL under which the receiver of an installation is reached."""
    app = FastAPI()
    app.include_router(create(Receiver(installation)), prefix="/ml-connector")
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(30):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
