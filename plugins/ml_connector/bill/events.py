"""BILL's webhook events: the forms in which their bodies come, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.webhooks import Event

PAYMENT_UPDATED, PAYMENT_FAILED = "payment.updated", "payment.failed"

_LONGEST_ID = 128
_LAYERS = 4
_ID = re.compile(rf"[0-9A-Za-z_-]{{1,{_LONGEST_ID}}}", re.ASCII)


def unpacked(value: Any) -> Payload:
    """The event itself.

    BILL speaks of a "JSON escaped payload presented as a string": of the history that is certain, of
    deliveries it may be meant. So a text is parsed again, and so is the text under ``payload``.

    Raises:
        ValueError: it is no JSON, or no event.
    """
    for _ in range(_LAYERS):
        if isinstance(value, str | bytes):
            value = codec.decode(value)
        elif isinstance(value, dict) and "metadata" not in value and isinstance(value.get("payload"), str):
            value = value["payload"]
        else:
            break
    if isinstance(value, dict):
        return value
    raise ValueError("it is no event but something else")


def event_of(body: Payload, event_id: Any = None, event_type: Any = None) -> Event:
    """The event with its id and type; what the history says of them counts where the body says nothing.

    Raises:
        ValueError: it has no id or no type.
    """
    metadata = metadata_of(body)
    found = [metadata.get("eventId") or event_id, metadata.get("eventType") or event_type]
    if not all(isinstance(text, str) and text for text in found):
        raise ValueError("the event has no id or no type")
    if len(found[0]) > _LONGEST_ID:
        raise ValueError(f"its id is longer than {_LONGEST_ID} characters")
    return Event(found[0], found[1], body)


def metadata_of(body: Payload) -> Mapping[str, Any]:
    """Id, type and organization of an event."""
    found = body.get("metadata")
    return found if isinstance(found, Mapping) else {}


def is_id(value: Any) -> TypeGuard[str]:
    """Whether BILL can be asked for an object by this: its ids are letters and digits."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def payment_of(event: Event) -> Mapping[str, Any]:
    """The payment that an event shows; empty where it shows none."""
    found = event.body.get("payment")
    return found if isinstance(found, Mapping) else {}
