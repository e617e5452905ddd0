"""Names of files: plain, the same each time, and different for different documents."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.cleo.mailbox.protocol import checked_name
from ml_connector.cleo.outbound.naming import FileName, parse, prefix

texts = st.text(min_size=1, max_size=80)


def test_the_parts_stand_in_the_name() -> None:
    name = FileName("850", "acme", "US001", "0000000007", 1, 231)
    assert str(name) == "850_acme_US001_0000000007_1_000000231.edi"
    assert parse(str(name)) == name
    assert name.exact


def test_what_cleo_adds_to_a_name_is_left_out() -> None:
    assert parse("850_acme_US001_0000000007_1_000000231.1.edi") == FileName(
        "850", "acme", "US001", "0000000007", 1, 231
    )


def test_files_of_others_are_none_of_ours() -> None:
    assert [parse(name) for name in ("orders.edi", "850_acme_1.edi", "850_a_b_c_1_12.edi", "")] == [None] * 4


@given(texts, texts, texts, st.integers(1, 999), st.integers(1, 999_999_999))
def test_any_text_makes_a_name_that_cleo_takes(
    partner: str, unit: str, document: str, revision: int, number: int
) -> None:
    name = str(FileName("850", partner, unit, document, revision, number))
    assert re.fullmatch(r"[A-Za-z0-9_.]+", name)
    assert name.count("_") == 5
    assert checked_name(name) == name
    found = parse(name)
    assert found is not None
    assert (found.revision, found.number) == (revision, number)


@given(texts, texts)
def test_two_documents_never_share_a_name(one: str, other: str) -> None:
    same = prefix("850", "acme", "US001", one) == prefix("850", "acme", "US001", other)
    assert same == (one == other)
