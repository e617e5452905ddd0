"""Folding the rows of a join into documents."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.contract import Document, Unreadable
from ml_connector.core.errors import ContractChanged
from ml_connector.peoplesoft.fold import Folder
from ml_connector.peoplesoft.rows import Layouts
from tests.peoplesoft.support import Row, dataset, order_rows, shipped

ZONE = ZoneInfo("America/New_York")


def fold(
    rows: list[Row], of: Dataset | None = None, today: str = "2026-10-10"
) -> tuple[list[Document], list[Unreadable]]:
    of = of or dataset()
    folder = Folder(of, Layouts(of, ZONE).plan("ML_ORDERS", rows), today)
    folder.add(rows)
    return folder.result()


def one(rows: list[Row], of: Dataset | None = None, today: str = "2026-10-10") -> dict[str, Any]:
    documents, unreadable = fold(rows, of, today)
    assert unreadable == []
    assert len(documents) == 1
    return documents[0].payload


def test_a_product_of_sibling_collections_becomes_each_collection_once() -> None:
    rows = order_rows(1, lines=2, parts=3, notes=2)
    assert len(rows) == 12
    payload = one(rows)
    assert [line["LINE"] for line in payload["lines"]] == [1, 2]
    assert [[part["PART"] for part in line["parts"]] for line in payload["lines"]] == [[1, 2, 3]] * 2
    assert [note["NOTE"] for note in payload["notes"]] == [1, 2]


def test_an_outer_join_without_partner_is_no_child() -> None:
    payload = one(order_rows(1, lines=0, notes=0))
    assert payload["lines"] == []
    assert payload["notes"] == []
    assert one(order_rows(1, lines=1, parts=0))["lines"][0]["parts"] == []


def test_numbers_that_are_zero_instead_of_null_are_no_child_either() -> None:
    (row,) = order_rows(1, notes=0)
    row |= {"D.NOTE": 0, "D.TEXT": " "}
    assert one([row])["notes"] == []
    assert one([row | {"D.TEXT": "x"}])["notes"] == [{"NOTE": 0, "TEXT": "x"}]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 40), max_size=5),
)
def test_order_repetition_and_splits_of_rows_do_not_matter(
    shapes: list[tuple[int, int, int]], dice: Any, cuts: list[int]
) -> None:
    rows = [row for number, shape in enumerate(shapes, 1) for row in order_rows(number, *shape)]
    expected = {item.key: item for item in fold(rows)[0]}
    mixed = [*rows, *dice.choices(rows, k=3)]
    dice.shuffle(mixed)
    of = dataset()
    folder = Folder(of, Layouts(of, ZONE).plan("ML_ORDERS", rows), "2026-10-10")
    edges = [0, *sorted(min(cut, len(mixed)) for cut in cuts), len(mixed)]
    for begin, end in pairwise(edges):
        folder.add(mixed[begin:end])
    documents, unreadable = folder.result()
    assert unreadable == []
    assert {item.key: item for item in documents} == expected


def test_one_impossible_value_spoils_its_document_only() -> None:
    rows = [*order_rows(1), *order_rows(2, CHANGED="20210431"), *order_rows(3)]
    documents, unreadable = fold(rows)
    assert [item.key for item in documents] == ["US001|00000001", "US001|00000003"]
    assert unreadable == [Unreadable("US001|00000002", "US001", "CHANGED", "20210431", "a date YYYY-MM-DD")]


def test_the_field_of_a_child_is_named_with_its_path() -> None:
    rows = order_rows(1)
    rows[0]["C.PART"] = "x"
    assert fold(rows)[1][0].field == "lines.parts.PART"


def test_a_required_field_must_not_be_blank() -> None:
    _, (bad,) = fold(order_rows(1, BUSINESS_UNIT=" "))
    assert (bad.field, bad.expected) == ("BUSINESS_UNIT", "a value")


def test_stamp_and_its_fallback() -> None:
    rows = order_rows(1, CHANGED="2026-10-07")
    assert fold(rows)[0][0].stamp == "2026-10-07"
    without = [{name: value for name, value in row.items() if name != "A.CHANGED"} for row in rows]
    assert fold(without)[0][0].stamp == "2026-09-01"


def versions(*dated: tuple[str, str]) -> list[Row]:
    return [
        {
            "A.SETID": "SHARE",
            "A.ACCOUNT": "641000",
            "A.EFFDT": begin,
            "A.EFF_STATUS": status,
            "A.DESCR": begin,
            "A.ACCOUNT_TYPE": "E",
        }
        for begin, status in dated
    ]


def test_the_current_row_is_the_latest_that_has_begun() -> None:
    rows = versions(("2027-01-01", "A"), ("1901-01-01", "A"), ("2020-01-01", "A"))
    assert one(rows, shipped("gl_accounts"))["EFFDT"] == "2020-01-01"
    assert one(rows, shipped("gl_accounts"), today="2027-01-01")["EFFDT"] == "2027-01-01"


def test_an_inactive_current_row_means_inactive() -> None:
    payload = one(versions(("1901-01-01", "A"), ("2020-01-01", "I")), shipped("gl_accounts"))
    assert payload["EFF_STATUS"] == "I"


def test_what_has_not_begun_is_not_there() -> None:
    assert fold(versions(("2030-01-01", "A")), shipped("gl_accounts")) == ([], [])


def test_a_fault_in_an_old_row_does_no_harm() -> None:
    rows = versions(("1901-01-01", "no such status at all"), ("2020-01-01", "A"))
    assert one(rows, shipped("gl_accounts"))["EFFDT"] == "2020-01-01"


SUPPLIER: Row = {
    "A.SETID": "SHARE", "A.VENDOR_ID": "0000000012", "A.VENDOR_NAME_SHORT": "ACME", "A.NAME1": "Acme",
    "A.NAME2": "", "A.VENDOR_STATUS": "A", "A.VENDOR_CLASS": "R", "A.VENDOR_PERSISTENCE": "R",
    "B.COUNTRY": "USA", "B.ADDRESS1": "1 Main St", "B.CITY": "Boston", "B.STATE": "MA", "B.POSTAL": "02110",
}  # fmt: skip


def test_effective_dated_children_are_reduced_per_key() -> None:
    rows = [
        SUPPLIER | {"B.ADDRESS_SEQ_NUM": number, "B.EFFDT": begin, "C.VNDR_LOC": "MAIN", "C.EFFDT": since}
        for number, begin in [(1, "1901-01-01"), (1, "2020-01-01"), (1, "2030-01-01"), (2, "2019-01-01")]
        for since in ("1901-01-01", "2018-01-01")
    ]
    payload = one(rows, shipped("suppliers"))
    found = [(item["ADDRESS_SEQ_NUM"], item["EFFDT"]) for item in payload["addresses"]]
    assert found == [(1, "2020-01-01"), (2, "2019-01-01")]
    assert [item["EFFDT"] for item in payload["locations"]] == ["2018-01-01"]


def test_columns_may_be_bare_or_renamed() -> None:
    rows = [
        {name.split(".")[1] if name.startswith("A.") else name: value for name, value in row.items()}
        for row in order_rows(1)
    ]
    assert one(rows)["ID"] == "00000001"
    renamed = [
        {("VCHR_NO" if name == "A.ID" else name): value for name, value in row.items()}
        for row in order_rows(1)
    ]
    assert one(renamed, dataset(columns={"ID": ["NUMBER", "VCHR_NO"]}))["ID"] == "00000001"


def without(*names: str) -> list[Row]:
    return [
        {name: value for name, value in row.items() if name not in names} for row in order_rows(1, lines=2)
    ]


@pytest.mark.parametrize(
    ("column", "field"), [("A.ID", "ID"), ("B.LINE", "lines.LINE"), ("C.ACCOUNT", "lines.parts.ACCOUNT")]
)
def test_a_vanished_column_is_named_with_its_query(column: str, field: str) -> None:
    with pytest.raises(ContractChanged, match=f"query ML_ORDERS: no column for {field} of dataset orders"):
        fold(without(column))


def test_an_optional_collection_may_be_missing() -> None:
    documents, _ = fold(_with_blank(without("D.NOTE", "D.TEXT")))
    assert "notes" not in documents[0].payload


def _with_blank(rows: list[Row]) -> list[Row]:
    return [row | {"X.OTHER": ""} for row in rows]


def test_half_an_optional_collection_is_a_changed_contract() -> None:
    with pytest.raises(ContractChanged, match=r"notes\.NOTE"):
        fold(_with_blank(without("D.NOTE")))


def test_a_bare_column_that_two_records_could_mean_is_refused() -> None:
    twice = dataset()
    children = twice.model_dump(mode="json", exclude_none=True)["children"]
    children["notes"]["fields"] = {"NOTE": {"type": "integer"}, "AMT": {"type": "amount"}}
    rows = [
        {("AMT" if name == "B.AMT" else name): value for name, value in row.items()} for row in order_rows(1)
    ]
    with pytest.raises(ContractChanged, match=r"AMT could be lines\.AMT or notes\.AMT"):
        fold(rows, dataset(children=children))


def test_gateways_that_leave_out_blank_columns() -> None:
    full, bare = order_rows(1, STATUS="")[0], order_rows(2, lines=0, notes=0, STATUS="")[0]
    rows = [{name: value for name, value in row.items() if value != ""} for row in (full, bare)]
    documents, _ = fold(rows)
    assert [item.payload.get("STATUS", "") for item in documents] == ["", ""]
    assert [len(item.payload["lines"]) for item in documents] == [1, 0]


def test_the_fields_of_an_answer_are_named_only_where_they_are_certain() -> None:
    of = dataset()
    layouts = Layouts(of, ZONE)
    no_blank = [{name: value or "x" for name, value in row.items()} for row in order_rows(1)]
    assert layouts.plan("Q", no_blank).fields() == frozenset()
    fields = layouts.plan("Q", order_rows(1)).fields()
    assert {"ID", "lines.AMT", "lines.parts.ACCOUNT", "notes.TEXT"} <= fields
