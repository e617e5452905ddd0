"""Bulk import: jobs, their files, the load and its report."""

from __future__ import annotations
