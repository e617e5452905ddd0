from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import asyncssh
import pytest

from ml_connector.cleo.hook import CleoHook
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox, SandboxThread


@pytest.fixture
def running() -> Iterator[Sandbox]:
    with SandboxThread(lambda: Sandbox(Size(vouchers=1, suppliers=1), scenario="plain")) as sandbox:
        yield sandbox


def connection(url: str, **changed: Any) -> str:
    extra = {
        "mailbox_login": credentials.CLEO_MAILBOX, "mailbox_password": credentials.CLEO_MAILBOX_PASSWORD,
    }  # fmt: skip
    values: dict[str, Any] = {
        "conn_type": "cleo",
        "host": url,
        "login": credentials.CLEO_ADMIN,
        "password": credentials.CLEO_ADMIN_PASSWORD,
        "extra": extra | changed.pop("extra", {}),
    }
    return json.dumps(values | changed)


def over_sftp(sandbox: Sandbox, **changed: Any) -> dict[str, Any]:
    host, _, port = sandbox.cleo_sftp.address.partition(":")
    return {
        "transport": "sftp", "sftp_host": host, "sftp_port": port,
        "sftp_host_key": sandbox.cleo_sftp.host_key,
    } | changed  # fmt: skip


def probed(monkeypatch: pytest.MonkeyPatch, url: str, **changed: Any) -> tuple[bool, str]:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__CLEO", connection(url, **changed))
    good, text = CleoHook(cleo_conn_id="demo__cleo").test_connection()
    assert "Sandbox-only" not in text
    assert "s3cret" not in text
    return good, text


def test_the_shape_that_airflow_expects() -> None:
    assert (CleoHook.conn_type, CleoHook.hook_name) == ("cleo", "Cleo")
    assert (CleoHook.conn_name_attr, CleoHook.default_conn_name) == ("cleo_conn_id", "cleo_default")
    assert CleoHook().cleo_conn_id == "cleo_default"
    with pytest.raises(TypeError):
        CleoHook("demo__cleo")  # type: ignore[call-arg]  # keyword only


def test_a_good_connection_says_what_is_there(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.cleo_url)
    assert good, text
    assert "Logged in over REST; the mailbox shows" in text
    assert "5 connections are visible" in text


def test_a_good_connection_over_sftp(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, running.cleo_url, extra=over_sftp(running))
    assert good, text
    assert "Logged in over SFTP; the mailbox shows download, upload." in text
    good, text = probed(monkeypatch, "", login="", password="", extra=over_sftp(running))
    assert good, text
    assert "connections" not in text


def test_a_mailbox_user_alone_is_told_of_the_switch(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = {"login": credentials.CLEO_MAILBOX, "password": credentials.CLEO_MAILBOX_PASSWORD}
    good, text = probed(monkeypatch, running.cleo_url, **user)
    assert good, text
    assert "check_connections: false" in text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"extra": {"mailbox_password": "s3cret-wrong"}}, "refused the log-in"),
        ({"password": "s3cret-wrong"}, "refused the log-in"),
        ({"extra": {"mailbox_login": "", "mailbox_password": ""}}, "folder"),
        ({"extra": {"token_path": "/api/token"}}, "token_path"),
        ({"extra": {"folders_path": "/api/mailboxes"}}, "folders_path"),
        ({"login": "", "extra": {"mailbox_login": ""}}, "login"),
    ],
)
def test_a_bad_connection_says_what_is_wrong(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], words: str
) -> None:
    good, text = probed(monkeypatch, running.cleo_url, **changed)
    assert not good
    assert words in text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sftp_password": "s3cret-wrong"}, "refused user"),
        ({"sftp_port": "1"}, "no SFTP connection"),
        ({"sftp_host_key": ""}, "sftp_host_key"),
        ({"sftp_host_key": "SHA256:" + "A" * 43}, "shows the key SHA256:"),
        ({"sftp_key": "s3cret-no-key"}, "sftp_key"),
    ],
)
def test_a_bad_sftp_connection_says_what_is_wrong(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], words: str
) -> None:
    extra = over_sftp(running, **changed)
    if "sftp_password" in changed:
        extra |= {"sftp_login": credentials.CLEO_MAILBOX}
    good, text = probed(monkeypatch, running.cleo_url, extra=extra)
    assert not good
    assert words in text


def test_the_key_that_was_shown_is_the_one_to_compare(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = asyncssh.import_public_key(running.cleo_sftp.host_key).get_fingerprint()
    extra = over_sftp(running, sftp_host_key="SHA256:" + "A" * 43)
    assert shown in probed(monkeypatch, running.cleo_url, extra=extra)[1]


class SignIn(BaseHTTPRequestHandler):
    """What stands where Cleo was expected: a page for people."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>Sign in</html>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def sign_in() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), SignIn)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_web_site_is_recognised(sign_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, sign_in)
    assert not good
    assert "sign-in page" in text


def test_a_server_that_speaks_no_tls_is_recognised(sign_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good, text = probed(monkeypatch, sign_in.replace("http:", "https:"))
    assert not good
    assert "TLS" in text


def test_a_host_without_a_server_is_recognised(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    good, text = probed(monkeypatch, f"http://127.0.0.1:{unused_tcp_port}")
    assert not good
    assert "no connection to 127.0.0.1" in text


def test_settings_are_read_from_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__CLEO", connection("harmony.example.com", port=6080))
    hook = CleoHook(cleo_conn_id="demo__cleo")
    assert hook.get_conn().base_url == "https://harmony.example.com:6080"
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__CLEO", connection(""))
    with pytest.raises(ConfigurationError, match="host"):
        _ = CleoHook(cleo_conn_id="demo__cleo").settings


async def test_the_hook_makes_connections(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, state: Store
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__CLEO", connection(running.cleo_url))
    async with CleoHook(cleo_conn_id="demo__cleo").connect(state) as cleo:
        assert await cleo.mailbox.list("upload/850") == []
