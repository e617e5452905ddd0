"""Compiles numbers: a field of this row, or the sum of a field over the rows of a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, DecimalException

from ml_connector.core.config.mapping import Check, Operand, as_paths
from ml_connector.core.config.scopes import Scope
from ml_connector.core.mapping.conditions import Test
from ml_connector.core.mapping.frame import Frame, compile_walk, note_rows
from ml_connector.core.mapping.results import Refusal
from ml_connector.core.mapping.values import EXACT, number

NumberGetter = Callable[[Frame], Decimal | None]
_ZERO = Decimal(0)


def is_sum(path: str, scope: Scope) -> bool:
    """Whether a path leads into rows (``lines.MERCHANDISE_AMT``) rather than to one field."""
    head, dot, _ = path.partition(".")
    return bool(dot) and head in scope.levels[-1].children


def compile_number(path: str, scope: Scope, where: Test | None = None) -> NumberGetter:
    """The number at ``path``; sums leave out blanks and rows that ``where`` does not want."""
    if is_sum(path, scope):
        return _compile_sum(path, scope, where)
    reference = scope.resolve(path)
    slot, name = reference.slot, reference.name

    def get(frame: Frame) -> Decimal | None:
        try:
            return number(frame[slot].get(name))
        except Refusal as refusal:
            raise refusal.at(path) from None

    return get


def _compile_sum(path: str, scope: Scope, where: Test | None) -> NumberGetter:
    collection, _, name = path.rpartition(".")
    walk, inner = compile_walk(collection, scope), scope.enter(collection)
    get = compile_number(name, inner)

    def total(frame: Frame) -> Decimal:
        result = _ZERO
        try:
            for _ in walk(frame):
                if (where is None or where(frame)) and (value := get(frame)) is not None:
                    result = EXACT.add(result, value)
        except Refusal as refusal:
            note_rows(refusal, frame, scope, inner)
            raise
        except DecimalException:
            raise _too_long(path) from None
        return result

    return total


def _too_long(path: str) -> Refusal:
    return Refusal("has too many digits to be added up exactly", expected="up to 100 digits").at(path)


def compile_check(check: Check, scope: Scope, when: Test | None) -> Callable[[Frame], None]:
    """A check that raises ``Refusal`` where its numbers differ by more than the tolerance."""
    operands = [_compile_operand(operand, scope) for operand in check.equal]
    field = check.field or _first_name(check.equal)

    def verify(frame: Frame) -> None:
        if when is not None and not when(frame):
            return
        numbers = [operand(frame) for operand in operands]
        for other in numbers[1:]:
            if EXACT.subtract(numbers[0], other).copy_abs() > check.tolerance:
                shown = f"{numbers[0]:f} is not {other:f}"
                raise Refusal(
                    f"{check.message} ({shown})", value=f"{numbers[0]:f}", expected=f"{other:f}", field=field
                )

    return verify


def _first_name(operands: Sequence[Operand]) -> str | None:
    return next((operand.field or operand.sum for operand in operands if operand.field or operand.sum), None)


def _compile_operand(operand: Operand, scope: Scope) -> Callable[[Frame], Decimal]:
    base = operand.field or operand.sum
    first = compile_number(base, scope) if base else None
    constant = operand.value or _ZERO
    added = [compile_number(path, scope) for path in as_paths(operand.plus)]
    taken = [compile_number(path, scope) for path in as_paths(operand.minus)]

    def value(frame: Frame) -> Decimal:
        result = (first(frame) or _ZERO) if first is not None else constant
        try:
            for get in added:
                result = EXACT.add(result, get(frame) or _ZERO)
            for get in taken:
                result = EXACT.subtract(result, get(frame) or _ZERO)
        except DecimalException:
            raise _too_long(base or "value") from None
        return result

    return value
