"""Holds requests against the vendor's OpenAPI descriptions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema

from ml_connector.core.http import Request


class OpenApi:
    """The operations of all descriptions in a folder."""

    def __init__(self, folder: Path) -> None:
        self._operations: list[tuple[str, re.Pattern[str], dict[str, Any], dict[str, Any]]] = []
        for path in sorted(folder.glob("*.openapi.json")):
            document = _nullable(json.loads(path.read_text()))
            for template, item in document["paths"].items():
                pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", template))
                for method, operation in item.items():
                    self._operations.append((method.upper(), pattern, operation, document))
        # A fixed path such as .../acknowledge comes before one with a value in its place.
        self._operations.sort(key=lambda entry: entry[1].pattern.count("[^/]+"))

    def check(self, request: Request) -> None:
        """Fail where the description knows no such call, parameter or body."""
        parts = urlsplit(request.target)
        operation, document = self._operation(request.method, parts.path)
        known = {(one["in"], one["name"].lower()) for one in operation.get("parameters", [])}
        sent = {("query", name.lower()) for name, _ in parse_qsl(parts.query)}
        sent |= {("header", name.lower()) for name in request.headers if name.lower().startswith("x-")}
        assert sent <= known, f"{request.method} {parts.path}: {sent - known}"
        wanted = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if wanted is None:
            assert request.body is None
            return
        schema = {**wanted["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(request.body or b"null"))

    def _operation(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
        for known, pattern, operation, document in self._operations:
            if known == method and pattern.fullmatch(path):
                return operation, document
        raise AssertionError(f"no description knows {method} {path}")


def _nullable(value: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema names a second type."""
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _nullable(item) for key, item in value.items()}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made
