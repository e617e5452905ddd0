"""Amounts, currencies and what is missing: each invoice is a right voucher, or is refused in plain words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.basware.documents.make import coding_rows
from sandbox.data.setup import OFFICE_SUPPLIES
from sandbox.peoplesoft.soap.components import voucher_edits
from tests.flows.basware import BaswareWorld, Row, basware_world

FREIGHT = "620000"


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaswareWorld]:
    async with basware_world(tmp_path, monkeypatch) as made:
        yield made


async def voucher_of(world: BaswareWorld, invoice: str) -> Row:
    """The only voucher, once Basware knows it."""
    await world.settle()
    shown = world.invoice(invoice)
    assert shown["processingStatus"] == "Transferred", shown.get("transferResponses")
    world.in_step()
    (voucher,) = world.vouchers()
    return voucher


async def refusal_of(world: BaswareWorld, invoice: str) -> str:
    """The sentence that people read in P2P."""
    await world.settle()
    shown = world.invoice(invoice)
    assert shown["processingStatus"] == "TransferFailed"
    assert world.numbers() == []
    (response,) = shown["transferResponses"]
    assert response["success"] is False
    return str(response["responseMessage"])


def lines(voucher: Row) -> list[Decimal]:
    return [line["MERCHANDISE_AMT"] for line in voucher["lines"]]


def change(world: BaswareWorld, invoice: str, **values: Any) -> None:
    """What the API would show without P2P having checked it."""
    document = world.sandbox.basware.documents.find(invoice)
    for name, value in values.items():
        if value is None:
            document.values.pop(name, None)
        else:
            document.values[name] = value


# ---- rounding

ROWS = [{"netTotal": Decimal("33.33")}, {"netTotal": Decimal("66.66")}]


@pytest.mark.parametrize(
    ("into", "amounts", "charge"),
    [("line", ["33.33", "66.67"], "0"), ("charge", ["33.33", "66.66"], "0.01")],
)
async def test_a_difference_of_a_cent_goes_where_the_tenant_says(
    world: BaswareWorld, into: str, amounts: list[str], charge: str
) -> None:
    world.options(invoices={"rounding": {"into": into}})
    invoice = world.approve("BW-1", rows=ROWS, grossSum=Decimal("100.00"))
    voucher = await voucher_of(world, invoice)
    assert lines(voucher) == [Decimal(amount) for amount in amounts]
    assert Decimal(voucher.get("MISC_AMT") or 0) == Decimal(charge)
    assert voucher["GROSS_AMT"] == Decimal("100.00")


async def test_a_negative_difference_is_taken_from_the_largest_row(world: BaswareWorld) -> None:
    world.options(invoices={"rounding": {"into": "line"}})
    rows = [{"netTotal": Decimal("-20.02")}, {"netTotal": Decimal("-80.01")}]
    invoice = world.approve("BW-1", rows=rows, grossSum=Decimal("-100.00"))
    voucher = await voucher_of(world, invoice)
    assert lines(voucher) == [Decimal("-20.02"), Decimal("-79.98")]


@pytest.mark.parametrize(("into", "gross"), [("refuse", "100.00"), ("line", "100.05"), ("charge", "99.93")])
async def test_a_difference_that_is_too_large_or_not_allowed_is_refused(
    world: BaswareWorld, into: str, gross: str
) -> None:
    world.options(invoices={"rounding": {"into": into}})
    invoice = world.approve("BW-1", rows=ROWS, grossSum=Decimal(gross))
    said = await refusal_of(world, invoice)
    assert "coding rows and tax are not the invoice's total" in said


async def test_a_changed_policy_is_no_answer_to_what_was_refused(world: BaswareWorld) -> None:
    """Basware waits no more: the invoice goes when it is transferred again."""
    invoice = world.approve("BW-1", rows=ROWS, grossSum=Decimal("100.00"))
    await refusal_of(world, invoice)
    world.options(invoices={"rounding": {"into": "line"}})
    await refusal_of(world, invoice)
    world.p2p("retransfer", invoiceId=invoice)
    voucher = await voucher_of(world, invoice)
    assert lines(voucher) == [Decimal("33.33"), Decimal("66.67")]


# ---- tax, freight, credits


TAXED = [{"netTotal": Decimal("100.00"), "taxSum": Decimal("19.00")}]


@pytest.mark.parametrize(("vat", "field"), [(False, "SALETX_AMT"), (True, "VAT_ENTRD_AMT")])
async def test_tax_is_sales_tax_or_vat(world: BaswareWorld, vat: bool, field: str) -> None:
    world.rules(tax_is_vat={"currencyCode": ["EUR", "USD"]} if vat else False)
    voucher = await voucher_of(world, world.approve("BW-1", rows=TAXED))
    other = ({"SALETX_AMT", "VAT_ENTRD_AMT"} - {field}).pop()
    assert (voucher[field], voucher.get(other) or Decimal(0)) == (Decimal("19.00"), Decimal(0))
    assert voucher["GROSS_AMT"] == Decimal("119.00")
    assert lines(voucher) == [Decimal("100.00")]


async def test_a_freight_row_is_no_line(world: BaswareWorld) -> None:
    world.options(invoices={"freight_accounts": [FREIGHT]})
    rows = [{"netTotal": Decimal("90.00")}, {"netTotal": Decimal("10.00"), "accountCode": FREIGHT}]
    voucher = await voucher_of(world, world.approve("BW-1", rows=rows))
    assert (voucher["FREIGHT_AMT"], lines(voucher)) == (Decimal("10.00"), [Decimal("90.00")])
    assert voucher["GROSS_AMT"] == Decimal("100.00")


async def test_an_invoice_of_nothing_but_freight_is_refused(world: BaswareWorld) -> None:
    world.options(invoices={"freight_accounts": [FREIGHT]})
    rows = [{"netTotal": Decimal("10.00"), "accountCode": FREIGHT}]
    said = await refusal_of(world, world.approve("BW-1", rows=rows))
    assert "VOUCHER_LINE" in said


async def test_a_credit(world: BaswareWorld) -> None:
    rows = [{"netTotal": Decimal("-100.00"), "taxSum": Decimal("-8.00")}]
    voucher = await voucher_of(world, world.approve("CR-1", rows=rows))
    assert (voucher["VOUCHER_STYLE"], voucher["GROSS_AMT"]) == ("ADJ", Decimal("-108.00"))
    assert voucher["SALETX_AMT"] == Decimal("-8.00")


async def test_no_total_in_the_header(world: BaswareWorld) -> None:
    """The rows say it."""
    invoice = world.approve("BW-1", rows=TAXED)
    change(world, invoice, grossSum=None, taxSum1=None, netSum=None)
    voucher = await voucher_of(world, invoice)
    assert (voucher["GROSS_AMT"], voucher["SALETX_AMT"]) == (Decimal("119.00"), Decimal("19.00"))


# ---- companies and currencies


async def test_two_companies_and_one_that_is_not_ours(world: BaswareWorld) -> None:
    world.p2p("configure", companies=["ACME-US", "US002", "OTHER"])
    world.options(companies={"ACME-US": "US001"})
    ours = [world.approve("A-1", companyCode="ACME-US"), world.approve("A-2", companyCode="US002")]
    theirs = world.approve("A-3", companyCode="OTHER")
    await world.settle()
    assert [world.invoice(one)["voucherNumber2"] for one in ours] == ["US001", "US002"]
    shown = world.invoice(theirs)
    assert (shown["processingStatus"], shown.get("transferResponses")) == ("WaitingForTransfer", None)
    world.in_step()


async def test_a_foreign_currency_keeps_its_own_amounts(world: BaswareWorld) -> None:
    voucher = await voucher_of(world, world.approve("BW-1", currencyCode="EUR", rows=TAXED))
    assert (voucher["TXN_CURRENCY_CD"], voucher["GROSS_AMT"]) == ("EUR", Decimal("119.00"))


@pytest.mark.parametrize(
    ("currency", "amount", "taken"),
    [("KWD", "100.125", True), ("JPY", "1250", True), ("USD", "100.125", False), ("JPY", "12.50", False)],
)
async def test_decimals_of_a_currency(
    world: BaswareWorld, monkeypatch: pytest.MonkeyPatch, currency: str, amount: str, taken: bool
) -> None:
    monkeypatch.setattr(voucher_edits, "CURRENCIES", ("USD", "KWD", "JPY"))
    invoice = world.approve("BW-1", currencyCode=currency, rows=[{"netTotal": Decimal(amount)}])
    if taken:
        voucher = await voucher_of(world, invoice)
        assert (voucher["GROSS_AMT"], lines(voucher)) == (Decimal(amount), [Decimal(amount)])
    else:
        said = await refusal_of(world, invoice)
        assert amount in said
        assert "more decimals than its currency" in said


# ---- what is missing, or cannot be read


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"invoiceNumber": None}, ["INVOICE_ID", "invoiceNumber"]),
        ({"invoiceNumber": "   "}, ["INVOICE_ID", "invoiceNumber"]),
        ({"invoiceDate": None}, ["INVOICE_DT", "invoiceDate"]),
        ({"invoiceDate": "31/12/2026"}, ["invoiceDate", "31/12/2026"]),
        ({"supplierCode": " "}, ["supplierCode"]),
        ({"supplierCode": "12345678901"}, ["VENDOR_ID", "12345678901", "10"]),
        ({"currencyCode": "EURO"}, ["currencyCode", "EURO"]),
        ({"paymentTermCode": "THIRTY"}, ["paymentTermCode", "THIRTY", "5"]),
        ({"grossSum": "abc"}, ["grossSum", "abc"]),
    ],
)
async def test_what_cannot_be_a_voucher_is_said_in_basware(
    world: BaswareWorld, values: dict[str, Any], words: list[str]
) -> None:
    invoice = world.approve("BW-1")
    change(world, invoice, **values)
    said = await refusal_of(world, invoice)
    assert all(word in said for word in words), said
    good = world.p2p("retransfer", invoiceId=invoice, values=_good(values))
    assert good["generation"] == 2
    await voucher_of(world, invoice)


def _good(values: dict[str, Any]) -> dict[str, Any]:
    right = {
        "invoiceNumber": "BW-1", "invoiceDate": "2026-11-10T00:00:00Z", "supplierCode": "0000000001",
        "currencyCode": "USD", "paymentTermCode": None, "grossSum": Decimal("100.00"),
    }  # fmt: skip
    return {name: right[name] for name in values}


async def test_no_coding_rows(world: BaswareWorld) -> None:
    invoice = world.approve("BW-1")
    document = world.sandbox.basware.documents.find(invoice)
    rows, document.rows = document.rows, []
    said = await refusal_of(world, invoice)
    assert "no coding rows" in said
    world.p2p("retransfer", invoiceId=invoice)
    document.rows = rows
    await voucher_of(world, invoice)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"accountCode": None}, ["ACCOUNT"]),
        ({"accountCode": "12345678901"}, ["ACCOUNT", "12345678901"]),
        ({"accountCode": "999999"}, ["999999"]),
        ({"costCenterCode": "NOWHERE"}, ["NOWHERE"]),
    ],
)
async def test_a_row_that_peoplesoft_cannot_take(
    world: BaswareWorld, row: dict[str, Any], words: list[str]
) -> None:
    invoice = world.approve("BW-1")
    document = world.sandbox.basware.documents.find(invoice)
    document.rows[0].update(row)
    said = await refusal_of(world, invoice)
    assert all(word in said for word in words), said
    document.rows = coding_rows([{"accountCode": OFFICE_SUPPLIES}])
    world.p2p("retransfer", invoiceId=invoice)
    await voucher_of(world, invoice)


async def test_a_reason_that_is_longer_than_basware_keeps_is_cut_at_its_end(world: BaswareWorld) -> None:
    rows = [{"accountCode": f"99{number:04}", "netTotal": Decimal("10.00")} for number in range(40)]
    said = await refusal_of(world, world.approve("BW-1", rows=rows))
    assert "990000" in said
    assert len(said) <= 250


async def test_blanks_and_a_second_leading_zero_stay_what_they_are(world: BaswareWorld) -> None:
    voucher = await voucher_of(world, world.approve("007", supplierCode="0000000002"))
    assert (voucher["INVOICE_ID"], voucher["VENDOR_ID"]) == ("007", "0000000002")
