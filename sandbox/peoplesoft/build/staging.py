"""Rows that wait for Voucher Build, and what became of the messages that brought them."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.data.size import Record

WAITING, IN_ERROR = "O", "E"
"""ENTRY_STATUS in staging: not yet seen by Voucher Build, refused by its pre-edit."""


class Staging:
    """VCHR_HDR_STG with the records below it, and the Service Operations Monitor."""

    def __init__(self) -> None:
        self.rows: list[Record] = []
        self.monitor: list[Record] = []

    def add(self, rows: list[Record], due: float | None) -> None:
        """Stage the vouchers of one message; `due` is when Voucher Build runs by itself."""
        for row in rows:
            self.rows.append({**row, "ENTRY_STATUS": WAITING, "ERROR_TEXT": "", "due": due})

    def note(self, error: str = "") -> None:
        """Enter a message into the monitor."""
        status = "error" if error else "done"
        self.monitor.append({"operation": "VOUCHER_BUILD", "status": status, "error": error})

    def of_unit(self, unit: str) -> Iterator[Record]:
        """Rows of a business unit, in the order of their VOUCHER_ID."""
        rows = (row for row in self.rows if row["BUSINESS_UNIT"] == unit)
        return iter(sorted(rows, key=lambda row: str(row["VOUCHER_ID"])))

    def next_due(self) -> float | None:
        """When Voucher Build runs by itself for the first waiting row."""
        times = [row["due"] for row in self.rows if row["due"] is not None]
        return min(times, default=None)
