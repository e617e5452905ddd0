"""Bank details and tax numbers: they are sent where a mapping says so, and shown nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.core.http import Redactor

# Names of the bank and tax fields of supplier and payment records.
_PRIVATE = re.compile(
    r"BANK_ACCOUNT|BANK_ACCT_NUM|BNK_ID|DFI_ID|IBAN|BENEF|ROUTING|CHECK_DIGIT|TAX_?ID|TAXPAYER|STD_ID_NUM|SSN"
    r"|(^|_)TIN(_|$)"
)


def is_private(name: str) -> bool:
    """Whether a property holds a bank detail or a tax number."""
    return _PRIVATE.search(name) is not None


def public(record: Payload) -> Payload:
    """An object without private properties, at every level."""
    return {name: _public(value) for name, value in record.items() if not is_private(name)}


def hide(text: str, body: Payload) -> str:
    """A message without secrets, and without private values of the body that it repeats."""
    return Redactor(_private_values(body))(text)


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return public(value)
    if isinstance(value, list):
        return [_public(item) for item in value]
    return value


def _private_values(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _private_values(below, key)
    elif isinstance(value, list):
        for item in value:
            yield from _private_values(item, name)
    elif value is not None and is_private(name):
        yield str(value)
