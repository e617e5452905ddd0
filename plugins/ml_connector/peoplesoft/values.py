"""One column value as PeopleSoft sends it, turned into the payload's form.

Blank is ``""`` whatever the type. Datetimes carry the offset of the database's base time zone
without a colon, ``2009-04-06T09:30:00-0700``, and dates are ``YYYY-MM-DD`` (documented under date
and time handling of QAS); formatted columns were seen with other forms, which are accepted where
they are unambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.core.config.dataset import DatasetField

Reader = Callable[[Any], Any]

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?|(\d{4})(\d{2})(\d{2})")
_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T -]\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<second>\d{2})(?:\.(?P<fraction>\d{1,6})\d*)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_CODE = re.compile(r"[A-Z0-9]{1,4}")


class BadValue(ValueError):
    """The value breaks its field's rule; the text says what was expected."""


def is_blank(value: Any) -> bool:
    """PeopleSoft's blank: an empty string, a single space in the database, or nothing at all."""
    return value is None or (isinstance(value, str) and not value.strip())


def reader_for(spec: DatasetField, zone: ZoneInfo) -> Reader:
    """The function that reads this field's values, blank ones too; it raises :class:`BadValue`."""
    match spec.type:
        case "amount" | "decimal":
            return _or_blank(_decimal)
        case "integer":
            return _or_blank(_integer)
        case "date":
            return _or_blank(_date)
        case "datetime":
            return _or_blank(_moment_reader(zone))
        case "code":
            return _or_blank(_code_reader(spec.codes))
    return _text


def _or_blank(read: Reader) -> Reader:
    def read_or_blank(value: Any) -> Any:
        if value == "" or (type(value) is str and value.isspace()) or value is None:
            return ""
        return read(value)

    return read_or_blank


def _text(value: Any) -> str:
    if type(value) is str:
        return value.rstrip()
    return "" if value is None else str(value)


def _decimal(value: Any) -> Decimal:
    """Normalised, so that 12.5 and 12.50 are one value, and without exponent."""
    if type(value) is int:
        return Decimal(value)
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        raise BadValue("a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise BadValue("a number")
    number = number.normalize()
    if number.as_tuple().exponent > 0:  # type: ignore[operator]  # finite, so it is an int
        number = number.quantize(Decimal(1))
    return number or Decimal(0)


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    number = _decimal(value)
    if number != number.to_integral_value():
        raise BadValue("a whole number")
    return int(number)


def _date(value: Any) -> str:
    return _day(str(value))


@lru_cache(maxsize=4096)
def _day(text: str) -> str:
    match = _DATE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) for part in match.groups() if part is not None)
        return date(year, month, day).isoformat()
    except ValueError:
        raise BadValue("a date YYYY-MM-DD") from None


def _moment_reader(zone: ZoneInfo) -> Reader:
    def read(value: Any) -> str:
        match = _MOMENT.fullmatch(str(value).strip())
        try:
            if match is None:
                raise ValueError
            return _moment(match, zone).isoformat()
        except ValueError:
            raise BadValue("a date and time such as 2026-10-05T09:30:00-0400") from None

    return read


def _moment(match: re.Match[str], zone: ZoneInfo) -> datetime:
    """In UTC. Without an offset the base time zone holds, the earlier reading where clocks go back."""
    fraction = (match["fraction"] or "").ljust(6, "0")
    clock = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0), int(fraction))
    moment = datetime.combine(date.fromisoformat(match["date"]), clock, tzinfo=zone)
    if match["zone"]:
        moment = moment.replace(tzinfo=_offset(match["zone"]))
    return moment.astimezone(UTC)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))


def _code_reader(codes: dict[str, str]) -> Reader:
    """Code or translated text, as the query's author chose; a site's own short codes pass."""
    by_text = {text.strip().casefold(): code for code, text in codes.items()}
    known = f"a code ({', '.join(codes)}) or its text"

    def read(value: Any) -> str:
        if type(value) is str and value in codes:
            return value
        text = _text(value).strip()
        if text in codes:
            return text
        if (code := by_text.get(text.casefold())) is not None:
            return code
        if _CODE.fullmatch(text):
            return text
        raise BadValue(known)

    return read
