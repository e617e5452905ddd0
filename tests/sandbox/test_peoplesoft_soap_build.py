"""VOUCHER_BUILD: the asynchronous message, its REST twin, staging, and Voucher Build."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

from sandbox import credentials
from sandbox.data.scenario import SUPPLIER_IDS
from sandbox.peoplesoft.build.records import HEADER, StagingRecord

from .shapes import sample
from .soap_client import TODAY, Site

LINE_KEY = "<VOUCHER_LINE_NUM>1</VOUCHER_LINE_NUM>"
Change = Callable[[dict[str, Any]], Any]


def rows(**header: Any) -> dict[str, Any]:
    """A voucher as the REST twin takes it."""
    key = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": header.get("VOUCHER_ID", "B0778812")}
    part = key | {
        "VOUCHER_LINE_NUM": 1, "DISTRIB_LINE_NUM": 1, "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000",
        "DEPTID": "10200", "MERCHANDISE_AMT": 1250.5,
    }  # fmt: skip
    line = key | {"VOUCHER_LINE_NUM": 1, "DESCR": "Office supplies", "MERCHANDISE_AMT": "1250.50"}
    return (
        key
        | {
            "VOUCHER_STYLE": "REG",
            "INVOICE_ID": "bw-778812",
            "INVOICE_DT": "2026-10-02",
            "VENDOR_ID": "0000000012",
            "GROSS_AMT": 1250.50,
            "TXN_CURRENCY_CD": "USD",
            "DESCR254_MIXED": "basware:778812",
            "VCHR_LINE_STG": [line | {"VCHR_DIST_STG": [part]}],
        }
        | header
    )


def rowset(*vouchers: dict[str, Any]) -> str:
    """The same as a rowset message."""
    declared: dict[str, set[str]] = {}

    def fields(name: str, record: dict[str, Any]) -> str:
        made = ""
        for field, value in record.items():
            if isinstance(value, list):
                made += "".join(fields(field, row) for row in value)
            else:
                declared.setdefault(name, set()).add(field)
                made += f"<{field}>{value}</{field}>"
        return f'<{name} class="R">{made}</{name}>'

    pscama = '<PSCAMA class="R"><AUDIT_ACTN>A</AUDIT_ACTN></PSCAMA>'
    data = "".join(
        f"<Transaction>{fields('VCHR_HDR_STG', voucher)}{pscama}</Transaction>" for voucher in vouchers
    )
    types = "".join(
        f'<{name} class="R">{"".join(f"<{field}/>" for field in sorted(names))}</{name}>'
        for name, names in declared.items()
    )
    return (
        f'<?xml version="1.0"?><VOUCHER_BUILD><FieldTypes>{types}</FieldTypes>'
        f"<MsgData>{data}</MsgData></VOUCHER_BUILD>"
    )


def request(content: str, **changed: str) -> str:
    given = {
        "operation": "VOUCHER_BUILD.VERSION_1",
        "node": credentials.REQUESTING_NODE,
        "password": "",
        "to": "PSFT_EP",
    } | changed
    return (
        f'<?xml version="1.0"?><IBRequest><ExternalOperationName>{given["operation"]}</ExternalOperationName>'
        f"<OperationType>async</OperationType><From><RequestingNode>{given['node']}</RequestingNode>"
        f"<Password>{given['password']}</Password></From>"
        f"<To><DestinationNode>{given['to']}</DestinationNode></To><ContentSections><ContentSection>"
        f"<Data><![CDATA[{content}]]></Data></ContentSection></ContentSections></IBRequest>"
    )


def post(site: Site, body: str) -> requests.Response:
    address = f"{site.sandbox.peoplesoft_url}/PSIGW/HttpListeningConnector"
    with site.http() as session:
        return session.post(address, data=body.encode(), headers={"Content-Type": "text/xml"}, timeout=30)


def send(site: Site, *vouchers: dict[str, Any]) -> None:
    answer = post(site, request(rowset(*vouchers)))
    assert (answer.status_code, 'type="error"' in answer.text) == (200, False), answer.text


def send_json(site: Site, *vouchers: dict[str, Any], body: Any = None) -> requests.Response:
    twin = {"RequestBody": [{"OF_VCHR_IMPORT_STG": [{"VCHR_HDR_STG": list(vouchers)}]}]}
    rest = f"{site.sandbox.peoplesoft_url}/PSIGW/RESTListeningConnector/{credentials.NODE}"
    text = json.dumps(twin if body is None else body)
    with site.http() as session:
        return session.post(f"{rest}/VoucherBuild.v1", data=text.encode(), timeout=30)


def stage(site: Site, voucher_id: str = "") -> list[dict[str, Any]]:
    return site.rows("ML_AP_VOUCHER_STAGE", BUSINESS_UNIT="US001", VOUCHER_ID=voucher_id)


def build(site: Site, **body: Any) -> Any:
    return site.control("/peoplesoft/voucher-build", body)


def built(site: Site, voucher_id: str = "B0778812") -> dict[str, Any]:
    return site.rows("ML_AP_VOUCHER_KEY", BUSINESS_UNIT="US001", VOUCHER_ID=voucher_id)[0]


def test_the_documented_message_is_staged_and_built(site: Site, facts: Path) -> None:
    message = (facts / "peoplesoft/samples/voucher_build_message.xml").read_text()
    wrapper = (facts / "peoplesoft/samples/http_ibrequest_voucher_build.xml").read_text()
    before, _, rest = wrapper.partition("<![CDATA[")
    answer = post(site, f"{before}<![CDATA[{message}{rest[rest.index(']]>') :]}")
    assert etree.fromstring(answer.content).tag == "IBResponse"
    assert 'type="error"' not in answer.text
    (row,) = stage(site, "B0778812")
    assert (row["A.ENTRY_STATUS"], row["A.ERROR_TEXT"], row["A.INVOICE_ID"]) == ("O", "", "BW-778812")
    assert build(site) == {"vouchers": [["US001", "B0778812"]], "recycled": [], "staged": 0}
    assert stage(site) == []
    row = built(site)
    assert (row["A.ENTRY_STATUS"], row["A.DESCR254_MIXED"], row["A.ORIGIN"]) == ("P", "basware:778812", "BSW")
    assert (row["A.GROSS_AMT"], row["C.ACCOUNT"], row["C.DEPTID"]) == (Decimal("1250.5"), "641000", "10200")
    assert (row["A.LAST_UPDATE_DT"], row["D.PYMNT_CNT"], row["D.PYMNT_SELCT_STATUS"]) == (TODAY, 1, "N")


def test_its_fields_are_the_documented_ones(facts: Path) -> None:
    documented = sample(facts, "peoplesoft/voucher_build_fieldtypes.json")["records"]

    def check(record: StagingRecord) -> None:
        names = {field["name"] for field in documented[record.name]}
        extra = {"VENDOR_SETID", "INV_RECPT_DT"} if record is HEADER else set()
        assert names | extra == record.fields
        for child in record.children:
            check(child)

    check(HEADER)


def test_both_doors_lead_to_the_same_place(site: Site) -> None:
    send(site, rows(), rows(VOUCHER_ID="B0000002", INVOICE_ID="SECOND"))
    answer = send_json(site, rows(VOUCHER_ID="B0000003", INVOICE_ID="THIRD"))
    assert (answer.status_code, answer.json()) == (200, {"Status": "Success"})
    assert [row["A.VOUCHER_ID"] for row in stage(site)] == ["B0000002", "B0000003", "B0778812"]
    assert len(build(site)["vouchers"]) == 3
    amounts = {built(site, row)["A.GROSS_AMT"] for row in ("B0000002", "B0000003", "B0778812")}
    assert amounts == {Decimal("1250.5")}
    assert built(site)["A.INVOICE_ID"] == "BW-778812"


class TestGateway:
    """What is refused at once: a 200 with an error inside."""

    @pytest.mark.parametrize(
        ("changed", "text"),
        [
            ({"operation": "VOUCHER_BUILD.VERSION_2"}, "(158,505)"),
            ({"node": "UNKNOWN"}, "is not defined"),
            ({"to": "PSFT_HR"}, "(158,505)"),
        ],
    )
    def test_wrong_names(self, site: Site, changed: dict[str, str], text: str) -> None:
        answer = post(site, request(rowset(rows()), **changed))
        root = etree.fromstring(answer.content)
        assert (answer.status_code, root.tag, root.get("type")) == (200, "IBResponse", "error")
        assert text in str(root.findtext("DefaultMessage"))
        assert stage(site) == []

    @pytest.mark.parametrize(("switch", "text"), [("inactive", "(158,505)"), ("denied", "(158,536)")])
    def test_inactive_or_denied(self, site: Site, switch: str, text: str) -> None:
        site.switch(**{switch: ["VOUCHER_BUILD"]})
        assert text in post(site, request(rowset(rows()))).text

    def test_malformed(self, site: Site) -> None:
        for body in ("<IBRequest>", request("<VOUCHER_BUILD>"), request("")):
            answer = post(site, body)
            assert (answer.status_code, "(159,5)" in answer.text) == (200, True)

    def test_the_nodes_password(self, site: Site) -> None:
        site.switch(node_password="node-secret")
        wrong, right = (post(site, request(rowset(rows()), password=text)) for text in ("no", "node-secret"))
        assert "password of node" in wrong.text
        assert "node-secret" not in wrong.text
        assert 'type="error"' not in right.text
        assert len(stage(site)) == 1


class TestMonitor:
    """What the gateway takes and the message handler cannot read: seen in the monitor alone."""

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ("<OTHER/>", "is not VOUCHER_BUILD"),
            ("<VOUCHER_BUILD><MsgData/></VOUCHER_BUILD>", "FieldTypes"),
            (rowset(rows()).replace("<AUDIT_ACTN>A", "<AUDIT_ACTN>C"), "PSCAMA"),
            (rowset(rows()).replace("<INVOICE_ID/>", ""), "not declared in FieldTypes"),
            (rowset(rows(INVOICE_NO="1")), "has no field INVOICE_NO"),
            (rowset(rows(INVOICE_ID="X" * 31)), "does not fit into field INVOICE_ID"),
            (rowset(rows(INVOICE_DT="02-OCT-26")), "does not fit into field INVOICE_DT"),
            (rowset(rows(INVOICE_DT="20261002")), "does not fit into field INVOICE_DT"),
            (rowset(rows(GROSS_AMT="1,250.50")), "does not fit into field GROSS_AMT"),
            (rowset(rows(GROSS_AMT="NaN")), "does not fit into field GROSS_AMT"),
            (rowset(rows()).replace('<VCHR_LINE_STG class="R"><BUS', "<VCHR_LINE_STG><BUS"), 'class="R"'),
            (rowset(rows()).replace(LINE_KEY, ""), "lacks its key VOUCHER_LINE_NUM"),
            (rowset(rows()).replace("B0778812</VOUCHER_ID><VOUCHER_STYLE", "B1</VOUCHER_ID><VOUCHER_STYLE"),
             "belongs to another voucher"),
        ],
    )  # fmt: skip
    def test_unreadable_contents(self, site: Site, content: str, text: str) -> None:
        answer = post(site, request(content))
        assert 'type="error"' not in answer.text
        (entry,) = site.control("/peoplesoft/monitor")
        assert entry["status"] == "error"
        assert text in entry["error"]
        assert stage(site) == []

    def test_a_message_is_taken_whole_or_not_at_all(self, site: Site) -> None:
        send(site, rows(), rows(VOUCHER_ID="B0000002", INVOICE_DT="never"))
        assert stage(site) == []
        send(site, rows())
        assert [entry["status"] for entry in site.control("/peoplesoft/monitor")] == ["error", "done"]


class TestTwin:
    def test_a_business_failure_is_a_field_of_a_200(self, site: Site) -> None:
        answer = send_json(site, rows(INVOICE_NO="1"))
        assert (answer.status_code, answer.json()["Status"]) == (200, "Fail")
        assert "INVOICE_NO" in answer.json()["Message"]
        empty: list[Any] = [{}, {"RequestBody": []}, {"RequestBody": [{"OF_VCHR_IMPORT_STG": 1}]}, []]
        for body in empty:
            assert send_json(site, body=body).json()["Status"] == "Fail"
        assert "GROSS_AMT" in send_json(site, rows(GROSS_AMT=True)).json()["Message"]

    def test_who_may_call(self, site: Site) -> None:
        site.switch(denied=["VOUCHER_BUILD_POST"])
        assert send_json(site, rows()).status_code == 403
        site.switch(denied=[], voucher_build_rest=False)
        assert send_json(site, rows()).status_code == 404
        site.switch(voucher_build_rest=True)
        site.basic = None
        assert send_json(site, rows()).status_code == 401
        assert site.sandbox.calls.count("peoplesoft POST VoucherBuild") == 3

    def test_no_json(self, site: Site) -> None:
        rest = f"{site.sandbox.peoplesoft_url}/PSIGW/RESTListeningConnector/{credentials.NODE}"
        with site.http() as session:
            assert session.post(f"{rest}/VoucherBuild.v1", data=b"{", timeout=30).status_code == 500


def without_lines(voucher: dict[str, Any]) -> None:
    voucher["VCHR_LINE_STG"] = []


def without_distributions(voucher: dict[str, Any]) -> None:
    del voucher["VCHR_LINE_STG"][0]["VCHR_DIST_STG"]


def distribution(**changed: Any) -> Change:
    return lambda voucher: voucher["VCHR_LINE_STG"][0]["VCHR_DIST_STG"][0].update(changed)


def header(**changed: Any) -> Change:
    return lambda voucher: voucher.update(changed)


PRE_EDIT: dict[str, tuple[Change, str]] = {
    "supplier": (header(VENDOR_ID="0000099999"), "Supplier SHARE 0000099999 does not exist."),
    "location": (header(VNDR_LOC="NOWHERE"), "Supplier location NOWHERE does not exist."),
    "invoice": (header(INVOICE_ID=""), "A value is required for field INVOICE_ID."),
    "date": (header(INVOICE_DT=""), "A value is required for field INVOICE_DT."),
    "lines": (without_lines, "The voucher has no lines."),
    "distributions": (without_distributions, "neither a distribution nor a purchase order"),
    "number": (header(VOUCHER_ID="00000001"), "Voucher 00000001 already exists."),
}
RECYCLE: dict[str, Change] = {
    "account": distribution(ACCOUNT="999999"),
    "department": distribution(DEPTID="99999"),
    "distribution": distribution(MERCHANDISE_AMT="1250.49"),
    "gross": header(GROSS_AMT="1250.51"),
    "unapproved": header(VENDOR_ID=SUPPLIER_IDS["inactive"]),
}


class TestVoucherBuild:
    @pytest.mark.parametrize(("change", "text"), PRE_EDIT.values(), ids=PRE_EDIT)
    def test_pre_edit_errors_stay_in_staging(self, site: Site, change: Change, text: str) -> None:
        voucher = rows()
        change(voucher)
        for row in voucher["VCHR_LINE_STG"]:
            for part in (row, *row.get("VCHR_DIST_STG", [])):
                part["VOUCHER_ID"] = voucher["VOUCHER_ID"]
        before = site.within(lambda sandbox: sandbox.peoplesoft.counts())
        send(site, voucher)
        assert build(site) == {"vouchers": [], "recycled": [], "staged": 1}
        (row,) = stage(site, voucher["VOUCHER_ID"])
        assert row["A.ENTRY_STATUS"] == "E"
        assert text in row["A.ERROR_TEXT"]
        assert site.within(lambda sandbox: sandbox.peoplesoft.counts()) == before

    def test_an_unknown_unit_stays_in_staging_too(self, site: Site) -> None:
        text = rowset(rows()).replace("<BUSINESS_UNIT>US001", "<BUSINESS_UNIT>XX001")
        post(site, request(text))
        build(site)
        (row,) = site.rows("ML_AP_VOUCHER_STAGE", BUSINESS_UNIT="XX001", VOUCHER_ID="B0778812")
        assert "Business unit XX001" in row["A.ERROR_TEXT"]

    def test_a_later_run_takes_what_was_mended(self, site: Site) -> None:
        send(site, rows(VENDOR_ID="0000000031"))
        assert build(site)["staged"] == 1
        site.control(
            "/peoplesoft/upsert",
            {"record": "supplier", "key": ["SHARE", "0000000031"], "like": ["SHARE", "0000000012"]},
        )
        assert build(site)["vouchers"] == [["US001", "B0778812"]]

    @pytest.mark.parametrize("change", RECYCLE.values(), ids=RECYCLE)
    def test_edit_failures_become_vouchers_in_recycle(self, site: Site, change: Change) -> None:
        voucher = rows()
        change(voucher)
        send(site, voucher)
        assert build(site) == {"vouchers": [["US001", "B0778812"]], "recycled": ["B0778812"], "staged": 0}
        assert built(site)["A.ENTRY_STATUS"] == "R"

    @pytest.mark.parametrize(("rule", "status"), [("reject", "R"), ("recycle", "R"), ("accept", "P")])
    def test_duplicates_are_recycled_not_refused(self, site: Site, rule: str, status: str) -> None:
        site.switch(duplicate_vouchers=rule)
        send(site, rows(), rows(VOUCHER_ID="B0000002"))
        build(site)
        assert built(site)["A.ENTRY_STATUS"] == "P"
        assert built(site, "B0000002")["A.ENTRY_STATUS"] == status

    def test_numbers_may_be_peoplesofts(self, site: Site) -> None:
        site.switch(voucher_build_ids="next")
        send(site, rows())
        assert build(site)["vouchers"] == [["US001", "00000037"]]
        assert built(site, "00000037")["A.DESCR254_MIXED"] == "basware:778812"

    @pytest.mark.parametrize("asked", ["NEXT", ""])
    def test_next_is_numbered(self, site: Site, asked: str) -> None:
        send(site, rows(VOUCHER_ID=asked))
        assert build(site)["vouchers"] == [["US001", "00000037"]]

    def test_one_unit(self, site: Site) -> None:
        send(site, rows())
        assert build(site, unit="US002")["vouchers"] == []
        assert len(build(site, unit="US001")["vouchers"]) == 1

    def test_at_once(self, site: Site) -> None:
        site.switch(voucher_build="auto")
        send(site, rows())
        assert stage(site) == []
        assert built(site)["A.ENTRY_STATUS"] == "P"

    def test_after_a_while(self, site: Site) -> None:
        site.switch(voucher_build="auto", voucher_build_seconds=600)
        send(site, rows())
        site.within(lambda sandbox: sandbox.clock.advance(590))
        assert len(stage(site)) == 1
        site.within(lambda sandbox: sandbox.clock.advance(20))
        assert stage(site) == []
        assert built(site)["A.ENTRY_STATUS"] == "P"

    def test_payments_of_the_message(self, site: Site) -> None:
        key = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "B0778812", "PYMNT_CNT": 1}
        hold = {"PYMNT_METHOD": "WIR", "PYMNT_HOLD": "Y", "PYMNT_HOLD_REASON": "AMT"}
        send(site, rows(VCHR_PYMT_STG=[key | hold]))
        build(site)
        row = built(site)
        assert {name: row[f"D.{name}"] for name in hold} == hold

    def test_blank_payment_fields_take_their_defaults(self, site: Site) -> None:
        key = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "B0778812", "PYMNT_CNT": 1}
        send(site, rows(VCHR_PYMT_STG=[key | {"PYMNT_METHOD": "", "PYMNT_HOLD": ""}]))
        build(site)
        assert (built(site)["D.PYMNT_METHOD"], built(site)["D.PYMNT_HOLD"]) == ("ACH", "N")

    def test_a_database_without_unicode(self, site: Site) -> None:
        site.switch(unicode_database=False)
        send(site, rows(DESCR254_MIXED="Łódź"))
        build(site)
        assert built(site)["A.DESCR254_MIXED"] == "?ód?"

    def test_a_reset_empties_staging(self, site: Site) -> None:
        send(site, rows())
        site.control("/reset")
        assert stage(site) == []
        assert site.control("/peoplesoft/monitor") == []
