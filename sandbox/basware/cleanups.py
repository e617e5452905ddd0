"""Bulk deletions, which are only asked how far they are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from .call import Answer, Call
from .errors import not_found

PATH = "/v1/taskStatus/{id}"


class Cleanups:
    """All bulk deletions; they are done as soon as they are asked for."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}

    def add(self, name: str, records: int) -> str:
        """Write one down; returns the path of its state."""
        number = str(uuid4())
        self._rows[number] = {"taskName": name, "taskStatus": "Success", "recordCount": records}
        return PATH.format(id=number)

    def find(self, number: str) -> dict[str, Any]:
        """One of them. Raises ``BaswareError`` with 404."""
        if (row := self._rows.get(number)) is None:
            raise not_found()
        return row


def status(call: Call) -> Answer:
    """The state of a bulk deletion."""
    return Answer(call.state.cleanups.find(call.path["id"]))
