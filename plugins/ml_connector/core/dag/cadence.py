"""Whether a flow is due: invoices every run and suppliers once a week are one tenant, not two."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

_LONGEST_SLACK = timedelta(minutes=10)


def next_due(every: timedelta | str | None, last: datetime | None, zone: str) -> datetime | None:
    """When the flow is due again; None means now.

    Args:
        every: the least time between two successes, a cron expression, or None for every run.
        last: the flow's last success.
        zone: time zone in which a cron expression is read.

    A success is noted when a run ends, and the next one is asked for when a run begins. Without a
    tenth of slack, a daily flow would come one schedule later every day.
    """
    if every is None or last is None:
        return None
    if isinstance(every, timedelta):
        return last + every - min(every / 10, _LONGEST_SLACK)
    following: datetime = croniter(every, last.astimezone(ZoneInfo(zone))).get_next(datetime)
    return following


def is_due(every: timedelta | str | None, last: datetime | None, zone: str, now: datetime) -> bool:
    """Whether the flow is due at ``now``."""
    due = next_due(every, last, zone)
    return due is None or due <= now
