"""Reading ahead changes when pages are fetched, not what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from ml_connector.core.contract import Page
from ml_connector.core.stages.pages import read_ahead


def page(number: int) -> Page:
    return Page((), str(number), last=number == 3)


class Pages:
    """Three pages; knows what was asked of it."""

    def __init__(self, fail_at: int | None = None, wait_at: int | None = None) -> None:
        self.fail_at, self.wait_at = fail_at, wait_at
        self.asked = 0
        self.cancelled = False

    async def read(self) -> AsyncIterator[Page]:
        for number in (1, 2, 3):
            self.asked = number
            if number == self.fail_at:
                raise ConnectionError("gone")
            if number == self.wait_at:
                await self._wait()
            yield page(number)

    async def _wait(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_the_next_page_is_under_way_while_one_is_handled() -> None:
    pages, cursors = Pages(), []
    async with aclosing(read_ahead(pages.read())) as ahead:
        async for item in ahead:
            await asyncio.sleep(0)
            cursors.append(item.cursor)
            assert pages.asked == min(3, len(cursors) + 1)
    assert cursors == ["1", "2", "3"]


async def test_a_failure_comes_after_the_pages_before_it() -> None:
    ahead = read_ahead(Pages(fail_at=3).read())
    assert [(await anext(ahead)).cursor for _ in range(2)] == ["1", "2"]
    with pytest.raises(ConnectionError):
        await anext(ahead)


async def test_who_stops_early_stops_the_source() -> None:
    pages = Pages(wait_at=2)
    async with aclosing(read_ahead(pages.read())) as ahead:
        async for _ in ahead:
            await asyncio.sleep(0)
            break
    assert pages.cancelled
