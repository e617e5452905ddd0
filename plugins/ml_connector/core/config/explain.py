"""Turns pydantic's errors into sentences with file, line, field, value and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ml_connector.core.config.problems import InvalidFile, KeyPath, Problem
from ml_connector.core.config.yamlfile import YamlFile

ModelType = TypeVar("ModelType", bound=BaseModel)

_EXPECTED = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "tuple_type": "a list",
    "list_type": "a list",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "too_short": "a list of at least {min_length}",
    "literal_error": "{expected}",
    "wrong": "{expected}",
}


def validated(model: type[ModelType], file: YamlFile, at: KeyPath = ()) -> ModelType:
    """The part of ``file`` at ``at`` as ``model``.

    Raises:
        InvalidFile: with every mistake found.
    """
    try:
        return model.model_validate(file.value(at) if at else file.data)
    except ValidationError as error:
        raise InvalidFile(explain(error, model, file, at)) from None


def explain(
    error: ValidationError, model: type[BaseModel], file: YamlFile, at: KeyPath = ()
) -> list[Problem]:
    """One problem per place; several errors at one place are several things that would be right."""
    found: dict[KeyPath, Problem] = {}
    lengths: set[KeyPath] = set()
    for detail in error.errors(include_url=False):
        path = _place(detail, file, at)
        problem = _problem(detail, model, file, path)
        other = found.get(path)
        if other is not None and problem.expected not in other.expected:
            expected = f"{other.expected} or {problem.expected}"
            problem = Problem(problem.file, other.line, other.field, other.value, expected, other.message)
        found[path] = problem if other is None or problem.expected not in other.expected else other
        if problem.expected.startswith("a list of at least"):
            lengths.add(path)
    # a list whose entries are wrong counts as too short as well: only the entries are worth telling
    told = [path for path in found if not (path in lengths and _has_inner(path, found))]
    return [found[path] for path in told]


def _has_inner(path: KeyPath, found: Iterable[KeyPath]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in found)


def _place(detail: ErrorDetails, file: YamlFile, at: KeyPath) -> KeyPath:
    """Pydantic's location without the names it puts in for the branches of unions."""
    path = at
    for step in detail["loc"]:
        if file.has((*path, step)):
            path = (*path, step)
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else path


def _problem(detail: ErrorDetails, model: type[BaseModel], file: YamlFile, path: KeyPath) -> Problem:
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "missing":
        return file.problem(path, "the key is missing", f"a value for {path[-1]}")
    if kind == "extra_forbidden":
        known = sorted(_keys_at(model, detail["loc"][:-1]))
        return file.problem(path, "the key is not known", _one_of(str(path[-1]), known))
    if detail["loc"] and detail["loc"][-1] == "[key]":
        message, value = "the key has the wrong form", path[-1]
    else:
        message, value = context.get("message") or _message(file.value(path)), None
    template = _EXPECTED.get(kind)
    expected = template.format(**context) if template else detail["msg"]
    if kind == "string_type" and isinstance(file.value(path), bool):
        expected = "a text; put the word in quotes"
    return file.problem(path, message, expected.replace("'", ""), value=value)


def _message(value: Any) -> str:
    return "the value is missing" if value is None else "the value does not fit"


def _one_of(given: str, known: list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1)
    listed = f"one of {', '.join(known)}" if known else "no such key"
    return f"{listed}; did you mean {close[0]}?" if close else listed


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """Keys that the models at ``loc`` know; names of union branches in ``loc`` are passed over."""
    here: list[Any] = [model]
    for step in loc:
        named = [part for annotation in here for part in _parts(annotation) if _name(part) == step]
        inner = named or [part for annotation in here for part in _inner(annotation, step)]
        here = inner or here
    return {
        field.alias or name
        for annotation in here
        for part in _parts(annotation)
        if isinstance(part, type) and issubclass(part, BaseModel)
        for name, field in part.model_fields.items()
    }


def _name(part: Any) -> str:
    return part.__name__ if isinstance(part, type) else ""


def _parts(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, without ``Annotated`` and ``Union``."""
    if get_origin(annotation) is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _inner(annotation: Any, step: int | str) -> Iterator[Any]:
    """Annotations found one step further in."""
    for part in _parts(annotation):
        if get_origin(part) is dict and isinstance(step, str):
            yield get_args(part)[1]
        elif get_origin(part) in (tuple, list) and isinstance(step, int):
            yield get_args(part)[0]
        elif isinstance(part, type) and issubclass(part, BaseModel):
            named = [field for name, field in part.model_fields.items() if (field.alias or name) == step]
            yield from (field.annotation for field in named)
            if not named and hasattr(part, "extra_type"):
                yield part.extra_type
