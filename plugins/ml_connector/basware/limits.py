"""How fast the connector calls Basware, which publishes no numbers and asks for fair use."""

from __future__ import annotations

from ml_connector.basware.options import BaswareOptions
from ml_connector.core.limits import RollingWindow

_SECONDS = 60
_PATIENCE = 120.0


def rate_window(options: BaswareOptions) -> RollingWindow:
    """Requests of all tasks together: about a second's worth may leave at once after a pause."""
    rate = options.requests_per_second
    return RollingWindow(
        max(2, round(rate * _SECONDS)),
        _SECONDS,
        burst=max(1, round(rate)),
        block=max(1, round(rate / 20)),
        patience=_PATIENCE,
    )
