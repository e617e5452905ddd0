"""Operations on subscriptions and on the history of notifications."""

from __future__ import annotations

from datetime import datetime

from sandbox.basware import paging
from sandbox.basware.call import Answer, Call
from sandbox.basware.errors import BaswareError, push_not_found, push_unprocessable
from sandbox.basware.paging import Query
from sandbox.jsonio import decode

from .subscriptions import SUBTYPES, read
from .tasks import COMPLETED, FAILED, NEW, Task


async def subscribe(call: Call) -> Answer:
    """Add subscriptions: all of them, or none when one address fails its connection test."""
    try:
        body = decode(call.raw)
    except ValueError:
        raise push_unprocessable() from None
    if not isinstance(body, list) or not body:
        raise push_unprocessable()
    push, now = call.state.push, call.state.clock.now()
    made = [read(value, now) for value in body]
    for subscription in made:
        await push.test(subscription)
    for subscription in made:
        push.subscriptions.put(subscription)
    return Answer([subscription.shown() for subscription in made])


def subscriptions(call: Call) -> Answer:
    """Those of a type that changed after a time."""
    rows = call.state.push.subscriptions.matching(
        paging.parameter(call.params, "taskType"),
        paging.parameter(call.params, "taskSubType"),
        _since(call),
    )
    if not rows:
        raise push_not_found()
    return Answer({"subscriptions": [row.shown() for row in rows]})


def unsubscribe(call: Call) -> Answer:
    """Take away those of a type that changed after a time."""
    task_type, subtype = (paging.parameter(call.params, name) for name in ("taskType", "taskSubType"))
    since = _since(call)
    if since is None or subtype is None or task_type not in {*SUBTYPES, "All"}:
        raise push_unprocessable()
    subscriptions = call.state.push.subscriptions
    rows = subscriptions.matching(task_type, subtype, since)
    subscriptions.drop(rows)
    return Answer({"status": "Deleted successfully", "numberOfRecordsDeleted": len(rows)})


def _since(call: Call) -> datetime | None:
    try:
        return paging.since(call.params)
    except BaswareError:
        raise push_unprocessable() from None


def tasks(call: Call) -> Answer:
    """The history, oldest first."""
    task_type, document = (paging.parameter(call.params, name) for name in ("taskType", "documentId"))
    status, since = paging.parameter(call.params, "taskStatus"), _since(call)
    if status not in {None, NEW, COMPLETED, FAILED}:
        raise push_unprocessable()

    def matches(task: Task) -> bool:
        return (
            task_type in {None, task.type}
            and document in {None, task.document}
            and status in {None, task.status}
            and (since is None or task.updated > since)
        )

    query = Query(call.query(), call.state.switches.tasks_page, matches)
    try:
        page, token = call.page(call.state.push.tasks.order, query)
    except BaswareError as error:
        raise push_not_found() if error.status == 404 else push_unprocessable() from None
    return Answer({"taskStatus": [task.shown() for task in page]}, token=token)


def task(call: Call) -> Answer:
    """One notification, in the wrapper of a list."""
    if (found := call.state.push.tasks.rows.get(call.path["taskId"])) is None:
        raise push_not_found()
    return Answer({"taskStatus": [found.shown()]})
