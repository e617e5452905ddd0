"""Basware's notifications: thin events that name a document, as delivered and as listed later."""

from __future__ import annotations

from ml_connector.core.contract import Payload
from ml_connector.core.webhooks import Event

CONNECTION_TEST = "ConnectionTest"
"""Task type of the call with which Basware tries a subscription out."""

_LONGEST = 128
_SPELLINGS = {"accoutingdocuments": "AccountingDocuments", "connectiontest": CONNECTION_TEST}
"""The vendor's own example misspells the first; capitals count in neither."""


def type_of(body: Payload) -> str:
    """What a notification is about, spelled right.

    Raises:
        ValueError: it does not say.
    """
    found = _text(body, "taskType")
    return _SPELLINGS.get(found.lower(), found)


def event_of(body: Payload) -> Event:
    """The event: its id is the task's, its type ``AccountingDocuments/WaitingForTransfer``.

    Raises:
        ValueError: it lacks what an event needs.
    """
    task, kind = _text(body, "taskId"), type_of(body)
    _text(body, "documentId")
    sub = body.get("taskSubType")
    return Event(task, f"{kind}/{sub}" if isinstance(sub, str) and sub else kind, body)


def _text(body: Payload, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"it has no {name}")
    if len(value) > _LONGEST:
        raise ValueError(f"its {name} is longer than {_LONGEST} characters")
    return value.strip()
