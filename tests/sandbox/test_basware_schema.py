"""The simulator's fields against the vendor's interface description, and the fact sheet's documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.basware import status
from sandbox.basware.documents import shapes
from sandbox.basware.documents.model import KINDS
from sandbox.basware.entities import CAPACITY, LISTS
from sandbox.basware.identity import EVERYTHING
from sandbox.basware.push.subscriptions import SUBTYPES
from sandbox.basware.resources import BY_KEY
from sandbox.basware.routing import ROUTES
from sandbox.basware.shapes import Flag, Kind, Moment, Number, Rows, Shape, Text
from sandbox.jsonio import decode

from .basware_contract import Contract

ENTITIES = {
    "AccountEntity": BY_KEY["accounts"].shape,
    "CostCenterEntity": BY_KEY["costCenters"].shape,
    "TaxCodeEntity": BY_KEY["taxCodes"].shape,
    "PaymentTermEntity": BY_KEY["paymentTerms"].shape,
    "ExchangeRateEntity": BY_KEY["exchangeRates"].shape,
    "ProjectEntityV2": BY_KEY["projects"].shape,
    "VendorEntity": BY_KEY["vendors"].shape,
    "TransferResponseEntity": shapes.TRANSFER,
    "PrebookResponseEntity": shapes.PREBOOK,
    "PaymentResponseEntity": shapes.PAYMENT,
    "EnrichmentResponseEntity": shapes.ENRICHMENT,
    "StandardCodingEntity": shapes.CODING_ROW,
}
OWN = frozenset({
    "invoiceId", "processingStatus", "lastUpdated", "codingRows", "invoiceLines", "attachments",
    "removeResponses", *KINDS,
})  # fmt: skip
PLACES = {"orderEmail", "dueDateCalc", "cashDueDateCalc", "moveDueDatesTo"}
"""Fields whose pattern is written another way."""


class Schemas:
    """The vendor's schemas by name."""

    def __init__(self, contract: Contract) -> None:
        self._all = contract.documents["p2p"]["components"]["schemas"]

    def of(self, schema: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self._all[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return found

    def named(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._all[name]
        return found


@pytest.fixture
def schemas(contract: Contract) -> Schemas:
    return Schemas(contract)


def _same(
    schemas: Schemas, ours: Shape, theirs: dict[str, Any], *, without: frozenset[str] = frozenset()
) -> None:
    described = {name: field for name, field in theirs["properties"].items() if name not in without}
    assert set(ours.fields) == set(described)
    required = {name for name, field in ours.fields.items() if field.required}
    assert required == set(theirs.get("required", ())) - without
    for name, field in ours.fields.items():
        nullable = described[name].get("nullable", False)
        assert field.nullable == nullable or field.required, name
        _alike(schemas, field.kind, schemas.of(described[name]), name)


def _alike(schemas: Schemas, kind: Kind, theirs: dict[str, Any], name: str) -> None:
    match kind:
        case Shape():
            _same(schemas, kind, theirs)
        case Rows(of):
            assert theirs["type"] == "array"
            _alike(schemas, of, schemas.of(theirs["items"]), name)
        case Text(most, least, words):
            assert theirs["type"] == "string", name
            assert kind.words == frozenset(theirs.get("enum", ())), name
            if not words and name not in PLACES:
                assert (most, least) == (theirs.get("maxLength"), theirs.get("minLength", 0)), name
        case Number(least, most, whole):
            assert theirs["type"] == ("integer" if whole else "number"), name
            if "minimum" in theirs:
                assert (least, most) == (theirs["minimum"], theirs["maximum"]), name
        case Flag():
            assert theirs["type"] == "boolean", name
        case Moment():
            assert theirs["format"] == "date-time", name


@pytest.mark.parametrize("name", ENTITIES)
def test_an_entity_is_the_vendors(schemas: Schemas, name: str) -> None:
    _same(schemas, ENTITIES[name], schemas.named(name))


def test_an_invoice_is_the_vendors(schemas: Schemas) -> None:
    theirs = schemas.named("AccountingDocumentEntity")
    _same(schemas, shapes.HEADER, theirs, without=OWN)
    assert set(shapes.STATUSES) == set(theirs["properties"]["processingStatus"]["enum"])


def test_lists_have_no_field_of_their_own(schemas: Schemas) -> None:
    theirs = schemas.named("GenericListEntity")["properties"]
    for shape in LISTS.values():
        assert set(shape.fields) <= set(theirs)
    assert set(LISTS["CUST_RESOLVER_1"].fields | LISTS["ACC_LIST_31"].fields) == set(theirs)


def test_constants(facts: Path) -> None:
    constants = json.loads((facts / "basware/constants.json").read_text("utf-8"))
    assert set(constants["scopes"]) == EVERYTHING
    assert set(constants["listKeys"]) == set(LISTS)
    assert set(constants["entityType"]) == set(status.ENTITIES)
    assert set(constants["requestStatus"]) == set(status.STATES)
    assert set(constants["subscription_taskType"]) == set(SUBTYPES)
    assert set(constants["subscription_taskSubType"]) == {
        word for words in SUBTYPES.values() for word in words
    }
    for (prefix, first, last), (texts, length, numbers, dates) in CAPACITY.items():
        columns = {"text": texts, "text_len": length, "number": numbers, "date": dates}
        assert constants["list_columns"][f"{prefix}{first}-{last}"] == columns


def test_operations_are_the_vendors(contract: Contract, facts: Path) -> None:
    rows = json.loads((facts / "basware/endpoints.json").read_text("utf-8"))
    scopes = {(row["method"], row["path"].replace("{listKey}", "ACC_LIST_1")): row["scope"] for row in rows}
    for route in ROUTES:
        if route.path.startswith("/v1/taskStatus"):
            continue
        path = contract.find(route.method, route.path.replace("{", "").replace("}", "")).path
        assert scopes[route.method, path.replace("{listKey}", "ACC_LIST_1")] == route.scope


SAMPLES = {
    "vendors_post_request": "vendors",
    "accounts_post_request": "accounts",
    "costCenters_post_request": "costCenters",
    "taxCodes_post_request": "taxCodes",
    "paymentTerms_post_request": "paymentTerms",
    "lists_ACC_LIST_21_post_request": "lists/ACC_LIST_21",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_imports_are_accepted(facts: Path, name: str) -> None:
    for record in decode((facts / f"basware/samples/{name}.json").read_bytes()):
        assert list(BY_KEY[SAMPLES[name]].shape.problems(record, "", strict=True)) == []


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("transferResponse_post_success", shapes.TRANSFER),
        ("transferResponse_post_failure", shapes.TRANSFER),
        ("prebookResponse_post_success", shapes.PREBOOK),
        ("paymentResponse_post_full", shapes.PAYMENT),
        ("paymentResponse_post_partial", shapes.PAYMENT),
    ],
)
def test_sample_responses_are_accepted(facts: Path, name: str, shape: Shape) -> None:
    body = decode((facts / f"basware/samples/{name}.json").read_bytes())
    assert list(shape.problems(body, "", strict=True)) == []
