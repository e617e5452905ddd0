"""Waiting, failures by class, and lists: shown on the list of connections and on folders."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ml_connector.cleo.api import Connection
from ml_connector.cleo.connect import Cleo, connect
from ml_connector.cleo.errors import NotFound, NotOffered, Taken
from ml_connector.cleo.options import CleoOptions
from ml_connector.core.errors import (
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)
from ml_connector.core.fence import fenced
from ml_connector.core.http import Interrupted, NotSent, Request, Response
from ml_connector.core.state.store import Store

from .fake import FakeCleo, answer, connection, page, said
from .published import sample
from .support import FAST, Sleeps, connected, settings

LIST = "GET /api/connections"
UPLOAD = "POST /api/folders/.*"


async def listed(cleo: Cleo) -> list[Connection]:
    assert cleo.api is not None
    return [one async for one in cleo.api.connections()]


# ---- lists


@pytest.mark.parametrize("ceiling", [1, 7, 50, 1000])
@pytest.mark.parametrize("echo", [True, False])
async def test_every_row_comes_once_whatever_the_page(
    fake: FakeCleo, state: Store, ceiling: int, echo: bool
) -> None:
    fake.connections = [connection(n) for n in range(23)]
    fake.ceiling, fake.echo = ceiling, echo
    async with connected(fake, state, page_size=100) as cleo:
        assert [one.alias for one in await listed(cleo)] == [f"PARTNER{n}" for n in range(23)]


async def test_the_first_index_is_zero(fake: FakeCleo, state: Store) -> None:
    fake.connections = [connection(n) for n in range(5)]
    async with connected(fake, state, page_size=2) as cleo:
        await listed(cleo)
    asked = [dict(one.params)["startIndex"] for one in fake.sent if "connections" in one.url]
    assert asked == ["0", "2", "4"]


async def test_an_empty_list_is_one_call(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        assert await listed(cleo) == []
    assert fake.calls(LIST) == 1


@pytest.mark.parametrize("name", ["connections_page_empty", "connections_page_1_of_2"])
async def test_documented_pages_are_understood(fake: FakeCleo, state: Store, name: str) -> None:
    documented = sample(name)
    fake.fault(LIST, answer(documented))
    fake.fault(LIST, answer({"totalResults": documented["totalResults"], "resources": []}), times=None)
    async with connected(fake, state) as cleo:
        assert [one.alias for one in await listed(cleo)] == [row["alias"] for row in documented["resources"]]


async def test_rows_that_shift_are_read_again(fake: FakeCleo, state: Store) -> None:
    """A row of the first page goes while the second is read: the row that moved up is not lost."""
    fake.connections = [connection(n) for n in range(6)]

    def shift(request: Request) -> None:
        if dict(request.params).get("startIndex") == "2" and len(fake.connections) == 6:
            del fake.connections[0]

    fake.on_call = shift
    async with connected(fake, state, page_size=2) as cleo:
        found = [one.alias for one in await listed(cleo)]
    assert sorted(found) == [f"PARTNER{n}" for n in range(6)]
    assert len(found) == len(set(found))


async def test_a_list_that_never_ends_is_told(fake: FakeCleo, state: Store) -> None:
    """A server that ignores startIndex."""
    fake.fault(LIST, answer({"totalResults": 9, "resources": [connection(1), connection(2)]}), times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(ContractChanged, match="leads back"):
            await listed(cleo)


async def test_a_list_without_a_total_ends_with_an_empty_page(fake: FakeCleo, state: Store) -> None:
    fake.fault(LIST, answer({"resources": [connection(1)]}))
    fake.fault(LIST, answer({"resources": []}))
    async with connected(fake, state) as cleo:
        assert len(await listed(cleo)) == 1


@pytest.mark.parametrize("body", [{"totalResults": 1}, {"resources": {"a": 1}}, {"resources": ["x"]}, ["x"]])
async def test_another_form_of_list_is_told(fake: FakeCleo, state: Store, body: Any) -> None:
    fake.fault(LIST, answer(body))
    async with connected(fake, state) as cleo:
        with pytest.raises(ContractChanged, match="listing the connections"):
            await listed(cleo)


# ---- waiting


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_429_with_a_time_waits_that_long(fake: FakeCleo, state: Store, form: str) -> None:
    sleep = Sleeps()
    later = format_datetime(sleep.now + timedelta(seconds=42), usegmt=True)
    fake.fault(LIST, said("slow down", 429, Retry_After="42" if form == "seconds" else later))
    async with connected(fake, state, sleep=sleep) as cleo:
        assert await listed(cleo) == []
    assert any(41.0 <= seconds <= 42.0 for seconds in sleep.seconds)
    assert fake.calls(LIST) == 2


async def test_429_without_a_time_backs_off(fake: FakeCleo, state: Store) -> None:
    sleep = Sleeps()
    fake.fault(LIST, said("slow down", 429), times=4)
    async with connected(fake, state, sleep=sleep) as cleo:
        await listed(cleo)
    waits = [seconds for seconds in sleep.seconds if seconds > 0.1]  # the pace waits for a blink too
    assert all(full / 2 <= wait <= full for wait, full in zip(waits, [2.0, 4.0, 8.0, 16.0], strict=True)), (
        waits
    )


async def test_429_holds_for_uploads_too_since_nothing_was_done(fake: FakeCleo, state: Store) -> None:
    fake.fault(UPLOAD, said("slow down", 429, Retry_After="3"))
    async with connected(fake, state) as cleo:
        await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert fake.files == {"upload/850/a.edi": b"ISA"}


async def test_429_that_does_not_end_is_told_with_its_time(fake: FakeCleo, state: Store) -> None:
    sleep = Sleeps()
    fake.fault(LIST, said("slow down", 429), times=None)
    async with connected(fake, state, sleep=sleep) as cleo:
        with pytest.raises(RateLimited, match="listing the connections: Cleo asks to wait") as caught:
            await listed(cleo)
    assert 1.0 <= caught.value.retry_after <= 120.0
    assert sum(sleep.seconds) <= 240.0
    assert fake.calls(LIST) <= 8


async def test_a_long_wait_is_left_to_the_scheduler(fake: FakeCleo, state: Store) -> None:
    sleep = Sleeps()
    fake.fault(LIST, said("slow down", 429, Retry_After="600"))
    async with connected(fake, state, sleep=sleep) as cleo:
        with pytest.raises(RateLimited) as caught:
            await listed(cleo)
    assert caught.value.retry_after == 600
    assert sleep.seconds == []


async def test_all_tasks_wait_when_one_is_told_to(fake: FakeCleo, state: Store) -> None:
    """Another task's call waits for the end of the pause instead of asking at once."""
    first, second = Sleeps(), Sleeps()
    fake.fault(LIST, said("slow down", 429, Retry_After="30"))
    async with connected(fake, state, sleep=first) as cleo, connected(fake, state, sleep=second) as other:
        await listed(cleo)
        assert sum(first.seconds) >= 30
        await listed(other)
    assert sum(second.seconds) >= 29


# ---- failures


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (said("Bad filter", 400), Rejected, "Bad filter"),
        (said("Forbidden", 403), NotActivated, r"Hosts \(view\)"),
        (said("Resource not found.", 404), NotFound, "Resource not found"),
        (said("Gone", 410), NotFound, "Gone"),
        (said("", 405), NotOffered, "does not offer"),
        (said("", 501), NotOffered, "does not offer"),
        (page("<html>Not Found</html>", 404), NotFound, "HTTP 404 with a web page"),
        (page("<html>Forbidden</html>", 403), NotActivated, "with a web page: it may come from a proxy"),
        (page("<html>Not allowed</html>", 405), NotOffered, "does not offer"),
        (said("Busy", 409), Taken, "Busy"),
        (said("Broken", 500), Unavailable, "Broken"),
        (said("Down", 503), Unavailable, "503"),
        (page("<html>proxy</html>", 502), Unavailable, "502"),
        (page("<!DOCTYPE html>Sign in"), Unavailable, "web page came back"),
        (Response(200, {}, b"  <HTML>"), Unavailable, "web page came back"),
        (Response(302, {"Location": "https://sso.example.com"}), ConfigurationError, "host: .*redirects"),
        (Response(400, {"Content-Type": "text/plain"}, b"plain text"), Rejected, "plain text"),
        (answer({"message": "a", "errors": [{"message": "b"}, "c"]}, 400), Rejected, "a; b; c"),
        (answer({"error": "invalid"}, 400), Rejected, "invalid"),
        (answer([], 422), Rejected, "HTTP 422"),
        (Response(200, {"Content-Type": "application/json"}, b"[1,"), ContractChanged, "no JSON object"),
        (NotSent("refused", "no connection"), Unavailable, "no connection"),
        (Interrupted("reset", "the connection broke off"), Unavailable, "broke off"),
        (Interrupted("timeout", "no answer in time"), Unavailable, "in time"),
    ],
)
async def test_failures_of_reads(
    fake: FakeCleo, state: Store, given: Response | Exception, kind: type[ConnectorError], words: str
) -> None:
    fake.fault(LIST, given, times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(kind, match=words):
            await listed(cleo)


@pytest.mark.parametrize("name", ["error_401", "error_404", "error_409_cert"])
async def test_documented_errors_show_their_message(fake: FakeCleo, state: Store, name: str) -> None:
    documented = sample(name)
    fake.fault(LIST, answer(documented, int(name.split("_")[1])), times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(ConnectorError, match=documented["message"]):
            await listed(cleo)


async def test_an_outage_that_passes_is_waited_out(fake: FakeCleo, state: Store) -> None:
    sleep = Sleeps()
    fake.fault(LIST, said("Down", 503))
    fake.fault(LIST, page("<html>bad gateway</html>", 502))
    async with connected(fake, state, sleep=sleep) as cleo:
        assert await listed(cleo) == []
    assert fake.calls(LIST) == 3
    assert len(sleep.seconds) == 2


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (said("Broken", 500), InDoubt),
        (said("Bad gateway", 502), InDoubt),
        (said("Timeout", 504), InDoubt),
        (said("Timeout", 408), InDoubt),
        (page("<html>done?</html>", 200), InDoubt),
        (Interrupted("timeout", "no answer in time"), InDoubt),
        (Interrupted("reset", "the connection broke off"), InDoubt),
        (said("Down", 503), Unavailable),
        (page("<html>maintenance</html>", 503), Unavailable),
        (page("<html>Forbidden</html>", 403), NotActivated),
        (said("", 405), NotOffered),
        (NotSent("refused", "no connection"), Unavailable),
    ],
)
async def test_failures_of_writes_say_whether_it_may_have_happened(
    fake: FakeCleo, state: Store, given: Response | Exception, kind: type[ConnectorError]
) -> None:
    fake.fault(UPLOAD, given, times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(kind):
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert fake.calls(UPLOAD) == 1


async def test_a_task_that_lost_its_claim_sends_nothing(fake: FakeCleo, state: Store) -> None:
    def lost() -> None:
        raise RuntimeError("the claim is lost")

    async with connected(fake, state) as cleo:
        await cleo.mailbox.folders()
        before = len(fake.sent)
        with fenced(lost), pytest.raises(RuntimeError, match="lost"):
            await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert len(fake.sent) == before
    assert fake.files == {}


# ---- pace


async def test_calls_are_paced_over_all_tasks(fake: FakeCleo, state: Store) -> None:
    """Each call costs its share of a second; a task that comes later pays for those before."""
    sleep = Sleeps()
    pace = {"concurrent": 4, "per_task": 2, "per_second": 5}
    for _ in range(3):
        async with connected(fake, state, sleep=sleep, pace=pace) as cleo:
            for _ in range(20):
                await cleo.mailbox.folders()
    calls = len(fake.sent)
    assert calls >= 60
    assert sum(sleep.seconds) >= (calls - 10) / 5


class Slow:
    """Answers after a moment, and counts who waits meanwhile."""

    def __init__(self, fake: FakeCleo) -> None:
        self.fake, self.flying, self.most = fake, 0, 0

    async def send(self, request: Request) -> Response:
        self.flying += 1
        self.most = max(self.most, self.flying)
        for _ in range(50):  # until another one is here too, on a machine that is busy as well
            await asyncio.sleep(0.01)
            if self.flying > 1:
                break
        self.flying -= 1
        return await self.fake.answer(request)

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_calls_in_flight_are_limited(fake: FakeCleo, state: Store) -> None:
    slow = Slow(fake)
    async with connect(settings(), CleoOptions(pace=FAST), state, transport=slow) as cleo:
        await asyncio.gather(*(cleo.mailbox.folders() for _ in range(20)))
    assert slow.most == FAST.per_task
