"""Running an action: what counts is the result in the answer, never its status."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.cleo.api import Action, CleoApi
from ml_connector.cleo.errors import Taken
from ml_connector.cleo.links import Record
from ml_connector.cleo.rest import as_object
from ml_connector.core.errors import ConnectorError, ContractChanged, InDoubt, NotActivated, Unavailable
from ml_connector.core.http import Request

RUN = "Hosts (start and stop)"
"""The right to run actions, as Cleo's VLNavigator names it."""

_RESULT = re.compile(r'Result: "(?P<result>[^"]*)"(?P<rest>.*)')
_MARGIN = 30.0


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        succeeded: everything that it had to do was done.
        result: in Cleo's words.
        messages: lines of its log, as many as were asked for.
    """

    succeeded: bool
    result: str
    messages: Sequence[str] = ()

    @property
    def reason(self) -> str:
        """The last result that the log tells, for people."""
        for line in reversed(self.messages):
            found = _RESULT.search(line)
            if found:
                return f"{found['result']} {found['rest'].strip()}".strip()
        return self.result


async def run(
    api: CleoApi, action: Action, *, seconds: int | None = None, messages: int | None = None
) -> RunResult:
    """Run an action and wait for its end.

    Args:
        seconds: that Cleo shall hold the call open; the tenant's option where None.
        messages: lines of the log to ask for; the tenant's option where None.

    Raises:
        NotActivated: the user may not run it.
        InDoubt: it may have run, or still does: a transfer may have happened.
        Unavailable: it is at work for somebody else, and was not started.
    """
    if not action.runnable:
        raise NotActivated(
            f"Action {action.alias} of connection {action.connection} is not runnable for the user of the "
            f"connection. Grant {RUN} in Cleo, and check that action and connection are enabled",
            operation=RUN,
        )
    held = api.options.run.timeout_seconds if seconds is None else seconds
    lines = api.options.run.messages if messages is None else messages
    answer = await _started(api, action, held, lines)
    if str(answer.get("status") or "").lower() == "running":
        return await _end_of(api, action)
    return _result(api, answer.get("result") or answer.get("status"), answer.get("messages"))


async def _started(api: CleoApi, action: Action, seconds: int, messages: int) -> Record:
    """Post the run; once more after somebody else's run ended."""
    what = f"running action {action.alias} of connection {action.connection}"
    request = Request(
        "POST",
        action.run_href,
        params={"timeout": str(seconds), "messagesCount": str(messages)},
        headers={"Accept": "application/json"},
        timeout=seconds + _MARGIN,
    )
    try:
        return await _posted(api, request, what)
    except Taken:
        await _idle(api, action)
    try:
        return await _posted(api, request, what)
    except Taken as error:
        raise Unavailable(f"{error}: it is always at work for somebody else", retry_after=60.0) from None


async def _posted(api: CleoApi, request: Request, what: str) -> Record:
    response = await api.rest.call(request, what, RUN)
    try:
        return as_object(response, what)
    except ContractChanged as error:
        raise InDoubt(f"{error}; the action may have run") from None


async def _idle(api: CleoApi, action: Action) -> None:
    try:
        await _until_idle(api, action)
    except InDoubt as error:  # of somebody else's run: ours was not started
        raise Unavailable(str(error), retry_after=60.0) from None


async def _end_of(api: CleoApi, action: Action) -> RunResult:
    """The result of a run that goes on after the call that started it returned."""
    try:
        status = await _until_idle(api, action)
    except ConnectorError as error:
        raise InDoubt(
            f"Action {action.alias} was started, and how it ended cannot be read: {error}"
        ) from None
    return _result(api, status, None)


async def _until_idle(api: CleoApi, action: Action) -> str | None:
    options = api.options.run
    waited = 0.0
    while waited < options.longest_seconds:
        await api.sleep(options.poll_seconds)
        waited += options.poll_seconds
        found = await api.again(action)
        if not found.running:
            return found.last_status
    raise InDoubt(
        f"Action {action.alias} of connection {action.connection} runs for more than "
        f"{options.longest_seconds:.0f} s; what it transferred is not known yet. See the log of the "
        "connection in Cleo"
    )


def _result(api: CleoApi, result: object, messages: object) -> RunResult:
    text = str(result or "no result")
    lines = [str(line) for line in messages] if isinstance(messages, list) else []
    succeeded = text.strip().lower() in {word.lower() for word in api.options.run.successes}
    return RunResult(succeeded, text, tuple(lines))
