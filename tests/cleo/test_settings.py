from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.errors import ConfigurationError

GOOD: dict[str, Any] = {
    "host": "https://tenant.cleointegration.com",
    "login": "svc-admin",
    "password": "s3cret-admin",
    "extra": {"mailbox_login": "svc-mailbox", "mailbox_password": "s3cret-mailbox"},
}
SFTP = {
    "transport": "sftp", "sftp_host": "sftp.example.com", "sftp_login": "box", "sftp_password": "s3cret-sftp",
    "sftp_host_key": "SHA256:" + "A" * 43,
}  # fmt: skip


def settings(**changed: Any) -> CleoSettings:
    return CleoSettings.from_connection(**GOOD | changed)


def with_extra(**changed: Any) -> CleoSettings:
    return settings(extra=GOOD["extra"] | changed)


def test_a_full_connection() -> None:
    found = settings()
    assert found.base_url == "https://tenant.cleointegration.com"
    assert found.admin == Login("svc-admin", "s3cret-admin")
    assert found.mailbox == Login("svc-mailbox", "s3cret-mailbox")
    assert (found.token_path, found.folders_path) == ("/api/authentication", "/api/folders")
    assert (found.transport, found.verify, found.sftp) == ("api", True, None)


def test_one_user_may_serve_for_both() -> None:
    found = settings(extra={})
    assert found.mailbox == found.admin == Login("svc-admin", "s3cret-admin")


def test_a_mailbox_alone_is_enough() -> None:
    found = settings(login=None, password=None)
    assert found.admin is None
    assert found.mailbox == Login("svc-mailbox", "s3cret-mailbox")


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({"host": "tenant.cleointegration.com"}, "https://tenant.cleointegration.com"),
        ({"host": "https://tenant.cleointegration.com/"}, "https://tenant.cleointegration.com"),
        ({"host": "https://tenant.cleointegration.com/api"}, "https://tenant.cleointegration.com"),
        ({"host": "harmony.example.com", "port": 6080}, "https://harmony.example.com:6080"),
        ({"host": "http://127.0.0.1:5080"}, "http://127.0.0.1:5080"),
        ({"host": "harmony", "port": 5080, "schema": "http"}, "http://harmony:5080"),
        ({"host": "https://proxy.example.com/edi/cleo/"}, "https://proxy.example.com/edi/cleo"),
        ({"host": "https://proxy.example.com/edi/api", "port": 444}, "https://proxy.example.com:444/edi"),
    ],
)
def test_cloud_and_on_premise_addresses(changed: dict[str, Any], url: str) -> None:
    assert settings(**changed).base_url == url


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": ""}, "host: the Cleo connection has no value"),
        ({"host": "https://"}, "host: this is no web address"),
        ({"host": "ftp://tenant.example.com"}, "host: this is no web address"),
        ({"host": "https://user:s3cret-x@tenant.example.com"}, "host: this is no web address"),
        ({"host": "https://tenant.example.com:port"}, "host: this is no web address"),
        ({"login": "", "extra": {}}, "login: the Cleo connection has no value"),
        ({"password": ""}, "password: the Cleo connection has no value"),
        ({"extra": {"mailbox_login": "box"}}, "mailbox_password: the Cleo connection has no value"),
        ({"extra": {"transport": "ftp"}}, "transport: 'ftp' carries no files"),
        ({"extra": {"token_path": "api/authentication"}}, "token_path: 'api/authentication' is no path"),
        ({"extra": {"folders_path": "//elsewhere/x"}}, "folders_path: .* is no path"),
        ({"extra": {"files_path": "/api/files?x=1"}}, "files_path: .* is no path"),
        ({"extra": {"api_provider_url": "endpoints"}}, "api_provider_url: this is no web address"),
    ],
)
def test_mistakes_name_the_field(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        settings(**changed)
    assert "s3cret" not in str(caught.value)


def test_a_complete_sftp_mailbox() -> None:
    found = with_extra(**SFTP, sftp_port="2222").sftp
    assert found is not None
    assert (found.address, found.username, found.password) == ("sftp.example.com:2222", "box", "s3cret-sftp")
    assert found.verify


def test_sftp_needs_no_rest_interface() -> None:
    found = CleoSettings.from_connection(host=None, login=None, password=None, extra=SFTP)
    assert (found.base_url, found.admin) == (None, None)
    assert found.sftp is not None


def test_sftp_falls_back_to_the_mailbox_user() -> None:
    extra = {name: value for name, value in SFTP.items() if name not in {"sftp_login", "sftp_password"}}
    found = with_extra(**extra).sftp
    assert found is not None
    assert (found.username, found.password) == ("svc-mailbox", "s3cret-mailbox")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sftp_host": ""}, "sftp_host: the Cleo connection has no value"),
        ({"sftp_port": "22x"}, "sftp_port: '22x' is no port"),
        ({"sftp_port": "65536"}, "sftp_port: '65536' is no port"),
        ({"sftp_password": ""}, "sftp_password: the Cleo connection has no value"),
        ({"sftp_host_key": ""}, "sftp_host_key: without the server's key .* verify: false"),
        ({"sftp_host_key": "", "verify": "/etc/ssl/ca.pem"}, "sftp_host_key"),
    ],
)
def test_mistakes_of_sftp_name_the_field(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        with_extra(**SFTP | changed)


def test_only_an_explicit_false_does_without_the_host_key() -> None:
    found = with_extra(**SFTP | {"sftp_host_key": "", "verify": "false"}).sftp
    assert found is not None
    assert (found.host_key, found.verify) == (None, False)


def test_secrets_are_known_and_in_no_repr() -> None:
    found = with_extra(
        **SFTP, sftp_key="s3cret-key", api_provider_url="https://api.example.com",
        api_provider_token="s3cret-token", webhook_secret="s3cret-hook",
    )  # fmt: skip
    assert set(found.secrets()) == {
        "s3cret-admin", "s3cret-mailbox", "s3cret-sftp", "s3cret-key", "s3cret-token", "s3cret-hook",
    }  # fmt: skip
    assert "s3cret" not in repr(found)
    assert "s3cret" not in found.token_name(Login("x", "s3cret-admin"))


def test_a_token_is_named_by_place_and_user_alone() -> None:
    found = settings()
    assert found.token_name(Login("x", "old")) == found.token_name(Login("x", "new"))
    assert found.token_name(Login("x", "old")) != found.token_name(Login("y", "old"))
    assert settings(host="https://other.example.com").place != found.place


@pytest.mark.parametrize(
    "wrong",
    [
        {"pace": {"concurrent": 1, "per_task": 2}},
        {"monitoring": {"time_zone": "Mars/Base"}},
        {"paths": {"transfers": "https://elsewhere.example.com/api"}},
        {"upload_type": "edi"},
        {"folder": {}},
        {"invoices": {"mode": "both"}},
    ],
)
def test_options_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CleoOptions.model_validate(wrong)


def test_options_have_defaults_for_everything() -> None:
    options = CleoOptions()
    assert options.folders.upload["850"] == "upload/850"
    assert "download/997" in options.folders.download
    assert (options.pace.concurrent, options.pace.per_second) == (4, 5)
    assert options.paths.transfers == "/api/transfers"
    assert options.invoices.mode is None
