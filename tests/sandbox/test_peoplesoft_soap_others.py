"""VNDR_ID and PURCHASE_ORDER."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from sandbox.data.scenario import SUPPLIER_IDS
from sandbox.peoplesoft.soap.buffer import write
from sandbox.peoplesoft.soap.components import COMPONENTS
from sandbox.peoplesoft.soap.interfaces import of_site
from sandbox.peoplesoft.soap.methods import Methods
from sandbox.peoplesoft.soap.outcome import NotSaved
from sandbox.server import Sandbox

from .soap_client import TODAY, Outcome, Site, order, order_line, supplier, voucher


def schedule(**changed: Any) -> dict[str, Any]:
    """A line whose schedule differs."""
    line = order_line(1)
    return line | {"PO_LINE_SHIP": [line["PO_LINE_SHIP"][0] | changed]}


class TestSuppliers:
    CI = "VNDR_ID"

    def create(self, site: Site, **changed: Any) -> Outcome:
        return site.create(self.CI, **supplier(**changed))

    def test_a_new_supplier_is_numbered_and_found(self, site: Site) -> None:
        key = self.create(site).keys
        assert key == {"SETID": "SHARE", "VENDOR_ID": "0000000031"}
        for query, prompts in (
            ("ML_AP_SUPPLIER_KEY", key),
            ("ML_AP_SUPPLIER_BY_NAME", {"SETID": "SHARE", "NAME1": "New Company & Söhne"}),
        ):
            (row,) = site.rows(query, **prompts)
            assert (row["A.VENDOR_ID"], row["A.VENDOR_STATUS"]) == ("0000000031", "A")
            assert (row["A.DEFAULT_LOC"], row["A.REMIT_VENDOR"]) == ("MAIN", "0000000031")
            assert (row["B.CITY"], row["B.EFF_STATUS"], row["B.PHONE"]) == ("Boston", "A", "617 555 0100")
            assert (row["C.PYMNT_TERMS_CD"], row["C.CURRENCY_CD"]) == ("N30", "USD")
        assert site.rows("ML_AP_SUPPLIER_BY_NAME", SETID="SHARE", NAME1="New Company") == []
        assert site.rows("ML_AP_SUPPLIER_BY_NAME", SETID="EUR01", NAME1="New Company & Söhne") == []
        assert site.create("AP_VOUCHER", **voucher(VENDOR_ID="0000000031")).saved

    def test_every_setid_counts_for_itself(self, site: Site) -> None:
        places = {"VENDOR_LOC": [{"VNDR_LOC": "MAIN", "EFFDT": "2026-01-01"}]}
        assert self.create(site, SETID="EUR01", **places).keys["VENDOR_ID"] == "0000000004"

    def test_the_short_name_may_be_left_to_peoplesoft(self, site: Site) -> None:
        key = self.create(site, VENDOR_NAME_SHORT=None).keys
        assert site.call(self.CI, "Get", **key)["VENDOR_NAME_SHORT"] == "NEWCOMPANY-001"

    def test_rows_by_key(self, site: Site) -> None:
        key = self.create(site).keys
        moved = {"ADDRESS_SEQ_NUM": 1, "EFFDT": TODAY, "CITY": "Newark", "COUNTRY": "USA"}
        assert site.save(self.CI, "Updatedata", **key, VENDOR_ADDR=[moved]).numbers == ["4"]
        first = {"ADDRESS_SEQ_NUM": 1, "EFFDT": "2026-01-01", "CITY": "Salem"}
        assert site.save(self.CI, "Update", **key, NAME2="Ltd", VENDOR_ADDR=[first, moved]).saved
        made = site.call(self.CI, "Get", **key)
        assert [row["CITY"] for row in made["VENDOR_ADDR"]] == ["Salem", "Newark"]
        assert [row["ADDRESS1"] for row in made["VENDOR_ADDR"]] == ["1 Main St", ""]
        assert (made["NAME2"], len(made["VENDOR_LOC"])) == ("Ltd", 1)
        (row,) = site.rows("ML_AP_SUPPLIER_KEY", **key)
        assert row["B.CITY"] == "Newark"

    def test_find(self, site: Site) -> None:
        self.create(site)
        found = site.call(self.CI, "Find", SETID="SHARE", NAME1="New Comp")
        assert [row["VENDOR_ID"] for row in found] == ["0000000031"]
        assert len(site.call(self.CI, "Find", SETID="EUR01")) == 3

    @pytest.mark.parametrize(
        ("changed", "number"),
        [
            ({"SETID": "XXXXX"}, "302"),
            ({"NAME1": ""}, "8"),
            ({"VENDOR_STATUS": "Q"}, "9"),
            ({"VENDOR_CLASS": "Q"}, "9"),
            ({"VENDOR_ADDR": []}, "303"),
            ({"VENDOR_ADDR": [{"ADDRESS_SEQ_NUM": 1, "EFFDT": TODAY}]}, "304"),
            ({"VENDOR_LOC": []}, "305"),
            ({"VENDOR_LOC": [{"VNDR_LOC": "MAIN", "EFFDT": TODAY, "PYMNT_TERMS_CD": "N99"}]}, "13"),
            ({"VENDOR_LOC": [{"VNDR_LOC": "MAIN", "EFFDT": TODAY, "CURRENCY_CD": "XXX"}]}, "306"),
            ({"VENDOR_ID": "0000000001"}, "2"),
        ],
    )
    def test_edits(self, site: Site, changed: dict[str, Any], number: str) -> None:
        outcome = self.create(site, **changed)
        assert not outcome.saved
        assert number in outcome.numbers

    def test_duplicates_by_both_names(self, site: Site) -> None:
        assert self.create(site).saved
        assert self.create(site).saved
        site.switch(duplicate_suppliers="reject")
        assert self.create(site).numbers == ["307", "307"]
        assert self.create(site, VENDOR_NAME_SHORT="NEWCO-002").saved
        key = {"SETID": "SHARE", "VENDOR_ID": "0000000031"}
        assert site.save(self.CI, "Update", **key, NAME2="still itself").saved

    def test_an_archived_supplier_stays(self, site: Site) -> None:
        key = self.create(site, VENDOR_STATUS="X").keys
        assert site.save(self.CI, "Update", **key, NAME2="x").numbers == ["301"]


class TestOrders:
    CI = "PURCHASE_ORDER"

    def create(self, site: Site, **changed: Any) -> Outcome:
        return site.create(self.CI, **order(**changed))

    def test_a_new_order_is_numbered_and_found(self, site: Site) -> None:
        key = self.create(site, PO_LINE=[order_line(1), order_line(2, "2", "0.335")]).keys
        assert key == {"BUSINESS_UNIT": "US001", "PO_ID": "0000000011"}
        for query, prompts in (
            ("ML_PO_KEY", key),
            ("ML_PO_BY_REF", {"BUSINESS_UNIT": "US001", "PO_REF": "SO-4711"}),
        ):
            row, second = site.rows(query, **prompts)
            assert (row["A.PO_ID"], row["A.PO_STATUS"], row["A.PO_DT"]) == ("0000000011", "A", TODAY)
            assert (row["A.VENDOR_SETID"], row["A.PO_REF"]) == ("SHARE", "SO-4711")
            assert (row["C.QTY_PO"], row["C.PRICE_PO"], row["C.MERCHANDISE_AMT"]) == (
                3,
                Decimal("12.5"),
                Decimal("37.5"),
            )
            assert (row["B.UNIT_OF_MEASURE"], row["C.DUE_DT"], row["D.ACCOUNT"]) == (
                "EA",
                "2026-12-15",
                "641000",
            )
            assert second["C.MERCHANDISE_AMT"] == Decimal("0.67")
        assert site.rows("ML_PO_BY_REF", BUSINESS_UNIT="US001", PO_REF="SO-4712") == []
        assert site.rows("ML_PO_BY_REF", BUSINESS_UNIT="US002", PO_REF="SO-4711") == []

    def test_changes_move_the_stamp(self, site: Site) -> None:
        key = self.create(site).keys
        before = site.rows("ML_PO_KEY", **key)[0]["A.LAST_DTTM_UPDATE"]
        site.within(lambda sandbox: sandbox.clock.advance(3600))
        assert site.save(self.CI, "Update", **key, PO_LINE=[order_line(1, "4"), order_line(2)]).saved
        made = site.call(self.CI, "Get", **key)
        assert [line["PO_LINE_SHIP"][0]["QTY_PO"] for line in made["PO_LINE"]] == ["4", "3"]
        assert site.rows("ML_PO_KEY", **key)[0]["A.LAST_DTTM_UPDATE"] > before
        assert site.save(self.CI, "Updatedata", **key, PO_LINE=[order_line(3)]).numbers == ["4"]

    def test_find(self, site: Site) -> None:
        self.create(site)
        (found,) = site.call(self.CI, "Find", BUSINESS_UNIT="US001", PO_REF="SO-")
        assert (found["PO_ID"], found["VENDOR_ID"]) == ("0000000011", "0000000012")
        site.switch(no_access_units=["US001"])
        assert not site.call(self.CI, "Find", PO_REF="SO-")
        assert not any(site.call(self.CI, "Get", BUSINESS_UNIT="US001", PO_ID="0000000001").values())

    @pytest.mark.parametrize(
        ("changed", "number"),
        [
            ({"BUSINESS_UNIT": "XX001"}, "11"),
            ({"VENDOR_ID": "0000099999"}, "402"),
            ({"VENDOR_ID": SUPPLIER_IDS["inactive"]}, "402"),
            ({"CURRENCY_CD": "XXX"}, "403"),
            ({"PO_LINE": []}, "404"),
            ({"PO_LINE": [order_line(1, DESCR254_MIXED="")]}, "405"),
            ({"PO_LINE": [order_line(1, PO_LINE_SHIP=[])]}, "406"),
            ({"PO_LINE": [order_line(1, "0")]}, "407"),
            ({"PO_LINE": [schedule(PO_LINE_DISTRIB=[])]}, "408"),
            ({"PO_LINE": [schedule(QTY_PO="4")]}, "14"),
            ({"PO_LINE": [schedule(PO_LINE_DISTRIB=[{"DISTRIB_LINE_NUM": 1, "ACCOUNT": "641000"}])]}, "14"),
            ({"PO_ID": "0000000001"}, "2"),
        ],
    )
    def test_edits(self, site: Site, changed: dict[str, Any], number: str) -> None:
        outcome = self.create(site, **changed)
        assert (outcome.saved, outcome.numbers) == (False, [number])

    def test_chartfields(self, site: Site) -> None:
        part = {"DISTRIB_LINE_NUM": 1, "ACCOUNT": "999999", "DEPTID": "99999", "MERCHANDISE_AMT": "37.50"}
        line = order_line(1)
        line["PO_LINE_SHIP"][0]["PO_LINE_DISTRIB"] = [part]
        assert self.create(site, PO_LINE=[line]).numbers == ["12", "12"]

    @pytest.mark.parametrize("status", ["C", "X"])
    def test_a_finished_order_stays(self, site: Site, status: str) -> None:
        key = self.create(site).keys
        record = {"record": "purchase_order", "key": list(key.values()), "values": {"PO_STATUS": status}}
        site.control("/peoplesoft/upsert", record)
        assert site.save(self.CI, "Update", **key, PO_REF="x").numbers == ["401"]


class TestGeneratedData:
    """Objects that were there before can be read and changed like those made here."""

    @pytest.mark.parametrize("ci", ["AP_VOUCHER", "JOURNAL_ENTRY", "VNDR_ID", "PURCHASE_ORDER"])
    def test_every_object_is_read_and_changed(self, site: Site, ci: str) -> None:
        interface = next(interface for interface in of_site({}) if interface.ci == ci)
        change = {"AP_VOUCHER": "ORIGIN", "JOURNAL_ENTRY": "SOURCE", "VNDR_ID": "NAME2"}.get(ci, "PO_REF")

        def touch(sandbox: Sandbox) -> tuple[int, set[str]]:
            state, component = sandbox.peoplesoft, COMPONENTS[ci]
            methods = Methods(state, interface, component)
            saved, refused = 0, set()
            for record in list(component.candidates(state, {})):
                assert len(
                    etree.fromstring(f"<x xmlns:m='m'>{write(interface, interface.level, record)}</x>")
                )
                key = {name: record[name] for name in interface.level.keys}
                try:
                    assert methods.update(key | {change: "XYZ"}, add=True).record[change] == "XYZ"
                    saved += 1
                except NotSaved as error:
                    refused |= {str(notice.number) for notice in error.notices}
            return saved, refused

        saved, refused = site.within(touch)
        assert saved > 2
        allowed = {
            "AP_VOUCHER": {"109", "110", "104"},
            "JOURNAL_ENTRY": {"201", "203"},
            "VNDR_ID": {"303"},
            "PURCHASE_ORDER": {"401"},
        }
        assert refused <= allowed[ci]
