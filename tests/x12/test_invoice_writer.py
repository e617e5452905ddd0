from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ml_connector.x12.documents.invoice import Invoice, InvoiceLine
from ml_connector.x12.documents.invoice_writer import build_invoice
from ml_connector.x12.documents.parts import Terms
from ml_connector.x12.model import X12Error
from ml_connector.x12.text import Dialect

from .test_invoice import INVOICE


def test_half_a_cent_a_line_is_rounding() -> None:
    line = InvoiceLine(number="1", quantity=Decimal(1), unit="EA", price=Decimal("1.005"))
    lines = tuple(replace(line, number=str(number)) for number in (1, 2))
    for total in ("2.01", "2.02"):
        build_invoice(Invoice(number="1", date="2026-11-20", lines=lines, total=Decimal(total)), Dialect())
    with pytest.raises(X12Error, match=r"differ by -0\.02"):
        build_invoice(Invoice(number="1", date="2026-11-20", lines=lines, total=Decimal("2.00")), Dialect())


def test_prices_of_a_hundred_add_up() -> None:
    line = InvoiceLine(number="1", quantity=Decimal(5000), unit="EA", price=Decimal("12.50"), basis="HP")
    found = Invoice(number="1", date="2026-11-20", lines=(line,), total=Decimal("625.00"))
    assert ("TDS", "62500") in build_invoice(found, Dialect())
    with pytest.raises(X12Error, match="does not add up"):
        build_invoice(replace(found, total=Decimal("62500.00")), Dialect())


def test_notes_beyond_ten_pieces_are_told() -> None:
    told: list[str] = []
    build_invoice(replace(INVOICE, notes=("N" * 264 * 11,)), Dialect(), told)
    assert told == ["Notes, pieces of 264 characters: 1 of 11 left out"]
    told.clear()
    charge = replace(INVOICE.charges[0], description="F" * 81)
    build_invoice(replace(INVOICE, charges=(charge,)), Dialect(), told)
    assert told == ["Charge D240, description: cut"]


def test_further_terms_are_written_too() -> None:
    more = Terms(type="08", basis="3", percent=Decimal(1), discount_days=20, net_days=30)
    found = ["*".join(one) for one in build_invoice(replace(INVOICE, more_terms=(more,)), Dialect())]
    assert "ITD*08*3*1**20**30" in found
