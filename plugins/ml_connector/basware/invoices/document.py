"""An accounting document of Basware as a document of the dataset ``invoices``.

What moves by itself - the status, our own responses, the stamp - is left out, so that an invoice is new to
the ledger only when its content is, or when it was transferred again (``transfer``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ml_connector.basware.options import InvoiceOptions
from ml_connector.core import codec
from ml_connector.core.contract import Document, Payload, Unreadable

WAITING, IN_PROGRESS = "WaitingForTransfer", "TransferInProgress"
OFFERED = (WAITING, IN_PROGRESS)
"""Statuses in which Basware waits for our answer."""

_MOVING = frozenset(
    {
        "lastUpdated", "processingStatus", "codingRows", "attachments", "invoiceImageToken", "invoiceLines",
        "prebookResponses", "transferResponses", "paymentResponses", "enrichmentResponses", "removeResponses",
    }
)  # fmt: skip
_DATES = ("invoiceDate", "dueDate", "cashDate", "baseLineDate", "voucherDate", "codingDate")
_ZERO = Decimal(0)


class _Unfit(ValueError):
    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(field)
        self.field, self.value, self.expected = field, value, expected


def as_document(record: Payload, unit: str, transfer: str, options: InvoiceOptions) -> Document | Unreadable:
    """The document, or what keeps it from being read.

    Args:
        record: as ``GET /v1/accountingDocuments`` shows it.
        unit: business unit of its company.
        transfer: for which it waits, see :func:`transfer_of`.
        options: where a difference of a few cents between header and rows goes, and which rows are freight.
    """
    key = str(record["invoiceId"])
    try:
        payload = _payload(record, unit, transfer, options)
    except _Unfit as unfit:
        return Unreadable(key, unit, unfit.field, str(unfit.value), unfit.expected)
    return Document(key, unit, payload, stamp=stamp_of(record))


def stamp_of(record: Payload) -> str | None:
    """``lastUpdated`` as a stamp of the core."""
    value = record.get("lastUpdated")
    return None if not value else str(value)


def transfer_of(record: Payload) -> str:
    """Names the transfer for which an invoice waits, by the responses that it has had; "" for the first.

    In which order Basware shows them is not documented, so all of them count, and not the last.
    """
    codes = sorted(str(one.get("externalCode")) for one in record.get("transferResponses") or ())
    return codec.digest(codes)[:32] if codes else ""


def _payload(record: Payload, unit: str, transfer: str, options: InvoiceOptions) -> Payload:
    head = {name: value for name, value in record.items() if name not in _MOVING and value is not None}
    head |= {name: _day(name, head[name]) for name in _DATES if name in head}
    for name in ("supplierCode", "companyCode", "currencyCode"):
        if not str(head.get(name) or "").strip():
            raise _Unfit(name, "", "a value")
    rows = list(_rows(record))
    tax = _sum(record, "taxSum1", "taxSum2", otherwise=sum((_number(row, "taxSum") for row in rows), _ZERO))
    net = sum((_number(row, "netTotal") for row in rows), _ZERO)
    gross = _sum(record, "grossSum", otherwise=net + tax)
    difference = gross - tax - net
    rounding, small = options.rounding, abs(difference) <= options.rounding.up_to
    return head | {
        "BUSINESS_UNIT": unit,
        "transfer": transfer,
        "kind": "credit" if gross < 0 else "invoice",
        "blocked": "true" if record.get("paymentBlock") else "false",
        "gross": gross,
        "tax": tax,
        "net": net,
        "charge": difference if small and rounding.into == "charge" else _ZERO,
        "rows": _lines(rows, difference if small and rounding.into == "line" else _ZERO, options),
        "attachments": [_attachment(one) for one in record.get("attachments") or ()],
    }


def _rows(record: Payload) -> Iterator[Payload]:
    """The coding rows in their order; their numbers may have gaps."""
    rows = record.get("codingRows") or ()
    yield from sorted(rows, key=lambda row: (row.get("rowIndex") or 0, str(row.get("externalCode"))))


def _lines(rows: Sequence[Payload], difference: Decimal, options: InvoiceOptions) -> list[Payload]:
    """Numbered from 1; the row with the largest amount takes the difference."""
    amounts = [_number(row, "netTotal") for row in rows]
    largest = max(range(len(rows)), key=lambda at: abs(amounts[at]), default=None)
    lines = []
    for at, (row, amount) in enumerate(zip(rows, amounts, strict=True)):
        shown = {name: value for name, value in row.items() if value is not None}
        taken = amount + difference if at == largest else amount
        freight = "true" if str(row.get("accountCode")) in options.freight_accounts else "false"
        made = {"line": at + 1, "amount": taken, "freight": freight, "distributions": [{"number": 1}]}
        lines.append(shown | made)
    return lines


def _attachment(record: Mapping[str, Any]) -> Payload:
    names = ("externalCode", "category", "filename", "isConfidential")
    return {name: record[name] for name in names if record.get(name) is not None}


def _sum(record: Payload, *names: str, otherwise: Decimal) -> Decimal:
    """Sum of those fields that the header has; ``otherwise`` where it has none of them."""
    given = [_number(record, name) for name in names if record.get(name) is not None]
    return sum(given, _ZERO) if given else otherwise


def _number(record: Payload, name: str) -> Decimal:
    value = record.get(name)
    if value is None:
        return _ZERO
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _Unfit(name, value, "a number")
    return Decimal(value)


def _day(name: str, value: object) -> str:
    """A date: Basware writes dates as times at midnight, with and without a zone."""
    try:
        return datetime.fromisoformat(str(value)).date().isoformat()
    except ValueError:
        raise _Unfit(name, value, "a date such as 2026-11-10T00:00:00Z") from None
