from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.cleo.api import CleoApi
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.moments import local_text, parse_moment
from ml_connector.core.errors import ConfigurationError, Unavailable
from ml_connector.core.http import Response
from ml_connector.core.state.store import Store

from .fake import FakeCleo, answer, page, said
from .published import sample
from .support import Sleeps, connected

SINCE = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def api_of(cleo: Cleo) -> CleoApi:
    assert cleo.api is not None
    return cleo.api


def transfer(number: int, started: str = "2026/11/20 10:00:00", **more: Any) -> dict[str, Any]:
    return {
        "transferID": f"T{number}", "status": "Success", "origName": f"{number}.edi", "startDT": started,
        **more,
    }  # fmt: skip


async def test_documented_transfers_are_understood(fake: FakeCleo, state: Store) -> None:
    fake.transfers = sample("transfers_page")["resources"]
    async with connected(fake, state) as cleo:
        found = await api_of(cleo).transfers()
    assert found is not None
    done, waiting = found
    assert (done.status, waiting.status) == ("Success", "Receipt Pending")
    assert done.file_name == "850_PSFTFIN01_0000004711_US001_0000012345_000000231.edi"
    assert done.started == datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC)
    assert (waiting.ended, done.is_receipt, done.direction) == (None, False, "send")


@pytest.mark.parametrize("status", [403, 404])
async def test_where_transfers_are_not_shown_the_log_tells(fake: FakeCleo, state: Store, status: int) -> None:
    fake.fault("GET /api/transfers", said("no", status), times=None)
    fake.events = sample("events_page")["resources"]
    async with connected(fake, state) as cleo:
        (found,) = await api_of(cleo).transfers(datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC)) or []
        assert await api_of(cleo).transfers_of(found.file_name) == [found]
    assert (found.id, found.status, found.direction) == ("AS2-20261120_091503123-A", "Success", "send")
    assert found.file_name == "850_PSFTFIN01_0000004711_US001_0000012345_000000231.edi"
    assert (found.started, found.ended) == (
        datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC), datetime(2026, 11, 20, 9, 15, 5, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "status"), [("Exception: connection refused", "Exception"), (None, "In Progress")]
)
async def test_how_a_transfer_of_the_log_ended(
    fake: FakeCleo, state: Store, text: str | None, status: str
) -> None:
    line = {"id": "1", "time": "2026/11/20 10:00:00", "type": "File"}
    more = {"transferID": "T1", "direction": "Host->Local", "source": "in\\a.edi"}
    fake.described = False
    other = {**line, "id": "2", "type": "Mark"}
    fake.events = [{**line, "attributes": more}, other, {**line, "id": "3", "attributes": {}}]
    if text is not None:
        end = {"id": "4", "type": "Result", "text": text, "attributes": {"transferID": "T1"}}
        fake.events.append({**line, **end})
    async with connected(fake, state, paths={"transfers": None}) as cleo:
        (found,) = await api_of(cleo).transfers() or []
    assert (found.status, found.direction, found.file_name) == (status, "receive", "a.edi")
    assert found.result == (text or "")


async def test_only_what_is_newer_is_asked_for_in_the_zone_of_the_server(
    fake: FakeCleo, state: Store
) -> None:
    fake.transfers = [transfer(1, "2026/11/20 03:29:59"), transfer(2, "2026/11/20 03:30:00"), transfer(3, "")]
    async with connected(fake, state, monitoring={"time_zone": "America/Chicago"}) as cleo:
        found = await api_of(cleo).transfers(SINCE)
    assert [one.id for one in found or []] == ["T2"]
    assert dict(fake.sent[-1].params)["filter"] == 'startDT ge "2026/11/20 03:30:00"'


async def test_what_is_filtered_badly_is_filtered_here(fake: FakeCleo, state: Store) -> None:
    fake.transfers = [transfer(1, "2026/11/20 09:00:00"), transfer(2), transfer(3, "")]
    async with connected(fake, state, monitoring={"since_filter": False}) as cleo:
        found = await api_of(cleo).transfers(SINCE)
    assert [one.id for one in found or []] == ["T2", "T3"]
    assert "filter" not in dict(fake.sent[-1].params)


async def test_a_refused_filter_is_given_up(fake: FakeCleo, state: Store) -> None:
    fake.transfers = [transfer(1, "2026/11/20 09:00:00"), transfer(2)]
    fake.fault("GET /api/transfers", said("unknown operator ge", 400))
    async with connected(fake, state) as cleo:
        for _ in range(2):
            found = await api_of(cleo).transfers(SINCE)
            assert [one.id for one in found or []] == ["T2"]
    assert fake.calls("GET /api/transfers") == 3


async def test_transfers_of_a_file(fake: FakeCleo, state: Store) -> None:
    fake.transfers = [transfer(1), transfer(2), transfer(3, origName="2.edi")]
    async with connected(fake, state) as cleo:
        assert [one.id for one in await api_of(cleo).transfers_of("2.edi") or []] == ["T2", "T3"]
        fake.fault("GET /api/transfers", said("no such attribute", 400))
        assert [one.id for one in await api_of(cleo).transfers_of("1.edi") or []] == ["T1"]


async def test_a_filter_by_name_that_is_ignored_reads_once(fake: FakeCleo, state: Store) -> None:
    fake.transfers = [transfer(n, "2026/11/20 08:00:00") for n in range(12)]
    fake.described = False
    rows = {"totalResults": 5, "resources": fake.transfers[:5]}
    fake.fault("GET /api/transfers", answer(rows))
    sleep = Sleeps()
    async with connected(fake, state, sleep=sleep, page_size=5) as cleo:
        for n in (7, 8, 99):
            found = await api_of(cleo).transfers_of(f"{n}.edi")
            assert [one.id for one in found or []] == ([f"T{n}"] if n < 12 else [])
        assert fake.calls("GET /api/transfers") == 4
        assert 'startDT ge "2026/11/13' in str(dict(fake.sent[-1].params)["filter"])
        fake.transfers.append(transfer(20, "2026/11/20 09:00:00"))
        sleep.advance(61)
        assert [one.id for one in await api_of(cleo).transfers_of("20.edi") or []] == ["T20"]


async def test_a_file_among_too_many_is_not_looked_for_twice(fake: FakeCleo, state: Store) -> None:
    fake.transfers = [transfer(n) for n in range(30)]
    for _ in range(2):
        fake.fault("GET /api/transfers", said("unknown attribute", 400))
    async with connected(fake, state, page_size=5, monitoring={"pages": 3}) as cleo:
        for _ in range(3):
            assert await api_of(cleo).transfers_of("1.edi") is None
        assert "more than 3 pages" in (api_of(cleo).trouble or "")
    assert fake.calls("GET /api/transfers") == 6


async def test_fields_may_be_called_otherwise(fake: FakeCleo, state: Store) -> None:
    fake.described = False
    fake.transfers = [{"uid": "T1", "state": "Error", "fileName": "a.edi", "begun": "2026/11/20 10:00:00"}]
    fields = {"id": "uid", "status": "state", "file_name": "fileName", "started": "begun"}
    async with connected(fake, state, monitoring={"fields": fields}) as cleo:
        (found,) = await api_of(cleo).transfers(SINCE) or []
        assert await api_of(cleo).transfers_of("a.edi") == [found]
    assert (found.id, found.status, found.file_name) == ("T1", "Error", "a.edi")
    assert found.started == datetime(2026, 11, 20, 10, tzinfo=UTC)


HTML = "<!DOCTYPE html><html><body>HTTP Status 404 - Not Found</body></html>"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (said("no", 403), False),
        (said("no", 404), False),
        (said("no", 405), False),
        (said("no", 501), False),
        (page(HTML, 403), False),
        (page(HTML, 404), False),
        (page(HTML, 410), False),
        (page("<!doctype html><html>Cockpit</html>", 200), True),
        (said("odd", 422), True),
        (answer({"transfers": []}), True),
        (Response(302, {"Location": "https://sso.example.com"}), True),
    ],
)
async def test_a_cleo_without_them_says_so_once(
    fake: FakeCleo, state: Store, given: Response, told: bool
) -> None:
    for call in ("transfers", "events"):
        fake.fault(f"GET /api/{call}", given, times=None)
    async with connected(fake, state) as cleo:
        for _ in range(3):
            assert await api_of(cleo).transfers(SINCE) is None
            assert await api_of(cleo).transfers_of("1.edi") is None
        assert (api_of(cleo).trouble is not None) == told
    assert fake.calls("GET /api/transfers") == 1
    assert fake.calls("GET /api/events") == 1


async def test_what_is_switched_off_is_never_asked_for(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state, paths={"transfers": None, "events": None}) as cleo:
        assert await api_of(cleo).transfers() is None
        assert await api_of(cleo).transfers_of("1.edi") is None
    assert fake.sent == []


@pytest.mark.parametrize("given", [said("down", 503), page("<html>maintenance</html>", 503), said("", 500)])
async def test_an_outage_is_not_taken_for_absence(fake: FakeCleo, state: Store, given: Response) -> None:
    fake.fault("GET /api/transfers", given, times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(Unavailable):
            await api_of(cleo).transfers(SINCE)
        with pytest.raises(Unavailable):
            await api_of(cleo).transfers_of("1.edi")
        fake.faults.clear()
        assert await api_of(cleo).transfers(SINCE) == []


async def test_endless_transfers_are_told(fake: FakeCleo, state: Store) -> None:
    fake.transfers = [transfer(n) for n in range(30)]
    async with connected(fake, state, page_size=5, monitoring={"pages": 3}) as cleo:
        with pytest.raises(ConfigurationError, match="more than 3 pages"):
            await api_of(cleo).transfers()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026/11/20 09:15:03", datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC)),
        ("2026-11-20T09:15:03Z", datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC)),
        ("2026-11-20T09:15:03+01:00", datetime(2026, 11, 20, 8, 15, 3, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        (None, None),
        (20261120, None),
    ],
)
def test_times(text: Any, moment: datetime | None) -> None:
    assert parse_moment(text, UTC) == moment
    if moment is not None:
        assert parse_moment(local_text(moment, UTC), UTC) == moment
