"""Running a query: rows of column name and value, as the site's switches shape them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.data.size import Record

from .ask import Ask, QueryRefused
from .state import PeopleSoftState
from .switches import PeopleSoftSwitches
from .xlat import TRANSLATIONS

Projector = Callable[[Record | None], dict[str, Any]]


def execute(state: PeopleSoftState, ask: Ask) -> list[dict[str, Any]]:
    """The rows of an answer, cut silently at the row limits, numbered from 1."""
    plan = _plan(state.switches, ask)
    projectors = [_projector(state.switches, ask, names) for names in plan.values()]
    limit = min((cap for cap in (ask.maxrows, state.switches.profile_rows) if cap > 0), default=None)
    made = []
    for number, parts in enumerate(islice(_rows(state, ask), limit), 1):
        row: dict[str, Any] = {"attr:rownumber": number}
        for project, part in zip(projectors, parts, strict=True):
            row.update(project(part))
        made.append(row)
    return made


def _rows(state: PeopleSoftState, ask: Ask) -> Iterator[tuple[Record | None, ...]]:
    if ask.prompts.get("BUSINESS_UNIT") in state.switches.no_access_units:
        return iter(())
    return ask.query.read(state, ask.prompts, ask.name)


def _plan(switches: PeopleSoftSwitches, ask: Ask) -> dict[str, dict[str, str]]:
    """Per alias: field name -> column name in the answer."""
    bare = ask.name in switches.unprefixed
    labels = switches.labels.get(ask.name, {})
    taken: set[str] = set()
    plan: dict[str, dict[str, str]] = {}
    for alias, names in ask.query.columns.items():
        plan[alias] = {}
        for name in names:
            if name == "LAST_UPDATE_DT" and not switches.last_update_dt:
                continue
            full = f"{alias}.{name}"
            column = labels.get(full) or (name if bare and name not in taken else full)
            taken.add(name)
            plan[alias][name] = column
    return _filtered(plan, ask)


def _filtered(plan: dict[str, dict[str, str]], ask: Ask) -> dict[str, dict[str, str]]:
    if not ask.fields:
        return plan
    known = {column for names in plan.values() for column in names.values()}
    if unknown := set(ask.fields) - known:
        raise QueryRefused(f"filterfields names unknown fields: {', '.join(sorted(unknown))}")
    return {
        alias: {name: column for name, column in names.items() if column in ask.fields}
        for alias, names in plan.items()
    }


def _projector(switches: PeopleSoftSwitches, ask: Ask, names: dict[str, str]) -> Projector:
    """A function from a record to its columns; the last few records are remembered."""
    zone = ZoneInfo(switches.time_zone)
    texts = _translations(switches, ask, names)
    columns = list(names.items())
    hide_blank = switches.blank_columns == "absent"
    blank = {} if hide_blank else {column: "" for _, column in columns}
    remembered: dict[int, tuple[Record, dict[str, Any]]] = {}

    def project(record: Record | None) -> dict[str, Any]:
        if record is None:
            return blank
        known = remembered.get(id(record))
        if known is not None:
            return known[1]
        read = record.get
        made = {
            column: value if (value := read(name, "")).__class__ is str else shown(value, zone)
            for name, column in columns
        }
        for column, values in texts.items():
            made[column] = values.get(made[column], made[column])
        if hide_blank:
            made = {column: value for column, value in made.items() if value != ""}
        remembered[id(record)] = (record, made)
        return made

    return project


def _translations(switches: PeopleSoftSwitches, ask: Ask, names: dict[str, str]) -> dict[str, dict[str, str]]:
    wanted = {*switches.translated.get(ask.name, ()), *switches.translated.get("*", ())}
    return {
        column: TRANSLATIONS[name]
        for name, column in names.items()
        if name in TRANSLATIONS and wanted & {"*", name, column}
    }


def shown(value: Any, zone: ZoneInfo) -> Any:
    """A value as PeopleSoft prints it in JSON."""
    if value.__class__ is int:
        return value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def plain(value: Decimal) -> Decimal | int:
    """A number without trailing zeros and without an exponent."""
    if value == value.to_integral_value():
        return int(value)
    return value.normalize()
