from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.cleo.api import CleoApi
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.moments import local_text, parse_moment
from ml_connector.core.errors import ConfigurationError, Rejected, Unavailable
from ml_connector.core.state.store import Store

from .fake import FakeCleo, said
from .published import sample
from .support import connected

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
    assert (done.file_name, done.size) == ("850_PSFTFIN01_0000004711_US001_0000012345_000000231.edi", 742)
    assert done.started == datetime(2026, 11, 20, 9, 15, 3, tzinfo=UTC)
    assert (waiting.ended, done.is_receipt, done.acknowledgment) == (None, False, "Accepted")
    assert (done.sender, done.receiver, done.connection) == (
        "PSFTFIN01:ZZ", "0069228270001:01", "ACME-0000004711"
    )  # fmt: skip


async def test_documented_events_are_understood(fake: FakeCleo, state: Store) -> None:
    fake.events = sample("events_page")["resources"]
    async with connected(fake, state) as cleo:
        found = await api_of(cleo).events(datetime(2026, 11, 20, 9, 15, 5, tzinfo=UTC))
    assert found is not None
    (result,) = found
    assert (result.id, result.type, result.text) == ("1043", "Result", "Success")
    assert result.attributes["mdn"] == "processed"


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


@pytest.mark.parametrize("status", [403, 404])
async def test_a_cleo_without_them_says_so_once(fake: FakeCleo, state: Store, status: int) -> None:
    for call in ("transfers", "events"):
        fake.fault(f"GET /api/{call}", said("no", status), times=None)
    async with connected(fake, state) as cleo:
        for _ in range(3):
            assert await api_of(cleo).transfers(SINCE) is None
            assert await api_of(cleo).transfers_of("1.edi") is None
            assert await api_of(cleo).events(SINCE) is None
    assert fake.calls("GET /api/transfers") == 1
    assert fake.calls("GET /api/events") == 1


async def test_what_is_switched_off_is_never_asked_for(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state, paths={"transfers": None, "events": None}) as cleo:
        assert await api_of(cleo).transfers() is None
        assert await api_of(cleo).events() is None
    assert fake.sent == []


async def test_an_outage_is_not_taken_for_absence(fake: FakeCleo, state: Store) -> None:
    fake.fault("GET /api/transfers", said("down", 503), times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(Unavailable):
            await api_of(cleo).transfers(SINCE)
    fake.faults.clear()
    fake.fault("GET /api/transfers", said("odd", 422), times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(Rejected):
            await api_of(cleo).transfers(SINCE)


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
