from __future__ import annotations

from typing import Any

import pytest

from ml_connector.cleo.api import CleoApi, Connection
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.filters import eq
from ml_connector.cleo.runs import RunResult, run
from ml_connector.core.errors import (
    ConfigurationError,
    InDoubt,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import Interrupted, Response
from ml_connector.core.state.store import Store

from .fake import FakeCleo, action, answer, connection, page, said
from .published import sample
from .support import Sleeps, connected, settings

RUN = "POST /api/actions/send-ACME/run"
LOOK = "GET /api/actions/send-ACME"


def api_of(cleo: Cleo) -> CleoApi:
    assert cleo.api is not None
    return cleo.api


# ---- connections


async def test_connections_as_people_need_them(fake: FakeCleo, state: Store) -> None:
    fake.described = False
    fake.connections = [
        connection(1, enabled="true", ready=True, partnerName="ACMEAS2"),
        connection(2, enabled=False, ready=False, notReadyReason="Server Address is required."),
        connection(3),
        connection(4, enabled="False", type="sftp"),
    ]
    async with connected(fake, state) as cleo:
        found = [one async for one in api_of(cleo).connections()]
    assert found == [
        Connection("connection1", "PARTNER1", "as2", True, True, None, "ACMEAS2"),
        Connection("connection2", "PARTNER2", "as2", False, False, "Server Address is required."),
        Connection("connection3", "PARTNER3", "as2", True, True),
        Connection("connection4", "PARTNER4", "sftp", False, True),
    ]


@pytest.mark.parametrize("name", ["connection_as2", "connection_sftp_not_ready"])
def test_documented_connections_are_understood(name: str) -> None:
    documented = sample(name)
    found = Connection.of(documented)
    assert (found.alias, found.type, found.ready) == (
        documented["alias"], documented["type"], documented.get("ready", True)
    )  # fmt: skip
    assert found.reason == documented.get("notReadyReason")


async def test_a_connection_by_its_name(fake: FakeCleo, state: Store) -> None:
    fake.connections = [connection(n) for n in range(30)] + [connection(99, alias='A "quoted" \\ name')]
    async with connected(fake, state, page_size=2) as cleo:
        api = api_of(cleo)
        assert (await api.connection("PARTNER7")) == Connection.of(connection(7))
        assert (await api.connection('A "quoted" \\ name')) is not None
        assert (await api.connection("partner7")) is None
        assert await api.count_connections() == 31
        assert len([one async for one in api.connections(eq("type", "as2"))]) == 31


async def test_a_filter_that_is_ignored_finds_nobody_else(fake: FakeCleo, state: Store) -> None:
    fake.fault("GET /api/connections", answer({"totalResults": 1, "resources": [connection(1)]}))
    async with connected(fake, state) as cleo:
        assert await api_of(cleo).connection("OTHER") is None


async def test_where_only_the_mailbox_is_known_there_is_no_api(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state, where=settings(admin=None)) as cleo:
        assert cleo.api is None
        assert await cleo.mailbox.folders() == ["download", "upload"]


# ---- actions


async def test_an_action_is_found_by_its_name_and_its_connection(fake: FakeCleo, state: Store) -> None:
    fake.actions = [
        action("send", "ACME"),
        action("send", "GLOBEX"),
        action("collect", "ACME", runnable=False),
    ]
    async with connected(fake, state) as cleo:
        found = await api_of(cleo).action("send", "ACME")
    assert (found.alias, found.connection, found.runnable) == ("send", "ACME", True)
    assert found.run_href == "/api/actions/send-ACME/run"
    (asked,) = [one for one in fake.sent if "actions" in one.url]
    assert dict(asked.params)["filter"] == 'alias eq "send" and connection.alias eq "ACME"'


async def test_the_documented_action_is_understood(fake: FakeCleo, state: Store) -> None:
    fake.fault("GET /api/actions", answer(sample("actions_page")))
    async with connected(fake, state) as cleo:
        found = await api_of(cleo).action("send", "ACME-0000004711")
    assert (found.last_status, found.running) == ("Success", False)
    assert found.run_href == "/api/actions/w0c9QmE3SxuTnYb5rLd2Gg/run"


@pytest.mark.parametrize(
    ("rows", "words"),
    [([], "no action 'send'"), ([action("send", "ACME"), action("send", "ACME", id="other")], "2 actions")],
)
async def test_an_action_must_be_the_only_one(
    fake: FakeCleo, state: Store, rows: list[dict[str, Any]], words: str
) -> None:
    fake.actions = rows
    async with connected(fake, state) as cleo:
        with pytest.raises(ConfigurationError, match=words):
            await api_of(cleo).action("send", "ACME")


# ---- running


async def ran(fake: FakeCleo, state: Store, sleep: Sleeps | None = None, **more: Any) -> RunResult:
    fake.actions = fake.actions or [action("send", "ACME", runnable=True)]
    async with connected(fake, state, sleep=sleep, **more) as cleo:
        api = api_of(cleo)
        return await run(api, await api.action("send", "ACME"))


@pytest.mark.parametrize(
    ("name", "succeeded", "reason"),
    [("run_success", True, "Success"), ("run_error", False, "Error connect timed out")],
)
async def test_the_result_counts_not_the_status(
    fake: FakeCleo, state: Store, name: str, succeeded: bool, reason: str
) -> None:
    fake.runs = [sample(name)]
    result = await ran(fake, state)
    assert (result.succeeded, result.reason) == (succeeded, reason)
    sent = fake.sent[-1]
    assert dict(sent.params) == {"timeout": "300", "messagesCount": "100"}
    assert (sent.body, sent.timeout) == (None, 330.0)


@pytest.mark.parametrize("result", ["warning", "exception", "interrupted", None, ""])
async def test_anything_but_success_is_none(fake: FakeCleo, state: Store, result: str | None) -> None:
    fake.described = False
    fake.runs = [{"status": "completed", "result": result}]
    assert not (await ran(fake, state)).succeeded


@pytest.mark.parametrize(("status", "succeeded"), [("Success", True), ("Error", False), (None, False)])
async def test_a_run_that_goes_on_is_looked_at_until_it_ends(
    fake: FakeCleo, state: Store, status: str | None, succeeded: bool
) -> None:
    fake.runs = [sample("run_still_running")]
    going = {**action("send", "ACME"), "running": True}
    fake.fault(LOOK, answer(going), times=2)
    fake.fault(LOOK, answer({**action("send", "ACME"), "running": False, "lastStatus": status}))
    sleep = Sleeps()
    result = await ran(fake, state, sleep)
    assert result.succeeded is succeeded
    assert sleep.seconds.count(5.0) == 3


async def test_a_run_that_never_ends_is_in_doubt(fake: FakeCleo, state: Store) -> None:
    fake.runs = [{"status": "running"}]
    fake.fault(LOOK, answer({**action("send", "ACME"), "running": True}), times=None)
    sleep = Sleeps()
    with pytest.raises(InDoubt, match="runs for more than 60 s"):
        await ran(fake, state, sleep, run={"longest_seconds": 60})


async def test_a_run_whose_end_cannot_be_seen_is_in_doubt(fake: FakeCleo, state: Store) -> None:
    fake.runs = [{"status": "running"}]
    fake.fault(LOOK, said("Forbidden", 403), times=None)
    with pytest.raises(InDoubt, match="was started"):
        await ran(fake, state)


@pytest.mark.parametrize(
    "given",
    [
        Interrupted("reset", "the connection broke off"),
        Interrupted("timeout", "no answer in time"),
        said("Broken", 500),
        page("<html>gateway timeout</html>", 504),
        Response(200, {"Content-Type": "application/json"}, b"{"),
    ],
)
async def test_a_broken_run_is_in_doubt_and_not_repeated(
    fake: FakeCleo, state: Store, given: Response | Exception
) -> None:
    fake.fault(RUN, given, times=None)
    with pytest.raises(InDoubt):
        await ran(fake, state)
    assert fake.calls(RUN) == 1


async def test_a_run_for_somebody_else_is_waited_for(fake: FakeCleo, state: Store) -> None:
    fake.runs = [sample("run_success")]
    fake.fault(RUN, said("The action is running", 409))
    fake.fault(LOOK, answer({**action("send", "ACME"), "running": True}))
    assert (await ran(fake, state)).succeeded
    assert fake.calls(RUN) == 2


@pytest.mark.parametrize("busy", [True, False])
async def test_an_action_that_is_always_busy_was_not_run(fake: FakeCleo, state: Store, busy: bool) -> None:
    fake.fault(RUN, said("The action is running", 409), times=None)
    fake.fault(LOOK, answer({**action("send", "ACME"), "running": busy}), times=None)
    with pytest.raises(Unavailable):
        await ran(fake, state, run={"longest_seconds": 60})


async def test_a_run_needs_its_right(fake: FakeCleo, state: Store) -> None:
    fake.actions = [action("send", "ACME", runnable=False)]
    with pytest.raises(NotActivated, match=r"Hosts \(start and stop\)"):
        await ran(fake, state)
    assert fake.calls(RUN) == 0
    fake.actions = [action("send", "ACME")]
    fake.fault(RUN, said("Forbidden", 403))
    with pytest.raises(NotActivated, match=r"Hosts \(start and stop\)"):
        await ran(fake, state)


async def test_a_run_that_is_delayed_was_not_started(fake: FakeCleo, state: Store) -> None:
    fake.fault(RUN, said("slow down", 429, Retry_After="900"), times=None)
    with pytest.raises(RateLimited):
        await ran(fake, state)
