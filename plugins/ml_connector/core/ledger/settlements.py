"""Settlement entries: which part of which payment was booked for which voucher, and when it was taken back.

One row per part of an entry. Entries are never changed: what is taken back gets a second entry whose
amounts have the opposite sign, so that the sum over all rows of a voucher is what is settled of it.
Where people undid an entry in the books themselves, nothing is left to take back: its rows become
``undone`` and leave the sums, until it stands again.
A voucher that was closed on account of its payments has rows of its own, under its own key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select, tuple_, update

from ml_connector.core.contract import Payload
from ml_connector.core.state.database import AnyRow, upsert
from ml_connector.core.state.schema import settlement
from ml_connector.core.state.store import Store, Transaction, in_chunks

SETTLED, REVERSED = "settled", "reversed"
CLOSING, CLOSED, REOPENED = "closing", "closed", "reopened"
UNDONE = "undone"
ENTRIES = (SETTLED, REVERSED)
"""Kinds of the rows that settle; the others tell of closings, and of what people undid."""

OF_PAYMENTS = (*ENTRIES, UNDONE)
"""Kinds of all rows of a payment. What people undid in the books counts no more, but its number is taken."""


@dataclass(frozen=True, slots=True)
class Row:
    """One part of one entry.

    Attributes:
        reference: the payment; the voucher in rows that say that it was closed.
        entry: number of the entry, from 1, per payment and unit.
        part: number of the part within the payment, from 1.
        kind: see the constants of this module.
        unit: business unit in whose books it stands.
        voucher: key of the voucher.
        amount: what it settles; negative where an entry takes another one back.
        accounting_date: ISO date.
        journal: id of the journal in ``unit``, where there is one.
        details: what else is needed to take it back.
        export: name of the file it belongs to, where it goes into one.
        exported: whether that file was written.
    """

    reference: str
    entry: int
    part: int
    kind: str
    way: str
    unit: str
    voucher: str
    amount: Decimal
    currency: str
    accounting_date: str
    debit: str | None = None
    credit: str | None = None
    journal: str | None = None
    details: Payload = field(default_factory=dict)
    export: str | None = None
    exported: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """Payments that were settled: ``standing`` still are, ``known`` are or once were."""

    standing: frozenset[str]
    known: frozenset[str]


class Settlements:
    """The rows of one flow of one tenant. All methods block; reading ones open a connection of their own."""

    def __init__(self, store: Store, tenant: str, flow: str) -> None:
        self.store, self.tenant, self.flow = store, tenant, flow

    # ---- writing

    def put(self, tx: Transaction, rows: Iterable[Row]) -> None:
        """Add rows; those that are there already stay as they are.

        Raises:
            ValueError: another row stands in the place of an entry's part; nothing may be lost in silence.
        """
        now = tx.store.now()
        for row in rows:
            values = {
                "tenant": self.tenant, "flow": self.flow, "reference": row.reference, "entry": row.entry,
                "part": row.part, "kind": row.kind, "way": row.way, "unit": row.unit, "voucher": row.voucher,
                "amount": row.amount, "currency": row.currency, "accounting_date": row.accounting_date,
                "debit": row.debit, "credit": row.credit, "journal": row.journal,
                "details": tx.store.seal(row.details), "export": row.export,
                "exported_at": now if row.exported else None, "created_at": now,
            }  # fmt: skip
            insert = upsert(tx.connection, settlement).values(values).on_conflict_do_nothing()
            if tx.connection.execute(insert.returning(settlement.c.part)).first() is None:
                self._must_be_equal(tx, row)

    def _must_be_equal(self, tx: Transaction, row: Row) -> None:
        place = self._place(row)
        there = tx.connection.execute(select(settlement).where(place)).one()
        same = (there.voucher, there.amount, there.currency) == (row.voucher, row.amount, row.currency)
        entries = {there.kind, row.kind} & set(ENTRIES)
        if entries and not (same and there.kind in {row.kind, UNDONE}):
            raise ValueError(
                f"payment {row.reference}: entry {row.entry} part {row.part} of {row.unit} is remembered as "
                f"{there.kind} {there.amount} of voucher {there.voucher}, so it cannot be {row.kind} "
                f"{row.amount} of voucher {row.voucher} as well"
            )

    def exported(self, tx: Transaction, export: str) -> None:
        """Note that a file was written."""
        where = and_(self._ours(), settlement.c.export == export, settlement.c.exported_at.is_(None))
        tx.connection.execute(update(settlement).where(where).values(exported_at=tx.store.now()))

    def turn(self, tx: Transaction, row: Row, kind: str) -> None:
        """Change the kind of a row: a closing was carried out, an entry undone by people or put back."""
        tx.connection.execute(update(settlement).where(self._place(row)).values(kind=kind))

    # ---- reading

    def of_references(self, references: Iterable[str]) -> dict[str, list[Row]]:
        """All rows of payments (or of closings, by voucher), in order of entry and part."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._select(settlement.c.reference, references):
            found[row.reference].append(row)
        return dict(found)

    def of_export(self, export: str) -> list[Row]:
        """All rows of a file, in an order that never changes."""
        return self._select(settlement.c.export, [export])

    def of_journals(self, journals: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The payment that each journal (unit, id) was made for."""
        found: dict[tuple[str, str], str] = {}
        names = tuple_(settlement.c.unit, settlement.c.journal)
        statement = select(settlement.c.unit, settlement.c.journal, settlement.c.reference).distinct()
        with self.store.read() as connection:
            for chunk in in_chunks(dict.fromkeys(journals)):
                rows = connection.execute(statement.where(self._ours(), names.in_(chunk)))
                found.update({(unit, journal): reference for unit, journal, reference in rows})
        return found

    def page(self, after: str, limit: int) -> list[str]:
        """The next payments in order of their reference."""
        statement = select(settlement.c.reference).distinct().where(
            self._ours(), settlement.c.kind.in_(OF_PAYMENTS), settlement.c.reference > after
        )  # fmt: skip
        with self.store.read() as connection:
            return list(connection.scalars(statement.order_by(settlement.c.reference).limit(limit)))

    def settled(self, vouchers: Iterable[str]) -> dict[str, dict[str, Decimal]]:
        """What is settled of each voucher, by currency."""
        sums: dict[str, dict[str, Decimal]] = {}
        for row in self._select(settlement.c.voucher, vouchers):
            if row.kind in ENTRIES:
                of_voucher = sums.setdefault(row.voucher, {})
                of_voucher[row.currency] = of_voucher.get(row.currency, Decimal(0)) + row.amount
        return sums

    def booked(self, references: Iterable[str]) -> Booked:
        """Which of these payments are settled."""
        net: Mapping[str, Decimal] = {
            reference: sum((row.amount for row in rows if row.kind in ENTRIES), Decimal(0))
            for reference, rows in self.of_references(references).items()
        }
        return Booked(frozenset(name for name, amount in net.items() if amount > 0), frozenset(net))

    def _select(self, column: ColumnElement[Any], values: Iterable[str]) -> list[Row]:
        with self.store.read() as connection:
            return [
                row
                for chunk in in_chunks(dict.fromkeys(values))
                for row in self._rows(connection, column, chunk)
            ]

    def _rows(self, connection: Connection, column: ColumnElement[Any], chunk: list[str]) -> list[Row]:
        names = (
            "reference",
            "entry",
            "part",
            "created_at",
            "unit",
        )  # units number by themselves: oldest first
        order = [settlement.c[name] for name in names]
        statement: Select[Any] = select(settlement).where(self._ours(), column.in_(chunk)).order_by(*order)
        return [self._row(row) for row in connection.execute(statement)]

    def _row(self, row: AnyRow) -> Row:
        return Row(
            row.reference, row.entry, row.part, row.kind, row.way, row.unit, row.voucher, row.amount,
            row.currency, row.accounting_date, row.debit, row.credit, row.journal,
            self.store.open(row.details), row.export, row.exported_at is not None,
        )  # fmt: skip

    def _place(self, row: Row) -> ColumnElement[bool]:
        """Where the row stands, or would stand."""
        return and_(
            self._ours(), settlement.c.reference == row.reference, settlement.c.unit == row.unit,
            settlement.c.entry == row.entry, settlement.c.part == row.part,
        )  # fmt: skip

    def _ours(self) -> ColumnElement[bool]:
        return and_(settlement.c.tenant == self.tenant, settlement.c.flow == self.flow)
