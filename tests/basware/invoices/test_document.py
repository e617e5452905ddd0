"""Accounting documents as the ledger keeps them: amounts add up, and what moves by itself is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.basware.invoices.document import as_document
from ml_connector.basware.options import InvoiceOptions
from ml_connector.core import codec
from ml_connector.core.contract import Document, Payload, Unreadable

CENTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)
SMALL = st.integers(-20, 20).map(lambda cents: Decimal(cents) / 100)
INTO = st.sampled_from(["refuse", "line", "charge"])


def record(**changed: Any) -> Payload:
    values = {
        "invoiceId": "a" * 32, "companyCode": "US001", "supplierCode": "0000000001", "currencyCode": "USD",
        "invoiceNumber": "INV-1", "paymentBlock": False, "processingStatus": "WaitingForTransfer",
        "lastUpdated": "2026-11-20T12:00:00Z", "grossSum": Decimal(100),
        "codingRows": [{"externalCode": "r1", "rowIndex": 1, "netTotal": Decimal(100)}],
    }  # fmt: skip
    return values | changed


def read(shown: Payload, transfer: str = "", **options: Any) -> Payload:
    made = as_document(shown, "US001", transfer, InvoiceOptions.model_validate(options))
    assert isinstance(made, Document)
    return made.payload


@given(st.lists(CENTS, min_size=1, max_size=6), CENTS, SMALL, INTO)
def test_rows_tax_and_charge_are_the_total_wherever_the_difference_may_go(
    amounts: list[Decimal], tax: Decimal, difference: Decimal, into: str
) -> None:
    rows = [{"externalCode": f"r{at}", "rowIndex": 3 * at, "netTotal": one} for at, one in enumerate(amounts)]
    gross = sum(amounts, tax) + difference
    shown = record(codingRows=rows, taxSum1=tax, grossSum=gross)
    payload = read(shown, rounding={"into": into, "up_to": "0.05"})
    lines = [line["amount"] for line in payload["rows"]]
    goes = into != "refuse" and abs(difference) <= Decimal("0.05")
    assert sum(lines, Decimal(0)) + payload["tax"] + payload["charge"] == (
        gross if goes else gross - difference
    )
    assert payload["charge"] == (difference if goes and into == "charge" else 0)
    assert sum(one != other for one, other in zip(lines, amounts, strict=True)) <= 1
    assert [line["line"] for line in payload["rows"]] == list(range(1, len(rows) + 1))
    assert payload["kind"] == ("credit" if gross < 0 else "invoice")


def test_what_moves_by_itself_makes_no_new_document() -> None:
    later = record(
        lastUpdated="2026-11-21T12:00:00Z",
        processingStatus="TransferInProgress",
        transferResponses=[{"externalCode": "x", "success": False}],
        paymentResponses=[{"externalCode": "y"}],
        invoiceImageToken="another",
        dueDate=None,
    )
    assert codec.digest(read(later)) == codec.digest(read(record()))


def test_another_transfer_and_another_row_do() -> None:
    first = codec.digest(read(record()))
    assert codec.digest(read(record(), transfer="again")) != first
    rows = [{"externalCode": "r1", "rowIndex": 1, "netTotal": Decimal(100), "costCenterCode": "10200"}]
    assert codec.digest(read(record(codingRows=rows))) != first


def test_rows_come_by_their_numbers_which_may_have_gaps() -> None:
    rows = [
        {"externalCode": "c", "rowIndex": 30, "netTotal": Decimal(3)},
        {"externalCode": "a", "netTotal": Decimal(1)},
        {"externalCode": "b", "rowIndex": 7, "netTotal": Decimal(2)},
    ]
    payload = read(record(codingRows=rows, grossSum=Decimal(6)))
    assert [line["externalCode"] for line in payload["rows"]] == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["2026-11-10", "2026-11-10T00:00:00", "2026-11-10T00:00:00.000Z"])
def test_dates_come_as_times(text: str) -> None:
    assert read(record(invoiceDate=text))["invoiceDate"] == "2026-11-10"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"invoiceDate": "10.11.2026"}, "invoiceDate"),
        ({"supplierCode": None}, "supplierCode"),
        ({"currencyCode": ""}, "currencyCode"),
        ({"grossSum": "100"}, "grossSum"),
        ({"taxSum1": True}, "taxSum1"),
        ({"codingRows": [{"externalCode": "r", "netTotal": "1"}]}, "netTotal"),
    ],
)
def test_what_cannot_be_read_names_its_field(changed: Payload, field: str) -> None:
    made = as_document(record(**changed), "US001", "", InvoiceOptions())
    assert isinstance(made, Unreadable)
    assert (made.key, made.field) == ("a" * 32, field)


def test_nothing_of_the_header_is_zero_and_not_missing() -> None:
    """A total of nothing is a total."""
    payload = read(record(grossSum=Decimal(0), codingRows=[]))
    assert (payload["gross"], payload["net"], payload["rows"]) == (0, 0, [])
