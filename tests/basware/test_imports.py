"""Arrays of records: what is refused, what is split, what was there already."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ml_connector.basware.api import Imported, PartlyImported, Refusal
from ml_connector.basware.calls import Calls
from ml_connector.basware.imports import BODY_LIMIT, Importer
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.reading import Reader
from ml_connector.core.errors import InDoubt, NotActivated, RateLimited, Unavailable
from ml_connector.core.http import Interrupted, NotSent, Response
from ml_connector.core.state.store import Store

from .support import Basware, Reply, Validating, answer, connected, records, refusal, written

PATH = "/v1/vendors"
NO_GAP = BaswareOptions(write_gap_seconds=0, requests_per_second=1000)


async def imported(basware: Basware, state: Store, *codes: str, options: BaswareOptions = NO_GAP) -> Imported:
    async with connected(basware, state, options) as api:
        return await api.import_records(PATH, records(*codes))


async def test_one_call_for_all(state: Store) -> None:
    basware = Basware([written(None, "request-7")])
    assert await imported(basware, state, "A", "B") == Imported({"A": "request-7", "B": "request-7"})
    assert basware.calls == ["POST /v1/vendors"]
    assert basware.bodies == [records("A", "B")]


async def test_named_records_are_left_out_and_the_others_sent_again(state: Store) -> None:
    server = Validating("B", "D")
    basware = Basware([server])
    found = await imported(basware, state, "A", "B", "C", "D")
    assert found.request_ids == {"A": "request-1", "C": "request-1"}
    why = Refusal("SCHEMA_VALIDATION_ERROR", "name field required", "name")
    assert found.refused == {"B": why, "D": why}
    assert basware.codes() == [["A", "B", "C", "D"], ["A", "C"]]


async def test_halves_find_a_record_that_is_not_named(state: Store) -> None:
    server = Validating("C", naming=False)
    basware = Basware([server])
    found = await imported(basware, state, "A", "B", "C", "D", "E")
    assert set(found.request_ids) == {"A", "B", "D", "E"}
    assert found.refused == {"C": Refusal("SCHEMA_VALIDATION_ERROR", "name field required", "name")}
    assert max(server.taken.values()) == 1


async def test_what_names_somebody_else_names_nobody(state: Store) -> None:
    entry = {"code": "SCHEMA_VALIDATION_ERROR", "message": "wrong", "externalCode": "Z"}
    basware = Basware([refusal(400, entry), written(), refusal(400, entry)])
    found = await imported(basware, state, "A", "B")
    assert (set(found.request_ids), set(found.refused)) == ({"A"}, {"B"})


async def test_too_large_for_the_other_side(state: Store) -> None:
    server = Validating(limit=2)
    basware = Basware([server])
    found = await imported(basware, state, "A", "B", "C", "D", "E")
    assert len(found.request_ids) == 5
    assert max(map(len, basware.codes()[1:])) <= 3
    alone = await imported(Basware([answer(None, 413)]), state, "A")
    assert alone.refused["A"].code == "TOO_LARGE"


async def test_bodies_are_split_before_they_are_sent(state: Store) -> None:
    basware = Basware([Validating()])
    async with connected(basware, state, NO_GAP) as api:
        long = [{"externalCode": str(number), "name": "x" * 1_000_000} for number in range(20)]
        huge = {"externalCode": "huge", "name": "x" * BODY_LIMIT}
        found = await api.import_records(PATH, [*long, huge])
    assert set(found.refused) == {"huge"}
    assert found.refused["huge"].code == "TOO_LARGE"
    assert list(found.request_ids) == [str(number) for number in range(20)]
    assert len(basware.seen) == 4
    assert all(len(request.body or b"") <= BODY_LIMIT for request in basware.seen)


async def test_nothing_to_import(state: Store) -> None:
    basware = Basware([written()])
    assert await imported(basware, state) == Imported()
    assert basware.seen == []


@pytest.mark.parametrize("wrong", [[{"name": "x"}], [{"externalCode": ""}], records("A", "A")])
async def test_a_callers_mistake_shows_before_anything_is_sent(state: Store, wrong: list[Any]) -> None:
    basware = Basware([written()])
    async with connected(basware, state) as api:
        with pytest.raises(ValueError, match="external code"):
            await api.import_records(PATH, wrong)
    assert basware.seen == []


# ---- somebody else writes too


def held(*codes: str, conflicts: int = 1, named: tuple[str, ...] = ()) -> Reply:
    """A server that holds these records, and refuses as often because of a conflict."""
    left = [conflicts]

    def reply(request: Any) -> Response:
        if request.method == "GET":
            code = request.path.rpartition("/")[2]
            return answer(records(code)[0] | {"lastUpdated": "x"}) if code in codes else answer(None, 404)
        if left[0] > 0:
            left[0] -= 1
            entries = [
                {"code": "CONFLICT_IN_POST", "message": "conflict", "externalCode": code} for code in named
            ]
            return refusal(409, *entries) if entries else answer(None, 409)
        return written(None, "request-2")

    return reply


async def test_after_a_conflict_only_what_is_not_there_is_sent_again(state: Store) -> None:
    basware = Basware([held("B")])
    found = await imported(basware, state, "A", "B", options=BaswareOptions())
    assert (found.present, found.request_ids) == ({"B"}, {"A": "request-2"})
    assert basware.codes() == [["A", "B"], ["A"]]
    assert (basware.times[-1] - basware.times[0]).total_seconds() >= 5


async def test_a_conflict_that_names_a_record_leaves_the_others_alone(state: Store) -> None:
    basware = Basware([held("A", "B", named=("B",))])
    found = await imported(basware, state, "A", "B")
    assert (found.present, found.request_ids) == ({"B"}, {"A": "request-2"})
    assert [call for call in basware.calls if call.startswith("GET")] == ["GET /v1/vendors/B"]


async def test_a_conflict_is_tried_once_more_and_no_further(state: Store) -> None:
    found = await imported(Basware([held(conflicts=2)]), state, "A", "B")
    assert (set(found.refused), found.request_ids) == ({"A", "B"}, {})
    assert found.refused["A"].code == "CONFLICT_IN_POST"
    named = await imported(Basware([held(conflicts=2, named=("B",))]), state, "A", "B")
    assert (set(named.refused), named.request_ids) == ({"B"}, {"A": "request-2"})


# ---- what breaks off


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(None, 500), InDoubt),
        (Interrupted("timeout", "no answer"), InDoubt),
        (NotSent("refused", "no connection"), Unavailable),
        (answer(None, 429, Retry_After="100"), RateLimited),
        (answer(None, 403), NotActivated),
        (answer([]), InDoubt),
    ],
)
async def test_a_first_call_that_fails_fails_the_whole(
    state: Store, reply: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        await imported(Basware([reply]), state, "A", "B")
    assert not isinstance(caught.value, PartlyImported)


@pytest.mark.parametrize(
    ("reply", "in_doubt", "unsent"),
    [
        (answer(None, 500), ("B",), ("C", "D")),
        (NotSent("refused", "no connection"), (), ("B", "C", "D")),
        (answer(None, 403), (), ("B", "C", "D")),
    ],
)
async def test_a_later_call_that_fails_says_how_far_it_came(
    state: Store, reply: Any, in_doubt: tuple[str, ...], unsent: tuple[str, ...]
) -> None:
    too_large = answer(None, 413)
    basware = Basware([too_large, too_large, written(None, "request-1"), reply])
    with pytest.raises(PartlyImported) as caught:
        await imported(basware, state, "A", "B", "C", "D")
    error = caught.value
    assert error.imported.request_ids == {"A": "request-1"}
    assert (error.in_doubt, error.unsent) == (in_doubt, unsent)
    assert isinstance(error, InDoubt)


class NoGap:
    """Spacing that keeps nothing apart, but notices what is written twice at once."""

    def apart(self, wanted: list[str]) -> Any:
        import contextlib

        assert len(set(wanted)) == len(wanted)
        return contextlib.nullcontext()


class Direct(Calls):
    """Calls without a network."""

    def __init__(self, server: Validating) -> None:
        self.server = server

    async def write(self, path: str, body: Any = None, **_: Any) -> Response:
        from ml_connector.basware.errors import failure
        from ml_connector.core.http import Request

        request = Request("POST", f"https://h{path}", body=json.dumps(body).encode())
        response = self.server(request)
        if response.status != 200:
            raise failure(request, response)
        return response


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    count=st.integers(0, 40),
    wrong=st.sets(st.integers(0, 39), max_size=12),
    naming=st.booleans(),
    limit=st.sampled_from([1, 3, 10_000]),
    body=st.sampled_from([200, 1000, BODY_LIMIT]),
)
async def test_every_record_has_one_fate_and_none_is_written_twice(
    count: int, wrong: set[int], naming: bool, limit: int, body: int
) -> None:
    server = Validating(*map(str, wrong), naming=naming, limit=limit)
    importer = Importer(Direct(server), Reader.__new__(Reader), NoGap(), body_limit=body)  # type: ignore[arg-type]
    codes = [str(number) for number in range(count)]
    found = await importer.send(PATH, records(*codes))
    assert set(found.request_ids) | set(found.refused) == set(codes)
    assert set(found.refused) == {code for code in codes if int(code) in wrong}
    assert set(server.taken) == set(found.request_ids)
    assert all(times == 1 for times in server.taken.values())
