from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.fernet import Fernet

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store
from ml_connector.monday.hook import MondayHook
from ml_connector.monday.settings import API_VERSION, PRODUCTION, TOKEN_URL
from ml_connector.provider_info import get_provider_info
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread

BOARDS = "query Boards { boards { id } }"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1), scenario="plain")) as sandbox:
        yield sandbox


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """State that the installation's settings name."""
    url, key = f"sqlite:///{tmp_path / 'state.db'}", Fernet.generate_key().decode()
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", url)
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS", key)
    database = Database(url)
    migrate(database)
    with Store(database, Cipher([key]), actor="test") as opened:
        yield opened


def connection(url: str, **changed: Any) -> str:
    values: dict[str, Any] = {
        "conn_type": "monday", "host": url, "password": credentials.MONDAY_TOKEN, "extra": {},
    }  # fmt: skip
    return json.dumps(values | changed)


def app(url: str) -> dict[str, Any]:
    return {
        "auth": "oauth2",
        "client_id": credentials.MONDAY_CLIENT_ID,
        "client_secret": credentials.MONDAY_CLIENT_SECRET,
        "refresh_token": credentials.MONDAY_REFRESH_TOKEN,
        "token_url": f"{url}/oauth_ms/oauth/token",
    }


def probed(monkeypatch: pytest.MonkeyPatch, url: str, **changed: Any) -> tuple[bool, str]:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__MONDAY", connection(url, **changed))
    return MondayHook(monday_conn_id="demo__monday").test_connection()


def test_the_shape_that_airflow_expects() -> None:
    assert (MondayHook.conn_type, MondayHook.hook_name) == ("monday", "monday.com")
    assert (MondayHook.conn_name_attr, MondayHook.default_conn_name) == ("monday_conn_id", "monday_default")
    assert MondayHook().monday_conn_id == "monday_default"
    with pytest.raises(TypeError):
        MondayHook("demo__monday")  # type: ignore[call-arg]  # keyword only


def test_the_form_has_every_field_and_hides_secrets() -> None:
    entries = {entry["connection-type"]: entry for entry in get_provider_info()["connection-types"]}
    entry = entries["monday"]
    fields = entry["conn-fields"]
    assert set(fields) == {
        "auth", "client_id", "client_secret", "refresh_token", "token_url", "api_version",
    }  # fmt: skip
    hidden = {name for name, found in fields.items() if found["schema"].get("format") == "password"}
    assert hidden == {"client_secret", "refresh_token"}
    assert fields["auth"]["schema"]["enum"] == ["token", "oauth2"]
    assert fields["api_version"]["schema"]["default"] == API_VERSION
    assert fields["token_url"]["schema"]["default"] == TOKEN_URL
    assert entry["ui-field-behaviour"]["placeholders"]["host"] == PRODUCTION
    for found in fields.values():
        jsonschema.Draft7Validator.check_schema(found["schema"])


def test_a_good_connection_says_who_is_logged_in(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.monday_url)
    assert good
    assert "Logged in to account " in text
    assert "tier standard" in text
    assert "version 2026-10 of the API answers" in text
    assert credentials.MONDAY_TOKEN not in text


def test_an_app_keeps_the_token_that_trying_out_gave(
    running: Sandbox, state: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = running.monday_url
    for _ in range(2):
        good, text = probed(monkeypatch, url, password=None, extra=app(url))
        assert good, text

    async def read() -> Any:
        async with MondayHook(monday_conn_id="demo__monday").connect(state) as api:
            return (await api.query("Boards", BOARDS, {})).data

    assert asyncio.run(read()) == {"boards": []}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "s3cret-wrong"}, "refused the token"),
        ({"password": ""}, "password"),
        ({"extra": {"api_version": "2026-11"}}, "api_version"),
        ({"extra": {"api_version": "2029-01"}}, "instead of 2029-01"),
        ({"extra": {"auth": "oauth2"}}, "client_id"),
    ],
)
def test_a_bad_connection_says_what_is_wrong(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], words: str
) -> None:
    good, text = probed(monkeypatch, running.monday_url, **changed)
    assert not good
    assert words in text
    assert "s3cret" not in text


@pytest.mark.parametrize(("path", "words"), [("/elsewhere", "host"), ("/v2", "must end before /v2")])
def test_a_wrong_path_says_so(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, path: str, words: str
) -> None:
    good, text = probed(monkeypatch, running.monday_url + path)
    assert (good, words in text) == (False, True)


def test_a_busy_account_is_not_waited_for(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    running.faults.add(
        system="monday", kind="error", operation="query Who",
        code="MINUTE_RATE_LIMIT_EXCEEDED", status=429, seconds=40,
    )  # fmt: skip
    good, text = probed(monkeypatch, running.monday_url)
    assert (good, "makes sense in 40 s" in text) == (False, True)


def test_an_unreachable_host(monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, "http://127.0.0.1:9")
    assert (good, "no connection to 127.0.0.1:9" in text) == (False, True)


def test_the_settings_are_checked_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__MONDAY", connection("https://acme.monday.com"))
    with pytest.raises(ConfigurationError, match="does not serve the API"):
        MondayHook(monday_conn_id="demo__monday").get_conn()


def test_an_app_without_payload_keys(running: Sandbox, state: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS")
    good, text = probed(monkeypatch, running.monday_url, password=None, extra=app(running.monday_url))
    assert (good, "payload_keys" in text) == (False, True)
