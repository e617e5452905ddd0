"""The bulk import: when it is used, what becomes of each row, and everything that can happen on the way."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core.contract import Intent, Outcome, Payload, Verdict
from ml_connector.core.errors import ConfigurationError, ContractChanged, RateLimited, Unavailable
from ml_connector.monday import import_rows, importing
from ml_connector.monday.bulk import UPLOAD_SECONDS, Row, Status, as_csv, read_report
from ml_connector.monday.items import Items
from ml_connector.monday.template import GONE, KEY, LINK

from . import boards
from .boards import (
    Account,
    Steps,
    again,
    body,
    create,
    doubtful,
    invoices,
    key_of,
    line,
    loaded,
    results,
    update,
    verdict,
    written,
)

START, STATUS, UPLOAD, REPORT = "mutation StartImport", "query ImportStatus", "PUT upload", "GET report"
FROM = 3
"""Items that are imported here, instead of 200."""


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


class Hour:
    """What the account may import in this hour."""

    def __init__(self, left: int) -> None:
        self.left = left

    async def try_take(self, count: int) -> bool:
        if count > self.left:
            return False
        self.left -= count
        return True


def bulk(account: Account, lines: str | None = None, **more: Any) -> Items:
    return invoices(account, lines, bulk=FROM, **more)


def creates(count: int = FROM, **more: Any) -> list[Intent]:
    return [create(number, **more) for number in range(1, count + 1)]


def receipts(outcomes: Sequence[Outcome]) -> list[Payload]:
    assert {outcome.result for outcome in outcomes} == {"accepted"}
    return [outcome.receipt or {} for outcome in outcomes]


async def confirmed(target: Items, intents: Sequence[Intent], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What a reconciliation hears of documents that were accepted."""
    for intent, outcome in zip(intents, outcomes, strict=True):
        intent.target_id = outcome.target_id or intent.target_id
    found = {one.key: one for one in await target.confirm(list(intents), receipts(outcomes))}
    return [found[intent.key] for intent in intents]


async def carried_on(target: Items, intents: Sequence[Intent], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The same, and the load behind it: what a confirmation finds undone is sent by the next load."""
    found = await confirmed(target, intents, outcomes)
    left = {
        one.key: again(intent, one)
        for intent, one in zip(intents, found, strict=True)
        if one.result == "unsent"
    }
    assert {one.stands for one in found if one.key in left} <= {True}
    done = {one.key: one for one in await written(target, *left.values())} if left else {}
    return [done.get(one.key, one) for one in found]


def keys(account: Account, title: str = "Invoices") -> list[str]:
    return sorted(str(item.data(KEY)) for item in account.items(title))


def wanted(count: int = FROM) -> list[str]:
    return [key_of(number) for number in range(1, count + 1)]


# ---- the plain way


@pytest.mark.parametrize(("count", "jobs"), [(FROM - 1, 0), (FROM, 1), (40, 1)])
async def test_so_many_and_more_are_imported(account: Account, count: int, jobs: int) -> None:
    account.invoices()
    await loaded(bulk(account), *creates(count))
    assert (account.calls(START), len(account.files)) == (jobs, jobs)
    assert keys(account) == wanted(count)
    assert account.calls() == (0 if jobs else 1)


async def test_zero_switches_the_import_off(account: Account) -> None:
    account.invoices()
    await loaded(invoices(account), *creates(30))
    assert account.calls(START) == 0


async def test_imported_items_are_what_batches_would_have_made(account: Account) -> None:
    account.invoices(groups=("Inbox", "Open"))
    target = bulk(account, group="Open")
    intents = creates(description='a "quoted", long\r\ntext\rwith ; and \U0001f600', voucher=" 0001")
    intents[1] = create(2, amount=None)
    items = await loaded(target, *intents)
    assert [await verdict(target, doubtful(intent, account)) for intent in intents] == [Verdict.EQUAL] * FROM
    assert {account.shown(item)["group"] for item in items} == {"Open"}
    assert [account.item(item).data(KEY) for item in items] == wanted()


async def test_the_job_is_noted_before_its_file_leaves(account: Account) -> None:
    account.invoices()
    steps = Steps(account)
    await written(bulk(account), *creates(), steps=steps)
    (job,) = account.sandbox.monday.imports.jobs
    assert steps.made == [(key, "job", job) for key in wanted()]
    assert set(steps.files) == {0}
    assert set(steps.writes) == {1}  # the start


async def test_an_import_takes_few_calls(account: Account) -> None:
    account.invoices()
    target = bulk(account)
    await target.layout()
    before = account.sandbox.monday.counts()["calls_today"]
    await loaded(target, *creates(500))
    assert account.sandbox.monday.counts()["calls_today"] - before == 2


# ---- updates


async def test_updates_go_over_to_the_items_with_the_keys(account: Account) -> None:
    account.invoices(team_note="text")
    target = bulk(account)
    intents = creates(description="old")
    items = await loaded(target, *intents)
    for item in items:
        account.edit(item, team_note="ours", ps_payment_status={"label": "Paid"})
        account.person("move", item=item, group="Paid")
    changed = [
        update(intent, item, body(intent.document_id, amount=None, voucher="7") | {"name": "renamed"})
        for intent, item in zip(intents, items, strict=True)
    ]
    assert await loaded(target, *changed) == items
    assert account.calls(START) == 2
    for item in items:
        shown = account.shown(item)
        assert (shown["name"], shown["group"]) == ("renamed", "Paid")
        assert (shown["values"]["ps_amount"], shown["values"]["ps_description"]) == ("", "")
        assert (shown["values"]["ps_voucher"], shown["values"]["team_note"]) == ("7", "ours")
        assert shown["values"]["ps_payment_status"] == "Paid"


async def test_only_what_became_blank_is_emptied_by_name(account: Account) -> None:
    account.invoices()
    target = bulk(account)
    items = await loaded(target, *(intents := creates()))
    await loaded(target, *(update(one, item, voucher=None) for one, item in zip(intents, items, strict=True)))
    made, changed = account.files
    assert {row["ps_voucher"] for row in changed} == {"<NULL>"}
    assert "ps_description" not in made[0]  # a new item needs nothing emptied
    assert {row["ps_description"] for row in changed} == {"<NULL>"}


async def test_what_somebody_changed_is_written_again_by_an_import(account: Account) -> None:
    account.invoices()
    target = bulk(account, edits="write")
    items = await loaded(target, *(intents := creates()))
    for item in items:
        account.edit(item, ps_amount="99", **{GONE: {"checked": "true"}})
    same = [
        update(intent, item, intent.desired.body) for intent, item in zip(intents, items, strict=True)
    ]  # unchanged: to restore it
    await loaded(target, *same)
    assert account.calls(START) == 2
    assert [await verdict(target, one) for one in same] == [Verdict.EQUAL] * FROM


async def test_a_key_that_somebody_changed_is_written_again_without_a_second_item(account: Account) -> None:
    account.invoices()
    target = bulk(account)
    items = await loaded(target, *(intents := creates()))
    account.edit(items[1], **{KEY: "typed over"})
    outcomes = await written(
        target, *(update(one, item, amount=Decimal(1)) for one, item in zip(intents, items, strict=True))
    )
    assert [outcome.result for outcome in outcomes] == ["loaded"] * 3
    assert [item.data(KEY) for item in account.items()] == [intent.key for intent in intents]
    assert [item.data("ps_amount") for item in account.items()] == ["1"] * 3


async def test_an_item_that_somebody_deleted_is_not_made_again_by_an_import(account: Account) -> None:
    account.invoices()
    target = bulk(account)
    items = await loaded(target, *(intents := creates(FROM + 1)))
    account.retire(items[1], "delete")
    outcomes = await written(
        target, *(update(one, item, amount=Decimal(1)) for one, item in zip(intents, items, strict=True))
    )
    assert [outcome.result for outcome in outcomes] == ["loaded", "conflict", *["loaded"] * (FROM - 1)]
    assert len(account.items()) == FROM


async def test_a_copy_that_an_import_wrote_instead_is_for_a_person(account: Account) -> None:
    """Of several items with one key monday.com writes the youngest."""
    account.invoices()
    target = bulk(account)
    items = await loaded(target, *(intents := creates()))
    account.person("create", board="Invoices", name="copy", values={KEY: key_of(1)})
    outcomes = await written(
        target, *(update(one, item, amount=Decimal(1)) for one, item in zip(intents, items, strict=True))
    )
    assert [outcome.result for outcome in outcomes] == ["conflict", "loaded", "loaded"]


async def test_a_flow_that_may_create_nothing_imports_nothing(account: Account) -> None:
    """A row whose key was changed on the board would become an item."""
    account.invoices()
    items = await loaded(bulk(account), *(intents := creates()))
    target = bulk(account, create=False)
    await loaded(
        target, *(update(one, item, amount=Decimal(1)) for one, item in zip(intents, items, strict=True))
    )
    assert account.calls(START) == 1


async def test_what_comes_back_is_not_imported_since_an_import_moves_nothing(account: Account) -> None:
    account.invoices()
    target = bulk(account, gone={"group": "Cancelled"})
    items = await loaded(target, *(intents := creates()))
    removed = [boards.removal(one, item) for one, item in zip(intents, items, strict=True)]
    await loaded(target, *removed)
    revived = [update(one, item) for one, item in zip(intents, items, strict=True)]
    for one, gone in zip(revived, removed, strict=True):
        one.previous = gone.desired
    await loaded(target, *revived)
    assert account.calls(START) == 1
    assert {account.shown(item)["group"] for item in items} == {"Open"}


# ---- what no import takes


async def test_a_column_that_the_import_does_not_take_keeps_its_board_out(account: Account) -> None:
    board = account.invoices()
    account.person("delete-column", board=board.id, column="ps_voucher")
    account.column(board, "ps_voucher", "Country", "country")
    await loaded(bulk(account), *creates(voucher="US"))
    assert (account.calls(START), len(account.items())) == (0, FROM)


async def test_a_document_with_a_value_that_no_csv_can_hold_goes_in_a_batch(account: Account) -> None:
    board = account.invoices()
    account.person("delete-column", board=board.id, column="ps_approval")
    account.column(board, "ps_approval", "Approval", "dropdown", ("Approved", "Yes, but"))
    target = bulk(account)
    intents = [*creates(), create(4, approval="Yes, but"), create(5, description="<NULL>")]
    await loaded(target, *intents)
    assert (len(account.files[0]), account.calls()) == (FROM, 1)
    assert [await verdict(target, doubtful(intent, account)) for intent in intents] == [Verdict.EQUAL] * 5


async def test_too_few_for_an_import_beside_those_that_need_a_batch_go_in_batches(account: Account) -> None:
    account.invoices()
    await loaded(bulk(account), *creates(FROM - 1), create(9, description="<NULL>"))
    assert (account.calls(START), len(account.items())) == (0, FROM)


async def test_an_hour_that_is_used_up_leaves_batches(account: Account) -> None:
    account.invoices()
    hour = Hour(5)
    target = bulk(account, imported=hour)
    await loaded(target, *creates())
    await loaded(target, *(create(number) for number in (4, 5, 6)))
    assert (account.calls(START), account.calls(), hour.left) == (1, 1, 2)
    assert keys(account) == wanted(6)


async def test_imports_that_are_refused_in_this_hour_leave_batches(account: Account) -> None:
    account.invoices()
    account.switches.job_starts_per_hour = 1
    target = bulk(account)
    await loaded(target, *creates())
    await loaded(target, *(create(number) for number in (4, 5, 6)))
    assert (len(account.files), account.calls()) == (1, 1)
    assert keys(account) == wanted(6)


async def test_rows_beyond_the_hour_of_the_account_go_in_batches(account: Account) -> None:
    """Somebody else imports through the same account."""
    account.invoices()
    account.switches.ingest_items_per_hour = 2
    await loaded(bulk(account), *creates())
    assert (account.calls(START), account.calls()) == (1, 1)
    assert keys(account) == wanted()


# ---- rows that are refused


async def test_rows_that_the_report_refuses_are_refused_and_the_others_stand(account: Account) -> None:
    account.invoices()
    intents = creates(4)
    intents[1] = create(2, invoice_date="2026-13-01")
    outcomes = await written(bulk(account), *intents)
    assert [outcome.result for outcome in outcomes] == ["loaded", "rejected", "loaded", "loaded"]
    assert (outcomes[1].code, outcomes[1].target_id) == ("validation_error", None)
    assert "ps_invoice_date" in (outcomes[1].reason or "")
    assert keys(account) == [key_of(1), key_of(3), key_of(4)]
    items = {str(item.data(KEY)): str(item.id) for item in account.items()}
    assert [outcomes[place].target_id for place in (0, 2, 3)] == [items[key_of(n)] for n in (1, 3, 4)]


async def test_what_the_board_cannot_hold_is_refused_before_the_file_is_made(account: Account) -> None:
    account.invoices()
    outcomes = await written(bulk(account), *creates(), create(4, approval="Maybe"))
    assert [outcome.result for outcome in outcomes] == ["loaded"] * FROM + ["rejected"]
    assert outcomes[-1].local
    assert len(account.files[0]) == FROM


async def test_a_board_without_room_stops_the_flow_and_takes_nothing(account: Account) -> None:
    account.invoices()
    account.switches.items_limit = 2
    outcomes = await written(target := bulk(account), *(intents := creates()))
    assert results(outcomes) == {"in_doubt": FROM}
    assert {type(outcome.cause) for outcome in outcomes} == {ConfigurationError}
    assert "BOARD_CAPACITY_EXCEEDED" in (outcomes[0].reason or "")
    assert await verdict(target, doubtful(intents[0], account)) is Verdict.ABSENT
    assert account.items() == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (Status("REJECTED", "INVALID_UPLOAD: no"), ConfigurationError),
        (Status("FAILED", "PERMISSION_DENIED"), ConfigurationError),
        (Status("FAILED", "INTERNAL_ERROR: sorry"), Unavailable),
        (Status("COMPLETED"), type(None)),
        (Status("UNKNOWN", "no such job"), type(None)),
    ],
)
def test_what_a_failed_job_says_about_the_next_one(status: Status, kind: type) -> None:
    assert type(status.failure) is kind


# ---- something goes wrong on the way


async def test_a_lost_answer_to_the_start_is_asked_for_again(account: Account) -> None:
    account.invoices()
    account.fault("lost", START)
    await loaded(bulk(account), *creates())
    assert (keys(account), len(account.sandbox.monday.imports.jobs)) == (wanted(), 1)


async def test_a_start_that_nobody_knows_of_has_no_file_and_nothing_was_written() -> None:
    async with boards.opened({"replay_seconds": 0}) as account:
        account.invoices()
        account.fault("lost", START)
        outcomes = await written(target := bulk(account), *(intents := creates()))
        assert results(outcomes) == {"unsent": FROM}
        assert {type(outcome.cause) for outcome in outcomes} == {Unavailable}
        await loaded(target, *map(again, intents))
        assert keys(account) == wanted()


@pytest.mark.parametrize("kind", ["lost", "broken_gateway", "cut_off"])
async def test_a_lost_answer_to_the_upload_is_settled_by_the_job(account: Account, kind: str) -> None:
    account.invoices()
    account.fault(kind, UPLOAD)
    outcomes = await written(target := bulk(account), *(intents := creates()))
    if kind == "cut_off":
        assert {outcome.result for outcome in outcomes} <= {"accepted", "loaded"}
    if results(outcomes) == {"accepted": FROM}:
        outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert [outcome.target_id for outcome in outcomes] == [str(item.id) for item in account.items()]
    assert keys(account) == wanted()


async def test_an_upload_that_is_refused_stops_the_flow_and_says_so(account: Account) -> None:
    account.invoices()
    account.fault("error", UPLOAD, status=403)
    outcomes = await written(target := bulk(account), *(intents := creates()))
    assert results(outcomes) == {"unsent": FROM}
    assert all(isinstance(outcome.cause, Unavailable) for outcome in outcomes)
    assert "403" in str(outcomes[0].cause)
    await loaded(target, *map(again, intents))
    assert keys(account) == wanted()


async def test_a_worker_that_dies_before_the_upload_is_settled_after_ten_minutes(account: Account) -> None:
    account.invoices()
    target = bulk(account)

    class Dying(Steps):
        async def steps(self, done: Any, name: str) -> None:
            await super().steps(done, name)
            raise KeyboardInterrupt

    intents = creates()
    with pytest.raises(KeyboardInterrupt):
        await target.write(intents, Dying(account))
    for intent in intents:
        doubtful(intent, account)
    found = await target.find(intents)
    assert {one.verdict for one in found} == {Verdict.UNSURE}
    assert "still runs" in (found[0].reason or "")
    await account.pass_time(UPLOAD_SECONDS)
    assert {one.verdict for one in await target.find(intents)} == {Verdict.ABSENT}
    await loaded(target, *map(again, intents))
    assert keys(account) == wanted()


async def test_a_worker_that_dies_behind_the_upload_finds_what_was_imported(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 120
    target = bulk(account, waiting={"wait_seconds": 0})
    outcomes = await written(target, *(intents := creates()))
    receipts(outcomes)  # which were lost with the worker
    for intent in intents:
        doubtful(intent, account)
    assert {one.verdict for one in await target.find(intents)} == {Verdict.UNSURE}
    await account.pass_time(121)
    found = await target.find(intents)
    assert {one.verdict for one in found} == {Verdict.EQUAL}
    assert [one.target_id for one in found] == [str(item.id) for item in account.items()]


# ---- jobs that take long


async def test_a_job_that_still_runs_is_waited_for_by_a_later_run(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 300
    outcomes = await written(target := bulk(account), *(intents := creates()))
    assert [receipt["rows"] for receipt in receipts(outcomes)] == [[1], [2], [3]]
    assert account.items() == []
    outcomes = await confirmed(target, intents, outcomes)
    assert "PROCESSING" in (outcomes[0].reason or "")
    await account.pass_time(301)
    outcomes = await confirmed(target, intents, outcomes)
    assert [outcome.target_id for outcome in outcomes] == [str(item.id) for item in account.items()]
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]


async def test_a_job_is_waited_for_and_asked_about_now_and_then(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 45
    await loaded(bulk(account, waiting={"poll_seconds": 10, "wait_seconds": 600}), *creates())
    assert account.calls(STATUS) <= 8


async def test_rows_that_were_refused_are_told_by_a_later_run(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 300
    intents = creates(4)
    intents[1] = create(2, invoice_date="2026-13-01")
    outcomes = await written(target := bulk(account), *intents)
    await account.pass_time(301)
    outcomes = await confirmed(target, intents, outcomes)
    assert [outcome.result for outcome in outcomes] == ["loaded", "rejected", "loaded", "loaded"]
    assert (outcomes[1].stands, outcomes[1].target_id) == (False, None)


async def test_a_limit_while_a_job_is_waited_for_leaves_its_documents_accepted(account: Account) -> None:
    account.invoices()
    account.fault("error", STATUS, status=429, code="DAILY_LIMIT_EXCEEDED", seconds=600)
    outcomes = await written(target := bulk(account), *(intents := creates()))
    assert results(await confirmed(target, intents, outcomes)) == {"loaded": FROM}
    assert keys(account) == wanted()


async def test_an_outage_while_asking_leaves_what_was_accepted_as_it_is(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 300
    outcomes = await written(target := bulk(account), *(intents := creates()))
    account.fault("error", STATUS, status=429, code="DAILY_LIMIT_EXCEEDED", seconds=600)
    with pytest.raises(RateLimited):
        await confirmed(target, intents, outcomes)


# ---- reports that cannot be read


async def test_a_report_that_cannot_be_read_now_is_asked_for_later(account: Account) -> None:
    account.invoices()
    account.fault("error", REPORT, status=403, count=None)  # its address was good for ten minutes
    outcomes = await written(target := bulk(account), *(intents := creates()))
    assert {outcome.result for outcome in outcomes} <= {"in_doubt", "accepted"}
    account.sandbox.faults.clear()
    found = await target.find([doubtful(intent, account) for intent in intents])
    assert {one.verdict for one in found} == {Verdict.EQUAL}
    assert keys(account) == wanted()


async def test_a_job_that_monday_forgot_is_settled_by_looking(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 300
    outcomes = await written(target := bulk(account), *(intents := creates()))
    await account.pass_time(301)
    account.sandbox.monday.imports.work()
    account.sandbox.monday.imports.jobs.clear()
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert [outcome.target_id for outcome in outcomes] == [str(item.id) for item in account.items()]


async def test_a_forgotten_job_whose_items_a_search_does_not_show_yet_makes_nothing_twice(
    account: Account,
) -> None:
    account.invoices()
    account.switches.change({"ingest_seconds": 300, "search_lag_seconds": 40})
    outcomes = await written(target := bulk(account), *(intents := creates()))
    await account.pass_time(301)
    account.sandbox.monday.imports.work()
    account.sandbox.monday.imports.jobs.clear()
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"accepted": FROM}  # believed after the settle time only
    await account.pass_time(target.limits.settle)
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert keys(account) == wanted()


async def test_a_forgotten_job_that_made_nothing_is_sent_again_after_a_second_look(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 300
    outcomes = await written(target := bulk(account), *(intents := creates()))
    account.sandbox.monday.imports.jobs.clear()
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"accepted": FROM}
    await account.pass_time(target.limits.settle - 1)
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"accepted": FROM}
    await account.pass_time(2)
    assert results(await confirmed(target, intents, outcomes)) == {"failed": FROM}


async def test_an_update_that_an_import_never_made_is_not_taken_for_done(account: Account) -> None:
    """The items stand there under their keys, with what they held before."""
    account.invoices()
    target = bulk(account)
    items = await loaded(target, *(intents := creates()))
    account.switches.ingest_seconds = 300
    changed = [update(one, item, amount=Decimal("77.00")) for one, item in zip(intents, items, strict=True)]
    outcomes = await written(target, *changed)
    account.sandbox.monday.imports.jobs.clear()
    account.switches.ingest_seconds = 0
    outcomes = await carried_on(target, changed, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert [item.data("ps_amount") for item in account.items()] == ["77.00"] * FROM


async def test_an_update_that_an_import_never_made_to_a_removed_item_is_for_a_person(
    account: Account,
) -> None:
    account.invoices()
    target = bulk(account)
    items = await loaded(target, *(intents := creates()))
    account.switches.ingest_seconds = 300
    changed = [update(one, item, amount=Decimal("77.00")) for one, item in zip(intents, items, strict=True)]
    outcomes = await written(target, *changed)
    account.sandbox.monday.imports.jobs.clear()
    account.switches.ingest_seconds = 0
    account.retire(items[0], "archive")
    await carried_on(target, changed[1:], outcomes[1:])
    first = await confirmed(target, changed[:1], outcomes[:1])
    assert results(first) == {"accepted": 1}  # its key is looked for once more
    await account.pass_time(target.limits.settle)
    (outcome,) = await carried_on(target, changed[:1], first)
    assert (outcome.result, outcome.target_id) == ("conflict", items[0])
    assert [item.data("ps_amount") for item in account.items()] == ["77.00"] * (FROM - 1)


async def test_copies_in_place_of_an_unread_report_are_for_a_person(account: Account) -> None:
    account.invoices()
    account.switches.ingest_seconds = 300
    outcomes = await written(target := bulk(account), *(intents := creates()))
    await account.pass_time(301)
    account.sandbox.monday.imports.work()
    account.sandbox.monday.imports.jobs.clear()
    account.person("create", board="Invoices", name="copy", values={KEY: key_of(1)})
    outcomes = await confirmed(target, intents, outcomes)
    assert [outcome.result for outcome in outcomes] == ["conflict", "loaded", "loaded"]


# ---- lines


def amounts(account: Account) -> dict[str, str]:
    return {str(item.data(KEY)): item.data("ps_amount") for item in account.items("Invoice lines")}


async def test_lines_are_imported_below_imported_items(account: Account) -> None:
    account.invoices("board")
    target = bulk(account, "board")
    items = await loaded(target, *(intents := creates(lines=2)))
    assert (account.calls(START), account.calls()) == (2, 0)
    for number, item in enumerate(items, 1):
        found = account.lines(key_of(number))
        assert {str(one.data(LINK)[0]) for one in found.values()} == {item}
        assert sorted(found) == ["1-1", "2-1"]
    assert [await verdict(target, doubtful(one, account)) for one in intents] == [Verdict.EQUAL] * FROM


async def test_lines_are_created_changed_and_removed_by_an_import(account: Account) -> None:
    account.invoices("board")
    target = bulk(account, "board")
    items = await loaded(target, *(intents := creates(lines=3)))
    changed = [
        update(one, item, lines=[line(1), line(2, amount="9.00"), line(4)])
        for one, item in zip(intents, items, strict=True)
    ]
    await loaded(target, *changed)
    assert amounts(account) == {
        f"{key_of(number)}|{part}-1": "9.00" if part == 2 else "5.25"
        for number in range(1, FROM + 1)
        for part in (1, 2, 4)
    }
    assert {row["ps_key"].rpartition("|")[2] for row in account.files[-1]} == {"2-1", "4-1"}
    assert len(account.files) == 3  # items, their lines, and the changed lines


async def test_many_lines_of_few_documents_are_imported_as_well(account: Account) -> None:
    account.invoices("board")
    await loaded(bulk(account, "board"), create(1, lines=FROM))
    assert (account.calls(), account.calls(START)) == (1, 1)
    assert len(account.lines(key_of(1))) == FROM


async def test_subitems_are_never_imported(account: Account) -> None:
    account.invoices("subitems")
    await loaded(bulk(account, "subitems"), *creates(lines=2))
    assert (account.calls(START), account.calls()) == (1, 1)
    assert len(account.items("Subitems of Invoices")) == 2 * FROM


async def test_more_lines_than_a_job_takes_go_in_several_and_each_document_in_one(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.invoices("board")
    account.switches.ingest_rows = 7
    for module in (import_rows, importing):
        monkeypatch.setattr(module, "JOB_ROWS", 7)
    target = bulk(account, "board")
    items = await loaded(target, *(create(number, lines=3) for number in range(1, 6)))
    assert [len(file) for file in account.files] == [5, 6, 6, 3]
    assert [len(account.lines(key_of(number))) for number in range(1, 6)] == [3] * 5
    assert len(items) == 5


async def test_a_document_with_more_lines_than_a_job_takes_goes_in_batches(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.invoices("board")
    for module in (import_rows, importing):
        monkeypatch.setattr(module, "JOB_ROWS", 4)
    await loaded(bulk(account, "board"), create(1, lines=6), create(2, lines=3))
    assert [len(file) for file in account.files] == [3]
    assert [len(account.lines(key_of(number))) for number in (1, 2)] == [6, 3]


async def test_a_line_that_the_report_refuses_leaves_the_item_to_its_document(account: Account) -> None:
    account.invoices("board")
    target = bulk(account, "board")
    intents = creates(lines=2)
    intents[1] = create(2, lines=[line(1), line(2, quantity="many")])
    outcomes = await written(target, *intents)
    assert [outcome.result for outcome in outcomes] == ["loaded", "rejected", "loaded"]
    assert (outcomes[1].stands, outcomes[1].field, outcomes[1].code) == (True, "lines", "validation_error")
    intents[1].desired.body["lines"] = [line(1), line(2)]
    (item,) = await loaded(target, again(intents[1], outcomes[1]))
    assert item == outcomes[1].target_id
    assert [len(account.lines(key_of(number))) for number in (1, 2, 3)] == [2, 2, 2]


async def test_lines_follow_when_a_later_run_knows_their_items(account: Account) -> None:
    account.invoices("board")
    account.switches.ingest_seconds = 300
    outcomes = await written(target := bulk(account, "board"), *(intents := creates(lines=2)))
    assert account.items("Invoice lines") == []
    await account.pass_time(301)
    account.switches.ingest_seconds = 0
    outcomes = await carried_on(target, intents, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert [len(account.lines(key_of(number))) for number in (1, 2, 3)] == [2, 2, 2]
    assert len(account.items()) == FROM


async def test_lines_that_take_long_are_settled_by_a_later_run(account: Account) -> None:
    account.invoices("board")
    target = bulk(account, "board")
    account.fault("error", STATUS, skip=1, status=429, code="DAILY_LIMIT_EXCEEDED", seconds=600)
    outcomes = await written(target, *(intents := creates(lines=2)))
    assert {receipt["part"] for receipt in receipts(outcomes)} == {"lines"}
    assert [outcome.target_id for outcome in outcomes] == [str(item.id) for item in account.items()]
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert len(account.items("Invoice lines")) == 2 * FROM


async def test_lines_of_a_forgotten_job_are_compared_and_made_where_they_lack(account: Account) -> None:
    account.invoices("board")
    target = bulk(account, "board")
    account.fault("error", STATUS, skip=1, status=429, code="DAILY_LIMIT_EXCEEDED", seconds=600)
    outcomes = await written(target, *(intents := creates(lines=2)))
    account.sandbox.monday.imports.jobs.clear()
    account.retire(str(account.items("Invoice lines")[0].id), "delete")
    outcomes = await confirmed(target, intents, outcomes)
    assert results(outcomes) == {"accepted": FROM}  # a search may not show them yet
    await account.pass_time(target.limits.settle)
    outcomes = await carried_on(target, intents, outcomes)
    assert results(outcomes) == {"loaded": FROM}, outcomes[0]
    assert [len(account.lines(key_of(number))) for number in (1, 2, 3)] == [2, 2, 2]


async def test_an_hour_that_is_used_up_by_items_leaves_lines_to_batches(account: Account) -> None:
    account.invoices("board")
    await loaded(bulk(account, "board", imported=Hour(FROM)), *creates(lines=2))
    assert (account.calls(START), account.calls()) == (1, 1)
    assert len(account.items("Invoice lines")) == 2 * FROM


async def test_lines_without_their_connection_are_connected_again_by_their_keys(account: Account) -> None:
    account.invoices("board")
    target = bulk(account, "board")
    items = await loaded(target, *(intents := creates(lines=2)))
    for lost in account.items("Invoice lines"):
        account.edit(str(lost.id), **{LINK: None})
    before = [item.id for item in account.items("Invoice lines")]
    changed = [
        update(one, item, lines=[line(1, amount="6.00"), line(2)])
        for one, item in zip(intents, items, strict=True)
    ]
    await loaded(target, *changed)
    assert [item.id for item in account.items("Invoice lines")] == before
    assert [await verdict(target, one) for one in changed] == [Verdict.EQUAL] * FROM


# ---- files


def test_a_file_says_what_each_row_says_and_leaves_the_rest_alone() -> None:
    rows = [
        Row("K|1", "A", {"a": "1", "b": "<NULL>"}),
        Row("K|2", 'B "x", y', {"c": "line\none\r\ntwo\rthree"}),
    ]
    text = as_csv("ps_key", rows).decode()
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == [
        ["name", "ps_key", "a", "b", "c"],
        ["A", "K|1", "1", "<NULL>", ""],
        ['B "x", y', "K|2", "", "", "line\none\r\ntwo\rthree"],
    ]
    assert text.count("\r\n") == 4  # of three rows, and in one cell
    assert '"line\none' in text


def test_a_report_is_read_by_its_numbers() -> None:
    report = (
        "\ufeffserialNo,status,itemId,error,name\r\n"
        '2,success,71,,"A, B"\r\n'
        '1,validation_error,,"[color1]: Label ""X"" is invalid",C\r\n'
        "3,skipped,,,D\r\n"
        "4,failed,,too many,E\r\n"
        "5,success,,,F\r\n"
    ).encode()
    found = read_report(report)
    assert {number: (one.item, one.error, one.refused) for number, one in found.items()} == {
        2: ("71", None, False),
        1: (None, '[color1]: Label "X" is invalid', True),
        3: (None, "skipped", False),
        4: (None, "too many", False),
        5: (None, "success", False),
    }


@pytest.mark.parametrize("report", [b"", b"serialNo,status,itemId\n1,success,71\n", b"<html></html>"])
def test_a_report_of_another_form_stops_the_flow(report: bytes) -> None:
    with pytest.raises(ContractChanged, match="report of an import"):
        read_report(report)
