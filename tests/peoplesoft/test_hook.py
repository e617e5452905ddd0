"""The Airflow hook: its shape, its one reading of the connection, its test button."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from airflow.sdk import Connection

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import Client
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.query import QueryService


def connect(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> list[str]:
    read: list[str] = []
    values: dict[str, Any] = {
        "conn_id": "erp", "conn_type": "peoplesoft", "host": "http://127.0.0.1:9", "login": "ML",
        "password": "opensesame", "extra": '{"node": "PSFT_EP"}',
    }  # fmt: skip

    def get(conn_id: str) -> Connection:
        read.append(conn_id)
        return Connection(**(values | fields))

    monkeypatch.setattr(PeopleSoftHook, "get_connection", staticmethod(get))
    return read


def test_the_shape_that_airflow_expects() -> None:
    assert PeopleSoftHook.conn_name_attr in inspect.signature(PeopleSoftHook).parameters
    assert PeopleSoftHook.conn_type == "peoplesoft"
    kinds = {item.kind for item in inspect.signature(PeopleSoftHook).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


async def test_the_connection_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = connect(monkeypatch)
    hook = PeopleSoftHook(peoplesoft_conn_id="erp")
    assert read == []
    assert hook.settings.node == "PSFT_EP"
    async with hook.queries() as service:
        assert isinstance(service, QueryService)
    client = hook.get_conn()
    assert isinstance(client, Client)
    await client.aclose()
    assert read == ["erp"]


def test_the_test_button_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, extra="{}")
    assert PeopleSoftHook().test_connection() == (
        False,
        "node: the node is missing (expected: the database's default local node, e.g. PSFT_EP)",
    )
    with pytest.raises(ConfigurationError):
        _ = PeopleSoftHook().settings


def test_the_test_button_names_a_host_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)
    good, text = PeopleSoftHook().test_connection()
    assert not good
    assert "no connection to 127.0.0.1:9" in text
    assert "opensesame" not in text
