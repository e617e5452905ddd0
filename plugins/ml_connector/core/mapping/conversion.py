"""What happens to a field's value between reading and the body: maps, types, blanks, lengths."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from ml_connector.core.config.mapping import MappingField, as_paths
from ml_connector.core.config.scopes import Scope
from ml_connector.core.mapping import values
from ml_connector.core.mapping.frame import Frame, Getter
from ml_connector.core.mapping.results import Refusal

OMIT: Final = object()
"""The field does not appear in the body."""

_TYPE_OF = {
    "amount": "money",
    "decimal": "decimal",
    "integer": "integer",
    "date": "date",
    "datetime": "text",
    "code": "text",
    "text": "text",
}
_CONVERT: dict[str, values.Reader] = {
    "text": values.text,
    "decimal": values.decimal,
    "integer": values.integer,
    "date": values.day,
    "boolean": values.boolean,
}
_EXPECTED = {
    "text": "a text",
    "money": "an amount",
    "decimal": "a number",
    "integer": "a whole number",
    "date": "a date",
    "boolean": "Y or N",
}


def compile_map(read: Getter, field: MappingField, entries: Mapping[str, Any]) -> Getter:
    """Translates a value by a value map; refuses one that the map does not hold."""
    name, default = field.map, field.default if field.has_default else OMIT

    def mapped(frame: Frame) -> Any:
        value = values.text(read(frame))
        if value is None:
            return None
        found = entries.get(value, default)
        if found is OMIT:
            known = ", ".join(list(entries)[:12]) + (", ..." if len(entries) > 12 else "")
            raise Refusal(f"is not in the value map {name}", value=value, expected=f"one of {known}")
        return found

    return mapped


def value_type(field: MappingField, scope: Scope) -> str | None:
    """The type asked for, or the one that fits the source; None leaves a mapped value as it is."""
    if field.type is not None:
        return field.type
    if field.map is not None or field.kind == "const":
        return None
    if field.from_ is not None:
        return _TYPE_OF[scope.resolve(as_paths(field.from_)[0]).field.type]
    return "money" if field.sum is not None else "text"


def compile_type(field: MappingField, kind: str | None) -> values.Reader | None:
    """The conversion of a value that is not money; None where it is as it should be."""
    if kind is None or kind == "money":
        return None
    if kind == "text" and field.map is None and (field.template or field.crosswalk):
        return None
    convert = _CONVERT[kind]
    if field.negate and kind in ("decimal", "integer"):
        return lambda value: negative(convert(value))
    return convert


def negative(value: Any) -> Any:
    """The number with its sign turned; zero stays plain zero, blank stays blank."""
    if not value:
        return value
    return -value if isinstance(value, int) else value.copy_negate()


def compile_blank(field: MappingField, kind: str | None) -> Callable[[], Any]:
    """What a blank value becomes: the default, a refusal, or nothing."""
    default = field.default if field.has_default else OMIT
    refuse = field.required and default is OMIT
    expected = f"a value for every part of {field.key}" if field.key else _EXPECTED.get(kind or "", "a value")

    def blank() -> Any:
        if refuse:
            raise Refusal("is blank", expected=expected)
        return default

    return blank


def compile_length(field: MappingField) -> Callable[[Any], Any] | None:
    """Judges the length of a text."""
    shortest, longest, shorten = field.min_length or 0, field.max_length, field.shorten is not None
    if longest is None and not shortest:
        return None

    def measure(value: Any) -> Any:
        length = len(str(value))
        if longest is not None and length > longest:
            if shorten:
                return shortened(str(value), longest)
            raise Refusal("is too long", value=value, expected=f"at most {longest} characters")
        if length < shortest:
            raise Refusal("is too short", value=value, expected=f"at least {shortest} characters")
        return value

    return measure


def shortened(value: str, longest: int) -> str:
    """The beginning of a text and a hash of all of it: equal texts stay equal, others differ."""
    mark = hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{value[: longest - 9].rstrip()}-{mark}"
