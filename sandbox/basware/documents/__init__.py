"""Invoices that P2P hands over: their states, lists, responses and attachments."""

from __future__ import annotations
