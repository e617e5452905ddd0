"""The connection against the simulator, over sockets, with what is not published switched both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from ml_connector.cleo.connect import Cleo, connect
from ml_connector.cleo.mailbox import FileExists, FileGone
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.runs import run
from ml_connector.cleo.settings import CleoSettings
from ml_connector.core.errors import InDoubt, NotActivated, RateLimited, Rejected, Unavailable
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox

from .support import FAST, Sleeps

ISA = (
    b"ISA*00*          *00*          *ZZ*PSFTUS001      *01*123456789      "
    b"*261120*0915*U*00401*000000001*0*T*>~"
)
WAYS = pytest.mark.parametrize("way", ["api", "sftp"])


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        running.cleo.switches.pickup = "stopped"
        yield running


def connected(
    sandbox: Sandbox, state: Store, way: str = "api", sleep: Sleeps | None = None, **options: Any
) -> AbstractAsyncContextManager[Cleo]:
    host, _, port = sandbox.cleo_sftp.address.partition(":")
    extra = {
        "mailbox_login": credentials.CLEO_MAILBOX, "mailbox_password": credentials.CLEO_MAILBOX_PASSWORD,
        "transport": way, "sftp_host": host, "sftp_port": port, "sftp_host_key": sandbox.cleo_sftp.host_key,
        "api_provider_url": f"{sandbox.cleo_url}{sandbox.cleo.switches.provider_path}",
        "api_provider_token": credentials.CLEO_API_TOKEN,
    }  # fmt: skip
    settings = CleoSettings.from_connection(
        host=sandbox.cleo_url,
        login=credentials.CLEO_ADMIN,
        password=credentials.CLEO_ADMIN_PASSWORD,
        extra=extra,
    )
    time = sleep or Sleeps()
    return connect(settings, CleoOptions(**{"pace": FAST} | options), state, clock=time.clock, sleep=time)


def switch(sandbox: Sandbox, **switches: Any) -> None:
    for name, value in switches.items():
        setattr(sandbox.cleo.switches, name, value)


def fault(sandbox: Sandbox, kind: str, operation: str, **more: Any) -> None:
    sandbox.faults.add(system="cleo", kind=kind, operation=operation, **more)


@WAYS
async def test_a_file_goes_up_and_is_not_overwritten(sandbox: Sandbox, state: Store, way: str) -> None:
    async with connected(sandbox, state, way) as cleo:
        await cleo.mailbox.upload("upload/850", "a.edi", ISA)
        (found,) = await cleo.mailbox.list("upload/850")
        assert (found.name, found.size) == ("a.edi", len(ISA))
        with pytest.raises(FileExists) as caught:
            await cleo.mailbox.upload("upload/850", "a.edi", ISA + b"x")
        assert caught.value.size == len(ISA)


@WAYS
async def test_a_file_for_us_is_taken(sandbox: Sandbox, state: Store, way: str) -> None:
    folder = sandbox.cleo.files.folders["download/997"]
    sandbox.cleo.files.store(folder, "b.edi", ISA, owner="cleo")
    async with connected(sandbox, state, way) as cleo:
        (found,) = await cleo.mailbox.list("download/997")
        assert await cleo.mailbox.download(found) == ISA
        await cleo.mailbox.remove(found)
        await cleo.mailbox.remove(found)
        assert await cleo.mailbox.list("download/997") == []
        with pytest.raises(FileGone):
            await cleo.mailbox.download(found)


@WAYS
async def test_a_mailbox_that_shows_nothing_of_its_uploads(sandbox: Sandbox, state: Store, way: str) -> None:
    """Then folders are found only where Cleo lists all of them at once."""
    switch(sandbox, list_upload=False, folder_listing="flat")
    async with connected(sandbox, state, way) as cleo:
        await cleo.mailbox.upload("upload/850", "a.edi", ISA)
        with pytest.raises(FileExists):
            await cleo.mailbox.upload("upload/850", "a.edi", ISA)
        with pytest.raises(NotActivated):
            await cleo.mailbox.list("upload/850")


@WAYS
async def test_a_type_that_is_not_allowed_is_rejected(sandbox: Sandbox, state: Store, way: str) -> None:
    async with connected(sandbox, state, way) as cleo:
        with pytest.raises(Rejected, match="Allowed File Types"):
            await cleo.mailbox.upload("upload/850", "a.exe", ISA)


@pytest.mark.parametrize(
    "switches",
    [
        {"folder_listing": "flat"},
        {"page_echo": False, "count_ceiling": 1},
        {"expires_in": "absent", "token_type": False},
        {"expires_in": "text"},
        {"text_booleans": True, "action_links": "object"},
        {"filter_operators": "documented"},
    ],
)
async def test_what_is_not_published_may_be_either_way(
    sandbox: Sandbox, state: Store, switches: dict[str, Any]
) -> None:
    switch(sandbox, **switches)
    async with connected(sandbox, state) as cleo:
        assert cleo.api is not None
        await cleo.mailbox.upload("upload/850", "a.edi", ISA)
        assert [file.name for file in await cleo.mailbox.list("upload/850")] == ["a.edi"]
        found = {one.alias async for one in cleo.api.connections()}
        assert {"ACME", "GLOBEX", "INITECH", "NORTHWIND", "UMBRELLA"} == found
        acme = await cleo.api.connection("ACME")
        assert acme is not None
        assert acme.enabled
        assert isinstance(await cleo.api.transfers(sandbox.clock.now()), list)


@pytest.mark.parametrize("how", ["forbidden", "absent"])
async def test_what_this_cleo_does_not_show_is_none(sandbox: Sandbox, state: Store, how: str) -> None:
    switch(sandbox, transfers=how, events=how)
    async with connected(sandbox, state) as cleo:
        assert cleo.api is not None
        assert await cleo.api.transfers() is None
        assert await cleo.api.transfers_of("a.edi") is None
        assert cleo.api.trouble is None


async def test_a_token_that_ends_in_the_middle_is_replaced(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as cleo:
        await cleo.mailbox.folders()
        fault(sandbox, "expire_token", "GET /folders")
        await cleo.mailbox.folders()
    assert sandbox.calls.count("cleo POST /authentication") == 2


@pytest.mark.parametrize("value", ["20", "date", ""])
async def test_a_429_is_waited_out(sandbox: Sandbox, state: Store, value: str) -> None:
    sleep = Sleeps(now=sandbox.clock.now())
    fault(sandbox, "error", "GET /folders", status=429, value=value, seconds=20)
    async with connected(sandbox, state, sleep=sleep) as cleo:
        await cleo.mailbox.folders()
    assert sum(sleep.seconds) >= (19 if value else 1)


async def test_an_endless_429_stops_the_flow(sandbox: Sandbox, state: Store) -> None:
    fault(sandbox, "error", "GET /folders", status=429, count=None)
    async with connected(sandbox, state) as cleo:
        with pytest.raises(RateLimited):
            await cleo.mailbox.folders()


async def test_a_lost_answer_to_an_upload_is_in_doubt_and_found(sandbox: Sandbox, state: Store) -> None:
    fault(sandbox, "lost", "POST /folders/{id}/contents")
    async with connected(sandbox, state) as cleo:
        with pytest.raises(InDoubt):
            await cleo.mailbox.upload("upload/850", "a.edi", ISA)
        assert [file.size for file in await cleo.mailbox.list("upload/850")] == [len(ISA)]


async def test_an_outage_of_an_upload_stored_nothing(sandbox: Sandbox, state: Store) -> None:
    fault(sandbox, "error", "POST /folders/{id}/contents", status=503)
    async with connected(sandbox, state) as cleo:
        with pytest.raises(Unavailable):
            await cleo.mailbox.upload("upload/850", "a.edi", ISA)
        assert await cleo.mailbox.list("upload/850") == []


@pytest.mark.parametrize(("result", "succeeded"), [("success", True), ("error", False), ("exception", False)])
@pytest.mark.parametrize("seconds", [0.0, 400.0])
async def test_an_action_is_run_to_its_end(
    sandbox: Sandbox, state: Store, result: str, succeeded: bool, seconds: float
) -> None:
    switch(sandbox, run_result=result, run_seconds=seconds)
    sleep = Sleeps(now=sandbox.clock.now(), on_advance=sandbox.clock.advance)
    async with connected(sandbox, state, sleep=sleep) as cleo:
        assert cleo.api is not None
        action = await cleo.api.action("send", "ACME")
        assert (await run(cleo.api, action)).succeeded is succeeded


async def test_a_document_goes_to_an_endpoint(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as cleo:
        assert (await cleo.post_json("/invoices", {"number": "INV-1"}))["status"] == "accepted"
        switch(sandbox, provider_status=503)
        with pytest.raises(Unavailable):
            await cleo.post_json("/invoices", {"number": "INV-2"})
