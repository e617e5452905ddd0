"""Vouchers as bills and vendor credits, by the shipped mappings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Desired
from ml_connector.core.mapping import Mapped, Refused

from .shipped import Crosswalk, desired, shipped
from .support import waiting


def payment(**changed: Any) -> dict[str, Any]:
    return {
        "PYMNT_CNT": 1, "PYMNT_ID": "", "PYMNT_SELCT_STATUS": "N", "PYMNT_ACTION": "S", "PYMNT_METHOD": "ACH",
        "PYMNT_HOLD": "N", "PYMNT_GROSS_AMT": Decimal("228.99"), "PAID_AMT": Decimal(0),
        "CURRENCY_PYMNT": "USD", "SCHEDULED_PAY_DT": "2026-12-31",
    } | changed  # fmt: skip


PAID = payment(
    PYMNT_SELCT_STATUS="P", PYMNT_ID="0000004711", PAID_AMT=Decimal("228.99"), SCHEDULED_PAY_DT="2026-12-01"
)
EXTERNAL = {"PYMNT_SELCT_STATUS": "E", "PYMNT_ACTION": "R"}
CANCELLED = payment(PYMNT_CNT=2, PYMNT_SELCT_STATUS="X", PYMNT_ACTION="X")


def line(number: int, descr: str, amount: str, **changed: Any) -> dict[str, Any]:
    return {
        "VOUCHER_LINE_NUM": number, "DESCR": descr, "DESCR254_MIXED": "", "MERCHANDISE_AMT": Decimal(amount),
        "PO_ID": "",
        "distributions": [
            {
                "DISTRIB_LINE_NUM": 1, "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000", "DEPTID": "10200",
                "OPERATING_UNIT": "", "CLASS_FLD": "", "MERCHANDISE_AMT": Decimal(amount),
            }
        ],
    } | changed  # fmt: skip


def voucher(**changed: Any) -> dict[str, Any]:
    return {
        "BUSINESS_UNIT": "US001", "VOUCHER_ID": "00012345", "INVOICE_ID": "INV-88121",
        "INVOICE_DT": "2026-11-18", "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000012",
        "VOUCHER_STYLE": "REG", "GROSS_AMT": Decimal("228.990"), "TXN_CURRENCY_CD": "USD",
        "DUE_DT": "2026-12-31", "ENTRY_STATUS": "P", "APPR_STATUS": "A", "POST_STATUS_AP": "P",
        "CLOSE_STATUS": "O", "lines": [
            line(1, "USB audio interface", "149.000"),
            line(2, "Drum foot pedal", "79.99", PO_ID="0000004711"),
        ],
        "scheduled_payments": [payment()],
    } | changed  # fmt: skip


def classified(**changed: str) -> dict[str, str]:
    return {
        "chartOfAccountId": "bill.accounts:SHARE|641000", "departmentId": "bill.departments:SHARE|10200",
    } | changed  # fmt: skip


BODY: dict[str, Any] = {
    "vendorId": "bill.vendors:SHARE|0000000012",
    "dueDate": "2026-12-31",
    "invoice": {"invoiceNumber": "INV-88121", "invoiceDate": "2026-11-18"},
    "description": "PS US001-00012345",
    "purchaseOrderNumber": "0000004711",
    "billLineItems": [
        {"amount": Decimal("149.00"), "description": "USB audio interface", "classifications": classified()},
        {"amount": Decimal("79.99"), "description": "Drum foot pedal", "classifications": classified()},
    ],
}


def test_bills() -> None:
    assert desired("bills", voucher()) == Desired("active", BODY)


def test_what_people_and_totals_see_of_a_bill() -> None:
    result = shipped("bills").apply(voucher(), Crosswalk())
    assert (result.label, result.amount, result.currency) == ("INV-88121", Decimal("228.99"), "USD")
    assert (result.party, result.group) == ("SHARE|0000000012", "active")


HELD = payment(PYMNT_HOLD="Y")
SETTLED = payment(PYMNT_HOLD="Y", PYMNT_HOLD_REASON="OTH")
UNREADABLE = {"GROSS_AMT": "many"}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "active"),
        ({"VOUCHER_STYLE": "JRNL"}, "archived"),
        ({"VOUCHER_STYLE": "TMPL"}, "archived"),
        ({"VOUCHER_STYLE": "SGLP"}, "archived"),
        ({"VOUCHER_STYLE": "ADJ"}, "active"),
        ({"VOUCHER_STYLE": ""}, "archived"),
        ({"ENTRY_STATUS": "X"}, "archived"),
        ({"ENTRY_STATUS": "X", **UNREADABLE}, "archived"),
        ({"ENTRY_STATUS": "R"}, "archived"),
        ({"APPR_STATUS": "P"}, "archived"),
        ({"APPR_STATUS": "D", **UNREADABLE}, "archived"),
        ({"CLOSE_STATUS": "C"}, "closed"),
        ({"CLOSE_STATUS": "C", "ENTRY_STATUS": "R"}, "archived"),
        ({"GROSS_AMT": Decimal("-228.99")}, "archived"),
        ({"GROSS_AMT": Decimal(0)}, "archived"),
        ({"scheduled_payments": []}, "archived"),
        ({"scheduled_payments": [HELD]}, "archived"),
        ({"scheduled_payments": [payment(), HELD]}, "archived"),
        ({"scheduled_payments": [SETTLED]}, "closed"),
        ({"scheduled_payments": [SETTLED, CANCELLED]}, "closed"),
        ({"scheduled_payments": [SETTLED, HELD]}, "archived"),
        ({"scheduled_payments": [SETTLED, payment()]}, "archived"),
        ({"scheduled_payments": [HELD | {"PYMNT_HOLD_REASON": "AMT"}]}, "archived"),
        ({"scheduled_payments": [payment(PYMNT_METHOD="CHK")]}, "archived"),
        ({"scheduled_payments": [payment(), payment(PYMNT_METHOD="CHK")]}, "archived"),
        ({"scheduled_payments": [payment(PYMNT_ACTION="R")]}, "archived"),
        ({"scheduled_payments": [payment(PYMNT_ACTION="")]}, "active"),
        ({"scheduled_payments": [payment(PYMNT_SELCT_STATUS="R")]}, "archived"),
        ({"scheduled_payments": [payment(PYMNT_SELCT_STATUS="I")]}, "archived"),
        ({"scheduled_payments": [payment(PYMNT_SELCT_STATUS="S")]}, "archived"),
        ({"scheduled_payments": [payment(PYMNT_SELCT_STATUS="")]}, "archived"),
        ({"scheduled_payments": [payment(), CANCELLED]}, "archived"),
        ({"scheduled_payments": [PAID]}, "paid"),
        ({"scheduled_payments": [PAID], "CLOSE_STATUS": "C"}, "paid"),
        ({"scheduled_payments": [PAID, CANCELLED]}, "paid"),
        ({"scheduled_payments": [PAID | {"PYMNT_SELCT_STATUS": "E"}]}, "paid"),
        ({"scheduled_payments": [PAID | {"PYMNT_METHOD": "CHK"}]}, "paid"),
        ({"scheduled_payments": [PAID, payment(PYMNT_CNT=2)]}, "archived"),
        ({"scheduled_payments": [CANCELLED]}, "archived"),
    ],
)
def test_states_of_a_bill(changed: dict[str, Any], state: str) -> None:
    found = desired("bills", voucher(**changed))
    assert found.state == state
    assert found.absent is (state in {"archived", "closed"})
    assert bool(found.body) is not found.absent


def test_nothing_is_billed_until_a_tenant_says_that_bill_pays() -> None:
    result = shipped("bills", pays=False).apply(voucher(), Crosswalk())
    assert isinstance(result, Mapped)
    assert result.desired == Desired("archived", {}, absent=True)


def test_a_payment_of_peoplesoft_is_recorded_on_bills_that_bill_has() -> None:
    document = voucher(scheduled_payments=[PAID, CANCELLED], CLOSE_STATUS="C")
    paid = desired("bills", document, known=True)
    assert paid.body == {
        "payment": {
            "processDate": "2026-12-01",
            "amount": Decimal("228.99"),
            "syncReference": "0000004711",
            "description": "Paid by PeopleSoft, payment 0000004711",
        }
    }
    assert desired("bills", document, known=False) == Desired("archived", {}, absent=True)


@pytest.mark.parametrize(
    ("payments", "external"),
    [
        ([PAID], None),
        ([PAID | EXTERNAL], True),
        ([PAID | EXTERNAL, CANCELLED], True),
        ([PAID, PAID | EXTERNAL], None),
    ],
)
def test_a_payment_made_outside_peoplesoft_is_marked(
    payments: list[dict[str, Any]], external: bool | None
) -> None:
    body = desired("bills", voucher(scheduled_payments=payments)).body
    assert body["payment"].get("external") is external


def test_charges_of_the_header_become_lines_so_that_the_supplier_gets_all() -> None:
    document = voucher(
        GROSS_AMT=Decimal("260.24"), SALETX_AMT=Decimal("20.00"), FREIGHT_AMT=Decimal("10.25"),
        MISC_AMT=Decimal("1.00"), VAT_ENTRD_AMT=Decimal(0),
    )  # fmt: skip
    lines = desired("bills", document).body["billLineItems"]
    assert lines[2:] == [
        {"amount": Decimal("20.00"), "description": "Sales tax"},
        {"amount": Decimal("10.25"), "description": "Freight"},
        {"amount": Decimal("1.00"), "description": "Miscellaneous charges"},
    ]
    assert sum(item["amount"] for item in lines) == document["GROSS_AMT"]


@pytest.mark.parametrize("name", ["bills", "vendor_credits"])
def test_lines_that_are_not_the_whole_are_refused(name: str) -> None:
    amount = Decimal("250.00") if name == "bills" else Decimal("-250.00")
    result = shipped(name).apply(voucher(GROSS_AMT=amount), Crosswalk())
    assert isinstance(result, Refused)
    assert (result.field, result.value, result.expected) == ("GROSS_AMT", "228.990", f"{amount}")
    assert "are not the voucher's gross amount" in result.reason


def test_a_deleted_voucher_is_archived_even_if_its_lines_do_not_add_up() -> None:
    assert desired("bills", voucher(ENTRY_STATUS="X", lines=[])).absent


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"INVOICE_ID": ""}, "INVOICE_ID"),
        ({"DUE_DT": ""}, "DUE_DT"),
        ({"INVOICE_DT": "20210431"}, "INVOICE_DT"),
        ({"TXN_CURRENCY_CD": ""}, "TXN_CURRENCY_CD"),
        ({"GROSS_AMT": Decimal("0.01"), "lines": [line(1, "x", "0.005"), line(2, "y", "0.005")]},
         "lines.distributions.MERCHANDISE_AMT"),
    ],
)  # fmt: skip
def test_a_voucher_that_bill_could_not_hold_is_refused(changed: dict[str, Any], field: str) -> None:
    result = shipped("bills").apply(voucher(**changed), Crosswalk())
    assert isinstance(result, Refused)
    assert result.field == field


def test_bills_wait_for_their_vendor_and_accounts() -> None:
    mapping = shipped("bills")
    assert set(mapping.references(voucher())) == {
        ("bill.vendors", "SHARE|0000000012"),
        ("bill.accounts", "SHARE|641000"),
        ("bill.departments", "SHARE|10200"),
    }
    first = waiting(mapping.apply(voucher(), {}))
    assert (first.crosswalk, first.key) == ("bill.vendors", "SHARE|0000000012")
    second = waiting(mapping.apply(voucher(), {("bill.vendors", "SHARE|0000000012"): "0091"}))
    assert (second.crosswalk, second.key) == ("bill.accounts", "SHARE|641000")


def test_locations_and_classes_are_sent_where_the_tenant_runs_their_flows() -> None:
    lines = voucher()["lines"][:1]
    lines[0]["distributions"][0] |= {"OPERATING_UNIT": "NY", "CLASS_FLD": "REC"}
    document = voucher(lines=lines, GROSS_AMT=Decimal(149))
    known = {
        ("bill.vendors", "SHARE|0000000012"): "0091",
        ("bill.accounts", "SHARE|641000"): "0ca1",
        ("bill.departments", "SHARE|10200"): "0de1",
    }
    without = shipped("bills").apply(document, known)
    assert isinstance(without, Mapped)
    assert without.desired.body["billLineItems"][0]["classifications"] == {
        "chartOfAccountId": "0ca1", "departmentId": "0de1",
    }  # fmt: skip
    running = shipped("bills", flows='{"locations": {"enabled": true}}')
    assert waiting(running.apply(document, known)).crosswalk == "bill.locations"
    both = running.apply(document, known | {("bill.locations", "SHARE|NY"): "loc1"})
    assert isinstance(both, Mapped)
    assert both.desired.body["billLineItems"][0]["classifications"]["locationId"] == "loc1"


def test_credits_are_positive_in_bill() -> None:
    document = voucher(
        GROSS_AMT=Decimal("-160.00"),
        lines=[line(1, "Returned interface", "-149.00")],
        SALETX_AMT=Decimal("-11.00"),
    )
    assert desired("vendor_credits", document) == Desired(
        "active",
        {
            "vendorId": "bill.vendors:SHARE|0000000012",
            "referenceNumber": "INV-88121",
            "creditDate": "2026-11-18",
            "description": "PS US001-00012345",
            "vendorCreditLineItems": [
                {
                    "amount": Decimal("149.00"),
                    "description": "Returned interface",
                    "classifications": classified(),
                },
                {"amount": Decimal("11.00"), "description": "Sales tax"},
            ],
        },
    )
    assert shipped("vendor_credits").apply(document, {}).amount == Decimal("160.00")
    assert desired("bills", document).absent


@pytest.mark.parametrize(
    "changed",
    [
        {"GROSS_AMT": Decimal("228.99")},
        {"ENTRY_STATUS": "X"},
        {"scheduled_payments": [PAID]},
        {"scheduled_payments": [HELD]},
        {"VOUCHER_STYLE": "CORR"},
        {"APPR_STATUS": "P"},
    ],
)
def test_other_vouchers_are_no_credits(changed: dict[str, Any]) -> None:
    assert desired("vendor_credits", voucher(GROSS_AMT=Decimal("-228.99")) | changed).absent
