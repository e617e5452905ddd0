"""Several mutations in one call: what became of each, and that none is executed twice or lost."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from ml_connector.core import codec
from ml_connector.core.contract import Outcome
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    InDoubt,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.monday.batches import Batches, Done, gone, outcome_of, outcome_problem
from ml_connector.monday.operations import Action

from . import boards
from .boards import WRITE, Account, create, update
from .support import LOST, UNSENT, Reply, answer, error, site

MANY = 7


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


def actions(account: Account, count: int = MANY, board: Any = None) -> list[Action]:
    """Creates of items ``Item 0`` and so on."""
    board = board or account.board("Invoices")
    return [
        Action("create", {"board": str(board.id), "name": f"Item {number}", "values": "{}"})
        for number in range(count)
    ]


async def run(
    account: Account, todo: Sequence[Action], attempt: str = "first", *, size: int = 25
) -> list[Done]:
    return await Batches(account.api, size=size, points=10_000).run(todo, attempt)


def names(account: Account) -> list[str]:
    return [item.name for item in account.items()]


def worked(done: Sequence[Done]) -> list[bool]:
    return [one.worked for one in done]


# ---- the plain way


async def test_one_call_carries_many_actions_in_their_order(account: Account) -> None:
    done = await run(account, actions(account))
    assert names(account) == [f"Item {number}" for number in range(MANY)]
    assert [one.id for one in done] == [str(item.id) for item in account.items()]
    assert account.calls() == 1


@pytest.mark.parametrize(("size", "calls"), [(1, 7), (3, 3), (7, 1), (100, 1)])
async def test_no_call_carries_more_than_it_may(account: Account, size: int, calls: int) -> None:
    assert all(worked(await run(account, actions(account), size=size)))
    assert (account.calls(), len(names(account))) == (calls, MANY)


async def test_nothing_to_do_is_no_call(account: Account) -> None:
    assert await run(account, []) == []
    assert account.transport.sent == []


async def test_actions_of_all_kinds_stand_in_one_call(account: Account) -> None:
    board = account.invoices("subitems")
    (first, second) = await run(account, actions(account, 2, board))
    assert board.subitem_board is not None
    _, paid, _ = board.groups
    mixed = [
        Action("create_below", {"parent": first.id, "name": "line", "values": "{}"}),
        Action("change", {"board": str(board.id), "item": first.id, "values": '{"name":"renamed"}'}),
        Action("move", {"item": first.id, "group": paid}),
        Action("archive", {"item": second.id}),
    ]
    assert all(worked(await run(account, mixed)))
    (left,) = account.items()
    assert (left.name, left.group.id, [row.name for row in left.subitems]) == ("renamed", paid, ["line"])
    assert account.item(second.id).state == "archived"


# ---- some fail


async def test_one_alias_fails_and_the_others_stand(account: Account) -> None:
    account.fault("partial", value="a3", code="ColumnValueException", status=200, message="no")
    done = await run(account, actions(account))
    assert worked(done) == [True, True, True, False, True, True, True]
    assert done[3].problem is not None
    assert (done[3].problem.code, done[3].problem.message) == ("ColumnValueException", "no")
    assert len(names(account)) == MANY - 1


async def test_what_failed_is_sent_again_under_a_new_key_and_then_goes_through(account: Account) -> None:
    """Under the same key monday.com would give the kept refusal again."""
    todo = actions(account)
    account.fault("partial", value="a3", code="ColumnValueException", status=200)
    await run(account, todo, "first")
    assert not (await run(account, todo, "first"))[3].worked  # replayed: nothing was executed anew
    assert len(names(account)) == MANY - 1
    assert (await run(account, [todo[3]], "second"))[0].worked
    assert sorted(names(account)) == [f"Item {number}" for number in range(MANY)]
    assert len(set(account.keys)) == 2


async def test_an_id_counts_whatever_else_went_wrong(account: Account) -> None:
    """A mutation can succeed while a field of its answer fails."""
    entry = {"message": "Internal server error", "path": ["a0", "created_at"]}
    reply = answer({"data": {"a0": {"id": 71}}, "errors": [entry | {"extensions": {"status_code": 500}}]})
    made = await scripted(reply, count=1)
    assert made == [Done(id="71")]


async def test_an_alias_with_neither_an_id_nor_an_error_is_in_doubt() -> None:
    (there, lacking) = await scripted(answer({"data": {"a0": {"id": "71"}, "a1": None}}), count=2)
    assert there.worked
    assert isinstance(lacking.error, InDoubt)
    assert outcome(lacking).result == "in_doubt"


async def test_a_half_answer_of_a_service_leaves_that_alias_in_doubt(account: Account) -> None:
    account.fault("partial", value="a1", code="INTERNAL_SERVER_ERROR", status=500)
    done = await run(account, actions(account, 3))
    assert worked(done) == [True, False, True]
    assert outcome(done[1]).result == "in_doubt"


@pytest.mark.parametrize(
    ("code", "result", "cause"),
    [
        ("ColumnValueException", "rejected", None),
        ("ItemNameTooLongException", "rejected", None),
        ("InvalidColumnIdException", "rejected", None),
        ("USER_ACCESS_DENIED", "unsent", NotActivated),
        ("UserUnauthorizedException", "unsent", NotActivated),
        ("NOT_AUTHENTICATED", "unsent", AuthenticationError),
        ("COMPLEXITY_BUDGET_EXHAUSTED", "unsent", RateLimited),
        ("SomethingNew", "in_doubt", None),
    ],
)
async def test_what_an_alias_is_refused_with_decides_about_its_document(
    account: Account, code: str, result: str, cause: type[Exception] | None
) -> None:
    account.fault("partial", value="a1", code=code, status=200)
    done = await run(account, actions(account, 2))
    found = outcome(done[1])
    assert found.result == result
    assert type(found.cause) is (cause or type(None))
    assert outcome(done[1], item="77").target_id == (None if result == "unsent" else "77")


async def test_a_full_board_stops_the_flow_and_keeps_what_it_took(account: Account) -> None:
    account.switches.items_limit = 4
    done = await run(account, actions(account))
    assert worked(done) == [True] * 4 + [False] * 3
    for one in done[4:]:
        found = outcome(one)
        assert (found.result, type(found.cause)) == ("unsent", ConfigurationError)
        assert "the board is full" in (found.reason or "")


async def test_the_column_that_refused_is_named(account: Account) -> None:
    board = account.invoices()
    wrong = Action("create", {"board": str(board.id), "name": "x", "values": '{"ps_amount":"much"}'})
    (done,) = await run(account, [wrong])
    found = outcome(done)
    assert (found.result, found.field, found.code) == ("rejected", "ps_amount", "ColumnValueException")


def test_a_removed_item_is_for_a_person() -> None:
    made = update(create(1), "71")
    assert "71" in (gone(made).reason or "")
    assert "edits: write" in (gone(made).reason or "")


# ---- nothing was executed


async def test_too_much_at_once_is_asked_for_in_halves(account: Account) -> None:
    account.switches.query_complexity = 30_000  # two aliases and the question for the complexity
    done = await run(account, actions(account), size=8)
    assert all(worked(done))
    assert names(account) == [f"Item {number}" for number in range(MANY)]
    sizes = [sum(name.endswith("_name") for name in sent) for sent in account.variables("WriteItems")]
    assert sizes == [7, 4, 2, 2, 2, 1]


async def test_one_action_that_is_too_much_leaves_what_was_done_before_it(account: Account) -> None:
    """Raising instead would make the core believe that nothing of the call was executed."""
    todo = actions(account, 4)
    account.fault("error", skip=2, count=None, status=200, code="maxComplexityExceeded", message="too much")
    done = await run(account, todo, size=1)
    assert worked(done) == [True, True, False, False]
    assert names(account) == ["Item 0", "Item 1"]
    for one in done[2:]:
        assert isinstance(one.error, ConfigurationError)
        assert outcome(one).result == "unsent"


async def test_a_locked_board_is_waited_for(account: Account) -> None:
    account.fault(
        "error", status=423, message="Resource is currently locked, please try again later", count=2
    )
    assert all(worked(await run(account, actions(account))))
    assert (len(names(account)), account.calls()) == (MANY, 3)
    assert len(set(account.keys)) == 1


async def test_a_spent_minute_is_waited_for(account: Account) -> None:
    account.fault("error", status=429, code="COMPLEXITY_BUDGET_EXHAUSTED", seconds=22)
    assert all(worked(await run(account, actions(account))))
    assert sum(account.pauses) >= 22
    assert len(names(account)) == MANY


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"status": 429, "code": "DAILY_LIMIT_EXCEEDED", "seconds": 3599}, RateLimited),
        ({"status": 429, "code": "MINUTE_RATE_LIMIT_EXCEEDED", "seconds": 600}, RateLimited),
        ({"status": 401, "code": "NOT_AUTHENTICATED"}, AuthenticationError),
        ({"status": 403, "code": "USER_ACCESS_DENIED"}, NotActivated),
    ],
)
async def test_what_stops_the_flow_leaves_the_rest_unsent(
    account: Account, fault: dict[str, Any], cause: type[Exception]
) -> None:
    account.fault("error", skip=1, count=None, **fault)
    done = await run(account, actions(account), size=3)
    assert worked(done) == [True] * 3 + [False] * 4
    assert {type(one.error) for one in done[3:]} == {cause}
    assert {outcome(one).result for one in done[3:]} == {"unsent"}
    assert names(account) == ["Item 0", "Item 1", "Item 2"]


# ---- nobody knows


async def test_a_lost_answer_is_asked_for_again_and_nothing_is_made_twice(account: Account) -> None:
    account.fault("lost")
    done = await run(account, actions(account))
    assert [one.id for one in done] == [str(item.id) for item in account.items()]
    assert (len(names(account)), account.calls(), account.sandbox.monday.keys.replayed) == (MANY, 2, 1)
    assert len(set(account.keys)) == 1


@pytest.mark.parametrize("kind", ["lost", "broken_gateway", "truncate", "cut_off"])
async def test_each_way_to_lose_an_answer_is_overcome(account: Account, kind: str) -> None:
    account.fault(kind, count=2)
    assert all(worked(await run(account, actions(account))))
    assert len(names(account)) == MANY


async def test_a_write_that_still_runs_is_waited_for(account: Account) -> None:
    account.fault("error", status=409, code="IDEMPOTENCY_CONFLICT", message="currently being processed")
    assert all(worked(await run(account, actions(account))))
    assert len(names(account)) == MANY


async def test_an_unanswered_call_is_in_doubt_and_leaves_the_rest_unsent() -> None:
    async with boards.opened({"replay_seconds": 0}) as account:  # its key protects it no longer
        account.fault("lost", skip=1)
        done = await run(account, actions(account), size=3)
        assert worked(done) == [True] * 3 + [False] * 4
        assert [outcome(one).result for one in done[3:]] == ["in_doubt"] * 3 + ["unsent"]
        assert isinstance(done[6].error, Unavailable)
        assert len(names(account)) == 6  # the second call was carried out, which nobody here knows


async def test_a_call_that_never_left_is_unsent() -> None:
    done = await scripted(UNSENT, count=2)
    assert [outcome(one).result for one in done] == ["unsent", "unsent"]


async def test_a_call_that_broke_off_for_good_is_in_doubt() -> None:
    done = await scripted(LOST, count=2)
    assert [outcome(one).result for one in done] == ["in_doubt", "in_doubt"]


async def test_each_attempt_and_each_content_has_a_key_of_its_own(account: Account) -> None:
    todo = actions(account, 4)
    await run(account, todo, "one", size=2)
    await run(account, todo, "two", size=2)
    assert len(account.keys) == len(set(account.keys)) == 4
    assert all(len(key) == 64 for key in account.keys)


async def test_the_key_tells_nothing_of_the_content(account: Account) -> None:
    attempt = uuid.uuid4().hex
    await run(account, actions(account, 1), attempt)
    assert attempt not in account.keys[0]
    assert codec.digest("Item 0") != account.keys[0]


# ---- a call that is no batch


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer({"data": {"x": None}}), InDoubt),
        (error("InvalidBoardIdException", path=["x"], found={"x": None}), ConfigurationError),
        (error("USER_ACCESS_DENIED", path=["x"], found={"x": None, "y": 1}), NotActivated),
        (error("INTERNAL_SERVER_ERROR", path=["x"], found={"x": None}), InDoubt),
    ],
)
async def test_why_a_single_call_gave_nothing(reply: Reply, kind: type[Exception]) -> None:
    got = await site(reply).write()
    assert type(outcome_problem(got, "x", "the start")) is kind
    assert "the start" in str(outcome_problem(got, "x", "the start"))


async def scripted(*replies: Reply, count: int) -> list[Done]:
    """Against a service that answers what it is told."""
    todo = [Action("archive", {"item": str(number)}) for number in range(count)]
    return await Batches(site(*replies).api, size=25, points=1).run(todo, "first")


def outcome(done: Done, item: str | None = None) -> Outcome:
    return outcome_of(create(1), done, item=item)


def test_the_operation_that_the_faults_name_is_the_batch() -> None:
    assert WRITE.endswith("WriteItems")
