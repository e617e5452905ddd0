from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.x12.documents.parts import Contact, Freight, Party, Reference, Schedule, Terms
from ml_connector.x12.documents.purchase_order import OrderLine, PurchaseOrder, build_purchase_order
from ml_connector.x12.model import X12Error
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import write

from .made import DIALECT_IDS, DIALECTS, NUMBERS, ORDER, dialects, envelope, orders
from .oracle import Oracle
from .oracles import complaints, read_back

MODERN = DIALECTS[6]


def written(order: PurchaseOrder, dialect: Dialect) -> bytes:
    return write(envelope(dialect), NUMBERS, "PO", [build_purchase_order(order, dialect)])


def built(order: PurchaseOrder, dialect: Dialect | None = None) -> list[str]:
    return ["*".join(one) for one in build_purchase_order(order, dialect or Dialect())]


def with_line(**changes: object) -> PurchaseOrder:
    return replace(ORDER, lines=(replace(ORDER.lines[1], **changes),), total=None)  # type: ignore[arg-type]


def at_place(**changes: object) -> PurchaseOrder:
    return replace(ORDER, parties=(replace(ORDER.parties[0], **changes),))  # type: ignore[arg-type]


def told(order: PurchaseOrder, dialect: Dialect | None = None) -> list[str]:
    sentences: list[str] = []
    build_purchase_order(order, dialect or Dialect(), sentences)
    return sentences


def test_the_example_is_written_segment_by_segment() -> None:
    assert built(ORDER) == [
        "BEG*00*SA*US001-0000000007**20261120",
        "CUR*BY*USD",
        "REF*IA*0000000002",
        "REF*DP*10000",
        "PER*BD*SMITH, PAT*TE*5551234567*EM*PAT@EXAMPLE.COM",
        "FOB*PP*DE*DAYTON DC",
        "ITD*01*3*2**10**30",
        "DTM*002*20261204",
        "N9*L1*NOTES",
        "MSG*DELIVER TO DOCK 4 BETWEEN 0700 AND 1500",
        "N1*ST*DAYTON PLANT*92*PLT01",
        "N3*900 INDUSTRIAL PKWY*DOCK 4",
        "N4*DAYTON*OH*45402*US",
        "N1*VN*ACME SUPPLY CO*1*123456789",
        "PO1*1*100*EA*12.5*PE*BP*10004*VP*AX-31566",
        "PID*F****HEX BOLT M8 X 40, ZINC",
        "SCH*60*EA***002*20261204",
        "SCH*40*EA***002*20261218",
        "PO1*2*25.5*LB*3.0075**BP*10077",
        "PID*F****THREAD SEALANT BULK",
        "N9*L1*NOTES",
        "MSG*KEEP DRY",
        "N1*ST**92*PLT02",
        "CTT*2*125.5",
        "AMT*TT*1326.69",
    ]


def test_notes_go_into_mtx_from_005010_on() -> None:
    modern = built(ORDER, MODERN)
    assert "MTX**KEEP DRY" in modern
    assert not any(one.startswith("MSG") for one in modern)


@pytest.mark.parametrize("dialect", DIALECTS, ids=DIALECT_IDS)
def test_nobody_objects_to_the_example(dialect: Dialect) -> None:
    assert complaints(written(ORDER, dialect)) == []


@pytest.mark.parametrize("dialect", [DIALECTS[0], MODERN], ids=["004010", "005010"])
def test_its_codes_stand_in_the_standards_lists(facts: Path, dialect: Dialect) -> None:
    assert Oracle(facts).errors(written(ORDER, dialect), codes=True) == []


@settings(max_examples=80, deadline=None)
@given(order=orders(), dialect=dialects)
def test_nobody_objects_to_any_order(order: PurchaseOrder, dialect: Dialect) -> None:
    assert complaints(written(order, dialect)) == []


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.text("AB*~>|^:09 é-_.\n", min_size=1, max_size=60), min_size=5, max_size=5),
    dialect=dialects,
)
def test_any_identifier_is_written_whole_or_the_order_refused(values: list[str], dialect: Dialect) -> None:
    number, reference, party, product, line = values
    order = replace(
        with_line(number=line, ids=(("BP", product),)),
        number=number,
        references=(Reference("CT", reference),),
        parties=(Party(role="ST", qualifier="92", id=party),),
    )
    try:
        data = written(order, dialect)
    except X12Error:
        return
    assert complaints(data) == []
    found = {one[0]: one for one in read_back(data).groups[0].sets[0].segments if one[0] != "N1"}
    assert (found["BEG"][3], found["REF"][2], found["PO1"][1], found["PO1"][7]) == (
        number,
        reference,
        line,
        product,
    )
    assert len(number) <= 22


@pytest.mark.parametrize("dialect", [DIALECTS[0], MODERN], ids=["004010", "005010"])
def test_an_order_of_999_lines(dialect: Dialect) -> None:
    lines = tuple(replace(ORDER.lines[0], number=str(number)) for number in range(1, 1000))
    data = written(replace(ORDER, lines=lines), dialect)
    assert complaints(data) == []
    (found,) = read_back(data).groups[0].sets
    assert sum(one[0] == "PO1" for one in found.segments) == 999
    assert ("CTT", "999", "99900") in found.segments


def test_a_price_of_zero_is_one() -> None:
    assert "PO1*2*25.5*LB*0**BP*10077" in built(with_line(price=Decimal("-0.00")))


def test_a_sum_of_quantities_that_does_not_fit_is_left_out() -> None:
    found = built(with_line(quantity=Decimal("12345678.12345")))
    assert found[-1] == "CTT*1"


def test_a_60_character_description_stays_in_one_piece_and_a_long_one_is_split_between_words() -> None:
    text = "HEX BOLT M8 X 40 ZINC PLATED GRADE 8.8 WITH NUT AND WASHER.."
    assert len(text) == 60
    assert f"PID*F****{text}" in built(with_line(description=text))
    long = built(with_line(description=f"{text} {text}"))
    assert [one for one in long if one.startswith("PID")] == [
        f"PID*F****{text} HEX BOLT M8 X 40",
        "PID*F****ZINC PLATED GRADE 8.8 WITH NUT AND WASHER..",
    ]


def test_delimiters_in_a_name_become_blanks() -> None:
    order = replace(ORDER, parties=(Party(role="VN", name="A*B~C>D & Ünlü “Söhne”"),))
    assert 'N1*VN*A B C D & Unlu "Sohne"' in built(order)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (replace(ORDER, number="X" * 23), "The order number has 23 characters"),
        (replace(ORDER, number="US001*7"), "The order number holds '\\*'"),
        (replace(ORDER, number=""), "The order number has 0 characters"),
        (replace(ORDER, references=(Reference("CT", "C" * 31),)), "Reference CT has 31 characters"),
        (with_line(ids=(("VP", "V" * 49),)), "Line 2: product id VP has 49 characters"),
        (with_line(ids=(("VP", "Größe"),)), "product id VP holds 'ß"),
        (with_line(ids=(("BP", "1"),) * 11), "Line 2 has 11 product ids"),
        (with_line(unit="EACH"), "Line 2: the unit has 4 characters"),
        (with_line(unit="ea"), "Line 2: the unit is no code of digits and capitals"),
        (with_line(unit="E."), "Line 2: the unit is no code of digits and capitals"),
        (with_line(price=Decimal("123456789012.345678")), r"the price \(R\) has 18 digits"),
        (with_line(schedules=(Schedule(quantity=Decimal(1), date="2026-12-04"),)), "do not add up"),
        (with_line(number="1" * 21), "The number of a line has 21 characters"),
        (replace(ORDER, lines=()), "has no lines"),
        (replace(ORDER, lines=ORDER.lines[:1] * 2), "has two lines of one number"),
        (replace(ORDER, date="20.11.2026"), "The order date is no date"),
        (replace(ORDER, parties=(Party(role="ST"),)), "Party ST has neither a name nor a number"),
        (
            replace(ORDER, parties=(Party(role="ST", qualifier="92", id="1"),)),
            "number of party ST has 1 char",
        ),
        (replace(ORDER, terms=Terms(percent=Decimal(2))), "neither days nor a date"),
        (
            replace(ORDER, purpose="99"),  # type: ignore[arg-type]
            "purpose of the order is one of 00, 01, 05, 07",
        ),
        (with_line(quantity=Decimal(0)), "Line 2: the quantity is not above zero"),
        (with_line(quantity=Decimal(-5)), "Line 2: the quantity is not above zero"),
        (
            with_line(
                quantity=Decimal(5),
                schedules=tuple(Schedule(quantity=Decimal(one), date="2026-12-04") for one in (6, -1)),
            ),
            "Line 2: the quantity is not above zero",
        ),
        (with_line(price=Decimal("-0.01")), "Line 2: the price is negative"),
        (with_line(ids=(), description=None), "Line 2 has neither a product id nor a description"),
        (with_line(ids=(), description="日本"), "Line 2 has neither a product id nor a description"),
        (at_place(country="AUSTRIA"), "Party ST: the country has 7 characters, 2 to 3 are allowed"),
        (at_place(country="us"), "Party ST: the country is no code of digits and capitals"),
        (at_place(country="U1"), "Party ST: the country is no code of two or three letters"),
        (at_place(postal_code="45402-1234-5678-9"), "Party ST: the postal code is none of 3 to 15 char"),
        (at_place(postal_code="12"), "Party ST: the postal code is none of 3 to 15 characters"),
        (at_place(postal_code="1*23"), "Party ST: the postal code is none of 3 to 15 characters"),
        (at_place(city="東京"), "Party ST, city: the partner could read nothing of it"),
        (at_place(city="Å"), "Party ST, city: the partner could read nothing of it"),
        (at_place(state="東京"), "Party ST, state: the partner could read nothing of it"),
        (replace(ORDER, parties=(Party(role="ST", name="日本"),)), "neither a name nor a number that"),
    ],
)
def test_what_would_be_cut_or_lost_is_refused(order: PurchaseOrder, reason: str) -> None:
    with pytest.raises(X12Error, match=reason):
        build_purchase_order(order, Dialect())


def test_longer_references_fit_into_005010() -> None:
    order = replace(ORDER, references=(Reference("CT", "C" * 50),))
    assert f"REF*CT*{'C' * 50}" in built(order, MODERN)


def test_a_mail_address_that_the_charset_cannot_carry_is_left_out() -> None:
    order = replace(ORDER, contacts=(Contact(name="Pat", phone="555", mail="pat_smith@example.com"),))
    assert "PER*BD*PAT*TE*555" in built(order, Dialect(charset="basic"))
    assert "PER*BD*Pat*TE*555*EM*pat_smith@example.com" in built(order)


def test_a_contact_of_which_nothing_remains_is_left_out() -> None:
    order = replace(ORDER, contacts=(Contact(name="日本"), Contact()))
    assert not any(one.startswith("PER") for one in built(order))


def test_a_state_of_more_than_two_letters_is_a_region() -> None:
    order = replace(ORDER, parties=(Party(role="ST", name="SYDNEY", city="SYDNEY", state="NSW"),))
    assert "N4*SYDNEY*****NSW".replace("*****", "****SP*") in built(order)


def test_an_order_line_without_price_says_nothing_about_its_basis() -> None:
    line = OrderLine(number="1", quantity=Decimal(1), unit="EA", basis="PE", ids=(("BP", "X"),))
    assert "PO1*1*1*EA***BP*X" in built(replace(ORDER, lines=(line,)))


@pytest.mark.parametrize("country", ["US", "USA", "AUT"])
def test_countries_have_two_or_three_letters(country: str) -> None:
    assert f"N4*DAYTON*OH*45402*{country}" in built(at_place(country=country))


def test_an_amount_only_line_has_a_description_and_no_product() -> None:
    found = built(with_line(ids=(), description="CONSULTING", quantity=Decimal(1)))
    assert "PO1*2*1*LB*3.0075" in found
    assert "PID*F****CONSULTING" in found


def test_a_partys_own_numbers_and_contacts_stand_behind_its_place() -> None:
    party = Party(
        role="ST",
        id="PLT01",
        qualifier="92",
        references=(Reference("DP", "10"),),
        contacts=(Contact(name="PAT"),),
    )
    found = built(replace(ORDER, parties=(party,)))
    at = found.index("N1*ST**92*PLT01")
    assert found[at + 1 : at + 3] == ["REF*DP*10", "PER*BD*PAT"]
    assert complaints(written(replace(ORDER, parties=(party,)), Dialect())) == []


def test_nothing_is_told_where_nothing_changes() -> None:
    assert told(ORDER) == []
    assert told(at_place(name="Dayton  plant"), Dialect(upper_case=True)) == [], "blanks and capitals alone"


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        (at_place(name="Größe"), "Party ST, name: characters replaced"),
        (at_place(name="A*B"), "Party ST, name: characters replaced"),
        (at_place(name="日本"), "Party ST, name: left out"),
        (at_place(name="N " * 200), "Party ST, pieces of the name: 2 of 7 left out"),
        (at_place(address=("1", "2", "3", "4", "GATE 5")), "Party ST, lines of the address: 1 of 5 left out"),
        (at_place(city="C" * 31), "Party ST, city: cut"),
        (at_place(state="S" * 31), "Party ST, state: cut"),
        (
            replace(ORDER, contacts=tuple(Contact(name=f"PAT {one}") for one in range(5))),
            "Contacts: 2 of 5 left out",
        ),
        (replace(ORDER, contacts=(Contact(name="P" * 61),)), "Contact BD, name: cut"),
        (replace(ORDER, contacts=(Contact(name="PAT", mail="a*b@c"),)), "Contact BD, mail: left out"),
        (replace(ORDER, contacts=(Contact(name="日本"),)), "Contact BD, name: left out"),
        (replace(ORDER, notes=("N" * 264 * 1001,)), "Notes, pieces of 264 characters: 1 of 1001 left out"),
        (
            replace(ORDER, freight=Freight(payment="PP", location="DAYTON")),
            "The freight's location: left out, as it has no qualifier",
        ),
        (
            replace(ORDER, freight=Freight(payment="PP", location_qualifier="DE", location="D" * 81)),
            "The freight's location: cut",
        ),
        (replace(ORDER, terms=Terms(type="01", text="T" * 81)), "The text of the terms: cut"),
        (with_line(description="D" * 81), "Line 2, description: split"),
        (with_line(description="10 €"), "Line 2, description: characters replaced"),
        (with_line(notes=("日本",)), "Line 2, notes: left out"),
        (
            with_line(ship_to=Party(role="ST", name="\u00b0C", id="11", qualifier="92")),
            "Line 2, party ST, name: cha",
        ),
    ],
)
def test_what_is_replaced_cut_or_left_out_is_told(order: PurchaseOrder, sentence: str) -> None:
    (found,) = told(order)
    assert found.startswith(sentence)


@settings(max_examples=40, deadline=None)
@given(order=orders(), dialect=dialects)
def test_where_nothing_is_told_texts_stand_there_whole(order: PurchaseOrder, dialect: Dialect) -> None:
    if any(not one.endswith(": split") for one in told(order, dialect)):
        return
    text = " ".join(" ".join(one) for one in build_purchase_order(order, dialect)).casefold()
    whole = "".join(text.split())
    texts = [line.description for line in order.lines] + [one for line in order.lines for one in line.notes]
    for given_text in [*texts, *order.notes, *(party.name for party in order.parties)]:
        if len(given_text or "") < 60:
            assert "".join((given_text or "").split()).casefold() in whole
