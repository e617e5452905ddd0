"""Reading ``Retry-After``, waiting, and keeping secrets out of texts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.http import Redactor, Response, Retry, parse_retry_after, redact

NOW = datetime(2026, 10, 5, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("60 Seconds", 60.0),
        (" 1.5 s ", 1.5),
        ("Mon, 05 Oct 2026 12:00:30 GMT", 30.0),
        ("Mon, 05 Oct 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after_in_all_its_spellings(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_bounded(attempt: int, roll: float) -> None:
    retry = Retry(base=0.5, longest=15)
    assert 0.25 <= retry.delay(attempt, lambda: roll) <= 15


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "hunter22"}',
        '{"client_secret":"hunter22","a":1}',
        '{"sessionId": "hunter22',
        '{"accountNumber": 22334455}',
        "Authorization: Basic aHVudGVyMjI=",
        "devKey: hunter22",
        "x=1&access_token=hunter22&y=2",
        "<wsse:Password Type='PasswordText'>hunter22</wsse:Password>",
        "sent Bearer eyJhbGciOi.hunter22.xyz to them",
    ],
)
def test_fields_known_to_be_secret_are_hidden(text: str) -> None:
    shown = redact(text)
    assert "hunter22" not in shown
    assert "22334455" not in shown
    assert "aHVudGVyMjI" not in shown
    assert "***" in shown


def test_ordinary_text_stays_as_it_is() -> None:
    text = '{"invoiceNumber": "INV-1", "amount": 12.5} token endpoint answered'
    assert redact(text, ["abc"]) == text


def test_known_values_are_hidden_in_every_spelling() -> None:
    redactor = Redactor(['p"a ss/1', None, ""])
    assert redactor('p"a ss/1 p%22a%20ss%2F1 p%22a+ss%2F1 p\\"a ss/1') == "*** *** *** ***"
    assert "p" not in repr(redactor).replace("Redactor", "").replace("secrets", "")


@given(st.text(max_size=400), st.integers(1, 100))
def test_an_excerpt_is_short_and_one_line(text: str, limit: int) -> None:
    shown = Redactor().excerpt(text, limit)
    assert len(shown) <= limit + 3
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/plain; charset=ISO-8859-1", "Ã¤"),
        ("text/plain", "ä"),
        ("text/plain; charset=nonsense", "ä"),
        ('text/plain; charset="utf-8"; x=y', "ä"),
    ],
)
def test_a_body_is_decoded_by_its_charset(content_type: str, text: str) -> None:
    response = Response(200, {"content-type": content_type}, "ä".encode())
    assert response.text() == text
    assert response.media_type == "text/plain"


def test_text_is_bounded() -> None:
    assert len(Response(200, body=b"x" * 100).text(10)) == 10
