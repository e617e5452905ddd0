from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import Response, redact
from ml_connector.core.outcomes import STOPS
from ml_connector.monday.answers import Answer, Reading, read
from ml_connector.monday.errors import Problem, TooComplex, next_day
from ml_connector.monday.meanings import Meaning, meaning_of

from .support import answer, error, site


def reading(response: Response, *, writes: bool = False) -> Reading:
    return read(response, writes=writes, clean=redact)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("MINUTE_RATE_LIMIT_EXCEEDED", Meaning.WAIT),
        ("MAX_CONCURRENCY_EXCEEDED", Meaning.WAIT),
        ("maxConcurrencyExceeded", Meaning.WAIT),
        ("COMPLEXITY_BUDGET_EXHAUSTED", Meaning.WAIT),
        ("ComplexityException", Meaning.WAIT),
        ("IP_RATE_LIMIT_EXCEEDED", Meaning.WAIT),
        ("FIELD_MINUTE_RATE_LIMIT_EXCEEDED", Meaning.WAIT),
        ("FIELD_LIMIT_EXCEEDED", Meaning.WAIT),
        ("tooManyRequests", Meaning.WAIT),
        ("RATE_LIMIT_EXCEEDED", Meaning.WAIT),
        ("API_TEMPORARILY_BLOCKED", Meaning.WAIT),
        ("DAILY_LIMIT_EXCEEDED", Meaning.DAY),
        ("maxComplexityExceeded", Meaning.COMPLEX),
        ("TIMEOUT_EXCEEDED", Meaning.OUTAGE),
        ("INTERNAL_SERVER_ERROR", Meaning.OUTAGE),
        ("IDEMPOTENCY_CONFLICT", Meaning.BUSY),
        ("NOT_AUTHENTICATED", Meaning.AUTHENTICATION),
        ("Unauthorized", Meaning.AUTHENTICATION),
        ("USER_ACCESS_DENIED", Meaning.ACCESS),
        ("missingRequiredPermissions", Meaning.ACCESS),
        ("UserUnauthorizedException", Meaning.ACCESS),
        ("InvalidVersionException", Meaning.VERSION),
        ("GRAPHQL_VALIDATION_FAILED", Meaning.DOCUMENT),
        ("undefinedField", Meaning.DOCUMENT),
        ("JsonParseException", Meaning.DOCUMENT),
        ("ColumnValueException", Meaning.RECORD),
        ("CorrectedValueException", Meaning.RECORD),
        ("ItemNameTooLongException", Meaning.RECORD),
        ("ItemNameTooLong", Meaning.RECORD),
        ("InvalidItemIdException", Meaning.RECORD),
        ("InvalidBoardIdException", Meaning.RECORD),
        ("InvalidArgumentException", Meaning.RECORD),
        ("ItemsLimitationException", Meaning.RECORD),
        ("ResourceNotFoundException", Meaning.RECORD),
        ("RecordInvalidException", Meaning.RECORD),
        ("DeleteLastGroupException", Meaning.RECORD),
        ("DATA_VALIDATIONS_ERROR", Meaning.RECORD),
        ("CursorException", Meaning.RECORD),
        ("SOMETHING_NEW", Meaning.UNKNOWN),
    ],
)
def test_the_code_decides(code: str, meaning: Meaning) -> None:
    assert meaning_of(code, None, "said") is meaning
    if meaning is not Meaning.UNKNOWN:
        assert meaning_of(code, 500, "said") is meaning
        assert meaning_of(code, 429, "said") is meaning


@pytest.mark.parametrize(
    ("code", "status", "message", "meaning"),
    [
        ("", 429, "said", Meaning.WAIT),
        ("", 423, "Resource is currently locked, please try again later", Meaning.WAIT),
        ("", 429, "Call limit exceeded for CreateBoard", Meaning.WAIT),
        ("", 429, "Daily limit exceeded", Meaning.DAY),
        ("", 401, "Unauthorized", Meaning.AUTHENTICATION),
        ("NOT_AUTHENTICATED", 401, "Your ip is restricted", Meaning.ADDRESS),
        ("", 401, "Your IP 10.0.0.1 is restricted", Meaning.ADDRESS),
        ("", 403, "said", Meaning.ACCESS),
        ("", 500, "said", Meaning.OUTAGE),
        ("NEW_ONE", 503, "said", Meaning.OUTAGE),
        ("NEW_ONE", 400, "said", Meaning.UNKNOWN),
        ("NEW_ONE", 409, "said", Meaning.UNKNOWN),
        ("NEW_ONE", 429, "said", Meaning.WAIT),
        ("", 400, "Bad request", Meaning.DOCUMENT),
        ("", None, "Minute limit rate exceeded", Meaning.WAIT),
        ("", None, "Complexity budget exhausted, query cost 30001 budget remaining 19986", Meaning.WAIT),
        ("", None, "CursorExpiredError: The cursor provided has expired", Meaning.RECORD),
        ("", None, 'Parse error on "x" (IDENTIFIER) at [1, 1]', Meaning.DOCUMENT),
        ("", None, "Field 'x' doesn't exist on type 'Query'", Meaning.DOCUMENT),
        ("", None, "Variable $columnValues of type JSON! was provided invalid value", Meaning.DOCUMENT),
        ("", None, "Not authenticated", Meaning.AUTHENTICATION),
        ("", None, "said", Meaning.UNKNOWN),
    ],
)
def test_then_the_status_and_the_text_last(
    code: str, status: int | None, message: str, meaning: Meaning
) -> None:
    assert meaning_of(code, status, message) is meaning


@pytest.mark.parametrize(
    ("extensions", "headers", "seconds"),
    [
        ({"retry_in_seconds": 58, "retryAfterMs": 9000}, {"Retry-After": "7"}, 58),
        ({"retryAfterMs": 1500, "error_data": {"retry_in_seconds": 9}}, {"Retry-After": "7"}, 1.5),
        ({"error_data": {"retry_in_seconds": 9}}, {"Retry-After": "7"}, 9),
        ({}, {"Retry-After": "7", "RateLimit": '"minuteRate";r=0;t=38'}, 7),
        ({}, {"RateLimit": '"minuteRate";r=0;t=38, "complexityMinute";r=4950000;t=45'}, 38),
        ({"retry_in_seconds": True}, {"Retry-After": "7"}, 7),
    ],
)
async def test_the_wait_is_taken_from_the_first_place_that_names_it(
    extensions: dict[str, Any], headers: dict[str, str], seconds: float
) -> None:
    refused = error("MINUTE_RATE_LIMIT_EXCEEDED", status=429, headers=headers, **extensions)
    place = site(refused, answer({"data": {"boards": []}}))
    await place.query()
    assert place.clock.pauses[0] == seconds


async def test_without_any_hint_the_waits_grow() -> None:
    place = site(error("tooManyRequests", status=429))
    with pytest.raises(RateLimited):
        await place.query()
    pauses = place.clock.pauses
    assert len(pauses) == 6
    assert all(full / 2 <= pause <= full for pause, full in zip(pauses, (2, 4, 8, 16, 32, 60), strict=True))


def test_the_older_form_is_understood() -> None:
    body = {
        "error_code": "ComplexityException",
        "status_code": 429,
        "error_message": "Complexity budget exhausted, query cost 30001 budget left 199 reset in 3 seconds",
        "error_data": {},
        "errors": ["Complexity budget exhausted"],
        "account_id": 1,
    }
    found = reading(answer(body))
    assert (found.refusal, found.hint, len(found.answer.problems)) == (Meaning.WAIT, 3, 1)
    field = {
        "error_message": "Concurrency limit exceeded for the field",
        "error_code": "FIELD_LIMIT_EXCEEDED",
        "error_data": {"retry_in_seconds": 15, "entity": "boards"},
        "status_code": 429,
    }
    assert (reading(answer(field)).refusal, reading(answer(field)).hint) == (Meaning.WAIT, 15)
    assert reading(answer({"errors": ["Not Authenticated"]})).refusal is Meaning.AUTHENTICATION
    cursor: dict[str, Any] = {
        "error_code": "CursorException",
        "error_message": "CursorExpiredError: expired",
        "status_code": 200,
    }
    assert reading(answer(cursor)).answer.problems[0].code == "CursorException"
    assert reading(answer(cursor)).refusal is None


def test_a_problem_as_callers_see_it() -> None:
    body = {
        "data": {"c0": {"id": "11"}, "c1": None},
        "errors": [
            {
                "message": "This status label doesn't exist",
                "path": ["c1"],
                "extensions": {
                    "code": "ColumnValueException",
                    "status_code": 200,
                    "error_data": {"column_id": "status", "column_validation_error_code": "missingLabel"},
                },
            }
        ],
    }
    found = reading(answer(body), writes=True).answer
    problem = found.problem("c1")
    assert problem is not None
    assert (problem.code, problem.path, problem.data["column_id"]) == (
        "ColumnValueException",
        ("c1",),
        "status",
    )
    assert (str(problem), problem.unsettled) == (
        "ColumnValueException: This status label doesn't exist",
        False,
    )
    assert (found.problem("c0"), found.data["c0"]["id"], found.replayed) == (None, "11", False)


def test_validations_come_as_a_list() -> None:
    rows = [{"itemId": None, "columnIds": ["numeric_1"], "message": "must be at least [5]"}]
    refused = error(
        "DATA_VALIDATIONS_ERROR", status=422, path=["create_item"], error_data=rows, status_code=422
    )
    found = reading(refused, writes=True)
    assert found.refusal is None
    assert found.answer.problems[0].data == {"validations": rows}
    assert found.answer.problem("create_item") is found.answer.problems[0]


@pytest.mark.parametrize(
    ("code", "unsettled"),
    [
        ("INTERNAL_SERVER_ERROR", True),
        ("SOMETHING_NEW", True),
        ("", True),
        ("ColumnValueException", False),
        ("tooManyRequests", False),
        ("UserUnauthorizedException", False),
    ],
)
def test_a_problem_says_whether_it_settles_anything(code: str, unsettled: bool) -> None:
    assert Problem("said", code, ("c0",), {}, None).unsettled is unsettled


@pytest.mark.parametrize(
    ("refused", "failure", "words"),
    [
        (error("NOT_AUTHENTICATED", status=401), AuthenticationError, "Developers > API token"),
        (error("NOT_AUTHENTICATED", "Your ip is restricted", status=401), NotActivated, "Administration"),
        (error("USER_ACCESS_DENIED", status=403), NotActivated, "neither guest nor viewer"),
        (error("missingRequiredPermissions"), NotActivated, "administrator must"),
        (
            answer({"data": [], "errors": [{"message": "User unauthorized", "path": ["me"], "extensions": {
                "code": "UserUnauthorizedException", "error_data": {"failure_reason": "plan"}}}]}),
            NotActivated,
            r"\(plan\)",
        ),
        (
            error(
                "UserUnauthorizedException", found={"c0": None, "complexity": {"query": 1}}, path=["c0"],
                status_code=403,
            ),
            NotActivated,
            "administrator must",
        ),
        (error("InvalidVersionException"), ConfigurationError, "^api_version: "),
        (error("maxComplexityExceeded"), TooComplex, "ask for less"),
        (answer(b"", 413), TooComplex, "ask for less"),
        (error("GRAPHQL_VALIDATION_FAILED", status=400), ContractChanged, "does not accept this request"),
        (error(None, "Field 'x' doesn't exist on type 'Item'"), ContractChanged, "doesn't exist on type"),
        (error(None, "Parse error"), ContractChanged, "Parse error"),
        (error(None, "Variable $v of type JSON! was provided invalid value"), ContractChanged, "Variable"),
        (answer(b"<html>", 404), ConfigurationError, "^host: .*something other than monday.com's API"),
        (answer(b"", 302), ConfigurationError, "^host: "),
        (error("RATE_LIMIT_EXCEEDED", status=429, retryAfterMs=1_800_000), RateLimited, "RATE_LIMIT"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("writes", [False, True])
async def test_a_call_that_was_refused_as_a_whole(
    refused: Response, failure: type[ConnectorError], words: str, writes: bool
) -> None:
    place = site(refused)
    with pytest.raises(failure, match=words) as caught:
        await (place.write() if writes else place.query())
    assert type(caught.value) is failure
    assert isinstance(caught.value, STOPS)  # certainly not executed
    assert len(place.monday.seen) == 1


async def test_milliseconds_are_no_seconds() -> None:
    place = site(error("RATE_LIMIT_EXCEEDED", status=429, retryAfterMs=1_800_000))
    with pytest.raises(RateLimited) as caught:
        await place.write()
    assert caught.value.retry_after == 1800


async def test_an_error_that_nobody_knows() -> None:
    with pytest.raises(Unavailable, match="SOMETHING_NEW: said"):
        await site(error("SOMETHING_NEW")).query()
    for refused in (error("SOMETHING_NEW"), error("SOMETHING_NEW", found=None, path=["c0"])):
        place = site(refused)
        with pytest.raises(InDoubt, match="SOMETHING_NEW: said"):
            await place.write()
        assert len(place.monday.seen) == 1


def test_what_leaves_a_doubt_weighs_more_than_what_does_not() -> None:
    entries = [
        {"message": "later", "extensions": {"code": "MINUTE_RATE_LIMIT_EXCEEDED"}},
        {"message": "new", "extensions": {"code": "SOMETHING_NEW"}},
    ]
    found = reading(answer({"errors": entries}), writes=True)
    assert found.refusal is Meaning.UNKNOWN
    assert "and 1 more" in found.said


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", Meaning.OUTAGE),
        (b'{"data": {"c0"', Meaning.OUTAGE),
        (b"<html>ok</html>", Meaning.OUTAGE),
        (b"[]", Meaning.OUTAGE),
        (b"{}", Meaning.OUTAGE),
        (b'{"data": null}', Meaning.OUTAGE),
        (b'{"data": {"c0": null}}', None),
    ],
)
def test_an_answer_that_says_nothing_is_none(body: bytes, refusal: Meaning | None) -> None:
    assert reading(answer(body), writes=True).refusal is refusal


def test_data_of_a_write_counts_whatever_the_status() -> None:
    told = answer({"data": {"c0": {"id": "11"}}}, 429)
    assert reading(told, writes=True).refusal is None
    assert reading(told).refusal is Meaning.WAIT


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-20T12:00:00+00:00", "2026-11-21T00:00:02+00:00"),
        ("2026-11-20T23:59:59+00:00", "2026-11-21T00:00:02+00:00"),
        ("2026-11-21T00:00:30+00:00", "2026-11-21T00:01:30+00:00"),
        ("2026-11-20T20:00:00-05:00", "2026-11-22T00:00:02+00:00"),
    ],
)
def test_the_day_ends_at_midnight_utc(now: str, then: str) -> None:
    assert next_day(datetime.fromisoformat(now)) == datetime.fromisoformat(then)
    assert next_day(datetime.fromisoformat(now)) - datetime.fromisoformat(now) < timedelta(days=1, minutes=1)


def test_nothing_shows_what_was_written() -> None:
    problem = Problem("said", "X", (), {"value": "s3cret"}, None)
    assert "s3cret" not in repr(Answer({"c0": {"name": "s3cret"}}, (problem,), False, None))
    assert "s3cret" not in str(problem)
