"""The trading partners behind Cleo: they read our X12 strictly and answer as they were told to."""

from __future__ import annotations
