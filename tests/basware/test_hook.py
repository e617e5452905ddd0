from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ml_connector.basware.hook import BaswareHook
from ml_connector.basware.probe import probe
from ml_connector.core.errors import (
    ConfigurationError,
    ConnectorError,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import Interrupted, Response
from ml_connector.core.state.store import Store
from ml_connector.provider_info import get_provider_info
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread

from .simulator import operate
from .support import Basware, answer, granted, redirect, settings


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1), scenario="plain")) as sandbox:
        yield sandbox


def connection(url: str, **changed: Any) -> str:
    values: dict[str, Any] = {
        "conn_type": "basware",
        "host": url,
        "login": credentials.BASWARE_CLIENT_ID,
        "password": credentials.BASWARE_CLIENT_SECRET,
        "extra": {},
    }
    return json.dumps(values | changed)


def probed(monkeypatch: pytest.MonkeyPatch, url: str, **changed: Any) -> tuple[bool, str]:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BASWARE", connection(url, **changed))
    return BaswareHook(basware_conn_id="demo__basware").test_connection()


def test_the_shape_that_airflow_expects() -> None:
    assert (BaswareHook.conn_type, BaswareHook.hook_name) == ("basware", "Basware")
    assert (BaswareHook.conn_name_attr, BaswareHook.default_conn_name) == (
        "basware_conn_id",
        "basware_default",
    )
    assert BaswareHook().basware_conn_id == "basware_default"
    with pytest.raises(TypeError):
        BaswareHook("demo__basware")  # type: ignore[call-arg]  # keyword only


def test_the_form_offers_what_the_settings_take() -> None:
    types = {item["connection-type"]: item for item in get_provider_info()["connection-types"]}
    fields = types["basware"]["conn-fields"]
    assert fields["auth"]["schema"]["enum"] == ["oauth2", "basic"]
    assert fields["signature_encoding"]["schema"]["enum"] == ["auto", "hex", "base64"]
    assert fields["redirect_hosts"]["schema"]["default"] == "*.amazonaws.com"


def test_a_good_connection_says_what_is_there(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.basware_url)
    who = f"Connected to {running.basware_url} as {credentials.BASWARE_CLIENT_ID}"
    assert (good, text) == (True, f"{who}: there is no invoice yet")
    operate(running, "invoice", notify=False)
    assert "invoices can be read" in probed(monkeypatch, running.basware_url)[1]


def test_an_api_account(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {
        "login": credentials.BASWARE_USER,
        "password": credentials.BASWARE_PASSWORD,
        "extra": {"auth": "basic"},
    }
    assert probed(monkeypatch, running.basware_url, **changed)[0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "s3cret-wrong"}, "Check login (the client id) and password"),
        ({"login": ""}, "login"),
        ({"login": "x", "password": "s3cret-wrong", "extra": {"auth": "basic"}}, "Check login and password"),
        ({"extra": {"scope": "vendors.read"}}, "accountingDocuments.read"),
        ({"extra": {"token_url": "http://127.0.0.1:9/v1/tokens"}}, "no connection to 127.0.0.1:9"),
        ({"extra": {"webhook_token": "s3cret"}}, "webhook_token"),
    ],
)
def test_a_bad_connection_says_what_is_wrong(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], words: str
) -> None:
    good, text = probed(monkeypatch, running.basware_url, **changed)
    assert (good, words in text) == (False, True), text
    assert "s3cret" not in text


def test_a_wrong_path_and_an_unreachable_host(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, f"{running.basware_url}/elsewhere")
    assert (good, "token_url" in text) == (False, True)
    good, text = probed(monkeypatch, "http://127.0.0.1:9")
    assert (good, "no connection to 127.0.0.1:9" in text) == (False, True)


def test_a_host_that_speaks_no_tls(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.basware_url.replace("http:", "https:"))
    assert (good, "TLS" in text or "no connection" in text) == (False, True)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (answer({"message": "Forbidden"}, 403), NotActivated, "accountingDocuments.read"),
        (answer(None, 429, Retry_After="10"), RateLimited, "10 s"),
        (answer(None, 503), Unavailable, "503"),
        (Interrupted("timeout", "no answer in time"), Unavailable, "no answer"),
        (redirect("https://evil.example/x"), ConfigurationError, "evil.example"),
        (Response(404, {"Content-Type": "text/html"}, b"<html>"), ConfigurationError, "host"),
    ],
)
async def test_what_else_may_be_wrong(reply: Any, kind: type[ConnectorError], words: str) -> None:
    with pytest.raises(kind, match=words):
        await probe(settings(), Basware([reply]).transport)


async def test_scopes_that_were_not_granted_are_named() -> None:
    basware = Basware([answer(None, 404)], token_reply=lambda _: granted(scope="accountingDocuments.read"))
    found = await probe(settings(scope="accountingDocuments.read vendors.write"), basware.transport)
    assert found.endswith("there is no invoice yet; Basware did not grant vendors.write")


def test_the_settings_are_checked_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BASWARE", connection("https://developer.basware.com"))
    with pytest.raises(ConfigurationError, match="documentation"):
        BaswareHook(basware_conn_id="demo__basware").get_conn()


def test_a_client_from_the_hook(running: Sandbox, state: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BASWARE", connection(running.basware_url))
    hook = BaswareHook(basware_conn_id="demo__basware")

    async def look() -> object:
        async with hook.connect(state) as api:
            return await api.one("/v1/vendors/NOBODY")

    assert asyncio.run(look()) is None
