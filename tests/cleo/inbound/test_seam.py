"""What is asked of a matcher, and what it answers, with PeopleSoft's own rules in the place of the fake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.core.config import find_dataset, find_mapping
from ml_connector.core.contract import CaughtUp, Document, Payload, Scan, Window
from ml_connector.core.mapping import Hold, Mapped, compile_mapping
from ml_connector.peoplesoft.matching.findings import Finding
from ml_connector.peoplesoft.matching.references import OrderNumbers
from tests.peoplesoft.matching.support import matched, options, order, order_line, receipt, schedule

from .support import Office, file, group, invoice, money

MAPPINGS = (Path(__file__).parents[3] / "include" / "mappings",)
WHOLE = Window("cleo", Scan.FULL, "2026-01-01")


@dataclass
class Rules:
    """Matches everything with one order of 100 pieces at 12.5, in two schedules."""

    against: Payload = field(
        default_factory=lambda: order(
            order_line(1, schedule(1, "60", "12.5"), schedule(2, "40", "12.5"), INV_ITEM_ID="10004")
        )
    )

    def orders(self, invoice: Payload) -> list[str]:
        found = OrderNumbers(options(), ["US001"]).of_invoice(invoice)
        return [] if isinstance(found, Finding) else found

    async def match(self, invoices: Sequence[Payload]) -> list[Payload]:
        return [matched(one, self.against) for one in invoices]


async def documents(office: Office, rules: Rules, *invoices: list[str]) -> list[Document]:
    async def nothing() -> CaughtUp:
        return CaughtUp()

    await office.collect(file(group("IN", 91, *invoices)))
    source = SupplierInvoices(office.context, rules, nothing, unit="cleo")
    return [one async for page in source.read(WHOLE) for one in page.documents]


def mapped(office: Office, document: Document) -> Any:
    dataset, mapping = (
        find_dataset("cleo", "supplier_invoices", MAPPINGS),
        find_mapping("cleo", "vouchers", MAPPINGS),
    )
    return compile_mapping(mapping, dataset, office.config).apply(document.payload, {})


async def test_a_line_over_two_schedules_becomes_two_lines_of_the_voucher(office: Office) -> None:
    (one,) = await documents(office, Rules(), invoice(more=["TXI*ST*70"], total=132000))
    assert one.payload["match"] == "matched"
    found = mapped(office, one)
    assert isinstance(found, Mapped)
    body = found.desired.body
    assert [line["SCHED_NBR"] for line in body["VOUCHER_LINE"]] == [1, 2]
    assert [line["MERCHANDISE_AMT"] for line in body["VOUCHER_LINE"]] == [money("750.00"), money("500.00")]
    assert (body["GROSS_AMT"], body["SALETX_AMT"]) == (money("1320.00"), money("70"))


async def test_a_credit_becomes_a_negative_voucher(office: Office) -> None:
    rules = Rules()
    first, credit = await documents(office, rules, invoice("A-1"), invoice("A-2", kind="CR"))
    assert (first.payload["match"], credit.payload["match"]) == ("matched", "matched")
    found = mapped(office, credit)
    assert isinstance(found, Mapped)
    assert (found.desired.body["VOUCHER_STYLE"], found.desired.body["GROSS_AMT"]) == (
        "ADJ",
        money("-1250.00"),
    )


async def test_more_than_was_received_may_be_released(office: Office) -> None:
    short = schedule(1, "100", "12.5", receipts=[receipt("90")])
    (one,) = await documents(office, Rules(order(order_line(1, short, INV_ITEM_ID="10004"))), invoice())
    assert (one.payload["match"], one.payload["releasable"]) == ("receipt", "true")
    found = mapped(office, one)
    assert isinstance(found, Mapped)
    assert found.hold is not None


async def test_the_second_invoice_for_an_order_finds_nothing_left(office: Office) -> None:
    first, second = await documents(office, Rules(), invoice("A-1"), invoice("A-2"))
    assert first.payload["match"] == "matched"
    assert second.payload["match"] == "quantity"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (invoice(lines=["IT1*1*100*CA*12.5*PE*BP*10004"]), "unit"),
        (invoice(lines=["IT1*1*100*EA*13*PE*BP*10004"], total=130000), "price"),
        (invoice(lines=["IT1*9*100*EA*12.5*PE*BP*99999"]), "unknown_line"),
        (invoice(total=1250), "total"),
    ],
)
async def test_each_difference_has_its_word(office: Office, given: list[str], word: str) -> None:
    (one,) = await documents(office, Rules(), given)
    assert one.payload["match"] == word
    found = mapped(office, one)
    assert isinstance(found, Hold) or found.hold is not None
