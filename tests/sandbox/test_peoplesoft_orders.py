"""Purchase orders of the demo, what their buyers do to them, vouchers about them, and customer invoices."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.data import Size, order_cases, scenario
from sandbox.peoplesoft.state import PeopleSoftState

from .soap_client import Site, voucher, voucher_line

KEYS = order_cases.keys()


def state(**size: int) -> PeopleSoftState:
    return PeopleSoftState(Size(**size), Clock())


def split(name: str) -> list[str]:
    return KEYS[name].split("|")


def test_orders_add_up_down_to_their_accounts() -> None:
    made = state(vouchers=400)
    scenario.plant(made)
    for order in made.orders:
        for line in order["lines"]:
            for row in line["schedules"]:
                assert (row["QTY_PO"] * row["PRICE_PO"]).quantize(Decimal("0.01")) == row["MERCHANDISE_AMT"]
                assert sum(part["MERCHANDISE_AMT"] for part in row["distributions"]) == row["MERCHANDISE_AMT"]


def test_a_tenth_is_dispatched_by_peoplesoft_itself() -> None:
    methods = Counter(order["DISP_METHOD"] for order in state(vouchers=4000).orders)
    assert set(methods) == {"PRN", "PHN", "EML", "EDX"}
    assert methods["EDX"] * 10 == methods.total()


def test_every_partner_has_orders_of_both_units() -> None:
    made = state(vouchers=10, suppliers=10)
    scenario.plant(made)
    held = {name: made.orders.get(tuple(split(name))) or {} for name in KEYS}
    for partner, vendor in order_cases.PARTNERS.items():
        for unit in ("us001", "us002"):
            order = held[f"{partner}_{unit}"]
            assert (order["VENDOR_ID"], order["PO_STATUS"], order["BUSINESS_UNIT"]) == (
                vendor,
                "D",
                unit.upper(),
            )
            assert made.suppliers.get(("SHARE", vendor)) is not None
    assert held["by_peoplesoft"]["DISP_METHOD"] == "EDX"
    assert held["amount_only"]["lines"][0]["AMT_ONLY_FLG"] == "Y"
    assert scenario.keys()["purchase_orders"] == KEYS


def test_the_second_day_changes_cancels_and_dispatches() -> None:
    made = state(vouchers=10, suppliers=10)
    scenario.plant(made)
    scenario.change(made)
    statuses = {name: (made.orders.get(tuple(split(name))) or {})["PO_STATUS"] for name in KEYS}
    assert (statuses["gets_cancelled"], statuses["gets_dispatched"], statuses["changes"]) == ("X", "D", "D")
    changed = made.orders.get(tuple(split("changes"))) or {}
    (row,) = changed["lines"][0]["schedules"]
    assert (row["QTY_PO"], row["MERCHANDISE_AMT"]) == (15, Decimal("18.75"))
    assert row["distributions"][0]["MERCHANDISE_AMT"] == Decimal("18.75")
    assert (
        changed["LAST_DTTM_UPDATE"] > (made.orders.get(tuple(split("acme_us001"))) or {})["LAST_DTTM_UPDATE"]
    )


def rows(site: Site, name: str) -> list[dict[str, Any]]:
    unit, order = split(name)
    return site.rows("ML_PO_KEY", BUSINESS_UNIT=unit, PO_ID=order)


def test_what_buyers_do_is_seen_by_the_queries(site: Site) -> None:
    key = {"key": split("not_received")}
    before = rows(site, "not_received")
    assert {(row["A.PO_STATUS"], row["B.ITM_ID_VNDR"][:2], row["A.PYMNT_TERMS_CD"]) for row in before} == {
        ("D", "V-", "N30")
    }
    site.control("/peoplesoft/receive-order", key | {"line": 1, "quantity": "4.5"})
    site.control("/peoplesoft/receive-order", key | {"line": 1, "quantity": 2})
    received = rows(site, "not_received")
    assert [row["E.QTY_SH_ACCPT"] for row in received if row["B.LINE_NBR"] == 1] == [Decimal("4.5"), 2]
    assert received[0]["A.LAST_DTTM_UPDATE"] == before[0]["A.LAST_DTTM_UPDATE"]
    site.within(lambda sandbox: sandbox.clock.advance(3600))
    site.control(
        "/peoplesoft/change-order", key | {"line": 2, "quantity": 3, "price": "9.99", "due": "2027-01-15"}
    )
    (line,) = [row for row in rows(site, "not_received") if row["B.LINE_NBR"] == 2]
    assert (line["C.QTY_PO"], line["C.MERCHANDISE_AMT"], line["D.MERCHANDISE_AMT"], line["C.DUE_DT"]) == (
        3, Decimal("29.97"), Decimal("29.97"), "2027-01-15",
    )  # fmt: skip
    assert line["A.LAST_DTTM_UPDATE"] > before[0]["A.LAST_DTTM_UPDATE"]
    site.control("/peoplesoft/cancel-order", key | {"line": 3})
    assert [row["B.CANCEL_STATUS"] for row in rows(site, "not_received")][-1] == "X"
    site.control("/peoplesoft/cancel-order", key)
    assert rows(site, "not_received")[0]["A.PO_STATUS"] == "X"
    site.control("/peoplesoft/dispatch-order", key)
    assert rows(site, "not_received")[0]["A.PO_STATUS"] == "D"


@pytest.mark.parametrize("body", [{"line": 9}, {"line": 1, "schedule": 9}])
def test_what_an_order_does_not_have_is_a_mistake(site: Site, body: dict[str, int]) -> None:
    with site.http() as session:
        url = f"{site.sandbox.control_url}/peoplesoft/receive-order"
        answer = session.post(url, json={"key": split("acme_us001"), **body}, timeout=30)
    assert answer.status_code == 400
    assert "has no" in answer.text


# ---- vouchers about orders


@pytest.mark.parametrize(
    ("place", "numbers"),
    [
        ({"LINE_NBR": 1, "SCHED_NBR": 2}, []),
        ({"LINE_NBR": 1, "SCHED_NBR": 3}, ["112"]),
        ({"LINE_NBR": 4, "SCHED_NBR": 1}, ["108"]),
        ({"BUSINESS_UNIT_PO": "US002", "LINE_NBR": 1, "SCHED_NBR": 1}, ["108"]),
    ],
)
def test_a_voucher_names_a_line_and_a_schedule_that_exist(
    site: Site, place: dict[str, Any], numbers: list[str]
) -> None:
    named = {"PO_ID": split("two_schedules")[1], "QTY_VCHR": "10", "UNIT_PRICE": "125.05"} | place
    outcome = site.create("AP_VOUCHER", **voucher(VOUCHER_LINE=[voucher_line(1, "1250.50", **named)]))
    assert (outcome.saved, outcome.numbers) == (not numbers, numbers)
    if outcome.saved:
        (row,) = site.rows("ML_AP_VOUCHER_KEY", **outcome.keys)
        assert (row["B.PO_ID"], row["B.LINE_NBR"], row["B.SCHED_NBR"]) == (named["PO_ID"], 1, 2)


def test_charges_are_shown(site: Site) -> None:
    charged = voucher(GROSS_AMT="1260.50", FREIGHT_AMT="7.50", SALETX_AMT="2.50")
    (row,) = site.rows("ML_AP_VOUCHER_KEY", **site.create("AP_VOUCHER", **charged).keys)
    assert (row["A.FREIGHT_AMT"], row["A.SALETX_AMT"], row["A.MISC_AMT"]) == (
        Decimal("7.5"),
        Decimal("2.5"),
        0,
    )


# ---- records for EDI


STATUS = {"BUSINESS_UNIT": "US001", "EDI_DOC_TYPE": "PO", "EDI_DOC_ID": "0000000007", "EDI_STATUS": "sent"}


def test_a_status_is_created_found_and_changed(site: Site) -> None:
    created = site.create("ML_EDI_STATUS", **STATUS, EDI_PROMISED_DT="2026-12-01")
    assert (created.saved, created.keys) == (True, {name: STATUS[name] for name in list(STATUS)[:3]})
    assert site.create("ML_EDI_STATUS", **STATUS).numbers == ["2"]
    assert site.save("ML_EDI_STATUS", "Update", **STATUS | {"EDI_STATUS": "acknowledged"}).saved
    held = site.call("ML_EDI_STATUS", "Get", **created.keys)
    assert (held["EDI_STATUS"], held["EDI_PROMISED_DT"]) == ("acknowledged", "2026-12-01")
    (found,) = site.call("ML_EDI_STATUS", "Find", EDI_STATUS="ack")
    assert found["EDI_DOC_ID"] == "0000000007"
    assert site.save("ML_EDI_STATUS", "Update", **STATUS | {"EDI_DOC_ID": "8"}).numbers == ["1"]


@pytest.mark.parametrize(
    ("changed", "number"),
    [({"EDI_DOC_TYPE": "ODD"}, "9"), ({"EDI_DOC_ID": ""}, "8"), ({"BUSINESS_UNIT": "XX001"}, "11")],
)
def test_a_status_must_be_about_something(site: Site, changed: dict[str, str], number: str) -> None:
    assert number in site.create("ML_EDI_STATUS", **STATUS | changed).numbers


def test_a_partner_names_a_supplier_that_exists(site: Site) -> None:
    partner = {"EDI_CONNECTION": "ACME", "EDI_ENABLED": "Y", "SETID": "SHARE", "VENDOR_ID": "0000000002"}
    assert site.create("ML_EDI_PARTNER", **partner).keys == {"EDI_CONNECTION": "ACME"}
    wrong = partner | {"EDI_CONNECTION": "NOBODY", "VENDOR_ID": "0000099999"}
    assert site.create("ML_EDI_PARTNER", **wrong).numbers == ["501"]


# ---- Billing


def test_customer_invoices_add_up() -> None:
    made = list(state(vouchers=400).customer_invoices)
    assert len({(row["BUSINESS_UNIT"], row["INVOICE"]) for row in made}) == len(made) == 20
    for row in made:
        assert len(row["INVOICE"]) <= 22
        assert (
            sum(line["NET_EXTENDED_AMT"] + line["TAX_AMT"] for line in row["lines"]) == row["INVOICE_AMOUNT"]
        )
        assert (row["INVOICE_AMOUNT"] < 0) == (row["INVOICE_TYPE"] == "ADJ")
    assert {row["BILL_STATUS"] for row in made} >= {"INV"}


def test_customer_invoices_by_window_and_key(site: Site) -> None:
    whole = site.rows(
        "ML_BI_INVOICES", BUSINESS_UNIT="US001", FROM_DT="2026-01-01", THRU_DT="2027-01-01", INVOICE_OFFSET=""
    )
    numbers = [row["A.INVOICE"] for row in whole]
    assert numbers == sorted(numbers)
    (key,) = {
        row["A.INVOICE"] for row in site.rows("ML_BI_INVOICE_KEY", BUSINESS_UNIT="US001", INVOICE=numbers[0])
    }
    assert key == numbers[0]
    after = site.rows(
        "ML_BI_INVOICES",
        BUSINESS_UNIT="US001",
        FROM_DT="2026-01-01",
        THRU_DT="2027-01-01",
        INVOICE_OFFSET=key,
    )
    assert {row["A.INVOICE"] for row in after} == set(numbers) - {key}
    assert site.rows("ML_BI_INVOICE_KEY", BUSINESS_UNIT="US002", INVOICE=key) == []
