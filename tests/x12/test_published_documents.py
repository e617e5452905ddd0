"""Other people's invoices, responses, advices and acknowledgments are understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector.x12.acknowledgments import read_997
from ml_connector.x12.documents.advice import read_advice
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.documents.invoice_reader import read_invoice
from ml_connector.x12.documents.order_response import read_order_response
from ml_connector.x12.model import TransactionSet
from ml_connector.x12.reader import read

READERS: dict[str, Callable[[TransactionSet], Any]] = {
    "810": read_invoice,
    "855": read_order_response,
    "824": read_advice,
    "997": read_997,
}


def sets(path: Path) -> Iterator[TransactionSet]:
    for interchange in read(path.read_bytes()).interchanges:
        for group in interchange.groups:
            yield from group.sets


def test_every_valid_sample_is_understood(facts: Path) -> None:
    paths = sorted((facts / "samples" / "valid").iterdir())
    found = [one for path in paths for one in sets(path) if one.code in READERS]
    assert len(found) > 30
    for one in found:
        assert READERS[one.code](one)


def test_an_invoice_that_adds_up_with_tax_freight_and_discount(facts: Path) -> None:
    (one,) = sets(facts / "golden" / "810_4010.edi")
    invoice = read_invoice(one)
    assert foot(invoice).difference == 0
    assert (invoice.discountable, invoice.discount) == (Decimal("1341.69"), Decimal("26.83"))


def test_an_invoice_in_whole_units_is_told(facts: Path) -> None:
    (path,) = (facts / "samples" / "broken").glob("810*impliedDecimals*")
    (one,) = sets(path)
    assert "whole units instead of cents" in foot(read_invoice(one)).explain()


def test_a_response_and_an_advice(facts: Path) -> None:
    (response,) = sets(facts / "golden" / "855_4010.edi")
    assert read_order_response(response).verdict == "changed"
    (advice,) = sets(facts / "golden" / "824_4010.edi")
    assert [one.verdict for one in read_advice(advice).items] == ["rejected"]


def test_a_group_accepted_in_part(facts: Path) -> None:
    (one,) = sets(facts / "golden" / "997_partial.edi")
    answer = read_997(one)
    assert [answer.verdict_of(number) for number in ("0001", "0002")] == ["accepted", "rejected"]
    assert answer.contradiction(["0001", "0002"]) is None
