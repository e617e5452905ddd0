"""Checks conditions against the names and types of a dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector.core.config.conditions import Comparison, Condition, Quantified
from ml_connector.core.config.dataset import DatasetField
from ml_connector.core.config.problems import KeyPath
from ml_connector.core.config.report import Report
from ml_connector.core.config.scopes import Scope, UnknownName


def check_condition(
    condition: Condition, scope: Scope, rules: Collection[str], report: Report, at: KeyPath
) -> None:
    """Report unknown fields, collections and rules, and constants that a field can never have."""
    for name, test in condition.tests.items():
        here = (*at, name)
        try:
            if isinstance(test, Quantified):
                quantifier, inner = test.parts()
                check_condition(inner, scope.enter(name), rules, report, (*here, quantifier))
            else:
                field = scope.resolve(name).field
                for path, value in _constants(test):
                    _check_constant(value, field, report, (*here, *path))
        except UnknownName as error:
            report.add(here, error.message, error.expected, value=name)
    for key in ("any_of", "all_of"):
        for index, inner in enumerate(getattr(condition, key)):
            check_condition(inner, scope, rules, report, (*at, key, index))
    if condition.not_ is not None:
        check_condition(condition.not_, scope, rules, report, (*at, "not"))
    if condition.rule is not None and condition.rule not in rules:
        expected = f"one of {', '.join(sorted(rules))}" if rules else "no rule here"
        report.add((*at, "rule"), f"there is no rule {condition.rule}", expected)


def _constants(test: Any) -> Iterator[tuple[KeyPath, Any]]:
    """Constants of a test with their place inside it."""
    if isinstance(test, tuple):
        yield from (((index,), value) for index, value in enumerate(test))
    elif isinstance(test, Comparison):
        for operator, value in test.operations().items():
            if operator in ("in", "not_in"):
                yield from (((operator, index), item) for index, item in enumerate(value))
            elif operator not in ("blank", "matches"):
                yield (operator,), value
    else:
        yield (), test


def _check_constant(value: Any, field: DatasetField, report: Report, at: KeyPath) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        report.add(at, "a source field is never true or false", "a text, a number or a date")
    elif field.type == "code" and str(value) not in field.codes:
        report.add(at, f"the field never has the code {value}", f"one of {', '.join(field.codes)}")
    elif not _fits(str(value), field.type):
        report.add(at, "the value does not fit the field", _FORMS[field.type])


_FORMS = {
    "amount": 'a number such as 0 or "12.50"',
    "decimal": 'a number such as 0 or "12.50"',
    "integer": "a whole number",
    "date": "a date such as 2026-01-31",
    "datetime": "a time with offset such as 2026-01-31T00:00:00+00:00",
}


def _fits(text: str, kind: str) -> bool:
    try:
        if kind in ("amount", "decimal"):
            return Decimal(text).is_finite()
        if kind == "integer":
            return str(int(text)) == text
        if kind == "date":
            return date.fromisoformat(text).isoformat() == text
        if kind == "datetime":
            return datetime.fromisoformat(text).tzinfo is not None
    except (ValueError, ArithmeticError):
        return False
    return True
