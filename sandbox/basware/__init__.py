"""Simulator of Basware's P2P open API, its push notifications and what P2P makes of imports."""

from __future__ import annotations
