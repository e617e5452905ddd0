"""Every wrong setting of a connection has a sentence of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import BasicAuth, OAuth2ClientCredentials
from ml_connector.peoplesoft.settings import PeopleSoftSettings

OAUTH = {
    "node": "PSFT_EP",
    "auth": "oauth2",
    "token_url": "https://idp.example.com/token",
    "client_id": "me",
    "client_secret": "hush",
}


def read(extra: dict[str, Any] | None = None, **fields: Any) -> PeopleSoftSettings:
    values: dict[str, Any] = {"host": "erp.example.com", "login": "ML", "password": "pw12"} | fields
    return PeopleSoftSettings.from_connection(extra={"node": "PSFT_EP"} if extra is None else extra, **values)


@pytest.mark.parametrize(
    ("host", "port", "schema", "base"),
    [
        ("erp.example.com", None, None, "https://erp.example.com"),
        ("erp.example.com", 8443, "http", "http://erp.example.com:8443"),
        ("https://erp.example.com/proxy/", None, "", "https://erp.example.com/proxy"),
        ("https://erp.example.com:8000/a/b", 8000, "https", "https://erp.example.com:8000/a/b"),
        ("http://127.0.0.1", 18080, None, "http://127.0.0.1:18080"),
        ("http://[::1]:9000", None, None, "http://[::1]:9000"),
        ("http://[::1]", 9000, None, "http://[::1]:9000"),
    ],
)
def test_addresses_in_all_their_spellings(host: str, port: int | None, schema: str | None, base: str) -> None:
    settings = read(host=host, port=port, schema=schema)
    assert settings.base_url == base
    assert settings.rest_url == f"{base}/PSIGW/RESTListeningConnector/PSFT_EP"


def test_all_extra_fields(tmp_path: Path) -> None:
    settings = read(
        OAUTH
        | {
            "scope": "read",
            "audience": "ps",
            "peopletools": "8.60.04",
            "gateway_path": "PSIGW2/",
            "soap_auth": "wsse",
            "requesting_node": "ML",
            "node_password": "np",
            "timeout": 30,
            "verify": str(tmp_path),
        },
        login=None,
        password=None,
    )
    assert (settings.scope, settings.audience, settings.gateway_path) == ("read", "ps", "/PSIGW2")
    assert (settings.soap_auth, settings.requesting_node, settings.timeout) == ("wsse", "ML", 30.0)
    assert settings.verify == str(tmp_path)
    assert isinstance(settings.make_auth(), OAuth2ClientCredentials)
    assert "hush" not in repr(settings)
    assert "np" not in repr(settings).replace("peopletools", "")


@pytest.mark.parametrize(
    ("value", "meant"),
    [(True, True), (False, False), ("True", True), ("no", False), ("", True), (None, True)],
)
def test_verify_as_the_form_stores_it(value: object, meant: bool) -> None:
    assert read({"node": "PSFT_EP", "verify": value}).verify is meant


def test_basic_is_the_default() -> None:
    assert isinstance(read().make_auth(), BasicAuth)
    assert "pw12" not in repr(read())


@pytest.mark.parametrize(
    ("field", "fields", "extra", "words"),
    [
        ("host", {"host": ""}, {}, "host is missing"),
        ("host", {"host": "https://u:p@erp"}, {}, "no plain address"),
        ("host", {"host": "https://erp?x=1"}, {}, "no plain address"),
        ("schema", {"host": "ftp://erp"}, {}, "not http or https"),
        ("schema", {"host": "https://erp", "schema": "http"}, {}, "differ"),
        ("port", {"port": 70000}, {}, "is no port"),
        ("port", {"port": "eighty"}, {}, "is no port"),
        ("port", {"host": "erp:8000", "port": 8001}, {}, "host says port 8000"),
        ("login", {"login": None}, {}, r"login \(OPRID\) is missing"),
        ("password", {"password": ""}, {}, "password of ML is missing"),
        ("node", {}, {"node": ""}, "node is missing"),
        ("node", {}, {"node": "PSFT/EP"}, "no node name"),
        ("auth", {}, {"auth": "ntlm"}, "no way to authenticate"),
        ("soap_auth", {}, {"soap_auth": "oauth2"}, "no way to authenticate"),
        ("auth", {}, OAUTH | {"peopletools": "8.57"}, "that began with 8.58"),
        ("peopletools", {}, {"peopletools": "eight"}, "no PeopleTools release"),
        ("token_url", {}, OAUTH | {"token_url": ""}, "token_url is missing"),
        ("token_url", {}, OAUTH | {"token_url": "idp"}, "no http"),
        ("client_id", {}, OAUTH | {"client_id": None}, "client_id is missing"),
        ("client_secret", {}, OAUTH | {"client_secret": " "}, "client_secret is missing"),
        ("timeout", {}, {"timeout": "soon"}, "no number of seconds"),
        ("timeout", {}, {"timeout": 0}, "no number of seconds"),
        ("timeout", {}, {"timeout": "nan"}, "no number of seconds"),
        ("verify", {}, {"verify": "/no/such/ca.pem"}, "does not exist"),
        ("gateway_path", {}, {"gateway_path": "/a?b"}, "is no path"),
    ],
)
def test_each_mistake_is_named(field: str, fields: dict[str, Any], extra: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        read({"node": "PSFT_EP"} | extra, **fields)
    assert caught.value.field == field
    assert caught.value.expected


def test_oauth2_is_accepted_from_8_58_on_and_where_the_release_is_unknown() -> None:
    assert read(OAUTH | {"peopletools": "8.58"}).auth == "oauth2"
    assert read(OAUTH).auth == "oauth2"
