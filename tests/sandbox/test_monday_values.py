"""What the Monday.com simulator takes into a cell, and how it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.monday.people import ME, OTHER, TEAMS

from .monday_client import ONE, Desk

TEAM = next(iter(TEAMS))
REFUSED = "ColumnValueException"
FIELDS = """
    text value type
    ... on NumbersValue { number symbol direction } ... on StatusValue { index label is_done }
    ... on DateValue { date time } ... on DropdownValue { values { id label } }
    ... on CheckboxValue { checked }
    ... on PeopleValue { persons_and_teams { id kind } } ... on LinkValue { url url_text }
    ... on TimelineValue { from to } ... on EmailValue { email email_label: label }
    ... on PhoneValue { phone country_short_name } ... on CountryValue { country { code name } }
"""


@pytest.mark.parametrize(
    ("kind", "written", "text", "value"),
    [
        ("text", "INV-1", "INV-1", "INV-1"),
        ("long_text", {"text": "a\nb"}, "a\nb", {"text": "a\nb"}),
        ("long_text", "plain", "plain", {"text": "plain"}),
        ("numbers", "1234.50", "1234.50", "1234.50"),
        ("numbers", 12, "12", "12"),
        ("numbers", 12.5, "12.5", "12.5"),
        ("numbers", "", "0", "0"),
        ("numbers", "-0.10", "-0.10", "-0.10"),
        ("status", {"label": "Done"}, "Done", {"index": 1}),
        ("status", {"index": 2}, "Stuck", {"index": 2}),
        ("status", {"label": "2"}, "Stuck", {"index": 2}),
        ("status", "Done", "Done", {"index": 1}),
        ("date", {"date": "2026-11-20"}, "2026-11-20", {"date": "2026-11-20"}),
        (
            "date",
            {"date": "2026-11-20", "time": "03:30:00"},
            "2026-11-19 22:30",
            {"date": "2026-11-20", "time": "03:30:00"},
        ),
        ("date", "2026-11-20", "2026-11-20", {"date": "2026-11-20"}),
        (
            "people",
            {"personsAndTeams": [{"id": ME.id, "kind": "person"}, {"id": TEAM, "kind": "team"}]},
            f"{ME.name}, Accounts payable",
            {"personsAndTeams": [{"id": ME.id, "kind": "person"}, {"id": TEAM, "kind": "team"}]},
        ),
        (
            "link",
            {"url": "https://x.io/1", "text": "Voucher"},
            "Voucher - https://x.io/1",
            {"url": "https://x.io/1", "text": "Voucher"},
        ),
        (
            "timeline",
            {"from": "2026-01-01", "to": "2026-01-31"},
            "2026-01-01 - 2026-01-31",
            {"from": "2026-01-01", "to": "2026-01-31"},
        ),
        ("checkbox", {"checked": "true"}, "v", {"checked": True}),
        ("email", {"email": "a@b.co", "text": "A"}, "A", {"email": "a@b.co", "text": "A"}),
        (
            "phone",
            {"phone": "+15551234567", "countryShortName": "US"},
            "+15551234567",
            {"phone": "+15551234567", "countryShortName": "US"},
        ),
        (
            "country",
            {"countryCode": "US", "countryName": "United States"},
            "United States",
            {"countryCode": "US"},
        ),
    ],
)
async def test_written_and_read(desk: Desk, kind: str, written: Any, text: str, value: Any) -> None:
    item = await desk.item(desk.board(it=kind), it=written)
    cell = (await desk.cells(item, FIELDS))["it"]
    assert cell["text"] == text
    found = json.loads(cell["value"])
    assert (found | value if isinstance(value, dict) else value) == found


async def test_typed_fields(desk: Desk) -> None:
    board = desk.board(
        day="date",
        state="status",
        person="people",
        site="link",
        span="timeline",
        mail="email",
        call="phone",
        land="country",
        done="checkbox",
    )
    desk.column(board, "amount", "numbers", {"unit": {"symbol": "$", "direction": "left", "precision": 0}})
    desk.column(board, "kind", "dropdown", {"labels": [{"label": "A"}, {"label": "B"}]})
    item = await desk.item(
        board,
        amount="12.345",
        day={"date": "2026-11-20", "time": "15:00:00"},
        state={"label": "Done"},
        kind={"labels": ["B", "A"]},
        person={"personsAndTeams": [{"id": ME.id, "kind": "person"}]},
        site={"url": "https://x.io", "text": "x"},
        span={"from": "2026-01-01", "to": "2026-02-01"},
        mail={"email": "a@b.co", "text": "A"},
        call={"phone": "+1555123", "countryShortName": "US"},
        land={"countryCode": "US", "countryName": "United States"},
        done={"checked": "true"},
    )
    cells = await desk.cells(item, FIELDS)
    expected: dict[str, Any] = {
        "amount": {"number": 12.345, "symbol": "$", "direction": "left", "text": "12.345"},
        "day": {"date": "2026-11-20", "time": "10:00"},
        "state": {"index": 1, "label": "Done", "is_done": True},
        "kind": {"text": "B, A", "values": [{"id": "2", "label": "B"}, {"id": "1", "label": "A"}]},
        "person": {"persons_and_teams": [{"id": str(ME.id), "kind": "person"}]},
        "site": {"url": "https://x.io", "url_text": "x"},
        "span": {"from": "2026-01-01", "to": "2026-02-01"},
        "mail": {"email": "a@b.co", "email_label": "A"},
        "call": {"phone": "+1555123", "country_short_name": "US"},
        "land": {"country": {"code": "US", "name": "United States"}},
        "done": {"checked": True},
    }
    for column_id, fields in expected.items():
        cell = json.loads(json.dumps(cells[column_id], default=float))
        assert cell | fields == cell, column_id


async def test_empty_cells_are_listed_as_well(desk: Desk) -> None:
    kinds = [
        "text",
        "long_text",
        "numbers",
        "status",
        "dropdown",
        "date",
        "people",
        "link",
        "timeline",
        "checkbox",
        "email",
        "phone",
        "country",
        "formula",
        "creation_log",
        "last_updated",
    ]
    board = desk.board(**{f"c_{kind}": kind for kind in kinds})
    cells = await desk.cells(await desk.item(board), FIELDS)
    assert [cells[f"c_{kind}"]["type"] for kind in kinds] == kinds
    assert cells["c_text"]["text"] == cells["c_numbers"]["text"] == ""
    assert cells["c_status"]["text"] is None
    assert cells["c_numbers"]["number"] is None
    assert cells["c_creation_log"]["text"].endswith(" UTC")
    for kind in kinds[:-2]:
        assert cells[f"c_{kind}"]["value"] is None
    query = 'query C($i:[ID!]){items(ids:$i){column_values(ids:["c_date"],types:[date]){id}}}'
    (row,) = (await desk.ask(query, {"i": [next(iter(board.items))]})).data["items"]
    assert row["column_values"] == [{"id": "c_date"}]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("text", 5),
        ("text", {"text": "x"}),
        ("long_text", {"text": "x" * 2001}),
        ("long_text", {"body": "x"}),
        ("numbers", "1,234"),
        ("numbers", "1e5"),
        ("numbers", "$5"),
        ("numbers", True),
        ("numbers", {"number": 5}),
        ("status", {"label": "Nothing"}),
        ("status", {"index": 7}),
        ("status", {"index": "one"}),
        ("status", {"label": "2023"}),
        ("status", {"label": "Done", "index": 1}),
        ("status", 1),
        ("status", {"text": "Done"}),
        ("dropdown", {"labels": ["Nothing"]}),
        ("dropdown", {"ids": [1]}),
        ("dropdown", {"label": "A"}),
        ("date", {"date": "20.11.2026"}),
        ("date", {"date": "2026-02-30"}),
        ("date", {"date": "2026-11-20", "time": "9:00"}),
        ("date", "20261120"),
        ("date", {"day": "2026-11-20"}),
        ("people", {"personsAndTeams": [{"id": 1, "kind": "person"}]}),
        ("people", {"persons": []}),
        ("link", {"url": "x.io", "text": "x"}),
        ("link", {"text": "x"}),
        ("timeline", {"from": "2026-01-01"}),
        ("timeline", {"from": "2026-02-01", "to": "2026-01-01"}),
        ("checkbox", {"checked": "yes"}),
        ("checkbox", True),
        ("email", {"email": "nobody", "text": ""}),
        ("phone", {"phone": "call me"}),
        ("phone", {"phone": "+15551234", "countryShortName": "usa"}),
        ("country", {"countryCode": "USA", "countryName": "x"}),
        ("country", {"countryCode": "US"}),
    ],
)
async def test_values_that_are_refused_leave_nothing(desk: Desk, kind: str, wrong: Any) -> None:
    board = desk.board(it=kind, other="text")
    reply = await desk.create(board, values={"other": "x", "it": wrong})
    (error,) = reply.errors
    assert (reply.status, error["path"]) == (200, ["create_item"])
    assert error["extensions"]["code"] == REFUSED
    assert error["extensions"]["error_data"]["column_id"] == "it"
    assert not board.items
    item = await desk.item(board, other="before")
    assert (await desk.change(item, {"other": "after", "it": wrong})).code == REFUSED
    assert (await desk.cells(item))["other"]["text"] == "before", "all or nothing"


async def test_an_unknown_label_names_itself(desk: Desk) -> None:
    board = desk.board(state="status")
    (error,) = (await desk.create(board, values={"state": {"label": "Payd"}})).errors
    data = error["extensions"]["error_data"]
    assert error["message"].startswith(
        "This status label doesn't exist, possible statuses are: {0: Working on it"
    )
    assert data["column_validation_error_code"] == "missingLabel"
    assert (data["column_name"], data["column_type"]) == ("State", "color")


async def test_labels_are_made_on_demand_but_never_for_a_refused_item(desk: Desk) -> None:
    board = desk.board(state="status", kind="dropdown", amount="numbers")
    values = {"state": {"label": "Matched"}, "kind": {"labels": ["PO", "Non-PO"]}}
    assert (await desk.create(board, values=values | {"amount": "x"}, labels=True)).code == REFUSED
    labels = {column_id: column.labels for column_id, column in board.columns.items() if column.labels}
    assert [len(row.rows) for row in labels.values()] == [3, 0]
    assert (await desk.create(board, values=values)).code == REFUSED
    assert (await desk.create(board, values=values, labels=True)).data
    cells = await desk.cells(next(iter(board.items.values())), FIELDS)
    assert (cells["state"]["index"], cells["kind"]["text"]) == (3, "PO, Non-PO")
    number = await desk.create(board, values={"state": {"label": "2023"}}, labels=True)
    assert number.code == REFUSED, "it looks like the id of a label"


@pytest.mark.parametrize(
    ("kind", "filled", "clearing", "left"),
    [
        ("text", "x", "", ""),
        ("text", "x", None, ""),
        ("numbers", "5", None, ""),
        ("numbers", "5", "", "0"),
        ("status", {"index": 1}, None, None),
        ("status", {"index": 1}, {}, None),
        ("date", {"date": "2026-11-20"}, None, ""),
        ("date", {"date": "2026-11-20"}, {}, ""),
        ("checkbox", {"checked": "true"}, None, ""),
        ("checkbox", {"checked": "true"}, {"checked": "false"}, ""),
        ("long_text", {"text": "x"}, None, ""),
        ("link", {"url": "https://x"}, None, ""),
        ("people", {"personsAndTeams": [{"id": OTHER.id, "kind": "person"}]}, {"personsAndTeams": []}, ""),
    ],
)
async def test_clearing(desk: Desk, kind: str, filled: Any, clearing: Any, left: Any) -> None:
    item = await desk.item(desk.board(it=kind), it=filled)
    assert (await desk.cells(item))["it"]["text"] not in {"", None}
    await desk.change(item, {"it": clearing})
    assert (await desk.cells(item))["it"]["text"] == left


@pytest.mark.parametrize(
    ("kind", "simple", "text"),
    [
        ("text", "x", "x"),
        ("numbers", "1.50", "1.50"),
        ("status", "Done", "Done"),
        ("status", "2", "Stuck"),
        ("date", "2026-11-20", "2026-11-20"),
        ("people", str(OTHER.id), OTHER.name),
        ("checkbox", "true", "v"),
        ("link", "https://x.io X", "X - https://x.io"),
        ("email", "a@b.co A", "A"),
        ("phone", "+1555123 US", "+1555123"),
    ],
)
async def test_simple_strings(desk: Desk, kind: str, simple: str, text: str) -> None:
    item = await desk.item(desk.board(it=kind))
    assert (await desk.simple(item, "it", simple)).data
    assert (await desk.cells(item))["it"]["text"] == text
    assert (await desk.simple(item, "it", "")).data
    assert (await desk.cells(item))["it"]["text"] in {"", None}, 'here "" clears numbers, too'


async def test_columns_that_are_not_there_or_not_to_be_written(desk: Desk) -> None:
    board = desk.board(sum="formula", seen="last_updated", made="creation_log", lines="subtasks")
    item = await desk.item(board)
    assert (await desk.change(item, {"none": "x"})).code == "InvalidColumnIdException"
    assert (await desk.simple(item, "none", "x")).code == "InvalidColumnIdException"
    for column_id in ("sum", "seen", "made", "lines"):
        assert (await desk.change(item, {column_id: "x"})).code == REFUSED
    assert (await desk.create(board, values=["x"])).code == "InvalidArgumentException"
    one = {"b": board.id, "i": item.id, "c": "name", "v": '"x"'}
    assert (await desk.ask(ONE, one)).code == "InvalidColumnIdException"


async def test_an_item_has_room_for_64_kilobytes(desk: Desk) -> None:
    board = desk.board(a="text", b="text")
    item = await desk.item(board, a="x" * 40_000)
    assert (await desk.change(item, {"b": "x" * 40_000})).code == "InvalidArgumentException"


async def test_connected_boards(desk: Desk) -> None:
    suppliers, strangers = desk.board("Suppliers", city="text"), desk.board("Strangers")
    board = desk.board()
    desk.column(
        board, "supplier", "board_relation", {"boardIds": [suppliers.id], "allowMultipleItems": False}
    )
    desk.column(
        board, "city", "mirror", {"relation_column_id": "supplier", "displayed_linked_column_ids": ["city"]}
    )
    acme, other = await desk.item(suppliers, "ACME", city="Erie"), await desk.item(suppliers, "Globex")
    stranger = await desk.item(strangers)
    item = await desk.item(board, supplier={"item_ids": [acme.id]})
    fields = (
        "text value ... on BoardRelationValue{display_value linked_item_ids linked_items{name}}"
        " ... on MirrorValue{display_value}"
    )
    cells = await desk.cells(item, fields)
    assert cells["supplier"] == {
        "text": None,
        "value": None,
        "display_value": "ACME",
        "linked_item_ids": [str(acme.id)],
        "linked_items": [{"name": "ACME"}],
    }
    assert cells["city"] == {"text": None, "value": None, "display_value": "Erie"}
    desk.state.store.retire(other, "archived")
    cases: list[tuple[Any, str | None]] = [
        ({"item_ids": [acme.id, stranger.id]}, "linkedItemsLimitExceeded"),
        ({"item_ids": [stranger.id]}, "itemsNotInBoards"),
        ({"item_ids": [other.id]}, "inactiveItems"),
        ({"linkedPulseIds": [{"linkedPulseId": acme.id}]}, None),
        ({"item_ids": acme.id}, None),
    ]
    for wrong, code in cases:
        (error,) = (await desk.change(item, {"supplier": wrong})).errors
        assert error["extensions"]["code"] == REFUSED
        assert error["extensions"]["error_data"].get("column_validation_error_code") == code
    assert (await desk.simple(item, "supplier", str(acme.id))).code == "CorrectedValueException"
    one = {"b": board.id, "i": item.id, "c": "supplier", "v": json.dumps({"item_ids": [acme.id]})}
    assert (await desk.ask(ONE, one)).code == REFUSED
    assert (await desk.change(item, {"supplier": None})).data
    assert (await desk.cells(item, fields))["supplier"]["linked_item_ids"] == []


async def test_one_value_at_a_time(desk: Desk) -> None:
    board = desk.board(day="date")
    item = await desk.item(board)
    before = item.updated
    desk.state.clock.advance(5)
    one = {"b": board.id, "i": item.id, "c": "day", "v": '{"date":"2026-11-20"}'}
    assert (await desk.ask(ONE, one)).data
    assert (await desk.cells(item))["day"]["text"] == "2026-11-20"
    assert item.updated >= before + 5
