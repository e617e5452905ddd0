"""Building blocks of the BILL tests: a connection, intents, and a ledger that only remembers steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ml_connector.bill.api import BillApi
from ml_connector.bill.connect import connect
from ml_connector.bill.options import BillOptions
from ml_connector.bill.settings import BillSettings
from ml_connector.core.contract import Desired, Intent, Operation, Payload
from ml_connector.core.http import Transport
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.bill import payments
from sandbox.bill.store import Store as Held
from sandbox.server import Sandbox

Connect = Callable[..., AbstractAsyncContextManager[BillApi]]


class Steps:
    """A ``Progress`` that remembers."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, Any]] = []

    async def step(self, intent: Intent, name: str, value: Any) -> None:
        intent.steps[name] = value
        self.made.append((intent.key, name, value))

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        for intent, value in done:
            await self.step(intent, name, value)

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.made]


def settings(url: str, **changed: Any) -> BillSettings:
    values: dict[str, Any] = {
        "base_url": url,
        "username": credentials.BILL_USERNAME,
        "password": credentials.BILL_PASSWORD,
        "organization_id": credentials.BILL_ORGANIZATION,
        "dev_key": credentials.BILL_DEV_KEY,
    }
    return BillSettings(**values | changed)


@dataclass
class Bill:
    """One organization in the sandbox, with a client and shortcuts to look behind the API."""

    sandbox: Sandbox
    store: Store
    api: BillApi
    steps: Steps = field(default_factory=Steps)

    @property
    def held(self) -> Held:
        return self.sandbox.bill.store

    @property
    def switches(self) -> Any:
        return self.sandbox.bill.switches

    def fault(self, kind: str, operation: str, **more: Any) -> None:
        self.sandbox.faults.add(system="bill", kind=kind, operation=operation, **more)

    def calls(self, operation: str) -> int:
        return self.sandbox.calls.count(f"bill {operation}")

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def vendor(self, name: str = "Happy Music Supplies", **more: Any) -> str:
        address = {"line1": "1 Main St", "city": "Boston", "zipOrPostalCode": "02110", "country": "US"}
        row = {"name": name, "address": address, "paymentInformation": {"payByType": "CHECK"}}
        return str(self.held.vendors.add(row | more)["id"])

    def account(self, number: str = "641000", name: str = "Office") -> str:
        row = {"name": name, "account": {"type": "EXPENSE", "number": number}}
        return str(self.held.accounts.add(row)["id"])

    def only_bill(self) -> dict[str, Any]:
        (row,) = self.held.bills
        return row

    def change_bill(self, bill_id: str, **fields: Any) -> None:
        """What a person does in BILL's user interface."""
        self.held.bills.replace(self.held.bills.rows[bill_id] | fields)

    def schedule(self, bill_id: str, amount: Any = None) -> str:
        """A payment that a person schedules in BILL."""
        made = payments.schedule(self.held, self.switches, bill_id, amount=amount)
        return str(made["id"])

    def move(self, payment_id: str, status: str) -> None:
        payments.move(self.held, self.switches, payment_id, status)


@asynccontextmanager
async def connected(
    sandbox: Sandbox,
    store: Store,
    options: BillOptions | None = None,
    transport: Transport | None = None,
    **changed: Any,
) -> AsyncIterator[BillApi]:
    made = connect(
        settings(sandbox.bill_url, **changed),
        options or BillOptions(),
        store,
        transport=transport,
        clock=sandbox.clock.now,
    )
    async with made as api:
        yield api


def bill_body(vendor: str, number: str = "INV-1", account: str | None = None, **changed: Any) -> Payload:
    classes = {"classifications": {"chartOfAccountId": account}} if account else {}
    return {
        "vendorId": vendor,
        "dueDate": "2026-12-31",
        "invoice": {"invoiceNumber": number, "invoiceDate": "2026-11-18"},
        "description": "PS US001-00000001",
        "billLineItems": [
            {"amount": Decimal("149.00"), "description": "USB audio interface", **classes},
            {"amount": Decimal("79.99"), "description": "Drum foot pedal", **classes},
        ],
    } | changed


def vendor_body(number: int = 1, **changed: Any) -> Payload:
    return {
        "name": f"Vendor {number}",
        "shortName": f"SHARE-{number:010d}",
        "address": {"line1": "1 Main St", "city": "Boston", "zipOrPostalCode": "02110", "country": "US"},
        "paymentInformation": {"payeeName": f"Vendor {number}"},
    } | changed


def intent(
    body: Payload,
    *,
    key: str = "US001|00000001",
    operation: Operation = Operation.CREATE,
    state: str = "active",
    absent: bool = False,
    previous: Desired | None = None,
    **more: Any,
) -> Intent:
    return Intent(
        document_id=1,
        key=key,
        unit=key.partition("|")[0],
        operation=operation,
        desired=Desired(state, body, absent),
        attempt_id="attempt-1",
        previous=previous,
        **more,
    )


def update(body: Payload, target_id: str, previous: Payload | None = None, **more: Any) -> Intent:
    before = Desired("active", previous) if previous is not None else None
    return intent(body, operation=Operation.UPDATE, target_id=target_id, previous=before, **more)


def removal(target_id: str, **more: Any) -> Intent:
    values: dict[str, Any] = {"state": "archived", **more}
    return intent({}, operation=Operation.REMOVE, target_id=target_id, absent=True, **values)


def paid(target_id: str, *payments_made: Payload, body: Payload | None = None, **more: Any) -> Intent:
    """A voucher that PeopleSoft paid, as the mapping makes it."""
    wanted: Payload = dict(body or {})
    if len(payments_made) == 1:
        wanted["payment"] = payments_made[0]
    elif payments_made:
        wanted["payments"] = list(payments_made)
    return intent(wanted, operation=Operation.UPDATE, target_id=target_id, state="paid", **more)
