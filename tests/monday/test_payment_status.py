"""What PeopleSoft has paid, on the items that the flow of invoices made."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Desired, Intent, Operation, Verdict
from ml_connector.core.planning.differences import changed_fields
from ml_connector.monday.payment_status import PaymentStatus
from ml_connector.monday.template import PAYMENT_FIELDS, column_id

from . import boards
from .boards import (
    Account,
    again,
    create,
    doubtful,
    invoices,
    key_of,
    loaded,
    options,
    results,
    update,
    values_of,
    verdict,
    written,
)

GROUPS = {"paid_group": "Paid", "open_group": "Open"}
LABELS = {"unpaid": "Not paid", "partly_paid": "Partly paid", "paid": "Paid", "held": "On hold"}


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        opened.invoices()
        yield opened


@pytest.fixture
async def item(account: Account) -> str:
    """The item of the first invoice."""
    (made,) = await loaded(invoices(account, **GROUPS), create(1))
    return made


def payments(account: Account, **more: Any) -> PaymentStatus:
    return PaymentStatus(account.api, options(**(GROUPS | more)))


def paid(item: str, state: str = "paid", *, number: int = 1, **columns: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"payment_status": LABELS[state]}
    if state in {"paid", "partly_paid"}:
        amount = Decimal("10.50") if state == "paid" else Decimal("4.00")
        values |= {"paid_amount": amount, "paid_on": "2026-11-01", "payment_reference": f"000{number}"}
    group = "paid" if state == "paid" else "open"
    return {"item": item, "group": group, "columns": values | columns}


def first(body: dict[str, Any], number: int = 1, state: str = "paid") -> Intent:
    return Intent(
        number, key_of(number), "US001", Operation.CREATE, Desired(state, body), uuid.uuid4().hex
    )  # fmt: skip


def later(before: Intent, body: dict[str, Any]) -> Intent:
    return Intent(
        before.document_id, before.key, "US001", Operation.UPDATE, Desired("x", body), uuid.uuid4().hex,
        previous=before.desired, target_id=str(before.desired.body["item"]),
    )  # fmt: skip


def moves(account: Account) -> int:
    return sum("move_item_to_group" in text for text in account.documents("WriteItems"))


# ---- columns and groups


async def test_a_paid_invoice_shows_it_and_moves(account: Account, item: str) -> None:
    (target_id,) = await loaded(payments(account), first(paid(item)))
    assert target_id == item
    shown = account.shown(item)
    assert shown["group"] == "Paid"
    assert {name: shown["values"][column_id(name)] for name in PAYMENT_FIELDS} == {
        "payment_status": "Paid", "paid_amount": "10.50", "paid_on": "2026-11-01",
        "payment_reference": "0001",
    }  # fmt: skip


async def test_a_voided_payment_empties_the_columns_and_moves_the_item_back(
    account: Account, item: str
) -> None:
    target = payments(account)
    await loaded(target, before := first(paid(item)))
    await loaded(target, later(before, paid(item, "unpaid")))
    shown = account.shown(item)
    assert (shown["group"], shown["values"]["ps_payment_status"]) == ("Open", "Not paid")
    assert {name for name in account.item(item).values if name.startswith("ps_pa")} == {"ps_payment_status"}


async def test_a_partly_paid_invoice_stays_open(account: Account, item: str) -> None:
    target = payments(account)
    await loaded(target, before := first(paid(item, "partly_paid")))
    assert (account.shown(item)["group"], moves(account)) == ("Open", 0)
    assert account.shown(item)["values"]["ps_paid_amount"] == "4.00"
    await loaded(target, later(before, paid(item)))
    assert (account.shown(item)["group"], moves(account)) == ("Paid", 1)


async def test_an_item_is_not_moved_into_the_group_where_it_stands(account: Account, item: str) -> None:
    """A move within its group would put it on top."""
    target = payments(account)
    await loaded(target, unpaid := first(paid(item, "unpaid")))
    await loaded(target, held := later(unpaid, paid(item, "held")))
    assert moves(account) == 0
    await loaded(target, done := later(held, paid(item)))
    await loaded(target, later(done, paid(item, payment_reference="0002")))
    assert moves(account) == 1


async def test_an_open_group_that_is_not_the_one_for_new_items_is_moved_to(
    account: Account, item: str
) -> None:
    target = payments(account, open_group="Cancelled", group="Open")
    await loaded(target, first(paid(item, "unpaid")))
    assert account.shown(item)["group"] == "Cancelled"


async def test_without_groups_only_columns_are_written(account: Account, item: str) -> None:
    target = PaymentStatus(account.api, options())
    body = {name: value for name, value in paid(item).items() if name != "group"}
    await loaded(target, intent := first(body))
    assert (account.shown(item)["group"], moves(account)) == ("Open", 0)
    assert await verdict(target, intent) is Verdict.EQUAL


async def test_without_columns_only_the_group_changes(account: Account, item: str) -> None:
    target = payments(account, columns=("voucher",))
    await loaded(target, first({"item": item, "group": "paid"}))
    assert account.shown(item)["group"] == "Paid"
    assert "change_multiple" not in account.documents("WriteItems")[-1]


async def test_only_the_columns_of_payments_are_written(account: Account, item: str) -> None:
    before = dict(account.item(item).values)
    await loaded(payments(account), first(paid(item)))
    assert set(values_of(account.variables("WriteItems")[-1])) == {column_id(name) for name in PAYMENT_FIELDS}
    after = account.item(item)
    assert {name: after.values[name] for name in before} == before
    assert after.name == "INV-1"


async def test_the_flow_of_invoices_does_not_touch_what_payments_wrote(account: Account, item: str) -> None:
    target = payments(account)
    await loaded(target, intent := first(paid(item)))
    await loaded(invoices(account, **GROUPS), update(create(1), item, amount=Decimal("11.00"), approval=None))
    assert await verdict(target, intent) is Verdict.EQUAL
    assert account.shown(item)["group"] == "Paid"


async def test_many_payments_go_in_few_calls(account: Account) -> None:
    items = await loaded(invoices(account, **GROUPS), *(create(number) for number in range(1, 31)))
    calls = account.calls()
    target = payments(account)
    await loaded(target, *(first(paid(one, number=number), number) for number, one in enumerate(items, 1)))
    assert account.calls() - calls == 3  # 60 actions: a change and a move each
    assert {account.shown(one)["group"] for one in items} == {"Paid"}


# ---- an item that was made anew, or changed by hand


async def test_the_item_made_in_place_of_a_removed_one_is_moved_as_well(account: Account, item: str) -> None:
    target = payments(account)
    await loaded(target, before := first(paid(item)))
    account.retire(item, "delete")
    (made,) = await loaded(invoices(account, **GROUPS), create(1))
    (target_id,) = await loaded(target, later(before, paid(made)))
    assert target_id == made
    assert (account.shown(made)["group"], account.shown(made)["values"]["ps_payment_status"]) == (
        "Paid",
        "Paid",
    )


async def test_what_somebody_changed_or_moved_is_seen_and_put_right_where_the_tenant_wants_that(
    account: Account, item: str
) -> None:
    target = payments(account, edits="write")
    await loaded(target, before := first(paid(item)))
    account.edit(item, ps_paid_amount="1")
    account.person("move", item=item, group="Cancelled")
    (record,) = (await target.read_back([item])).records
    wanted = paid(item)
    fields = [change["field"] for change in changed_fields(wanted, record.body)]
    assert fields == ["group", "columns.paid_amount"]
    assert target.limits.restore
    await loaded(target, later(before, paid(item)))  # unchanged: to restore it
    (record,) = (await target.read_back([item])).records
    assert changed_fields(wanted, record.body) == []


async def test_an_item_that_came_back_from_the_cancelled_ones_is_moved_again(
    account: Account, item: str
) -> None:
    target = payments(account)
    await loaded(target, before := first(paid(item)))
    back = later(before, paid(item))
    back.previous = Desired("gone", {}, absent=True)
    account.person("move", item=item, group="Open")  # by the flow of invoices
    await loaded(target, back)
    assert account.shown(item)["group"] == "Paid"


async def test_items_are_read_back_as_they_were_sent(account: Account, item: str) -> None:
    target = payments(account)
    for state in ("unpaid", "partly_paid", "paid"):
        await loaded(target, first(body := paid(item, state), state=state))
        (record,) = (await target.read_back([item])).records
        assert changed_fields(body, record.body) == []
        assert state == record.state or state in record.agrees
        account.person("move", item=item, group="Open")
    assert (await target.read_back(None)).records == []


# ---- what fails


@pytest.mark.parametrize("how", ["archive", "delete"])
async def test_an_item_that_is_gone_is_for_a_person(account: Account, item: str, how: str) -> None:
    target = payments(account)
    account.retire(item, how)
    (outcome,) = await written(target, intent := first(paid(item)))
    assert (outcome.result, outcome.target_id) == ("conflict", item)
    assert item in (outcome.reason or "")
    assert await verdict(target, intent) is Verdict.ABSENT
    assert (await target.read_back([item])).records == []


async def test_a_document_that_is_out_of_the_selection_is_left_to_the_flow_of_invoices(
    account: Account, item: str
) -> None:
    target = payments(account)
    calls = account.calls()
    gone = Intent(
        1, key_of(1), "US001", Operation.REMOVE, Desired("gone", {}, absent=True), "a", target_id=item
    )  # fmt: skip
    assert await loaded(target, gone) == [item]
    assert account.calls() == calls


async def test_one_that_the_board_cannot_hold_is_refused_here_and_the_others_go(account: Account) -> None:
    items = await loaded(invoices(account, **GROUPS), create(1), create(2))
    bad = paid(items[0], payment_status="Payed")
    outcomes = await written(payments(account), first(bad), first(paid(items[1]), 2))
    assert results(outcomes) == {"rejected": 1, "loaded": 1}
    assert (outcomes[0].field, outcomes[0].local) == ("columns.payment_status", True)
    assert account.shown(items[1])["group"] == "Paid"


async def test_a_move_that_fails_is_tried_again_with_the_columns(account: Account, item: str) -> None:
    target = payments(account)
    account.fault("partial", value="a1", code="ColumnValueException", status=200)
    (outcome,) = await written(target, intent := first(paid(item)))
    assert outcome.result == "rejected"
    assert account.shown(item)["values"]["ps_payment_status"] == "Paid"
    await loaded(target, again(intent))
    assert account.shown(item)["group"] == "Paid"


async def test_a_lost_answer_is_looked_up() -> None:
    async with boards.opened({"replay_seconds": 0}) as account:
        account.invoices()
        (item,) = await loaded(invoices(account, **GROUPS), create(1))
        target = payments(account)
        account.fault("lost")
        (outcome,) = await written(target, intent := first(paid(item)))
        assert outcome.result == "in_doubt"
        assert await verdict(target, doubtful(intent, account)) is Verdict.EQUAL
        (confirmed,) = await target.confirm([intent], [{}])
        assert (confirmed.result, confirmed.target_id) == ("loaded", item)


def test_nothing_is_looked_up_before_the_first_write_and_nothing_is_created(account: Account) -> None:
    assert payments(account).limits.adopt is False
