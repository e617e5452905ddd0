"""Which source a dataset opens, and that mistakes are told before anything is opened."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import BaseModel

from ml_connector.cleo.alignment.profiles import ProfileSource
from ml_connector.cleo.flows import back
from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.cleo.inbound.matcher import Matcher
from ml_connector.cleo.inbound.options import InboundOptions
from ml_connector.cleo.inbound.statuses import Statuses
from ml_connector.cleo.options import CleoOptions
from ml_connector.core.config import TenantConfig, find_dataset
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store

from .matching import FakeMatcher
from .support import tenant

MAPPINGS = (Path(__file__).parents[3] / "include" / "mappings",)
CONNECTION = {
    "conn_type": "cleo",
    "host": "https://demo.cleointegration.com",
    "login": "admin",
    "password": "x",
    "extra": json.dumps({"mailbox_login": "box", "mailbox_password": "y"}),
}
opened: list[str] = []


@asynccontextmanager
async def match(config: TenantConfig, store: Store, options: BaseModel) -> AsyncIterator[Matcher]:
    opened.append(config.tenant)
    yield FakeMatcher()


@pytest.mark.parametrize(
    ("dataset", "kind", "matchers"),
    [
        ("supplier_invoices", SupplierInvoices, ["demo"]),
        ("statuses", Statuses, []),
        ("profiles", ProfileSource, []),
    ],
)
async def test_each_dataset_has_its_source(
    state: Store, monkeypatch: pytest.MonkeyPatch, dataset: str, kind: type, matchers: list[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__CLEO", json.dumps(CONNECTION))
    opened.clear()
    shape = find_dataset("cleo", dataset, MAPPINGS)
    async with back(match)(tenant(), shape, state, CleoOptions()) as source:
        assert isinstance(source, kind)
    assert opened == matchers


@pytest.mark.parametrize("dataset", ["supplier_invoices", "statuses"])
def test_a_wrong_connection_is_told_at_once(
    state: Store, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DEMO__CLEO", json.dumps({"conn_type": "cleo"}))
    with pytest.raises(ConfigurationError):
        back(match)(tenant(), find_dataset("cleo", dataset, MAPPINGS), state, CleoOptions())


def test_other_options_are_a_mistake_in_the_dag_file(state: Store) -> None:
    with pytest.raises(TypeError, match="CleoOptions"):
        back(match)(tenant(), find_dataset("cleo", "statuses", MAPPINGS), state, InboundOptions())
