"""Boards that are made from options, against the simulator: once, again, after a kill, and beside others'."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.errors import ConnectorError, InDoubt
from ml_connector.monday.api import MondayApi
from ml_connector.monday.limits import ApiLimits
from sandbox.monday.labels import Label, Labels
from tests.monday.account import ALL, Account, opened, options, tenant

MADE = ["Suppliers", "GL accounts", "Invoices", "Invoice lines", "Orders", "Subitems of Orders"]


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    async with opened(tmp_path) as made:
        yield made


async def test_everything_is_made_and_fits(account: Account) -> None:
    said = await account.provision(options())
    assert account.titles() == MADE
    assert len(said) == len(set(said))
    assert {line.partition(" ")[0] for line in said} == {"made"}
    assert await account.inspect(options()) == []


async def test_a_second_run_makes_nothing(account: Account) -> None:
    await account.provision(options())
    before = account.calls
    assert await account.provision(options()) == []
    assert account.calls - before == 7, "the boards' titles, and one look at each"


async def test_a_dry_run_makes_nothing_and_says_the_same(account: Account) -> None:
    planned = await account.provision(options(), dry_run=True)
    assert account.titles() == []
    assert account.calls == 1
    made = await account.provision(options())
    assert [line.removeprefix("would make ") for line in planned] == [
        line.removeprefix("made ") for line in made
    ]
    assert await account.provision(options(), dry_run=True) == []


async def test_what_was_made_stands_in_the_trail(account: Account) -> None:
    from sqlalchemy import select

    from ml_connector.core import codec
    from ml_connector.core.state.schema import audit_event

    said = await account.provision(options({"gl_accounts": ALL["gl_accounts"]}))
    with account.store.read() as connection:
        rows = connection.execute(select(audit_event).order_by(audit_event.c.number)).all()
    told = [codec.decode(row.data)["made"] for row in rows if row.kind == "provisioned"]
    assert [f"made {what}" for what in told] == said


async def test_ids_titles_types_and_connections(account: Account) -> None:
    await account.provision(options())
    invoices = account.board("Invoices")
    assert [(column.id, column.title, column.type) for column in invoices.columns.values()][1:4] == [
        ("ps_key", "PeopleSoft key", "text"),
        ("ps_gone", "Gone in PeopleSoft", "checkbox"),
        ("ps_voucher", "Voucher", "text"),
    ]
    assert invoices.columns["ps_supplier"].settings["boardIds"] == [account.board("Suppliers").id]
    lines = account.board("Invoice lines")
    assert lines.columns["ps_parent"].settings["boardIds"] == [invoices.id]
    assert lines.columns["ps_account"].settings["boardIds"] == [account.board("GL accounts").id]
    assert "ps_parent" not in account.board("Subitems of Orders").columns


async def test_groups_stand_in_their_order_and_the_first_on_top(account: Account) -> None:
    await account.provision(options())
    assert account.groups("Invoices") == ["Open", "Paid", "Cancelled", "Group Title"]
    assert account.groups("Orders") == ["Open", "Cancelled", "Group Title"]


async def test_status_labels_have_colours_of_their_own(account: Account) -> None:
    await account.provision(options())
    labels = account.board("Invoices").columns["ps_match"].labels
    assert labels is not None
    rows = sorted(labels.rows.values(), key=lambda label: label.index)
    assert [(label.text, label.is_done) for label in rows] == [
        ("To be matched", False), ("Matched", True), ("Exception", False), ("Not applicable", False),
        ("Overridden", False), ("Dispute", False),
    ]  # fmt: skip
    assert 5 not in labels.rows, "the grey of an empty status"
    assert rows[1].id == 1, "done is green"


async def test_labels_follow_the_tenants_value_maps(account: Account) -> None:
    acme = tenant(value_maps={"monday_posting": {"U": "Offen", "P": "Gebucht", "N": "Zahlung offen"}})
    chosen = options({"invoices": {"board": "Rechnungen", "columns": {"posting": "Buchung"}}})
    await account.provision(chosen, acme)
    (column,) = [one for one in account.board("Rechnungen").columns.values() if one.title == "Buchung"]
    assert column.labels is not None
    assert [label.text for label in column.labels.rows.values()] == ["Offen", "Gebucht", "Zahlung offen"]
    assert await account.inspect(chosen, acme) == []


async def test_a_flow_that_is_switched_off_needs_no_columns(account: Account) -> None:
    acme = tenant(flows={"payment_status": {"enabled": False}})
    await account.provision(options({"invoices": {"board": "Invoices"}}), acme)
    columns = account.board("Invoices").columns
    assert "ps_voucher" in columns
    assert "ps_payment_status" not in columns


async def test_boards_of_people_get_what_they_lack_and_nothing_else(account: Account) -> None:
    mine = account.make_board("AP", Number="text", Key="text", When="date")
    theirs = [(column.id, column.title) for column in mine.columns.values()]
    chosen = options(
        {
            "invoices": {
                "board": str(mine.id), "key": "Key", "gone": {"do": "archive"},
                "columns": {"invoice_number": "number", "due_date": "Pay by", "amount": "ps_amount"},
            }
        }
    )  # fmt: skip
    assert await account.provision(chosen) == [
        "made column 'Pay by' (date) on board 'AP'",
        "made column 'Amount' (numbers, ps_amount) on board 'AP'",
    ]
    assert [(column.id, column.title) for column in mine.columns.values()][:4] == theirs
    assert account.groups("AP") == ["Team"]
    assert await account.inspect(chosen) == []
    assert await account.provision(chosen) == []


async def test_groups_of_a_used_board_go_below_its_own(account: Account) -> None:
    mine = account.make_board("AP", ps_key="text")
    account.sandbox.monday.store.create_item(mine, "An item of the team")
    named = {"board": "AP", "columns": {"voucher": "Voucher"}, "gone": {"group": "Gone"}}
    await account.provision(options({"invoices": named}))
    assert account.groups("AP") == ["Team", "Gone"]
    await account.provision(options({"invoices": {"board": "AP", "columns": {"voucher": "Voucher"}}}))
    assert account.groups("AP") == ["Team", "Gone"], "the template's are for new boards"


async def test_labels_are_added_and_none_is_lost(account: Account) -> None:
    labels = Labels("status", [Label(0, "Team's own", 0), Label(2, "Posted", 1, is_done=True),
                               Label(3, "Not posted", 2, is_deactivated=True)])  # fmt: skip
    mine = account.make_board("AP", ps_key="text")
    account.add(mine, "Posting", "status", labels=labels)
    account.add(mine, "Kind", "dropdown", labels=Labels("dropdown", [Label(4, "Z"), Label(9, "Asset")]))
    chosen = {
        "invoices": {"board": "AP", "columns": {"posting": "Posting"}, "gone": {"do": "archive"}},
        "gl_accounts": {
            "board": {"board": "AP", "columns": {"account_type": "Kind"}, "gone": {"do": "archive"}}
        },
    }
    said = await account.provision(options(chosen))
    assert "made label 'Payment not applied' on column 'Posting' of board 'AP'" in said
    (told,) = [line for line in said if "deactivated" in line]
    assert told == (
        "left alone: integrations.monday.options.boards.invoices.columns.posting: column 'Posting' of board "
        "'AP': label 'Not posted' is deactivated; activate it on the board"
    )
    posting, kind = mine.columns["Posting"].labels, mine.columns["Kind"].labels
    assert posting is not None
    assert kind is not None
    rows = {label.text: (number, label.index, label.is_done, label.is_deactivated)
            for number, label in posting.rows.items()}  # fmt: skip
    assert rows.pop("Payment not applied")[1:] == (3, False, False)
    assert rows == {
        "Team's own": (0, 0, False, False), "Posted": (2, 1, True, False), "Not posted": (3, 2, False, True),
    }  # fmt: skip
    assert {label.text: number for number, label in kind.rows.items()} == {
        "Z": 4, "Asset": 9, "Liability": 10, "Equity": 11, "Revenue": 12, "Expense": 13,
    }  # fmt: skip
    assert not [line for line in await account.provision(options(chosen)) if line.startswith("made")]


async def test_what_has_another_type_is_left_alone(account: Account) -> None:
    mine = account.make_board("AP", ps_key="numbers", Amount="date", ps_gone="text", Supplier="dropdown")
    chosen = options(
        {
            "suppliers": ALL["suppliers"],
            "invoices": {
                "board": "AP",
                "columns": {"amount": "Amount", "supplier": "Supplier", "terms": "Terms"},
            },
        }
    )
    said = await account.provision(chosen)
    start = "left alone: integrations.monday.options.boards.invoices."
    told = [line.removeprefix(start) for line in said if line.startswith(start)]
    left = [line.replace(" of board 'AP'", "") for line in told]
    assert left == [
        "key: column 'ps_key' is of type numbers; name a column of type text",
        "gone.column: column 'ps_gone' is of type text; name a column of type checkbox",
        "columns.amount: column 'Amount' is of type date; name a column of type numbers or text",
        "columns.supplier: column 'Supplier' is of type dropdown; name a column of type board_relation",
    ]
    assert "made column 'Terms' (text) on board 'AP'" in said
    assert mine.columns["Amount"].type == "date"


async def test_marks_by_label_may_share_a_fields_column(account: Account) -> None:
    chosen = options(
        {
            "invoices": {
                "board": "AP", "columns": {"entry_status": "ps_entry_status"},
                "gone": {"column": "ps_entry_status", "label": "Cancelled"},
            },
            "purchase_orders": {"board": "PO", "columns": {}, "gone": {"column": "Gone", "label": "Gone"}},
        }
    )  # fmt: skip
    await account.provision(chosen)
    entry = account.board("AP").columns["ps_entry_status"].labels
    assert entry is not None
    assert {label.text for label in entry.rows.values()} >= {"Open", "Deleted", "Cancelled"}
    (mark,) = [column for column in account.board("PO").columns.values() if column.title == "Gone"]
    assert mark.type == "status"
    assert await account.inspect(chosen) == []


async def test_suppliers_as_labels_get_a_dropdown_column_without_labels(account: Account) -> None:
    chosen = options(
        {
            "suppliers": {"labels": {"board": "invoices", "column": "Vendor"}},
            "gl_accounts": {"labels": {"board": "invoices", "lines": True, "column": "ps_account"}},
            "invoices": {"board": "AP", "lines": {"into": "subitems"}},
            "purchase_orders": {"board": "PO"},
        }
    )
    await account.provision(chosen)
    (vendor,) = [column for column in account.board("AP").columns.values() if column.title == "Vendor"]
    assert (vendor.type, vendor.labels.rows if vendor.labels else None) == ("dropdown", {})
    assert account.board("Subitems of AP").columns["ps_account"].type == "dropdown"
    assert "ps_supplier" not in account.board("PO").columns, "labels belong to one column alone"
    assert await account.inspect(chosen) == []


async def test_boards_that_cannot_be_told_apart_or_are_not_there(account: Account) -> None:
    account.make_board("AP")
    account.make_board("ap")
    said = await account.provision(
        options({
            "invoices": {"board": "AP", "lines": {"into": "subitems"}},
            "purchase_orders": {"board": "123456"},
            "suppliers": {"board": {"board": "Vendors", "workspace": "No such place"}},
        })
    )  # fmt: skip
    assert [line.partition(": ")[0] for line in said] == ["left alone"] * 3
    assert "no workspace named 'No such place'" in said[0]
    assert "2 boards have the title 'AP'" in said[1]
    assert "there is no board '123456'" in said[2]
    assert len(account.titles()) == 2


async def test_a_workspace_by_name_or_id(account: Account) -> None:
    named = {"board": "Vendors", "workspace": "main workspace"}
    await account.provision(options({"suppliers": {"board": named}}))
    numbered = {"board": "Orders", "workspace": "6500001"}
    await account.provision(options({"purchase_orders": numbered}))
    assert account.titles() == ["Vendors", "Orders"]


@pytest.mark.parametrize("after", [0, 1, 2, 3, 7, 14, 15, 23, 40, 49, 50, 64, 65, 66, 75, 83])
async def test_a_kill_anywhere_leaves_what_a_repetition_finishes(account: Account, after: int) -> None:
    """The answer to one write is lost together with the process: it may have been executed."""
    whole = options()
    dying = _Dying(account.api, after)
    account.api, healthy = dying, account.api
    with pytest.raises(InDoubt):
        await account.provision(whole)
    account.api = healthy
    assert "left alone" not in str(await account.provision(whole))
    assert account.titles() == MADE
    assert account.groups("Invoices") == ["Open", "Paid", "Cancelled", "Group Title"]
    assert account.groups("Orders") == ["Open", "Cancelled", "Group Title"]
    assert await account.inspect(whole) == []
    for title in MADE:
        titles = [column.title for column in account.board(title).columns.values()]
        assert len(titles) == len(set(titles))


class _Dying(MondayApi):
    """Carries out so many writes and one more, whose answer nobody hears."""

    def __init__(self, api: MondayApi, writes: int) -> None:
        self._api, self._left = api, writes

    async def query(self, *args: Any, **more: Any) -> Any:
        return await self._api.query(*args, **more)

    async def mutate(self, *args: Any, **more: Any) -> Any:
        answer = await self._api.mutate(*args, **more)
        if not self._left:
            raise InDoubt("killed")
        self._left -= 1
        return answer


async def test_a_board_whose_title_is_not_found_yet_is_made_once(account: Account) -> None:
    """A listing that lags does not show it; the key of the call keeps it from being made twice."""
    chosen = options({"suppliers": ALL["suppliers"]})
    dying = _Dying(account.api, 0)
    account.api, healthy = dying, account.api
    with pytest.raises(InDoubt):
        await account.provision(chosen)
    account.api = _Blind(healthy)
    await account.provision(chosen)
    assert account.titles() == ["Suppliers"]
    assert account.sandbox.monday.keys.replayed == 1


class _Blind(_Dying):
    """Lists no board."""

    def __init__(self, api: MondayApi) -> None:
        super().__init__(api, 10**6)

    async def query(self, name: str, *args: Any, **more: Any) -> Any:
        answer = await super().query(name, *args, **more)
        if name == "BoardsByName":
            answer.data["boards"].clear()
        return answer


async def test_a_board_that_was_deleted_at_once_is_told(account: Account) -> None:
    chosen = options({"suppliers": ALL["suppliers"]})
    await account.provision(chosen)
    account.board("Suppliers").state = "deleted"
    with pytest.raises(ConnectorError, match="deleted within half an hour"):
        await account.provision(chosen)
    account.sandbox.clock.advance(1801)
    await account.provision(chosen)
    assert account.titles() == ["Suppliers", "Suppliers"]


async def test_a_column_that_was_deleted_is_told_and_the_rest_is_made(account: Account) -> None:
    chosen = options({"suppliers": ALL["suppliers"]})
    await account.provision(chosen)
    store, board = account.sandbox.monday.store, account.board("Suppliers")
    store.drop_column(board.columns["ps_city"])
    (made, told) = await account.provision(chosen)
    assert made == "made column 'City' (text, ps_city) on board 'Suppliers'"
    assert told == "left alone: 'City' on board 'Suppliers' is not shown yet; repeat this in half an hour"
    account.sandbox.clock.advance(1801)
    (refused,) = await account.provision(chosen)
    assert "columns.city: column 'City' (text, ps_city)" in refused
    assert "was refused: The column id is or was in use" in refused


async def test_a_refusal_of_a_while_ago_is_asked_for_anew(account: Account) -> None:
    chosen = options({"suppliers": {"board": {"board": "Vendors", "workspace": "77"}}})
    first = await account.provision(chosen)
    assert "was refused" in first[0]
    calls = account.calls
    assert await account.provision(chosen) == first
    assert account.calls - calls > 2, "the kept answer alone is not believed"


async def test_labels_that_somebody_changes_meanwhile_are_read_again(account: Account) -> None:
    mine = account.make_board("AP", ps_key="text")
    column = account.add(mine, "Posting", "status", labels=Labels("status", [Label(0, "Posted")]))
    account.api = _Meddler(account.api, lambda: account.sandbox.monday.store.touch_column(column))
    chosen = {"board": "AP", "columns": {"posting": "Posting"}, "gone": {"do": "archive"}}
    said = await account.provision(options({"invoices": chosen}))
    assert said == ["made labels 'Not posted', 'Payment not applied' on column 'Posting' of board 'AP'"]


class _Meddler(_Dying):
    """Changes the column before the first write arrives."""

    def __init__(self, api: MondayApi, meddle: Any) -> None:
        super().__init__(api, 10**6)
        self._meddle = meddle

    async def mutate(self, *args: Any, **more: Any) -> Any:
        self._meddle()
        self._meddle = lambda: None
        return await super().mutate(*args, **more)


async def test_a_status_column_without_room_is_left_alone(account: Account) -> None:
    from sandbox.monday.labels import COLOURS

    full = [Label(number, f"Label {number}", place) for place, number in enumerate(COLOURS.values())]
    mine = account.make_board("AP", ps_key="text")
    account.add(mine, "Posting", "status", labels=Labels("status", full))
    chosen = {"board": "AP", "columns": {"posting": "Posting"}, "gone": {"do": "archive"}}
    (told,) = await account.provision(options({"invoices": chosen}))
    assert "cannot be made (a status column takes no more than 40 labels)" in told


async def test_the_day_is_respected(tmp_path: Path) -> None:
    """What stops the run stops it with a sentence, and a later one goes on."""
    async with opened(tmp_path, ApiLimits(daily_calls=20)) as account:
        with pytest.raises(ConnectorError, match="calls to monday"):
            await account.provision(options())
        assert account.titles()[0] == "Suppliers"
