"""Pages for people and the receiver of webhooks, inside Airflow's api-server.

Plugins are loaded by every process of Airflow, tasks included; only the api-server ever asks for a
page. So this module is light, and what it stands for is imported with the first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

PREFIX = "/ml-connector"
"""Where the api-server mounts it."""

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Scope]]
_Send = Callable[[_Scope], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]


class LazyApp:
    """The ASGI application, made when it is first asked."""

    def __init__(self) -> None:
        self._app: _App | None = None

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if self._app is None:
            self._app = await asyncio.to_thread(_load)  # the api-server's other requests go on meanwhile
        await self._app(scope, receive, send)

    def __repr__(self) -> str:
        return "ml_connector.console.app.app"


def _load() -> _App:
    from ml_connector.console.app import app

    return app
