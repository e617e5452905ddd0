"""Simulator of BILL's v3 API for accounts payable."""

from __future__ import annotations
