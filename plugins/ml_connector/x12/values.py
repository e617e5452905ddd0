"""Numbers and dates as elements, and back.

Types are those of the standard: ``N0`` and ``N2`` are integers with that many implied decimals, ``R``
has an explicit point where it needs one. A value that does not fit is refused, never rounded or cut.
Lengths count digits only: sign and point are free.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Context, Decimal, Inexact

from ml_connector.x12.model import X12Error

_INTEGER = re.compile(r"-?[0-9]+")
_REAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_MOST_READ = 30
"""Characters of a number that is read. The standard's longest have 18 digits, sign and point."""

_EXACT = Context(prec=100, traps=[Inexact])


def write_n0(value: int | Decimal, limit: int, what: str) -> str:
    """A whole number of at most ``limit`` digits.

    Raises:
        X12Error: a fraction, or too many digits.
    """
    return _implied(value, 0, limit, what)


def write_n2(amount: int | Decimal, what: str, limit: int = 15) -> str:
    """An amount of money in hundredths: ``Decimal("12.5")`` is ``1250``.

    Raises:
        X12Error: more than two decimals, or too many digits.
    """
    return _implied(amount, 2, limit, what)


def write_real(value: int | Decimal, limit: int, what: str) -> str:
    """A number with an explicit point, without trailing zeros: ``Decimal("12.50")`` is ``12.5``.

    Raises:
        X12Error: too many digits.
    """
    number = _finite(value, what)
    _check_size(number, limit, limit, f"{what} (R)")
    text = f"{number:f}" if number else "0"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    _check_length(text, limit, f"{what} (R)")
    return text


def write_date(day: str, what: str) -> str:
    """``2026-11-20`` as ``20261120``.

    Raises:
        X12Error: no day of the calendar in that form.
    """
    try:
        if date.fromisoformat(day).isoformat() == day:
            return day.replace("-", "")
    except ValueError:
        pass
    raise X12Error(f"{what} is no date of the form YYYY-MM-DD: {day!r}")


def read_n0(text: str, what: str) -> int:
    """A whole number; leading zeros do not matter.

    Raises:
        X12Error: anything else.
    """
    return int(_number(_INTEGER, text, what, "whole number"))


def read_n2(text: str, what: str) -> Decimal:
    """An amount with two implied decimals: ``1250`` is ``Decimal("12.50")``.

    Raises:
        X12Error: a point, or no number at all.
    """
    return _unsigned_zero(Decimal(f"{_number(_INTEGER, text, what, 'whole number of cents')}E-2"))


def read_real(text: str, what: str) -> Decimal:
    """A number with or without a point.

    Raises:
        X12Error: an exponent, a thousands separator, or no number at all.
    """
    return _unsigned_zero(Decimal(_number(_REAL, text, what, "decimal number")))


def read_date(text: str, what: str) -> str:
    """``20261120`` as ``2026-11-20``; six digits are taken as the years 2000 to 2099.

    Raises:
        X12Error: no day of the calendar.
    """
    digits = f"20{text}" if len(text) == 6 else text
    try:
        if len(digits) == 8 and digits.isascii() and digits.isdigit():
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat()
    except ValueError:
        pass
    raise X12Error(f"{what} is no date of the form CCYYMMDD")


def _number(form: re.Pattern[str], text: str, what: str, kind: str) -> str:
    if len(text) > _MOST_READ or not form.fullmatch(text):
        raise X12Error(f"{what} is no {kind}")
    return text


def _unsigned_zero(number: Decimal) -> Decimal:
    return number or abs(number)


def _implied(value: int | Decimal, decimals: int, limit: int, what: str) -> str:
    kind = f"{what} (N{decimals})"
    number = _finite(value, what)
    _check_size(number, limit - decimals, limit, kind)
    try:
        scaled = number.scaleb(decimals, _EXACT).to_integral_exact(context=_EXACT)
    except Inexact:
        raise X12Error(f"{kind} has more than {decimals} decimals") from None
    text = f"{scaled:f}" if scaled else "0"
    _check_length(text, limit, kind)
    return text


def _finite(value: int | Decimal, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise X12Error(f"{what} is no exact number but a {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise X12Error(f"{what} is no number: {number}")
    return number


def _check_size(number: Decimal, whole: int, limit: int, what: str) -> None:
    """Refuse a number of which many digits, or zeros, stand before the point, before it is written out."""
    if number and (digits := number.adjusted() + 1) > whole:
        raise X12Error(f"{what} has {digits + limit - whole} digits, at most {limit} fit")


def _check_length(text: str, limit: int, what: str) -> None:
    digits = len(text.replace("-", "").replace(".", ""))
    if digits > limit:
        raise X12Error(f"{what} has {digits} digits, at most {limit} fit")
