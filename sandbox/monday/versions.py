"""API versions: which one serves a call."""

from __future__ import annotations

import re

from .errors import MondayError
from .switches import MondaySwitches

DEPRECATED = ("2024-10", "2025-01")
KNOWN = {
    "2025-04": "old__maintenance", "2025-07": "old__maintenance", "2025-10": "old__maintenance",
    "2026-01": "old_previous_maintenance", "2026-04": "previous_maintenance", "2026-07": "maintenance",
    "2026-10": "current", "2027-01": "release_candidate",
}  # fmt: skip
FORM = re.compile(r"\d{4}-\d{2}")


def served(asked: str | None, switches: MondaySwitches) -> str:
    """The version behind an `API-Version` header; the answer echoes it.

    Raises:
        MondayError: the header is no version at all.
    """
    if asked is None:
        return switches.current_version
    if asked == "dev":
        return asked
    if not FORM.fullmatch(asked):
        raise MondayError("InvalidVersionException", f"{asked} is not a valid API version", status=200)
    if asked in DEPRECATED:
        return switches.maintenance_version
    return asked if asked in KNOWN else switches.current_version


def shown(version: str, switches: MondaySwitches) -> dict[str, str]:
    """A version as the query `version` answers it."""
    kind = "current" if version == switches.current_version else KNOWN.get(version, "dev")
    return {"kind": kind, "value": version, "display_name": version.replace("-", ".")}
