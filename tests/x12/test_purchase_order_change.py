from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.x12.documents.purchase_order_change import (
    ChangeLine,
    PurchaseOrderChange,
    build_purchase_order_change,
)
from ml_connector.x12.model import X12Error
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import write

from .made import DIALECT_IDS, DIALECTS, NUMBERS, ORDER, dialects, envelope, headers, order_lines
from .oracle import Oracle
from .oracles import complaints

CODES = ["AI", "CA", "DI", "NC", "PC", "PQ", "QD", "QI", "RZ"]
CHANGE = PurchaseOrderChange(
    number="US001-0000000007",
    date="2026-11-20",
    changed="2026-11-23",
    sequence="2",
    currency="USD",
    notes=("CALL BEFORE DELIVERY",),
    parties=ORDER.parties[:1],
    lines=(
        ChangeLine(change="QI", line=ORDER.lines[0], left=Decimal(80)),
        ChangeLine(change="DI", line=ORDER.lines[1]),
    ),
    total=Decimal("1250.00"),
)
CANCELLATION = PurchaseOrderChange(
    number="US001-0000000007", date="2026-11-20", changed="2026-11-24", purpose="01", sequence="3"
)


def written(change: PurchaseOrderChange, dialect: Dialect) -> bytes:
    return write(envelope(dialect), NUMBERS, "PC", [build_purchase_order_change(change, dialect)])


def test_the_example_is_written_segment_by_segment() -> None:
    assert ["*".join(one) for one in build_purchase_order_change(CHANGE, Dialect())] == [
        "BCH*04*SA*US001-0000000007**2*20261120*****20261123",
        "CUR*BY*USD",
        "N9*L1*NOTES",
        "MSG*CALL BEFORE DELIVERY",
        "N1*ST*DAYTON PLANT*92*PLT01",
        "N3*900 INDUSTRIAL PKWY*DOCK 4",
        "N4*DAYTON*OH*45402*US",
        "POC*1*QI*100*80*EA*12.5*PE*BP*10004*VP*AX-31566",
        "PID*F****HEX BOLT M8 X 40, ZINC",
        "SCH*60*EA***002*20261204",
        "SCH*40*EA***002*20261218",
        "POC*2*DI*25.5*0*LB*3.0075**BP*10077",
        "PID*F****THREAD SEALANT BULK",
        "N9*L1*NOTES",
        "MSG*KEEP DRY",
        "N1*ST**92*PLT02",
        "CTT*2",
        "AMT*TT*1250",
    ]


def test_a_cancellation_is_a_head_without_lines() -> None:
    made = build_purchase_order_change(CANCELLATION, Dialect())
    assert ["*".join(one) for one in made] == ["BCH*01*SA*US001-0000000007**3*20261120*****20261124"]


def test_all_of_a_line_is_left_to_receive_where_nothing_else_is_said() -> None:
    change = replace(CHANGE, lines=(ChangeLine(change="AI", line=ORDER.lines[1]),))
    assert "POC*2*AI*25.5*25.5*LB*3.0075**BP*10077" in [
        "*".join(one) for one in build_purchase_order_change(change, Dialect())
    ]


@pytest.mark.parametrize("dialect", DIALECTS, ids=DIALECT_IDS)
@pytest.mark.parametrize("change", [CHANGE, CANCELLATION], ids=["change", "cancellation"])
def test_nobody_objects_to_the_examples(change: PurchaseOrderChange, dialect: Dialect) -> None:
    assert complaints(written(change, dialect)) == []


@pytest.mark.parametrize("dialect", [DIALECTS[0], DIALECTS[6]], ids=["004010", "005010"])
@pytest.mark.parametrize("code", CODES)
def test_its_codes_stand_in_the_standards_lists(facts: Path, dialect: Dialect, code: str) -> None:
    lines = (ChangeLine(change=code, line=ORDER.lines[0]),)  # type: ignore[arg-type]
    assert Oracle(facts).errors(written(replace(CHANGE, lines=lines), dialect), codes=True) == []


@st.composite
def changes(draw: st.DrawFn) -> PurchaseOrderChange:
    found = draw(st.lists(order_lines(), min_size=1, max_size=3, unique_by=lambda one: one.number))
    lines = tuple(
        ChangeLine(
            change=draw(st.sampled_from(CODES)),
            line=line,
            left=draw(st.sampled_from([None, Decimal(0), line.quantity])),
        )
        for line in found
    )
    return PurchaseOrderChange(lines=lines, changed="2026-11-23", **draw(headers()))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(change=changes(), dialect=dialects)
def test_nobody_objects_to_any_change(change: PurchaseOrderChange, dialect: Dialect) -> None:
    assert complaints(written(change, dialect)) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replace(CHANGE, lines=()), "has no lines to change"),
        (replace(CANCELLATION, lines=CHANGE.lines), "is cancelled and has lines to change"),
        (replace(CHANGE, sequence="123456789"), "The number of the change has 9 characters, 1 to 8"),
        (replace(CHANGE, number="X" * 23), "The order number has 23 characters"),
        (replace(CHANGE, lines=(replace(CHANGE.lines[0], left=Decimal("1.1234567890")),)), "left to receive"),
        (replace(CHANGE, lines=(replace(CHANGE.lines[0], left=Decimal(101)),)), "not between zero and the"),
        (replace(CHANGE, lines=(replace(CHANGE.lines[1], left=Decimal(-5)),)), "not between zero and the"),
        (replace(CHANGE, lines=CHANGE.lines[:1] * 2), "two lines of one number"),
        (
            replace(CHANGE, purpose="99"),  # type: ignore[arg-type]
            "The purpose of the change is one of 01, 04, 05",
        ),
        (
            replace(CHANGE, lines=(replace(CHANGE.lines[0], change="XX"),)),  # type: ignore[arg-type]
            "Line 1: the change is one of AI",
        ),
        (
            replace(
                CHANGE, lines=(ChangeLine(change="CA", line=replace(ORDER.lines[1], price=Decimal(-1))),)
            ),
            "Line 2: the price is negative",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(change: PurchaseOrderChange, reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        build_purchase_order_change(change, Dialect())


def test_a_change_tells_what_its_texts_lose() -> None:
    told: list[str] = []
    build_purchase_order_change(replace(CHANGE, notes=("日本",)), Dialect(), told)
    assert told == ["Notes: left out"]
