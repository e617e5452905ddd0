"""Numbers, dates and times as elements, and back.

Types are those of the standard: ``N0`` and ``N2`` are integers with that many implied decimals, ``R``
has an explicit point where it needs one. A value that does not fit is refused, never rounded or cut.
Lengths count digits only: sign and point are free.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from ml_connector.x12.model import X12Error

_INTEGER = re.compile(r"-?[0-9]+")
_REAL = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)")
_TIME = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9])(?:([0-5][0-9])([0-9]{1,2})?)?")


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
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text in {"-0", ""} else text
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


def write_time(moment: datetime) -> str:
    """Hours and minutes, in the zone that the moment is given in."""
    return moment.strftime("%H%M")


def read_n0(text: str, what: str) -> int:
    """A whole number; leading zeros do not matter.

    Raises:
        X12Error: anything else.
    """
    if not _INTEGER.fullmatch(text):
        raise X12Error(f"{what} is no whole number")
    return int(text)


def read_n2(text: str, what: str, decimals: int = 2) -> Decimal:
    """An amount with implied decimals: ``1250`` is ``Decimal("12.50")``.

    Args:
        text: the element.
        what: how to call it in an error.
        decimals: how many are implied, for partners that leave the standard's two.

    Raises:
        X12Error: a point, or no number at all.
    """
    if not _INTEGER.fullmatch(text):
        raise X12Error(f"{what} is no whole number of cents")
    return Decimal(text).scaleb(-decimals).quantize(Decimal("0.01"))


def read_real(text: str, what: str) -> Decimal:
    """A number with or without a point.

    Raises:
        X12Error: an exponent, a thousands separator, or no number at all.
    """
    if not _REAL.fullmatch(text):
        raise X12Error(f"{what} is no decimal number")
    return Decimal(text)


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


def read_time(text: str, what: str) -> str:
    """``0915`` as ``09:15:00``; hundredths of seconds are left out.

    Raises:
        X12Error: no time of the day.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise X12Error(f"{what} is no time of the form HHMM or HHMMSS")
    return f"{found[1]}:{found[2]}:{found[3] or '00'}"


def _implied(value: int | Decimal, decimals: int, limit: int, what: str) -> str:
    number = _finite(value, what)
    scaled = number.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise X12Error(f"{what} (N{decimals}) has more than {decimals} decimals")
    text = f"{scaled.to_integral_value():f}"
    text = "0" if text == "-0" else text
    _check_length(text, limit, f"{what} (N{decimals})")
    return text


def _finite(value: int | Decimal, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise X12Error(f"{what} is no exact number but a {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise X12Error(f"{what} is no number: {number}")
    return number


def _check_length(text: str, limit: int, what: str) -> None:
    digits = len(text.replace("-", "").replace(".", ""))
    if digits > limit:
        raise X12Error(f"{what} has {digits} digits, at most {limit} fit")
