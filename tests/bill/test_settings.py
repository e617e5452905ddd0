from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.bill.options import BillOptions
from ml_connector.bill.settings import BillSettings
from ml_connector.core.errors import ConfigurationError

GOOD: dict[str, Any] = {
    "host": "https://gateway.stage.bill.com/connect",
    "login": "ap-sync@example.com",
    "password": "s3cret-password",
    "extra": {
        "organization_id": "00801ORG",
        "dev_key": "s3cret-dev-key",
        "webhook_security_key": "s3cret-hook",
    },
}


def settings(**changed: Any) -> BillSettings:
    return BillSettings.from_connection(**GOOD | changed)


def test_a_full_connection() -> None:
    found = settings()
    assert found.base_url == "https://gateway.stage.bill.com/connect"
    assert (found.username, found.organization_id) == ("ap-sync@example.com", "00801ORG")
    assert found.webhook_security_key == "s3cret-hook"


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({"host": None}, "https://gateway.prod.bill.com/connect"),
        ({"host": " "}, "https://gateway.prod.bill.com/connect"),
        ({"host": "gateway.stage.bill.com"}, "https://gateway.stage.bill.com/connect"),
        ({"host": "https://gateway.prod.bill.com/connect/"}, "https://gateway.prod.bill.com/connect"),
        ({"host": "http://127.0.0.1:8080/connect"}, "http://127.0.0.1:8080/connect"),
        ({"host": "http://127.0.0.1/a/b", "port": 8080}, "http://127.0.0.1:8080/a/b"),
        ({"host": "proxy.example.com/bill", "schema": "http"}, "http://proxy.example.com/bill"),
        ({"host": "https://proxy.example.com"}, "https://proxy.example.com"),
    ],
)
def test_any_base_url_is_kept(changed: dict[str, Any], url: str) -> None:
    assert settings(**changed).base_url == url


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"host": "https://gateway.bill.com/connect"},
            r"host: gateway.bill.com does not serve the v3 API: .*gateway.prod",
        ),
        ({"host": "https://api.bill.com/api/v2"}, r"host: api.bill.com .* older v2 API"),
        (
            {"host": "https://gateway.prod.bill.com/connect/v3"},
            r"host: the address must end before /v3.*connect\)$",
        ),
        ({"host": "ftp://gateway.prod.bill.com"}, r"host: .* is no web address"),
        ({"login": ""}, r"login: the BILL connection has no value \(expected: .*sync token"),
        ({"password": None}, r"password: the BILL connection has no value"),
        ({"extra": {"dev_key": "x"}}, r"organization_id: the BILL connection has no value"),
        (
            {"extra": {"dev_key": "x", "organization_id": "00901X"}},
            r"organization_id: '00901X' is no organization id",
        ),
        ({"extra": {"organization_id": "00801X"}}, r"dev_key: the BILL connection has no value"),
    ],
)
def test_each_mistake_has_its_sentence(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        settings(**changed)


def test_no_secret_shows() -> None:
    found = settings()
    assert "s3cret" not in repr(found)
    assert "s3cret" not in found.session_name + found.key_name
    assert set(found.secrets()) == {"s3cret-password", "s3cret-dev-key", "s3cret-hook"}


def test_another_login_has_another_session() -> None:
    assert settings(login="other").session_name != settings().session_name
    assert settings(login="other").key_name == settings().key_name


def test_options_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError, match="hourly_request"):
        BillOptions.model_validate({"hourly_request": 5})
    with pytest.raises(ValidationError, match="concurrency must not exceed"):
        BillOptions(concurrency=3, concurrent_requests=2)


def test_a_flow_may_be_forbidden_to_create() -> None:
    options = BillOptions.model_validate({"create": {"accounts": False}})
    assert (options.may_create("accounts"), options.may_create("bills")) == (False, True)
