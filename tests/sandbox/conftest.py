"""Fixtures of the simulator tests: a small sandbox per test and clients for it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread

from .basware_client import UNHURRIED, Buyer
from .basware_contract import Contract
from .cleo_client import Tenant
from .clients import Asker, Payer
from .monday_client import Desk
from .receiver import Hooks, Receiver
from .soap_client import Site


def facts_folder() -> Path:
    return Path(os.environ.get("ML_FACTS") or Path(__file__).parents[3] / "shared" / "facts")


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


@pytest.fixture
def tenant(sandbox: Sandbox, http: aiohttp.ClientSession) -> Tenant:
    return Tenant(http, sandbox)


@pytest.fixture
def desk(sandbox: Sandbox, http: aiohttp.ClientSession) -> Desk:
    return Desk(http, sandbox)


@pytest.fixture(scope="session")
def contracts() -> dict[Path, Contract]:
    return {}


@pytest.fixture
def contract(facts: Path, contracts: dict[Path, Contract]) -> Contract:
    """Basware's interface descriptions."""
    if facts not in contracts:
        contracts[facts] = Contract(facts / "basware")
    return contracts[facts]


@pytest.fixture
async def buyer(http: aiohttp.ClientSession, contracts: dict[Path, Contract]) -> AsyncIterator[Buyer]:
    """A client whose exchanges are held against the vendor's descriptions where these are at hand."""
    folder = facts_folder()
    if folder.is_dir() and folder not in contracts:
        contracts[folder] = Contract(folder / "basware")
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        running.basware.switches.change(UNHURRIED)
        yield Buyer(http, running, contract=contracts.get(folder))


@pytest.fixture
def facts() -> Path:
    """Folder of the fact sheets, which are no part of the repository."""
    folder = facts_folder()
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the fact sheets are needed at {folder}; set ML_FACTS")
        pytest.skip(f"the fact sheets are not at {folder}; set ML_FACTS to check against them")
    return folder


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture
def hooks(sandbox: Sandbox, payer: Payer, receiver: Receiver) -> Hooks:
    return Hooks(sandbox, payer, receiver)


@pytest.fixture
def site() -> Iterator[Site]:
    """A sandbox in a thread of its own, for clients that block."""
    thread = SandboxThread(lambda: Sandbox(Size(vouchers=60, suppliers=30)))
    with thread as running:
        yield Site(thread, running)
