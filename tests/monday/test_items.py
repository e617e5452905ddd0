"""Documents as items of a board: created, changed, found again, and what people do to them meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Operation, Verdict
from ml_connector.core.errors import ConfigurationError, RateLimited
from ml_connector.core.planning.differences import changed_fields
from ml_connector.monday.items import Items
from ml_connector.monday.template import GONE, KEY

from . import boards
from .boards import (
    Account,
    again,
    body,
    create,
    doubtful,
    invoices,
    key_of,
    loaded,
    options,
    removal,
    results,
    update,
    values_of,
    verdict,
    written,
)


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


@pytest.fixture
async def impatient() -> AsyncIterator[Account]:
    """A client that does not ask for a lost answer again."""
    async with boards.opened({"replay_seconds": 0}) as opened:
        yield opened


# ---- creating


async def test_a_document_becomes_an_item_with_its_values(account: Account) -> None:
    account.invoices(groups=("Inbox", "Open"))
    (item,) = await loaded(invoices(account, group="Open"), create(1, description="two\nlines"))
    shown = account.shown(item)
    assert (shown["name"], shown["group"]) == ("INV-1", "Open")
    assert {name: text for name, text in shown["values"].items() if text} == {
        KEY: key_of(1),
        "ps_voucher": "00000001",
        "ps_amount": "10.50",
        "ps_invoice_date": "2026-10-01",
        "ps_approval": "Approved",
        "ps_description": "two\nlines",
    }


async def test_many_documents_take_one_call_for_each_batch(account: Account) -> None:
    account.invoices()
    await loaded(invoices(account), *(create(number) for number in range(1, 61)))
    assert (len(account.items()), account.calls()) == (60, 3)
    assert [item.data(KEY) for item in account.items()] == [key_of(number) for number in range(1, 61)]


async def test_what_is_blank_is_not_sent_with_a_new_item(account: Account) -> None:
    account.invoices()
    await loaded(invoices(account), create(1, amount=None))
    assert set(values_of(account.variables("WriteItems")[0])) == {
        KEY, "ps_voucher", "ps_invoice_date", "ps_approval",
    }  # fmt: skip


async def test_a_document_that_the_board_cannot_hold_is_refused_here_and_the_others_go(
    account: Account,
) -> None:
    account.invoices()
    wrong = [
        (create(2, approval="Maybe"), "columns.approval", "has no label 'Maybe'"),
        (create(3, description="x" * 2001), "columns.description", "2000 characters"),
        (create(4, body(4) | {"name": "n" * 256}), "name", "1 to 255 characters"),
        (create(5, body(5) | {"name": ""}), "name", "1 to 255 characters"),
    ]
    good = [create(1), create(6)]
    outcomes = await written(invoices(account), good[0], *(one for one, _, _ in wrong), good[1])
    assert results(outcomes) == {"loaded": 2, "rejected": 4}
    for outcome, (intent, field, said) in zip(outcomes[1:5], wrong, strict=True):
        assert (outcome.key, outcome.field, outcome.local) == (intent.key, field, True)
        assert said in (outcome.reason or "")
    assert (len(account.items()), account.calls()) == (2, 1)


async def test_a_document_that_monday_refuses_names_the_column_and_the_others_stand(account: Account) -> None:
    account.invoices()
    outcomes = await written(invoices(account), create(1), create(2, invoice_date="2026-13-01"), create(3))
    assert [outcome.result for outcome in outcomes] == ["loaded", "rejected", "loaded"]
    assert (outcomes[1].field, outcomes[1].code, outcomes[1].local) == (
        "ps_invoice_date", "ColumnValueException", False,
    )  # fmt: skip
    assert [item.data(KEY) for item in account.items()] == [key_of(1), key_of(3)]


async def test_a_full_board_stops_the_flow_and_nothing_is_lost(account: Account) -> None:
    account.invoices()
    account.switches.items_limit = 2
    intents = [create(number) for number in (1, 2, 3)]
    target = invoices(account)
    outcomes = await written(target, *intents)
    assert [outcome.result for outcome in outcomes] == ["loaded", "loaded", "unsent"]
    assert isinstance(outcomes[2].cause, ConfigurationError)
    account.switches.items_limit = 10
    await loaded(target, again(intents[2], outcomes[2]))
    assert [item.data(KEY) for item in account.items()] == [key_of(number) for number in (1, 2, 3)]


async def test_a_flow_that_may_create_nothing_writes_what_is_there(account: Account) -> None:
    account.invoices()
    (item,) = await loaded(invoices(account), create(1))
    target = invoices(account, create=False)
    (refused,) = await written(target, create(2))
    assert (refused.result, refused.local) == ("rejected", True)
    assert "create it by hand" in (refused.reason or "")
    await loaded(target, update(create(1), item, amount=Decimal("11.00")))
    assert [one.data("ps_amount") for one in account.items()] == ["11.00"]


async def test_a_flow_that_may_create_nothing_adopts_what_a_person_made(account: Account) -> None:
    account.invoices()
    account.person("create", board="Invoices", name="by hand", values={KEY: key_of(1)})
    target = invoices(account, create=False)
    (found,) = await target.find([create(1)])
    assert found.verdict is Verdict.DIFFERENT
    await loaded(target, update(create(1), found.target_id))
    assert [item.name for item in account.items()] == ["INV-1"]


# ---- changing


async def test_an_update_writes_mapped_columns_and_nothing_else(account: Account) -> None:
    board = account.invoices(team_note="text", team_count="numbers")
    other = account.person("create", board="Invoices", name="not ours", values={"ps_amount": "7"})
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    account.edit(item, team_note="call them", team_count="3", ps_payment_status={"label": "Paid"})
    account.person("move", item=item, group="Paid")
    account.sandbox.monday.updates.append({"id": 1, "item_id": item, "body": "a comment"})
    await loaded(target, update(create(1), item, amount=Decimal("12.00")))
    shown = account.shown(item)
    assert shown["values"]["ps_amount"] == "12.00"
    assert (shown["values"]["team_note"], shown["values"]["team_count"]) == ("call them", "3")
    assert (shown["values"]["ps_payment_status"], shown["group"]) == ("Paid", "Paid")
    assert set(values_of(account.variables("WriteItems")[-1])) == {
        "name", KEY, "ps_voucher", "ps_amount", "ps_invoice_date", "ps_approval", "ps_description",
    }  # fmt: skip
    assert account.shown(other["id"])["values"]["ps_amount"] == "7"
    assert account.sandbox.monday.updates == [{"id": 1, "item_id": item, "body": "a comment"}]
    assert len(board.columns) == len(account.shown(item)["values"]) + 1


async def test_what_became_blank_is_emptied_on_the_board(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    (item,) = await loaded(target, create(1, description="old"))
    await loaded(target, update(create(1, description="old"), item, amount=None, approval=None))
    assert {name for name in account.item(item).values if name.startswith("ps_")} == {
        KEY, "ps_voucher", "ps_invoice_date",
    }  # fmt: skip
    assert values_of(account.variables("WriteItems")[-1])["ps_amount"] is None


async def test_a_document_is_renamed(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    await loaded(target, update(create(1), item, body(1) | {"name": "INV-1 B"}))
    assert account.item(item).name == "INV-1 B"
    assert len(account.items()) == 1


async def test_columns_are_found_by_their_titles_in_the_language_of_the_team(account: Account) -> None:
    board = account.board("Rechnungen", {"numeric_x1": "numbers"}, groups=("Offen",))
    board.columns["numeric_x1"].title = "Betrag"
    target = Items(account.api, options(board="rechnungen", columns={"amount": "BETRAG"}), "invoices")
    (item,) = await loaded(target, create(1, {"name": "INV-1", "columns": {"amount": Decimal("1.10")}}))
    assert account.item(item).data("numeric_x1") == "1.10"


async def test_a_reference_is_written_as_the_connected_item(account: Account) -> None:
    suppliers = account.board("Suppliers")
    board = account.invoices()
    account.connected(board, "ps_supplier", "Supplier", suppliers)
    supplier = account.person("create", board="Suppliers", name="ACME")["id"]
    target = invoices(account, columns=("voucher", "supplier"))
    wanted = {"name": "INV-1", "columns": {"voucher": "1", "supplier": supplier}}
    (item,) = await loaded(target, create(1, wanted))
    assert account.shown(item)["values"]["ps_supplier"] == "ACME"
    assert await verdict(target, update(create(1, wanted), item, wanted)) is Verdict.EQUAL
    account.person("archive", item=supplier)
    (outcome,) = await written(target, create(2, wanted))
    assert (outcome.result, outcome.field) == ("rejected", "ps_supplier")


# ---- finding


async def test_on_an_empty_board_nothing_is_asked_for(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    found = await target.find([create(number) for number in range(1, 301)])
    assert {one.verdict for one in found} == {Verdict.ABSENT}
    assert account.calls("query Matching") == 0


async def test_on_an_empty_board_what_is_in_doubt_is_asked_for_nevertheless(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    await target.layout()
    await loaded(target, create(1))
    assert await verdict(target, doubtful(create(1), account)) is Verdict.EQUAL


async def test_three_hundred_documents_are_found_with_three_questions(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    await loaded(target, *(create(number) for number in range(1, 301)))
    found = await invoices(account).find([create(number) for number in range(1, 301)])
    assert {one.verdict for one in found} == {Verdict.EQUAL}
    assert len({one.target_id for one in found}) == 300
    assert account.calls("query Matching") == 3


@pytest.mark.parametrize("key", [key_of(1).lower(), key_of(1)])
async def test_a_key_is_found_in_small_and_capital_letters(account: Account, key: str) -> None:
    account.invoices()
    made = account.person("create", board="Invoices", name="INV-1", values={KEY: key})
    (found,) = await invoices(account).find([create(1)])
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, made["id"])


async def test_blanks_around_a_key_are_not_part_of_it(account: Account) -> None:
    """What the board answers is compared here; whether its search trims, monday.com does not say."""
    account.invoices()
    made = account.person("create", board="Invoices", name="INV-1", values={KEY: key_of(1)})
    account.edit(made["id"], **{KEY: f"{key_of(1)} "})
    target = invoices(account)
    assert (await target.read_back([made["id"]])).records[0].key == key_of(1)
    assert (await target.read_back(None)).records[0].key == key_of(1)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": Decimal("10.51")}, {"approval": "Denied"}, {"invoice_date": "2026-10-02"},
        {"voucher": None}, {"description": "new"},
    ],
)  # fmt: skip
async def test_each_difference_in_a_mapped_column_is_seen(account: Account, changed: dict[str, Any]) -> None:
    account.invoices()
    target = invoices(account)
    await loaded(target, create(1))
    assert await verdict(target, doubtful(create(1), account)) is Verdict.EQUAL
    assert await verdict(target, doubtful(create(1, **changed), account, ago=60.0)) is Verdict.DIFFERENT


async def test_what_the_team_owns_makes_no_difference(account: Account) -> None:
    account.invoices(team_note="text")
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    account.edit(item, team_note="call them", ps_paid_amount="1")
    account.person("move", item=item, group="Paid")
    assert await verdict(target, update(create(1), item)) is Verdict.EQUAL


async def test_an_empty_group_or_item_without_a_key_is_never_taken_for_a_document(account: Account) -> None:
    account.invoices()
    account.person("create", board="Invoices", name="INV-1")
    assert await verdict(invoices(account), doubtful(create(1), account)) is Verdict.ABSENT


async def test_a_copy_made_by_hand_is_for_a_person(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    (first,) = await loaded(target, create(1))
    copy = account.person("create", board="Invoices", name="INV-1 (copy)", values={KEY: key_of(1)})["id"]
    (found,) = await target.find([doubtful(create(1), account)])
    assert found.verdict is Verdict.FOREIGN
    assert first in (found.reason or "")
    assert copy in (found.reason or "")
    assert (
        await verdict(target, update(create(1), first)) is Verdict.EQUAL
    )  # the ledger knows which one it is


@pytest.mark.parametrize("how", ["archive", "delete"])
async def test_a_removed_item_is_absent(account: Account, how: str) -> None:
    account.invoices()
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    account.retire(item, how)
    assert await verdict(target, doubtful(create(1), account)) is Verdict.ABSENT
    assert await verdict(target, update(create(1), item)) is Verdict.ABSENT
    assert await verdict(target, removal(create(1), item)) is Verdict.EQUAL


async def test_an_item_on_another_board_is_absent(account: Account) -> None:
    account.invoices()
    other = account.board("Archive 2026")
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    account.move_away(item, other)
    assert await verdict(target, update(create(1), item)) is Verdict.ABSENT
    assert (await target.read_back([item])).records == []
    (outcome,) = await written(target, update(create(1), item, amount=Decimal(1)))
    assert outcome.result == "conflict"
    assert account.item(item).data("ps_amount") == "10.50"


async def test_an_item_that_was_made_before_the_worker_died_is_known_by_its_id(account: Account) -> None:
    """Even if a search does not show it yet, or somebody changed its key."""
    account.invoices()
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    account.edit(item, **{KEY: "changed"})
    intent = doubtful(create(1), account)
    intent.steps["item"] = item
    (found,) = await target.find([intent])
    assert (found.verdict, found.target_id) == (Verdict.EQUAL, item)


# ---- lost answers


async def test_a_lost_answer_is_replayed_and_nothing_is_made_twice(account: Account) -> None:
    account.invoices()
    account.fault("lost")
    await loaded(invoices(account), *(create(number) for number in range(1, 8)))
    assert (len(account.items()), account.sandbox.monday.counts()["duplicates"]) == (7, [])


async def test_a_lost_answer_that_cannot_be_replayed_is_looked_up(impatient: Account) -> None:
    impatient.invoices()
    target = invoices(impatient)
    impatient.fault("lost")
    intents = [create(1), create(2)]
    outcomes = await written(target, *intents)
    assert results(outcomes) == {"in_doubt": 2}
    assert {outcome.stands for outcome in outcomes} == {False}
    found = await target.find([doubtful(intent, impatient) for intent in intents])
    assert {one.verdict for one in found} == {Verdict.EQUAL}
    assert {one.target_id for one in found} == {str(item.id) for item in impatient.items()}


async def test_a_search_that_lags_does_not_find_yet_what_was_made(impatient: Account) -> None:
    impatient.invoices()
    impatient.switches.search_lag_seconds = 30
    target = invoices(impatient)
    impatient.fault("lost")
    intent = create(1)
    await written(target, intent)
    assert await verdict(target, doubtful(intent, impatient)) is Verdict.ABSENT  # believed after settle only
    assert target.limits.settle >= 60
    await impatient.pass_time(31)
    assert await verdict(target, intent) is Verdict.EQUAL


async def test_an_unanswered_update_knows_its_item(impatient: Account) -> None:
    impatient.invoices()
    target = invoices(impatient)
    (item,) = await loaded(target, create(1))
    impatient.fault("lost")
    (outcome,) = await written(target, intent := update(create(1), item, amount=Decimal("9.00")))
    assert (outcome.result, outcome.target_id) == ("in_doubt", item)
    assert await verdict(target, doubtful(intent, impatient)) is Verdict.EQUAL


async def test_what_failed_is_written_by_the_next_attempt(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    account.fault("partial", value="a1", code="ColumnValueException", status=200)
    intents = [create(number) for number in (1, 2, 3)]
    outcomes = await written(target, *intents)
    assert [outcome.result for outcome in outcomes] == ["loaded", "rejected", "loaded"]
    await loaded(target, again(intents[1], outcomes[1]))
    assert [item.data(KEY) for item in account.items()] == [key_of(1), key_of(3), key_of(2)]


# ---- removed by hand


@pytest.mark.parametrize("how", ["archive", "delete"])
async def test_an_item_that_somebody_removed_is_reported(account: Account, how: str) -> None:
    account.invoices()
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    account.retire(item, how)
    (outcome,) = await written(target, update(create(1), item, amount=Decimal("9.00")))
    assert (outcome.result, outcome.target_id) == ("conflict", item)
    assert "edits: write" in (outcome.reason or "")
    assert account.items() == []
    assert (await target.read_back([item])).records == []


@pytest.mark.parametrize("how", ["archive", "delete"])
async def test_an_item_that_somebody_removed_is_made_anew_where_edits_are_overwritten(
    account: Account, how: str
) -> None:
    account.invoices()
    target = invoices(account, edits="write")
    items = await loaded(target, create(1), create(2))
    account.retire(items[0], how)
    changed = [update(create(number), item, amount=Decimal("9.00")) for number, item in enumerate(items, 1)]
    (first, second) = await loaded(target, *changed)
    assert first != items[0]
    assert second == items[1]
    assert {item.data(KEY): item.data("ps_amount") for item in account.items()} == {
        key_of(1): "9.00", key_of(2): "9.00",
    }  # fmt: skip


async def test_an_item_that_was_made_anew_before_is_not_made_once_more(impatient: Account) -> None:
    """The answer to the first attempt was lost, and the ledger still knows the removed item."""
    impatient.invoices()
    target = invoices(impatient, edits="write")
    (item,) = await loaded(target, create(1))
    impatient.retire(item, "delete")
    impatient.fault("lost", skip=1)  # the change is answered, the creation is not
    (outcome,) = await written(target, intent := update(create(1), item, amount=Decimal("9.00")))
    assert outcome.result == "in_doubt"
    (found,) = await target.find([doubtful(intent, impatient)])
    (made,) = impatient.items()
    assert (found.verdict, found.target_id) == (Verdict.EQUAL, str(made.id))
    (target_id,) = await loaded(target, again(intent))
    assert [str(one.id) for one in impatient.items()] == [target_id]


async def test_an_item_to_be_made_anew_that_is_not_there_is_sent_again_when_that_is_certain(
    impatient: Account,
) -> None:
    impatient.invoices()
    target = invoices(impatient, edits="write")
    (item,) = await loaded(target, create(1))
    impatient.retire(item, "delete")
    impatient.fault("reset", skip=1)
    (outcome,) = await written(target, intent := update(create(1), item, amount=Decimal("9.00")))
    assert outcome.result == "in_doubt"
    assert await verdict(target, doubtful(intent, impatient)) is Verdict.UNSURE
    await impatient.pass_time(target.limits.settle)
    assert await verdict(target, intent) is Verdict.DIFFERENT
    await loaded(target, again(intent))
    assert len(impatient.items()) == 1


async def test_two_copies_in_place_of_a_removed_item_are_for_a_person(account: Account) -> None:
    account.invoices()
    target = invoices(account, edits="write")
    (item,) = await loaded(target, create(1))
    account.retire(item, "delete")
    for _ in range(2):
        account.person("create", board="Invoices", name="copy", values={KEY: key_of(1)})
    (outcome,) = await written(target, update(create(1), item, amount=Decimal("9.00")))
    assert outcome.result == "conflict"
    assert "2 items have this key" in (outcome.reason or "")
    assert len(account.items()) == 2


async def test_a_look_up_that_fails_in_the_middle_does_not_unsay_what_was_written(account: Account) -> None:
    account.invoices()
    target = invoices(account, edits="write")
    items = await loaded(target, create(1), create(2))
    account.retire(items[0], "delete")
    account.fault("error", "query Matching", status=429, code="MINUTE_RATE_LIMIT_EXCEEDED", seconds=600)
    outcomes = await written(
        target,
        *(update(create(number), item, amount=Decimal("9.00")) for number, item in enumerate(items, 1)),
    )
    assert [outcome.result for outcome in outcomes] == ["unsent", "loaded"]
    assert isinstance(outcomes[0].cause, RateLimited)


# ---- changed by hand


def differences(wanted: dict[str, Any], record: Any) -> list[str]:
    """What a reconciliation sees."""
    return [str(change["field"]) for change in changed_fields(wanted, record.body)]


async def test_a_changed_value_is_read_back_and_written_again_where_the_tenant_wants_that(
    account: Account,
) -> None:
    account.invoices()
    target = invoices(account, edits="write")
    (item,) = await loaded(target, create(1, description="ours"))
    account.edit(item, ps_amount="99", ps_description=None, ps_approval={"label": "Denied"})
    account.person("rename", item=item, name="renamed")
    (record,) = (await target.read_back([item])).records
    wanted = create(1, description="ours").desired.body
    assert differences(wanted, record) == [
        "name", "columns.amount", "columns.approval", "columns.description",
    ]  # fmt: skip
    assert target.limits.restore
    await loaded(target, update(create(1, description="ours"), item, wanted))  # unchanged: to restore it
    assert differences(wanted, (await target.read_back([item])).records[0]) == []


async def test_a_mark_set_by_hand_is_read_back_and_taken_away(account: Account) -> None:
    account.invoices()
    target = invoices(account, edits="write")
    (item,) = await loaded(target, create(1))
    account.edit(item, **{GONE: {"checked": "true"}})
    (record,) = (await target.read_back([item])).records
    assert (record.state, record.absent) == ("gone", True)
    await loaded(target, update(create(1), item, create(1).desired.body))
    (record,) = (await target.read_back([item])).records
    assert (record.state, record.absent) == ("active", False)


async def test_a_found_item_that_is_marked_as_gone_is_marked_no_more(account: Account) -> None:
    """After a loss of the ledger nobody knows that it was taken away once."""
    account.invoices()
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    await loaded(target, removal(create(1), item))
    (found,) = await target.find([doubtful(create(1), account, ago=60.0)])
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, item)
    adopted = create(1)
    adopted.operation, adopted.target_id = Operation.UPDATE, item
    await loaded(target, adopted)
    assert await verdict(target, adopted) is Verdict.EQUAL


async def test_what_was_refused_half_way_is_written_in_full_by_the_next_document(account: Account) -> None:
    """A changed and was refused; then it became what it had been. The board must not keep a part of it."""
    account.invoices("board")
    target = invoices(account, "board")
    first = create(1, lines=1)
    (item,) = await loaded(target, first)
    bad = update(first, item, amount=Decimal("77.00"), lines=[boards.line(1, amount="6.00")])
    account.fault("partial", skip=1, value="a0", code="ColumnValueException", status=200)
    (outcome,) = await written(target, bad)
    assert (outcome.result, outcome.target_id, outcome.stands) == ("rejected", item, True)
    assert account.item(item).data("ps_amount") == "77.00"
    back = update(first, item, lines=[boards.line(1, amount="7.00")])
    back.steps = dict(bad.steps)
    await loaded(target, back)
    assert account.item(item).data("ps_amount") == "10.50"
    assert account.lines(key_of(1))["1-1"].data("ps_amount") == "7.00"


# ---- reading back


async def test_items_are_read_back_as_they_were_sent(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    intents = [create(number, description="  indented") for number in range(1, 4)]
    items = await loaded(target, *intents)
    page = await target.read_back(items)
    assert page.cursor is None
    for intent, record in zip(intents, page.records, strict=True):
        assert (record.key, record.amount, record.label) == (
            intent.key,
            Decimal("10.50"),
            intent.desired.body["name"],
        )
        assert differences(intent.desired.body, record) == []


async def test_an_amount_in_a_column_of_texts_is_an_amount(account: Account) -> None:
    board = account.invoices()
    account.person("delete-column", board=board.id, column="ps_amount")
    account.column(board, "ps_amount", "Amount", "text")
    target = invoices(account)
    (item,) = await loaded(target, create(1))
    (record,) = (await target.read_back([item])).records
    assert record.amount == Decimal("10.50")
    assert differences(create(1).desired.body, record) == []
    account.edit(item, ps_amount="about ten")
    (record,) = (await target.read_back([item])).records
    assert record.amount is None
    assert differences(create(1).desired.body, record) == ["columns.amount"]


async def test_pages_show_every_item_with_a_key_once(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    await loaded(target, *(create(number) for number in range(1, 526)))
    account.person("create", board="Invoices", name="the team's own")
    copy = account.person("create", board="Invoices", name="copy", values={KEY: key_of(1)})["id"]
    seen, cursor = [], None
    while True:
        page = await target.read_back(None, cursor)
        seen += [record.target_id for record in page.records]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 526
    assert copy in seen


async def test_archived_items_are_not_read_back(account: Account) -> None:
    account.invoices()
    target = invoices(account)
    items = await loaded(target, create(1), create(2))
    account.retire(items[0], "archive")
    assert [record.target_id for record in (await target.read_back(items)).records] == [items[1]]
    assert [record.target_id for record in (await target.read_back(None)).records] == [items[1]]


def test_what_goes_together_depends_on_whether_the_import_may_be_used(account: Account) -> None:
    direct, bulk = invoices(account, batch=10), invoices(account, bulk=200)
    assert {direct.limits.batch[operation] for operation in Operation} == {40}
    assert (bulk.limits.batch[Operation.CREATE], bulk.limits.batch[Operation.REMOVE]) == (2500, 100)
    assert (direct.limits.restore, invoices(account, edits="write").limits.restore) == (False, True)
