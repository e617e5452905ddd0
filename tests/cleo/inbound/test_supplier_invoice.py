"""Numbers of invoices as they are compared, and sums as they are divided."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.cleo.inbound.supplier_invoice import KINDS, Reading, invoice_payload, normalised
from ml_connector.x12.documents.invoice import Invoice, InvoiceLine
from ml_connector.x12.documents.parts import Charge, Tax

CENTS = st.integers(0, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))
READING = Reading(partner="acme", charges={"Z999": "freight"})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("INV-1001", "inv 1001", True),
        ("INV-0001001", "INV/1001", True),
        ("1001", "01001", True),
        ("INV-1001", "INV-10010", False),
        ("A1-1", "A11", False),
        ("A1-1", "A-11", False),
        ("000", "0", True),
    ],
)
def test_numbers_as_they_are_compared(one: str, other: str, same: bool) -> None:
    assert (normalised(one) == normalised(other)) is same


@given(st.text(min_size=1, max_size=22))
def test_normalising_twice_changes_nothing(number: str) -> None:
    assert normalised(normalised(number)) == normalised(number)


@given(
    goods=st.lists(CENTS, min_size=1, max_size=5),
    charges=st.lists(
        st.tuples(st.sampled_from(["D240", "Z999", "F050", None]), CENTS, st.booleans()), max_size=4
    ),
    tax=CENTS,
    credit=st.booleans(),
)
def test_the_parts_of_an_invoice_that_adds_up_are_its_total(
    goods: list[Decimal], charges: list[tuple[str | None, Decimal, bool]], tax: Decimal, credit: bool
) -> None:
    extra = sum((-amount if off else amount for _, amount, off in charges), Decimal(0))
    invoice = Invoice(
        number="1",
        date="2026-11-02",
        credit=credit,
        total=sum(goods, Decimal(0)) + extra + tax,
        lines=tuple(
            InvoiceLine(number=str(at), quantity=Decimal(1), unit="EA", price=amount)
            for at, amount in enumerate(goods)
        ),
        charges=tuple(
            Charge(kind="allowance" if off else "charge", amount=amount, code=code)
            for code, amount, off in charges
        ),
        taxes=(Tax(type="ST", amount=tax),),
    )
    payload = invoice_payload(invoice, READING)
    assert payload["fault"] is None
    parts = [line["amount"] for line in payload["lines"]] + [payload[kind] for kind in KINDS]
    assert sum(parts) == payload["total"]
    assert payload["total"] == (-invoice.total if credit else invoice.total)


def test_lines_with_one_number_get_numbers_of_their_own() -> None:
    line = InvoiceLine(number="1", quantity=Decimal(1), unit="EA", price=Decimal(1))
    invoice = Invoice(number="1", date="2026-11-02", total=Decimal(3), lines=(line, line, line))
    payload = invoice_payload(invoice, READING)
    assert [one["line"] for one in payload["lines"]] == ["1", "1.2", "1.3"]
    assert [one["order_line"] for one in payload["lines"]] == ["1", "1", "1"]


def test_a_line_without_a_number_says_nothing_of_the_order() -> None:
    numbers = (None, "1", "1", "1.2")
    lines = tuple(
        InvoiceLine(number=one, quantity=Decimal(1), unit="EA", price=Decimal(1)) for one in numbers
    )
    payload = invoice_payload(Invoice(number="1", date="2026-11-02", total=Decimal(4), lines=lines), READING)
    assert [one["order_line"] for one in payload["lines"]] == [None, "1", "1", "1.2"]
    assert [one["line"] for one in payload["lines"]] == ["1", "1.3", "1.4", "1.2"]


def test_vat_and_gst_stand_apart_from_other_taxes() -> None:
    taxes = (
        Tax(type="VA", amount=Decimal(3)),
        Tax(type="GS", amount=Decimal(2)),
        Tax(type="ST", amount=Decimal(1)),
    )
    invoice = Invoice(number="1", date="2026-11-02", total=Decimal(6), taxes=taxes)
    payload = invoice_payload(invoice, READING)
    assert (payload["vat"], payload["tax"]) == (Decimal(5), Decimal(1))
