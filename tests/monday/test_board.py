"""What a tenant names, found on live boards, and everything that must stop a flow before it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ml_connector.core.errors import ConfigurationError
from ml_connector.monday.board import board_of, find_board, read_column, same, titled
from ml_connector.monday.layout import Layout, resolve
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.template import BOARDS, KEY, LINK, column_id

from . import boards
from .boards import Account, options

WHERE = "integrations.monday.options.boards.invoices"


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


async def resolved(account: Account, chosen: MondayOptions, flow: str = "invoices") -> Layout:
    return await resolve(account.api, chosen, "invoices", flow)


async def fault(account: Account, chosen: MondayOptions, flow: str = "invoices") -> str:
    with pytest.raises(ConfigurationError) as raised:
        await resolved(account, chosen, flow)
    return str(raised.value)


# ---- boards


async def test_a_board_is_found_by_its_id_and_by_its_title(account: Account) -> None:
    made = account.board("Invoices")
    account.board("Orders")
    for wanted in (str(made.id), "Invoices", "  invoices "):
        found = await find_board(account.api, wanted, "there")
        assert (found.id, found.name, found.items_count) == (str(made.id), "Invoices", 0)


async def test_a_board_beyond_the_first_hundred_is_found_by_its_title(account: Account) -> None:
    for number in range(105):
        account.board(f"Board {number}", key=False)
    assert (await find_board(account.api, "Board 104", "there")).name == "Board 104"


async def test_two_boards_of_one_title_are_no_answer(account: Account) -> None:
    account.board("Invoices")
    account.board("invoices")
    with pytest.raises(ConfigurationError, match="2 boards titled 'Invoices'") as raised:
        await find_board(account.api, "Invoices", WHERE)
    assert raised.value.field == WHERE


def test_the_workspace_tells_two_boards_of_one_title_apart() -> None:
    listed = [
        {"id": "7", "name": "Invoices", "workspace": {"id": "1", "name": "Main"}},
        {"id": "8", "name": "Invoices", "workspace": {"id": "2", "name": "Finance"}},
    ]
    assert titled(listed, "Invoices", "finance") == ["8"]
    assert titled(listed, "Invoices", "1") == ["7"]
    assert titled(listed, "Invoices", None) == ["7", "8"]
    assert titled(listed, "Invoices", "elsewhere") == []
    assert titled(listed[:1], "invoices", "elsewhere") == ["7"]


@pytest.mark.parametrize("state", ["archived", "deleted"])
async def test_a_board_that_is_not_active_is_no_board(account: Account, state: str) -> None:
    made = account.board("Invoices")
    made.state = state
    assert await board_of(account.api, str(made.id)) is None
    for wanted in (str(made.id), "Invoices"):
        with pytest.raises(ConfigurationError, match="no board"):
            await find_board(account.api, wanted, "there")


async def test_a_board_that_is_not_there_is_named_with_what_makes_it(account: Account) -> None:
    for wanted in ("4711", "Invoices"):
        with pytest.raises(ConfigurationError, match="provision") as raised:
            await find_board(account.api, wanted, WHERE)
        assert wanted in str(raised.value)


async def test_the_hidden_board_of_subitems_is_no_board_with_a_title(account: Account) -> None:
    account.invoices("subitems")
    other = account.board("Subitems of Invoices")
    assert (await find_board(account.api, "Subitems of Invoices", "there")).id == str(other.id)


# ---- columns and groups


async def test_a_column_is_found_by_its_id_before_its_title(account: Account) -> None:
    made = account.board("Invoices")
    account.column(made, "total", "Amount", "numbers")
    account.column(made, "amount", "Total", "numbers")
    board = await find_board(account.api, "Invoices", "there")
    assert board.column("total", "there").title == "Amount"
    assert board.column("Total", "there").id == "amount"  # no column has this very id
    assert board.column(" AMOUNT ", "there").id == "total"


async def test_two_columns_of_one_title_are_no_answer_and_all_are_named(account: Account) -> None:
    made = account.board("Invoices")
    account.column(made, "a1", "Amount", "numbers")
    account.column(made, "a2", "amount", "numbers")
    board = await find_board(account.api, "Invoices", "there")
    with pytest.raises(ConfigurationError, match="2 columns 'Amount'") as raised:
        board.column("Amount", "there")
    assert "a1 (Amount), a2 (amount)" in str(raised.value)
    with pytest.raises(ConfigurationError, match="no column 'Sum'"):
        board.column("Sum", "there")


async def test_one_column_serves_one_field(account: Account) -> None:
    account.invoices()
    said = await fault(account, options(columns={"voucher": "ps_voucher", "terms": "VOUCHER"}))
    assert "columns.terms: column 'Voucher' is voucher's already" in said


async def test_a_group_is_found_by_id_and_title_and_must_be_one(account: Account) -> None:
    made = account.board("Invoices", groups=("Open", "Paid", "paid"))
    board = await find_board(account.api, "Invoices", "there")
    (first, *_) = made.groups
    assert board.group(first, "there") == board.group("OPEN", "there") == first
    for wanted, said in (("Paid", "2 groups"), ("Closed", "no group")):
        with pytest.raises(ConfigurationError, match=said):
            board.group(wanted, "there")


def test_titles_are_compared_as_people_do() -> None:
    assert same(" Straße ", "STRASSE")
    assert not same("Open", "Opened")


@pytest.mark.parametrize("given", [None, "{}", []])
def test_settings_that_are_no_object_are_none(given: Any) -> None:
    assert read_column({"id": "a", "title": "A", "type": "text", "settings": given}).settings == {}


# ---- the layout of a flow


async def test_a_flow_writes_its_own_columns_and_no_others(account: Account) -> None:
    account.invoices("board")
    items = (await resolved(account, options("board"))).items
    payments = (await resolved(account, options("board"), "payment_status")).items
    assert set(items.columns) == {"voucher", "amount", "invoice_date", "approval", "description"}
    assert set(payments.columns) == {"payment_status", "paid_amount", "paid_on", "payment_reference"}
    assert items.numbers == {"amount"}


async def test_the_payment_flow_has_no_lines(account: Account) -> None:
    account.invoices("board")
    assert (await resolved(account, options("board"), "payment_status")).lines is None


async def test_new_items_go_into_the_topmost_group_unless_one_is_named(account: Account) -> None:
    made = account.invoices(groups=("Inbox", "Open"))
    inbox, open_ = made.groups
    assert (await resolved(account, options())).group == inbox
    assert (await resolved(account, options(group="Open"))).group == open_


async def test_columns_of_the_template_are_found_by_their_fixed_ids(account: Account) -> None:
    template = {
        column_id(name): column for name, column in BOARDS["invoices"].columns.items() if not column.reference
    }
    account.board("Invoices", template, groups=("Open",))
    layout = await resolved(account, options(columns=None))
    assert {column.id for column in layout.items.columns.values()} | {
        column_id(name) for name in ("payment_status", "paid_amount", "paid_on", "payment_reference")
    } == set(template)


Change = Callable[[Account], None]


def retyped(name: str, type_: str, **defaults: Any) -> Change:
    def change(account: Account) -> None:
        board = account.board_of("Invoices")
        account.person("delete-column", board=board.id, column=name)
        account.column(board, name, name, type_, **defaults)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (retyped(KEY, "numbers"), "key: column 'ps_key' of board 'Invoices' is of type numbers"),
        (
            retyped("ps_voucher", "formula"),
            "columns.voucher: column 'ps_voucher' of board 'Invoices' is of type formula",
        ),
        (retyped("ps_voucher", "mirror"), "it cannot be written"),
        (retyped("ps_voucher", "numbers"), "(expected: a column of type text)"),
        (retyped("ps_amount", "date"), "a column of type numbers or text"),
        (retyped("ps_approval", "checkbox"), "a column of type status or text"),
        (retyped("ps_voucher", "board_relation", boardIds=[]), "this field is no reference to another board"),
        (retyped("ps_gone", "text"), "gone.column: column 'ps_gone' of board 'Invoices' is of type text"),
    ],
)
async def test_a_column_of_the_wrong_type_stops_the_flow(account: Account, change: Change, said: str) -> None:
    account.invoices()
    change(account)
    text = await fault(account, options())
    assert said in text
    assert text.startswith(WHERE)


@pytest.mark.parametrize(
    ("name", "type_"), [("ps_amount", "text"), ("ps_approval", "dropdown"), ("ps_description", "text")]
)
async def test_a_column_of_another_type_that_takes_the_values_is_fine(
    account: Account, name: str, type_: str
) -> None:
    account.invoices()
    retyped(name, type_)(account)
    assert (await resolved(account, options())).items.columns[name.removeprefix("ps_")].type == type_


async def test_the_key_column_holds_nothing_else(account: Account) -> None:
    account.invoices()
    assert "holds the natural key" in await fault(account, options(columns={"voucher": KEY}))


async def test_a_reference_needs_a_column_that_connects_or_keeps_labels(account: Account) -> None:
    account.invoices(ps_supplier="text")
    chosen = options(columns=["supplier"])
    assert "connects boards, or a dropdown column" in await fault(account, chosen)
    retyped("ps_supplier", "dropdown")(account)
    assert (await resolved(account, chosen)).items.references == {"supplier"}


async def test_no_group_at_all_stops_the_flow(account: Account) -> None:
    account.invoices().groups.clear()
    assert "has no group" in await fault(account, options())


async def test_the_mark_may_be_a_label_of_a_status_column(account: Account) -> None:
    board = account.invoices()
    account.column(board, "state", "State", "status", ("Live", "Cancelled"))
    mark = (await resolved(account, options(gone={"column": "State", "label": "Cancelled"}))).gone
    assert (mark.column and mark.column.id, mark.label) == ("state", "Cancelled")
    said = await fault(account, options(gone={"column": "State", "label": "Canceled"}))
    assert "has no label 'Canceled'" in said
    assert "Cancelled" in said


async def test_items_that_are_archived_need_no_mark(account: Account) -> None:
    board = account.invoices()
    account.person("delete-column", board=board.id, column="ps_gone")
    assert (await resolved(account, options(gone={"do": "archive"}))).gone.column is None
    assert "no column 'ps_gone'" in await fault(account, options())


async def test_groups_of_payments_are_found(account: Account) -> None:
    board = account.invoices()
    layout = await resolved(account, options(paid_group="Paid", open_group="Open"), "payment_status")
    titles = {group.id: group.title for group in board.groups.values()}
    assert (titles[layout.paid_group or ""], titles[layout.open_group or ""]) == ("Paid", "Open")
    assert "no group 'Done'" in await fault(account, options(paid_group="Done", open_group="Open"))


# ---- where lines go


async def test_lines_on_a_board_of_their_own_are_connected_with_their_document(account: Account) -> None:
    account.invoices("board")
    lines = (await resolved(account, options("board"))).lines
    assert lines is not None
    assert (lines.link and lines.link.id, lines.place.board.name) == (LINK, "Invoice lines")
    assert lines.group == next(iter(account.board_of("Invoice lines").groups))


async def test_a_board_of_lines_that_is_connected_with_another_one_stops_the_flow(account: Account) -> None:
    account.invoices("board")
    account.board_of("Invoice lines").columns[LINK].settings = {"boardIds": [4711]}
    said = await fault(account, options("board"))
    assert "does not connect it with 'Invoices'" in said
    assert said.startswith(f"{WHERE}.lines.link")


async def test_a_board_of_lines_without_the_connection_stops_the_flow(account: Account) -> None:
    account.invoices("board")
    account.person("delete-column", board="Invoice lines", column=LINK)
    assert f"no column '{LINK}'" in await fault(account, options("board"))


async def test_subitems_are_written_to_their_hidden_board(account: Account) -> None:
    board = account.invoices("subitems")
    lines = (await resolved(account, options("subitems"))).lines
    assert lines is not None
    assert board.subitem_board is not None
    assert (lines.place.board.id, lines.link, lines.group) == (str(board.subitem_board.id), None, None)


async def test_a_board_without_subitems_says_what_makes_them(account: Account) -> None:
    account.invoices()
    assert "provision" in await fault(account, options("subitems"))


async def test_columns_of_subitems_are_looked_for_on_the_hidden_board(account: Account) -> None:
    board = account.invoices("subitems")
    assert board.subitem_board is not None
    account.person("delete-column", board=board.subitem_board.id, column="ps_quantity")
    said = await fault(account, options("subitems"))
    assert "board 'Subitems of Invoices' has no column 'ps_quantity'" in said
    assert said.startswith(f"{WHERE}.lines.columns.quantity")
