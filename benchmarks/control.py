"""The sandbox's control endpoint."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Protocol


class Controls(Protocol):
    """What has things done in a sandbox."""

    def post(self, path: str, **body: Any) -> Any:
        """Have something done."""
        ...


class Control:
    """Blocking calls.

    Args:
        url: as the sandbox says it.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str) -> Any:
        """What stands there."""
        return self._call(urllib.request.Request(self._url + path))

    def post(self, path: str, **body: Any) -> Any:
        """Have something done."""
        return self._call(
            urllib.request.Request(self._url + path, data=json.dumps(body, default=str).encode())
        )

    @staticmethod
    def _call(request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)
