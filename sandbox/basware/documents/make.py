"""Invoices made from a few values, with sensible ones for all others."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sandbox.basware import moments
from sandbox.basware.shapes import Shape, compact
from sandbox.clock import Clock
from sandbox.data.setup import OFFICE_SUPPLIES
from sandbox.data.size import BASE_DATE, UNITS
from sandbox.data.suppliers import supplier_id

from .model import Attachment, Document, Values
from .shapes import CODING_ROW, HEADER, STATUSES

OWN = ("invoiceId", "processingStatus")
SUMS = {"netSum": "netTotal", "taxSum1": "taxSum", "grossSum": "grossTotal"}


def _checked(shape: Shape, value: Any, name: str) -> None:
    if problems := list(shape.problems(value, name, strict=True)):
        raise ValueError("; ".join(problems))


def _day(offset: int) -> str:
    day: date = BASE_DATE + timedelta(days=offset)
    return f"{day.isoformat()}T00:00:00Z"


def coding_rows(rows: Sequence[Mapping[str, Any]]) -> list[Values]:
    """Coding rows; a total that is not given follows from the other two. Raises ``ValueError``."""
    made = [_row(number, dict(row)) for number, row in enumerate(rows, start=1)]
    for number, row in enumerate(made):
        _checked(CODING_ROW, row, f"codingRows[{number}]")
    return made


def _row(number: int, row: Values) -> Values:
    made: Values = {"externalCode": uuid4().hex, "rowIndex": number, "accountCode": OFFICE_SUPPLIES}
    made |= {"netTotal": Decimal("100.00"), "taxSum": Decimal(0), "matchingType": 0}
    made |= {name: value for name, value in row.items() if value is not None}
    return {"grossTotal": made["netTotal"] + made["taxSum"]} | made


def header(values: Mapping[str, Any]) -> Values:
    """Checked header fields without nulls. Raises ``ValueError``."""
    made: Values = compact(dict(values))
    _checked(HEADER, made, "")
    return made


def totals(rows: Sequence[Mapping[str, Any]]) -> Values:
    """The header's sums from its rows."""
    return {name: sum((row.get(part, 0) for row in rows), Decimal(0)) for name, part in SUMS.items()}


def document(clock: Clock, body: Mapping[str, Any], number: int, companies: Mapping[str, str]) -> Document:
    """An approved invoice: `values`, `rows` and `attachments` are all optional.

    Raises ``ValueError`` where the API could not show such an invoice.
    """
    given = dict(body.get("values", {}))
    rows = coding_rows(body.get("rows", ({},)))
    values = _defaults(number) | totals(rows) | {key: given[key] for key in given if key not in OWN}
    if (company := companies.get(values["companyCode"])) and "companyName" not in values:
        values["companyName"] = company
    values = header(values)
    status = given.get("processingStatus", "WaitingForTransfer")
    if status not in STATUSES:
        raise ValueError(f"processingStatus is one of {', '.join(STATUSES)}")
    now = moments.cut(clock.now())
    files = [attachment(row, now) for row in body.get("attachments", ())]
    made = Document(given.get("invoiceId") or uuid4().hex, values, rows, status, now)
    made.files = {file.code: file for file in files}
    return made


def _defaults(number: int) -> Values:
    return {
        "bumid": str(uuid4()),
        "p2pProcessingMode": "Standard",
        "invoiceNumber": f"BW-{number:06d}",
        "companyCode": UNITS[0],
        "supplierCode": supplier_id(1),
        "currencyCode": "USD",
        "paymentBlock": False,
        "prebooked": False,
        "invoiceDate": _day(-8),
        "dueDate": _day(22),
        "voucherDate": _day(0),
        "invoiceTypeCode": "RE",
        "invoiceTypeName": "Expense invoice",
    }


def attachment(row: Mapping[str, Any], now: Any) -> Attachment:
    """A file from `name`, `content` in base64 and `type`."""
    content = base64.b64decode(row["content"], validate=True)
    code = row.get("externalCode") or uuid4().hex
    return Attachment(code, row["name"], row.get("type", "application/pdf"), content, now)
