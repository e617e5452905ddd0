"""The factories that a DAG file names, from the Airflow connection to the sandbox and back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection
from pydantic import BaseModel, ValidationError

from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Operation, Verdict
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.hook import PeopleSoftHook
from ml_connector.peoplesoft.records.flows import order_statuses, trading_partners
from ml_connector.peoplesoft.records.options import RecordOptions
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox

from .support import NOW, Steps, fields, intent

PARTNER = {
    "EDI_CONNECTION": "ACME", "EDI_CONN_TYPE": "as2", "EDI_ENABLED": "Y", "EDI_READY": "Y", "EDI_REASON": "-",
    "EDI_PARTNER": "acme", "SETID": "SHARE", "VENDOR_ID": "0000000002",
}  # fmt: skip


class Options(BaseModel):
    records: RecordOptions = RecordOptions()


class Other(BaseModel):
    """Options of another integration."""


def chosen(**values: Any) -> Options:
    return Options(records=RecordOptions.model_validate(values))


def tenant(**changed: Any) -> TenantConfig:
    return TenantConfig.model_validate({
        "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
        "connections": {"peoplesoft": "acme__peoplesoft"}, "business_units": ["US001"], "setids": ["SHARE"],
    } | changed)  # fmt: skip


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=3), scenario="plain") as running:

        def get(conn_id: str) -> Connection:
            return Connection(
                conn_id=conn_id, conn_type="peoplesoft", host=running.peoplesoft_url, login=credentials.OPRID,
                password=credentials.OPRID_PASSWORD, extra=json.dumps({"node": credentials.NODE}),
            )  # fmt: skip

        monkeypatch.setattr(PeopleSoftHook, "get_connection", staticmethod(get))
        yield running


async def test_a_status_is_created_and_changed(sandbox: Sandbox, store: Store) -> None:
    options = chosen(order_status="interface")
    async with order_statuses(tenant(), store, options) as target:
        (made,) = await target.write([intent()], Steps())
        assert (made.result, made.target_id) == ("loaded", "US001|PO|0000000007")
        values = fields(
            EDI_STATUS="rejected", EDI_REASON="AK5*R: segment PO1 is wrong", EDI_PROMISED_DT="2026-12-01"
        )
        change = intent(values, operation=Operation.UPDATE, target_id=made.target_id)
        (changed,) = await target.write([change], Steps())
        assert (changed.result, changed.target_id) == ("loaded", made.target_id)
        (found,) = await target.find([change])
        (record,) = (await target.read_back([str(made.target_id), "US001|PO|gone"])).records
    assert (found.verdict, record.state, record.body["fields"]["EDI_STATUS"]) == (
        "equal",
        "active",
        "rejected",
    )
    (row,) = sandbox.peoplesoft.edi_statuses
    assert (row["EDI_REASON"], row["EDI_PROMISED_DT"]) == ("AK5*R: segment PO1 is wrong", "2026-12-01")


async def test_it_does_not_matter_what_is_there_already(sandbox: Sandbox, store: Store) -> None:
    async with order_statuses(tenant(), store, chosen(order_status="interface")) as target:
        await target.write([intent()], Steps())
        other = intent(fields(EDI_STATUS="acknowledged"))
        assert [found.verdict for found in await target.find([other])] == ["different"]
        assert (await target.write([other], Steps()))[0].result == "loaded"
        (row,) = sandbox.peoplesoft.edi_statuses
        assert row["EDI_STATUS"] == "acknowledged"
        sandbox.peoplesoft.edi_statuses.delete(("US001", "PO", "0000000007"))
        late = intent(operation=Operation.UPDATE, target_id="US001|PO|0000000007")
        assert (await target.write([late], Steps()))[0].result == "loaded"
    assert len(sandbox.peoplesoft.edi_statuses) == 1


async def test_a_change_that_left_just_now_may_still_arrive(sandbox: Sandbox, store: Store) -> None:
    async with order_statuses(tenant(), store, chosen(order_status="interface")) as target:
        await target.write([intent()], Steps())
        change = intent(
            fields(EDI_STATUS="acknowledged"), operation=Operation.UPDATE, target_id="US001|PO|0000000007",
            attempted_at=store.now(),
        )  # fmt: skip
        assert [found.verdict for found in await target.find([change])] == [Verdict.UNSURE]
        change.attempted_at = NOW.replace(year=2020)
        assert [found.verdict for found in await target.find([change])] == [Verdict.DIFFERENT]


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        (fields(EDI_DOC_TYPE="ODD"), "EDI_DOC_TYPE", "ODD is no valid value"),
        (fields(EDI_DOC_ID=""), "EDI_DOC_ID", "must not be blank"),
        (fields(EDI_DOC_ID="1|2"), "EDI_DOC_ID", "must not hold |"),
        (fields(EDI_STATUS="x" * 31), None, "does not fit"),
    ],
)
async def test_refusals(sandbox: Sandbox, store: Store, values: Any, field: str | None, words: str) -> None:
    async with order_statuses(tenant(), store, chosen(order_status="interface")) as target:
        (outcome,) = await target.write([intent(values)], Steps())
    assert outcome.result == "rejected"
    assert words in str(outcome.reason) or field is None
    assert len(sandbox.peoplesoft.edi_statuses) == 0


async def test_other_keys_are_another_record(sandbox: Sandbox, store: Store) -> None:
    async with order_statuses(tenant(), store, chosen(order_status="interface")) as target:
        moved = intent(fields(8), operation=Operation.UPDATE, target_id="US001|PO|0000000007")
        (outcome,) = await target.write([moved], Steps())
    assert (outcome.result, outcome.target_id) == ("conflict", "US001|PO|0000000007")


async def test_a_removal_is_for_a_person(sandbox: Sandbox, store: Store) -> None:
    async with order_statuses(tenant(), store, chosen(order_status="interface")) as target:
        gone = intent(operation=Operation.REMOVE, absent=True, target_id="US001|PO|0000000007")
        assert (await target.write([gone], Steps()))[0].result == "loaded"
        await target.write([intent()], Steps())
        (outcome,) = await target.write([gone], Steps())
    assert (outcome.result, "delete it by hand" in str(outcome.reason)) == ("held", True)


async def test_the_tenant_names_interface_and_properties(sandbox: Sandbox, store: Store) -> None:
    properties = {"EDI_CONNECTION": "Z_CONN", "EDI_READY": "Z_READY"}
    sandbox.peoplesoft.switches.change(
        {"interfaces": {"ML_EDI_PARTNER": {"name": "Z_EDI", "properties": properties}}}
    )
    named = tenant(component_interfaces={"trading_partner": {"name": "Z_EDI", "properties": properties}})
    one = intent(PARTNER)
    async with trading_partners(named, store, chosen(trading_partner="interface")) as target:
        (outcome,) = await target.write([one], Steps())
        (found,) = await target.find([one])
    assert (outcome.result, outcome.target_id, found.verdict) == ("loaded", "ACME", "equal")
    (row,) = sandbox.peoplesoft.edi_partners
    assert {name: row[name] for name in PARTNER} == PARTNER


async def test_files_need_no_connection(store: Store, tmp_path: Path) -> None:
    options = chosen(order_status="staged", folder=f"file://{tmp_path}/edi")
    async with order_statuses(tenant(connections={"peoplesoft": "nowhere"}), store, options) as target:
        await target.write([intent()], Steps())
    (file,) = (tmp_path / "edi").iterdir()
    assert file.name.startswith("acme-order_status-")


@pytest.mark.parametrize("factory", [order_statuses, trading_partners])
def test_a_flow_without_a_way_says_what_is_missing(factory: Any, store: Store) -> None:
    with pytest.raises(ConfigurationError, match=r"records\.\w+: nothing says how"):
        factory(tenant(), store, Options())
    with pytest.raises(TypeError, match="records"):
        factory(tenant(), store, Other())


def test_files_need_a_folder() -> None:
    with pytest.raises(ValidationError, match="needs folder"):
        chosen(trading_partner="staged")
