"""The factories that DAG files name, from the Airflow connection to the sandbox and back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from airflow.sdk import Connection
from cryptography.fernet import Fernet
from pydantic import BaseModel, ValidationError

from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft import flows
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.writers.options import WriterOptions
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.state import migrated

from .support import Steps, intent, journal, order, supplier, voucher

TENANT: Payload = {
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "acme__peoplesoft"}, "business_units": ["US001"], "setids": ["SHARE"],
}  # fmt: skip
VENDOR = {"VENDOR_ID": "0000000001"}
LOCATION = {"VNDR_LOC": "MAIN", "EFFDT": "2026-01-01", "CURRENCY_CD": "USD"}
ACCOUNTS = [{"DISTRIB_LINE_NUM": 1, "ACCOUNT": "641000", "DEPTID": "10200", "MERCHANDISE_AMT": 10}]


def ordered() -> Payload:
    body = order(**VENDOR)
    body["PO_LINE"][0]["PO_LINE_SHIP"][0]["PO_LINE_DISTRIB"] = ACCOUNTS
    return body


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=3), scenario="plain") as running:
        yield running


@pytest.fixture
def store(tmp_path: Any) -> Store:
    database = migrated(tmp_path / "state.db")
    return Store(database, Cipher([Fernet.generate_key().decode()]), actor="test")


@pytest.fixture
def connect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def connected(**changed: Any) -> None:
        extra = {"node": credentials.NODE, "requesting_node": credentials.REQUESTING_NODE}
        values: Payload = {
            "conn_type": "peoplesoft", "host": sandbox.peoplesoft_url, "login": credentials.OPRID,
            "password": credentials.OPRID_PASSWORD, "extra": json.dumps(extra | changed.pop("extra", {})),
        }  # fmt: skip

        def get(conn_id: str) -> Connection:
            return Connection(conn_id=conn_id, **(values | changed))

        monkeypatch.setattr(PeopleSoftHook, "get_connection", staticmethod(get))

    connected()
    return connected


class Other(BaseModel):
    """Options of another system."""


def tenant(**changed: Any) -> TenantConfig:
    return TenantConfig.model_validate(TENANT | changed)


@pytest.mark.parametrize(
    ("factory", "body", "result"),
    [
        (flows.vouchers, voucher(**VENDOR), "loaded"),
        (flows.journals, journal(), "loaded"),
        (flows.suppliers, supplier(VENDOR_LOC=[LOCATION]), "loaded"),
        (flows.purchase_orders, ordered(), "loaded"),
        (flows.voucher_build, voucher(**VENDOR), "accepted"),
    ],
)
async def test_each_writes_to_the_tenants_peoplesoft(
    factory: Any, body: Payload, result: str, store: Store, connect: Callable[..., None]
) -> None:
    one = intent(body)
    async with factory("basware.documents")(tenant(), store, WriterOptions()) as target:
        (outcome,) = await target.write([one], Steps())
        assert (outcome.result, outcome.reason) == (result, None)
    async with factory("basware.documents")(tenant(), store, WriterOptions()) as target:
        (again,) = await target.write([one], Steps())
        assert (again.result, again.target_id) == (result, outcome.target_id)


async def test_the_tenant_names_interface_service_version_and_properties(
    sandbox: Sandbox, store: Store, connect: Callable[..., None]
) -> None:
    properties = {"JRNL_LN": "COLL_JRNL_LN", "BUSINESS_UNIT": "KEYPROP_BUSINESS_UNIT"}
    own = {"name": "Z_JRNL", "service": "Z_JRNL_SVC", "version": "2", "properties": properties}
    sandbox.peoplesoft.switches.change({"interfaces": {"JOURNAL_ENTRY": own}})
    for read in ("query", "interface"):
        named = tenant(component_interfaces={"journal": own | {"read": read}})
        async with flows.journals("basware.journals")(named, store, WriterOptions()) as target:
            one = intent(journal(DESCR=read), key=read)
            (outcome,) = await target.write([one], Steps())
            assert (outcome.result, outcome.reason) == ("loaded", None)
            (found,) = await target.find([one])
            (record,) = (await target.read_back([str(outcome.target_id)])).records
        assert (found.verdict, found.target_id) == ("equal", outcome.target_id)
        assert (record.body["JRNL_LN"][0]["ACCOUNT"], record.body["BUSINESS_UNIT"]) == ("641000", "US001")


async def test_a_flow_that_may_not_create_anything(store: Store, connect: Callable[..., None]) -> None:
    closed = tenant(integrations={"basware": {"flows": {"journals": {"create": False}}}})
    async with flows.journals("basware.journals")(closed, store, WriterOptions()) as target:
        (outcome,) = await target.write([intent(journal())], Steps())
    assert outcome.result == "rejected"


def test_the_connection_is_read_before_anything_is_opened(store: Store, connect: Callable[..., None]) -> None:
    connect(host="")
    with pytest.raises(ConfigurationError, match="host"):
        flows.vouchers("basware.invoices")(tenant(), store, WriterOptions())


def test_other_options_are_a_mistake_of_the_dag_file(store: Store, connect: Callable[..., None]) -> None:
    with pytest.raises(TypeError, match="WriterOptions"):
        flows.vouchers("basware.invoices")(tenant(), store, Other())


async def test_voucher_build_needs_no_soap_but_says_so_where_a_look_up_does(
    sandbox: Sandbox, store: Store, connect: Callable[..., None]
) -> None:
    token = {"auth": "oauth2", "token_url": f"{sandbox.peoplesoft_url}/oauth2/token"}
    secret = {"client_id": credentials.OAUTH_CLIENT_ID, "client_secret": credentials.OAUTH_CLIENT_SECRET}
    connect(login="", password="", extra=token | secret)
    async with flows.voucher_build("basware.invoices")(tenant(), store, WriterOptions()) as target:
        (outcome,) = await target.write([intent(voucher(**VENDOR))], Steps())
        assert (outcome.result, outcome.reason) == ("accepted", None)
        with pytest.raises(ConfigurationError, match="login and password are missing"):
            await target.write([intent(voucher(INVOICE_ID="A,1", **VENDOR), key="b|2")], Steps())
    with pytest.raises(ConfigurationError, match="login and password"):
        async with flows.vouchers("basware.invoices")(tenant(), store, WriterOptions()):
            pass


@pytest.mark.parametrize(
    "values",
    [
        {"settle_seconds": -1}, {"concurrency": 0}, {"concurrency": 9}, {"update": {"voucher": "delete"}},
        {"update": {"invoice": "update"}}, {"supplier_reference": "ar num"}, {"order_cancel_status": "gone"},
        {"voucher_build": {"way": "file"}}, {"voucher_build": {"deadline_hours": 0}}, {"unknown": 1},
    ],
)  # fmt: skip
def test_options_that_are_none(values: Payload) -> None:
    with pytest.raises(ValidationError):
        WriterOptions.model_validate(values)
