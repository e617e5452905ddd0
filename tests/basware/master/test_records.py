"""The records of every kind: as the vendor's description wants them, and readable again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.basware.master.codes import mark_of, marked
from ml_connector.basware.master.fitting import companies
from ml_connector.basware.master.kinds import kind_of
from ml_connector.basware.master.options import KindName
from ml_connector.basware.master.vendors import address_code
from ml_connector.core import codec
from ml_connector.core.contract import Desired
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import Request
from ml_connector.core.ledger.privacy import is_private
from ml_connector.core.mapping import Mapped, Refused
from ml_connector.core.planning.differences import changed_fields
from tests.basware.openapi import OpenApi

from .scene import LISTS, ORDER, compiled, options, tenant

DATED = {"SETID": "SHARE", "EFF_STATUS": "A", "DESCR": "Description", "DESCRSHORT": "Descr"}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "payment_terms": DATED | {"PYMNT_TERMS_CD": "N30", "DUE_DAYS": 30},
    "tax_codes": DATED | {"TAX_CD": "MA625", "TAX_PCT": Decimal("6.250")},
    "accounts": DATED | {"ACCOUNT": "0641000", "ACCOUNT_TYPE": "E"},
    "cost_centers": DATED | {"DEPTID": "010200"},
    "operating_units": DATED | {"OPERATING_UNIT": "NW01"},
    "products": DATED | {"PRODUCT": "00100"},
    "funds": DATED | {"FUND_CODE": "F100"},
    "classes": DATED | {"CLASS_FLD": "C01"},
    "programs": DATED | {"PROGRAM_CODE": "P1000"},
    "projects": {
        "BUSINESS_UNIT": "US001", "PROJECT_ID": "000000000000101", "EFF_STATUS": "A", "DESCR": "Warehouse",
        "START_DT": "2025-01-01", "END_DT": "",
    },
    "vendors": {
        "SETID": "SHARE", "VENDOR_ID": "0000000007", "NAME1": "Northwind", "NAME2": "Supply",
        "VENDOR_STATUS": "A", "PRIM_ADDR_SEQ_NUM": 1, "REMIT_ADDR_SEQ_NUM": 2, "DEFAULT_LOC": "MAIN",
        "addresses": [
            {
                "ADDRESS_SEQ_NUM": 1, "EFF_STATUS": "A", "COUNTRY": "USA", "ADDRESS1": "1 Main St",
                "ADDRESS2": "", "CITY": "Boston", "STATE": "MA", "POSTAL": "02110", "EMAILID": "ap@n.example",
            },
            {"ADDRESS_SEQ_NUM": 2, "EFF_STATUS": "A", "COUNTRY": "USA", "ADDRESS1": "S" * 55, "CITY": "Lynn"},
        ],
        "locations": [
            {
                "VNDR_LOC": "MAIN", "EFF_STATUS": "A", "CURRENCY_CD": "USD", "PYMNT_TERMS_CD": "N30",
                "PYMNT_METHOD": "ACH", "PYMNT_HOLD": "Y",
            }
        ],
        "bank_accounts": [
            {
                "BANK_ACCT_SEQ_NBR": 1, "BANK_NAME": "First", "BANK_ACCOUNT_NUM": "000123456789",
                "IBAN_ID": "DE89370400440532013000", "DFI_ID_NUM": "COBADEFF", "CURRENCY_CD": "EUR",
            },
            {"BANK_ACCT_SEQ_NBR": 2, "BANK_ACCOUNT_NUM": "000123456790"},
        ],
        "id_numbers": [
            {"STD_ID_NUM_QUAL": "DNS", "STD_ID_NUM": "123456789"},
            {"STD_ID_NUM_QUAL": "TXI", "STD_ID_NUM": "94-1234567"},
        ],
    },
}  # fmt: skip
TERMS = {("basware.payment_terms", "SHARE|N30"): "SHARE-N30"}


def desired(kind: KindName, document: dict[str, Any] | None = None, **master: Any) -> Desired:
    result = compiled(kind, options(**master)).apply(document or DOCUMENTS[kind], TERMS)
    assert isinstance(result, Mapped), result
    assert result.desired is not None
    return result.desired


def refusal(kind: KindName, document: dict[str, Any], **master: Any) -> str:
    result = compiled(kind, options(**master)).apply(document, TERMS)
    assert isinstance(result, Refused), result
    return f"{result.reason}: {result.expected}"


def record(kind: KindName, document: dict[str, Any] | None = None, **master: Any) -> dict[str, Any]:
    found = kind_of(kind, options(**master).master)
    return found.shape.record("SHARE-1", desired(kind, document, **master).body, active=True)


@pytest.mark.parametrize("kind", ORDER)
@pytest.mark.parametrize("how", ["plain", "marked", "inactive"])
def test_records_are_as_described(facts: Path, kind: KindName, how: str) -> None:
    found = kind_of(kind, options().master)
    made = found.shape.record("SHARE-1", desired(kind).body, active=how != "inactive")
    if how == "marked":
        made = marked(made, found.mark, mark_of("attempt", "key"))
    request = Request("POST", found.path, body=codec.encode([made]))
    OpenApi(facts / "openapi").check(request)
    assert found.shape.is_active(made) == (how != "inactive")


@pytest.mark.parametrize("kind", ORDER)
def test_records_are_read_as_they_were_written(kind: KindName) -> None:
    found, body = kind_of(kind, options().master), desired(kind).body
    made = codec.decode(codec.encode(found.shape.record("SHARE-1", body, active=True)))
    made["lastUpdated"] = "2026-11-18T09:14:03Z"
    assert changed_fields(body, found.body(made)) == []
    again = marked(made, found.mark, mark_of("attempt", "key"))
    assert changed_fields(body, found.body(again)) == []
    assert changed_fields(body, found.body(found.shape.switched_off(made))) == []


def test_codes_keep_their_leading_zeros() -> None:
    assert record("accounts")["accountCode"] == "0641000"
    assert record("vendors")["vendorCode"] == "0000000007"


def test_percentages_are_exact() -> None:
    assert b'"taxPercentage":6.25}' in codec.encode(record("tax_codes"))


@pytest.mark.parametrize(
    ("descr", "shown"), [("X", "X (0641000)"), ("", "0641000"), (" ", "0641000"), ("Ab", "Ab")]
)
def test_a_short_description(descr: str, shown: str) -> None:
    document = DOCUMENTS["accounts"] | {"DESCR": descr}
    made = record("accounts", document)
    assert [row["translation"] for row in made["accountNames"]] == [shown]
    body = desired("accounts", document).body
    assert changed_fields(body, kind_of("accounts", options().master).body(made)) == []


def test_descriptions_come_in_english_and_in_the_tenants_language() -> None:
    names = record("accounts", language="de-DE")["accountNames"]
    assert names == [{"language": lang, "translation": "Description"} for lang in ("en-US", "de-DE")]


def test_a_code_that_is_too_long_is_refused_and_not_cut() -> None:
    said = refusal("accounts", DOCUMENTS["accounts"] | {"ACCOUNT": "1" * 26})
    assert said == "ACCOUNT (for accountCode) is too long: at most 25 characters"


def test_a_text_that_is_longer_than_its_list_allows_is_refused() -> None:
    long = DOCUMENTS["products"] | {"DESCR": "d" * 60}
    assert refusal("products", long) == "DESCR (for text_2) is too long: at most 50 characters"
    lists = LISTS | {"products": {"list": "ACC_LIST_12"}, "funds": {"list": "ACC_LIST_22"}}
    fund = DOCUMENTS["funds"] | {"DESCR": "d" * 60}
    assert record("funds", fund, lists=lists)["text_2"] == "d" * 60


def test_projects_in_a_list() -> None:
    lists = LISTS | {"projects": {"list": "ACC_LIST_31", "columns": {"validFrom": "dateValue_1"}}}
    made = record("projects", projects="list", lists=lists)
    assert (made["text_1"], made["text_2"]) == ("000000000000101", "Warehouse")
    assert made["dateValue_1"] == "2025-01-01T00:00:00Z"
    assert "validUntil" not in made


def test_a_setid_without_companies_is_refused() -> None:
    said = refusal("accounts", DOCUMENTS["accounts"] | {"SETID": "EUR01"})
    assert "SETID (for companies) is not in the value map basware_companies" in said


def test_companies_follow_from_the_business_units() -> None:
    config = tenant(setids=["SHARE", "EUR01"], setid_of={"gl_accounts": {"US002": "EUR01"}})
    chosen = options()
    named = chosen.model_copy(update={"companies": {"1000": "US001"}})
    assert companies(config, chosen, "accounts") == {
        "US001": "US001", "US002": "US002", "SHARE": "US001", "EUR01": "US002",
    }  # fmt: skip
    assert companies(config, named, "accounts")["SHARE"] == "1000"
    assert companies(config, chosen, "vendors")["SHARE"] == "US001 US002"
    assert companies(config, options(companies_of={"SHARE": ["9", "8"]}), "vendors")["SHARE"] == "8 9"


# ---- vendors


def test_bank_accounts_and_tax_numbers_go_only_where_that_was_said() -> None:
    made = record("vendors", vendors={})
    assert "identifiers" not in made
    assert "financialAccounts" not in made["paymentMeans"][0]
    assert made["paymentMeans"] == [{"paymentMeansCode": "ACH", "default": True, "currencyCode": "USD"}]


def test_bank_accounts_want_queries_that_show_them() -> None:
    with pytest.raises(ConfigurationError, match=r"queries\.payees\.full.*ML_AP_SUPPLIERS shows none"):
        compiled("vendors", options(), tenant(queries={}))


def test_bank_accounts() -> None:
    (means,) = record("vendors")["paymentMeans"]
    first, second = (row["financialAccountIdentifiers"] for row in means["financialAccounts"])
    assert [(one["schemeId"], one["default"]) for one in first] == [("IBAN", True), ("BBAN", False)]
    assert first[0]["linkedBbanOrIban"] == first[1]["id"]
    assert second == [{"schemeId": "BBAN", "id": "000123456790", "default": False}]


@pytest.mark.parametrize(
    "name", ["iban", "bban", "bic", "bank_name", "tax_id", "IBAN_ID", "BANK_ACCOUNT_NUM"]
)
def test_bank_details_and_tax_numbers_are_private(name: str) -> None:
    assert is_private(name)


def test_payments_that_are_held() -> None:
    assert record("vendors")["processingStatus"] == {"active": True, "paymentDenied": True}


def test_a_long_street_is_kept_where_it_fits() -> None:
    main, remittance = record("vendors")["addresses"]
    assert (main["streetName"], main["default"], main["addressType"]) == ("1 Main St", True, "PostalAddress")
    assert "streetName" not in remittance
    assert (remittance["addressLine1"], remittance["addressType"]) == ("S" * 55, "RemittanceAddress")


def test_codes_of_addresses_fit_and_stay() -> None:
    assert address_code("SHARE-0000000007", 12) == "SHARE-0000000007-A12"
    assert len(address_code("x" * 36, 12)) <= 36
    assert address_code("x" * 36, 1) != address_code("y" * 36, 1)
