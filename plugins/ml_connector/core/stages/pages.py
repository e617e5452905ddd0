"""Reading ahead: a source answers slowly, and so does a disk; neither needs to wait for the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from ml_connector.core.contract import Page


async def read_ahead(pages: AsyncIterator[Page]) -> AsyncGenerator[Page]:
    """Pages in their order; the next one is fetched while the last one is being written.

    What stops the source is raised after the page before it was handed out.
    """
    coming = asyncio.create_task(_next(pages))
    try:
        while (page := await coming) is not None:
            coming = asyncio.create_task(_next(pages))
            yield page
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def _next(pages: AsyncIterator[Page]) -> Page | None:
    return await anext(pages, None)
