"""Keeps our rows true to what people undo in PeopleSoft, so that nothing of it counts as settled any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ml_connector.core.ledger.settlements import UNDONE, Row, Settlements
from ml_connector.peoplesoft.settlement.books import Standing, State
from ml_connector.peoplesoft.settlement.entries import kind_of


def follow(
    settlements: Settlements,
    rows: Iterable[Row],
    standings: Mapping[str, Standing],
    *,
    key: str,
    document_id: int,
) -> None:
    """Write down which entries of a payment people undid, and which of those stand again; blocks.

    Call it only where nothing is in doubt and no person has to decide first: a journal that is hidden
    from the integration user looks like one that is gone.

    Args:
        rows: of the payment.
        standings: what stands of it, by unit.
    """
    changes = [(row, kind) for row in rows if (kind := _kind(row, standings)) != row.kind]
    if not changes:
        return
    with settlements.store.write() as tx:
        for row, kind in changes:
            settlements.turn(tx, row, kind)
        told = {(row.unit, row.entry): (row, kind) for row, kind in changes}
        for row, kind in told.values():
            data = {
                "key": key, "unit": row.unit, "journal": row.journal, "entry": row.entry,
                "kind": kind_of(row).value,
            }  # fmt: skip
            tx.record(
                "undone by people" if kind == UNDONE else "put back by people", data,
                tenant=settlements.tenant, flow=settlements.flow, document_id=document_id,
            )  # fmt: skip


def _kind(row: Row, standings: Mapping[str, Standing]) -> str:
    """What the row shall be; as it is where nothing is known of its entry."""
    entries = standings[row.unit].entries if row.unit in standings else []
    found = next((entry for entry in entries if entry.number == row.entry), None)
    if found is None or found.foreign:
        return row.kind
    return kind_of(row).value if found.state is State.STANDS else UNDONE
