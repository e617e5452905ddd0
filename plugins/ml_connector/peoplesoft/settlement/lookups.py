"""What the writers' look-ups show of journals and vouchers, in the terms of settlements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.settlement.books import Header, JournalKey, Seen
from ml_connector.peoplesoft.settlement.entries import Line
from ml_connector.peoplesoft.settlement.vouchers import Scheduled, Voucher
from ml_connector.peoplesoft.writers.compare import money
from ml_connector.peoplesoft.writers.lookup import Lookup, Matches, in_parallel


class Journals:
    """Journals by unit and id (``JournalReader``).

    Args:
        lookup: of the kind ``journal``.
        parallel: look-ups in flight.
    """

    def __init__(self, lookup: Lookup, parallel: int) -> None:
        self._lookup, self._parallel = lookup, parallel

    async def headers(self, keys: Sequence[JournalKey]) -> Mapping[JournalKey, Seen]:
        """See :class:`ml_connector.peoplesoft.settlement.books.JournalReader`."""
        wanted = list(dict.fromkeys(keys))
        found = await in_parallel(wanted, self._one, self._parallel)
        return dict(zip(wanted, found, strict=True))

    async def _one(self, key: JournalKey) -> Seen:
        unit, journal = key
        matches: Matches = await self._lookup.matching({"BUSINESS_UNIT": unit, "JOURNAL_ID": journal})
        headers = [read_header(record) for record in matches.records.values()]
        return Seen(headers, matches.doubt, matches.unclear)


class Vouchers:
    """Vouchers by key (``VoucherReader``).

    Args:
        lookup: of the kind ``voucher``.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def vouchers(self, keys: Sequence[str]) -> Mapping[str, Voucher]:
        """See :class:`ml_connector.peoplesoft.settlement.vouchers.VoucherReader`."""
        read = await self._lookup.read(list(dict.fromkeys(keys)))
        return {key: read_voucher(key, record) for key, record in read.records.items()}


def read_header(record: Payload) -> Header:
    """A journal in the names of its component interface."""
    lines = tuple(_line(row) for row in record.get("JRNL_LN") or ())
    currencies = {_text(row, "CURRENCY_CD") for row in record.get("JRNL_LN") or ()}
    return Header(
        unit=_text(record, "BUSINESS_UNIT"),
        journal=_text(record, "JOURNAL_ID"),
        date=_text(record, "JOURNAL_DATE"),
        sequence=int(money(record.get("UNPOST_SEQ")) or 0),
        status=_text(record, "JRNL_HDR_STATUS"),
        text=_text(record, "DESCR"),
        currency=currencies.pop() if len(currencies) == 1 else "",
        lines=lines,
        source=_text(record, "SOURCE"),
    )


def _line(row: Payload) -> Line:
    return Line(
        number=int(money(row.get("JOURNAL_LINE")) or 0),
        account=_text(row, "ACCOUNT"),
        amount=money(row.get("MONETARY_AMOUNT")) or Decimal(0),
        text=_text(row, "LINE_DESCR"),
        department=_text(row, "DEPTID"),
        operating_unit=_text(row, "OPERATING_UNIT"),
    )


def read_voucher(key: str, record: Payload) -> Voucher:
    """A voucher in the names of its component interface."""
    return Voucher(
        key=key,
        gross=money(record.get("GROSS_AMT")) or Decimal(0),
        currency=_text(record, "TXN_CURRENCY_CD"),
        finished=_text(record, "CLOSE_STATUS") == "C" or _text(record, "ENTRY_STATUS") == "X",
        scheduled=tuple(_scheduled(row) for row in record.get("PYMNT_VCHR_XREF") or ()),
    )


def _scheduled(row: Payload) -> Scheduled:
    return Scheduled(
        count=int(money(row.get("PYMNT_CNT")) or 0),
        action=_text(row, "PYMNT_ACTION"),
        status=_text(row, "PYMNT_SELCT_STATUS"),
        hold=_text(row, "PYMNT_HOLD") == "Y",
        reason=_text(row, "PYMNT_HOLD_REASON"),
    )


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value).strip()
