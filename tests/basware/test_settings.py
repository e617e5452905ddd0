from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.basware.limits import rate_window
from ml_connector.basware.options import BaswareOptions, ImportOptions
from ml_connector.basware.settings import SCOPES, BaswareSettings
from ml_connector.core.errors import ConfigurationError

TOKEN = "s3cret, with a comma and ö"


def settings(**changed: Any) -> BaswareSettings:
    values: dict[str, Any] = {
        "host": "api.basware.com", "login": " client-1 ", "password": "s3cret-password", "extra": {},
    }  # fmt: skip
    return BaswareSettings.from_connection(**values | changed)


def test_a_client_with_tokens_is_the_default() -> None:
    found = settings()
    assert (found.base_url, found.login, found.auth) == ("https://api.basware.com", "client-1", "oauth2")
    assert found.token_url == "https://api.basware.com/v1/tokens"
    assert found.scope.split() == list(SCOPES)
    assert (found.signature_encoding, found.timestamp_header, found.webhook_token) == ("auto", None, None)


def test_scopes_are_those_that_basware_knows(facts: Any) -> None:
    import json

    known = json.loads((facts / "constants.json").read_text())["scopes"]
    assert set(SCOPES) <= set(known)


def test_everything_can_be_said() -> None:
    found = settings(
        extra={
            "auth": "basic", "token_url": "https://login.example.com/t/",
            "scope": "vendors.read, accounts.write",
            "webhook_token": TOKEN, "signature_encoding": "hex", "timestamp_header": "X-BWAPI-Timestamp",
            "redirect_hosts": "files.example.com, *.Storage.example.com",
        }
    )  # fmt: skip
    assert (found.auth, found.token_url) == ("basic", "https://login.example.com/t")
    assert found.scope == "vendors.read accounts.write"
    assert (found.webhook_token, found.signature_encoding) == (TOKEN, "hex")
    assert found.timestamp_header == "x-bwapi-timestamp"
    assert found.redirect_hosts == ("files.example.com", "*.storage.example.com")


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({"host": "https://test-api.us.basware.com/"}, "https://test-api.us.basware.com"),
        ({"host": "http://127.0.0.1:8080/basware"}, "http://127.0.0.1:8080/basware"),
        ({"host": "http://127.0.0.1/a/b/", "port": 8080}, "http://127.0.0.1:8080/a/b"),
        ({"host": "proxy.example.com", "schema": "http"}, "http://proxy.example.com"),
    ],
)
def test_any_address_is_kept_with_its_prefix(changed: dict[str, Any], url: str) -> None:
    found = settings(**changed)
    assert (found.base_url, found.token_url) == (url, f"{url}/v1/tokens")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": " "}, r"host: the Basware connection has no value .*api.basware.com"),
        (
            {"host": "https://api.basware.com/v1/"},
            r"must end before /v1.*\(expected: https://api.basware.com\)",
        ),
        ({"host": "http://h:1/p/v2"}, r"must end before /v2.*\(expected: http://h:1/p\)"),
        ({"host": "developer.basware.com"}, r"host: developer.basware.com does not serve the API: .*docum"),
        ({"host": "ftp://api.basware.com"}, r"host: this is no web address"),
        ({"host": "https://api.basware.com:no"}, r"host: this is no web address"),
        ({"host": "https://me:s3cret@api.basware.com"}, r"host: this is no web address"),
        ({"login": ""}, r"login: the Basware connection has no value \(expected: the client id"),
        ({"password": " "}, r"password: .* has no value \(expected: the client secret"),
        ({"login": None, "extra": {"auth": "basic"}}, r"login: .*the user of an API account"),
        ({"extra": {"auth": "token"}}, r"auth: 'token' is no way to log in \(expected: oauth2 or basic\)"),
        ({"extra": {"token_url": "login.example.com"}}, r"token_url: this is no web address"),
        ({"extra": {"scope": "vendors.read p2p:read"}}, r"scope: 'p2p:read' is no scope"),
        ({"extra": {"webhook_token": "s3cret"}}, r"webhook_token: a token of 6 characters can be guessed"),
        ({"extra": {"signature_encoding": "hexx"}}, r"signature_encoding: 'hexx' is no way"),
        ({"extra": {"timestamp_header": "no header"}}, r"timestamp_header: 'no header' is no name"),
        ({"extra": {"redirect_hosts": "https://x.example.com"}}, r"redirect_hosts: .* is no host name"),
        ({"extra": {"redirect_hosts": ["*.com"]}}, r"redirect_hosts: '\*.com' is no host name"),
        ({"extra": {"redirect_hosts": "*"}}, r"redirect_hosts: '\*' is no host name"),
    ],
)
def test_each_mistake_has_its_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        settings(**changed)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("hosts", "host", "allowed"),
    [
        (None, "bucket.s3.eu-west-1.amazonaws.com", True),
        (None, "amazonaws.com", False),
        (None, "evilamazonaws.com", False),
        (None, "bucket.amazonaws.com.evil.example", False),
        (None, "api.basware.com", True),
        (None, "API.basware.com", True),
        ("files.example.com", "files.example.com", True),
        ("files.example.com", "x.files.example.com", False),
        ("files.example.com", "bucket.s3.amazonaws.com", False),
    ],
)
def test_hosts_of_redirects(hosts: str | None, host: str, allowed: bool) -> None:
    assert settings(extra={"redirect_hosts": hosts}).may_follow(host) is allowed


def test_no_secret_shows() -> None:
    found = settings(extra={"webhook_token": TOKEN})
    assert "s3cret" not in repr(found) + found.key_name + found.session_name
    assert set(found.secrets()) == {"s3cret-password", TOKEN}


def test_limits_belong_to_the_login_and_tokens_to_all_that_they_depend_on() -> None:
    assert settings().key_name == settings(password="renewed").key_name
    assert settings().key_name != settings(login="client-2").key_name
    assert settings().session_name != settings(password="renewed").session_name
    assert settings().session_name != settings(extra={"scope": "vendors.read"}).session_name
    assert len(settings().session_name) < 128


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests_per_second": 0}, {"concurrency": 4}, {"write_gap_seconds": -1}, {"retries": 1},
        {"imports": {"poll_first_seconds": 60, "poll_longest_seconds": 30}},
        {"webhooks": {"tasks": []}}, {"webhooks": {"tasks": ["Accounting Documents"]}},
        {"webhooks": {"url": "hooks.example.com"}}, {"webhooks": {"signed_message": "both"}},
    ],
)  # fmt: skip
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BaswareOptions.model_validate(wrong)


def test_names_of_headers_are_compared_in_small_letters() -> None:
    options = BaswareOptions.model_validate({"webhooks": {"timestamp_headers": ["X-Time"]}})
    assert options.webhooks.timestamp_headers == ("x-time",)


def test_questions_become_rarer() -> None:
    options = ImportOptions()
    assert [options.pause(asked) for asked in (0, 1, 2, 4, 5, 500)] == [15, 30, 60, 240, 300, 300]


@pytest.mark.parametrize("rate", [0.1, 1, 5, 50, 1000])
def test_a_minute_holds_no_more_than_its_share(rate: float) -> None:
    window = rate_window(BaswareOptions(requests_per_second=rate))
    assert window.capacity == max(2, round(rate * 60))
    assert window.cell >= window.seconds / window.capacity
