"""The shipped mappings to BILL, applied to documents as the shipped datasets describe them."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.config import (
    check_overrides,
    export_schemas,
    find_mapping,
    load_dataset,
    load_mapping,
    load_tenant,
)
from ml_connector.core.config.yamlfile import read_yaml
from ml_connector.core.contract import Desired
from ml_connector.core.mapping import Refused, compile_mapping

from .shipped import MAPPINGS, NAMES, ROOT, desired, shipped


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_fits_its_dataset(name: str) -> None:
    assert len(shipped(name).fingerprint) == 64


def files(kind: str) -> list[Path]:
    """The shipped files of a kind, which their first key tells: a system's folder may hold both."""
    paths = sorted(MAPPINGS.glob("*/*.yaml"))
    return [path for path in paths if next(iter(read_yaml(path).data)) == kind]


def test_the_demo_tenant_fits_the_shipped_files() -> None:
    tenant = load_tenant(ROOT / "include" / "tenants" / "demo.yaml")
    mappings = [load_mapping(path) for path in files("mapping")]
    datasets = [load_dataset(path) for path in files("dataset")]
    check_overrides(tenant, mappings, datasets)
    by_name = {(dataset.system, dataset.dataset): dataset for dataset in datasets}
    for mapping in mappings:
        system = mapping.flow.partition(".")[0]
        back = by_name.get((system, mapping.dataset))
        compile_mapping(mapping, back or by_name["peoplesoft", mapping.dataset], tenant)


def test_the_schemas_for_editors_accept_the_shipped_files(tmp_path: Path) -> None:
    validate = importlib.import_module("jsonschema").validate
    schemas = {path.stem.partition(".")[0]: json.loads(path.read_text()) for path in export_schemas(tmp_path)}
    kinds = {
        "mapping": files("mapping"),
        "dataset": files("dataset"),
        "tenant": sorted((ROOT / "include/tenants").glob("*.yaml")),
    }
    for kind, paths in kinds.items():
        assert paths
        for path in paths:
            validate(read_yaml(path).data, schemas[kind])


# ---- setup data


def test_accounts() -> None:
    document = {
        "SETID": "SHARE", "ACCOUNT": "0641000", "EFFDT": "1901-01-01", "EFF_STATUS": "A",
        "DESCR": "Office Supplies", "DESCRSHORT": "Off", "ACCOUNT_TYPE": "E", "CURRENCY_CD": "",
    }  # fmt: skip
    assert desired("accounts", document) == Desired(
        "active",
        {
            "name": "0641000 Office Supplies",
            "description": "Office Supplies",
            "account": {"number": "0641000", "type": "EXPENSE"},
        },
    )
    assert desired("accounts", document | {"ACCOUNT_TYPE": "9"}).body["account"]["type"] == "UNSPECIFIED"
    assert desired("accounts", document | {"EFF_STATUS": "I"}) == Desired("archived", {}, absent=True)


@pytest.mark.parametrize(
    ("name", "key"), [("departments", "DEPTID"), ("locations", "OPERATING_UNIT"), ("classes", "CLASS_FLD")]
)
def test_other_dimensions(name: str, key: str) -> None:
    document = {
        "SETID": "SHARE",
        key: "010200",
        "EFFDT": "2015-01-01",
        "EFF_STATUS": "A",
        "DESCR": "Facilities",
    }
    body = {"name": "010200 Facilities", "shortName": "010200", "description": "Facilities"}
    assert desired(name, document) == Desired("active", body)
    assert desired(name, document | {"EFF_STATUS": "I"}).absent
    assert desired(name, document | {"DESCR": ""}).body == {"name": "010200", "shortName": "010200"}


# ---- suppliers


def address(seq: int, **changed: Any) -> dict[str, Any]:
    return {
        "ADDRESS_SEQ_NUM": seq, "EFFDT": "2020-01-01", "EFF_STATUS": "A", "COUNTRY": "USA",
        "ADDRESS1": f"{seq} Main St", "ADDRESS2": "", "ADDRESS3": "", "ADDRESS4": "", "CITY": "Boston",
        "COUNTY": "", "STATE": "MA", "POSTAL": "02110", "EMAILID": "",
    } | changed  # fmt: skip


def supplier(**changed: Any) -> dict[str, Any]:
    return {
        "SETID": "SHARE", "VENDOR_ID": "0000000012", "VENDOR_NAME_SHORT": "ACME-001",
        "NAME1": "Acme Supply Co", "NAME2": "", "VENDOR_STATUS": "A", "VENDOR_CLASS": "R",
        "VENDOR_PERSISTENCE": "R", "PRIM_ADDR_SEQ_NUM": 2, "DEFAULT_LOC": "MAIN",
        "addresses": [address(1), address(2, EMAILID="ar@acme.example", ADDRESS2="Suite 4")],
        "locations": [
            {"VNDR_LOC": "EU", "EFF_STATUS": "A", "CURRENCY_CD": "EUR"},
            {"VNDR_LOC": "MAIN", "EFF_STATUS": "A", "CURRENCY_CD": "USD"},
        ],
    } | changed  # fmt: skip


def test_vendors() -> None:
    assert desired("vendors", supplier()) == Desired(
        "active",
        {
            "name": "Acme Supply Co",
            "shortName": "SHARE-0000000012",
            "accountType": "BUSINESS",
            "address": {
                "line1": "2 Main St", "line2": "Suite 4", "city": "Boston", "stateOrProvince": "MA",
                "zipOrPostalCode": "02110", "country": "US",
            },
            "email": "ar@acme.example",
            "paymentInformation": {"payeeName": "Acme Supply Co"},
            "billCurrency": "USD",
        },
    )  # fmt: skip


def test_the_second_line_of_a_name_belongs_to_it() -> None:
    body = desired("vendors", supplier(NAME2="Western Branch", VENDOR_CLASS="E")).body
    assert body["name"] == body["paymentInformation"]["payeeName"] == "Acme Supply Co Western Branch"
    assert body["accountType"] == "PERSON"


@pytest.mark.parametrize("status", ["I", "D", "E", "X"])
def test_suppliers_that_are_not_approved_are_archived(status: str) -> None:
    assert desired("vendors", supplier(VENDOR_STATUS=status)) == Desired("archived", {}, absent=True)


def test_the_first_active_address_stands_in_for_the_primary_one() -> None:
    gone = supplier(addresses=[address(1, EFF_STATUS="I"), address(3), address(4)])
    assert desired("vendors", gone).body["address"]["line1"] == "3 Main St"


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"addresses": []}, "address.ADDRESS1", "a text"),
        ({"addresses": [address(2, CITY="")]}, "address.CITY", "a text"),
        ({"NAME1": " "}, "name", "a text"),
        ({"addresses": [address(2, COUNTRY="XXX")]}, "address.COUNTRY", None),
    ],
)
def test_a_supplier_without_what_bill_asks_for_is_refused(
    changed: dict[str, Any], field: str, expected: str | None
) -> None:
    result = shipped("vendors").apply(supplier(**changed), {})
    assert isinstance(result, Refused)
    assert result.field == field
    assert result.expected == expected or (expected is None and "value map country" in result.reason)


def test_countries_are_complete_and_two_letters_each() -> None:
    country = find_mapping("bill", "vendors", [MAPPINGS]).value_maps["country"]
    assert len(country) == 250  # ISO 3166-1 and Kosovo
    assert all(len(three) == 3 and isinstance(two, str) and len(two) == 2 for three, two in country.items())
    assert len(set(country.values())) == 250
    sample = {"USA": "US", "DEU": "DE", "GBR": "GB", "NOR": "NO", "CHE": "CH", "IRL": "IE", "JPN": "JP"}
    assert {three: country[three] for three in sample} == sample


def test_bank_data_and_ids_that_would_be_printed_never_leave() -> None:
    for name in NAMES:
        mapping = find_mapping("bill", name, [MAPPINGS])
        used = json.dumps(mapping.model_dump(mode="json", include={"fields", "rows"}, exclude_unset=True))
        assert "from" in used
        assert "BANK" not in used
        assert "accountNumber" not in used
