"""Compiles the fields of a mapping into closures that build the target's body.

Each field becomes one function from a frame to a value, or ``OMIT``. What the files decide -
kind, type, names, lengths, states - is decided here once, so that a document costs only the
calls it needs. No pydantic model and no regular expression is touched afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ml_connector.core.config.mapping import Appended, MappingField, as_paths
from ml_connector.core.config.scopes import Scope
from ml_connector.core.mapping import values
from ml_connector.core.mapping.conditions import ConditionCompiler
from ml_connector.core.mapping.conversion import (
    OMIT,
    compile_blank,
    compile_length,
    compile_map,
    compile_type,
    negative,
    value_type,
)
from ml_connector.core.mapping.frame import CROSSWALK, STEP, Frame, Getter, compile_walk, note_rows
from ml_connector.core.mapping.numbers import compile_number
from ml_connector.core.mapping.results import Missing, Refusal
from ml_connector.core.mapping.templates import TemplateCompiler


class FieldCompiler:
    """Compiles the fields of one mapping for one tenant.

    Args:
        conditions: compiles the conditions of the mapping.
        templates: compiles its templates.
        value_maps: the mapping's value maps with the tenant's entries.
        switched_off: whether a crosswalk's flow does not run; the second argument says that it is
            optional.
    """

    def __init__(
        self,
        conditions: ConditionCompiler,
        templates: TemplateCompiler,
        value_maps: Mapping[str, Mapping[str, Any]],
        switched_off: Callable[[str, bool], bool],
    ) -> None:
        self.conditions, self.templates = conditions, templates
        self.value_maps, self.switched_off = value_maps, switched_off

    def body(self, fields: Mapping[str, MappingField], scope: Scope, state: str, *, absent: bool) -> Getter:
        """Builds the body for one state; that of an absent state holds only what names the state."""
        wanted = {name: field for name, field in fields.items() if not absent or field.states is not None}
        return self._object(wanted, scope, state, "")

    def _object(
        self, fields: Mapping[str, MappingField], scope: Scope, state: str, prefix: str
    ) -> Callable[[Frame], dict[str, Any]]:
        """Builds an object; dotted names become objects inside it, which are left out when empty."""
        getters: dict[str, Getter] = {}
        nested: dict[str, dict[str, MappingField]] = {}
        for name, named in fields.items():
            head, _, rest = name.partition(".")
            field = named.in_state(state)
            if field is None:
                continue
            if rest:
                nested.setdefault(head, {})[rest] = field
                getters.setdefault(head, _never)  # keeps the file's order
            else:
                getters[name] = self.compile(field, scope, state, f"{prefix}{name}")
        for name, inner in nested.items():
            getters[name] = _unless_empty(self._object(inner, scope, state, f"{prefix}{name}."))
        plan = list(getters.items())

        def build(frame: Frame) -> dict[str, Any]:
            result = {}
            for name, get in plan:
                value = get(frame)
                if value is not OMIT:
                    result[name] = value
            return result

        return build

    def compile(self, field: MappingField, scope: Scope, state: str, target: str) -> Getter:
        """One field, with its condition."""
        get = self._each(field, scope, state, target) if field.each else self._single(field, scope, target)
        if not field.sent:
            get = _only_looked_up(get)
        if field.when is None:
            return get
        holds = self.conditions.compile(field.when, scope)
        return lambda frame: get(frame) if holds(frame) else OMIT

    def _single(self, field: MappingField, scope: Scope, target: str) -> Getter:
        """A single value: read, mapped, converted, and judged by its length."""
        read, source = self._reader(field, scope, target)
        if field.map is not None:
            read = compile_map(read, field, self.value_maps[field.map])
        kind = value_type(field, scope)
        convert, measure, blank = compile_type(field, kind), compile_length(field), compile_blank(field, kind)

        def get(frame: Frame) -> Any:
            try:
                value = read(frame)
                if value is not None and convert is not None:
                    value = convert(value)
                if value is None:
                    return blank()
                return value if measure is None else measure(value)
            except Refusal as refusal:
                raise refusal.at(source, target) from None

        def get_money(frame: Frame) -> Any:
            try:
                value = read(frame)
                if value is None or value == "":
                    return blank()
                value = values.money(value, _step(frame))
                if value is None:
                    return blank()
                return negative(value) if field.negate else value
            except Refusal as refusal:
                raise refusal.at(source, target) from None

        return get_money if kind == "money" else get

    def _reader(self, field: MappingField, scope: Scope, target: str) -> tuple[Getter, str]:
        """Reads the raw value; with the name by which a person knows where it comes from."""
        place = ".".join(scope.collections)
        if field.from_ is not None:
            paths = as_paths(field.from_)
            source = f"{place}.{paths[0]}" if place and "." not in paths[0] else paths[0]
            return _compile_from(paths, scope), source
        if field.sum is not None:
            where = (
                self.conditions.compile(field.where, scope.enter(field.sum.rpartition(".")[0]))
                if (field.where is not None)
                else None
            )
            return compile_number(field.sum, scope, where), field.sum
        if field.template is not None:
            return self.templates.compile(field.template, scope, whole=False), target
        if field.crosswalk is not None:
            return self._crosswalk(field, scope, target), target
        constant = field.const  # also what `in_state` made of `by_state`
        return (lambda _frame: constant), target

    def _crosswalk(self, field: MappingField, scope: Scope, target: str) -> Getter:
        crosswalk, flow = field.crosswalk_name, field.crosswalk or ""
        key = self.templates.compile(field.key or "", scope, whole=True)
        patient = not self.switched_off(flow, field.optional) or field.required

        def look_up(frame: Frame) -> str | None:
            wanted = key(frame)
            if wanted is None:
                return None
            found: str | None = frame[CROSSWALK].get((crosswalk, wanted))
            if found is None and patient:
                raise Missing(crosswalk, wanted, target)
            return found

        return look_up

    def _each(self, field: MappingField, scope: Scope, state: str, target: str) -> Getter:
        """A list with one object per row, and the appended ones behind them."""
        path = field.each or ""
        inner = scope.enter(path)
        walk = compile_walk(path, scope)
        build = self._object(field.fields, inner, state, f"{target}.")
        wanted = self.conditions.compile(field.where, inner) if field.where is not None else None
        appended = [self._appended(row, scope, state, target) for row in field.append]
        required = field.required

        def get(frame: Frame) -> Any:
            result: list[Any] = []
            try:
                result += [build(frame) for _ in walk(frame) if wanted is None or wanted(frame)]
            except (Refusal, Missing) as failure:
                note_rows(failure, frame, scope, inner)
                raise
            for append in appended:
                append(frame, result)
            if not result and required:
                raise Refusal("has no rows", expected="at least one row").at(path, target)
            return result or OMIT

        return get

    def _appended(
        self, row: Appended, scope: Scope, state: str, target: str
    ) -> Callable[[Frame, list[Any]], None]:
        build = self._object(row.fields, scope, state, f"{target}.")
        when = self.conditions.compile(row.when, scope) if row.when is not None else None

        def append(frame: Frame, result: list[Any]) -> None:
            if when is None or when(frame):
                result.append(build(frame))

        return append


def _never(_frame: Frame) -> Any:
    return OMIT


def _only_looked_up(get: Getter) -> Getter:
    """The document waits, or is refused, as if the value were sent."""

    def look(frame: Frame) -> Any:
        get(frame)
        return OMIT

    return look


def _unless_empty(build: Callable[[Frame], dict[str, Any]]) -> Getter:
    return lambda frame: build(frame) or OMIT


def _compile_from(paths: tuple[str, ...], scope: Scope) -> Getter:
    references = [scope.resolve(path) for path in paths]
    slot, name = references[0].slot, references[0].name
    if len(references) == 1:
        return lambda frame: frame[slot].get(name)

    def first_of(frame: Frame) -> Any:
        for reference in references:
            value = frame[reference.slot].get(reference.name)
            if value is not None and not (isinstance(value, str) and not value.rstrip()):
                return value
        return None

    return first_of


def _step(frame: Frame) -> Decimal:
    """The currency's smallest amount, or the refusal that its currency has met."""
    step = frame[STEP]
    if type(step) is Decimal:
        return step
    raise Refusal(step.reason, value=step.value, expected=step.expected, field=step.field)
