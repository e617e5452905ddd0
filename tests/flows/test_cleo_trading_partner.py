"""mock-edi, which shares nothing with the product or the sandbox, as a live trading partner."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.cleo.mock_partner import MockPartner, mock_partner
from tests.flows.cleo import INVOICES, CleoWorld


@pytest.fixture
def partner() -> Iterator[MockPartner]:
    with mock_partner() as running:
        yield running


async def trade(cleo: CleoWorld, partner: MockPartner, rounds: int = 3) -> list[str]:
    """Both DAGs and mock-edi in turn; returns what mock-edi sent."""

    async def control(operation: str, **body: Any) -> Any:
        return cleo.cleo(operation, **body)

    kinds = []
    for _ in range(rounds):
        await cleo.out()
        kinds += [answer.kind for answer in await partner.exchange(control)]
        await cleo.back()
    await cleo.out("purchase_orders")
    return kinds


async def test_from_the_order_to_the_voucher(cleo: CleoWorld, partner: MockPartner) -> None:
    order = cleo.order(lines=3)
    kinds = await trade(cleo, partner)
    assert sorted(set(kinds)) == ["810", "855", "997"]
    (sent,) = cleo.sets("850")
    assert (sent.status, sent.response) == ("acknowledged_with_errors", "accepted")
    assert "SCH" in sent.reason, "mock-edi 0.9.0 has no SCH in its dictionary, and says so"
    assert cleo.row(order).status == "loaded"
    (invoice,) = cleo.rows(INVOICES).values()
    assert invoice.status == "loaded", invoice.reason
    (made,) = cleo.vouchers()
    assert (made["VENDOR_ID"], made["GROSS_AMT"]) == ("0000000002", Decimal("150.00"))
    assert [line["PO_ID"] for line in made["lines"]] == [order[6:]] * 3
    (alert,) = cleo.alerts()
    assert "with errors" in alert


async def test_it_accepts_our_acknowledgments(cleo: CleoWorld, partner: MockPartner) -> None:
    cleo.order()
    await trade(cleo, partner)
    answers = [row for row in cleo.sets("997") if row.partner == "acme"]
    assert len(answers) == 2, "one for the 855, one for the 810"
    assert {row.status for row in cleo.interchanges("in")} == {"taken"}


async def test_it_says_that_it_cannot_deliver(cleo: CleoWorld) -> None:
    with mock_partner(behaviour="reject-all") as partner:
        order = cleo.order()
        await trade(cleo, partner)
        (sent,) = cleo.sets("850")
        assert (sent.status, sent.response) == ("acknowledged_with_errors", "rejected")
        assert any(order in alert for alert in cleo.alerts())
        assert cleo.vouchers() == []
