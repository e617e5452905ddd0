from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from ml_connector.core.errors import (
    AuthenticationError,
    ContractChanged,
    InDoubt,
    RateLimited,
    Unavailable,
)
from ml_connector.core.fence import fenced
from ml_connector.core.http import NotSent, Request, Response, TooHeavy
from ml_connector.core.state.store import Store
from ml_connector.monday.budgets import Budgets, items
from ml_connector.monday.limits import ApiLimits

from .support import (
    LATE,
    LOST,
    NOON,
    QUERY,
    TOKEN,
    UNSENT,
    Clock,
    Monday,
    Site,
    answer,
    connected,
    data,
    error,
    site,
)

DONE = data(c0={"id": "11"})
READ = data(boards=[{"id": "1"}])
BUSY = error("MINUTE_RATE_LIMIT_EXCEEDED", status=429, retry_in_seconds=20)
CONFLICT = error("IDEMPOTENCY_CONFLICT", status=409, headers={"Retry-After": "4"})
TIMEOUT = error("TIMEOUT_EXCEEDED", status=503)


# ---- what is sent


async def test_a_query_as_it_leaves() -> None:
    place = site(READ, base_url="http://proxy.test/monday")
    found = await place.query()
    (request,) = place.monday.seen
    assert (request.method, request.url, request.idempotent) == ("POST", "http://proxy.test/monday/v2", True)
    assert json.loads(request.body or b"") == {
        "query": QUERY, "variables": {"id": ["1"]}, "operationName": "Board",
    }  # fmt: skip
    assert dict(request.headers) == {
        "Accept": "application/json", "Content-Type": "application/json",
        "API-Version": "2026-10", "Authorization": TOKEN,
    }  # fmt: skip
    assert (found.data, found.problems, found.replayed) == ({"boards": [{"id": "1"}]}, (), False)


async def test_a_write_carries_its_key() -> None:
    place = site(data(c0={"id": "11"}, complexity={"query": 10001}))
    found = await place.write()
    (request,) = place.monday.seen
    assert (request.headers["Idempotency-Key"], request.idempotent, request.timeout) == ("key-1", False, 75)
    assert (found.cost, found.data["c0"]["id"]) == (10001, "11")


# ---- partial answers


async def test_an_id_counts_although_something_failed() -> None:
    failed = {
        "message": "Internal",
        "path": ["c0", "created_at"],
        "extensions": {"code": "INTERNAL_SERVER_ERROR"},
    }
    place = site(answer({"data": {"c0": {"id": "11", "created_at": None}}, "errors": [failed]}))
    found = await place.write()
    problem = found.problem("c0")
    assert found.data["c0"]["id"] == "11"
    assert problem is not None
    assert (problem.path, problem.unsettled) == (("c0", "created_at"), True)
    assert len(place.monday.seen) == 1


@pytest.mark.parametrize("code", ["MINUTE_RATE_LIMIT_EXCEEDED", "SOMETHING_NEW", "INTERNAL_SERVER_ERROR"])
@pytest.mark.parametrize("status", [200, 429, 500])
async def test_a_write_that_was_executed_in_part_is_never_repeated(code: str, status: int) -> None:
    place = site(error(code, status=status, found={"c0": {"id": "11"}, "c1": None}))
    found = await place.write()
    assert (found.data["c0"]["id"], found.problems[0].code, len(place.monday.seen)) == ("11", code, 1)


@pytest.mark.parametrize("code", ["ColumnValueException", "ItemNameTooLongException", "tooManyRequests"])
async def test_a_refused_alias_comes_back_as_a_problem(code: str) -> None:
    place = site(error(code, found={"c0": None}, path=["c0"], retry_in_seconds=5))
    found = await place.write()
    problem = found.problem("c0")
    assert problem is not None
    assert (problem.code, problem.retry_after, found.data) == (code, 5, {"c0": None})


async def test_a_replayed_answer_says_so() -> None:
    replayed = {"Idempotency-Replayed": "true"}
    refused = error("ColumnValueException", found={"c0": None}, path=["c0"], headers=replayed)
    found = await site(refused).write()
    assert (found.replayed, found.problems[0].code) == (True, "ColumnValueException")


async def test_a_query_tells_what_it_found_beside_problems() -> None:
    place = site(error("ASSET_UNAVAILABLE", found={"me": {"id": "1", "photo": None}}, path=["me", "photo"]))
    found = await place.query()
    assert (found.data["me"]["id"], found.problems[0].path) == ("1", ("me", "photo"))


@pytest.mark.parametrize("code", ["InvalidBoardIdException", "CursorException"])
async def test_a_refused_record_is_no_failure_of_a_query(code: str) -> None:
    found = await site(error(code)).query()
    assert (found.data, found.problems[0].code) == ({}, code)


@pytest.mark.parametrize("code", ["tooManyRequests", "FIELD_MINUTE_RATE_LIMIT_EXCEEDED"])
async def test_half_an_answer_is_asked_for_again(code: str) -> None:
    half = error(code, found={"boards": [{"id": "1", "columns": None}]}, path=["boards", 0, "columns"])
    place = site(half, half, READ)
    assert (await place.query()).problems == ()
    assert len(place.monday.seen) == 3
    with pytest.raises(RateLimited):
        await site(half).query()


async def test_a_hole_left_by_an_outage_is_no_empty_board() -> None:
    half = error("INTERNAL_SERVER_ERROR", found={"boards": [None]}, path=["boards", 0])
    place = site(half)
    with pytest.raises(Unavailable, match="INTERNAL_SERVER_ERROR"):
        await place.query()
    assert len(place.monday.seen) == 5


# ---- waiting


@pytest.mark.parametrize(
    "refused",
    [
        BUSY,
        error("maxConcurrencyExceeded", status=429, retry_in_seconds=15),
        error("IP_RATE_LIMIT_EXCEEDED", status=429, headers={"Retry-After": "10"}),
        error("COMPLEXITY_BUDGET_EXHAUSTED", retry_in_seconds=22),
        error("FIELD_LIMIT_EXCEEDED", status=429, error_data={"retry_in_seconds": 15}),
        error("API_TEMPORARILY_BLOCKED"),
        error("tooManyRequests"),
        error(None, "Resource is currently locked, please try again later", status=423),
        error(None, "Call limit exceeded for CreateBoard", status=429),
        answer(b"<html>Too many</html>", 429, {"Retry-After": "30", "Content-Type": "text/html"}),
        answer(b"", 429),
    ],
)
@pytest.mark.parametrize("writes", [False, True])
async def test_what_was_not_executed_is_waited_for(refused: Response, writes: bool) -> None:
    place = site(refused, refused, DONE if writes else READ)
    await (place.write() if writes else place.query())
    assert len(place.monday.seen) == 3
    assert len(place.clock.pauses) == 2
    assert set(place.monday.keys) == {"key-1" if writes else None}


async def test_html_says_how_long_to_wait() -> None:
    place = site(answer(b"<html>", 429, {"Retry-After": "30"}), READ)
    await place.query()
    assert place.clock.pauses == [30]


@pytest.mark.parametrize("writes", [False, True])
async def test_a_long_wait_is_the_flows_business(writes: bool) -> None:
    place = site(error("MINUTE_RATE_LIMIT_EXCEEDED", status=429, retry_in_seconds=66))
    with pytest.raises(RateLimited, match=r"Rate|MINUTE_RATE_LIMIT_EXCEEDED: said \[request r-1\]") as caught:
        await (place.write() if writes else place.query())
    assert (caught.value.retry_after, place.clock.pauses) == (66, [])


async def test_short_waits_end_too() -> None:
    place = site(BUSY)
    with pytest.raises(RateLimited) as caught:
        await place.write()
    assert (len(place.monday.seen), place.clock.pauses, caught.value.retry_after) == (7, [20] * 6, 20)


# ---- unknown outcomes


@pytest.mark.parametrize(
    "unknown",
    [
        LOST,
        LATE,
        answer(b"", 504),
        answer(b"<html>Bad gateway</html>", 502),
        answer(b"", 500),
        answer(b'{"data": {"c0": {"id"', 200),
        answer(b"", 200),
        TIMEOUT,
        error("INTERNAL_SERVER_ERROR", status=500),
        error("INTERNAL_SERVER_ERROR", found=None),
        error("INTERNAL_SERVER_ERROR", status=500, found={"c0": None}, path=["c0"]),
    ],
)
async def test_a_write_of_unknown_outcome_is_sent_again_under_its_key(unknown: Any) -> None:
    place = site(unknown, unknown, DONE)
    found = await place.write()
    assert found.data["c0"]["id"] == "11"
    assert place.monday.keys == ["key-1"] * 3
    assert len({request.body for request in place.monday.seen}) == 1
    first, second = place.clock.pauses
    assert 1 <= first <= 2 <= second <= 4

    place = site(unknown)
    with pytest.raises(InDoubt):
        await place.write()
    assert place.monday.keys == ["key-1"] * 5


async def test_a_query_is_repeated_and_then_an_outage() -> None:
    place = site(TIMEOUT, answer(b"", 504), READ)
    assert (await place.query()).data
    with pytest.raises(Unavailable, match="Board: HTTP 503, TIMEOUT_EXCEEDED: said"):
        await site(TIMEOUT).query()
    with pytest.raises(Unavailable, match="broke off"):
        await site(LOST).query()
    with pytest.raises(TooHeavy):
        await site(LATE).query()


async def test_what_was_certainly_not_sent_stays_so() -> None:
    place = site(UNSENT)
    with pytest.raises(Unavailable) as caught:
        await place.write()
    assert type(caught.value) is Unavailable
    assert len(place.monday.seen) == 1


@pytest.mark.parametrize(
    "later",
    [
        UNSENT,
        error("DAILY_LIMIT_EXCEEDED", status=429),
        error("MINUTE_RATE_LIMIT_EXCEEDED", status=429, retry_in_seconds=600),
        error("NOT_AUTHENTICATED", status=401),
        error("USER_ACCESS_DENIED", status=403),
        error("GRAPHQL_VALIDATION_FAILED", status=400),
        error("maxComplexityExceeded"),
        error(None, "limit", status=429, headers={"API-Version": "2027-01"}),
        NotSent("name", "the host name api.monday.com cannot be resolved"),
    ],
)
async def test_a_doubt_stays_whatever_comes_after_it(later: Any) -> None:
    place = site(LOST, later)
    with pytest.raises(InDoubt, match="broke off") as caught:
        await place.write()
    assert "then: " in str(caught.value)


async def test_a_doubt_that_a_repetition_settles() -> None:
    place = site(LOST, BUSY, CONFLICT, data({"Idempotency-Replayed": "true"}, c0={"id": "11"}))
    found = await place.write()
    assert (found.replayed, found.data["c0"]["id"]) == (True, "11")
    assert place.monday.keys == ["key-1"] * 4


async def test_a_key_in_use_is_waited_for() -> None:
    place = site(CONFLICT, CONFLICT, DONE)
    await place.write()
    assert place.clock.pauses == [4, 4]
    place = site(CONFLICT)
    with pytest.raises(InDoubt, match="IDEMPOTENCY_CONFLICT"):
        await place.write()
    assert len(place.monday.seen) == 7
    place = site(error("IDEMPOTENCY_CONFLICT", status=409), DONE)
    await place.write()
    assert place.clock.pauses == [5]


async def test_an_error_that_is_replayed_is_not_asked_for_again() -> None:
    for code, failure in (("INTERNAL_SERVER_ERROR", InDoubt), ("MINUTE_RATE_LIMIT_EXCEEDED", RateLimited)):
        place = site(error(code, headers={"Idempotency-Replayed": "true"}))
        with pytest.raises(failure):
            await place.write()
        assert len(place.monday.seen) == 1


def later(place: Site, minutes: float) -> Any:
    """An answer that is lost, and whose repetition comes so much later."""

    def lose(_: Request) -> Response:
        place.clock.advance(minutes * 60)
        raise LOST

    return lose


@pytest.mark.parametrize(("minutes", "sent"), [(28.9, 2), (29.1, 1), (31, 1)])
async def test_a_key_protects_for_29_minutes(minutes: float, sent: int) -> None:
    place = site(DONE)
    place.monday.replies = [later(place, minutes), DONE]
    if sent == 2:
        assert (await place.write()).data["c0"]["id"] == "11"
    else:
        with pytest.raises(InDoubt, match=r"broke off.*not sent again 1\d\d\d s after the first try"):
            await place.write()
    assert len(place.monday.seen) == sent


async def test_the_life_of_a_key_ends_while_waiting_for_a_limit() -> None:
    place = site(DONE)
    place.monday.replies = [later(place, 28.5), BUSY, BUSY, DONE]
    with pytest.raises(InDoubt, match="its key protects it no longer"):
        await place.write()
    assert len(place.monday.seen) == 3


async def test_each_call_counts_the_life_of_its_key_anew() -> None:
    place = site(DONE)
    await place.write()
    place.clock.advance(3600)
    await place.write()
    assert len(place.monday.seen) == 2


async def test_a_lost_claim_stops_a_write_but_not_a_doubt() -> None:
    def lost_claim() -> None:
        raise Unavailable("this task was suspended for longer than its lease allows")

    place = site(DONE)
    with fenced(lost_claim), pytest.raises(Unavailable):
        await place.write()
    assert place.monday.seen == []

    place = site(LOST)
    with (
        fenced(lambda: lost_claim() if place.monday.seen else None),
        pytest.raises(InDoubt, match="suspended"),
    ):
        await place.write()
    assert len(place.monday.seen) == 1


# ---- the version that answers


OTHER = {"API-Version": "2026-07"}


async def test_another_version_stops_a_query() -> None:
    place = site(data(OTHER, boards=[]), READ)
    with pytest.raises(ContractChanged, match=r"version 2026-07 .* instead of 2026-10.*api_version"):
        await place.query()
    with pytest.raises(ContractChanged, match="Board was not sent"):
        await place.query()
    with pytest.raises(ContractChanged, match="Create was not sent"):
        await place.write()
    assert len(place.monday.seen) == 1


async def test_another_version_loses_no_outcome_of_a_write(caplog: pytest.LogCaptureFixture) -> None:
    place = site(data(OTHER, c0={"id": "11"}))
    with caplog.at_level(logging.ERROR):
        assert (await place.write()).data["c0"]["id"] == "11"
    assert "2026-07" in caplog.text
    with pytest.raises(ContractChanged, match="Create was not sent"):
        await place.write("key-2")
    assert len(place.monday.seen) == 1


async def test_a_write_that_another_version_refused_was_not_executed() -> None:
    place = site(error(None, "Field 'x' doesn't exist on type 'Item'", headers=OTHER))
    with pytest.raises(ContractChanged, match="version 2026-07"):
        await place.write()


async def test_a_refused_token_is_told_before_a_version() -> None:
    with pytest.raises(AuthenticationError):
        await site(error("NOT_AUTHENTICATED", status=401, headers=OTHER)).query()


async def test_an_answer_need_not_name_its_version() -> None:
    place = site(Response(200, {}, b'{"data": {"boards": []}}'), data({"API-Version": ""}, boards=[]), READ)
    for _ in range(2):
        await place.query()
        assert not place.api.version.answered
    await place.query()
    assert place.api.version.answered == "2026-10"


async def test_the_version_of_the_connection_is_asked_for() -> None:
    place = site(data(OTHER, boards=[]), api_version="2026-07")
    await place.query()
    assert place.monday.seen[0].headers["API-Version"] == "2026-07"


# ---- budgets of the minute


def test_the_header_is_read() -> None:
    told = '"minuteRate";r=0;t=38, "concurrency";r=249, "complexityMinute";r=4950000;t=45'
    assert items(told) == {
        "minuteRate": {"r": 0, "t": 38},
        "concurrency": {"r": 249},
        "complexityMinute": {"r": 4950000, "t": 45},
    }
    policy = (
        '"minuteRate";q=5000;w=60, "concurrency";q=250;qu="concurrent-requests", "complexityMinute";q=5000000'
    )
    assert items(policy)["complexityMinute"] == {"q": 5000000}
    assert items("nonsense; r=") == {}


@pytest.mark.parametrize(
    ("headers", "body", "cost", "pauses"),
    [
        ({"RateLimit": '"complexityMinute";r=9000;t=45'}, {}, 10_000, [45]),
        ({"RateLimit": '"complexityMinute";r=10000;t=45'}, {}, 10_000, []),
        ({}, {"complexity": {"after": 9000, "reset_in_x_seconds": 33}}, 10_000, [33]),
        (
            {"RateLimit": '"complexityMinute";r=9500;t=45'},
            {"complexity": {"after": 9000, "reset_in_x_seconds": 33}},
            10_000,
            [33],
        ),
        ({"RateLimit": '"minuteRate";r=0;t=38, "complexityMinute";r=9000;t=45'}, {}, 0, [38]),
        ({"RateLimit": '"minuteRate";r=2;t=38'}, {}, 0, [38]),
        ({"RateLimit": '"minuteRate";r=3;t=38'}, {}, 0, []),
        ({"RateLimit": '"minuteRate";r=0;t=3800'}, {}, 0, [65]),
    ],
)
async def test_what_is_left_of_the_minute_is_obeyed(
    headers: dict[str, str], body: dict[str, Any], cost: int, pauses: list[float]
) -> None:
    place = site(data(headers, boards=[], **body), READ)
    await place.query()
    await place.query(cost=cost)
    assert place.clock.pauses == pauses


async def test_points_come_back_with_the_next_minute() -> None:
    place = site(data({"RateLimit": '"complexityMinute";r=9000;t=45'}, boards=[]), READ)
    await place.query()
    place.clock.advance(46)
    await place.query(cost=10_000)
    assert place.clock.pauses == []


async def test_points_are_counted_where_monday_does_not_tell_them() -> None:
    place = site(READ, limits=ApiLimits(complexity_per_minute=25_000))
    for _ in range(3):
        await place.query(cost=10_000)
    assert place.clock.pauses == [60]


async def test_what_the_tenant_does_not_want_is_left_to_others() -> None:
    told = {
        "RateLimit-Policy": '"complexityMinute";q=5000000;w=60',
        "RateLimit": '"complexityMinute";r=4100000;t=9',
    }
    place = site(data(told, boards=[]), limits=ApiLimits(complexity_per_minute=1_000_000))
    await place.query()
    await place.query(cost=90_000)
    await place.query(cost=110_000)
    assert place.clock.pauses == [9]


async def test_one_request_that_costs_more_than_a_minute_leaves_all_the_same() -> None:
    place = site(READ, limits=ApiLimits(complexity_per_minute=10_000))
    await place.query(cost=50_000)
    assert len(place.monday.seen) == 1


async def test_two_that_wait_for_the_same_minute() -> None:
    clock = Clock()
    budgets = Budgets(100_000, clock=clock, sleep=clock.sleep)
    budgets.note(data({"RateLimit": '"complexityMinute";r=0;t=30'}), {})
    await asyncio.gather(budgets.wait(60_000), budgets.wait(60_000))
    assert budgets._points == 100_000 - 120_000  # the second did not begin another minute


async def test_an_operation_that_costs_more_than_estimated_is_estimated_anew() -> None:
    clock = Clock()
    budgets = Budgets(100_000, clock=clock, sleep=clock.sleep)
    left = data({"RateLimit": '"complexityMinute";r=100000;t=60'})
    budgets.note(left, {})
    await budgets.wait(1_000, "Items")
    budgets.note(data({"RateLimit": '"complexityMinute";r=70000;t=60'}), {}, "Items", 1_000)
    await budgets.wait(2_000, "Items")
    await budgets.wait(10_000, "Others")
    assert (clock.pauses, budgets._points) == ([], 0)
    await budgets.wait(1_000, "Items")
    assert clock.pauses == [60]
    budgets.note(left, {}, "Items", 1_000)  # of another minute: says nothing about a cost
    budgets.note(data({"RateLimit": '"complexityMinute";r=99000;t=60'}), {}, "Others", 0)
    assert budgets._rates == {"Items": 30}


# ---- files


async def test_a_file_goes_up_with_nothing_but_its_type() -> None:
    place = site(Response(200, {"ETag": '"x"'}, b""))
    await place.api.upload("https://bucket.s3.test/f.csv?X-Amz-Signature=s3cret%2Fsigned", b"name\n")
    (request,) = place.monday.seen
    assert (request.method, request.target) == (
        "PUT",
        "https://bucket.s3.test/f.csv?X-Amz-Signature=s3cret%2Fsigned",
    )
    assert (dict(request.headers), request.body) == ({"Content-Type": "text/csv"}, b"name\n")


async def test_a_file_comes_down() -> None:
    place = site(answer(b"", 503), Response(200, {}, b"serialNo\n"))
    assert await place.api.download("https://bucket.s3.test/r.csv?sig=s3cret-signed") == b"serialNo\n"
    assert [dict(request.headers) for request in place.monday.seen] == [{}, {}]


async def test_a_lost_upload_is_in_doubt_and_not_repeated() -> None:
    for lost in (LOST, LATE, answer(b"", 503)):
        place = site(lost)
        with pytest.raises(InDoubt):
            await place.api.upload("https://bucket.s3.test/f.csv", b"name\n")
        assert len(place.monday.seen) == 1
    with pytest.raises(Unavailable):
        await site(UNSENT).api.upload("https://bucket.s3.test/f.csv", b"name\n")


async def test_an_address_that_is_good_no_more() -> None:
    said = b"<Error><Code>AccessDenied</Code><Sig>s3cret-signed</Sig><Message>Expired</Message></Error>"
    url = "https://bucket.s3.test/f.csv?sig=s3cret-signed"
    for call in (site(answer(said, 403)).api.upload(url, b""), site(answer(said, 403)).api.download(url)):
        with pytest.raises(Unavailable, match="ten minutes") as caught:
            await call
        assert "AccessDenied" in str(caught.value)
        assert "s3cret" not in str(caught.value)
    with pytest.raises(ContractChanged, match="no usable address"):
        await site(READ).api.download("file:///etc/passwd")


# ---- limits that all share


async def test_the_day_is_closed_for_everybody_until_midnight(store: Store) -> None:
    clock, monday = Clock(), Monday([error("DAILY_LIMIT_EXCEEDED", status=429, retry_in_seconds=3599), READ])
    async with connected(store, monday, clock) as one, connected(store, monday, clock) as two:
        with pytest.raises(RateLimited, match="DAILY_LIMIT_EXCEEDED") as caught:
            await one.query("Board", QUERY, {})
        assert caught.value.retry_after == 12 * 3600 + 2
        for api in (one, two):
            with pytest.raises(RateLimited, match="until midnight UTC") as caught:
                await api.query("Board", QUERY, {})
            assert caught.value.retry_after >= 12 * 3600
    async with connected(store, monday, clock) as restarted:
        with pytest.raises(RateLimited):
            await restarted.mutate("Create", QUERY, {}, key="k")
        assert len(monday.seen) == 1
        clock.advance(12 * 3600 + 3)
        assert (await restarted.query("Board", QUERY, {})).data


async def test_our_share_of_the_day_survives_a_restart(store: Store) -> None:
    clock, monday, limits = Clock(), Monday([READ]), ApiLimits(daily_calls=5)
    for _ in range(2):
        async with (
            connected(store, monday, clock, limits=limits) as one,
            connected(store, monday, clock, limits=limits) as two,
        ):
            await one.query("Board", QUERY, {})
            await two.query("Board", QUERY, {})
    async with connected(store, monday, clock, limits=limits) as third:
        await third.query("Board", QUERY, {})
        with pytest.raises(RateLimited, match="all 5 of this window"):
            await third.query("Board", QUERY, {})
        await third.download("https://bucket.s3.test/r.csv")
        clock.now = (NOON + timedelta(days=1)).replace(hour=0, second=1)
        await third.query("Board", QUERY, {})
    assert len(monday.seen) == 7


async def test_repetitions_are_calls_too(store: Store) -> None:
    clock, monday = Clock(), Monday([LOST, LOST, DONE])
    async with connected(store, monday, clock, limits=ApiLimits(daily_calls=2)) as api:
        with pytest.raises(InDoubt, match=r"broke off.*then: calls to monday.com until midnight"):
            await api.mutate("Create", QUERY, {}, key="k")


async def test_no_more_requests_in_a_minute_than_the_tenant_wants(store: Store) -> None:
    clock, monday = Clock(), Monday([READ])
    async with connected(store, monday, clock, limits=ApiLimits(minute_requests=10)) as api:
        for _ in range(25):
            await api.query("Board", QUERY, {})
    assert clock.now - NOON >= timedelta(minutes=1.5)


async def test_no_more_in_flight_than_one_task_uses(store: Store) -> None:
    clock, most, now = Clock(), 0, 0

    async def handle(_: Request) -> Response:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return READ

    monday = Monday([READ])
    monday.__class__ = type("Slow", (Monday,), {"__call__": lambda _self, request: handle(request)})
    async with connected(store, monday, clock, limits=ApiLimits(concurrency=2)) as api:
        await asyncio.gather(*(api.query("Board", QUERY, {}) for _ in range(8)))
    assert most == 2


# ---- secrets


async def test_no_secret_in_what_is_raised_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    said = f"bad token {TOKEN}"
    for reply in (
        error("NOT_AUTHENTICATED", said, status=401),
        error("SOMETHING_NEW", said),
        answer(said.encode(), 502),
        error("maxComplexityExceeded", said),
    ):
        place = site(reply)
        with caplog.at_level(0), pytest.raises(Exception, match=r"\*\*\*") as caught:
            await place.write()
        assert TOKEN not in f"{caught.value!r}{caught.value.__cause__!r}{place.api!r}{place.monday.seen!r}"
    refused = error(
        "ColumnValueException", said, found={"c0": None}, path=["c0"], error_data={"v": [{"x": said}]}
    )
    problem = (await site(refused).write()).problem("c0")
    assert TOKEN not in f"{problem.message}{dict(problem.data)}"
    assert TOKEN not in caplog.text
