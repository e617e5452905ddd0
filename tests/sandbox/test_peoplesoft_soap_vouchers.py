"""AP_VOUCHER: entry, its edits, changes, and its scheduled payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.data.scenario import SUPPLIER_IDS, VOUCHER_IDS

from .soap_client import TODAY, TOMORROW, Outcome, Site, distribution, voucher, voucher_line

CI = "AP_VOUCHER"
OPEN = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "00000003"}
PAID_HERE = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": VOUCHER_IDS["paid_by_peoplesoft"]}
GOOD = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": VOUCHER_IDS["good"]}


def create(site: Site, **changed: Any) -> Outcome:
    return site.create(CI, **voucher(**changed))


def pay(site: Site, key: dict[str, str], method: str = "Updatedata", **row: Any) -> Outcome:
    return site.save(CI, method, **key, PYMNT_VCHR_XREF=[{"PYMNT_CNT": 1} | row])


def shown(site: Site, key: dict[str, str]) -> dict[str, Any]:
    return site.rows("ML_AP_VOUCHER_KEY", **key)[0]


def test_a_new_voucher_is_numbered_and_found_everywhere(site: Site) -> None:
    first = create(site, INVOICE_ID="bw-778812")
    second = create(site, INVOICE_ID="BW-778813", VOUCHER_ID=None)
    assert (first.saved, first.messages) == (True, [])
    assert int(second.keys["VOUCHER_ID"]) == int(first.keys["VOUCHER_ID"]) + 1
    row = shown(site, first.keys)
    assert row["A.INVOICE_ID"] == "BW-778812"
    assert (row["A.GROSS_AMT"], row["B.MERCHANDISE_AMT"]) == (Decimal("1250.5"), Decimal("1250.5"))
    assert (row["A.ENTRY_STATUS"], row["A.POST_STATUS_AP"], row["A.LAST_UPDATE_DT"]) == ("P", "U", TODAY)
    assert (row["A.PYMNT_TERMS_CD"], row["A.DUE_DT"], row["C.BUSINESS_UNIT_GL"]) == (
        "N60",
        "2026-12-01",
        "US001",
    )
    assert (row["D.PYMNT_SELCT_STATUS"], row["D.PYMNT_GROSS_AMT"]) == ("N", Decimal("1250.5"))
    by_invoice = site.rows(
        "ML_AP_VOUCHER_BY_INVOICE", BUSINESS_UNIT="US001", VENDOR_ID="0000000012", INVOICE_ID="BW-778812"
    )
    assert [row["A.VOUCHER_ID"] for row in by_invoice] == [first.keys["VOUCHER_ID"]]
    window = {"FROM_DT": TODAY, "THRU_DT": TOMORROW, "VOUCHER_ID_OFFSET": ""}
    changed = site.rows("ML_AP_VOUCHERS", BUSINESS_UNIT="US001", **window)
    assert {row["A.VOUCHER_ID"] for row in changed} == {
        outcome.keys["VOUCHER_ID"] for outcome in (first, second)
    }


def test_a_number_of_ones_own(site: Site) -> None:
    assert create(site, VOUCHER_ID="A0778812").keys["VOUCHER_ID"] == "A0778812"
    again = create(site, VOUCHER_ID="A0778812", INVOICE_ID="OTHER")
    assert (again.saved, again.numbers) == (False, ["2"])


def test_get_gives_the_whole_buffer(site: Site) -> None:
    lines = [
        voucher_line(1, "100.00", DISTRIB_LINE=[distribution(1, "40.00"), distribution(2, "60.00")]),
        voucher_line(2, "50.00"),
    ]
    charges = {"SALETX_AMT": "7.50", "FREIGHT_AMT": "2.00", "MISC_AMT": "0.50", "GROSS_AMT": "160.00"}
    key = create(site, **charges, VOUCHER_LINE=lines).keys
    made = site.call(CI, "Get", **key)
    assert {name: Decimal(made[name]) for name in charges} == {
        name: Decimal(value) for name, value in charges.items()
    }
    parts = [[part["MERCHANDISE_AMT"] for part in line["DISTRIB_LINE"]] for line in made["VOUCHER_LINE"]]
    assert parts == [["40", "60"], ["50"]]


def test_get_of_nothing(site: Site) -> None:
    missing = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "99999999"}
    assert not any(site.call(CI, "Get", **missing).values())
    site.switch(get_missing="fault")
    body = site.message(CI, "Get", **missing)
    assert "(91,1)" in site.post(body, "CI_AP_VOUCHER_G.V1").text


def test_find_matches_beginnings(site: Site) -> None:
    for number in ("7", "77", "8"):
        create(site, INVOICE_ID=f"FIND-{number}", GROSS_AMT="1250.50")
    found = site.call(CI, "Find", BUSINESS_UNIT="US001", INVOICE_ID="FIND-7") or []
    assert [row["INVOICE_ID"] for row in found] == ["FIND-7", "FIND-77"]
    assert {"BUSINESS_UNIT", "VOUCHER_ID", "INVOICE_ID", "VENDOR_ID", "INVOICE_DT"} == set(found[0])
    site.switch(find_match="exact")
    assert [row["INVOICE_ID"] for row in site.call(CI, "Find", INVOICE_ID="FIND-7")] == ["FIND-7"]
    assert not site.call(CI, "Find", INVOICE_ID="FIND-9")
    assert len(site.call(CI, "Find", BUSINESS_UNIT="US002")) == 24


ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown unit": ({"BUSINESS_UNIT": "XX001"}, "11"),
    "unknown supplier": ({"VENDOR_ID": "0000099999"}, "106"),
    "supplier of another SETID": ({"VENDOR_ID": "0000000001", "VENDOR_SETID": "EUR02"}, "106"),
    "no supplier": ({"VENDOR_ID": ""}, "106"),
    "inactive supplier": ({"VENDOR_ID": SUPPLIER_IDS["inactive"]}, "104"),
    "unknown location": ({"VNDR_LOC": "NOWHERE"}, "107"),
    "no invoice": ({"INVOICE_ID": " "}, "8"),
    "no invoice date": ({"INVOICE_DT": None}, "8"),
    "no lines": ({"VOUCHER_LINE": []}, "102"),
    "no distribution": ({"VOUCHER_LINE": [voucher_line(1, "1250.50", DISTRIB_LINE=[])]}, "103"),
    "unknown order": ({"VOUCHER_LINE": [voucher_line(1, "1250.50", PO_ID="9999999999")]}, "108"),
    "unknown terms": ({"PYMNT_TERMS_CD": "N99"}, "13"),
    "unknown currency": ({"TXN_CURRENCY_CD": "XXX"}, "105"),
    "unknown style": ({"VOUCHER_STYLE": "ODD"}, "9"),
    "lines and gross": ({"GROSS_AMT": "1250.51"}, "14"),
    "tax and gross": ({"SALETX_AMT": "0.01"}, "14"),
}


@pytest.mark.parametrize(("changed", "number"), ERRORS.values(), ids=ERRORS)
def test_edits(site: Site, changed: dict[str, Any], number: str) -> None:
    outcome = create(site, **changed)
    assert (outcome.saved, outcome.numbers) == (False, [number])
    assert outcome.messages[0]["type"] == "Error"
    assert outcome.keys["VOUCHER_ID"] == "NEXT"


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"ACCOUNT": "999999"}, "12"),
        ({"ACCOUNT": "639000"}, "12"),
        ({"ACCOUNT": ""}, "12"),
        ({"DEPTID": "99999"}, "12"),
        ({"DEPTID": "11100"}, "12"),
        ({"BUSINESS_UNIT_GL": "XX001"}, "11"),
        ({"MERCHANDISE_AMT": "1250.49"}, "14"),
    ],
)
def test_edits_of_distributions(site: Site, changed: dict[str, Any], number: str) -> None:
    part = distribution(1, "1250.50", **changed)
    outcome = create(site, VOUCHER_LINE=[voucher_line(1, "1250.50", DISTRIB_LINE=[part])])
    assert (outcome.saved, outcome.numbers) == (False, [number])
    assert "VOUCHER_LINE(1)" in outcome.messages[0]["explaintext"]


def test_every_error_is_named(site: Site) -> None:
    part = distribution(1, "1.00", ACCOUNT="999999", DEPTID="99999")
    outcome = create(site, VOUCHER_LINE=[voucher_line(1, "2.00", DISTRIB_LINE=[part])])
    assert sorted(outcome.numbers) == ["12", "12", "14", "14"]


def test_a_hidden_unit_is_an_invalid_one(site: Site) -> None:
    site.switch(no_access_units=["US001"])
    assert create(site).numbers == ["11"]
    assert not any(site.call(CI, "Get", **OPEN).values())
    assert not site.call(CI, "Find", BUSINESS_UNIT="US001")


def test_a_line_may_take_its_accounts_from_the_order(site: Site) -> None:
    line = voucher_line(1, "1250.50", PO_ID="0000000001", DISTRIB_LINE=[])
    key = create(site, VOUCHER_LINE=[line]).keys
    row = shown(site, key)
    assert (row["B.PO_ID"], row["B.LINE_NBR"], row["A.MATCH_STATUS_VCHR"]) == ("0000000001", 1, "T")
    order = site.rows("ML_PO_KEY", BUSINESS_UNIT="US001", PO_ID="0000000001")[0]
    assert (row["C.ACCOUNT"], row["C.MERCHANDISE_AMT"]) == (order["D.ACCOUNT"], Decimal("1250.5"))


class TestDuplicates:
    def test_reject(self, site: Site) -> None:
        first = create(site)
        outcome = create(site, INVOICE_ID="bw-778812")
        assert (outcome.saved, outcome.numbers) == (False, ["101"])
        assert first.keys["VOUCHER_ID"] in outcome.texts[0]

    @pytest.mark.parametrize(
        "changed",
        [
            {"INVOICE_DT": "2026-10-03"},
            {"INVOICE_ID": "BW-2"},
            {"VENDOR_ID": "0000000010"},
            {"BUSINESS_UNIT": "US002"},
            {"GROSS_AMT": "1.00", "VOUCHER_LINE": [voucher_line(1, "1.00")]},
        ],
    )
    def test_another_date_number_supplier_unit_or_amount_is_none(
        self, site: Site, changed: dict[str, Any]
    ) -> None:
        create(site)
        assert create(site, **changed).saved

    def test_recycle(self, site: Site) -> None:
        site.switch(duplicate_vouchers="recycle")
        create(site)
        outcome = create(site)
        assert (outcome.saved, outcome.messages[0]["type"]) == (True, "Warning")
        assert shown(site, outcome.keys)["A.ENTRY_STATUS"] == "R"

    def test_accept(self, site: Site) -> None:
        site.switch(duplicate_vouchers="accept")
        keys = [create(site).keys["VOUCHER_ID"] for _ in range(2)]
        assert len(set(keys)) == 2

    def test_a_change_may_make_one(self, site: Site) -> None:
        create(site)
        key = create(site, INVOICE_ID="OTHER").keys
        assert site.save(CI, "Update", **key, INVOICE_ID="bw-778812").numbers == ["101"]
        assert site.save(CI, "Update", **key, INVOICE_ID="OTHER", ORIGIN="XYZ").saved

    def test_a_deleted_voucher_is_no_duplicate(self, site: Site) -> None:
        key = create(site).keys
        site.control(
            "/peoplesoft/upsert",
            {"record": "voucher", "key": list(key.values()), "values": {"ENTRY_STATUS": "X"}},
        )
        assert create(site).saved


class TestChanges:
    def test_update_matches_rows_and_adds(self, site: Site) -> None:
        key = create(site).keys
        lines = [
            {"VOUCHER_LINE_NUM": 1, "DESCR": "Other"},
            voucher_line(2, "10.00"),
        ]
        assert site.save(CI, "Update", **key, GROSS_AMT="1260.50", VOUCHER_LINE=lines).saved
        made = site.call(CI, "Get", **key)
        assert [(line["DESCR"], line["MERCHANDISE_AMT"]) for line in made["VOUCHER_LINE"]] == [
            ("Other", "1250.5"),
            ("Office supplies", "10"),
        ]
        assert shown(site, key)["D.PYMNT_GROSS_AMT"] == Decimal("1260.5")

    def test_update_may_replace_rows(self, site: Site) -> None:
        site.switch(update_rows="replace")
        key = create(site).keys
        assert site.save(
            CI, "Update", **key, GROSS_AMT="10.00", VOUCHER_LINE=[voucher_line(2, "10.00")]
        ).saved
        assert [line["VOUCHER_LINE_NUM"] for line in site.call(CI, "Get", **key)["VOUCHER_LINE"]] == ["2"]

    def test_updatedata_adds_nothing(self, site: Site) -> None:
        key = create(site).keys
        outcome = site.save(CI, "Updatedata", **key, VOUCHER_LINE=[voucher_line(2, "10.00")])
        assert (outcome.saved, outcome.numbers) == (False, ["4"])
        assert site.save(CI, "Updatedata", **key, DESCR254_MIXED="changed").saved
        assert shown(site, key)["A.DESCR254_MIXED"] == "changed"

    def test_a_refused_change_changes_nothing(self, site: Site) -> None:
        key = create(site).keys
        before = site.call(CI, "Get", **key)
        line = {"VOUCHER_LINE_NUM": 1, "DISTRIB_LINE": [distribution(1, "1.00")]}
        assert site.save(CI, "Update", **key, VOUCHER_LINE=[line]).numbers == ["14"]
        assert site.call(CI, "Get", **key) == before

    def test_no_such_voucher(self, site: Site) -> None:
        missing = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "99999999"}
        assert site.save(CI, "Update", **missing, ORIGIN="XXX").numbers == ["1"]

    @pytest.mark.parametrize(("name", "number"), [("deleted", "109"), ("closed", "109"), ("good", "110")])
    def test_a_deleted_closed_or_posted_voucher(self, site: Site, name: str, number: str) -> None:
        key = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": VOUCHER_IDS[name]}
        outcome = site.save(CI, "Updatedata", **key, GROSS_AMT="1.00")
        assert (outcome.saved, outcome.numbers) == (False, [number])


class TestPayments:
    """Closing a posted voucher to the pay cycle, and opening it again."""

    def column(self, site: Site, *names: str) -> list[Any]:
        row = shown(site, GOOD)
        return [row[f"D.{name}"] for name in names]

    @pytest.mark.parametrize("method", ["Update", "Updatedata"])
    def test_recorded_as_paid_elsewhere_and_back(self, site: Site, method: str) -> None:
        assert shown(site, GOOD)["A.LAST_UPDATE_DT"] != TODAY
        assert pay(site, GOOD, method, PYMNT_ACTION="R", PYMNT_SELCT_STATUS="E").saved
        assert self.column(site, "PYMNT_ACTION", "PYMNT_SELCT_STATUS") == ["R", "E"]
        assert shown(site, GOOD)["A.LAST_UPDATE_DT"] == TODAY
        assert shown(site, GOOD)["A.OPRID_LAST_UPDT"] == "ML_CONNECTOR"
        assert pay(site, GOOD, method, PYMNT_ACTION="S", PYMNT_SELCT_STATUS="N").saved
        assert self.column(site, "PYMNT_ACTION", "PYMNT_SELCT_STATUS") == ["S", "N"]

    def test_hold_and_back(self, site: Site) -> None:
        assert pay(site, GOOD, PYMNT_HOLD="Y").numbers == ["121"]
        assert pay(site, GOOD, PYMNT_HOLD="Y", PYMNT_HOLD_REASON="???").numbers == ["9"]
        assert pay(site, GOOD, PYMNT_HOLD="Y", PYMNT_HOLD_REASON="OTH").saved
        assert self.column(site, "PYMNT_HOLD", "PYMNT_HOLD_REASON") == ["Y", "OTH"]
        assert pay(site, GOOD, PYMNT_HOLD="N").saved
        assert self.column(site, "PYMNT_HOLD", "PYMNT_HOLD_REASON") == ["N", ""]

    @pytest.mark.parametrize(
        "row",
        [
            {"PYMNT_ACTION": "R"},
            {"PYMNT_SELCT_STATUS": "E"},
            {"PYMNT_ACTION": "R", "PYMNT_SELCT_STATUS": "P"},
            {"PYMNT_ACTION": "X", "PYMNT_SELCT_STATUS": "X"},
        ],
    )
    def test_other_states_are_not_for_people(self, site: Site, row: dict[str, str]) -> None:
        outcome = pay(site, GOOD, **row)
        assert (outcome.saved, outcome.numbers) == (False, ["124"])

    def test_what_peoplesoft_paid_stays(self, site: Site) -> None:
        assert pay(site, PAID_HERE, PYMNT_ACTION="R", PYMNT_SELCT_STATUS="E").numbers == ["123"]

    def test_no_such_payment(self, site: Site) -> None:
        outcome = site.save(
            CI,
            "Update",
            **GOOD,
            PYMNT_VCHR_XREF=[{"PYMNT_CNT": 2, "PYMNT_HOLD": "Y", "PYMNT_HOLD_REASON": "OTH"}],
        )
        assert outcome.numbers == ["122"]

    def test_the_other_payment_stays_as_it_is(self, site: Site) -> None:
        key = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": VOUCHER_IDS["two_payments"]}
        pay(site, key, PYMNT_ACTION="R", PYMNT_SELCT_STATUS="E")
        rows = site.call(CI, "Get", **key)["PYMNT_VCHR_XREF"]
        assert [row["PYMNT_SELCT_STATUS"] for row in rows] == ["E", "N"]

    def test_the_pay_cycle_leaves_alone_what_is_closed_to_it(self, site: Site) -> None:
        held = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": VOUCHER_IDS["gets_paid"]}
        free = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": VOUCHER_IDS["three_lines"]}
        pay(site, GOOD, PYMNT_ACTION="R", PYMNT_SELCT_STATUS="E")
        pay(site, held, PYMNT_HOLD="Y", PYMNT_HOLD_REASON="OTH")
        keys = [list(key.values()) for key in (GOOD, held, free)]
        assert site.control("/peoplesoft/pay-cycle", {"keys": keys}) == [{"key": keys[2], "count": 1}]
        assert site.control("/peoplesoft/pay-cycle", {"keys": keys}) == []

    def test_payments_of_a_new_voucher(self, site: Site) -> None:
        rows = [{"PYMNT_CNT": 1, "PYMNT_METHOD": "WIR"}, {"PYMNT_CNT": 2, "PYMNT_HOLD": "Y",
                "PYMNT_HOLD_REASON": "AMT"}]  # fmt: skip
        key = create(site, PYMNT_VCHR_XREF=rows).keys
        made = site.rows("ML_AP_VOUCHER_KEY", **key)
        assert [(row["D.PYMNT_METHOD"], row["D.PYMNT_HOLD"], row["D.PYMNT_GROSS_AMT"]) for row in made] == [
            ("WIR", "N", Decimal("625.25")),
            ("ACH", "Y", Decimal("625.25")),
        ]
