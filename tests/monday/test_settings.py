from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.core.errors import ConfigurationError
from ml_connector.monday.connect import day_window, minute_window
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.settings import MondaySettings

APP: dict[str, Any] = {
    "auth": "oauth2",
    "client_id": "app-1",
    "client_secret": "s3cret-client",
    "refresh_token": "s3cret-refresh",
}


def settings(**changed: Any) -> MondaySettings:
    values: dict[str, Any] = {"host": None, "login": None, "password": "s3cret-token", "extra": {}}
    return MondaySettings.from_connection(**values | changed)


def test_a_token_is_all_that_is_needed() -> None:
    found = settings()
    assert (found.base_url, found.auth, found.api_version) == ("https://api.monday.com", "token", "2026-10")
    assert found.api_token == "s3cret-token"


def test_an_app() -> None:
    found = settings(password=None, extra=APP)
    assert (found.auth, found.client_id, found.refresh_token) == ("oauth2", "app-1", "s3cret-refresh")
    assert found.token_url == "https://auth.monday.com/oauth_ms/oauth/token"


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({"host": " "}, "https://api.monday.com"),
        ({"host": "api.monday.com/"}, "https://api.monday.com"),
        ({"host": "http://127.0.0.1:8080/monday"}, "http://127.0.0.1:8080/monday"),
        ({"host": "http://127.0.0.1/a/b", "port": 8080}, "http://127.0.0.1:8080/a/b"),
        ({"host": "proxy.example.com", "schema": "http"}, "http://proxy.example.com"),
    ],
)
def test_any_base_url_is_kept(changed: dict[str, Any], url: str) -> None:
    assert settings(**changed).base_url == url


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": "https://api.monday.com/v2"}, r"host: the address must end before /v2.*api.monday.com\)$"),
        ({"host": "http://localhost:1/monday/v2/"}, r"before /v2.*http://localhost:1/monday\)$"),
        ({"host": "https://acme.monday.com"}, r"host: acme.monday.com does not serve the API"),
        ({"host": "https://auth.monday.com"}, r"where tokens are issued"),
        ({"host": "ftp://api.monday.com"}, r"host: this is no web address"),
        ({"host": "https://api.monday.com:no"}, r"host: this is no web address"),
        ({"password": " "}, r"password: the monday.com connection has no value \(expected: .*API token"),
        ({"password": "two words"}, r"password: the API token holds blanks"),
        ({"extra": {"auth": "basic"}}, r"auth: 'basic' is no way to log in"),
        ({"extra": APP | {"client_id": ""}}, r"client_id: the monday.com connection has no value"),
        ({"extra": APP | {"client_secret": None}}, r"client_secret: .* has no value"),
        ({"extra": APP | {"refresh_token": None}}, r"refresh_token: .* has no value"),
        ({"extra": APP | {"token_url": "auth.monday.com"}}, r"token_url: this is no web address"),
        ({"extra": {"api_version": "2026-11"}}, r"api_version: '2026-11' is no version"),
        ({"extra": {"api_version": "2023"}}, r"api_version: '2023' is no version"),
        ({"extra": {"api_version": "2026-04"}}, r"api_version: .* no bulk import .*2026-07 or later"),
    ],
)
def test_each_mistake_has_its_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        settings(**changed)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("version", ["2026-07", "2026-10", "2027-01", "2030-04"])
def test_later_versions_may_be_asked_for(version: str) -> None:
    assert settings(extra={"api_version": version}).api_version == version


def test_a_scheme_that_was_copied_along_is_dropped() -> None:
    assert settings(password="Bearer s3cret-token").api_token == "s3cret-token"


def test_no_secret_shows() -> None:
    for found, secrets in (
        (settings(), {"s3cret-token"}),
        (settings(extra=APP), {"s3cret-client", "s3cret-refresh"}),
    ):
        assert "s3cret" not in repr(found) + found.key_name + found.session_name
        assert set(found.secrets()) == secrets


def test_another_credential_has_other_names() -> None:
    assert settings(password="other").key_name != settings().key_name
    one, other = settings(extra=APP), settings(extra=APP | {"refresh_token": "s3cret-other"})
    assert one.session_name != other.session_name
    assert one.session_name == settings(extra=APP | {"client_secret": "renewed"}).session_name


@pytest.mark.parametrize(
    ("limits", "numbers"),
    [
        (ApiLimits(), (1_000, 1_000, 40)),
        (ApiLimits(plan="free"), (1_000, 1_000, 40)),
        (ApiLimits(plan="pro"), (10_000, 2_500, 100)),
        (ApiLimits(plan="enterprise"), (25_000, 5_000, 250)),
        (ApiLimits(plan="pro", daily_calls=5, minute_requests=6, concurrent_requests=7), (5, 6, 7)),
    ],
)
def test_the_plan_sets_what_is_not_named(limits: ApiLimits, numbers: tuple[int, int, int]) -> None:
    assert (limits.calls_per_day, limits.requests_per_minute, limits.requests_in_flight) == numbers


@pytest.mark.parametrize(
    "wrong",
    [{"plan": "gold"}, {"daily_calls": 0}, {"concurrency": 41}, {"replay_seconds": 1800}, {"retries": 3}],
)
def test_impossible_limits_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ApiLimits.model_validate(wrong)


def test_few_calls_are_reserved_one_by_one() -> None:
    assert (day_window(ApiLimits()).block, day_window(ApiLimits(plan="pro")).block) == (1, 10)
    assert day_window(ApiLimits()).seconds == 86_400
    assert minute_window(ApiLimits(minute_requests=1)).capacity == 1
