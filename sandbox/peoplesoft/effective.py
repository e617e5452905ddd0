"""Effective dating as PSQuery does it: history, no future rows, or one current row."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.data.size import Record

from .state import PeopleSoftState


def rows_of(state: PeopleSoftState, record: Record, query: str) -> list[Record]:
    """The effective-dated rows of a setup record."""
    return visible(state, record["rows"], query)


def addresses_of(state: PeopleSoftState, record: Record, query: str) -> list[Record]:
    """The addresses of a supplier, per sequence number."""
    return [
        row
        for number in sorted({row["ADDRESS_SEQ_NUM"] for row in record["addresses"]})
        for row in visible(
            state, [row for row in record["addresses"] if row["ADDRESS_SEQ_NUM"] == number], query
        )
    ]


def locations_of(state: PeopleSoftState, record: Record, query: str) -> list[Record]:
    """The rows of a supplier's default location."""
    rows = [row for row in record["locations"] if row["VNDR_LOC"] == record["DEFAULT_LOC"]]
    return visible(state, rows, query)


def visible(state: PeopleSoftState, rows: Sequence[Record], query: str) -> list[Record]:
    """The rows a query shows, oldest first.

    A query with a maximum-EFFDT criterion shows the current row only; one with PSQuery's automatic
    criterion shows no future row; without either all rows come.
    """
    switches = state.switches
    current = query in switches.effdt_current
    if not (current or switches.effdt_auto):
        return sorted(rows, key=_effdt)
    today = state.today()
    past = sorted((row for row in rows if row["EFFDT"] <= today), key=_effdt)
    return past[-1:] if current else past


def _effdt(row: Record) -> str:
    return str(row["EFFDT"])
