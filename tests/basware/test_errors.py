"""The table of refusals: by code first, by status second, for reads and for writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ml_connector.basware.api import Acknowledgment
from ml_connector.basware.errors import (
    ApiRefusal,
    Conflict,
    NotAllowed,
    NotFound,
    Throttled,
    TooLarge,
    failure,
    problems,
    scope_of,
)
from ml_connector.basware.privacy import without_accounts
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import Interrupted, NotSent, Request, Response
from ml_connector.core.state.store import Store

from .support import TOKEN, Basware, answer, connected, refusal, written

READ = Request("GET", "https://api.basware.com/v1/vendors/1")
WRITE = Request("POST", "https://api.basware.com/v1/vendors")
HTML = Response(404, {"Content-Type": "text/html; charset=utf-8"}, b"<html>nothing here</html>")


def coded(code: str, status: int = 400, message: str = "no") -> Response:
    return refusal(status, {"type": "TECHNICAL", "code": code, "message": message, "externalCode": "A"})


@pytest.mark.parametrize(
    ("response", "read", "write"),
    [
        (coded("SCHEMA_VALIDATION_ERROR"), ApiRefusal, ApiRefusal),
        (coded("DATA_VALIDATION_FAILED", 500), ApiRefusal, ApiRefusal),
        (coded("PARAMETER_VALIDATION_ERROR"), ApiRefusal, ApiRefusal),
        (coded("EXTERNAL_CODE_MISMATCH"), ApiRefusal, ApiRefusal),
        (coded("DATA_ORIGIN_VALIDATION_ERROR"), ApiRefusal, ApiRefusal),
        (coded("CONFLICT_IN_POST", 400), Conflict, Conflict),
        (coded("METHOD_NOT_ALLOWED", 400), NotAllowed, NotAllowed),
        (coded("ENTITY_NOT_FOUND", 400), NotFound, NotFound),
        (coded("ACCESS_TOKEN_VALIDATION_ERROR", 400), AuthenticationError, AuthenticationError),
        (coded("CREDENTIAL_VALIDATION_ERROR", 500), AuthenticationError, AuthenticationError),
        (coded("UNEXPECTED_ERROR", 400), Unavailable, InDoubt),
        (coded("SNS_PUBLISH_ERROR", 500), Unavailable, InDoubt),
        (coded("SQS_PUBLISH_ERROR", 500), Unavailable, InDoubt),
        (answer({"message": "Bad request"}, 400), ApiRefusal, ApiRefusal),
        (answer(None, 400), ApiRefusal, ApiRefusal),
        (answer({"message": "Unauthorized"}, 401), AuthenticationError, AuthenticationError),
        (answer({"message": "Forbidden"}, 403), NotActivated, NotActivated),
        (answer({"detail": "Not Found"}, 404), NotFound, NotFound),
        (HTML, ConfigurationError, ConfigurationError),
        (answer(None, 405), NotAllowed, NotAllowed),
        (answer(None, 408), Unavailable, InDoubt),
        (answer(None, 409), Conflict, Conflict),
        (answer({"message": "Request Too Long"}, 413), TooLarge, TooLarge),
        (answer({"message": "UnprocessableEntity"}, 422), ApiRefusal, ApiRefusal),
        (answer({"message": "Too Many Requests"}, 429), Throttled, Throttled),
        (answer(None, 500), Unavailable, InDoubt),
        (answer(None, 502), Unavailable, InDoubt),
        (answer(None, 503), Unavailable, InDoubt),
        (answer(None, 504), Unavailable, InDoubt),
        (answer(None, 301), ConfigurationError, ConfigurationError),
    ],
)
def test_the_table(response: Response, read: type[ConnectorError], write: type[ConnectorError]) -> None:
    assert type(failure(READ, response)) is read
    assert type(failure(WRITE, response)) is write


def test_the_vendors_own_samples(facts: Path) -> None:
    kinds: dict[str, tuple[int, type[ConnectorError]]] = {
        "error_400_p2p": (400, ApiRefusal),
        "error_401_p2p": (401, AuthenticationError),
        "error_405_already_acknowledged": (405, NotAllowed),
        "error_409_p2p": (409, Conflict),
        "subscriptions_post_response_400": (400, ApiRefusal),
    }
    for name, (status, kind) in kinds.items():
        body = json.loads((facts / "samples" / f"{name}.json").read_text())
        error = failure(WRITE, answer(body, status))
        assert type(error) is kind
        entry = (body.get("errors") or body.get("errorMessages") or [body])[0]
        assert entry["message"] in str(error)


def test_a_refusal_names_field_code_and_record() -> None:
    entry = {"code": "SCHEMA_VALIDATION_ERROR", "externalCode": "A", "message": "The field Name is too long."}
    error = failure(WRITE, refusal(400, entry))
    assert isinstance(error, ApiRefusal)
    assert (error.field, error.code, error.reason) == (
        "Name", "SCHEMA_VALIDATION_ERROR", "The field Name is too long.",
    )  # fmt: skip
    assert [problem.external_code for problem in error.problems] == ["A"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"[1]", b'"text"', b"null", b'{"errors": [1, {}, {"code": 1}]}',
        b'{"errors": {"a": 1}}', b'{"detail": [1]}', b'{"message": {"a": 1}}', b'{"errors": []}',
    ],
)  # fmt: skip
def test_no_body_is_too_strange(body: bytes) -> None:
    assert problems(Response(400, {}, body)) == []
    assert str(failure(WRITE, Response(400, {}, body)))


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/accountingDocuments/1", "accountingDocuments.read"),
        ("POST", "/v1/accountingDocuments/1/acknowledge", "accountingDocuments.write"),
        ("GET", "/prefix/v1/vendors", "vendors.read"),
        ("POST", "/v2/projects", "projects.write"),
        ("DELETE", "/v1/subscriptions", "subscriptions.delete"),
    ],
)
def test_the_scope_of_a_call(method: str, path: str, scope: str) -> None:
    assert scope_of(Request(method, f"https://h{path}")) == scope


def test_a_call_that_is_not_granted_says_what_to_do() -> None:
    error = failure(WRITE, answer({"message": "Forbidden"}, 403))
    assert isinstance(error, NotActivated)
    assert (error.operation, "vendors.write" in str(error)) == ("vendors.write", True)


# ---- what the client does about them


async def test_reads_are_repeated(state: Store) -> None:
    basware = Basware(
        [answer(None, 500), Interrupted("reset", "broke off"), answer(None, 503), answer({"a": "1"})]
    )
    async with connected(basware, state) as api:
        assert await api.one("/v1/vendors/1") == {"a": "1"}
    assert len(basware.seen) == 4


async def test_a_lasting_outage_ends_a_read(state: Store) -> None:
    basware = Basware([answer({"message": "Internal server error"}, 500)])
    async with connected(basware, state) as api:
        with pytest.raises(Unavailable, match="500"):
            await api.one("/v1/vendors/1")
    assert len(basware.seen) == 4


@pytest.mark.parametrize(
    "reply",
    [
        answer(None, 500), answer(None, 502), answer(None, 503), answer(None, 504),
        coded("SQS_PUBLISH_ERROR", 500), Interrupted("timeout", "late"), Interrupted("reset", "broke off"),
    ],
)  # fmt: skip
async def test_a_write_without_a_clear_answer_is_in_doubt_and_never_repeated(
    state: Store, reply: Any
) -> None:
    basware = Basware([reply])
    async with connected(basware, state) as api:
        with pytest.raises(InDoubt):
            await api.acknowledge("1")
        with pytest.raises(InDoubt):
            await api.respond("2", "paymentResponses", {"externalCode": "x"})
        with pytest.raises(InDoubt):
            await api.import_records("/v1/vendors", [{"externalCode": "x"}])
    assert len(basware.seen) == 3


async def test_a_write_that_never_left_is_no_doubt(state: Store) -> None:
    basware = Basware([NotSent("refused", "no connection")])
    async with connected(basware, state) as api:
        with pytest.raises(Unavailable):
            await api.respond("1", "transferResponses", {"externalCode": "x"})


async def test_asked_to_wait_for_a_moment(state: Store) -> None:
    basware = Basware([answer(None, 429, Retry_After="3"), answer(None, 429), written()])
    async with connected(basware, state) as api:
        assert await api.acknowledge("1") is Acknowledgment.DONE
    assert basware.clock.pauses[0] == 3
    assert len(basware.seen) == 3


@pytest.mark.parametrize(("headers", "wait"), [({"Retry_After": "120"}, 120), ({}, 30)])
async def test_asked_to_wait_for_long(state: Store, headers: dict[str, str], wait: float) -> None:
    basware = Basware([answer({"message": "Too Many Requests"}, 429, **headers)])
    async with connected(basware, state) as api:
        with pytest.raises(Throttled) as caught:
            await api.one("/v1/vendors/1")
    assert caught.value.retry_after == wait
    assert len(basware.seen) == (1 if headers else 5)


async def test_a_success_that_says_it_is_none(state: Store) -> None:
    entry = {"code": "DATA_VALIDATION_FAILED", "message": "wrong"}
    basware = Basware([refusal(200, entry)])
    async with connected(basware, state) as api:
        with pytest.raises(Rejected, match="wrong"):
            await api.respond("1", "transferResponses", {"externalCode": "x"})
        with pytest.raises(Rejected, match="wrong"):
            await api.one("/v1/vendors/1")


async def test_an_answer_that_is_no_json(state: Store) -> None:
    basware = Basware([Response(200, {}, b"<html>maintenance</html>")])
    async with connected(basware, state) as api:
        with pytest.raises(ContractChanged, match="no JSON"):
            await api.one("/v1/vendors/1")


async def test_words_of_the_vendor_are_shown_without_secrets(state: Store) -> None:
    said = f"DE89370400440532013000, bban 00532013000 and {TOKEN} are wrong"
    entry = {"code": "SCHEMA_VALIDATION_ERROR", "message": said, "externalCode": "x"}
    status = {
        "requestId": "r",
        "systems": [{"items": [{"externalCode": "x", "errors": [{"message": said}]}]}],
    }
    basware = Basware([refusal(400, entry), refusal(400, entry), answer(status)])
    async with connected(basware, state) as api:
        with pytest.raises(ApiRefusal) as caught:
            await api.respond("1", "transferResponses", {"externalCode": "x"})
        imported = await api.import_records("/v1/vendors", [{"externalCode": "x"}])
        found = await api.request_status("r")
    error = caught.value
    for shown in (error, error.reason, repr(error), error.problems, imported, found):
        assert "wrong" in f"{shown}"
        for secret in ("DE89", "532013000", TOKEN):
            assert secret not in f"{shown}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("IBAN DE89370400440532013000 is wrong", "IBAN *** is wrong"),
        ("DE89 3704 0044 0532 0130 00 AND MORE", "*** AND MORE"),
        ("(GB82WEST12345698765432)", "(***)"),
        ("record AB12CDEFABCDEFABCDEF01234567 and DE88370400440532013000", None),
        ("Bank account: 1234-567890 is used twice", "Bank account: *** is used twice"),
        ("BBAN 'NWBK60161331926819'", "BBAN '***'"),
        ("account 640000 and bank accounts are unknown", None),
    ],
)
def test_bank_accounts_in_words(text: str, shown: str | None) -> None:
    assert without_accounts(text) == (shown or text)
