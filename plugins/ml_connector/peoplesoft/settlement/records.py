"""Settlements in the mapping's terms, for reading back; and what their target ids mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from ml_connector.core.contract import TargetRecord
from ml_connector.core.ledger.settlements import Row, Settlements
from ml_connector.peoplesoft.settlement.base import STAGED, Remembered
from ml_connector.peoplesoft.settlement.entries import Entry, voucher_of

HIDDEN = frozenset({"date", "funding_account", "payee", "number", "credits"})
"""Fields of the mapping's body that are not compared: they say how it was paid, not what was settled."""


def staged_id(reference: str) -> str:
    """Target id of a payment that stands in a file."""
    return f"{STAGED}|{reference}"


def journal_target(rows: Sequence[Row]) -> str:
    """Target id of a payment that is remembered: its first entry, in the unit of its first part."""
    row = min(rows, key=lambda row: (row.entry, row.part))
    return f"{row.unit}|{row.journal}" if row.journal else staged_id(row.reference)


def references_of(rows: Settlements, target_ids: Sequence[str]) -> dict[str, str]:
    """The payment behind each target id, as far as our rows know it; blocks."""
    parts = {target_id: target_id.partition("|") for target_id in target_ids}
    journals = {name: (unit, journal) for name, (unit, _, journal) in parts.items() if unit != STAGED}
    known = rows.of_journals(list(journals.values()))
    found = {name: known[key] for name, key in journals.items() if key in known}
    return found | {name: reference for name, (unit, _, reference) in parts.items() if unit == STAGED}


def record(
    target_id: str,
    payment: Remembered,
    current: Sequence[Entry],
    status: tuple[str, bool],
    pending: Collection[str],
) -> TargetRecord:
    """One payment as it stands.

    Args:
        current: the settlements that stand, one for each unit.
        status: state in the mapping's terms, or what is wrong; and whether nothing stands.
        pending: vouchers that are not closed, or not open, as they ought to be.
    """
    shown = (line for entry in current for line in entry.of_vouchers or entry.payables)
    lines = sorted(shown, key=lambda line: line.number)
    parts = [{"voucher": voucher_of(line.text), "amount": line.amount} for line in lines]
    state, absent = status
    if unclosed := sorted(set(pending) & set(payment.vouchers)):
        state, absent = f"{state}, but voucher {', '.join(unclosed)} is not as it ought to be", False
    unseen = {"parts"} if any(not part["voucher"] for part in parts) else set()
    if not current:
        unseen = {"currency", "parts"}  # nothing stands: the state says why
    return TargetRecord(
        target_id=target_id,
        key=payment.reference,
        state=state,
        body={"reference": payment.reference, "currency": _currency(current), "parts": parts},
        amount=sum((line.amount for line in lines), Decimal(0)),
        label=payment.reference,
        absent=absent,
        hidden=HIDDEN | unseen,
    )


def remembered(rows: Mapping[str, Sequence[Row]], references: Sequence[str]) -> list[Remembered]:
    """The payments that rows tell of, in the order asked for."""
    return [Remembered(name, list(rows[name])) for name in references if name in rows]


def _currency(entries: Sequence[Entry]) -> str:
    return ", ".join(sorted({entry.currency for entry in entries}))
