from __future__ import annotations

import asyncio

import pytest

from ml_connector.core.errors import Unavailable
from ml_connector.core.fence import fenced
from ml_connector.core.http import Response, json_request

from .fakes import scripted


def suspended() -> None:
    raise Unavailable("suspended")


async def test_nothing_leaves_a_task_that_was_suspended() -> None:
    client, script, _ = scripted(Response(200, {}, b"{}"))
    with fenced(suspended), pytest.raises(Unavailable):
        await client.send(json_request("POST", "/things", {}))
    assert script.sent == []
    await client.send(json_request("POST", "/things", {}))  # others are not concerned
    assert len(script.sent) == 1


async def test_the_fence_stands_before_each_repetition_and_in_tasks_of_the_task() -> None:
    checks: list[int] = []
    client, script, _ = scripted(Response(503, {}, b""), Response(200, {}, b"{}"))
    with fenced(lambda: checks.append(len(script.sent))):
        await asyncio.gather(client.send(json_request("GET", "/things")))
    assert checks == [0, 1]
