"""BILL's errors: a JSON array, with a code when the core refuses and without one on bad fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.jsonio import json_response

MESSAGES = {
    "BDC_1001": "System error occurred.",
    "BDC_1101": "User name and/or password do not match our records.",
    "BDC_1102": "Developer key is invalid.",
    "BDC_1103": "Developer key is inactive.",
    "BDC_1107": "Organization is locked out.",
    "BDC_1109": "Session is invalid.  Please log in.",
    "BDC_1119": "Invalid field,value: {0}.",
    "BDC_1121": "API not supported.",
    "BDC_1122": "Error Parsing Json Object. Please check your request.",
    "BDC_1123": "Invalid organization id.",
    "BDC_1144": "Max number of allowed requests per hour reached: {0}.",
    "BDC_1151": "This funding account cannot make online payments.",
    "BDC_1171": "Invoice number already exists",
    "BDC_1205": "Object not found.",
    "BDC_1322": "Max number of concurrent requests per organization reached.",
    "BDC_1361": "Untrusted session.",
}
STATUS = {
    "BDC_1101": 401, "BDC_1102": 401, "BDC_1103": 401, "BDC_1109": 401, "BDC_1107": 423, "BDC_1121": 404,
    "BDC_1205": 404, "BDC_1361": 403, "BDC_1001": 500, "BDC_1122": 400, "BDC_1123": 400, "BDC_1144": 422,
    "BDC_1322": 422,
}  # fmt: skip


class BillError(Exception):
    """A refusal; `entries` become the array of the answer."""

    def __init__(self, status: int, entries: Sequence[dict[str, Any]]) -> None:
        super().__init__(entries[0]["message"])
        self.status, self.entries = status, entries

    def response(self, now: datetime) -> web.Response:
        """The answer."""
        moment = timestamp(now)
        return json_response([{"timestamp": moment, **entry} for entry in self.entries], self.status)


def core(code: str, *values: object, status: int | None = None, message: str | None = None) -> BillError:
    """The core ("downstream") refuses, with a code; 422 unless the code has its own status."""
    text = message or MESSAGES.get(code, "Unknown error occurred.").format(*values)
    entry: dict[str, Any] = {"code": code, "severity": "ERROR", "category": "DOWNSTREAM", "message": text}
    if code == "BDC_1361":
        entry["params"] = {}
    return BillError(status or STATUS.get(code, 422), [entry])


def invalid(*messages: str) -> BillError:
    """The gateway refuses fields: 400, one entry per field, no code."""
    return BillError(
        400, [{"severity": "ERROR", "category": "REQUEST", "message": message} for message in messages]
    )


def not_found() -> BillError:
    """There is no such object."""
    return core("BDC_1205")


def timestamp(moment: datetime) -> str:
    """A time as BILL writes it: UTC, milliseconds, `+00:00`."""
    return moment.isoformat(timespec="milliseconds")
