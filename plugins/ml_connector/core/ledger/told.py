"""What people were told of a trouble that lasts: once, and again after a day.

Remembered in the mark of whoever looks after it (``selection`` and ``began_at``), so that it holds over runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ml_connector.core import codec
from ml_connector.core.ledger.watermarks import Mark

AGAIN = timedelta(days=1)


def is_news(mark: Mark, alerts: Mapping[str, str], now: datetime) -> bool:
    """Whether people have not heard of just the same within a day; the mark remembers what they hear.

    Args:
        alerts: sentences by what they are about; another sentence about the same is no news.
    """
    if not alerts:
        mark.selection, mark.began_at = None, None
        return False
    told = codec.digest(sorted(alerts))
    if mark.selection == told and mark.began_at and now - mark.began_at < AGAIN:
        return False
    mark.selection, mark.began_at = told, now
    return True
