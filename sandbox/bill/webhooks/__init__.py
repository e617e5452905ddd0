"""BILL's webhooks: subscriptions, events, their signed delivery with retries, and their history."""

from __future__ import annotations
