"""A transport that follows a script, and clients that neither sleep nor roll dice."""

from __future__ import annotations

from typing import Any

from ml_connector.core.http import Client, Request, Response

Step = Response | Exception


class Script:
    """Answers with the given steps in turn and keeps what was sent."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        self.steps.clear()


class Sleeps:
    """Stands in for ``asyncio.sleep`` and notes the seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def scripted(*steps: Step, **options: Any) -> tuple[Client, Script, Sleeps]:
    """A client over a script; half of the jitter is used."""
    script, sleeps = Script(*steps), Sleeps()
    client = Client("https://host.example/base", transport=script, sleep=sleeps, rand=lambda: 0.5, **options)
    return client, script, sleeps
