"""Interchanges to work with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from ml_connector.core import codec
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.control_numbers import Address, allocate
from ml_connector.core.ledger.exchange.outbound import Exchange, NewInterchange, NewSet
from ml_connector.core.state.schema import audit_event
from ml_connector.core.state.store import Store, Transaction

ACME = Address("demo", "test", "ZZ:PSFTUS001", "01:123456789")
FLOW = "cleo.purchase_orders"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


def build(
    tx: Transaction, document_id: int | None = 7, *, address: Address = ACME, **changed: Any
) -> Exchange:
    """Allocate numbers and keep an interchange of one order, as a target does."""
    number, group = allocate(tx, address, "ISA"), allocate(tx, address, "PO")
    key = None if document_id is None else f"US001|{document_id:010}"
    values: dict[str, Any] = {
        "set_code": "850", "group_code": "PO", "group_number": group, "set_number": "0001", "flow": FLOW,
        "document_id": document_id, "key": key, "document_hash": "h1", "reference": f"US001-{document_id}",
    }  # fmt: skip
    one = NewSet(**(values | changed))
    content = f"ISA*{address.sender}*{number:09}~secret price~".encode()
    new = NewInterchange(
        address, "acme", f"850_{number:09}.edi", content, [one], number, {"folder": "upload/850"}
    )
    return outbound.keep(tx, new)[0]


def sent(store: Store, document_id: int | None = 7, hours: float | None = 24, **changed: Any) -> Exchange:
    """The same, uploaded."""
    with store.write() as tx:
        one = build(tx, document_id, **changed)
        outbound.uploading(tx, [one.interchange_id])
    with store.write() as tx:
        within = None if hours is None else timedelta(hours=hours)
        outbound.uploaded(tx, one.interchange_id, answer_within=within)
    return again(store, one)


def again(store: Store, one: Exchange) -> Exchange:
    """The exchange as it is now."""
    with store.read() as connection:
        (found,) = outbound.of_interchanges(connection, store, [one.interchange_id])
    return found


def events(store: Store, kind: str) -> list[dict[str, Any]]:
    """Data of all events of a kind, oldest first."""
    statement = select(audit_event.c.data).where(audit_event.c.kind == kind)
    with store.read() as connection:
        return [codec.decode(data) for data in connection.scalars(statement.order_by(audit_event.c.number))]
