"""The addresses of the receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from ml_connector.console.receiver.handler import Receiver


def create(receiver: Receiver) -> APIRouter:
    """``POST /webhooks/{system}/{tenant}[/{type}]``, open to everybody: the signature decides.

    An application that includes the router closes the receiver when it ends, where its own lifespan
    is run. Nothing rests on that: what was answered is committed.
    """

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        yield
        await receiver.close()

    async def deliver(request: Request) -> Response:
        return await receiver.receive(request, **request.path_params)

    router = APIRouter(lifespan=lifespan)
    for path in ("/webhooks/{system}/{tenant}", "/webhooks/{system}/{tenant}/{event_type}"):
        # Plain routes: FastAPI's analysis of arguments would cost as much as all else that is done here.
        router.add_route(path, deliver, methods=["POST"], include_in_schema=False)
    return router
