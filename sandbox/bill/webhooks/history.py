"""The event history: 180 days, sorted only where a beginning is named."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.bill.errors import invalid, timestamp
from sandbox.bill.switches import BillSwitches

from .events import Event


def shown(event: Event, switches: BillSwitches) -> dict[str, Any]:
    """An EventDto: the payload is JSON in a string."""
    row: dict[str, Any] = {
        "id": event.id,
        "type": event.type,
        "version": "1",
        "subscriptionId": event.subscription_id,
        "payload": event.payload,
        "createdTime": event.created,
        "statusCode": _status(event, switches),
    }
    if row["statusCode"] is None and switches.history_unsent == "absent":
        del row["statusCode"]
    return row


def with_retries(event: Event, switches: BillSwitches) -> dict[str, Any]:
    """A row of the history: also what came of the attempts after the first."""
    retries = [
        {"attemptNumber": number, "createdTime": attempt.time, "statusCode": attempt.status}
        for number, attempt in enumerate(event.attempts[1:], 1)
    ]
    return shown(event, switches) | {"retries": retries}


def _status(event: Event, switches: BillSwitches) -> int | None:
    if not event.attempts:
        return None
    return event.attempts[0 if switches.history_status == "first" else -1].status


def page(
    events: Sequence[Event], params: Mapping[str, str], switches: BillSwitches, now: datetime
) -> dict[str, Any]:
    """One page. Raises ``BillError`` with 400."""
    size, ascending = page_size(params), _flag("ascending", params)
    begins = "createdTimeFrom" in params
    since = _moment("createdTimeFrom", params, now - timedelta(days=365 * 100))
    until = _moment("createdTimeTo", params, now)
    oldest = timestamp(now - timedelta(days=switches.history_days))
    entity = params.get("entityId")
    rows = [
        event
        for event in events
        if max(since, oldest) <= event.created <= until and entity in (None, "", event.entity_id)
    ]
    if not begins:
        rows.sort(key=lambda event: event.id)
    elif not ascending:
        rows.reverse()
    return _cut(rows, params.get("page"), size, switches)


def _cut(rows: list[Event], token: str | None, size: int, switches: BillSwitches) -> dict[str, Any]:
    start = 0
    if token:
        ids = [event.id for event in rows]
        last = read_token(token)
        if last not in ids:
            raise invalid("page: belongs to another request")
        start = ids.index(last) + 1
    part = rows[start : start + size]
    answer: dict[str, Any] = {"results": [with_retries(event, switches) for event in part]}
    if start + size < len(rows):
        answer["nextPage"] = make_token(part[-1].id)
    return answer


def page_size(params: Mapping[str, str]) -> int:
    """`max`, 20 unless given. Raises ``BillError`` with 400."""
    text = params.get("max", "20")
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise invalid("max: must be between 1 and 100")
    return int(text)


def make_token(last_id: str) -> str:
    """An opaque token for what comes after this id."""
    return base64.urlsafe_b64encode(f"after {last_id}".encode()).decode().rstrip("=")


def read_token(token: str) -> str:
    """The id in a token. Raises ``BillError`` with 400."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("page: is no page token") from error
    if not text.startswith("after "):
        raise invalid("page: is no page token")
    return text.removeprefix("after ")


def _moment(name: str, params: Mapping[str, str], default: datetime) -> str:
    text = params.get(name)
    if not text:
        return timestamp(default)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{name}: {text} is no date-time in ISO 8601") from error
    return timestamp((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC))


def _flag(name: str, params: Mapping[str, str]) -> bool:
    text = params.get(name, "false")
    if text not in ("true", "false"):
        raise invalid(f"{name}: must be true or false")
    return text == "true"
