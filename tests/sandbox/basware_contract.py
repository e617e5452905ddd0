"""The vendor's interface descriptions, to hold every answer and every accepted request against."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Schema = dict[str, Any]
FILES = ("p2p", "push-notification", "authentication")
UNDOCUMENTED = {403, 413, 429, 502, 503, 504}
"""Answers of the gateway in front, and those that only a fault or a switch brings."""


def plain(schema: Any) -> Any:
    """JSON Schema from the dialect of OpenAPI 3.0, where a null is allowed by a word of its own."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: plain(value) for name, value in schema.items() if name not in {"example", "nullable"}}
    if schema.get("nullable") is True:
        made = {"anyOf": [made, {"type": "null"}]}
    return made


@dataclass(frozen=True)
class Operation:
    """One operation of one description."""

    file: str
    path: str
    method: str
    described: Schema

    def answer(self, status: int) -> Schema | None:
        response: Schema | None = self.described["responses"].get(str(status))
        return response

    @property
    def body(self) -> Schema | None:
        content = self.described.get("requestBody", {}).get("content", {})
        schema: Schema | None = content.get("application/json", {}).get("schema")
        return schema


class Contract:
    """All descriptions together."""

    def __init__(self, folder: Path) -> None:
        self.documents = {
            name: json.loads((folder / "openapi" / f"basware-{name}.openapi.json").read_text("utf-8"))
            for name in FILES
        }
        resources = [
            (f"urn:{name}", Resource.from_contents(plain(document), default_specification=DRAFT202012))
            for name, document in self.documents.items()
        ]
        self._registry: Registry[Any] = Registry().with_resources(resources)
        self.checked: set[tuple[str, str, int]] = set()

    @cached_property
    def operations(self) -> list[tuple[re.Pattern[str], Operation]]:
        """With those first that have no variable part."""
        found = [
            (
                re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)) + "$"),
                Operation(name, path, method.upper(), described),
            )
            for name, document in self.documents.items()
            for path, methods in document["paths"].items()
            for method, described in methods.items()
        ]
        return sorted(found, key=lambda row: row[1].path.count("{"))

    def find(self, method: str, path: str) -> Operation:
        bare = path.partition("?")[0]
        for pattern, operation in self.operations:
            if operation.method == method and pattern.match(bare):
                return operation
        raise AssertionError(f"{method} {bare} is not described")

    def errors(self, file: str, schema: Schema, value: Any) -> list[str]:
        text = json.dumps(plain(schema)).replace('"#/', f'"urn:{file}#/')
        validator = Draft202012Validator(json.loads(text), registry=self._registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def check(self, method: str, path: str, sent: bytes | None, status: int, body: bytes) -> None:
        """One exchange. Answers without a described body have none, or any where P2P is not sure."""
        operation = self.find(method, path)
        self.checked.add((method, operation.path, status))
        described = operation.answer(status)
        if described is None:
            gap = status == 409 and "/{invoiceId}/" in operation.path
            bad_query = status == 400 and method == "GET"
            assert gap or bad_query or status in UNDOCUMENTED, f"{status} is not described for {operation}"
            return
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            assert self.errors(operation.file, schema, json.loads(body)) == []
        elif status in {401, 404}:
            assert body in {b"", b'{"message":"Unauthorized"}'}
        if 200 <= status < 300 and sent and operation.body is not None:
            schema, value = self._sent(operation, operation.body, json.loads(sent))
            assert self.errors(operation.file, schema, value) == []

    def _sent(self, operation: Operation, schema: Schema, value: Any) -> tuple[Schema, Any]:
        """A patch may be partial, so only what it names counts, and a null is as good as nothing."""
        if operation.method != "PATCH":
            return schema, value
        entity = self.documents[operation.file]["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        named = {name: given for name, given in value.items() if given is not None}
        return {"properties": entity["properties"], "additionalProperties": False}, named
