"""Closing vouchers to PeopleSoft's own pay cycle once BILL has paid them, and opening them again.

A voucher is closed when what is settled of it reaches its gross amount. What its scheduled payments
were before is remembered first, so that only what we closed is opened again, and as it was.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal

from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.core.ledger import settlements
from ml_connector.core.ledger.settlements import Row, Settlements
from ml_connector.peoplesoft.settlement.options import Closing
from ml_connector.peoplesoft.settlement.vouchers import (
    EXTERNALLY_PAID,
    RECORD,
    Scheduled,
    Voucher,
    VoucherReader,
)

UpdateData = Callable[[Payload], Awaitable[object]]
"""Changes rows of a voucher that are there (method Updatedata of the component interface)."""


class Closer:
    """Closes vouchers in the way that the tenant chose.

    Args:
        way: ``none`` closes nothing.
        reason: PYMNT_HOLD_REASON of our holds.
        update: writes; made when it is needed first.
    """

    def __init__(
        self, way: Closing, reason: str, reader: VoucherReader, update: UpdateData, rows: Settlements
    ) -> None:
        self._way, self._reason = way, reason
        self._reader, self._update, self._rows = reader, update, rows
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def pending(self, keys: Sequence[str]) -> list[str]:
        """Vouchers that are not as they ought to be, without changing any."""
        if self._way == "none" or not keys:
            return []
        vouchers = await self._reader.vouchers(keys)
        return [key for key in keys if (await self._case(key, vouchers.get(key))).todo]

    async def align(self, key: str) -> str | None:
        """Close or open one voucher, as what is settled of it demands; nothing where it is so already.

        Returns:
            What a person must know or do.

        Raises:
            ConnectorError: see ``core.errors``; a refusal is not raised, but told.
        """
        if self._way == "none":
            return None
        async with self._locks[key]:  # another payment of the same voucher may be under way
            case = await self._case(key, (await self._reader.vouchers([key])).get(key))
            try:
                await self._carry_out(case)
            except Rejected as refusal:
                return f"{case.refused}: {refusal.reason}. {case.advice}"
            return case.problem

    async def _case(self, key: str, voucher: Voucher | None) -> _Case:
        settled = (await asyncio.to_thread(self._rows.settled, [key])).get(key, {})
        known = (await asyncio.to_thread(self._rows.of_references, [key])).get(key, [])
        return _Case(key, voucher, settled, known[-1] if known else None, way=self._way, reason=self._reason)

    async def _carry_out(self, case: _Case) -> None:
        if case.todo == "close":
            row = case.closing()
            await asyncio.to_thread(self._remember, row)
            await self._update(case.change(case.closed_rows()))
            await asyncio.to_thread(self._turn, row, settlements.CLOSED)
        elif case.todo == "open":
            await self._update(case.change(case.opened_rows()))
        if case.todo in {"open", "forget"}:  # forget: somebody opened it in PeopleSoft meanwhile
            await asyncio.to_thread(self._remember, case.opening())

    def _remember(self, row: Row) -> None:
        with self._rows.store.write() as tx:
            self._rows.put(tx, [row])
            tx.record(
                f"voucher {row.kind}", {"key": row.voucher, "way": row.way},
                tenant=self._rows.tenant, flow=self._rows.flow,
            )  # fmt: skip

    def _turn(self, row: Row, kind: str) -> None:
        with self._rows.store.write() as tx:
            self._rows.turn(tx, row, kind)
            tx.record(
                f"voucher {kind}", {"key": row.voucher, "way": row.way},
                tenant=self._rows.tenant, flow=self._rows.flow,
            )  # fmt: skip


class _Case:
    """One voucher: what is settled of it, what PeopleSoft shows, and what we did before."""

    def __init__(
        self,
        key: str,
        voucher: Voucher | None,
        settled: Mapping[str, Decimal],
        last: Row | None,
        *,
        way: Closing,
        reason: str,
    ) -> None:
        self.key, self.voucher, self.settled, self.last = key, voucher, settled, last
        self.way, self.reason = way, reason
        self.todo, self.problem = self._decide()

    def _decide(self) -> tuple[str, str | None]:
        closed_by_us = self.last is not None and self.last.kind != settlements.REOPENED
        if self.voucher is None:
            return "", f"voucher {self.key} is not in PeopleSoft" if self._is_settled else None
        foreign = [code for code, amount in self.settled.items() if code != self.voucher.currency and amount]
        if foreign:
            return "", (
                f"voucher {self.key} is in {self.voucher.currency}, but was paid in {foreign[0]}: "
                "it was not closed to PeopleSoft's pay cycle; close it by hand"
            )
        amount = self.settled.get(self.voucher.currency, Decimal(0))
        if amount >= self.voucher.gross > 0:
            return self._close(self.voucher)
        return self._open(self.voucher) if closed_by_us else ("", None)

    @property
    def _is_settled(self) -> bool:
        return any(amount > 0 for amount in self.settled.values())

    def _close(self, voucher: Voucher) -> tuple[str, str | None]:
        rows = voucher.payable
        if voucher.finished and self.last is None:
            return "", (
                f"BILL has paid voucher {self.key}, which was closed or deleted in PeopleSoft before: "
                "make sure that it was not paid there as well"
            )
        if voucher.finished:
            return "", None
        if not rows:
            return "", (
                f"PeopleSoft shows no scheduled payments of voucher {self.key}, so it could not be closed to "
                "the pay cycle: add record D to the query of the dataset vouchers, or close it by hand"
            )
        if all(row.passed_over(self.way, self.reason) for row in rows):
            return "", None
        taken = [row for row in rows if not row.untouched and row.status != EXTERNALLY_PAID]
        if taken:
            return "", (
                f"would be paid twice: BILL has paid voucher {self.key}, and PeopleSoft has its scheduled "
                f"payment {taken[0].count} in status {taken[0].status}"
            )
        return "close", None

    def _open(self, voucher: Voucher) -> tuple[str, str | None]:
        if voucher.finished:
            return "", (
                f"BILL's payment of voucher {self.key} was taken back, but the voucher is closed in "
                "PeopleSoft: reopen it there"
            )
        ours = [row for row in voucher.payable if row.closed(self._way_of_last, self.reason)]
        return ("open", None) if ours else ("forget", None)

    @property
    def _way_of_last(self) -> Closing:
        return "external" if self.last is not None and self.last.way == "external" else "hold"

    @property
    def refused(self) -> str:
        """What PeopleSoft did not do."""
        done = (
            "closed to PeopleSoft's pay cycle"
            if self.todo == "close"
            else "opened to PeopleSoft's pay cycle again"
        )
        return f"voucher {self.key} could not be {done}"

    @property
    def advice(self) -> str:
        """What a person does about a refusal."""
        if self.todo == "close":
            return (
                "BILL has paid it: hold it in PeopleSoft before its next pay cycle, then replay the payment"
            )
        return "BILL's payment was taken back: open it in PeopleSoft, or replay the payment"

    # ---- what is written

    def closed_rows(self) -> list[Payload]:
        """Scheduled payments as they are when closed."""
        payable = self.voucher.payable if self.voucher else ()
        if self.way == "external":
            changed = {"PYMNT_ACTION": RECORD, "PYMNT_SELCT_STATUS": EXTERNALLY_PAID}
        else:
            changed = {"PYMNT_HOLD": "Y", "PYMNT_HOLD_REASON": self.reason}
        open_ones = [row for row in payable if not row.passed_over(self.way, self.reason)]
        return [{"PYMNT_CNT": row.count, **changed} for row in open_ones]

    def opened_rows(self) -> list[Payload]:
        """Scheduled payments as they were before we closed them."""
        before = self.last.details["before"] if self.last is not None else []
        way = self._way_of_last
        closed = {
            row.count
            for row in (self.voucher.payable if self.voucher else ())
            if row.closed(way, self.reason)
        }
        return [Scheduled(**row).values(way) for row in before if row["count"] in closed]

    def change(self, rows: list[Payload]) -> Payload:
        """Properties of the component interface ``voucher``."""
        unit, _, number = self.key.partition("|")
        return {"BUSINESS_UNIT": unit, "VOUCHER_ID": number, "PYMNT_VCHR_XREF": rows}

    def closing(self) -> Row:
        """Remembered before the call."""
        before = [row.as_payload() for row in (self.voucher.scheduled if self.voucher else ())]
        if self.last is not None and self.last.kind == settlements.CLOSING:
            return self.last  # begun before, by somebody who did not finish
        return self._row(settlements.CLOSING, {"before": before})

    def opening(self) -> Row:
        """Remembered after the call."""
        return self._row(settlements.REOPENED, {})

    def _row(self, kind: str, details: Payload) -> Row:
        number = self.last.entry + 1 if self.last is not None else 1
        unit = self.key.partition("|")[0]
        voucher = self.voucher
        return Row(
            self.key, number, 0, kind, self.way, unit, self.key, voucher.gross if voucher else Decimal(0),
            voucher.currency if voucher else "", "", details=details,
        )  # fmt: skip
