"""One mutation by itself, for what is made rarely: boards, groups, columns, labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.core import codec
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.monday.api import Answer, MondayApi
from ml_connector.monday.batches import outcome_problem
from ml_connector.monday.errors import Meaning, meaning_of
from ml_connector.monday.operations import Operation

_KEPT = 4
"""How often a refusal that was kept under the key of an earlier run is asked for anew."""


class Unclear(InDoubt):
    """It was answered, and the answer does not say whether it was executed: reading tells."""


async def change(
    api: MondayApi, operation: Operation, field: str, variables: Mapping[str, Any], attempt: str
) -> Mapping[str, Any]:
    """Carry a mutation out; repeated with the same arguments, it is executed once (for half an hour).

    Args:
        field: the mutation's name in the document.
        attempt: part of the ``Idempotency-Key``, which follows from the arguments.

    Returns:
        What came back; at least its ``id``.

    Raises:
        Rejected: it was refused.
        Unclear: it was answered, but not clearly.
        InDoubt: no answer.
        ConnectorError: one of ``core.outcomes.STOPS``; nothing was executed.
    """
    answer = await _send(api, operation, variables, [attempt])
    for number in range(1, _KEPT):
        problem = answer.problem(field)
        if not answer.replayed or problem is None or problem.unsettled:
            break
        # The refusal of half an hour ago; somebody may have mended what led to it.
        answer = await _send(api, operation, variables, [attempt, number])
    row = answer.data.get(field)
    if isinstance(row, dict) and row.get("id"):
        return row
    raise _refusal(answer, operation, field)


async def _send(
    api: MondayApi, operation: Operation, variables: Mapping[str, Any], attempt: list[Any]
) -> Answer:
    key = codec.digest([*attempt, operation.name, variables])
    return await api.mutate(operation.name, operation.document, variables, key=key)


def _refusal(answer: Answer, operation: Operation, field: str) -> Exception:
    problem = answer.problem(field)
    if problem is None or problem.unsettled:
        return Unclear(f"{operation.name}: {problem or 'monday.com answered neither a result nor an error'}")
    if meaning_of(problem.code, None, problem.message) is Meaning.RECORD:
        return Rejected(problem.message, code=problem.code or None)
    return outcome_problem(answer, field, operation.name)
