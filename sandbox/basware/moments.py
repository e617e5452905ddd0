"""Points in time as the API writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """`2026-11-18T10:21:44.507Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    """An aware time from ISO 8601, also a bare date; UTC unless it says otherwise.

    Raises ``ValueError``.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def cut(moment: datetime) -> datetime:
    """To the millisecond, which is all that goes over the wire."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
