"""Shape faults: answers of PeopleSoft that arrive whole, but wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.faults import Fault

Rows = list[dict[str, Any]]


def distort(rows: Rows, faults: Sequence[Fault], previous: Rows) -> tuple[Rows, int, str]:
    """Apply shape faults; returns rows, numrows and status."""
    status, wrong = "success", 0
    for fault in faults:
        match fault.kind:
            case "row_cap":
                rows = rows[: fault.rows]
            case "repeat_rows":
                rows = renumbered([*previous[-fault.rows :], *rows])
            case "numrows":
                wrong = fault.rows
            case "status":
                status = fault.value or "error"
            case "set_value":
                rows = _edited(rows, fault, append=False)
            case "append_text":
                rows = _edited(rows, fault, append=True)
            case "vanish":
                rows = [{name: value for name, value in row.items() if name != fault.column} for row in rows]
            case "rename":
                rows = [
                    {(fault.value if name == fault.column else name): value for name, value in row.items()}
                    for row in rows
                ]
    return rows, len(rows) + wrong, status


def renumbered(rows: Rows) -> Rows:
    """Row numbers from 1 again."""
    return [row | {"attr:rownumber": number} for number, row in enumerate(rows, 1)]


def _edited(rows: Rows, fault: Fault, *, append: bool) -> Rows:
    made = list(rows)
    for position, row in enumerate(made[: fault.rows]):
        if fault.column in row:
            before = str(row[fault.column]) if append else ""
            made[position] = row | {fault.column: before + fault.value}
    return made
