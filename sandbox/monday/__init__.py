"""The Monday.com simulator: one account behind the GraphQL API, strict where the real service is."""

from __future__ import annotations
