"""Invoices and orders as payloads, with one thing changed at a time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.matching.match import match
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.matching.order import read_order

D = Decimal


def options(**changed: Any) -> MatchingOptions:
    return MatchingOptions.model_validate(changed)


def schedule(number: int = 1, quantity: str = "10", price: str = "1.25", **changed: Any) -> Payload:
    """A schedule that was received whole and is booked to one account."""
    amount = (D(quantity) * D(price)).quantize(D("0.01"))
    part = {
        "DISTRIB_LINE_NUM": 1, "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000", "DEPTID": "10200",
        "FUND_CODE": "", "PROJECT_ID": "P1", "MERCHANDISE_AMT": amount,
    }  # fmt: skip
    return {
        "SCHED_NBR": number, "QTY_PO": D(quantity), "PRICE_PO": D(price), "MERCHANDISE_AMT": amount,
        "CANCEL_STATUS": "A", "distributions": [part], "receipts": [receipt(quantity)],
    } | changed  # fmt: skip


def receipt(quantity: str, number: int = 1, status: str = "R") -> Payload:
    return {
        "RECEIVER_ID": "0000000001", "RECV_LN_NBR": 1, "RECV_SHIP_SEQ_NBR": number,
        "QTY_SH_ACCPT": D(quantity), "RECV_STATUS": status,
    }  # fmt: skip


def order_line(number: int = 1, *schedules: Payload, **changed: Any) -> Payload:
    return {
        "LINE_NBR": number, "INV_ITEM_ID": f"{10000 + number}", "ITM_ID_VNDR": f"V-{number}",
        "UNIT_OF_MEASURE": "EA", "AMT_ONLY_FLG": "N", "CANCEL_STATUS": "A",
        "schedules": list(schedules) or [schedule()],
    } | changed  # fmt: skip


def order(*lines: Payload, **changed: Any) -> Payload:
    return {
        "BUSINESS_UNIT": "US001", "PO_ID": "0000000007", "PO_STATUS": "D", "VENDOR_SETID": "SHARE",
        "VENDOR_ID": "0000000002", "CURRENCY_CD": "USD", "PYMNT_TERMS_CD": "N30",
        "lines": list(lines) or [order_line()],
    } | changed  # fmt: skip


def invoice_line(
    line: str = "1", quantity: str | None = "10", price: str | None = "1.25", **changed: Any
) -> Payload:
    amount = D(quantity) * D(price) if quantity and price else D(0)
    return {
        "line": line, "order_line": line, "order": None, "quantity": D(quantity) if quantity else None,
        "unit": "EA", "price": D(price) if price else None, "amount": amount.quantize(D("0.01")), "items": {},
        "description": "Hex bolt",
    } | changed  # fmt: skip


def invoice(*lines: Payload, **changed: Any) -> Payload:
    """An invoice whose total is what its lines and charges are."""
    rows = list(lines) if lines or "lines" in changed else [invoice_line()]
    made: Payload = {
        "key": "acme|INV-1|2026-11-02", "partner": "acme", "vendors": ["SHARE|0000000002"], "number": "INV-1",
        "date": "2026-11-02", "kind": "invoice", "currency": "USD", "order": "US001-0000000007",
        "business_unit": "US001", "tax": D(0), "vat": D(0), "freight": D(0), "miscellaneous": D(0),
        "lines": rows, "invoiced_before": [],
    } | changed  # fmt: skip
    charges = made["tax"] + made["vat"] + made["freight"] + made["miscellaneous"]
    made.setdefault("total", sum((row["amount"] for row in rows), D(0)) + charges)
    return made


def before(quantity: str, line: int = 1, **more: Any) -> list[Payload]:
    return [{"order_line": f"US001|0000000007|{line}", "quantity": D(quantity), **more}]


def matched(given: Payload, against: Payload | None = None, **chosen: Any) -> Payload:
    chosen_options = options(**chosen)
    held = read_order(against or order(), "SHARE", chosen_options.cancelled)
    return match(given, held, chosen_options)
