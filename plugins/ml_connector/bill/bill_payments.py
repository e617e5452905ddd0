"""Payments that stand against a bill, and recording those that PeopleSoft made. No money moves here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ml_connector.bill.api import PAYMENTS, BillApi, Filter, Record
from ml_connector.bill.documents import PAYMENTS_MADE
from ml_connector.bill.errors import FilterRefused
from ml_connector.bill.values import money
from ml_connector.core.contract import Intent, Payload

_DEAD = frozenset({"VOID", "VOIDED", "CANCELLED", "CANCELED", "FUNDING_FAILED_VOIDED"})
_NAMES = ("id", "syncReference", "transactionNumber", "confirmationNumber")


@dataclass(frozen=True, slots=True)
class Made:
    """A payment that PeopleSoft made.

    Attributes:
        reference: our name for it in BILL (``syncReference``), by which it is recognised again.
        process_date: ISO date.
        amount: None for all that is due.
        description: shown in BILL.
    """

    reference: str
    process_date: str
    amount: Decimal | None
    description: str | None = None


@dataclass(slots=True)
class Standing:
    """Living payments of one bill.

    Attributes:
        ours: references of those that we recorded for this document.
        offline: others that were recorded in BILL; they moved no money there.
        online: those that BILL makes or made itself.
    """

    ours: set[str] = field(default_factory=set)
    offline: list[Record] = field(default_factory=list)
    online: list[Record] = field(default_factory=list)


def made_by_peoplesoft(intent: Intent, today: str) -> list[Made]:
    """The payments that the mapping names, else one of all that is due."""
    return _made(intent.key, intent.desired.body, today)


def references(key: str, body: Payload) -> set[str]:
    """Our names, in BILL, of the payments that a paid voucher asks to be recorded."""
    return {made.reference for made in _made(key, body, "")}


def _made(key: str, body: Payload, today: str) -> list[Made]:
    key = key.replace("|", "-")
    made: list[Made] = []
    for number, entry in enumerate(_entries(body), 1):
        name = str(entry.get("syncReference") or f"{key}-{number}")
        if any(name == other.reference for other in made):
            name = f"{name}-{number}"
        day = str(entry.get("processDate") or today)
        made.append(Made(name, day, money(entry.get("amount")), entry.get("description")))
    return made or [Made(key, today, None)]


def _entries(body: Payload) -> list[Mapping[str, Any]]:
    """The mapping names one payment, or several in a list."""
    found: list[Any] = []
    for name in PAYMENTS_MADE:
        given = body.get(name) or []
        found += given if isinstance(given, list) else [given]
    return [entry for entry in found if isinstance(entry, Mapping)]


async def standing(api: BillApi, bill: Record, intent: Intent) -> Standing:
    """The bill's payments; ours are recognised by reference, or by the id in a finished step."""
    found = Standing()
    today = api.now().date().isoformat()
    ours = {made.reference: made.reference for made in made_by_peoplesoft(intent, today)}
    steps = {name: value for name, value in intent.steps.items() if name.startswith("payment ")}
    ours |= {str(value): name.removeprefix("payment ") for name, value in steps.items()}
    for row in await _of_bill(api, bill):
        offline = row.get("onlinePayment") is False or row.get("disbursementType") == "OFFLINE"
        thin = offline and "syncReference" not in row
        payment = await api.get(PAYMENTS, row["id"]) if thin else row
        names = {str(payment[name]) for name in _NAMES if payment.get(name)} & ours.keys()
        if names:
            found.ours |= {ours[name] for name in names}
        elif offline:
            found.offline.append(payment)
        else:
            found.online.append(payment)
    return found


async def _of_bill(api: BillApi, bill: Record) -> list[Record]:
    """By vendor; where BILL does not filter by it (not documented), all since the bill was made."""
    try:
        return await _matching(api, bill, Filter("vendorId", "eq", bill["vendorId"]))
    except FilterRefused:
        since = datetime.fromisoformat(bill["createdTime"])
        return await _matching(api, bill, Filter("updatedTime", "gte", since))


async def _matching(api: BillApi, bill: Record, condition: Filter) -> list[Record]:
    found = []
    async for rows in api.pages(PAYMENTS, [condition]):
        found += [row for row in rows if _pays(row, bill["id"]) and not _dead(row)]
    return found


def _pays(payment: Mapping[str, Any], bill_id: str) -> bool:
    parts = payment.get("billPayments")
    bills = (
        {part.get("billId") for part in parts if isinstance(part, Mapping)}
        if isinstance(parts, list)
        else set()
    )
    return payment.get("billId") == bill_id or bill_id in bills


def _dead(payment: Mapping[str, Any]) -> bool:
    return bool({payment.get("status"), payment.get("singleStatus")} & _DEAD)


def to_record(made: list[Made], due: Decimal) -> list[tuple[Made, Decimal]]:
    """What each payment takes of the amount due.

    The last one takes all that is left: PeopleSoft paid the voucher in full, and a rest (a discount
    that was taken) must not stay payable in BILL.
    """
    parts: list[tuple[Made, Decimal]] = []
    for number, one in enumerate(made, 1):
        last = number == len(made)
        part = due if last or one.amount is None else min(one.amount, due)
        if part > 0:
            parts.append((one, part))
            due -= part
    return parts


def payment_body(bill: Record, made: Made, amount: Decimal) -> Payload:
    """The request that records one payment."""
    body = {
        "vendorId": bill["vendorId"],
        "processDate": made.process_date,
        "toPrintCheck": False,
        "payments": [{"billId": bill["id"], "amount": amount}],
        "syncReference": made.reference,
    }
    return body | ({"description": made.description} if made.description else {})
