"""Purchase orders, vouchers and customer invoices as the bodies that Cleo's targets take."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from ml_connector.core.config import TenantConfig, find_dataset, find_mapping
from ml_connector.core.contract import Desired
from ml_connector.core.mapping import CompiledMapping, Mapped, Refused, compile_mapping

from .shipped import MAPPINGS, Crosswalk
from .support import TENANT

TAKES = {"takes_purchase_orders": True, "takes_invoices": True, "takes_customer_invoices": True}


@cache
def shipped(name: str, **rules: bool) -> CompiledMapping:
    mapping = find_mapping("cleo", name, [MAPPINGS])
    tenant = TENANT | {"rules": TAKES | rules, "setid_of": {}, "integrations": {"cleo": {}}}
    dataset = find_dataset("peoplesoft", mapping.dataset, [MAPPINGS])
    return compile_mapping(mapping, dataset, TenantConfig.model_validate(tenant))


def wanted(name: str, document: dict[str, Any], *, known: bool = False, **rules: bool) -> Desired:
    mapping = shipped(name, **rules)
    result = mapping.apply(document, Crosswalk(), selected=mapping.selected(document), known=known)
    assert isinstance(result, Mapped), result
    return result.desired


def schedule(**changed: Any) -> dict[str, Any]:
    return {
        "SCHED_NBR": 1, "DUE_DT": "2026-12-15", "SHIPTO_ID": "US001", "QTY_PO": Decimal("10.0000"),
        "PRICE_PO": Decimal("2.50000"), "MERCHANDISE_AMT": Decimal("25.000"),
        "distributions": [], "receipts": [],
    } | changed  # fmt: skip


def order_line(**changed: Any) -> dict[str, Any]:
    return {
        "LINE_NBR": 1, "INV_ITEM_ID": "10001", "DESCR254_MIXED": "Paper", "CATEGORY_ID": "00042",
        "UNIT_OF_MEASURE": "EA", "schedules": [schedule()],
    } | changed  # fmt: skip


def order(**changed: Any) -> dict[str, Any]:
    return {
        "BUSINESS_UNIT": "US001", "PO_ID": "0000000007", "PO_TYPE": "GEN", "PO_STATUS": "D",
        "PO_DT": "2026-11-02", "PO_REF": "", "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000002",
        "BUYER_ID": "VP1", "CURRENCY_CD": "USD", "DISP_METHOD": "PRN", "APPROVAL_DT": "2026-11-02",
        "LAST_DTTM_UPDATE": "2026-11-02T09:30:00-05:00", "lines": [order_line()],
    } | changed  # fmt: skip


def test_a_dispatched_order() -> None:
    assert wanted("purchase_orders", order()) == Desired(
        "dispatched",
        {
            "number": "US001-0000000007", "partner": "cleo.partners:SHARE|0000000002",
            "business_unit": "US001", "date": "2026-11-02", "currency": "USD", "vendor": "0000000002",
            "supplier_key": "SHARE|0000000002",
            "type": "GEN", "buyer": "VP1", "lines": [
                {
                    "line": "1", "item": "10001", "description": "Paper", "unit": "EA",
                    "quantity": Decimal("10.0000"), "amount": Decimal("25.00"),
                    "schedules": [
                        {
                            "schedule": "1", "quantity": Decimal("10.0000"), "price": Decimal("2.50000"),
                            "amount": Decimal("25.00"), "due_date": "2026-12-15", "ship_to": "US001",
                        }
                    ],
                }
            ],
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "known", "state"),
    [
        ({}, False, "dispatched"),
        ({"PO_STATUS": "A"}, False, "none"),
        ({"PO_STATUS": "A"}, True, "kept"),
        ({"PO_STATUS": "C"}, True, "dispatched"),
        ({"PO_STATUS": "C"}, False, "none"),
        ({"PO_STATUS": "X"}, True, "canceled"),
        ({"PO_STATUS": "X"}, False, "none"),
        ({"PO_STATUS": "PX"}, True, "kept"),
        ({"DISP_METHOD": "EDX"}, False, "none"),
        ({"DISP_METHOD": ""}, False, "dispatched"),
    ],
)
def test_states_of_an_order(changed: dict[str, Any], known: bool, state: str) -> None:
    assert wanted("purchase_orders", order(**changed), known=known).state == state


def test_an_order_of_nobodys_goes_nowhere_and_waits_for_nobody() -> None:
    assert wanted("purchase_orders", order(), takes_purchase_orders=False) == Desired("none", {}, absent=True)


def test_a_tenant_may_take_over_what_peoplesoft_dispatches() -> None:
    desired = wanted("purchase_orders", order(DISP_METHOD="EDX"), dispatched_by_peoplesoft=False)
    assert desired.state == "dispatched"


def test_cancelled_lines_and_schedules_are_left_out() -> None:
    parts = [schedule(), schedule(SCHED_NBR=2, CANCEL_STATUS="X")]
    lines = [order_line(schedules=parts), order_line(LINE_NBR=2, CANCEL_STATUS="X")]
    (line,) = wanted("purchase_orders", order(lines=lines)).body["lines"]
    assert (line["quantity"], line["amount"], len(line["schedules"])) == (Decimal(10), Decimal(25), 1)


def test_a_line_by_amount_has_no_quantity() -> None:
    (line,) = wanted("purchase_orders", order(lines=[order_line(AMT_ONLY_FLG="Y")])).body["lines"]
    assert "quantity" not in line


def test_what_was_canceled_names_the_order_alone() -> None:
    desired = wanted("purchase_orders", order(PO_STATUS="X"), known=True)
    assert desired == Desired("canceled", {"number": "US001-0000000007"}, absent=True)


def voucher(**changed: Any) -> dict[str, Any]:
    line = {
        "VOUCHER_LINE_NUM": 1, "DESCR": "Paper", "DESCR254_MIXED": "", "QTY_VCHR": Decimal(4),
        "UNIT_OF_MEASURE": "EA", "UNIT_PRICE": Decimal(20), "MERCHANDISE_AMT": Decimal("80.000"),
        "BUSINESS_UNIT_PO": "US001", "PO_ID": "0000000007", "LINE_NBR": 3, "SCHED_NBR": 1,
        "distributions": [],
    }  # fmt: skip
    return {
        "BUSINESS_UNIT": "US001", "VOUCHER_ID": "00000042", "INVOICE_ID": "INV-1", "INVOICE_DT": "2026-11-02",
        "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000002", "VOUCHER_STYLE": "REG", "ORIGIN": "ONL",
        "GROSS_AMT": Decimal("90.000"), "SALETX_AMT": Decimal(6), "FREIGHT_AMT": Decimal(4),
        "TXN_CURRENCY_CD": "USD", "DUE_DT": "2026-12-02", "PYMNT_TERMS_CD": "N30", "ENTRY_STATUS": "P",
        "APPR_STATUS": "A", "POST_STATUS_AP": "U", "CLOSE_STATUS": "O", "lines": [line],
        "scheduled_payments": [],
    } | changed  # fmt: skip


def test_an_approved_voucher() -> None:
    assert wanted("invoices", voucher()) == Desired(
        "sent",
        {
            "number": "INV-1", "partner": "cleo.partners:SHARE|0000000002", "business_unit": "US001",
            "date": "2026-11-02", "currency": "USD", "vendor": "0000000002",
            "supplier_key": "SHARE|0000000002",
            "purchase_order": "US001-0000000007", "terms": "N30", "due_date": "2026-12-02",
            "total": Decimal("90.00"), "tax": Decimal("6.00"), "freight": Decimal("4.00"),
            "lines": [
                {
                    "line": "1", "description": "Paper", "unit": "EA", "quantity": Decimal(4),
                    "price": Decimal(20), "amount": Decimal("80.00"),
                    "purchase_order": "US001-0000000007", "purchase_order_line": "3",
                }
            ],
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "known", "state"),
    [
        ({"ORIGIN": "EDI"}, False, "none"),
        ({"ORIGIN": "EDI"}, True, "kept"),
        ({"APPR_STATUS": "P"}, False, "none"),
        ({"APPR_STATUS": "P"}, True, "kept"),
        ({"CLOSE_STATUS": "C"}, True, "sent"),
        ({"APPR_STATUS": "D"}, True, "void"),
        ({"ENTRY_STATUS": "X"}, True, "none"),
        ({"ENTRY_STATUS": "X"}, False, "none"),
        ({"VOUCHER_STYLE": "JRNL"}, False, "none"),
        ({"GROSS_AMT": Decimal(0)}, False, "none"),
    ],
)
def test_states_of_a_voucher(changed: dict[str, Any], known: bool, state: str) -> None:
    assert wanted("invoices", voucher(**changed), known=known).state == state


def test_a_voucher_that_does_not_add_up_is_refused() -> None:
    result = shipped("invoices").apply(voucher(GROSS_AMT=Decimal(91)), Crosswalk())
    assert isinstance(result, Refused)
    assert (result.field, result.value) == ("GROSS_AMT", "90.000")


def test_a_voucher_without_an_order_names_none() -> None:
    document = voucher()
    document["lines"][0] |= {"BUSINESS_UNIT_PO": "", "PO_ID": "", "LINE_NBR": 0}
    body = wanted("invoices", document).body
    assert {"purchase_order", "purchase_order_line"} & {*body, *body["lines"][0]} == set()


def billed(**changed: Any) -> dict[str, Any]:
    line = {
        "LINE_SEQ_NUM": 1, "IDENTIFIER": "SKU-1", "DESCR": "Paper", "QTY": Decimal(4),
        "UNIT_OF_MEASURE": "EA", "UNIT_AMT": Decimal(20), "NET_EXTENDED_AMT": Decimal(80),
        "TAX_AMT": Decimal(6), "VAT_AMT": Decimal(0), "PO_REF": "C-77", "PO_LINE": 2,
    }  # fmt: skip
    return {
        "BUSINESS_UNIT": "US001", "INVOICE": "AR-1", "INVOICE_TYPE": "", "BILL_STATUS": "INV",
        "INVOICE_DT": "2026-11-02", "DUE_DT": "2026-12-02", "BILL_TO_CUST_ID": "C1", "PYMNT_TERMS_CD": "N30",
        "PO_REF": "C-77", "BI_CURRENCY_CD": "USD", "INVOICE_AMOUNT": Decimal("86.000"), "lines": [line],
    } | changed  # fmt: skip


def test_an_invoice_to_a_customer() -> None:
    desired = wanted("customer_invoices", billed())
    body = desired.body
    assert (desired.state, body["customer_key"], body["customer"]) == ("sent", "SHARE|C1", "C1")
    assert (body["total"], body["tax"], body["purchase_order"]) == (Decimal(86), Decimal(6), "C-77")
    assert body["lines"][0] == {
        "line": "1", "vendor_item": "SKU-1", "description": "Paper", "unit": "EA", "quantity": Decimal(4),
        "price": Decimal(20), "amount": Decimal(80), "purchase_order": "C-77", "purchase_order_line": "2",
    }  # fmt: skip


@pytest.mark.parametrize(("status", "known", "state"), [("INV", False, "sent"), ("RDY", False, "none")])
def test_states_of_an_invoice(status: str, known: bool, state: str) -> None:
    assert wanted("customer_invoices", billed(BILL_STATUS=status), known=known).state == state
