"""The message: complete, declared, and the same as the published ones."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.peoplesoft.voucher_build.message import (
    ib_request,
    rest_body,
    rowset,
    staged,
    with_reference,
)
from ml_connector.peoplesoft.voucher_build.records import CONTROL, HEADER, StagingRecord
from tests.peoplesoft.writers.support import voucher

NODES = {
    "operation": "VOUCHER_BUILD.VERSION_1",
    "requesting": "ML_CONNECTOR",
    "password": "",
    "node": "PSFT_EP",
}


def message(body: Payload, voucher_id: str = "B0778812") -> etree._Element:
    return rowset(staged(body, voucher_id, "ml:basware|778812"))


def header(body: Payload) -> dict[str, str]:
    (element,) = message(body).findall("MsgData/Transaction/VCHR_HDR_STG")
    return {part.tag: str(part.text) for part in element if not len(part)}


def documented() -> Payload:
    """The voucher of the published message."""
    body = voucher(
        VNDR_LOC="MAIN", ORIGIN="BSW", PYMNT_TERMS_CD="N30", VCHR_SRC="XML", VOUCHER_STYLE="REG",
        DESCR254_MIXED="",
    )  # fmt: skip
    body["VOUCHER_LINE"][0]["DISTRIB_LINE"][0]["BUSINESS_UNIT_GL"] = "US001"
    return body


def shape(element: etree._Element) -> Any:
    """Names, attributes and nesting, fields in no order."""
    parts = sorted((shape(part) for part in element), key=repr)
    return element.tag, dict(element.attrib), parts


def texts(element: etree._Element) -> list[tuple[str, str]]:
    return sorted((part.tag, (part.text or "").strip()) for part in element.iter() if not len(part))


def test_it_is_the_published_message(facts: Path) -> None:
    made = message(documented())
    published = etree.parse(facts / "samples" / "voucher_build_message.xml").getroot()
    assert shape(made) == shape(published)
    ours, theirs = texts(made), texts(published)
    assert [pair for pair in ours if pair not in theirs] == [("DESCR254_MIXED", "[ml:basware|778812]")]
    assert [pair for pair in theirs if pair not in ours] == [("DESCR254_MIXED", "basware:778812")]


def test_it_travels_in_the_published_envelope(facts: Path) -> None:
    made = etree.fromstring(ib_request(staged(documented(), "B0778812", "x"), **NODES))
    published = etree.parse(facts / "samples" / "http_ibrequest_voucher_build.xml").getroot()
    assert shape(made) == shape(published)
    ours, theirs = dict(texts(made)), dict(texts(published))
    assert ours.pop("Data").startswith('<?xml version="1.0"?><VOUCHER_BUILD>')
    assert theirs.pop("Data").startswith('<?xml version="1.0"?><VOUCHER_BUILD>')
    assert ours == theirs


def test_field_types_are_the_published_ones(facts: Path) -> None:
    published = json.loads((facts / "voucher_build_fieldtypes.json").read_text())["records"]
    known = {
        record: {field["name"]: field["type"].upper() for field in fields}
        for record, fields in published.items()
    }
    unknown = set()
    for record in records(HEADER):
        for name, kind in record.fields.items():
            if name not in known[record.name]:
                unknown.add(f"{record.name}.{name}")
            else:
                assert kind == known[record.name][name], (record.name, name)
    assert unknown == {"VCHR_HDR_STG.VENDOR_SETID"}  # of the published REST twin
    assert {name: kind.upper() for name, kind in known["PSCAMA"].items()} == CONTROL


def records(record: StagingRecord) -> list[StagingRecord]:
    return [record, *(below for child in record.children.values() for below in records(child))]


def test_what_is_sent_is_declared_and_nothing_else() -> None:
    root = message(voucher(PYMNT_VCHR_XREF=[{"PYMNT_METHOD": "ACH", "SCHEDULED_PAY_DT": "2026-11-01"}]))
    for declared in root.iterfind("FieldTypes/*"):
        used = {
            part.tag for row in root.iterfind(f"MsgData//{declared.tag}") for part in row if not len(part)
        }
        assert [part.tag for part in declared if part.tag not in used] == []
        assert used <= {part.tag for part in declared}
        assert {part.get("type") for part in declared} <= {"CHAR", "NUMBER", "DATE"}
    (dated,) = root.findall("FieldTypes/VCHR_PYMT_STG/SCHEDULED_PAY_DT")
    assert dated.get("type") == "DATE"
    assert root.findtext("MsgData/Transaction/PSCAMA/AUDIT_ACTN") == "A"


def test_keys_go_down_to_every_row_and_rows_are_numbered() -> None:
    line = {
        "DESCR": "Paper",
        "MERCHANDISE_AMT": 1,
        "DISTRIB_LINE": [{"ACCOUNT": "641000"}, {"ACCOUNT": "642000"}],
    }
    root = message(voucher(VOUCHER_LINE=[line, line | {"VOUCHER_LINE_NUM": 7}]))
    numbers = [
        (row.findtext("VOUCHER_LINE_NUM"), row.findtext("DISTRIB_LINE_NUM"))
        for row in root.iterfind(".//VCHR_DIST_STG")
        if row.get("class") and row.findtext("ACCOUNT")
    ]
    assert numbers == [("1", "1"), ("1", "2"), ("7", "1"), ("7", "2")]
    for row in root.iterfind("MsgData//*[@class='R']"):
        if row.tag != "PSCAMA":
            assert (row.findtext("BUSINESS_UNIT"), row.findtext("VOUCHER_ID")) == ("US001", "B0778812")


def test_a_number_of_the_mapping_gives_way_to_ours() -> None:
    assert header(voucher(VOUCHER_ID="NEXT"))["VOUCHER_ID"] == "B0778812"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000001"), "0.000001"),
        (Decimal("-1250.50"), "-1250.50"),
        (12, "12"),
        ("0012", "0012"),
    ],
)
def test_values_are_plain(value: object, text: str) -> None:
    assert header(voucher(MISC_AMT=value, PACKSLIP_NO=value))["MISC_AMT"] == text


def test_blank_values_are_left_out() -> None:
    assert {"VNDR_LOC", "ORIGIN"} & header(voucher(VNDR_LOC="", ORIGIN=None)).keys() == set()


@given(st.text(max_size=60))
def test_whatever_stands_in_a_text_the_message_is_xml(text: str) -> None:
    body = voucher(DESCR254_MIXED=text, PACKSLIP_NO=text)
    request = etree.fromstring(ib_request(staged(body, "B0778812", "x"), **NODES))
    inner = etree.fromstring(str(request.findtext("ContentSections/ContentSection/Data")).encode())
    clean = "".join(
        one
        for one in text
        if one in "\t\n\r" or " " <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one > "\uffff"
    )
    held = inner.findtext("MsgData/Transaction/VCHR_HDR_STG/PACKSLIP_NO") or ""
    assert held.replace("\r\n", "\n").replace("\r", "\n") == clean.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", "[ml:k]"),
        ("office", "office [ml:k]"),
        ("x" * 300, "x" * 247 + " [ml:k]"),
    ],
)
def test_the_reference_always_fits(text: str, made: str) -> None:
    assert with_reference(text, "ml:k") == made
    assert len(made) <= 254


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (voucher(COLOUR="red"), "VCHR_HDR_STG.COLOUR"),
        (voucher(VOUCHER_LINE=[{"DESCR": "x"}, {"COLOUR": "red"}]), "VOUCHER_LINE[2].COLOUR"),
        (voucher(PYMNT_VCHR_XREF=[{"PYMNT_ACTION": "R"}]), "PYMNT_VCHR_XREF[1].PYMNT_ACTION"),
    ],
)
def test_a_field_that_staging_does_not_have_is_refused_here(body: Payload, field: str) -> None:
    """There, the whole message would fail, and only its monitor would know."""
    with pytest.raises(Rejected) as raised:
        message(body)
    assert raised.value.field == field


def test_a_value_that_is_none_is_a_mistake_of_the_mapping() -> None:
    with pytest.raises(ConfigurationError, match="float"):
        message(voucher(GROSS_AMT=1.5))


def test_the_rest_twin_carries_the_same_rows() -> None:
    body = rest_body(staged(documented(), "B0778812", "x"), "OF_VCHR_IMPORT_STG")
    ((row,),) = (group["VCHR_HDR_STG"] for group in body["RequestBody"][0]["OF_VCHR_IMPORT_STG"])
    assert (row["INVOICE_ID"], row["GROSS_AMT"]) == ("BW-778812", "1250.50")
    (line,) = row["VCHR_LINE_STG"]
    (account,) = line["VCHR_DIST_STG"]
    assert (account["VOUCHER_ID"], account["VOUCHER_LINE_NUM"], account["ACCOUNT"]) == (
        "B0778812",
        "1",
        "641000",
    )
    assert row["VCHR_PYMT_STG"] == [{"BUSINESS_UNIT": "US001", "VOUCHER_ID": "B0778812", "PYMNT_CNT": "1"}]
