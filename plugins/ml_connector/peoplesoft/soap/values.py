"""One value of a property as XML text, and back."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from ml_connector.core.errors import ConfigurationError, ContractChanged

# What XML 1.0 cannot hold (its production Char), surrogates without a partner included.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """A text without the characters that no XML document can hold."""
    return _ILLEGAL.sub("", text)


def to_text(place: str, value: object) -> str:
    """The XML text of a value; blank where there is none.

    Args:
        place: the property, for errors.
        value: text, a date, an integer or a ``Decimal``, which is written without an exponent.

    Raises:
        ConfigurationError: no kind of value that PeopleSoft has.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise ConfigurationError(
        f"{place}: {type(value).__name__} is no kind of value that a property has",
        expected="text, a date, a whole number or an exact decimal",
    )


def to_decimal(place: str, text: str) -> Decimal:
    """The number that an answer holds.

    Raises:
        ContractChanged: the text is no number.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ContractChanged(f"{place}: PeopleSoft answered {text[:40]!r} where its WSDL says decimal")
    return number
