"""Suppliers as labels of a dropdown column, against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.contract import Desired, Intent, Operation, Outcome, Progress, Verdict
from ml_connector.core.errors import ConfigurationError, ConnectorError, ContractChanged, InDoubt
from ml_connector.monday import operations
from ml_connector.monday.api import MondayApi
from ml_connector.monday.labelled import update_labels
from ml_connector.monday.labels import Labels
from sandbox.monday import labels as simulated
from sandbox.monday.model import Column
from tests.monday.account import Account, opened, options

CHOSEN: dict[str, Any] = {
    "suppliers": {"labels": {"board": "invoices", "column": "Supplier"}},
    "gl_accounts": {"labels": {"board": "invoices", "lines": True, "column": "Account"}},
    "invoices": {"board": "AP", "columns": {}, "lines": {"board": "Lines", "columns": {}}},
}
_numbers = count(1)


class _Steps:
    async def step(self, intent: Intent, name: str, value: Any) -> None: ...

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None: ...


STEPS: Progress = _Steps()


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    async with opened(tmp_path) as made:
        board = made.make_board("AP")
        own = [simulated.Label(3, "The team's own"), simulated.Label(7, "Left")]
        settings = {"limit_select": True, "label_limit_count": 1}
        made.add(board, "Supplier", "dropdown", labels=simulated.Labels("dropdown", own), settings=settings)
        lines = made.make_board("Lines")
        made.add(lines, "Account", "dropdown", labels=simulated.Labels("dropdown"))
        yield made


def target(account: Account, board: str = "suppliers", **more: Any) -> Labels:
    return Labels(account.api, options(CHOSEN), board, **more)


def intent(text: str, target_id: str | None = None, *, gone: bool = False, doubt: bool = False) -> Intent:
    number = next(_numbers)
    operation = Operation.REMOVE if gone else Operation.CREATE if target_id is None else Operation.UPDATE
    desired = Desired("gone" if gone else "active", {} if gone else {"name": text}, absent=gone)
    asked = datetime(2026, 11, 20, tzinfo=UTC) if doubt else None
    return Intent(
        number, f"SHARE|{text or number}", "SHARE", operation, desired, f"attempt {number}",
        target_id=target_id, attempted_at=asked,
    )  # fmt: skip


def column(account: Account) -> Column:
    return account.board("AP").columns["Supplier"]


def shown(account: Account) -> dict[int, str]:
    """Texts by id; deactivated ones in brackets."""
    labels = column(account).labels
    assert labels is not None
    return {row.id: f"({row.text})" if row.is_deactivated else row.text for row in labels.rows.values()}


def ids(outcomes: Sequence[Outcome]) -> list[tuple[str, str | None]]:
    return [(outcome.result, outcome.target_id) for outcome in outcomes]


async def test_a_whole_batch_is_one_call_beside_the_teams_own(account: Account) -> None:
    labels = target(account)
    await labels.place()
    before = account.calls
    outcomes = await labels.write([intent(f"Supplier {number}") for number in range(200)], STEPS)
    assert account.calls - before == 2, "one look and one change"
    assert ids(outcomes)[:2] == [("loaded", "8"), ("loaded", "9")]
    assert len({outcome.target_id for outcome in outcomes}) == 200
    assert shown(account)[3] == "The team's own"
    assert column(account).settings == {"limit_select": True, "label_limit_count": 1}


async def test_what_is_there_is_adopted_and_two_of_one_name_are_told_by_the_core(account: Account) -> None:
    """Both outcomes name one label: the core makes a conflict of the second one, since nothing is shared."""
    labels = target(account)
    assert not labels.limits.shared
    outcomes = await labels.write([intent("Left"), intent("Acme"), intent("Acme "), intent("left")], STEPS)
    assert ids(outcomes) == [("loaded", "7"), ("loaded", "8"), ("loaded", "8"), ("loaded", "9")]
    assert shown(account) == {3: "The team's own", 7: "Left", 8: "Acme", 9: "left"}


async def test_a_label_keeps_its_id_when_it_is_renamed_removed_and_wanted_again(account: Account) -> None:
    labels = target(account)
    ((_, acme),) = ids(await labels.write([intent("Acme")], STEPS))
    assert ids(await labels.write([intent("Acme Ltd", acme)], STEPS)) == [("loaded", acme)]
    assert shown(account)[8] == "Acme Ltd"
    assert ids(await labels.write([intent("", acme, gone=True)], STEPS)) == [("loaded", acme)]
    assert shown(account)[8] == "(Acme Ltd)"
    before = account.calls
    assert ids(await labels.write([intent("", acme, gone=True)], STEPS)) == [("loaded", acme)]
    assert account.calls - before == 1, "nothing to change"
    assert ids(await labels.write([intent("Acme", acme)], STEPS)) == [("loaded", acme)]
    assert shown(account) == {3: "The team's own", 7: "Left", 8: "Acme"}


async def test_removing_what_is_not_there_is_done(account: Account) -> None:
    outcomes = await target(account).write([intent("", "4711", gone=True)], STEPS)
    assert ids(outcomes) == [("loaded", "4711")]


async def test_a_deactivated_label_may_be_anothers_so_it_is_asked_for_first(account: Account) -> None:
    labels = target(account)
    await labels.write([intent("", "7", gone=True)], STEPS)
    (outcome,) = await labels.write([intent("Left")], STEPS)
    assert (outcome.result, outcome.target_id) == ("in_doubt", None)
    assert shown(account)[7] == "(Left)"
    (found,) = await labels.find([intent("Left", doubt=True)])
    assert (found.verdict, found.target_id) == (Verdict.DIFFERENT, "7")
    assert ids(await labels.write([intent("Left", "7")], STEPS)) == [("loaded", "7")]
    assert shown(account)[7] == "Left"


async def test_conflicts_and_refusals_concern_one_document(account: Account) -> None:
    labels = target(account)
    renamed = [intent("Left", "3"), intent("New name", "7"), intent("Any", "4711")]
    outcomes = await labels.write(renamed, STEPS)
    assert ids(outcomes) == [("conflict", "3"), ("loaded", "7"), ("conflict", "4711")]
    assert "another label of the column has the text 'Left'" in str(outcomes[0].reason)
    assert "was deleted from the column" in str(outcomes[2].reason)
    (blank,) = await labels.write([intent("  ")], STEPS)
    assert (blank.result, blank.local, blank.field) == ("rejected", True, "name")


async def test_a_flow_that_may_create_nothing(account: Account) -> None:
    outcomes = await target(account, create=False).write([intent("Left"), intent("New")], STEPS)
    assert ids(outcomes) == [("loaded", "7"), ("rejected", None)]


async def test_look_ups(account: Account) -> None:
    labels = target(account)
    await labels.write([intent("", "3", gone=True)], STEPS)
    asked = [
        intent("Left"), intent("New"), intent("Left", "7"), intent("Other", "7"), intent("", "3", gone=True),
        intent("", "7", gone=True), intent("Any", "99"),
    ]  # fmt: skip
    found = await labels.find(asked)
    assert [(one.verdict, one.target_id) for one in found] == [
        (Verdict.EQUAL, "7"), (Verdict.ABSENT, None), (Verdict.EQUAL, "7"), (Verdict.DIFFERENT, "7"),
        (Verdict.EQUAL, "3"), (Verdict.DIFFERENT, "7"), (Verdict.ABSENT, "99"),
    ]  # fmt: skip
    assert ids(await labels.confirm(asked[:2], [{}, {}])) == [("loaded", "7"), ("accepted", None)]


async def test_reading_back(account: Account) -> None:
    labels = target(account)
    await labels.write([intent("", "3", gone=True)], STEPS)
    everything = await labels.read_back()
    assert [(one.target_id, one.key, one.state, one.body) for one in everything.records] == [
        ("7", None, "active", {"name": "Left"})
    ]
    named = await labels.read_back(["3", "7", "99"])
    assert [(one.target_id, one.state, one.absent, one.partial) for one in named.records] == [
        ("3", "gone", True, True), ("7", "active", False, True)
    ]  # fmt: skip
    assert named.cursor is None


async def test_labels_of_lines_stand_on_their_board(account: Account) -> None:
    outcomes = await target(account, "gl_accounts").write([intent("5000 Travel")], STEPS)
    assert ids(outcomes) == [("loaded", "1")]
    labels = account.board("Lines").columns["Account"].labels
    assert labels is not None
    assert labels.rows[1].text == "5000 Travel"


async def test_a_change_by_somebody_else_is_not_overwritten(account: Account) -> None:
    def meddle() -> None:
        labels = column(account).labels
        assert labels is not None
        labels.new("Typed in by hand")
        account.sandbox.monday.store.touch_column(column(account))

    account.api = _Meddler(account.api, meddle)
    outcomes = await target(account).write([intent("Acme"), intent("Typed in by hand")], STEPS)
    assert ids(outcomes) == [("loaded", "9"), ("loaded", "8")]
    assert shown(account) == {3: "The team's own", 7: "Left", 8: "Typed in by hand", 9: "Acme"}


class _Through(MondayApi):
    def __init__(self, api: MondayApi) -> None:
        self._api = api

    async def query(self, *args: Any, **more: Any) -> Any:
        return await self._api.query(*args, **more)

    async def mutate(self, *args: Any, **more: Any) -> Any:
        return await self._api.mutate(*args, **more)


class _Meddler(_Through):
    """Changes the column before the first write arrives."""

    def __init__(self, api: MondayApi, meddle: Any) -> None:
        super().__init__(api)
        self._meddle = meddle

    async def mutate(self, *args: Any, **more: Any) -> Any:
        self._meddle()
        self._meddle = lambda: None
        return await super().mutate(*args, **more)


class _Picky(_Through):
    """Refuses changes that hold one of these texts, as a rule of monday.com's might."""

    def __init__(self, api: MondayApi, *texts: str) -> None:
        super().__init__(api)
        self._texts, self.writes = texts, 0

    async def mutate(self, name: str, document: str, variables: Any, **more: Any) -> Any:
        self.writes += 1
        added = {row["label"] for row in variables["settings"]["labels"] if "id" not in row}
        if added & set(self._texts) or "*" in self._texts:
            variables = variables | {"settings": {"labels": [{"label": "", "id": 3}]}}
        return await super().mutate(name, document, variables, **more)


async def test_one_text_that_is_refused_stops_no_other(account: Account) -> None:
    account.api = picky = _Picky(account.api, "Bad 7", "Bad 90")
    texts = [f"Bad {number}" if number in {7, 90} else f"Good {number}" for number in range(100)]
    outcomes = await target(account).write([intent(text) for text in texts], STEPS)
    refused = [outcome.key for outcome in outcomes if outcome.result == "rejected"]
    assert refused == ["SHARE|Bad 7", "SHARE|Bad 90"]
    assert sum(outcome.result == "loaded" for outcome in outcomes) == 98
    assert picky.writes < 40


async def test_a_column_that_takes_nothing_stops_the_flow_early(account: Account) -> None:
    account.api = picky = _Picky(account.api, "*")
    outcomes = await target(account).write([intent(f"Supplier {number}") for number in range(200)], STEPS)
    results = [outcome.result for outcome in outcomes]
    assert results == ["rejected"] * 5 + ["unsent"] * 195
    assert isinstance(outcomes[-1].cause, ConfigurationError)
    assert "managed column" in str(outcomes[-1].cause)
    assert picky.writes < 20


async def test_a_lost_answer_is_in_doubt_and_found(account: Account) -> None:
    healthy, account.api = account.api, _Lost(account.api)
    with pytest.raises(InDoubt):
        await target(account).write([intent("Acme")], STEPS)
    account.api = healthy
    (found,) = await target(account).find([intent("Acme", doubt=True)])
    assert (found.verdict, found.target_id) == (Verdict.EQUAL, "8")


async def test_a_lost_answer_in_the_middle_settles_what_is_known(account: Account) -> None:
    account.api = _Lost(_Picky(account.api, "Bad"), after=1)
    texts = ["Good 1", "Good 2", "Good 3", "Bad"]
    outcomes = await target(account).write([intent(text) for text in texts], STEPS)
    assert [outcome.result for outcome in outcomes] == ["loaded", "loaded", "in_doubt", "in_doubt"]


class _Lost(_Through):
    """Carries writes out; the answer to one of them, and only that, is lost."""

    def __init__(self, api: MondayApi, *, after: int = 0) -> None:
        super().__init__(api)
        self._after = after

    async def mutate(self, *args: Any, **more: Any) -> Any:
        answer = await super().mutate(*args, **more)
        self._after -= not answer.problems
        if self._after == -1:
            self._after = -2
            raise InDoubt("the connection broke off")
        return answer


@pytest.mark.parametrize(
    ("boards", "said"),
    [
        (CHOSEN | {"suppliers": {"board": {"board": "AP"}}}, "names no column for labels"),
        ({"suppliers": CHOSEN["suppliers"]}, "board invoices is not configured"),
        (CHOSEN | {"invoices": {"board": "AP", "columns": {}}}, "go nowhere"),
        (CHOSEN | {"suppliers": {"labels": {"board": "invoices", "column": "Name"}}}, "is of type name"),
        (CHOSEN | {"suppliers": {"labels": {"board": "invoices", "column": "X"}}}, "has no column 'X'"),
    ],
)
async def test_what_is_not_configured_is_told(account: Account, boards: dict[str, Any], said: str) -> None:
    board = "gl_accounts" if said == "go nowhere" else "suppliers"
    with pytest.raises(ConfigurationError, match=said):
        await Labels(account.api, options(boards), board).read_back()


async def test_a_column_that_vanishes(account: Account) -> None:
    labels = target(account)
    await labels.place()
    account.sandbox.monday.store.drop_column(column(account))
    with pytest.raises(ConfigurationError, match="is gone"):
        await labels.find([intent("Acme")])


async def test_labels_in_an_unknown_form_are_not_touched(account: Account) -> None:
    account.api = _Shown(account.api, {"labels": {"1": "Acme"}})
    with pytest.raises(ContractChanged, match="a form that is not known"):
        await target(account).write([intent("New")], STEPS)


async def test_labels_that_are_lost_by_a_change_stop_everything(account: Account) -> None:
    """The answer is read, not believed: a list that was cut short looks like a success."""
    board, supplier = account.board("AP"), column(account)

    def make(_: Any) -> dict[str, Any]:
        return {"labels": [{"id": 3, "label": "The team's own"}]}

    with pytest.raises(ContractChanged, match="ids 7"):
        await update_labels(account.api, str(board.id), supplier.id, make, "test")


async def test_a_column_that_changes_all_the_time(account: Account) -> None:
    account.api = _Restless(account.api, lambda: account.sandbox.monday.store.touch_column(column(account)))
    with pytest.raises(ConnectorError, match="changed by others all the time"):
        await target(account).write([intent("Acme")], STEPS)


class _Restless(_Meddler):
    """Changes the column before every write."""

    async def mutate(self, *args: Any, **more: Any) -> Any:
        self._meddle()
        return await _Through.mutate(self, *args, **more)


class _Shown(_Through):
    """Shows settings of columns in another form."""

    def __init__(self, api: MondayApi, settings: Any) -> None:
        super().__init__(api)
        self._settings = settings

    async def query(self, name: str, *args: Any, **more: Any) -> Any:
        answer = await super().query(name, *args, **more)
        if name == operations.BOARD.name:
            for row in answer.data["boards"][0]["columns"]:
                row["settings"] = self._settings if row["type"] == "dropdown" else {}
        return answer
