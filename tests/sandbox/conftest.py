"""Fixtures of the simulator tests: a small sandbox per test and clients for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.data import Size
from sandbox.server import Sandbox

from .clients import Asker, Payer


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=60, suppliers=30)) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def asker(sandbox: Sandbox, http: aiohttp.ClientSession) -> Asker:
    return Asker(http, sandbox.peoplesoft_url)


@pytest.fixture
async def payer(sandbox: Sandbox, http: aiohttp.ClientSession) -> Payer:
    client = Payer(http, sandbox.bill_url)
    assert (await client.login()).status == 200
    return client
