"""Lists the crosswalk entries that a document may need, so that they are loaded in bulk."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ml_connector.core.config.mapping import MappingField
from ml_connector.core.config.scopes import Scope
from ml_connector.core.mapping.frame import Frame, compile_walk
from ml_connector.core.mapping.results import Refusal
from ml_connector.core.mapping.templates import TemplateCompiler, TextGetter

Found = dict[tuple[str, str], None]
Collector = Callable[[Frame, Found], None]


def compile_references(
    fields: Mapping[str, MappingField], scope: Scope, templates: TemplateCompiler
) -> Collector | None:
    """Collects entries over all states and conditions: rather one too many than one too few."""
    keys = [
        (field.crosswalk_name, templates.compile(field.key or "", scope, whole=True))
        for field in fields.values()
        if field.crosswalk is not None
    ]
    inner: list[Collector] = []
    for field in fields.values():
        if field.each is not None:
            inner += _compile_each(field, field.each, scope, templates)
    if not keys and not inner:
        return None

    def collect(frame: Frame, found: Found) -> None:
        for crosswalk, key in keys:
            wanted = _read(key, frame)
            if wanted is not None:
                found[crosswalk, wanted] = None
        for part in inner:
            part(frame, found)

    return collect


def _compile_each(
    field: MappingField, path: str, scope: Scope, templates: TemplateCompiler
) -> list[Collector]:
    appended = [compile_references(row.fields, scope, templates) for row in field.append]
    collectors = [collector for collector in appended if collector is not None]
    rows = compile_references(field.fields, scope.enter(path), templates)
    if rows is not None:
        collectors.append(_over_rows(path, scope, rows))
    return collectors


def _over_rows(path: str, scope: Scope, rows: Collector) -> Collector:
    walk = compile_walk(path, scope)

    def collect(frame: Frame, found: Found) -> None:
        try:
            for _ in walk(frame):
                rows(frame, found)
        except Refusal:
            return  # apply() tells it

    return collect


def _read(key: TextGetter, frame: Frame) -> str | None:
    try:
        return key(frame)
    except Refusal:
        return None  # apply() tells it
