"""Keeps a task that lost its claims from sending: checked at the last moment before a request leaves.

A process can be suspended anywhere, also between its own check and the request: while it waits for a
free slot, or for a log-in. Whoever claims documents names the check, the client asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_check: ContextVar[Callable[[], None] | None] = ContextVar("fence", default=None)


@contextmanager
def fenced(check: Callable[[], None]) -> Iterator[None]:
    """Have every request pass ``check`` first, which raises to stop it."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def pass_fence() -> None:
    """Run the check of the task that is at work, if it has one."""
    check = _check.get()
    if check is not None:
        check()
