"""Which events the changes of an organization's objects produce.

It listens to the tables, so that everything counts: API calls, control calls, tests. There is no
`payment.created` and no `bill.paid`: a first payment is a `payment.updated` with SCHEDULED, and a
paid bill a `bill.updated`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.bill.store import Store
from sandbox.bill.switches import BillSwitches
from sandbox.bill.table import Row

from . import payloads

PAYMENT_SIDE = {"paidAmount", "scheduledAmount", "dueAmount", "paymentStatus", "updatedTime"}

Emit = Callable[[str, Callable[[], Row]], None]
"""Takes an event type and what makes the object as the event shows it, asked only if anybody subscribed."""


class Emitter:
    """Listens to the tables of one organization."""

    def __init__(self, store: Store, switches: BillSwitches, emit: Emit) -> None:
        self._store, self._switches, self._emit = store, switches, emit
        store.vendors.on_change = partial(self._object_changed, "vendor")
        store.bills.on_change = partial(self._object_changed, "bill")
        store.payments.on_change = self._payment_changed

    def _object_changed(self, kind: str, old: Row | None, new: Row) -> None:
        verb = _verb(old, new)
        if verb == "updated" and self._only_paid(old, new):
            return
        show = payloads.bill if kind == "bill" else payloads.vendor
        self._emit(f"{kind}.{verb}", partial(show, self._store, new))

    def _only_paid(self, old: Row | None, new: Row) -> bool:
        return not self._switches.bill_events_on_payment and _changed(old, new) <= PAYMENT_SIDE

    def _payment_changed(self, old: Row | None, new: Row) -> None:
        if not new["onlinePayment"] and not self._switches.offline_payment_events:
            return
        if old is None or old.get("singleStatus") != new.get("singleStatus"):
            self._emit("payment.updated", partial(payloads.payment, self._store, new))


def _verb(old: Row | None, new: Row) -> str:
    if old is None:
        return "created"
    if old.get("archived") == new.get("archived"):
        return "updated"
    return "archived" if new.get("archived") else "restored"


def _changed(old: Row | None, new: Row) -> set[str]:
    before: dict[str, Any] = old or {}
    return {name for name in before.keys() | new.keys() if before.get(name) != new.get(name)}
