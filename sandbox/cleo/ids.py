"""Identifiers as Cleo makes them: 22 characters, the URL-safe base64 of a UUID."""

from __future__ import annotations

import base64
import uuid
from itertools import count


class Ids:
    """A source of identifiers, the same ones after every reset."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def next(self, kind: str) -> str:
        """A new identifier."""
        made = uuid.uuid5(uuid.NAMESPACE_URL, f"cleo:{kind}:{next(self._numbers)}")
        return base64.urlsafe_b64encode(made.bytes).decode().rstrip("=")
