"""Simulator of PeopleSoft FSCM behind its Integration Gateway (read side: REST)."""

from __future__ import annotations
