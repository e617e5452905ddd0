"""Invoices as X12 and JSON, credits, and what must never be sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.cleo.connect import Cleo
from ml_connector.core import codec
from ml_connector.core.errors import ConfigurationError, InDoubt, Rejected
from ml_connector.core.ledger import crosswalks
from ml_connector.core.state.store import Store
from tests.contract.flow import UNIT

from .support import InvoiceSite, invoice, profile


@pytest.fixture
def site(state: Store) -> InvoiceSite:
    return InvoiceSite(state)


async def test_a_voucher_goes_as_an_810(store: Store) -> None:
    site = InvoiceSite(store)
    site.put("1", invoice())
    assert (await site.run())["accepted"] == 1
    assert site.sent("1")[0].file_name == "810_acme_US001_INV1_1_000000001.edi"
    assert site.segments("1", "BIG") == [("BIG", "20261102", "INV1", "", "US001-0000000007", "", "", "DI")]
    assert [one[1:5] for one in site.segments("1", "IT1")] == [
        ("1", "4", "EA", "20"),
        ("2", "1", "EA", "10.25"),
    ]
    assert site.segments("1", "TDS") == [("TDS", "10025")]
    assert site.segments("1", "TXI") == [("TXI", "ST", "6")]
    assert [(one[1], one[2], one[5]) for one in site.segments("1", "SAC")] == [("C", "D240", "400")]
    assert [one[1:] for one in site.segments("1", "N1")] == [
        ("BY", "", "92", "US001"), ("SE", "", "92", "0000000002"),
    ]  # fmt: skip
    assert site.segments("1", "ITD") == [("ITD", "01", "3", "2", "", "10", "", "30")]


async def test_without_terms_the_due_date_says_when(site: InvoiceSite) -> None:
    site.put("1", invoice(terms=None, due_date="2026-12-02"))
    await site.run()
    assert site.segments("1", "ITD") == [("ITD", "01", "3", "", "", "", "20261202")]


async def test_our_own_invoice_goes_to_the_customers_partner(state: Store) -> None:
    site = InvoiceSite(state, profile("acme", vendors=[], customers=["SHARE|C1"]))
    body = invoice(customer="C1", customer_key="SHARE|C1", terms=None, vendor=None)
    del body["partner"]
    site.put("1", body)
    assert (await site.run())["accepted"] == 1
    assert [one[1:] for one in site.segments("1", "N1")] == [
        ("RI", "", "92", "US001"),
        ("BT", "", "92", "C1"),
    ]


def credit(**changed: Any) -> dict[str, Any]:
    lines = [
        {
            "line": "1",
            "unit": "EA",
            "quantity": Decimal(-4),
            "price": Decimal("20.00"),
            "amount": Decimal("-80.00"),
        },
        {"line": "2", "description": "Restocking fee", "amount": Decimal("10.00")},
    ]
    amounts: dict[str, Any] = {"total": Decimal("-75.00"), "tax": Decimal("-5.00"), "freight": Decimal(0)}
    return invoice(number="CR1", lines=lines, **amounts) | changed


@pytest.mark.parametrize(
    ("sign", "kind", "quantities", "total", "tax"),
    [
        ("type", "CR", ["4", "-1"], "7500", "5"),
        ("negative", "DI", ["-4", "1"], "-7500", "-5"),
        ("both", "CR", ["-4", "1"], "-7500", "-5"),
    ],
)
async def test_credits_are_told_as_the_partner_wants(
    state: Store, sign: str, kind: str, quantities: list[str], total: str, tax: str
) -> None:
    site = InvoiceSite(state, profile("acme", documents={"invoice": {"credit_sign": sign}}))
    site.put("1", credit(terms=None))
    await site.run()
    assert site.segments("1", "BIG")[0][7] == kind
    assert [one[2] for one in site.segments("1", "IT1")] == quantities
    assert site.segments("1", "TDS") == [("TDS", total)]
    assert site.segments("1", "TXI") == [("TXI", "ST", tax)]


async def test_lines_multiply_to_their_amounts(site: InvoiceSite) -> None:
    def line(number: int, quantity: str, price: str, amount: str) -> dict[str, Any]:
        numbers = {"quantity": Decimal(quantity), "price": Decimal(price), "amount": Decimal(amount)}
        return {"line": str(number), "unit": "EA", **numbers}

    lines = [line(1, "3", "3.33333", "10.00"), line(2, "7", "0", "1.00"), line(3, "9" * 12, "1", "0.01")]
    site.put("1", invoice(lines=lines, total=Decimal("21.01")))
    await site.run()
    sent = [(one[2], one[4]) for one in site.segments("1", "IT1")]
    assert sent == [("3", "3.33333"), ("7", "0.14285714"), ("1", "0.01")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (invoice(number="I" * 23), ["invoice number", "22"]),
        (invoice(total=Decimal("100.26")), ["100.26", "100.25"]),
        (
            invoice(
                lines=[invoice()["lines"][1] | {"amount": Decimal("1" * 20)}],
                total=Decimal("1" * 20),
                tax=None,
                freight=None,
            ),
            ["digits"],
        ),
        (invoice(terms="N99"), ["N99", "documents.invoice.terms"]),
        (invoice(lines=[invoice()["lines"][0] | {"unit": "XYZ"}]), ["lines[1].unit", "XYZ"]),
    ],
)
async def test_what_does_not_fit_is_refused(site: InvoiceSite, body: dict[str, Any], said: list[str]) -> None:
    site.put("1", body)
    assert (await site.run())["rejected"] == 1
    assert [word for word in said if word not in site.row("1").reason] == []
    assert site.box.uploads == []


# ---- what a partner has


@pytest.mark.parametrize("absent", [True, False])
async def test_what_changes_afterwards_is_for_a_person(state: Store, absent: bool) -> None:
    site = InvoiceSite(state, profile("acme", acknowledgment={"expected": False}, documents={"invoice": {}}))
    site.put("1", invoice(terms=None))
    await site.run()
    site.put("1", {} if absent else invoice(terms=None, due_date="2027-01-01"), absent=absent)
    assert (await site.run())["held"] == 1
    assert len(site.box.uploads) == 1


async def test_a_payment_of_the_voucher_is_no_matter_of_the_invoice(state: Store) -> None:
    site = InvoiceSite(state, profile("acme", acknowledgment={"expected": False}, documents={"invoice": {}}))
    site.put("1", invoice(terms=None))
    await site.run()
    site.put("1", {"number": "INV1"}, state="kept")
    assert (await site.run())["updated"] == 1
    site.put("1", invoice(terms=None))
    assert (await site.run())["updated"] == 1
    assert len(site.box.uploads) == 1


async def test_a_supplier_never_gets_its_own_invoice_back(store: Store) -> None:
    site = InvoiceSite(store)
    with store.write() as tx:
        entry = {"key": "acme|INV1|2026-11-02", "target_id": f"{UNIT}|1"}
        crosswalks.put(tx, "acme", "cleo.supplier_invoices", [entry], origin="loaded")
    site.put("1", invoice())
    site.put("2", invoice(number="INV2"))
    counts = await site.run()
    assert (counts["rejected"], counts["accepted"]) == (1, 1)
    assert "acme|INV1|2026-11-02" in site.row("1").reason


async def test_two_vouchers_with_one_number_are_for_a_person(site: InvoiceSite) -> None:
    site.put("1", invoice("initech"))
    site.put("2", invoice("initech"))
    await site.run()
    assert sorted(site.row(key).status for key in "12") == ["conflict", "loaded"]


# ---- JSON


async def test_a_partner_gets_json_in_a_folder(site: InvoiceSite) -> None:
    site.put("1", invoice("initech"))
    assert (await site.run())["created"] == 1
    (((folder, name), content),) = site.box.files.items()
    assert (folder, name) == ("upload/json", "invoice_initech_US001_INV1_1_000000001.json")
    sent = codec.decode(content)
    head = {name: sent[name] for name in ("id", "document", "kind", "test", "sender", "receiver", "number")}
    assert head == {
        "id": "initech-000000001", "document": "invoice", "kind": "invoice", "test": True,
        "sender": "ZZ:PSFTUS001", "receiver": "12:5551234567", "number": "INV1",
    }  # fmt: skip
    assert sent["total"] == Decimal("100.25")
    assert "partner" not in sent


class Provider:
    """An endpoint that knows documents by their id."""

    def __init__(self, *failures: Exception | None, stored: bool = False) -> None:
        self.failures, self.stored, self.taken = list(failures), stored, dict[str, Any]()
        self.calls = 0

    async def post(self, endpoint: str, payload: Any) -> dict[str, Any]:
        self.calls += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not self.stored:
            raise failure
        if payload["id"] in self.taken:
            raise Rejected("the endpoint knows this document already", code="409")
        self.taken[payload["id"]] = payload
        if failure is not None:
            raise failure
        return {}


def posting(state: Store, provider: Provider | None) -> InvoiceSite:
    site = InvoiceSite(state, profile("acme", documents={"invoice": {"as": "json", "endpoint": "invoices"}}))
    site.cleo = Cleo(site.box, None, provider)  # type: ignore[arg-type]
    return site


@pytest.mark.parametrize("stored", [True, False])
async def test_a_posted_invoice_in_doubt_goes_again_with_the_same_id(state: Store, stored: bool) -> None:
    provider = Provider(InDoubt("no answer"), stored=stored)
    site = posting(state, provider)
    site.put("1", invoice())
    assert (await site.run())["in_doubt"] == 1
    for _ in range(3):
        site.clock.advance(seconds=61)
        await site.run()
    assert (list(provider.taken), provider.calls) == (["acme-000000001"], 2)
    assert site.row("1").status == "loaded"


async def test_an_endpoint_without_an_address_stops_the_flow(state: Store) -> None:
    site = posting(state, None)
    site.put("1", invoice())
    with pytest.raises(ConfigurationError, match="API Provider"):
        await site.run()
