"""Days of work on the boards of Monday.com, in whole runs of the DAG file's definitions."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from ml_connector.core.errors import RateLimited
from ml_connector.core.stages.reconcile import Unreconciled
from sandbox.data import scenario
from tests.flows.monday import ALL, Make, MondayWorld

UNIT = scenario.UNIT


def key_of(name: str) -> str:
    return f"{UNIT}|{scenario.VOUCHER_IDS[name]}"


def group_of(world: MondayWorld, name: str) -> str:
    return str(world.items("Invoices")[key_of(name)]["group"])


async def test_everything_arrives_and_a_second_run_writes_nothing(make_monday: Make) -> None:
    async with make_monday() as world:
        first = await world.run()
        assert set(first) == set(ALL)
        for name in ALL:
            assert set(world.statuses(name).values()) <= {"loaded", "excluded"}, name
        items = world.items("Invoices")
        assert set(items) == {key for key, status in world.statuses("invoices").items() if status == "loaded"}
        before = world.calls()
        await world.run()
        assert world.calls() == before, "a run without changes asks nothing at all"


async def test_the_second_day_changes_what_changed_in_peoplesoft_and_nothing_else(make_monday: Make) -> None:
    async with make_monday(scenario="demo") as world:
        await world.run()
        items = world.items("Invoices")
        assert items[key_of("gets_cancelled")]["group"] == "Open"
        assert items[key_of("pending")]["values"]["ps_approval"] == "Pending"
        assert items[key_of("recycled")]["values"]["ps_entry_status"] == "Recycled"
        assert items[key_of("paid_by_peoplesoft")]["group"] == "Paid"
        assert key_of("deleted") not in items
        by_hand = {item["id"] for item in items.values()}
        scenario.change(world.sandbox.peoplesoft)
        world.sandbox.calls.clear()
        results = await world.run()
        moved = results["invoices"]["load"]
        assert (moved["created"], moved["updated"], moved["removed"]) == (1, 3, 1)
        after = world.items("Invoices")
        assert by_hand <= {item["id"] for item in after.values()}, "no item was made anew"
        assert Decimal(after[key_of("changes_amount")]["values"]["ps_amount"]) == Decimal("575.25")
        assert after[key_of("gets_approved")]["values"]["ps_approval"] == "Approved"
        cancelled = after[key_of("gets_cancelled")]
        assert (cancelled["group"], bool(cancelled["values"]["ps_gone"])) == ("Cancelled", True)
        paid = after[key_of("gets_paid")]
        assert (paid["group"], paid["values"]["ps_payment_status"]) == ("Paid", "Paid")
        lines = Counter(key.rpartition("|")[0] for key in world.items("Invoice lines"))
        assert lines[key_of("changes_lines")] == 3
        assert not any(world.sandbox.monday.counts()["duplicates"])


async def test_a_voided_payment_opens_the_item_again(make_monday: Make) -> None:
    async with make_monday(scenario="demo") as world:
        await world.run("suppliers", "gl_accounts", "invoices", "payment_status")
        assert group_of(world, "paid_by_peoplesoft") == "Paid"
        number = scenario.VOUCHER_IDS["paid_by_peoplesoft"]
        row = world.sandbox.peoplesoft.vouchers[UNIT].copy(number)
        assert row is not None
        row["payments"][0] |= {
            "PYMNT_SELCT_STATUS": "N", "PYMNT_ACTION": "S", "PAID_AMT": Decimal(0), "PYMNT_ID": "",
        }  # fmt: skip
        world.sandbox.peoplesoft.change_voucher(UNIT, number, {"payments": row["payments"]}, stamp=True)
        await world.run("payment_status")
        item = world.items("Invoices")[key_of("paid_by_peoplesoft")]
        assert (item["group"], item["values"]["ps_payment_status"]) == ("Open", "Not paid")
        assert item["values"]["ps_payment_reference"] == ""


async def test_what_people_do_on_their_boards_is_theirs(make_monday: Make) -> None:
    async with make_monday(scenario="demo") as world:
        await world.run("suppliers", "gl_accounts", "invoices")
        notes = world.monday("add-column", board="Invoices", title="Notes", type="text", id="notes")
        assert notes
        item = world.items("Invoices")[key_of("changes_amount")]
        world.monday("edit", item=item["id"], values={"notes": "call the supplier"})
        world.monday("move", item=item["id"], group="Paid")
        world.monday("create", board="Invoices", name="Remember the holidays")
        scenario.change(world.sandbox.peoplesoft)
        await world.run("suppliers", "gl_accounts", "invoices")
        after = world.items("Invoices")[key_of("changes_amount")]
        assert after["values"]["notes"] == "call the supplier"
        assert after["group"] == "Paid", "the flow of invoices puts an item into a group once"
        assert any(one["name"] == "Remember the holidays" for one in world.board("Invoices")["items"])


@pytest.mark.parametrize("edits", ["report", "write"])
async def test_a_value_changed_by_hand_is_reported_or_written_again(make_monday: Make, edits: str) -> None:
    async with make_monday(scenario="demo") as world:
        world.options(boards={"invoices": {"edits": edits}})
        flows = ("suppliers", "gl_accounts", "invoices")
        await world.run(*flows)
        good = world.items("Invoices")[key_of("good")]
        world.monday("edit", item=good["id"], values={"ps_amount": "1.00"})
        if edits == "report":
            with pytest.raises(Unreconciled, match="changed DEMO-GOOD"):
                await world.run(*flows, full=True)
            assert world.statuses("invoices")[key_of("good")] == "drifted"
            await world.run(*flows)  # told once
            assert world.items("Invoices")[key_of("good")]["values"]["ps_amount"] == "1.00"
            world.replay("invoices", key_of("good"))
        else:
            await world.run(*flows, full=True)
            assert world.statuses("invoices")[key_of("good")] == "ready"
        await world.run(*flows)
        assert world.items("Invoices")[key_of("good")]["values"]["ps_amount"] == "500.00"
        assert world.statuses("invoices")[key_of("good")] == "loaded"


@pytest.mark.parametrize("edits", ["report", "write"])
async def test_an_item_removed_by_hand_is_reported_or_made_again(make_monday: Make, edits: str) -> None:
    async with make_monday(scenario="demo") as world:
        world.options(boards={"invoices": {"edits": edits}})
        flows = ("suppliers", "gl_accounts", "invoices")
        await world.run(*flows)
        world.monday("delete", item=world.items("Invoices")[key_of("good")]["id"])
        if edits == "report":
            with pytest.raises(Unreconciled, match="missing DEMO-GOOD"):
                await world.run(*flows, full=True)
            await world.run(*flows)
            assert key_of("good") not in world.items("Invoices")
        else:
            await world.run(*flows, full=True)
            await world.run(*flows)
            assert world.items("Invoices")[key_of("good")]["values"]["ps_amount"] == "500.00"


async def test_a_copy_made_by_hand_is_a_duplicate_and_both_stay(make_monday: Make) -> None:
    async with make_monday() as world:
        flows = ("suppliers", "gl_accounts", "invoices")
        await world.run(*flows)
        key, item = next(iter(world.items("Invoices").items()))
        world.monday("create", board="Invoices", name="a copy", values={"ps_key": key})
        with pytest.raises(Unreconciled, match="1 difference"):
            await world.run(*flows, full=True)
        await world.run(*flows, full=True)  # news once
        keys = [one["values"].get("ps_key") for one in world.board("Invoices")["items"]]
        assert keys.count(key) == 2
        assert item["id"] in {one["id"] for one in world.board("Invoices")["items"]}


async def test_a_cursor_that_expires_in_the_middle_of_a_board_begins_again(make_monday: Make) -> None:
    async with make_monday() as world:
        flows = ("suppliers", "gl_accounts", "invoices")
        await world.run(*flows)
        world.options(read_back_pages=2)
        await world.run(*flows, full=True)
        world.monday("expire-cursors")
        await world.run(*flows, full=True)


async def test_another_version_of_the_api_stops_the_flow(make_monday: Make) -> None:
    async with make_monday() as world:
        world.fault("version", "query Board", value="2027-01")
        await world.run("suppliers", tolerant=True)
        assert "2027-01" in str(world.runner.errors["monday.suppliers.load"])
        assert world.writes() == 0


async def test_the_days_calls_are_used_up_and_the_next_day_goes_on(make_monday: Make) -> None:
    async with make_monday() as world:
        world.options(limits={"plan": "standard", "daily_calls": 8})
        await world.run("suppliers", "gl_accounts", "invoices", tolerant=True)
        stopped = [error for error in world.runner.errors.values() if isinstance(error, RateLimited)]
        assert stopped
        world.sandbox.clock.advance(stopped[-1].retry_after)
        world.options(limits={"daily_calls": 1000})
        await world.run("suppliers", "gl_accounts", "invoices")
        assert set(world.statuses("invoices").values()) <= {"loaded", "excluded"}
