"""Reads single values of a payload: text, numbers, dates. Blank is None, everywhere.

Blank are a missing field, null, and text of nothing but spaces (the source stores blank as one
space). Text loses trailing spaces and the characters that XML and JSON texts may not hold.
Numbers are ``Decimal``, never float, and nothing is rounded. All functions raise ``Refusal``
for a value that has not the form asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any

from ml_connector.core.mapping.results import Refusal

Reader = Callable[[Any], Any]

EXACT = Context(prec=100, traps=[InvalidOperation, Inexact])
"""Arithmetic that raises where a digit would be lost."""

# Not allowed in XML 1.0 documents, and lone surrogates also not in UTF-8.
_FORBIDDEN = dict.fromkeys(
    [code for code in range(32) if code not in (9, 10, 13)] + [0x7F, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
)
_MAGNITUDE = 30

# ISO 4217: minor units that differ from two.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"
_DECIMALS = {
    code: decimals
    for codes, decimals in ((_NO_DECIMALS, 0), (_THREE_DECIMALS, 3), (_FOUR_DECIMALS, 4))
    for code in codes.split()
}


def text(value: Any) -> str | None:
    """Any single value as text."""
    if type(value) is str:
        if not value.isprintable():
            value = value.translate(_FORBIDDEN)
        return value.rstrip() or None
    if value is None:
        return None
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is int or isinstance(value, Decimal):
        return format(_number(value), "f")
    raise Refusal("is not a single value", value=_kind(value), expected="text, a number or a date")


def number(value: Any) -> Decimal | None:
    """A number, from a number or from text in plain notation."""
    if type(value) is Decimal and value.is_finite() and -_MAGNITUDE < value.adjusted() < _MAGNITUDE:
        return value
    if isinstance(value, Decimal) or type(value) is int:
        return _number(value)
    if value is None:
        return None
    if type(value) is not str:
        raise Refusal("is not a number", value=_kind(value), expected="a number such as 12.50")
    plain = value.strip()
    if not plain:
        return None
    if plain.isascii() and "_" not in plain:
        try:
            return _number(Decimal(plain))
        except DecimalException:
            pass  # told below, in one place
    raise Refusal("is not a number", value=value, expected="a number such as 12.50")


def _number(value: Decimal | int) -> Decimal:
    """The number, if it is finite and of a size that money and quantities have."""
    if type(value) is int:
        if value.bit_length() > 4 * _MAGNITUDE:
            raise Refusal("is too large", value="a very long number", expected=f"up to {_MAGNITUDE} digits")
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and -_MAGNITUDE < value.adjusted() < _MAGNITUDE:
        return value
    raise Refusal("is too large or too small", value=str(value), expected=f"up to {_MAGNITUDE} digits")


def money_step(currency: str | None) -> Decimal:
    """The smallest amount of a currency, e.g. ``0.01``."""
    if currency is None or not _is_code(currency):
        expected = "an ISO 4217 code such as USD"
        raise Refusal("is not a currency" if currency else "is blank", value=currency, expected=expected)
    return _step(currency)


def _is_code(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


@lru_cache(maxsize=512)
def _step(currency: str) -> Decimal:
    return Decimal(1).scaleb(-_DECIMALS.get(currency, 2))


def money(value: Any, step: Decimal) -> Decimal | None:
    """An amount with exactly the currency's decimals."""
    amount = number(value)
    if amount is None:
        return None
    try:
        exact = amount.quantize(step, context=EXACT)
    except DecimalException:
        decimals = -int(step.as_tuple().exponent)
        expected = f"an amount with at most {decimals} decimals" if decimals else "an amount without decimals"
        raise Refusal("has more decimals than its currency", value=str(value), expected=expected) from None
    return exact or exact.copy_abs()


def decimal(value: Any) -> Decimal | None:
    """A number without trailing zeros, so that equal numbers look alike."""
    plain = number(value)
    if plain is None:
        return None
    if not plain:
        return Decimal(0)
    try:
        short = plain.normalize(EXACT)
    except DecimalException:
        raise Refusal("has too many digits", value=str(value), expected="up to 100 digits") from None
    return short.quantize(Decimal(1), context=EXACT) if short == short.to_integral_value() else short


def integer(value: Any) -> int | None:
    """A whole number."""
    plain = number(value)
    if plain is None:
        return None
    if plain != plain.to_integral_value():
        raise Refusal("is not a whole number", value=str(value), expected="a whole number")
    return int(plain)


def boolean(value: Any) -> bool | None:
    """Yes or no: ``true``/``false``, ``Y``/``N``, ``1``/``0``."""
    if value is True or value is False:
        return bool(value)
    word = text(value)
    if word is None:
        return None
    if word.upper() in ("Y", "TRUE", "1"):
        return True
    if word.upper() in ("N", "FALSE", "0"):
        return False
    raise Refusal("is neither yes nor no", value=word, expected="Y or N")


def day(value: Any) -> str | None:
    """A date as ``YYYY-MM-DD``; of a time, its date in its own offset."""
    if value is None:
        return None
    if type(value) is str:
        if not (plain := value.rstrip()):
            return None
        if _is_day(plain):
            return plain
        if len(plain) > 10 and plain[10] in "T " and _is_day(plain[:10]):
            return plain[:10]
    shown = value if isinstance(value, str | int) else _kind(value)
    raise Refusal("is not a date", value=shown, expected="an existing day as YYYY-MM-DD")


@lru_cache(maxsize=8192)
def _is_day(plain: str) -> bool:
    if len(plain) != 10 or plain[4] != "-" or plain[7] != "-" or not plain.isascii():
        return False
    try:
        date.fromisoformat(plain)
    except ValueError:
        return False
    return True


def instant(value: Any) -> datetime | None:
    """A time with its offset, for comparisons."""
    if value is None or (type(value) is str and not value.rstrip()):
        return None
    if type(value) is str:
        try:
            moment = datetime.fromisoformat(value.rstrip())
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
    shown = value if isinstance(value, str | int) else _kind(value)
    raise Refusal(
        "is not a time", value=shown, expected="a time with offset such as 2026-01-31T09:30:00-05:00"
    )


def _kind(value: Any) -> str:
    """A value that cannot be shown as it is, in a word."""
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else type(value).__name__
