"""Fault injection shared by all simulators."""

from __future__ import annotations

from .book import Fault, FaultBook

__all__ = ["Fault", "FaultBook"]
