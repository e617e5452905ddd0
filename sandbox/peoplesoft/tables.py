"""Tables: a sorted one held in memory, and the voucher table, which computes most of its rows."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import date as calendar
from datetime import timedelta

from sandbox.data.size import Record
from sandbox.data.vouchers import LONGEST_LAG, VoucherMaker

Key = tuple[str, ...]
HIGHEST = "\uffff"


class SortedTable:
    """Objects by key, readable in key order from any point on."""

    def __init__(self, key: tuple[str, ...], records: Iterable[Record]) -> None:
        self.key = key
        self._rows: dict[Key, Record] = {self.key_of(record): record for record in records}
        self._keys = sorted(self._rows)

    def key_of(self, record: Record) -> Key:
        """The key values, as text."""
        return tuple(str(record[name]) for name in self.key)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Record]:
        return (self._rows[key] for key in self._keys)

    def get(self, key: Key) -> Record | None:
        """One object."""
        return self._rows.get(key)

    def put(self, record: Record) -> None:
        """Add or replace."""
        key = self.key_of(record)
        if key not in self._rows:
            insort(self._keys, key)
        self._rows[key] = record

    def delete(self, key: Key) -> bool:
        """Remove; False when there was none."""
        if self._rows.pop(key, None) is None:
            return False
        self._keys.remove(key)
        return True

    def after(self, first: str, offset: str = "") -> Iterator[Record]:
        """Objects whose first key is `first` and whose second is above `offset`, in key order."""
        position = bisect_right(self._keys, (first, offset, HIGHEST)) if offset else self._start(first)
        for key in self._keys[position:]:
            if key[0] != first:
                return
            yield self._rows[key]

    def under(self, *beginning: str) -> Iterator[Record]:
        """Objects whose key begins with these values."""
        for key in self._keys[bisect_left(self._keys, beginning) :]:
            if key[: len(beginning)] != beginning:
                return
            yield self._rows[key]

    def _start(self, first: str) -> int:
        return bisect_left(self._keys, (first,))


class VoucherTable:
    """Vouchers of one business unit: generated ones, and an overlay of those changed or added."""

    def __init__(self, maker: VoucherMaker) -> None:
        self.maker = maker
        self._overlay: dict[str, Record | None] = {}
        self._ids: list[str] = []

    def __len__(self) -> int:
        added = sum(1 for key, row in self._overlay.items() if row is not None and not self._made(key))
        removed = sum(1 for key, row in self._overlay.items() if row is None and self._made(key))
        return self.maker.count + added - removed

    def get(self, voucher_id: str) -> Record | None:
        """One voucher; never change it in place."""
        if voucher_id in self._overlay:
            return self._overlay[voucher_id]
        return self.maker.make(int(voucher_id)) if self._made(voucher_id) else None

    def put(self, record: Record) -> None:
        """Add or replace."""
        self._set(record["VOUCHER_ID"], record)

    def copy(self, voucher_id: str) -> Record | None:
        """A voucher that may be changed and put back."""
        return deepcopy(self.get(voucher_id))

    def delete(self, voucher_id: str) -> bool:
        """Remove; False when there was none."""
        if self.get(voucher_id) is None:
            return False
        self._set(voucher_id, None)
        return True

    def changed(self, field: str, since: str, until: str, offset: str) -> Iterator[Record]:
        """Vouchers with since <= field < until, in key order; field is a date column."""
        maker = self.maker
        last = maker.first_entered(until) - 1
        stamp = maker.entered if field == "ENTERED_DT" else maker.stamp
        first = maker.first_entered(_days_before(since, LONGEST_LAG))
        return self._walk(
            first,
            last,
            lambda number: since <= stamp(number) < until,
            offset,
            lambda row: since <= row[field] < until,
        )

    def open(self, offset: str) -> Iterator[Record]:
        """Vouchers with CLOSE_STATUS O."""
        template = self.maker.template
        return self._walk(
            1,
            self.maker.count,
            lambda number: not template(number).closed,
            offset,
            lambda row: bool(row["CLOSE_STATUS"] == "O"),
        )

    def paid(self, offset: str) -> Iterator[Record]:
        """Vouchers of which something was paid, by PeopleSoft or outside of it."""
        template = self.maker.template
        return self._walk(
            1,
            self.maker.count,
            lambda number: template(number).closed,
            offset,
            lambda row: any(
                payment["payment"] or payment["PYMNT_SELCT_STATUS"] == "E" for payment in row["payments"]
            ),
        )

    def of_invoice(self, invoice: str) -> Iterator[Record]:
        """Vouchers with this invoice id."""
        number = self.maker.number_of(invoice)
        if number is not None and self._id(number) not in self._overlay:
            yield self.maker.make(number)
        for key in self._ids:
            row = self._overlay[key]
            if row is not None and row["INVOICE_ID"] == invoice:
                yield row

    def starting(self, voucher_id: str, invoice: str) -> Iterator[Record]:
        """Vouchers whose id and whose invoice id begin so."""
        name = self.maker.invoice
        return self._walk(
            1,
            self.maker.count,
            lambda number: self._id(number).startswith(voucher_id) and name(number).startswith(invoice),
            "",
            lambda row: row["VOUCHER_ID"].startswith(voucher_id) and row["INVOICE_ID"].startswith(invoice),
        )

    @staticmethod
    def _id(number: int) -> str:
        return f"{number:08d}"

    def _made(self, voucher_id: str) -> bool:
        if len(voucher_id) != 8 or not voucher_id.isdecimal():
            return False
        return 1 <= int(voucher_id) <= self.maker.count

    def _set(self, voucher_id: str, row: Record | None) -> None:
        if voucher_id not in self._overlay:
            insort(self._ids, voucher_id)
        self._overlay[voucher_id] = row

    def _walk(
        self,
        first: int,
        last: int,
        keep: Callable[[int], bool],
        offset: str,
        match: Callable[[Record], bool],
    ) -> Iterator[Record]:
        numbers = range(1, self.maker.count + 1)
        start = max(first, bisect_right(numbers, offset, key=self._id) + 1) if offset else max(first, 1)
        overlay = self._overlay
        generated = (
            (voucher_id, number)
            for number in range(start, last + 1)
            if keep(number) and (voucher_id := self._id(number)) not in overlay
        )
        others = (
            (voucher_id, 0)
            for voucher_id in self._ids[bisect_right(self._ids, offset) :]
            if (row := overlay[voucher_id]) is not None and match(row)
        )
        for voucher_id, number in heapq.merge(generated, others):
            row = self.maker.make(number) if number else overlay[voucher_id]
            if row is not None:
                yield row


def _days_before(date: str, days: int) -> str:
    moment = calendar.fromisoformat(date)
    if moment.toordinal() <= days:
        return date
    return (moment - timedelta(days=days)).isoformat()
