"""Running an action: the answer is 200 however it went, and says so in `result`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from .agenda import Agenda
from .errors import CleoError, forbidden
from .paging import number
from .resources import Resources, Row, enabled
from .routing import TRANSPORTS, Router, blocked
from .switches import CleoSwitches


class Runs:
    """Runs actions; a long one goes on by the sandbox clock after its call was answered."""

    def __init__(self, switches: CleoSwitches, agenda: Agenda, resources: Resources, router: Router) -> None:
        self._switches, self._agenda = switches, agenda
        self._resources, self._router = resources, router
        self.count = 0

    def run(self, action: Row, params: Mapping[str, str]) -> Row:
        """Run it. Raises ``CleoError``: 403 when it must not run, 409 when it runs already."""
        timeout = number(params, "timeout", 0, least=0)
        lines = number(params, "messagesCount", 100, least=0)
        if action.get("locked") or not enabled(action):
            raise forbidden(f"running the action {action['alias']}")
        if action.get("running"):
            raise CleoError(409, "The action is running already.")
        self.count += 1
        begun = self._line('Run: type="API"')
        seconds = self._switches.run_seconds
        if seconds > (timeout or float("inf")):
            action["running"] = True
            self._agenda.after(seconds, lambda: self._finish(action))
            return {"status": "running", "messages": [begun][:lines]}
        result, messages = self._finish(action)
        return {"status": "completed", "result": result, "messages": [begun, *messages][:lines]}

    def _finish(self, action: Row) -> tuple[str, list[str]]:
        connection = self._resources.get("connections", action["parent"])
        result, messages = self._commands(action, connection)
        action |= {"running": False, "lastStatus": result.capitalize()}
        return result, [*messages, self._line("End")]

    def _commands(self, action: Row, connection: Row) -> tuple[str, list[str]]:
        messages: list[str] = []
        reason = blocked(connection)
        for position, command in enumerate(action.get("commands", []), 1):
            thread = f'threadId="{secrets.token_urlsafe(16)[:22]}"'
            kind = TRANSPORTS.get(connection["type"], connection["type"])
            messages.append(self._line(f'Command: "{command}" type="{kind}" line={position} {thread}'))
            if reason or self._switches.run_result != "success":
                word = self._switches.run_result if not reason else "error"
                messages.append(
                    self._line(f'Result: "{word.capitalize()}" {reason or "connect timed out"}'.rstrip())
                )
                return word, messages
            sent = self._router.flush(connection["alias"]) if command.startswith("PUT") else []
            for count, name in enumerate(sent, 1):
                where = f'direction="Local->Host" number={count}'
                messages.append(self._line(f'File: "{name}" {where} {thread}'))
            messages.append(self._line('Result: "Success"'))
        return "success", messages

    def _line(self, text: str) -> str:
        return f"{self._router.log.stamp()}   {text}"
