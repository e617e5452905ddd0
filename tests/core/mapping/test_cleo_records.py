"""The shipped mappings to PeopleSoft's records: where orders stand, and what became of connections."""

from __future__ import annotations

from typing import Any

from ml_connector.core.config import TenantConfig, find_dataset, find_mapping
from ml_connector.core.contract import Desired, Payload
from ml_connector.core.mapping import CompiledMapping, Hold, Mapped, compile_mapping
from ml_connector.peoplesoft.records.files import check
from ml_connector.peoplesoft.records.kinds import ORDER_STATUS, TRADING_PARTNER, fields_of
from sandbox.peoplesoft.soap.fields import FIELDS

from .shipped import MAPPINGS
from .support import TENANT

STATUS: Payload = {
    "id": "cleo.purchase_orders|US001|0000000007", "flow": "cleo.purchase_orders", "key": "US001|0000000007",
    "business_unit": "US001", "number": "0000000007", "set_code": "850", "partner": "acme",
    "reference": "US001-0000000007", "status": "rejected", "reason": "AK5*R: segment 4 is wrong",
    "response": None, "response_reason": None, "promised_date": "2026-12-01", "control": "000000101/57/0001",
    "file_name": "acme-850-000000101.edi", "sent_at": "2026-11-20T10:00:00+00:00", "delivered_at": None,
    "acknowledged_at": None, "responded_at": None, "since": "2026-11-20T10:00:00+00:00", "lines": [],
}  # fmt: skip
PROFILE: Payload = {
    "id": "c1", "alias": "ACME", "type": "as2", "enabled": "true", "ready": "false",
    "not_ready_reason": "no certificate", "endpoint": "ACMEAS2", "partner": "acme",
    "vendors": [
        {"vendor": "SHARE|0000000002", "partner": "acme", "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000002"},
        {"vendor": "SHARE|0000000009", "partner": "acme", "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000009"},
    ],
}  # fmt: skip


def shipped(name: str) -> CompiledMapping:
    mapping = find_mapping("cleo", name, [MAPPINGS])
    assert not mapping.enabled
    dataset = find_dataset("cleo", mapping.dataset, [MAPPINGS])
    return compile_mapping(mapping, dataset, TenantConfig.model_validate(TENANT))


def desired(name: str, document: Payload, **more: Any) -> Desired:
    result = shipped(name).apply(document, {}, **more)
    assert isinstance(result, Mapped), result
    return result.desired


def test_a_status() -> None:
    found = desired("order_statuses", STATUS)
    assert found.state == "active"
    assert fields_of(found.body) == {
        "BUSINESS_UNIT": "US001", "EDI_DOC_TYPE": "PO", "EDI_DOC_ID": "0000000007", "EDI_SET_CODE": "850",
        "EDI_PARTNER": "acme", "EDI_REFERENCE": "US001-0000000007", "EDI_STATUS": "rejected",
        "EDI_REASON": "AK5*R: segment 4 is wrong", "EDI_RESPONSE": "-", "EDI_RESP_REASON": "-",
        "EDI_PROMISED_DT": "2026-12-01", "EDI_CONTROL": "000000101/57/0001",
        "EDI_FILE_NAME": "acme-850-000000101.edi", "EDI_SENT_DTTM": "2026-11-20T10:00:00+00:00",
        "EDI_DELIV_DTTM": "-", "EDI_ACKN_DTTM": "-", "EDI_RESP_DTTM": "-",
    }  # fmt: skip
    assert ORDER_STATUS.target_id(fields_of(found.body)) == "US001|PO|0000000007"
    invoice = desired("order_statuses", STATUS | {"flow": "cleo.invoices", "set_code": "810"})
    assert fields_of(invoice.body)["EDI_DOC_TYPE"] == "INV"


def test_long_reasons_fit() -> None:
    found = fields_of(
        desired("order_statuses", STATUS | {"reason": "x" * 900, "status": "acknowledged_with_errors"}).body
    )
    assert len(found["EDI_REASON"]) == 254
    check(ORDER_STATUS, found)
    assert all(len(str(value)) <= FIELDS[name].length for name, value in found.items())


def test_a_status_that_is_not_known_any_more_changes_nothing() -> None:
    assert isinstance(shipped("order_statuses").apply({}, {}), Hold)
    assert desired("order_statuses", {}, known=False).absent


def test_a_connection() -> None:
    found = fields_of(desired("trading_partners", PROFILE).body)
    assert found == {
        "EDI_CONNECTION": "ACME", "EDI_CONN_TYPE": "as2", "EDI_ENABLED": "Y", "EDI_READY": "N",
        "EDI_REASON": "no certificate", "EDI_ENDPOINT": "ACMEAS2", "EDI_PARTNER": "acme", "SETID": "SHARE",
        "VENDOR_ID": "0000000002",
    }  # fmt: skip
    check(TRADING_PARTNER, found)
    alone = PROFILE | {"partner": None, "vendors": [], "not_ready_reason": None, "ready": "true"}
    found = fields_of(desired("trading_partners", alone).body)
    assert (found["EDI_PARTNER"], found["EDI_REASON"], "VENDOR_ID" in found) == ("-", "-", False)


def test_a_connection_that_is_gone_is_for_a_person() -> None:
    assert isinstance(shipped("trading_partners").apply({}, {}), Hold)
    assert desired("trading_partners", {}, known=False).absent
