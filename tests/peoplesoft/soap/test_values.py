"""Values on their way through XML."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ContractChanged
from ml_connector.peoplesoft.soap import InterfaceName
from ml_connector.peoplesoft.soap.calls import Answer
from ml_connector.peoplesoft.soap.documents import Documents
from ml_connector.peoplesoft.soap.names import Role
from ml_connector.peoplesoft.soap.reply import Reply, read
from ml_connector.peoplesoft.soap.shape import Converter
from ml_connector.peoplesoft.soap.values import clean, to_decimal, to_text
from ml_connector.peoplesoft.soap.wsdl import Description, parse
from tests.peoplesoft.soap.wsdls import Wsdl

NAME = InterfaceName("THING", properties={"COLOUR": "COLOUR"})
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # surrogates and control characters too
LEGAL = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=None)


def description() -> Description:
    text = Wsdl().text().encode()
    return parse(Documents("http://erp/CI_THING.1.wsdl", {"http://erp/CI_THING.1.wsdl": text}).pack())


def round_trip(values: Payload) -> Payload:
    """What comes back where PeopleSoft holds what was sent to it."""
    known = description()
    create, get = known.operation(NAME, Role.CREATE), known.operation(NAME, Role.GET)
    message = known.message(create, Converter(NAME).to_site(values, create.takes), ("USER", "pass"))
    sent = read(message)
    assert isinstance(sent, Reply)
    return Answer(NAME, get, sent).payload() or {}


@given(ANY_TEXT, ANY_TEXT)
def test_texts_survive_but_for_what_xml_cannot_hold(text: str, note: str) -> None:
    parts = [{"PART_NBR": 1, "NOTE": note}]
    back = round_trip({"SETID": "SHARE", "DESCR": text, "PART": parts})
    assert back["SETID"] == "SHARE"
    assert back.get("DESCR", "") == clean(text).strip()
    assert back["PART"][0].get("NOTE", "") == clean(note).strip()


@given(ANY_TEXT)
def test_cleaning_removes_illegal_characters_only(text: str) -> None:
    cleaned = clean(text)
    assert LEGAL.fullmatch(cleaned)
    assert cleaned == "".join(one for one in text if LEGAL.fullmatch(one))


@given(AMOUNTS)
def test_amounts_survive_digit_by_digit(amount: Decimal) -> None:
    written = to_text("AMOUNT", amount)
    assert re.fullmatch(r"-?\d+(\.\d+)?", written)
    assert round_trip({"SETID": "SHARE", "AMOUNT": amount})["AMOUNT"] == amount


@pytest.mark.parametrize("text", ["", "x", "1,5", "NaN", "Infinity", "1.250,50"])
def test_a_text_that_is_no_number_is_told(text: str) -> None:
    with pytest.raises(ContractChanged, match="AMOUNT: PeopleSoft answered"):
        to_decimal("AMOUNT", text)
