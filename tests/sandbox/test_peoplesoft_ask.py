"""What ExecuteQuery accepts: parameters, prompts and forms."""

from __future__ import annotations

import pytest

from sandbox.peoplesoft.queries import QUERIES
from sandbox.server import Sandbox

from .clients import WINDOW, Asker

KEY = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "00000001"}


@pytest.mark.parametrize(
    "without", ["maxrows", "isconnectedquery", "prompt_fieldvalue", "prompt_uniquepromptname"]
)
async def test_a_missing_parameter_is_an_error(asker: Asker, without: str) -> None:
    answer = await asker.query("ML_AP_VOUCHER_KEY", KEY, without=without)
    assert (answer.status, answer.body) == (500, b"")


@pytest.mark.parametrize(
    "prompts",
    [
        {"BUSINESS_UNIT": "US001"},
        {"business_unit": "US001", "VOUCHER_ID": "00000001"},
        {"BUSINESS_UNIT": "US001", "VOUCHER": "00000001"},
        {**KEY, "SETID": "SHARE"},
        {"BUSINESS_UNIT": "US001,US002", "VOUCHER_ID": "00000001"},
    ],
)
async def test_wrong_prompts_are_an_error(asker: Asker, prompts: dict[str, str]) -> None:
    assert (await asker.query("ML_AP_VOUCHER_KEY", prompts)).status == 500


async def test_prompts_are_positional_in_any_order(asker: Asker) -> None:
    turned = {"VOUCHER_ID": "00000001", "BUSINESS_UNIT": "US001"}
    assert (await asker.query("ML_AP_VOUCHER_KEY", turned)).rows
    swapped = {"VOUCHER_ID": "US001", "BUSINESS_UNIT": "00000001"}
    assert (await asker.query("ML_AP_VOUCHER_KEY", swapped)).rows == []


async def test_values_are_compared_as_they_are(asker: Asker) -> None:
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY | {"VOUCHER_ID": "1"})).rows == []
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY | {"BUSINESS_UNIT": "us001"})).rows == []


@pytest.mark.parametrize("value", ["", "2026-1-1", "20260101", "2026-02-30", "2026-01-01T00:00:00"])
async def test_date_prompts_are_dates(asker: Asker, value: str) -> None:
    prompts = {"BUSINESS_UNIT": "US001", **WINDOW, "FROM_DT": value, "VOUCHER_ID_OFFSET": ""}
    assert (await asker.query("ML_AP_VOUCHERS", prompts)).status == 500


async def test_a_datetime_stamped_query_takes_times(asker: Asker) -> None:
    prompts = {"BUSINESS_UNIT": "US001", **WINDOW, "PO_ID_OFFSET": ""}
    everything = (await asker.query("ML_PO_LINES", prompts)).rows
    stamp = everything[0]["A.LAST_DTTM_UPDATE"]
    later = (await asker.query("ML_PO_LINES", prompts | {"FROM_DT": stamp})).rows
    until = (await asker.query("ML_PO_LINES", prompts | {"THRU_DT": stamp})).rows
    assert everything[0]["A.PO_ID"] in {row["A.PO_ID"] for row in later}
    assert everything[0]["A.PO_ID"] not in {row["A.PO_ID"] for row in until}
    assert len(later) + len(until) == len(everything)


async def test_unknown_query_forms(asker: Asker, sandbox: Sandbox) -> None:
    for form, status in (("500", 500), ("404", 404), ("status", 200)):
        sandbox.peoplesoft.switches.change({"unknown_query": form})
        answer = await asker.query("ML_NOTHING", {})
        assert answer.status == status
    assert answer.json["status"] == "error"


async def test_error_text_shows_only_in_development(asker: Asker, sandbox: Sandbox) -> None:
    sandbox.peoplesoft.switches.change({"query_error": "text"})
    answer = await asker.query("ML_AP_VOUCHER_KEY", {"BUSINESS_UNIT": "US001"})
    assert (answer.status, answer.body) == (500, b"prompts are BUSINESS_UNIT,VOUCHER_ID")


async def test_owner_type_in_either_case(asker: Asker, sandbox: Sandbox) -> None:
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY, owner="public")).rows
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY, owner="private")).status == 500
    sandbox.peoplesoft.switches.change({"private_queries": ["ML_AP_VOUCHER_KEY"]})
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY, owner="private")).rows
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY)).status == 500


@pytest.mark.parametrize("form", ["JSON/FILE", "EXCEL/NONFILE", "HTML/NONFILE"])
async def test_other_forms_are_refused(asker: Asker, form: str) -> None:
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY, form=form)).status == 500


async def test_maxrows_zero_may_be_refused(asker: Asker, sandbox: Sandbox) -> None:
    sandbox.peoplesoft.switches.change({"maxrows_zero": "error"})
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY)).status == 500
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY, maxrows="1")).rows


async def test_filterfields_cuts_columns(asker: Asker) -> None:
    rows = (await asker.query("ML_AP_VOUCHER_KEY", KEY, filterfields="A.VOUCHER_ID,D.PYMNT_CNT")).rows
    assert set(rows[0]) == {"attr:rownumber", "A.VOUCHER_ID", "D.PYMNT_CNT"}
    assert (await asker.query("ML_AP_VOUCHER_KEY", KEY, filterfields="a.voucher_id")).status == 500


async def test_every_query_answers(asker: Asker) -> None:
    for name, query in QUERIES.items():
        values = dict.fromkeys(query.prompts, "")
        values |= {prompt: WINDOW[prompt] for prompt in values if prompt in WINDOW}
        assert (await asker.query(name, values)).rows == [], name
