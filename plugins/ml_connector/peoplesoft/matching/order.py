"""A purchase order as matching sees it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row of PO_LINE_SHIP; ``accepted`` is the quantity that receiving accepted."""

    number: int
    quantity: Decimal
    price: Decimal
    amount: Decimal
    accepted: Decimal
    received: bool
    distributions: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One row of PO_LINE with its schedules, apart from cancelled ones."""

    number: int
    item: str
    vendor_item: str
    unit: str
    amount_only: bool
    cancelled: bool
    schedules: tuple[Schedule, ...]

    @property
    def quantity(self) -> Decimal:
        """What was ordered."""
        return sum((row.quantity for row in self.schedules), ZERO)

    @property
    def amount(self) -> Decimal:
        """What it costs."""
        return sum((row.amount for row in self.schedules), ZERO)

    @property
    def accepted(self) -> Decimal:
        """What receiving accepted."""
        return sum((row.accepted for row in self.schedules), ZERO)

    @property
    def received(self) -> bool:
        """Whether anything was received."""
        return any(row.received for row in self.schedules)

    def filled(self, quantity: Decimal) -> list[Decimal]:
        """A quantity laid into the schedules in their order; the last takes what is too much."""
        parts, left = [], quantity
        for row in self.schedules[:-1]:
            part = min(left, row.quantity)
            parts.append(part)
            left -= part
        return [*parts, left]


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase order.

    Attributes:
        setid: of its supplier.
        shows_receipts: the order's query has columns for receipts.
    """

    unit: str
    po_id: str
    status: str
    currency: str
    setid: str
    vendor: str
    terms: str
    lines: tuple[OrderLine, ...]
    shows_receipts: bool

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.unit}-{self.po_id}"

    @property
    def supplier(self) -> str:
        """``SETID|VENDOR_ID``."""
        return f"{self.setid}|{self.vendor}"

    def line_key(self, number: int) -> str:
        """A line's key among all lines of all orders."""
        return f"{self.unit}|{self.po_id}|{number}"


def read_order(payload: Payload, setid: str, cancelled: Collection[str]) -> Order:
    """An order from a document of the dataset ``purchase_orders``.

    Args:
        setid: SETID of its supplier, where the site's query does not show it.
        cancelled: statuses of lines, schedules and receipts that do not count.
    """
    rows = payload.get("lines") or []
    schedules = [row for line in rows for row in line.get("schedules") or []]
    return Order(
        unit=_text(payload, "BUSINESS_UNIT"),
        po_id=_text(payload, "PO_ID"),
        status=_text(payload, "PO_STATUS"),
        currency=_text(payload, "CURRENCY_CD"),
        setid=_text(payload, "VENDOR_SETID") or setid,
        vendor=_text(payload, "VENDOR_ID"),
        terms=_text(payload, "PYMNT_TERMS_CD"),
        lines=tuple(_line(row, cancelled) for row in rows),
        shows_receipts=all("receipts" in row for row in schedules),
    )


def _line(row: Payload, cancelled: Collection[str]) -> OrderLine:
    schedules = [one for one in row.get("schedules") or [] if _text(one, "CANCEL_STATUS") not in cancelled]
    return OrderLine(
        number=int(row["LINE_NBR"]),
        item=_text(row, "INV_ITEM_ID").upper(),
        vendor_item=_text(row, "ITM_ID_VNDR").upper(),
        unit=_text(row, "UNIT_OF_MEASURE"),
        amount_only=_text(row, "AMT_ONLY_FLG") == "Y",
        cancelled=_text(row, "CANCEL_STATUS") in cancelled or not schedules,
        schedules=tuple(_schedule(one, cancelled) for one in schedules),
    )


def _schedule(row: Payload, cancelled: Collection[str]) -> Schedule:
    receipts = [one for one in row.get("receipts") or [] if _text(one, "RECV_STATUS") not in cancelled]
    return Schedule(
        number=int(row["SCHED_NBR"]),
        quantity=row.get("QTY_PO") or ZERO,
        price=row.get("PRICE_PO") or ZERO,
        amount=row.get("MERCHANDISE_AMT") or ZERO,
        accepted=sum((one.get("QTY_SH_ACCPT") or ZERO for one in receipts), ZERO),
        received=bool(receipts),
        distributions=tuple(row.get("distributions") or ()),
    )


def _text(row: Payload, name: str) -> str:
    value: Any = row.get(name)
    return "" if value is None else str(value).strip()
