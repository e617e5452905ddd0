from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.cleo.filters import eq, ge

PRINTABLE = st.text(st.characters(exclude_categories=["C"]), max_size=40)


def test_expressions_as_cleos_own_tools_write_them() -> None:
    assert str(eq("alias", "ACME")) == 'alias eq "ACME"'
    both = eq("alias", "send") & eq("connection.alias", "ACME-1") & eq("type", "s")
    assert str(both) == 'alias eq "send" and connection.alias eq "ACME-1" and type eq "s"'
    assert str(ge("startDT", "2026/11/20 09:15:03")) == 'startDT ge "2026/11/20 09:15:03"'


@given(PRINTABLE)
def test_a_value_never_becomes_an_expression(value: str) -> None:
    """Read back by the grammar: one string, and it is the value."""
    found = re.fullmatch(r'alias eq "((?:[^"\\]|\\.)*)"', str(eq("alias", value)), re.DOTALL)
    assert found is not None
    assert re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) == value


@pytest.mark.parametrize("attribute", ["", "a b", 'a" or b', "a..b", "1a", "a.", "alias eq"])
def test_an_attribute_is_a_name(attribute: str) -> None:
    with pytest.raises(ValueError, match="no attribute"):
        eq(attribute, "x")


def test_control_characters_are_refused() -> None:
    with pytest.raises(ValueError, match="control character"):
        eq("alias", "a\nb")
