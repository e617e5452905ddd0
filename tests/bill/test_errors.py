from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.bill.errors import (
    FilterRefused,
    HourSpent,
    NotFound,
    TooManyAtOnce,
    failure,
    indexes,
    login_failure,
    next_hour,
    problems,
)
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Request, Response

NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
POST = Request("POST", "/v3/bills")
GET = Request("GET", "/v3/bills")


def answer(status: int, *entries: dict[str, Any], body: Any = None) -> Response:
    content = list(entries) if body is None else body
    return Response(status, {}, content if isinstance(content, bytes) else json.dumps(content).encode())


def coded(code: str, message: str = "said") -> dict[str, Any]:
    return {"code": code, "severity": "ERROR", "category": "DOWNSTREAM", "message": message}


def plain(message: str) -> dict[str, Any]:
    return {"severity": "ERROR", "category": "REQUEST", "message": message}


def judged(
    status: int, *entries: dict[str, Any], request: Request = POST, body: Any = None
) -> ConnectorError:
    return failure(request, answer(status, *entries, body=body), NOW)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 422, 429, 500])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("BDC_1101", AuthenticationError),
        ("BDC_1102", AuthenticationError),
        ("BDC_1103", AuthenticationError),
        ("BDC_1104", AuthenticationError),
        ("BDC_1105", AuthenticationError),
        ("BDC_1107", Unavailable),
        ("BDC_1110", AuthenticationError),
        ("BDC_1111", AuthenticationError),
        ("BDC_1113", AuthenticationError),
        ("BDC_1121", ConfigurationError),
        ("BDC_1123", ConfigurationError),
        ("BDC_1144", HourSpent),
        ("BDC_1171", Rejected),
        ("BDC_1205", NotFound),
        ("BDC_1322", TooManyAtOnce),
        ("BDC_1361", NotActivated),
    ],
)
def test_the_code_decides_whatever_the_status(code: str, kind: type[ConnectorError], status: int) -> None:
    error = judged(status, coded(code))
    assert type(error) is kind
    assert "said" in str(error)


def test_a_code_that_is_not_first_counts_too() -> None:
    assert isinstance(judged(422, plain("something"), coded("BDC_1144")), HourSpent)


def test_an_outage_of_a_write_is_doubt_and_of_a_read_is_not() -> None:
    for code in ("BDC_1001", "BDC_1002"):
        assert type(judged(422, coded(code))) is InDoubt
        assert type(judged(422, coded(code), request=GET)) is Unavailable
    assert type(judged(500, coded("BDC_9999"))) is InDoubt
    assert type(judged(500, coded("BDC_9999"), request=GET)) is Unavailable


def test_the_hour_is_waited_out() -> None:
    error = judged(422, coded("BDC_1144"))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 45 * 60 + 2


def test_in_the_first_minute_the_refusal_is_about_the_hour_before() -> None:
    just_after = NOW.replace(minute=0, second=20)
    assert (next_hour(just_after) - just_after).total_seconds() == 70


def test_a_locked_organization_is_left_alone_for_a_while() -> None:
    error = judged(423, coded("BDC_1107", "Organization is locked out."))
    assert isinstance(error, Unavailable)
    assert error.retry_after == 600


def test_field_validation_names_the_field() -> None:
    error = judged(400, plain("address.country: must not be null"))
    assert isinstance(error, Rejected)
    assert (error.field, error.reason, error.code) == ("address.country", "must not be null", None)


def test_several_fields_are_told_together_and_once() -> None:
    error = judged(
        400, plain("dueDate: must not be null"), plain("dueDate: must not be null"), plain("invoice: bad")
    )
    assert isinstance(error, Rejected)
    assert error.reason == "dueDate: must not be null; invoice: bad"


def test_a_business_refusal_keeps_its_code() -> None:
    error = judged(422, coded("BDC_1119", "Invalid field,value: amount, -5."))
    assert isinstance(error, Rejected)
    assert (error.code, error.reason) == ("BDC_1119", "Invalid field,value: amount, -5.")


def test_repetitions_and_placeholders_are_taken_out() -> None:
    found = problems(
        answer(
            422,
            coded("BDC_1152", "Invalid Process Date : ${paramName0}."),
            coded("BDC_1152", "00n02YCLZFIWZX3ruxj4 : Invalid Process Date : ${paramName0}."),
        )
    )
    assert [problem.message for problem in found] == ["Invalid Process Date"]


def test_an_object_instead_of_an_array() -> None:
    error = judged(400, body={"message": "size must be smaller", "code": "BDC_1119"})
    assert isinstance(error, Rejected)
    assert error.code == "BDC_1119"


def test_the_form_of_the_older_api() -> None:
    body = {"response_status": 1, "response_data": {"error_code": "BDC_1322", "error_message": "Max number"}}
    assert isinstance(judged(200, body=body), TooManyAtOnce)


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"\xff\xfe", b"null", b"3"])
def test_bodies_that_are_no_answer(body: bytes) -> None:
    assert problems(Response(400, {}, body)) == []
    assert isinstance(failure(POST, Response(400, {}, body), NOW), Unavailable)
    assert isinstance(failure(POST, Response(502, {}, body), NOW), InDoubt)
    assert isinstance(failure(GET, Response(502, {}, body), NOW), Unavailable)
    assert isinstance(failure(POST, Response(404, {}, body), NOW), ConfigurationError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, ConfigurationError),
        (401, Unavailable),
        (403, NotActivated),
        (423, Unavailable),
        (429, RateLimited),
    ],
)
def test_without_a_code_the_status_decides(status: int, kind: type[ConnectorError]) -> None:
    assert type(judged(status, plain("something"))) is kind


def test_a_body_too_large_is_split_rather_than_waited_for() -> None:
    assert isinstance(judged(413, body=b"<html>too large</html>"), Rejected)


def test_a_refused_filter_is_known_as_one() -> None:
    request = Request("GET", "/v3/bills", {"filters": "x:eq:1"})
    assert isinstance(
        judged(400, plain("filters: field x cannot be filtered"), request=request), FilterRefused
    )
    assert not isinstance(judged(400, plain("max: must be between 1 and 100"), request=GET), FilterRefused)


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_a_refused_login_is_never_repeated(status: int) -> None:
    error = login_failure(Request("POST", "/v3/login"), answer(status, plain("password: wrong")), NOW)
    assert isinstance(error, AuthenticationError)


def test_advice_says_what_is_probably_wrong() -> None:
    assert "same environment" in str(judged(401, coded("BDC_1102", "Developer key is invalid.")))
    assert "sync token" in str(judged(401, coded("BDC_1101")))


def test_indexes_named_by_a_bulk_refusal() -> None:
    assert indexes(Rejected("[3].dueDate: must not be null; [7].invoice: bad")) == {3, 7}
    assert indexes(Rejected("must not be null", field="[2].dueDate")) == {2}
    assert indexes(Rejected("Invoice number already exists")) == set()
