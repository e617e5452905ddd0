"""Writing several items in one call, and what became of each.

One document with an alias for each item: it counts as one call, is executed in its order and is not
atomic. Each call has a key of its own, under which the API answers a repetition with what it
answered first (documented: for 30 minutes); a refused item is therefore sent again under a new key only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.core import codec
from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.errors import ConfigurationError, ConnectorError, InDoubt, Unavailable
from ml_connector.core.outcomes import STOPS, in_doubt, unsent
from ml_connector.monday.api import Answer, MondayApi
from ml_connector.monday.errors import Case, Meaning, Problem, TooComplex, failure, meaning_of
from ml_connector.monday.operations import BATCH, Action, alias, batch

GONE = frozenset({"InvalidItemIdException", "ResourceNotFoundException"})
"""The item is not there any more."""

_FULL = "ItemsLimitationException"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one action: the item's id, or why there is none."""

    id: str | None = None
    problem: Problem | None = None
    error: ConnectorError | None = None

    @property
    def worked(self) -> bool:
        """Whether it was carried out."""
        return self.id is not None

    @property
    def gone(self) -> bool:
        """Whether the item that it concerned is not there any more."""
        return self.problem is not None and self.problem.code in GONE


class Batches:
    """Sends actions of one task.

    Args:
        size: actions that one call carries at most.
        points: what one action costs of the complexity budget.
    """

    def __init__(self, api: MondayApi, *, size: int, points: int) -> None:
        self._api, self._size, self._points = api, size, points

    async def run(self, actions: Sequence[Action], attempt: str) -> list[Done]:
        """Carry actions out, in their order; one result each.

        What stops the flow, or leaves a call unanswered, leaves the rest unsent.

        Args:
            attempt: distinguishes this attempt from others that send the same.
        """
        done: list[Done] = []
        size = self._size
        while len(done) < len(actions):
            part = actions[len(done) : len(done) + size]
            try:
                done += await self._send(part, attempt)
            except TooComplex as error:
                if size == 1:  # not raised: what was done before stands
                    fault = ConfigurationError(str(error), field="integrations.monday.options.batch")
                    done += [Done(error=fault)] * (len(actions) - len(done))
                size = max(1, size // 2)
            except InDoubt as error:
                rest = Unavailable("not sent: the call before it was not answered")
                done += [Done(error=error)] * len(part)
                done += [Done(error=rest)] * (len(actions) - len(done))
            except STOPS as error:
                done += [Done(error=error)] * (len(actions) - len(done))
        return done

    async def _send(self, part: Sequence[Action], attempt: str) -> list[Done]:
        document, variables = batch(part)
        key = codec.digest([attempt, document, variables])
        cost = self._points * len(part)
        answer = await self._api.mutate(BATCH, document, variables, key=key, cost=cost)
        return [_done(answer, number) for number in range(len(part))]


def _done(answer: Answer, number: int) -> Done:
    """An id counts, whatever else went wrong: a mutation can succeed and a returned field fail."""
    row = answer.data.get(alias(number))
    if isinstance(row, dict) and row.get("id"):
        return Done(id=str(row["id"]))
    problem = answer.problem(alias(number))
    if problem is None:
        return Done(error=InDoubt(f"Monday answered neither an item nor an error for {alias(number)}"))
    return Done(problem=problem)


def outcome_of(intent: Intent, done: Done, *, item: str | None = None) -> Outcome:
    """The outcome of a document one of whose actions did not work.

    Args:
        item: the document's item, where it is known to be there.
    """
    target_id = item or intent.target_id
    if isinstance(done.error, InDoubt):
        return in_doubt(intent, str(done.error), target_id=target_id)
    if done.error is not None:
        return unsent(intent, done.error)
    if done.problem is None:
        raise ValueError("this action worked")
    return _refused(intent, done.problem, target_id)


def _refused(intent: Intent, problem: Problem, target_id: str | None) -> Outcome:
    if problem.code in GONE and target_id is not None:
        return gone(intent, target_id)
    if problem.unsettled:
        return in_doubt(intent, str(problem), target_id=target_id)
    if problem.code == _FULL:
        return unsent(intent, ConfigurationError(f"the board is full: {problem.message}"))
    if (meaning := meaning_of(problem.code, None, problem.message)) is not Meaning.RECORD:
        return unsent(intent, _stopping(meaning, BATCH, problem))
    field = problem.data.get("column_id")
    return Outcome(
        intent.key, "rejected", target_id=target_id, reason=problem.message,
        field=str(field) if field else None, code=problem.code,
    )  # fmt: skip


def outcome_problem(answer: Answer, field: str, what: str) -> ConnectorError:
    """Why a call that is no batch gave nothing."""
    problem = answer.problem(field)
    if problem is None or problem.unsettled:
        return InDoubt(f"{what}: {problem or 'Monday answered neither a result nor an error'}")
    meaning = meaning_of(problem.code, None, problem.message)
    return (
        ConfigurationError(f"{what}: {problem}")
        if meaning is Meaning.RECORD
        else _stopping(meaning, what, problem)
    )


def _stopping(meaning: Meaning, name: str, problem: Problem) -> ConnectorError:
    return failure(meaning, Case(name, str(problem)), retry_after=problem.retry_after or 60.0)


def gone(intent: Intent, item: str | None = None) -> Outcome:
    """The item of a document was removed on the board."""
    target_id = item or intent.target_id
    reason = (
        f"its item {target_id} is gone from the board. Restore it there (Monday keeps removed items for "
        "30 days), or set edits: write for the board, so that it is made anew"
    )
    return Outcome(intent.key, "conflict", target_id=target_id, reason=reason)
