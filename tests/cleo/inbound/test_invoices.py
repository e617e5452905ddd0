"""Suppliers' invoices as a source: told apart, matched until they are sent, then left as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.core.contract import CaughtUp, Document, Scan, Window
from ml_connector.core.ledger.scope import Status
from ml_connector.core.state.exchange_schema import transaction_set

from .matching import FakeMatcher
from .support import ACME, NOW, Office, file, group, invoice, money, profile

WHOLE, OPEN = Window("cleo", Scan.FULL, "2026-01-01"), Window("cleo", Scan.OPEN)


@dataclass
class Desk:
    """The source and what stands behind it."""

    office: Office
    matcher: FakeMatcher = field(default_factory=FakeMatcher)

    @property
    def source(self) -> SupplierInvoices:
        async def nothing() -> CaughtUp:
            return CaughtUp()

        return SupplierInvoices(self.office.context, self.matcher, nothing, unit="cleo")

    async def read(self, window: Window = WHOLE) -> list[Document]:
        documents = [one async for page in self.source.read(window) for one in page.documents]
        for one in documents:
            self.office.invoice_row(one.key)
        return documents

    async def take(self, *invoices: Any, number: int = 201) -> list[str]:
        content = file(group("IN", number - 110, *invoices), number=number)
        return await self.office.collect(content)


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


async def test_an_invoice_becomes_a_document_with_its_match(desk: Desk) -> None:
    await desk.take(invoice())
    (one,) = await desk.read()
    shown = one.payload
    assert (one.key, one.unit, one.open) == ("acme|INV-1001|2026-11-02", "cleo", True)
    assert (shown["match"], shown["total"], shown["kind"]) == ("matched", money("1250.00"), "invoice")
    assert (shown["order"], shown["currency"], shown["business_unit"]) == ("US001-0000000007", "USD", "US001")
    assert (shown["control"], shown["received_at"]) == ("000000201/91/0001", NOW.isoformat())
    (line,) = shown["lines"]
    assert (line["quantity"], line["QTY_VCHR"], line["amount"]) == (100, 100, money("1250.00"))
    assert desk.matcher.asked[0]["vendors"] == ["SHARE|0000000002"]
    assert desk.matcher.asked[0]["lines"][0]["items"] == {"BP": "10004"}


async def test_the_same_invoice_under_new_numbers_is_no_second_document(desk: Desk) -> None:
    await desk.take(invoice())
    await desk.read()
    assert await desk.take(invoice(), number=202) == []
    assert [one.key for one in await desk.read()] == ["acme|INV-1001|2026-11-02"]
    assert desk.office.statuses() == ["taken", "duplicate"]
    assert "acme|INV-1001|2026-11-02" in desk.office.sets()[1].reason
    (event,) = desk.office.events("duplicate invoice left out")
    assert event.document_id is not None  # shown on the page of the first
    assert [line for line in desk.office.said() if line.startswith("AK5")] == ["AK5*A", "AK5*A"]


async def test_the_same_invoice_with_its_numbers_written_otherwise(desk: Desk) -> None:
    await desk.take(invoice())
    await desk.take(invoice(lines=["IT1*1*100.0*EA*12.50*PE*BP*10004"]), number=202)
    assert desk.office.statuses() == ["taken", "duplicate"]


async def test_the_same_invoice_twice_in_one_interchange(desk: Desk) -> None:
    await desk.take(invoice(), invoice())
    assert desk.office.statuses() == ["taken", "duplicate"]


@pytest.mark.parametrize(
    ("number", "key"),
    [("INV-1001", "acme|INV-1001|2026-11-02|2"), ("inv 01001", "acme|inv 01001|2026-11-02")],
)
async def test_another_invoice_under_the_same_number_names_the_first(
    desk: Desk, number: str, key: str
) -> None:
    await desk.take(invoice())
    other = invoice(number, total=250000, lines=["IT1*1*200*EA*12.5*PE*BP*10004"])
    await desk.take(other, number=202)
    found = {one.key: one.payload for one in await desk.read()}
    assert found[key]["duplicate_of"] == "acme|INV-1001|2026-11-02"
    assert found["acme|INV-1001|2026-11-02"]["duplicate_of"] is None


async def test_a_number_may_come_again_after_years(desk: Desk) -> None:
    await desk.take(invoice(day="20241102"))
    await desk.take(invoice(), number=202)
    assert [one.payload["duplicate_of"] for one in await desk.read()] == [None, None]


async def test_an_invoice_that_does_not_add_up_is_never_matched(desk: Desk) -> None:
    await desk.take(invoice(total=1250))  # dollars, not cents
    (one,) = await desk.read()
    assert (one.payload["match"], one.payload["releasable"]) == ("total", "false")
    assert "whole units instead of cents" in one.payload["match_reason"]
    assert desk.matcher.asked == []


async def test_an_invoice_without_lines_is_held_unless_that_is_agreed(desk: Desk) -> None:
    await desk.take(invoice(total=0, lines=[]))
    assert (await desk.read())[0].payload["match"] == "header_only"


async def test_rules_that_are_corrected_count_for_what_is_held(desk: Desk) -> None:
    """And the same invoice that comes again is still the same."""
    await desk.take(invoice(total=0, lines=[]))
    await desk.take(invoice("INV-2", lines=["IT1*1*100*ZZ*12.5*PE*BP*10004"]), number=202)
    await desk.read()
    rules = {"accept_header_only": True, "units": {"ZZ": "EA"}}
    desk.office.profiles = [profile("acme", ACME, "SHARE|0000000002", documents={"supplier_invoice": rules})]
    first, second = await desk.read()
    assert first.payload["match"] == "matched"
    assert second.payload["lines"][0]["unit"] == "EA"
    await desk.take(invoice("INV-2", lines=["IT1*1*100*ZZ*12.5*PE*BP*10004"]), number=203)
    assert desk.office.statuses() == ["taken", "taken", "duplicate"]


async def test_charges_taxes_and_allowances(desk: Desk) -> None:
    more = ["TXI*ST*70", "SAC*C*D240***1500", "SAC*C*F050***200", "SAC*A*C310***500"]
    await desk.take(invoice(total=133200, more=more))
    (one,) = await desk.read()
    shown = {name: one.payload[name] for name in ("tax", "freight", "miscellaneous")}
    assert shown == {"tax": money("70"), "freight": money("15.00"), "miscellaneous": money("-3.00")}


async def test_charges_of_lines_may_be_part_of_the_price(desk: Desk) -> None:
    lines = ["IT1*1*100*EA*12.5*PE*BP*10004", "SAC*C*D240***1500"]
    await desk.take(["810", "BIG*20261102*INV-1**US001-0000000007", *lines, "TDS*125000", "CTT*1"])
    (one,) = await desk.read()
    assert (one.payload["match"], one.payload["freight"]) == ("matched", money("0.00"))


async def test_a_credit_is_negative(desk: Desk) -> None:
    await desk.take(invoice(kind="CR"))
    shown = (await desk.read())[0].payload
    assert (shown["kind"], shown["total"]) == ("credit", money("-1250.00"))
    assert (shown["lines"][0]["quantity"], shown["lines"][0]["price"]) == (-100, money("12.5"))


async def test_units_are_turned_into_those_of_peoplesoft(desk: Desk) -> None:
    await desk.take(invoice(lines=["IT1*1*100*CA*12.5*PE*BP*10004"]))
    assert (await desk.read())[0].payload["lines"][0]["unit"] == "CS"


async def test_what_is_not_sent_is_matched_again(desk: Desk) -> None:
    desk.matcher.received = 0
    await desk.take(invoice())
    assert (await desk.read())[0].payload["match"] == "receipt"
    desk.matcher.received = 100
    (again,) = await desk.read(OPEN)
    assert again.payload["match"] == "matched"


@pytest.mark.parametrize(
    "standing", [{"status": Status.SENDING}, {"status": Status.ACCEPTED}, {"target_id": "US001|00001234"}]
)
async def test_what_was_sent_keeps_its_match(desk: Desk, standing: dict[str, Any]) -> None:
    await desk.take(invoice())
    (first,) = await desk.read()
    desk.office.invoice_row(first.key, **standing)
    desk.matcher.received = 0
    (again,) = await desk.read()
    assert again.payload == first.payload
    assert not again.open
    assert len(desk.matcher.asked) == 1


async def test_what_people_entered_by_hand_is_not_matched_again(desk: Desk) -> None:
    await desk.take(invoice())
    (one,) = await desk.read()
    desk.office.invoice_row(one.key, status=Status.EXCLUDED)
    assert await desk.read(OPEN) == []


async def test_two_invoices_for_one_order_share_what_was_received(desk: Desk) -> None:
    await desk.take(invoice("B-1"), invoice("A-2"), invoice("C-3", order="US001-0000000008"))
    found = {one.payload["number"]: one.payload["match"] for one in await desk.read()}
    assert found == {"B-1": "matched", "A-2": "receipt", "C-3": "matched"}  # B-1 came first
    assert desk.matcher.turns == [2, 1]
    assert desk.matcher.asked[2]["invoiced_before"] == [
        {"order_line": "US001|0000000007|1", "schedule": "1", "quantity": 100, "amount": money("1250.00")}
    ]
    assert {one.payload["number"]: one.payload["match"] for one in await desk.read()} == found


async def test_an_invoice_of_another_partner_does_not_count(desk: Desk) -> None:
    desk.office.profiles.append(profile("globex", ("ZZ", "GLOBEX"), "SHARE|0000000003"))
    await desk.take(invoice("A-1"))
    other = file(group("IN", 9, invoice("A-2")), number=9, sender=("ZZ", "GLOBEX"))
    await desk.office.collect(other)
    assert [one.payload["match"] for one in await desk.read()] == ["matched", "matched"]


async def test_the_stamp_is_the_time_of_arrival(desk: Desk) -> None:
    await desk.take(invoice("A-1"))
    desk.office.later(hours=1)
    await desk.take(invoice("A-2", order="US001-0000000008"), number=202)
    since = Window("cleo", Scan.CHANGES, desk.office.now.isoformat())
    assert [one.payload["number"] for one in await desk.read(since)] == ["A-2"]


async def test_pages_go_on_where_they_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_connector.cleo.inbound.invoices.PAGE", 2)
    await desk.take(*(invoice(f"A-{at}", order=f"US001-000000000{at}") for at in range(5)))
    pages = [page async for page in desk.source.read(WHOLE)]
    assert [len(page.documents) for page in pages] == [2, 2, 1]
    assert [page.last for page in pages] == [False, False, True]
    rest = Window("cleo", Scan.FULL, "2026-01-01", cursor=pages[0].cursor)
    assert [one.payload["number"] for one in await desk.read(rest)] == ["A-2", "A-3", "A-4"]


async def test_by_key_tells_what_never_came(desk: Desk) -> None:
    await desk.take(invoice())
    answer = await desk.source.by_key(["acme|INV-1001|2026-11-02", "acme|X|2026-11-02"])
    assert [one.key for one in answer.documents] == ["acme|INV-1001|2026-11-02"]
    assert answer.absent == ["acme|X|2026-11-02"]


async def test_what_the_retention_removed_is_not_absent(desk: Desk) -> None:
    await desk.take(invoice())
    with desk.office.store.write() as tx:
        tx.connection.execute(transaction_set.update().values(data=None))
    answer = await desk.source.by_key(["acme|INV-1001|2026-11-02"])
    assert (answer.documents, answer.absent) == ([], [])


async def test_an_unknown_partner_file_matches_no_supplier(desk: Desk) -> None:
    await desk.take(invoice())
    desk.office.profiles = [profile("other", ("ZZ", "OTHER"), "SHARE|0000000009")]
    await desk.read()
    assert desk.matcher.asked[0]["vendors"] == []


async def test_an_invoice_for_two_identities_names_its_unit(desk: Desk) -> None:
    content = file(
        group("IN", 91, invoice(), receiver="PSFTUS002"), receiver=("ZZ", "PSFTUS002"), sender=ACME
    )
    await desk.office.collect(content)
    assert (await desk.read())[0].payload["business_unit"] == "US002"
