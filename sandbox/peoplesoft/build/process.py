"""AP_VCHRBLD: turns staged rows into vouchers.

The pre-edit keeps a row in staging, with an error text. What fails an edit, and every duplicate,
becomes a voucher all the same, in Recycle.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from sandbox.data.size import Record
from sandbox.peoplesoft.soap.buffer import completed
from sandbox.peoplesoft.soap.components.voucher import derive, fill_header, next_voucher_id, save
from sandbox.peoplesoft.soap.components.voucher_edits import ROWS, duplicates, edit, pre_edit
from sandbox.peoplesoft.soap.edits import Edits
from sandbox.peoplesoft.soap.interfaces import AP_VOUCHER

from .staging import IN_ERROR

if TYPE_CHECKING:
    from sandbox.peoplesoft.state import PeopleSoftState

NUMBERED = ("", "NEXT")


def run_voucher_build(state: PeopleSoftState, unit: str | None = None) -> dict[str, Any]:
    """Run it over everything staged, rows in error included, or over one business unit."""
    rows = [row for row in state.staging.rows if unit in (None, row["BUSINESS_UNIT"])]
    return _run(state, rows)


def run_what_is_due(state: PeopleSoftState) -> None:
    """Run it for the rows whose time has come, where it runs by itself."""
    first = state.staging.next_due()
    now = state.clock.seconds()
    if first is not None and first <= now:
        _run(state, [row for row in state.staging.rows if row["due"] is not None and row["due"] <= now])


def _run(state: PeopleSoftState, rows: list[Record]) -> dict[str, Any]:
    built = [made for row in rows if (made := _build(state, row)) is not None]
    return {
        "vouchers": [[made["BUSINESS_UNIT"], made["VOUCHER_ID"]] for made in built],
        "recycled": [made["VOUCHER_ID"] for made in built if made["ENTRY_STATUS"] == "R"],
        "staged": len(state.staging.rows),
    }


def _build(state: PeopleSoftState, row: Record) -> Record | None:
    row["due"] = None
    record, edits = _voucher(state, row), Edits(state)
    pre_edit(record, edits)
    asked = record["VOUCHER_ID"]
    if asked not in NUMBERED and state.voucher(record["BUSINESS_UNIT"], asked) is not None:
        edits.refuse(f"Voucher {asked} already exists.", 111, "VOUCHER_ID")
    if edits.notices:
        row["ENTRY_STATUS"] = IN_ERROR
        row["ERROR_TEXT"] = " ".join(notice.text for notice in edits.notices)
        return None
    edit(record, edits)
    derive(record)
    if edits.notices or (_checks(state) and any(duplicates(state, record))):
        record["ENTRY_STATUS"] = "R"
    if asked in NUMBERED or state.switches.voucher_build_ids == "next":
        record["VOUCHER_ID"] = next_voucher_id(state, record["BUSINESS_UNIT"])
    save(state, record)
    state.staging.rows.remove(row)
    return record


def _checks(state: PeopleSoftState) -> bool:
    return state.switches.duplicate_vouchers != "accept"


def _voucher(state: PeopleSoftState, row: Record) -> Record:
    """The voucher a staged row asks for, with the component's defaults."""
    given = {name: value for name, value in deepcopy(row).items() if name not in ("due", "ERROR_TEXT")}
    given["ENTRY_STATUS"] = "P"
    record = completed(AP_VOUCHER.level, given, ROWS)
    fill_header(record, state)
    record["INVOICE_ID"] = record["INVOICE_ID"].upper()
    return record
