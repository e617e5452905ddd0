"""What does not fit between a tenant's options and the account: everything is found, each with its place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml_connector.monday.board import Board, board_of
from ml_connector.monday.inspection import board_findings, plan_findings
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.shape import WantedBoard
from ml_connector.monday.wanted import mappings_of, wanted
from sandbox.monday.labels import Label, Labels
from tests.monday.account import ALL, MAPPINGS, Account, opened, options, tenant

BOARDS = "integrations.monday.options.boards"


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    async with opened(tmp_path) as made:
        yield made


async def test_an_empty_account_lacks_every_board(account: Account) -> None:
    found = await account.inspect(options())
    assert [line.partition(": ")[0] for line in found] == [
        f"{BOARDS}.suppliers.board", f"{BOARDS}.gl_accounts.board", f"{BOARDS}.invoices.board",
        f"{BOARDS}.invoices.lines.board", f"{BOARDS}.purchase_orders.board",
    ]  # fmt: skip
    assert all("provision" in line for line in found)
    numbered = await account.inspect(options({"invoices": {"board": "4711"}}))
    assert numbered == [
        f"{BOARDS}.invoices.board: there is no board '4711' (expected: a board that the token's user may see)"
    ]


async def test_titles_that_are_not_unique(account: Account) -> None:
    first, second = account.make_board("AP"), account.make_board("ap")
    (found,) = await account.inspect(options({"invoices": {"board": "AP"}}))
    assert found == (
        f"{BOARDS}.invoices.board: 2 boards have the title 'AP': {first.id}, {second.id} "
        "(expected: the id of one, or its workspace)"
    )


async def test_every_finding_of_a_board_is_told_at_once(account: Account) -> None:
    account.make_board("Vendors", ps_key="text", ps_gone="checkbox")
    other = account.make_board("Elsewhere")
    mine = account.make_board(
        "AP", Key="numbers", Voucher="text", Amount="date", Formula="formula", Twice="text", Mark="text"
    )
    relation = {"settings": {"boardIds": [other.id]}}
    account.add(mine, "Supplier", "board_relation", **relation)
    account.add(mine, "Terms", "board_relation", **relation)
    account.add(
        mine, "Posting", "status", labels=Labels("status", [Label(0, "posted"), Label(1, "Not posted")])
    )
    chosen = options(
        {
            "suppliers": {"board": {"board": "Vendors", "columns": {}}},
            "invoices": {
                "board": "AP", "key": "Key", "group": "New ones", "gone": {"column": "Mark", "group": "Gone"},
                "columns": {
                    "voucher": "Voucher", "amount": "Amount", "description": "Formula", "currency": "Missing",
                    "supplier": "Supplier", "terms": "Terms", "posting": "Posting",
                    "invoice_number": "Twice", "supplier_id": "Twice",
                },
                "lines": {"into": "subitems"},
            },
        }
    )  # fmt: skip
    found = await account.inspect(chosen)
    assert {line.removeprefix(f"{BOARDS}.invoices.").partition(": ")[0] for line in found} == {
        "group", "gone.group", "key", "gone.column", "columns.amount", "columns.description",
        "columns.currency", "columns.supplier", "columns.terms", "columns.posting",
        "columns.supplier_id", "lines",
    }  # fmt: skip
    text = "\n".join(found)
    assert "'Voucher'" not in "".join(line for line in found if "columns.voucher:" in line)
    assert "has no group 'Gone'" in text
    assert "column 'Key' of board 'AP' is of type numbers; name a column of type text" in text
    assert "column 'Mark' of board 'AP' is of type text; name a column of type checkbox" in text
    assert "column 'Amount' of board 'AP' is of type date; name a column of type numbers or text" in text
    assert "is of type formula" in text
    assert "has no column 'Missing'" in text
    assert f"connects with board {other.id}; name one that connects with 'Vendors'" in text
    assert "columns.supplier_id: column 'Twice' is" in text
    assert "columns.invoice_number's already" in text
    assert (
        "'Posted', 'Payment not applied'; add it on the board, or translate with value_maps.monday_posting"
        in text
    )
    assert "has no subitems" in text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ({"board": "Lines"}, "column 'ps_parent' of board 'Lines' connects with board none"),
        ({"board": "Lines", "link": "Voucher"}, "is of type text; name a column of type board_relation"),
    ],
)
async def test_lines_must_be_connected(account: Account, lines: dict[str, Any], said: str) -> None:
    account.make_board("AP", ps_key="text", ps_gone="checkbox")
    account.make_board("Lines", ps_key="text", ps_parent="board_relation", Voucher="text")
    board = {"board": "AP", "columns": {}, "lines": {**lines, "columns": {}}}
    (found,) = await account.inspect(options({"invoices": board}))
    assert said in found


async def test_labels_that_the_mapping_cannot_produce_are_not_asked_for(account: Account) -> None:
    labels = [Label(0, "Pending"), Label(1, "Approved"), Label(2, "Denied"), Label(3, "The team's own")]
    mine = account.make_board("AP", ps_key="text", ps_gone="checkbox", Terms="dropdown")
    mine.columns["Terms"].labels = Labels("dropdown", [Label(1, "NET30")])
    account.add(mine, "Approval", "status", labels=Labels("status", labels))
    chosen = {"board": "AP", "columns": {"approval": "Approval", "terms": "Terms"}}
    assert await account.inspect(options({"invoices": chosen})) == []
    acme = tenant(value_maps={"monday_approval": {"Z": "Odd"}})
    (found,) = await account.inspect(options({"invoices": chosen}), acme)
    assert "has no label 'Odd'" in found


async def test_status_labels_have_limits(account: Account) -> None:
    from sandbox.monday.labels import COLOURS

    labels = [Label(number, f"Label {number}", place) for place, number in enumerate(COLOURS.values())]
    mine = account.make_board("AP", ps_key="text", ps_gone="checkbox")
    account.add(mine, "Posting", "status", labels=Labels("status", labels))
    long = "A label with far too many characters"
    acme = tenant(value_maps={"monday_posting": {"U": long, "P": "Label 0", "N": "Label 1"}})
    chosen = {"board": "AP", "columns": {"posting": "Posting"}}
    found = await account.inspect(options({"invoices": chosen}), acme)
    assert len(found) == 3
    assert f"{long!r} is longer than the 30 characters" in found[1]
    assert "more than the 40 labels" in found[2]


async def test_references_that_lead_nowhere(account: Account) -> None:
    account.make_board("AP", ps_key="text", ps_gone="checkbox", Vendor="dropdown", Other="dropdown")
    account.make_board("PO", ps_key="text", ps_gone="checkbox", Vendor="dropdown")
    ap = {"board": "AP", "columns": {"supplier": "Other"}}
    po = {"board": "PO", "columns": {"supplier": "Vendor"}}
    labels = {"labels": {"board": "invoices", "column": "Vendor"}}
    found = await account.inspect(options({"suppliers": labels, "invoices": ap, "purchase_orders": po}))
    assert found == [
        (
            f"{BOARDS}.invoices.columns.supplier: the field is written to column 'Other', and the labels of "
            "suppliers are kept on column 'Vendor'; name the same column at both places"
        ),
        (
            f"{BOARDS}.purchase_orders.columns.supplier: suppliers are labels of a column of invoices, so "
            "this field cannot refer to them; leave it out"
        ),
    ]
    (none,) = await account.inspect(options({"purchase_orders": po}))
    assert "suppliers is not configured" in none
    (nowhere,) = await account.inspect(
        options({"suppliers": labels, "purchase_orders": po | {"columns": {}}})
    )
    assert (
        nowhere
        == f"{BOARDS}.suppliers.labels: board invoices is not configured, so no column can hold the labels"
    )


async def test_a_column_of_labels_must_be_a_dropdown(account: Account) -> None:
    account.make_board("AP", ps_key="text", ps_gone="checkbox", Vendor="status")
    chosen = {
        "suppliers": {"labels": {"board": "invoices", "column": "Vendor"}},
        "invoices": {"board": "AP", "columns": {}},
    }
    (found,) = await account.inspect(options(chosen))
    assert found == (
        f"{BOARDS}.suppliers.labels.column: column 'Vendor' of board 'AP' is of type status; "
        "name a column of type dropdown"
    )


async def test_flows_that_are_switched_off_are_not_inspected(account: Account) -> None:
    account.make_board("AP", ps_key="text", ps_gone="checkbox", Voucher="text")
    chosen = options({"invoices": {"board": "AP", "columns": {"voucher": "Voucher", "paid_on": "Nowhere"}}})
    assert len(await account.inspect(chosen)) == 1
    assert await account.inspect(chosen, tenant(flows={"payment_status": {"enabled": False}})) == []


async def test_the_plan_is_compared_with_the_accounts(account: Account) -> None:
    chosen = options({}, limits={"plan": "pro", "daily_calls": 1200})
    plan, calls = await account.inspect(chosen)
    limits = "integrations.monday.options.limits"
    assert plan == f"{limits}.plan: the account's plan is standard, and the tenant file says pro"
    assert calls == (
        f"{limits}.daily_calls: the account has 1,000 calls a day, and 1,200 follow from the tenant file; "
        "name 1000 or fewer"
    )
    assert await account.inspect(options({})) == []


@pytest.mark.parametrize(
    ("plan", "tier", "daily", "count"),
    [
        ("standard", "enterprise", 25_000, 0), ("enterprise", "enterprise", None, 0),
        ("free", "free", 200, 1), ("enterprise", "pro", 10_000, 2),
        ("pro", None, None, 0), ("pro", "something new", 10_000, 0),
    ],
)  # fmt: skip
def test_plans(plan: str, tier: str | None, daily: int | None, count: int) -> None:
    chosen = options({}, limits={"plan": plan})
    assert chosen.limits == ApiLimits(plan=plan)
    assert len(list(plan_findings(chosen, tier, daily))) == count


async def invoices(account: Account) -> tuple[WantedBoard, Board]:
    """A board that fits, to be seen as if it were otherwise."""
    chosen = options({"invoices": ALL["invoices"]})
    await account.provision(chosen)
    acme = tenant()
    need = wanted(acme, chosen, mappings_of(acme, chosen, [MAPPINGS])).boards[0]
    live = await board_of(account.api, str(account.board("Invoices").id))
    assert live is not None
    return need, live


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"hierarchy": "multi_level"},
            "is of type multi_level, which cannot be written to; name a classic board",
        ),
        ({"access": "view"}, "the token's user may only view board 'Invoices'"),
        ({"items_count": 9000, "items_limit": 10_000}, "holds 9,000 of 10,000 items"),
    ],
)
async def test_boards_that_cannot_be_written_to(account: Account, changed: dict[str, Any], said: str) -> None:
    need, live = await invoices(account)
    assert board_findings(need, live, {}) == []
    (found,) = board_findings(need, replace(live, **changed), {})
    assert found.startswith(f"{BOARDS}.invoices.board: ")
    assert said in found


async def test_a_board_without_groups_and_one_that_is_not_full(account: Account) -> None:
    need, live = await invoices(account)
    assert board_findings(need, replace(live, items_count=8999, items_limit=10_000), {}) == []
    need = replace(need, groups=())
    (found,) = board_findings(need, replace(live, groups={}), {})
    assert "has no group; add one" in found


async def test_nothing_is_changed_and_few_calls_are_made(account: Account) -> None:
    await account.provision(options())
    before = account.calls
    assert await account.inspect(options()) == []
    assert account.calls - before == 8, "the account, the boards' titles, and one look at each"
