"""A payment as BILL shows it, turned into the document of dataset ``payments``.

Of the funding account only its id and type are taken: the rest, masked or not, is nobody's business
here. Missing texts are ``""``; a missing amount is not zero but a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ml_connector.bill.api import Record
from ml_connector.bill.values import money
from ml_connector.core.contract import Payload

_SHARED = ("vendorId", "amount", "billPayments", "processDate", "disbursementType", "createdTime")
_ONLINE = (*_SHARED, "singleStatus", "fundingAccount", "transactionNumber", "confirmationNumber")
_OFFLINE = (*_SHARED, "syncReference")


class Unfit(ValueError):
    """The first value of a payment that cannot be read."""

    def __init__(self, field: str, value: Any, expected: str) -> None:
        super().__init__(f"{field}: {value!r} is not {expected}")
        self.field, self.value, self.expected = field, "" if value is None else str(value), expected


def is_offline(row: Record) -> bool:
    """Recorded in BILL by a person or by us: BILL moves no money for it."""
    return row.get("onlinePayment") is False or row.get("disbursementType") == "OFFLINE"


def is_thin(row: Record) -> bool:
    """Whether a list may have left out what the payment's own address shows."""
    return any(row.get(name) in (None, "", []) for name in (_OFFLINE if is_offline(row) else _ONLINE))


def updated(row: Record) -> datetime | None:
    """Change stamp, as far as it can be read."""
    try:
        return _moment(row, "updatedTime")
    except Unfit:
        return None


def read_payment(
    row: Record, vendor: Record | None, recorded: str, default_currency: str, start: date
) -> Payload:
    """The document's payload.

    Args:
        row: the payment, from its own address where the list was thin.
        vendor: its vendor as the vendor's own address shows it; None where BILL does not show it.
        recorded: ``ours``, ``others`` or nothing.
        default_currency: where the vendor names none.
        start: what BILL processed before this day was booked before the connector came.

    Raises:
        Unfit: a value breaks the dataset's rules.
    """
    account = row.get("fundingAccount")
    account = account if isinstance(account, Mapping) else {}
    stamp, created = _moment(row, "updatedTime"), row.get("createdTime")
    processed = _date(row, "processDate")
    if stamp is None:
        raise Unfit("updatedTime", None, "a date and time")
    return {
        "id": _needed(row, "id", "an id"),
        "vendorId": _needed(row, "vendorId", "the id of a vendor"),
        "vendorName": _text(row, "vendorName") or _text(vendor or {}, "name"),
        "amount": _amount(row, "amount"),
        "currency": _currency(row, vendor, default_currency),
        "processDate": processed,
        "before_start": "true" if processed and processed < start.isoformat() else "false",
        "singleStatus": _text(row, "singleStatus") or _needed(row, "status", "a payment status"),
        "disbursementType": _text(row, "disbursementType"),
        "onlinePayment": "false" if is_offline(row) else "true",
        "recorded": recorded,
        "transactionNumber": _text(row, "transactionNumber"),
        "confirmationNumber": _text(row, "confirmationNumber"),
        "fundingAccountId": _text(account, "id"),
        "fundingAccountType": _text(account, "type"),
        "createdTime": _iso(_moment(row, "createdTime")) if created else "",
        "updatedTime": _iso(stamp),
        "billPayments": _parts(row),
    }


def bills_of(row: Record) -> list[str]:
    """Ids of the bills that it pays."""
    found = [part.get("billId") for part in objects(row.get("billPayments"))]
    return list(dict.fromkeys(str(bill) for bill in [*found, row.get("billId")] if bill))


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing where it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _parts(row: Record) -> list[Payload]:
    """By id. A payment of one bill may name it at its top only."""
    parts = row.get("billPayments")
    if not parts:
        if not row.get("billId"):
            return []
        return [
            {
                "id": str(row["id"]), "billId": str(row["billId"]), "amount": _amount(row, "amount"),
                "credits": Decimal(0),
            }
        ]  # fmt: skip
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        raise Unfit("billPayments", type(parts).__name__, "a list of the bills that it pays")
    made = [
        {
            "id": _needed(part, "id", "an id", "billPayments."),
            "billId": _needed(part, "billId", "the id of a bill", "billPayments."),
            "amount": _amount(part, "amount", "billPayments."),
            "credits": _credits(part),
        }
        for part in parts
    ]
    return sorted(made, key=lambda part: str(part["id"]))


def _credits(part: Mapping[str, Any]) -> Decimal:
    """What vendor credits paid of the bill beside ``amount``: BILL moves no money for it."""
    used = part.get("vendorCredits") or []
    if not isinstance(used, list) or not all(isinstance(one, Mapping) for one in used):
        raise Unfit("billPayments.vendorCredits", type(used).__name__, "a list of vendor credits")
    return sum((_amount(one, "amount", "billPayments.vendorCredits.") for one in used), Decimal(0))


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _needed(row: Mapping[str, Any], name: str, expected: str, at: str = "") -> str:
    found = _text(row, name)
    if not found:
        raise Unfit(f"{at}{name}", None, expected)
    return found


def _amount(row: Mapping[str, Any], name: str, at: str = "") -> Decimal:
    amount = money(row.get(name))
    if amount is None:
        raise Unfit(f"{at}{name}", row.get(name), "an amount")
    return amount


def _currency(row: Record, vendor: Record | None, default: str) -> str:
    """Not a guess: a vendor that nobody can read may be one of another currency than the default."""
    if vendor is None:
        raise Unfit(
            "currency",
            None,
            f"known: BILL shows no vendor {_text(row, 'vendorId')}, whose currency it is. See in BILL that "
            "the vendor exists and that the login may read vendors, then replay the payment",
        )
    return _text(vendor, "billCurrency") or default


def _date(row: Mapping[str, Any], name: str) -> str:
    text = _text(row, name)
    if not text:
        return ""
    try:
        return date.fromisoformat(text.partition("T")[0]).isoformat()
    except ValueError:
        raise Unfit(name, text, "a date YYYY-MM-DD") from None


def _moment(row: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(row, name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit(name, text, "a date and time such as 2026-11-20T09:15:23.127+00:00") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""
