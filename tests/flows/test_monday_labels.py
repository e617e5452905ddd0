"""Suppliers and accounts as labels of dropdown columns, in whole runs: invoices refer to them by id."""

from __future__ import annotations

from typing import Any

from sandbox.monday.labels import Label
from sandbox.monday.model import Column
from tests.flows.monday import Make, MondayWorld

LABELS: dict[str, Any] = {
    "suppliers": {"board": None, "labels": {"board": "invoices", "column": "Supplier"}},
    "gl_accounts": {"board": None, "labels": {"board": "invoices", "lines": True, "column": "Account"}},
}


async def world_with_labels(world: MondayWorld) -> None:
    world.options(boards=LABELS)
    assert "made board 'Invoices'" in await world.provision()
    assert [line for line in await world.inspect() if ".boards." in line] == []


def column(world: MondayWorld, board: str, title: str) -> Column:
    boards = world.sandbox.monday.store.boards.values()
    (found,) = [one for one in boards if one.name == board]
    (column,) = [one for one in found.columns.values() if one.title == title]
    return column


def labels(world: MondayWorld, board: str, title: str) -> dict[str, Label]:
    """Labels by text."""
    made = column(world, board, title).labels
    assert made is not None
    return {label.text: label for label in made.rows.values()}


async def test_invoices_name_suppliers_and_accounts_by_their_labels(make_monday: Make) -> None:
    async with make_monday(provisioned=False) as world:
        await world_with_labels(world)
        await world.run()
        for flow in ("suppliers", "gl_accounts", "invoices"):
            assert set(world.statuses(flow).values()) <= {"loaded", "excluded"}, flow
        suppliers = labels(world, "Invoices", "Supplier")
        assert len(suppliers) == len(world.statuses("suppliers"))
        shown = [
            item["values"][column(world, "Invoices", "Supplier").id]
            for item in world.items("Invoices").values()
        ]
        assert shown
        assert set(shown) <= set(suppliers)
        accounts = labels(world, "Invoice lines", "Account")
        lines = world.items("Invoice lines").values()
        assert {item["values"][column(world, "Invoice lines", "Account").id] for item in lines} <= set(
            accounts
        )
        titles = [board.name for board in world.sandbox.monday.store.boards.values()]
        assert "Suppliers" not in titles
        world.sandbox.calls.clear()
        await world.run()
        assert world.writes() == 0


def upsert(world: MondayWorld, number: int, **values: str) -> str:
    """Change a supplier; its key."""
    record = list(world.sandbox.peoplesoft.suppliers.under("SHARE"))[number]
    key = [record["SETID"], record["VENDOR_ID"]]
    world.peoplesoft("upsert", record="supplier", key=key, values=values)
    return "|".join(key)


async def test_a_renamed_supplier_keeps_its_label_and_one_that_is_gone_is_switched_off(
    make_monday: Make,
) -> None:
    async with make_monday(provisioned=False) as world:
        await world_with_labels(world)
        await world.run("suppliers")
        before = {label.id: text for text, label in labels(world, "Invoices", "Supplier").items()}
        upsert(world, 0, NAME1="Renamed Ltd", NAME2=" ")
        gone = upsert(world, 1, VENDOR_STATUS=" ")
        await world.run("suppliers", full=True)
        now = labels(world, "Invoices", "Supplier")
        after = {label.id: text for text, label in now.items()}
        assert before.keys() == after.keys()
        assert [text for number, text in after.items() if before[number] != text] == ["Renamed Ltd"]
        assert [label.is_deactivated for label in now.values()].count(True) == 1
        assert world.statuses("suppliers")[gone] == "loaded"
        upsert(world, 1, VENDOR_STATUS="A")
        await world.run("suppliers", full=True)
        assert not any(label.is_deactivated for label in labels(world, "Invoices", "Supplier").values())


async def test_two_suppliers_of_one_name_are_for_a_person(make_monday: Make) -> None:
    async with make_monday(provisioned=False) as world:
        await world_with_labels(world)
        first, second = (upsert(world, number, NAME1="Acme", NAME2=" ") for number in (0, 1))
        await world.runner.run("suppliers", tolerant=True)
        statuses = world.statuses("suppliers")
        assert {statuses[first], statuses[second]} == {"loaded", "conflict"}
        assert [text for text in labels(world, "Invoices", "Supplier") if text == "Acme"] == ["Acme"]
