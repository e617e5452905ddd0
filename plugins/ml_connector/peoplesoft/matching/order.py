"""A purchase order as matching sees it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.peoplesoft.matching.amounts import shown

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row of PO_LINE_SHIP.

    Attributes:
        accepted: quantity that receiving accepted less what was returned, in the order's unit.
        elsewise: what was accepted in another unit, for people: ``10 EA``. It does not count.
    """

    number: int
    quantity: Decimal
    price: Decimal
    amount: Decimal
    accepted: Decimal
    received: bool
    distributions: tuple[Payload, ...]
    elsewise: tuple[str, ...] = ()


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
    def received(self) -> bool:
        """Whether anything was received."""
        return any(row.received for row in self.schedules)


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

    @property
    def key(self) -> str:
        """``BUSINESS_UNIT|PO_ID``."""
        return f"{self.unit}|{self.po_id}"

    def line_key(self, number: int) -> str:
        """A line's key among all lines of all orders."""
        return f"{self.key}|{number}"


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
    unit = _text(row, "UNIT_OF_MEASURE")
    return OrderLine(
        number=int(row["LINE_NBR"]),
        item=_text(row, "INV_ITEM_ID").upper(),
        vendor_item=_text(row, "ITM_ID_VNDR").upper(),
        unit=unit,
        amount_only=_text(row, "AMT_ONLY_FLG") == "Y",
        cancelled=_text(row, "CANCEL_STATUS") in cancelled or not schedules,
        schedules=tuple(_schedule(one, unit, cancelled) for one in schedules),
    )


def _schedule(row: Payload, unit: str, cancelled: Collection[str]) -> Schedule:
    receipts = [one for one in row.get("receipts") or [] if _text(one, "RECV_STATUS") not in cancelled]
    counted = [(one, _accepted(one, unit)) for one in receipts]
    return Schedule(
        number=int(row["SCHED_NBR"]),
        quantity=row.get("QTY_PO") or ZERO,
        price=row.get("PRICE_PO") or ZERO,
        amount=row.get("MERCHANDISE_AMT") or ZERO,
        accepted=sum((quantity for _, quantity in counted if quantity is not None), ZERO),
        received=bool(receipts),
        distributions=tuple(row.get("distributions") or ()),
        elsewise=tuple(
            f"{shown(one.get('QTY_SH_ACCPT') or ZERO)} {_text(one, 'RECEIVE_UOM')}"
            for one, quantity in counted
            if quantity is None
        ),
    )


def _accepted(receipt: Payload, unit: str) -> Decimal | None:
    """What one receipt accepted, in the order's unit; None where it is in another.

    QTY_SH_ACCPT is in the receiving unit, QTY_SH_ACCPT_VUOM in the supplier's, which is the order's.
    """
    converted: Decimal | None = receipt.get("QTY_SH_ACCPT_VUOM")
    if converted is not None:
        return converted
    received_in = _text(receipt, "RECEIVE_UOM")
    if received_in and unit and received_in != unit:
        return None
    accepted: Decimal = receipt.get("QTY_SH_ACCPT") or ZERO
    return accepted - (receipt.get("QTY_SH_RTN") or ZERO)


def _text(row: Payload, name: str) -> str:
    value: Any = row.get(name)
    return "" if value is None else str(value).strip()
