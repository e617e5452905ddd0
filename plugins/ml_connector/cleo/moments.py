"""Times as Cleo writes them: ISO times with a zone, or ``2026/11/20 09:15:03`` in the server's own."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

_LOCAL = "%Y/%m/%d %H:%M:%S"


def parse_moment(value: Any, zone: tzinfo) -> datetime | None:
    """The time in UTC; None for nothing, or what cannot be read."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = datetime.strptime(text, _LOCAL)  # noqa: DTZ007  (its zone follows)
        except ValueError:
            return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def local_text(moment: datetime, zone: tzinfo) -> str:
    """A time as Cleo's columns hold it, so that texts compare like times."""
    return moment.astimezone(zone).strftime(_LOCAL)
