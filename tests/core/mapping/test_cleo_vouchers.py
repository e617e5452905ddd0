"""The shipped mapping from suppliers' invoices to vouchers: what is sent, held, released and rejected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.config import TenantConfig, find_dataset, find_mapping
from ml_connector.core.contract import Desired, Payload
from ml_connector.core.mapping import CompiledMapping, Hold, Mapped, Refused, compile_mapping
from ml_connector.peoplesoft.matching.match import match
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.matching.order import read_order
from tests.peoplesoft.matching.support import D, invoice, invoice_line, order, order_line, schedule

from .shipped import MAPPINGS
from .support import TENANT

HEADER = (
    "BUSINESS_UNIT", "VENDOR_SETID", "VENDOR_ID", "BUSINESS_UNIT_PO", "PO_ID", "PYMNT_TERMS_CD",
    "TXN_CURRENCY_CD",
)  # fmt: skip


def vouchers(**tenant: Any) -> CompiledMapping:
    mapping = find_mapping("cleo", "vouchers", [MAPPINGS])
    dataset = find_dataset("cleo", mapping.dataset, [MAPPINGS])
    return compile_mapping(mapping, dataset, TenantConfig.model_validate(TENANT | tenant))


def document(given: Payload, against: Payload | None = None, **changed: Any) -> Payload:
    """An invoice with its match, as the source gives it."""
    found = match(given, read_order(against or order(), "SHARE", ["X"]), MatchingOptions())
    names = (
        "partner",
        "number",
        "date",
        "kind",
        "currency",
        "order",
        "total",
        "tax",
        "vat",
        "freight",
        "miscellaneous",
    )
    return {
        "id": given["key"], **{name: given[name] for name in names}, "control": "000000201/91/0001",
        "received_at": "2026-11-03T10:00:00+00:00", "duplicate_of": None, "match": found["result"],
        "match_reason": found["reason"] or None, "releasable": found["releasable"],
        **{name: found.get(name) for name in HEADER}, "lines": found["lines"],
    } | changed  # fmt: skip


def applied(payload: Payload, **tenant: Any) -> Any:
    return vouchers(**tenant).apply(payload, {})


def test_a_matched_invoice_becomes_a_voucher() -> None:
    held = order(order_line(1, schedule(1, "4"), schedule(2, "6")))
    given = invoice(tax=D("0.75"), freight=D("4.00"), miscellaneous=D("-1.00"))
    result = applied(document(given, held))
    assert isinstance(result, Mapped), result
    assert (result.label, result.party, result.amount, result.currency, result.hold) == (
        "INV-1", "acme", D("16.25"), "USD", None,
    )  # fmt: skip
    assert (result.group, result.reference) == ("matched", "US001|0000000007")

    def line(number: int, schedule_number: int, quantity: int, amount: str) -> Payload:
        part = {
            "DISTRIB_LINE_NUM": 1, "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000", "DEPTID": "10200",
            "PROJECT_ID": "P1", "MERCHANDISE_AMT": D(amount),
        }  # fmt: skip
        return {
            "VOUCHER_LINE_NUM": number, "BUSINESS_UNIT_PO": "US001", "PO_ID": "0000000007", "LINE_NBR": 1,
            "SCHED_NBR": schedule_number, "DESCR": "Hex bolt", "QTY_VCHR": D(quantity),
            "UNIT_OF_MEASURE": "EA", "UNIT_PRICE": D("1.25"), "MERCHANDISE_AMT": D(amount),
            "DISTRIB_LINE": [part],
        }  # fmt: skip

    assert result.desired == Desired(
        "active",
        {
            "BUSINESS_UNIT": "US001", "INVOICE_ID": "INV-1", "INVOICE_DT": "2026-11-02",
            "VENDOR_SETID": "SHARE", "VENDOR_ID": "0000000002", "VOUCHER_STYLE": "REG", "ORIGIN": "EDI",
            "GROSS_AMT": D("16.25"), "SALETX_AMT": D("0.75"), "FREIGHT_AMT": D("4.00"),
            "MISC_AMT": D("-1.00"), "TXN_CURRENCY_CD": "USD", "PYMNT_TERMS_CD": "N30",
            "DESCR254_MIXED": "EDI acme 000000201/91/0001",
            "VOUCHER_LINE": [line(1, 1, 4, "5.00"), line(2, 2, 6, "7.50")],
        },
    )  # fmt: skip


def test_a_credit_becomes_an_adjustment() -> None:
    given = invoice(
        invoice_line(quantity="-2"),
        kind="credit",
        invoiced_before=[{"order_line": "US001|0000000007|1", "quantity": D(9)}],
    )
    body = applied(document(given)).desired.body
    assert (body["VOUCHER_STYLE"], body["GROSS_AMT"]) == ("ADJ", D("-2.50"))
    assert (body["VOUCHER_LINE"][0]["QTY_VCHR"], "SALETX_AMT" in body) == (D(-2), False)


def test_a_price_that_differs_is_held_and_can_be_released() -> None:
    result = applied(document(invoice(invoice_line(price="1.26"))))
    assert isinstance(result, Mapped)
    assert result.hold == "price: Line 1: price 1.26, but the order says 1.25 (tolerance 0.00)."
    assert result.desired.body["VOUCHER_LINE"][0]["UNIT_PRICE"] == D("1.26")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"vendors": ["SHARE|0000000009"]}, "other_supplier: Order US001-0000000007 is for supplier"),
        ({"total": D("99.00")}, "total: The total is 99.00"),
    ],
)
def test_what_no_voucher_can_be_made_of_is_held(changed: Payload, reason: str) -> None:
    result = applied(document(invoice(**changed)))
    assert isinstance(result, Hold)
    assert result.reason.startswith(reason)


def test_an_invoice_without_an_order_is_held_even_though_it_has_no_currency() -> None:
    unknown = dict.fromkeys(HEADER) | {"match": "no_order", "match_reason": "It names none.", "lines": []}
    result = applied(document(invoice(currency=None), **unknown))
    assert isinstance(result, Hold)
    assert (result.reason, result.amount) == ("no_order: It names none.", D("12.50"))


def test_another_invoice_under_the_same_number_is_for_a_person() -> None:
    result = applied(document(invoice(), duplicate_of="acme|INV-1|2026-11-01"))
    assert isinstance(result, Hold)
    assert "acme|INV-1|2026-11-01" in result.reason


def test_what_people_entered_is_left_alone() -> None:
    entered = {"entered_by_hand": {"id": ["acme|INV-1|2026-11-02"]}}
    for payload in (document(invoice()), document(invoice(), duplicate_of="x")):
        assert applied(payload, rules=entered).desired == Desired("none", {}, absent=True)
    assert not applied(document(invoice(key="acme|INV-2|2026-11-02")), rules=entered).desired.absent


def test_a_number_that_peoplesoft_cannot_hold_is_rejected_and_not_cut() -> None:
    assert applied(document(invoice(number="N" * 30))).desired.body["INVOICE_ID"] == "N" * 30
    result = applied(document(invoice(number="N" * 31)))
    assert isinstance(result, Refused)
    assert (result.field, result.expected) == ("number", "at most 30 characters")


def test_a_tenant_names_its_own_origin() -> None:
    body = applied(document(invoice()), value_maps={"origin": {"invoice": "X12"}}).desired.body
    assert body["ORIGIN"] == "X12"


def test_a_long_description_is_shortened() -> None:
    body = applied(
        document(invoice(invoice_line(description="Hydraulic oil ISO 46, drum of 200 litres")))
    ).desired.body
    assert len(body["VOUCHER_LINE"][0]["DESCR"]) == 30


def test_lines_that_do_not_add_up_are_never_sent() -> None:
    payload = document(invoice())
    payload["lines"][0]["distributions"][0]["MERCHANDISE_AMT"] += Decimal("0.01")
    result = applied(payload)
    assert isinstance(result, Refused)
    assert "distributions" in result.reason


def test_vat_stands_apart_from_sales_tax() -> None:
    body = applied(document(invoice(tax=D("0.75"), vat=D("2.00")))).desired.body
    assert (body["SALETX_AMT"], body["VAT_ENTRD_AMT"], body["GROSS_AMT"]) == (
        D("0.75"),
        D("2.00"),
        D("15.25"),
    )


def test_every_chartfield_of_the_order_is_booked() -> None:
    row = schedule()
    more = {
        "OPERATING_UNIT": "NY01",
        "PRODUCT": "PRD",
        "CLASS_FLD": "C1",
        "PROGRAM_CODE": "PG",
        "BUDGET_REF": "",
    }
    row["distributions"][0].update(more)
    body = applied(document(invoice(), order(order_line(1, row)))).desired.body
    (part,) = body["VOUCHER_LINE"][0]["DISTRIB_LINE"]
    assert {name: part.get(name, "") for name in more} == more
    assert "BUDGET_REF" not in part
