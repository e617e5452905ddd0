"""What counts as invoiced before, whatever its order is called and wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.cleo.inbound.invoices import SupplierInvoices
from ml_connector.core.contract import CaughtUp, Payload
from ml_connector.core.ledger.scope import Status

from .support import ACME, Office, file, group, invoice, profile
from .test_seam import WHOLE, Rules

OURS = "US001-0000000007"


async def read(office: Office) -> dict[str, Payload]:
    async def nothing() -> CaughtUp:
        return CaughtUp()

    source = SupplierInvoices(office.context, Rules(), nothing, unit="cleo")
    found = [one async for page in source.read(WHOLE) for one in page.documents]
    for one in found:
        office.invoice_row(one.key)
    return {one.key: one.payload for one in found}


async def take(office: Office, number: int, *invoices: Any) -> None:
    await office.collect(file(group("IN", number, *invoices), number=number))


@pytest.mark.parametrize(
    ("status", "second"),
    [
        (Status.HELD, "matched"),
        (Status.READY, "quantity"),  # released
        (Status.FAILED, "quantity"),
        (Status.DEAD, "quantity"),
        (Status.WAITING, "quantity"),
    ],
)
async def test_what_was_released_counts_and_what_is_held_does_not(
    office: Office, status: Status, second: str
) -> None:
    await take(office, 1, invoice("A-1", lines=["IT1*1*100*EA*13*PE*BP*10004"], total=130000))
    assert (await read(office))["acme|A-1|2026-11-02"]["match"] == "price"
    office.invoice_row("acme|A-1|2026-11-02", status=status)
    await take(office, 2, invoice("B-1"))
    assert (await read(office))["acme|B-1|2026-11-02"]["match"] == second


@pytest.mark.parametrize("spelled", ["US001-7", "us001-0000000007", "0000000007", "7"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_an_order_is_the_same_however_it_is_spelled(
    office: Office, spelled: str, at_once: bool
) -> None:
    first, second = invoice("A-1", order=spelled), invoice("A-2")
    if at_once:
        await take(office, 1, first, second)
    else:
        await take(office, 1, first)
        await read(office)
        await take(office, 2, second)
    found = await read(office)
    assert [one["match"] for one in found.values()] == ["matched", "quantity"]
    assert {row.reference for row in office.sets()} == {OURS}


async def test_header_and_line_may_spell_it_differently(office: Office) -> None:
    await take(office, 1, invoice("A-1", lines=["IT1*1*100*EA*12.5*PE*BP*10004*PO*0000000007"]))
    assert (await read(office))["acme|A-1|2026-11-02"]["match"] == "matched"
    await take(office, 2, invoice("A-2"))
    assert (await read(office))["acme|A-2|2026-11-02"]["match"] == "quantity"


async def test_a_second_invoice_under_one_number_counts_only_when_it_was_sent(office: Office) -> None:
    def of(number: str, quantity: int) -> list[str]:
        return invoice(number, lines=[f"IT1*1*{quantity}*EA*12.5*PE*BP*10004"], total=quantity * 1250)

    await take(office, 1, of("A-1", 40))
    await read(office)
    await take(office, 2, of("A-1", 60))
    found = await read(office)
    assert found["acme|A-1|2026-11-02|2"]["duplicate_of"] == "acme|A-1|2026-11-02"
    await take(office, 3, of("A-2", 60))
    assert (await read(office))["acme|A-2|2026-11-02"]["match"] == "matched"
    office.invoice_row("acme|A-1|2026-11-02|2", status=Status.READY)
    assert (await read(office))["acme|A-2|2026-11-02"]["match"] == "quantity"


async def test_charges_of_earlier_invoices_count(office: Office) -> None:
    def part(number: str) -> list[str]:
        lines, more = ["IT1*1*50*EA*12.5*PE*BP*10004"], ["SAC*C*D240***9000"]
        return invoice(number, lines=lines, more=more, total=71500)

    await take(office, 1, part("A-1"))
    assert (await read(office))["acme|A-1|2026-11-02"]["match"] == "matched"
    await take(office, 2, part("A-2"))
    assert (await read(office))["acme|A-2|2026-11-02"]["match"] == "matched"  # 180.00 of 187.50
    more = invoice("A-3", lines=["IT1*1*0*EA*12.5*PE*BP*10004"], more=["SAC*C*D240***800"], total=800)
    await take(office, 3, more)
    found = (await read(office))["acme|A-3|2026-11-02"]
    assert (found["match"], "8.00 and 180.00 before" in found["match_reason"]) == ("quantity", True)


async def test_other_terms_than_the_orders_are_told(office: Office) -> None:
    terms = {"terms": {"N30": {"net_days": 30}}}
    office.profiles = [
        profile("acme", ACME, "SHARE|0000000002", documents={"purchase_order": terms, "supplier_invoice": {}})
    ]
    given = invoice("A-1")
    given.insert(3, "ITD*01*3*****10")
    await take(office, 1, given)
    found = (await read(office))["acme|A-1|2026-11-02"]
    assert (found["match"], found["PYMNT_TERMS_CD"]) == ("matched", "N30")
    assert found["match_reason"] == "The invoice says net 10 days; the order's terms N30, net 30 days, count."
