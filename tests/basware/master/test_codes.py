from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.basware.master.codes import LONGEST, external_code, mark_of, marked, natural_key, unmarked


@pytest.mark.parametrize(
    ("key", "prefix", "code"),
    [
        ("SHARE|641000", "", "SHARE-641000"),
        ("SHARE|0000000007", "PS-", "PS-SHARE-0000000007"),
        ("US001|A-1.b_2", "", "US001-A-1.b_2"),
    ],
)
def test_a_code_shows_its_key(key: str, prefix: str, code: str) -> None:
    assert external_code(key, prefix) == code
    assert natural_key(code, prefix) == key


@pytest.mark.parametrize("key", ["SHARE|R&D", "SHARE|Ä1", "A-B|1", "A|B|C", "SHARE|" + "9" * 40, "SHARE|1 2"])
def test_what_does_not_fit_becomes_a_uuid(key: str) -> None:
    code = external_code(key, "PS-")
    assert len(code) == 35
    assert natural_key(code, "PS-") is None
    assert external_code(key, "PS-") == code


def test_the_uuid_of_a_key_never_changes() -> None:
    assert external_code("SHARE|R&D") == "ec2208da0daf55cfb22d52565046bec9"


@given(st.lists(st.text(min_size=1, max_size=40), min_size=2, max_size=30, unique=True))
def test_two_keys_never_share_a_code(keys: list[str]) -> None:
    codes = [external_code(f"SHARE|{key}") for key in keys]
    assert len(set(codes)) == len(codes)
    assert all(len(code) <= LONGEST for code in codes)


def test_a_mark_makes_a_record_new_and_can_be_taken_off() -> None:
    mark = mark_of("attempt 1", "SHARE|1")
    assert mark != mark_of("attempt 2", "SHARE|1")
    names = [{"language": "en-US", "translation": "Paper"}, {"language": "de-DE", "translation": "Papier"}]
    record = {"text5": "x", "names": names}
    assert marked(record, "text4", mark)["text4"] == f"[{mark}]"
    assert unmarked(marked(record, "text4", mark)["text4"]) == ""
    assert unmarked(marked(record, "text5", mark)["text5"]) == "x"
    shown = marked(record, "names", mark)["names"]
    assert [unmarked(row["translation"]) for row in shown] == ["Paper", "Papier"]
    assert isinstance(marked(record, "sortOrder", mark)["sortOrder"], int)
    assert record == {"text5": "x", "names": names}
