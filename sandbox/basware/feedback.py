"""One error of one record, as the older errorFeedbacks interface keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from .requests import ERROR, Request


@dataclass(frozen=True)
class Feedback:
    """One record that P2P did not take."""

    id: str
    request: str
    code: str
    entity: str
    stamp: datetime
    messages: tuple[str, ...]
    value: dict[str, Any]


def of(request: Request) -> Iterator[Feedback]:
    """Those of a request that was processed."""
    for item in request.items:
        if item.verdict.status == ERROR:
            messages = tuple(message for _, message, _ in item.verdict.errors)
            stamp, number = request.updated, str(uuid4())
            yield Feedback(number, request.id, item.code, request.entity, stamp, messages, item.value)
