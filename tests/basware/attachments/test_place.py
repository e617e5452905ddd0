"""Where a file lies: below its voucher, whatever Basware calls it, and no two in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.basware.attachments.target import place_of

BODY = {"business_unit": "US001", "voucher": "00000001", "code": "c0de", "name": "scan.PDF"}


def test_unit_voucher_and_code() -> None:
    assert place_of(BODY) == "US001/00000001/c0de.pdf"


@pytest.mark.parametrize(
    ("name", "ending"), [("a", ""), ("a.tar.gz", ".gz"), ("a.x/y", ""), ("..", ""), ("a.", ""), ("a.é", "")]
)
def test_an_ending_is_kept_where_it_is_one(name: str, ending: str) -> None:
    assert place_of(BODY | {"name": name}) == f"US001/00000001/c0de{ending}"


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_code_leads_out_of_the_folder_or_to_anothers_place(one: str, other: str) -> None:
    places = [place_of(BODY | {"code": code}) for code in (one, other)]
    for place in places:
        assert place.startswith("US001/00000001/")
        assert place.count("/") == 2
        assert ".." not in place
    assert (places[0] == places[1]) == (one == other)
