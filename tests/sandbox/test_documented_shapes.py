"""Our answers against the documented samples, where the fact sheets are at hand.

The sheets are not part of the repository; `ML_FACTS` names their folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import credentials
from sandbox.bill.errors import MESSAGES
from sandbox.peoplesoft.columns import CUSTOMER_INVOICE, PAYEE, PROJECT, TAX_CODE
from sandbox.peoplesoft.queries import QUERIES
from sandbox.peoplesoft.xlat import TRANSLATIONS

from .clients import WINDOW, Asker, Payer, vendor_body
from .shapes import differences, sample


@pytest.mark.parametrize(
    ("query", "prompts", "file"),
    [
        ("ML_AP_SUPPLIERS", {"SETID": "SHARE", "VENDOR_ID_OFFSET": ""}, "suppliers"),
        ("ML_AP_VOUCHERS", {"BUSINESS_UNIT": "US001", **WINDOW, "VOUCHER_ID_OFFSET": ""}, "vouchers"),
        ("ML_PO_LINES", {"BUSINESS_UNIT": "US001", **WINDOW, "PO_ID_OFFSET": ""}, "purchase_orders"),
        ("ML_AP_PAYMENTS", {"BUSINESS_UNIT": "US001", **WINDOW, "VOUCHER_ID_OFFSET": ""}, "payments"),
        ("ML_GL_ACCOUNTS", {"SETID": "SHARE"}, "gl_accounts"),
        ("ML_GL_DEPTS", {"SETID": "SHARE"}, "departments"),
        ("ML_GL_JOURNALS", {"BUSINESS_UNIT": "US001", **WINDOW, "JOURNAL_ID_OFFSET": ""}, "journals"),
    ],
)
async def test_queries(asker: Asker, facts: Path, query: str, prompts: dict[str, str], file: str) -> None:
    documented = sample(facts, f"peoplesoft/samples/qas_{file}.json")
    answer = await asker.query(query, prompts)
    shown = json.loads(answer.body)
    assert set(shown) == set(documented)
    assert set(shown["data"]["query"]) == set(documented["data"]["query"])
    assert differences(shown, documented) == []


def test_the_catalogue(facts: Path) -> None:
    for query in sample(facts, "peoplesoft/qas_catalog.json")["queries"]:
        ours = QUERIES[query["name"]]
        assert list(ours.prompts) == query["prompts"]
        columns = {f"{alias}.{name}" for alias, names in ours.columns.items() for name in names}
        assert set(query["key"]) <= columns, query["name"]


def test_columns_are_documented_fields(facts: Path) -> None:
    records = sample(facts, "peoplesoft/records.json")["records"]
    known = {field["name"] for record in records.values() for field in record["fields"]}
    inferred = {
        "DUE_DAYS", "RECV_LN_NBR", "RECV_SHIP_SEQ_NBR", "QTY_SH_ACCPT", "CANCEL_ACTION", "PYMNT_HOLD_REASON",
        "OPEN_FROM_DT", "OPEN_THRU_DT", "ERROR_TEXT", "PHONE", "ITM_ID_VNDR", "VAT_ENTRD_AMT",
        "LAST_PYMNT_DT",
    }  # fmt: skip
    inferred |= {
        name
        for query in (CUSTOMER_INVOICE, PAYEE, PROJECT, TAX_CODE)
        for names in query.values()
        for name in names
    }  # only the records are documented
    columns = {name for query in QUERIES.values() for names in query.columns.values() for name in names}
    assert columns - known <= inferred


def test_translate_values(facts: Path) -> None:
    documented = sample(facts, "peoplesoft/xlat.json")
    for field, texts in TRANSLATIONS.items():
        assert texts.items() <= documented[field]["values"].items(), field


async def test_empty_answer(asker: Asker, facts: Path) -> None:
    documented = sample(facts, "peoplesoft/samples/qas_empty.json")
    answer = json.loads((await asker.vouchers("XX999")).body)
    assert answer == documented


async def test_bill_objects(payer: Payer, facts: Path) -> None:
    def documented(name: str) -> Any:
        return sample(facts, f"bill/samples/v3_{name}.json")

    vendor = await payer.create("/v3/vendors", documented("vendor_create_request"))
    assert differences(vendor, documented("vendor_response_201")) == []
    coa = documented("coa")
    account = await payer.create("/v3/classifications/chart-of-accounts", coa["create_request"])
    assert differences(account, coa["response_201"]) == []
    department = documented("department")
    made = await payer.create("/v3/classifications/departments", department["create_request"])
    assert differences(made, department["response_201"]) == []
    ids = {"chartOfAccountId": account["id"], "departmentId": made["id"]}
    for name, path in (("locationId", "locations"), ("accountingClassId", "accounting-classes")):
        ids[name] = (await payer.create(f"/v3/classifications/{path}", {"name": name}))["id"]
    body = documented("bill_create_request") | {"vendorId": vendor["id"]}
    for line in body["billLineItems"]:
        line["classifications"] = {name: ids[name] for name in line["classifications"]}
    bill = await payer.create("/v3/bills", body)
    assert differences(bill, documented("bill_response_201")) == []
    listed = json.loads((await payer.get("/v3/bills", max="1")).body)
    expected = {"results": documented("list_response_200")["results"]}
    assert differences(listed, expected) == []
    payment = documented("record_payment")
    body = payment["request"] | {
        "vendorId": vendor["id"],
        "classifications": {"chartOfAccountId": account["id"]},
    }
    body["payments"] = [{"billId": bill["id"], "amount": 70}]
    answer = await payer.post("/v3/bills/record-payment", body)
    assert differences(answer.json, payment["response_200"]) == []


async def test_bill_payment(payer: Payer, facts: Path) -> None:
    trusted = sample(facts, "bill/samples/v3_login_request_mfa_trusted.json")
    assert set(payer.login_body(rememberMeId="", device="")) == set(trusted)
    await payer.login(rememberMeId=credentials.BILL_REMEMBER_ME, device=credentials.BILL_DEVICE)
    bill = await payer.bill((await payer.vendor())["id"])
    body = sample(facts, "bill/samples/v3_payment_create_request.json")
    body["fundingAccount"]["id"] = (await payer.get("/v3/funding-accounts/banks")).json["results"][0]["id"]
    made = await payer.create("/v3/payments", body | {"vendorId": bill["vendorId"], "billId": bill["id"]})
    shown = (await payer.get(f"/v3/payments/{made['id']}")).json
    assert differences(shown, sample(facts, "bill/samples/v3_payment_response_201.json")) == []


async def test_bill_login(payer: Payer, facts: Path) -> None:
    answer = await payer.login()
    assert differences(answer.json, sample(facts, "bill/samples/v3_login_response_200.json")) == []
    probe = (await payer.get("/v3/login/session")).json
    assert set(probe) == set(sample(facts, "bill/samples/v3_login_session_response_200.json"))


async def test_bill_errors(payer: Payer, facts: Path) -> None:
    documented = sample(facts, "bill/samples/v3_errors.json")
    expired = await Payer(payer.http, payer.url).get("/v3/bills")
    (entry,) = expired.json
    (expected,) = documented["401_BDC_1109"]["body"]
    assert entry | {"timestamp": ""} == expected | {"timestamp": ""}
    invalid = (await payer.post("/v3/vendors", vendor_body() | {"address": None})).json
    assert invalid[0] | {"timestamp": ""} == documented["400_validation"]["body"][0] | {"timestamp": ""}
    for name, error in documented.items():
        for part in error["body"]:
            code = part.get("code")
            assert code is None or code == "BDC_1152" or code in MESSAGES, name


def test_bill_messages(facts: Path) -> None:
    documented = {
        entry["code"]: entry["message"] for entry in sample(facts, "bill/error_codes.json")["codes"]
    }
    for code, message in MESSAGES.items():
        text = documented[code]
        assert text.startswith("(") or "{0}" in message or message.split() == text.split(), code
