"""Deterministic data of any size: the same seed gives the same companies, vouchers and dates."""

from __future__ import annotations

from .size import Size

__all__ = ["Size"]
