"""What ExecuteQuery answers: order, limits, forms of names and values, effective dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.data import scenario
from sandbox.data.setup import FUTURE_ACCOUNT, INACTIVE_ACCOUNT, RENAMED_ACCOUNT
from sandbox.data.size import FUTURE_DATE
from sandbox.data.suppliers import address
from sandbox.server import Sandbox

from .clients import WINDOW, Asker

KEY = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": scenario.VOUCHER_IDS["good"]}
SUPPLIERS = {"SETID": "SHARE", "VENDOR_ID_OFFSET": ""}


def keys(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("A.VOUCHER_ID", "B.VOUCHER_LINE_NUM", "C.DISTRIB_LINE_NUM", "D.PYMNT_CNT")
    return [tuple(row[name] for name in names) for row in rows]


async def test_rows_come_in_order_of_the_full_key(asker: Asker) -> None:
    rows = (await asker.vouchers()).rows
    assert keys(rows) == sorted(keys(rows))
    assert len(set(keys(rows))) == len(rows)
    assert [row["attr:rownumber"] for row in rows] == list(range(1, len(rows) + 1))


async def test_keyset_reads_everything_once(asker: Asker) -> None:
    everything = {row["A.VOUCHER_ID"] for row in (await asker.vouchers()).rows}
    seen: list[str] = []
    while rows := (await asker.vouchers(offset=seen[-1] if seen else "", maxrows="40")).rows:
        ids = sorted({row["A.VOUCHER_ID"] for row in rows})
        seen += ids[:-1] if len(rows) == 40 and len(ids) > 1 else ids
    assert sorted(everything) == seen


async def test_row_caps_are_silent(asker: Asker, sandbox: Sandbox) -> None:
    answer = await asker.vouchers(maxrows="7")
    assert answer.json["data"]["query"]["numrows"] == len(answer.rows) == 7
    sandbox.peoplesoft.switches.change({"profile_rows": 5})
    assert len((await asker.vouchers(maxrows="7")).rows) == 5
    assert len((await asker.vouchers()).rows) == 5


async def test_row_security_shows_as_no_rows(asker: Asker, sandbox: Sandbox) -> None:
    sandbox.peoplesoft.switches.change({"no_access_units": ["US001"]})
    assert (await asker.vouchers()).rows == []
    assert (await asker.vouchers("US002")).rows


async def test_name_key_prefix_and_labels(asker: Asker, sandbox: Sandbox) -> None:
    query = (await asker.query("ML_AP_VOUCHER_KEY", KEY)).json["data"]["query"]
    assert query["queryname="] == "ML_AP_VOUCHER_KEY"
    sandbox.peoplesoft.switches.change(
        {
            "name_key": "queryname",
            "unprefixed": ["ML_AP_VOUCHER_KEY"],
            "labels": {"ML_AP_VOUCHER_KEY": {"A.GROSS_AMT": "INVOICE_TOTAL"}},
        }
    )
    query = (await asker.query("ML_AP_VOUCHER_KEY", KEY)).json["data"]["query"]
    row = query["rows"][0]
    assert query["queryname"] == "ML_AP_VOUCHER_KEY"
    assert (row["VOUCHER_ID"], row["INVOICE_TOTAL"]) == (KEY["VOUCHER_ID"], 500)
    assert (row["MERCHANDISE_AMT"], row["C.MERCHANDISE_AMT"]) == (500, 500)


async def test_texts_instead_of_codes(asker: Asker, sandbox: Sandbox) -> None:
    sandbox.peoplesoft.switches.change({"translated": {"ML_AP_VOUCHER_KEY": ["A.ENTRY_STATUS"]}})
    row = (await asker.query("ML_AP_VOUCHER_KEY", KEY)).rows[0]
    assert (row["A.ENTRY_STATUS"], row["A.APPR_STATUS"]) == ("Postable", "A")
    sandbox.peoplesoft.switches.change({"translated": {"*": ["*"]}})
    row = (await asker.query("ML_AP_VOUCHER_KEY", KEY)).rows[0]
    assert (row["A.APPR_STATUS"], row["D.PYMNT_METHOD"]) == ("Approved", "Automated Clearing House")


async def test_blanks(asker: Asker, sandbox: Sandbox) -> None:
    key = {"SETID": "SHARE", "VENDOR_ID": scenario.SUPPLIER_IDS["no_address"]}
    (row,) = (await asker.query("ML_AP_SUPPLIER_KEY", key)).rows
    assert {value for name, value in row.items() if name.startswith("B.")} == {""}
    sandbox.peoplesoft.switches.change({"blank_columns": "absent"})
    (row,) = (await asker.query("ML_AP_SUPPLIER_KEY", key)).rows
    assert not any(name.startswith("B.") or value == "" for name, value in row.items())


async def test_datetimes_carry_the_base_time_zone(asker: Asker, sandbox: Sandbox) -> None:
    order = next(iter(sandbox.peoplesoft.orders))
    prompts = {"BUSINESS_UNIT": order["BUSINESS_UNIT"], "PO_ID": order["PO_ID"]}
    for month, text in ((7, "2026-07-01T08:00:00-0400"), (12, "2026-12-01T07:00:00-0500")):
        sandbox.peoplesoft.orders.put(order | {"LAST_DTTM_UPDATE": datetime(2026, month, 1, 12, tzinfo=UTC)})
        assert (await asker.query("ML_PO_KEY", prompts)).rows[0]["A.LAST_DTTM_UPDATE"] == text


async def test_xmlp_when_json_resp_is_missing(asker: Asker) -> None:
    for form, without in (("JSON/NONFILE", "json_resp"), ("XMLP/NONFILE", "")):
        answer = await asker.query("ML_AP_VOUCHER_KEY", KEY, form=form, without=without)
        assert answer.headers["Content-Type"].startswith("text/xml")
        root = ET.fromstring(answer.body)
        (query,) = root
        assert query.get("numrows") == "1"
        texts = {element.tag.partition("}")[2]: element.text for element in query[0]}
        assert (texts["A.VOUCHER_ID"], texts["A.GROSS_AMT"]) == (KEY["VOUCHER_ID"], "500")
        assert texts["B.PO_ID"] is None
        assert texts["B.DESCR"] == "Café & crème"
    assert b"<![CDATA[US001]]>" in answer.body
    assert b"<A.INVOICE_DT>2026-" in answer.body


async def test_webrowset_has_values_by_position(asker: Asker) -> None:
    answer = await asker.query("ML_AP_VOUCHER_KEY", KEY, form="WEBROWSET/NONFILE")
    values = [element.text for element in ET.fromstring(answer.body).iter() if "columnValue" in element.tag]
    assert values[:2] == ["US001", KEY["VOUCHER_ID"]]


async def test_setup_shows_history_without_the_future(asker: Asker, sandbox: Sandbox) -> None:
    def dates(rows: list[dict[str, Any]], account: str) -> list[str]:
        return [row["A.EFFDT"] + row["A.EFF_STATUS"] for row in rows if row["A.ACCOUNT"] == account]

    rows = (await asker.query("ML_GL_ACCOUNTS", {"SETID": "SHARE"})).rows
    assert dates(rows, RENAMED_ACCOUNT) == ["1901-01-01A", "2026-03-01A"]
    assert dates(rows, INACTIVE_ACCOUNT) == ["1901-01-01A", "2026-06-01I"]
    assert dates(rows, FUTURE_ACCOUNT) == []
    sandbox.peoplesoft.switches.change({"effdt_auto": False})
    rows = (await asker.query("ML_GL_ACCOUNTS", {"SETID": "SHARE"})).rows
    assert dates(rows, RENAMED_ACCOUNT)[-1] == f"{FUTURE_DATE}A"
    sandbox.peoplesoft.switches.change({"effdt_current": ["ML_GL_ACCOUNTS"]})
    rows = (await asker.query("ML_GL_ACCOUNTS", {"SETID": "SHARE"})).rows
    assert dates(rows, INACTIVE_ACCOUNT) == ["2026-06-01I"]


async def test_suppliers_show_one_current_row_per_address(asker: Asker, sandbox: Sandbox) -> None:
    record = sandbox.peoplesoft.suppliers.get(("SHARE", "0000000001"))
    assert record is not None
    place = record["addresses"][0]
    places = [place, place | {"EFFDT": "2026-01-01", "CITY": "Salem"}, place | {"EFFDT": FUTURE_DATE}]
    second = address(("Lynn", "MA", "01901", "USA"), "PO Box 1", seq=2)
    sandbox.peoplesoft.suppliers.put(record | {"addresses": [*places, second]})
    key = {"SETID": "SHARE", "VENDOR_ID": "0000000001"}
    rows = (await asker.query("ML_AP_SUPPLIER_KEY", key)).rows
    assert [(row["B.ADDRESS_SEQ_NUM"], row["B.CITY"]) for row in rows] == [(1, "Salem"), (2, "Lynn")]
    sandbox.peoplesoft.switches.change({"effdt_current": []})
    assert len((await asker.query("ML_AP_SUPPLIER_KEY", key)).rows) == 3
    sandbox.peoplesoft.switches.change({"effdt_auto": False})
    assert len((await asker.query("ML_AP_SUPPLIER_KEY", key)).rows) == 4


async def test_the_same_vendor_id_lives_in_two_setids(asker: Asker) -> None:
    shared = (await asker.query("ML_AP_SUPPLIERS", SUPPLIERS)).rows
    other = (await asker.query("ML_AP_SUPPLIERS", SUPPLIERS | {"SETID": "EUR01"})).rows
    assert {row["A.VENDOR_ID"] for row in other} < {row["A.VENDOR_ID"] for row in shared}
    assert not {row["A.NAME1"] for row in other} & {row["A.NAME1"] for row in shared}


async def test_a_site_without_last_update_dt(asker: Asker, sandbox: Sandbox) -> None:
    row = next(row for row in (await asker.vouchers()).rows if row["A.LAST_UPDATE_DT"] > row["A.ENTERED_DT"])
    key = {"BUSINESS_UNIT": "US001", "VOUCHER_ID_OFFSET": ""}
    window = {"FROM_DT": row["A.ENTERED_DT"], "THRU_DT": row["A.LAST_UPDATE_DT"]}

    async def found() -> set[str]:
        rows = (await asker.query("ML_AP_VOUCHERS", key | window)).rows
        return {found["A.VOUCHER_ID"] for found in rows}

    assert row["A.VOUCHER_ID"] not in await found()
    sandbox.peoplesoft.switches.change({"last_update_dt": False})
    assert row["A.VOUCHER_ID"] in await found()
    assert "A.LAST_UPDATE_DT" not in (await asker.vouchers()).rows[0]


async def test_open_vouchers(asker: Asker) -> None:
    prompts = {"BUSINESS_UNIT": "US001", "VOUCHER_ID_OFFSET": ""}
    everything = (await asker.vouchers()).rows
    rows = (await asker.query("ML_AP_VOUCHERS_OPEN", prompts)).rows
    assert {row["A.CLOSE_STATUS"] for row in everything} == {"O", "C"}
    assert keys(rows) == [
        key for key, row in zip(keys(everything), everything, strict=True) if row["A.CLOSE_STATUS"] == "O"
    ]


async def test_payments_and_voids(asker: Asker, sandbox: Sandbox) -> None:
    prompts = {"BUSINESS_UNIT": "US001", **WINDOW, "VOUCHER_ID_OFFSET": ""}
    rows = (await asker.query("ML_AP_PAYMENTS", prompts)).rows
    assert {row["A.PYMNT_SELCT_STATUS"] for row in rows} == {"P"}
    key = {name: str(rows[0][f"A.{name}"]) for name in ("BUSINESS_UNIT", "VOUCHER_ID", "PYMNT_CNT")}
    assert (await asker.query("ML_AP_PAYMENT_KEY", key)).rows == [rows[0]]
    narrow = {"FROM_DT": rows[0]["B.PYMNT_DT"], "THRU_DT": rows[0]["B.PYMNT_DT"]}
    assert (await asker.query("ML_AP_PAYMENTS", prompts | narrow)).rows == []
    assert len(sandbox.peoplesoft.vouchers["US001"]) == 36 + len(scenario.VOUCHERS)


async def test_journals_and_orders_by_key(asker: Asker, sandbox: Sandbox) -> None:
    prompts = {"BUSINESS_UNIT": "US001", **WINDOW, "JOURNAL_ID_OFFSET": ""}
    rows = (await asker.query("ML_GL_JOURNALS", prompts)).rows
    key = {"BUSINESS_UNIT": "US001", "JOURNAL_ID": rows[0]["A.JOURNAL_ID"]}
    assert len((await asker.query("ML_GL_JOURNAL_KEY", key)).rows) == 2
    assert sum(row["B.MONETARY_AMOUNT"] for row in rows) == 0
    orders = (await asker.query("ML_PO_LINES", {"BUSINESS_UNIT": "US001", **WINDOW, "PO_ID_OFFSET": ""})).rows
    assert {bool(row["E.RECEIVER_ID"]) for row in orders} == {True, False}
    assert all(re.fullmatch(r"\d{10}", row["A.PO_ID"]) for row in orders)


async def test_the_date_header_follows_the_clock(asker: Asker, sandbox: Sandbox) -> None:
    sandbox.clock.advance(timedelta(days=2).total_seconds())
    answer = await asker.vouchers(maxrows="1")
    shown = parsedate_to_datetime(answer.headers["Date"])
    assert abs(shown - datetime.now(UTC) - timedelta(days=2)) < timedelta(minutes=1)
