"""Cleo's interface as it is described: every request that is sent, and every answer of the fake, fits it.

The description is no part of the repository: it is looked for at ``ML_FACTS``, or in ``shared/facts``
beside the repository.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator

from ml_connector.core.http import Request, Response

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[3] / "shared" / "facts") / "cleo"


class Description:
    """The described paths, with what they take and answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def check_request(self, request: Request, prefix: str = "") -> None:
        """A request is as described.

        Raises:
            AssertionError: naming what does not fit.
        """
        operation = self._operation(request, prefix)
        self._parameters(request, operation)
        self._body(request, operation)

    def check_answer(self, request: Request, response: Response, prefix: str = "") -> None:
        """An answer is as described.

        Raises:
            AssertionError: naming what does not fit.
        """
        responses = self._operation(request, prefix)["responses"]
        described = responses.get(str(response.status)) or responses.get("default")
        if described is None or response.media_type != "application/json":
            return
        content = self._resolved(described).get("content", {}).get("application/json")
        if content is not None:
            self._fits(json.loads(response.body), content["schema"], f"answer of {request.path}")

    def _operation(self, request: Request, prefix: str) -> dict[str, Any]:
        path = urlsplit(request.url).path.removeprefix(prefix)
        paths: dict[str, Any] = self._document["paths"]
        for template, item in paths.items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                found: dict[str, Any] | None = item.get(request.method.lower())
                assert found is not None, f"{request.method} {path} is not described"
                return found
        raise AssertionError(f"{request.method} {path} is not described")

    def _parameters(self, request: Request, operation: dict[str, Any]) -> None:
        described = [self._resolved(one) for one in operation.get("parameters", [])]
        known = {one["name"]: one for one in described if one["in"] == "query"}
        for name, values in parse_qs(urlsplit(request.target).query, strict_parsing=True).items():
            assert name in known, f"parameter {name} of {request.path} is not described"
            (value,) = values
            self._fits(_typed(value), known[name]["schema"], f"parameter {name}")
        needed = {one["name"].lower() for one in described if one["in"] == "header" and one.get("required")}
        assert needed <= {name.lower() for name in request.headers}

    def _body(self, request: Request, operation: dict[str, Any]) -> None:
        described = operation.get("requestBody")
        if described is None:
            assert not request.body, f"{request.path} takes no body"
            return
        assert request.body is not None
        media = request.headers["Content-Type"]
        assert media in described["content"], f"{request.path} does not take {media}"
        if media == "application/x-www-form-urlencoded":
            form = {name: value for name, (value,) in parse_qs(request.body.decode()).items()}
            self._fits(form, described["content"][media]["schema"], f"form of {request.path}")

    def _resolved(self, item: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in item:
            found: Any = self._document
            for part in item["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            item = found
        return item

    def _fits(self, value: Any, schema: dict[str, Any], place: str) -> None:
        whole = {**schema, "components": self._document["components"]}
        problems = list(Draft202012Validator(whole).iter_errors(value))
        assert not problems, f"{place}: {problems[0].message}"


def _typed(value: str) -> Any:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.isdecimal() else value


@cache
def _read() -> Description | None:
    path = FACTS / "openapi.yaml"
    return Description(yaml.safe_load(path.read_text())) if path.exists() else None


def description() -> Description:
    """The description; a message for whoever does not have it, a failure under CI."""
    found = _read()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the description of Cleo's interface is needed at {FACTS}; set ML_FACTS")
        pytest.skip(
            f"the description of Cleo's interface is not at {FACTS}; set ML_FACTS to check against it"
        )
    return found


def sample(name: str) -> Any:
    """A described answer by name."""
    description()
    return json.loads((FACTS / "samples" / f"{name}.json").read_text())
