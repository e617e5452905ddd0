from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ml_connector.bill.api import VENDORS
from ml_connector.bill.hook import BillHook
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread

from .support import vendor_body


@pytest.fixture
def running() -> Iterator[Sandbox]:
    with SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1), scenario="plain")) as sandbox:
        yield sandbox


def connection(url: str, **changed: Any) -> str:
    extra = {"organization_id": credentials.BILL_ORGANIZATION, "dev_key": credentials.BILL_DEV_KEY}
    values: dict[str, Any] = {
        "conn_type": "bill",
        "host": url,
        "login": credentials.BILL_USERNAME,
        "password": credentials.BILL_PASSWORD,
        "extra": extra | changed.pop("extra", {}),
    }
    return json.dumps(values | changed)


def probed(monkeypatch: pytest.MonkeyPatch, url: str, **changed: Any) -> tuple[bool, str]:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BILL", connection(url, **changed))
    return BillHook(bill_conn_id="demo__bill").test_connection()


def test_the_shape_that_airflow_expects() -> None:
    assert (BillHook.conn_type, BillHook.hook_name) == ("bill", "BILL")
    assert (BillHook.conn_name_attr, BillHook.default_conn_name) == ("bill_conn_id", "bill_default")
    assert BillHook().bill_conn_id == "bill_default"
    with pytest.raises(TypeError):
        BillHook("demo__bill")  # type: ignore[call-arg]  # keyword only


def test_a_good_connection_says_who_is_logged_in(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.bill_url)
    assert good
    assert credentials.BILL_ORGANIZATION in text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "s3cret-wrong"}, "Check login and password"),
        ({"extra": {"dev_key": "s3cret-wrong"}}, "same environment"),
        ({"extra": {"organization_id": "00801UNKNOWN00000001"}}, "organization_id"),
        ({"extra": {"organization_id": "wrong"}}, "008"),
        ({"login": ""}, "login"),
    ],
)
def test_a_bad_connection_says_what_is_wrong(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], words: str
) -> None:
    good, text = probed(monkeypatch, running.bill_url, **changed)
    assert not good
    assert words in text
    assert "s3cret" not in text


@pytest.mark.parametrize(("path", "words"), [("/elsewhere", "host"), ("/v3", "must end before /v3")])
def test_a_wrong_path_says_so(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, path: str, words: str
) -> None:
    good, text = probed(monkeypatch, running.bill_url + path)
    assert (good, words in text) == (False, True)


def test_a_locked_organization(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    running.bill.switches.organization_locked = True
    good, text = probed(monkeypatch, running.bill_url)
    assert (good, "locked the organization" in text) == (False, True)


def test_an_unreachable_host(monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, "http://127.0.0.1:9/connect")
    assert (good, "no connection to 127.0.0.1:9" in text) == (False, True)


def test_a_host_that_speaks_no_tls(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.bill_url.replace("http:", "https:"))
    assert (good, "TLS" in text or "no connection" in text) == (False, True)


def test_the_settings_are_checked_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BILL", connection("https://gateway.bill.com/connect"))
    with pytest.raises(ConfigurationError, match=r"gateway\.prod"):
        BillHook(bill_conn_id="demo__bill").get_conn()


def test_a_client_from_the_hook(running: Sandbox, state: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__BILL", connection(running.bill_url))
    hook = BillHook(bill_conn_id="demo__bill")

    async def create() -> str:
        async with hook.connect(state) as api:
            return str((await api.create(VENDORS, vendor_body()))["name"])

    assert asyncio.run(create()) == "Vendor 1"
