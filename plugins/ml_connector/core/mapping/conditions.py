"""Gives conditions their meaning.

Blank, missing and null are the same: ``{PO_ID: null}``, ``{PO_ID: ""}`` and
``{PO_ID: {blank: true}}`` hold for a document without PO_ID. A blank value differs from every
constant (``ne``, ``not_in`` hold), and no order test (``gt``, ``gte``, ``lt``, ``lte``) holds for it.
``matches`` must fit the whole text; blank is the empty text.

Constants are read as the field's type: numbers compare as numbers (``0`` equals ``0.00``), dates
and codes as text, times as instants. A value that does not have its field's type raises
``Refusal``: a document that cannot be judged is refused, never silently left out.

Over rows, ``any`` needs one that fits, ``none`` that none does, and ``all`` needs **at least one
row** and that every row fits - a voucher without scheduled payments is not "all paid".

A rule always looks at the document, also when it is used inside a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ml_connector.core.config.conditions import Comparison, Condition, Quantified, Rule
from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.scopes import Reference, Scope
from ml_connector.core.mapping import values
from ml_connector.core.mapping.frame import Frame, new_frame, rows
from ml_connector.core.mapping.results import Refusal

Test = Callable[[Frame], bool]

_READERS: dict[str, values.Reader] = {
    "text": values.text,
    "code": values.text,
    "amount": values.number,
    "decimal": values.number,
    "integer": values.number,
    "date": values.day,
    "datetime": values.instant,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def compile_condition(
    condition: Condition, dataset: Dataset, rules: Mapping[str, Rule] | None = None
) -> Callable[[dict[str, Any]], bool]:
    """A condition on whole documents of a dataset.

    The function returned raises ``Refusal`` for a value that has not its field's type.
    """
    test = ConditionCompiler(Scope((dataset,)), rules or {}).compile(condition)
    return lambda payload: test(new_frame(payload, 0))


class ConditionCompiler:
    """Compiles conditions of one mapping; ``document`` is the scope in which its rules stand."""

    def __init__(self, document: Scope, rules: Mapping[str, Rule]) -> None:
        self.document, self.rules = document, rules
        self._compiled: dict[str, Test] = {}

    def compile(self, condition: Condition, scope: Scope | None = None) -> Test:
        """A test in ``scope``; in that of the document by default."""
        here = scope or self.document
        tests = [self._test(name, test, here) for name, test in condition.tests.items()]
        tests += [self.compile(inner, here) for inner in condition.all_of]
        if condition.rule is not None:
            tests.append(self._rule(condition.rule, here))
        if condition.any_of:
            tests.append(_any([self.compile(inner, here) for inner in condition.any_of]))
        if condition.not_ is not None:
            tests.append(_not(self.compile(condition.not_, here)))
        return _all(tests)

    def _rule(self, name: str, scope: Scope) -> Test:
        if name not in self._compiled:
            rule = self.rules[name]
            self._compiled[name] = (
                self.compile(rule) if isinstance(rule, Condition) else _always(outcome=bool(rule))
            )
        test = self._compiled[name]
        # inside a row the rule gets a frame of its own: its walks must not move the rows out there
        return test if scope.slot == 0 else lambda frame: test(frame[:])

    def _test(self, name: str, test: Any, scope: Scope) -> Test:
        if isinstance(test, Quantified):
            return self._quantified(name, test, scope)
        reference = scope.resolve(name)
        if not isinstance(test, Comparison):
            constants = test if isinstance(test, tuple) else (test,)
            return _one_of(reference, name, constants)
        return _all([_operation(reference, name, *pair) for pair in test.operations().items()])

    def _quantified(self, name: str, test: Quantified, scope: Scope) -> Test:
        quantifier, condition = test.parts()
        slot = scope.slot + 1
        inner = self.compile(condition, scope.enter(name))

        def some(frame: Frame) -> bool:
            for row in rows(frame[slot - 1], name):
                frame[slot] = row
                if inner(frame):
                    return True
            return False

        def every(frame: Frame) -> bool:
            found = rows(frame[slot - 1], name)
            for row in found:
                frame[slot] = row
                if not inner(frame):
                    return False
            return bool(found)

        return {"any": some, "all": every, "none": _not(some)}[quantifier]


def _reader(reference: Reference, path: str) -> Callable[[Frame], Any]:
    """Reads a field as its type; blank is None."""
    return _read_as(_READERS[reference.field.type], reference, path)


def _read_as(read: values.Reader, reference: Reference, path: str) -> Callable[[Frame], Any]:
    slot, name = reference.slot, reference.name

    def value(frame: Frame) -> Any:
        try:
            return read(frame[slot].get(name))
        except Refusal as refusal:
            raise refusal.at(path) from None

    return value


def _constant(reference: Reference, value: Any) -> Any:
    """A constant of the file in the form in which the field is read."""
    return _READERS[reference.field.type](value)


def _one_of(reference: Reference, path: str, constants: tuple[Any, ...]) -> Test:
    allowed = frozenset(_constant(reference, constant) for constant in constants)
    read, slot, name = _reader(reference, path), reference.slot, reference.name
    plain = frozenset(constant for constant in allowed if type(constant) is str)

    def test(frame: Frame) -> bool:
        value = frame[slot].get(name)
        # nearly always the text is clean already and among the constants
        return (type(value) is str and value in plain) or read(frame) in allowed

    return test


def _operation(reference: Reference, path: str, operator: str, value: Any) -> Test:
    if operator in ("eq", "ne", "in", "not_in"):
        test = _one_of(reference, path, value if operator in ("in", "not_in") else (value,))
        return test if operator in ("eq", "in") else _not(test)
    if operator == "blank":
        read = _reader(reference, path)
        return lambda frame: (read(frame) is None) is value
    if operator == "matches":
        return _matches(reference, path, value)
    return _ordered(_reader(reference, path), _ORDER[operator], _constant(reference, value))


def _matches(reference: Reference, path: str, pattern: str) -> Test:
    read, form = _read_as(values.text, reference, path), re.compile(pattern)
    return lambda frame: form.fullmatch(read(frame) or "") is not None


def _ordered(read: Callable[[Frame], Any], compare: Callable[[Any, Any], bool], bound: Any) -> Test:
    def test(frame: Frame) -> bool:
        value = read(frame)
        return value is not None and bound is not None and compare(value, bound)

    return test


def _always(*, outcome: bool) -> Test:
    return lambda _frame: outcome


def _not(test: Test) -> Test:
    return lambda frame: not test(frame)


def _any(tests: list[Test]) -> Test:
    return lambda frame: any(test(frame) for test in tests)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda frame: first(frame) and second(frame)

    def test(frame: Frame) -> bool:
        for part in tests:  # noqa: SIM110 - a loop is a third faster here than all() over a generator
            if not part(frame):
                return False
        return True

    return test
