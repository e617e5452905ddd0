"""Push notifications: subscriptions, their tasks, and the delivery."""

from __future__ import annotations
