"""Way ``journal``, reading back: what PeopleSoft's books say of payments, in the mapping's terms."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from ml_connector.core import codec
from ml_connector.core.contract import TargetPage, TargetRecord
from ml_connector.core.ledger.settlements import Settlements
from ml_connector.peoplesoft.settlement.base import REVERSED, SETTLED, Remembered
from ml_connector.peoplesoft.settlement.books import Books, Header, Standings, State, current_entry
from ml_connector.peoplesoft.settlement.closing import Closer
from ml_connector.peoplesoft.settlement.entries import Entry
from ml_connector.peoplesoft.settlement.records import journal_target, record, references_of, remembered

_DELETED = frozenset({"D", "X"})


class JournalPages(Protocol):
    """Reads all journals of a business unit."""

    async def page(self, unit: str, cursor: str | None) -> tuple[Sequence[Header], str | None]:
        """Headers from ``cursor`` on, and where to go on; None at the end."""
        ...


class JournalView:
    """Reads settlements back.

    Args:
        books: looks journals up.
        rows: what we remember.
        closer: knows which vouchers are not as they ought to be.
        pages: reads all journals of a unit.
        units: business units of the general ledger that the tenant has.
        source: SOURCE of our journals.
    """

    def __init__(
        self,
        books: Books,
        rows: Settlements,
        closer: Closer,
        *,
        pages: JournalPages,
        units: Sequence[str],
        source: str,
    ) -> None:
        self._books, self._rows, self._closer = books, rows, closer
        self._pages, self._units, self._source = pages, list(dict.fromkeys(units)), source

    async def records(self, target_ids: Sequence[str]) -> list[TargetRecord]:
        """These payments; what neither our rows nor PeopleSoft know is missing."""
        named = await asyncio.to_thread(references_of, self._rows, target_ids)
        targets = {reference: target_id for target_id, reference in named.items()}
        payments = remembered(await asyncio.to_thread(self._rows.of_references, targets), list(targets))
        standings = await self._books.of_payments(payments, further=False)
        pending = await self._pending(payments)
        return [
            record(
                targets[payment.reference], payment, _current(payment, standing), _status(standing), pending
            )
            for payment, standing in zip(payments, standings, strict=True)
            if _is_there(standing)
        ]

    async def _pending(self, payments: Sequence[Remembered]) -> set[str]:
        vouchers = dict.fromkeys(voucher for payment in payments for voucher in payment.vouchers)
        return set(await self._closer.pending(list(vouchers)))

    async def page(self, cursor: str | None) -> TargetPage:
        """The payments behind one page of all journals, as far as the journals are ours."""
        if not self._units:
            return TargetPage([], None)
        unit, place = codec.decode(cursor) if cursor else (self._units[0], None)
        if unit not in self._units:  # the tenant has changed since
            unit, place = self._units[0], None
        headers, place = await self._pages.page(unit, place)
        ours = [header for header in headers if header.source == self._source and header.sequence == 0]
        records = await self._named([header for header in ours if header.status not in _DELETED])
        return TargetPage(records, self._following(unit, place))

    def _following(self, unit: str, place: str | None) -> str | None:
        following = self._units.index(unit) + 1
        if place is None and following == len(self._units):
            return None
        return codec.encode([unit, place] if place is not None else [self._units[following], None]).decode()

    async def _named(self, headers: Sequence[Header]) -> list[TargetRecord]:
        """One record for each payment; a journal that our rows do not know stands for itself."""
        names = [(header.unit, header.journal) for header in headers]
        references = await asyncio.to_thread(self._rows.of_journals, names)
        rows = await asyncio.to_thread(self._rows.of_references, references.values())
        first = {reference: journal_target(rows[reference]) for reference in references.values()}
        records: dict[str, TargetRecord] = {}
        for header, name in zip(headers, names, strict=True):
            reference = references.get(name)
            target_id = first[reference] if reference else "|".join(name)
            amount = sum((line.amount for line in header.lines if line.amount > 0), Decimal(0))
            records.setdefault(
                target_id, TargetRecord(target_id, reference, SETTLED, {}, amount, header.text or None)
            )
        return list(records.values())


def _is_there(standings: Standings) -> bool:
    entries = [entry for standing in standings.values() for entry in standing.entries]
    return any(entry.header is not None or entry.state is State.STANDS for entry in entries)


def _current(payment: Remembered, standings: Standings) -> list[Entry]:
    return [entry for standing in standings.values() if (entry := current_entry(payment, standing))]


def _status(standings: Standings) -> tuple[str, bool]:
    """The mapping's word, or what is wrong; and whether nothing stands."""
    for standing in standings.values():
        if standing.foreign is not None:
            return f"journal {standing.foreign.journal} is not ours any more", False
        if standing.twice is not None:
            return f"journal {standing.twice.journal} was made twice", False
        if standing.current is not None and standing.current.has_errors:
            return f"journal {standing.current.journal} has errors and is not posted", False
        if standing.balance not in {0, 1}:
            return "journals do not cancel out any more", False
    if any(standing.current for standing in standings.values()):
        return SETTLED, False
    undone = next((standing.undone for standing in standings.values() if standing.undone), None)
    return (f"journal {undone.journal} {undone.state}" if undone else REVERSED), True
