"""The client against the simulator of Basware: time passes when the client waits, and not otherwise."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.connect import connect
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.control.basware import OPERATIONS
from sandbox.server import Sandbox


def settings(sandbox: Sandbox, **changed: Any) -> BaswareSettings:
    values: dict[str, Any] = {
        "base_url": sandbox.basware_url,
        "login": credentials.BASWARE_CLIENT_ID,
        "password": credentials.BASWARE_CLIENT_SECRET,
        "webhook_token": credentials.BASWARE_WEBHOOK_TOKEN,
    }
    return BaswareSettings(**values | changed)


def connected(
    sandbox: Sandbox, store: Store, options: BaswareOptions | None = None, **changed: Any
) -> AbstractAsyncContextManager[BaswareApi]:
    async def pass_time(seconds: float) -> None:
        sandbox.clock.advance(seconds)

    return connect(
        settings(sandbox, **changed),
        options or BaswareOptions(requests_per_second=1000),
        store,
        clock=sandbox.clock.now,
        sleep=pass_time,
    )


def operate(sandbox: Sandbox, name: str, **body: Any) -> Any:
    """What people do in P2P; see ``sandbox.control.basware``."""
    return OPERATIONS[name](sandbox.basware, body)
