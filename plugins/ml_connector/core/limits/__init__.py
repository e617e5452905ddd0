"""Limits of other systems, kept over all processes: calls per window, and requests in flight.

Nothing in here knows a system: what a system allows is data that its package hands in.
"""

from ml_connector.core.limits.gate import Gate
from ml_connector.core.limits.quota import ClockWindow, Quota, RollingWindow, Window
from ml_connector.core.limits.refusals import Refusals
from ml_connector.core.limits.slots import Slots

__all__ = ["ClockWindow", "Gate", "Quota", "Refusals", "RollingWindow", "Slots", "Window"]
