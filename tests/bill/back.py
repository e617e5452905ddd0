"""Building blocks of the tests of the way back: payments in the sandbox's BILL, and their source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from ml_connector.bill.back import make_verifier, payment_source
from ml_connector.bill.options import BillOptions
from ml_connector.bill.webhook import BillVerifier
from ml_connector.bill.webhook_api import WebhookApi
from ml_connector.bill.webhook_keys import WebhookKeys
from ml_connector.core import codec
from ml_connector.core.config import Dataset, TenantConfig, find_dataset
from ml_connector.core.contract import CaughtUp, Document, EventSource, Page, Scan, Window
from ml_connector.core.http import Transport
from ml_connector.core.ledger import inbox
from ml_connector.core.ledger.scope import Scope, Status, entering
from ml_connector.core.ledger.settlements import REVERSED, SETTLED, Row, Settlements
from ml_connector.core.state.schema import document, payload
from ml_connector.core.state.store import Store, Transaction
from ml_connector.core.webhooks import Delivery, Event
from sandbox import credentials
from sandbox.bill.webhooks.signature import HEADER
from sandbox.server import Sandbox
from tests.sandbox.receiver import Received

from .support import connected, settings

MAPPINGS = (Path(__file__).parents[2] / "include" / "mappings",)
URL = "https://connector.example.com/ml-connector/webhooks/bill/acme"
WHOLE = Window("bill", Scan.FULL, "2026-01-01")


def tenant(**changed: Any) -> TenantConfig:
    return TenantConfig.model_validate(
        {
            "tenant": "acme",
            "environment": "test",
            "time_zone": "America/New_York",
            "start": "2026-01-01",
            "connections": {"peoplesoft": "acme__peoplesoft", "bill": "acme__bill"},
            "business_units": ["US001"],
            "integrations": {"bill": {}},
        }
        | changed
    )


def dataset() -> Dataset:
    return find_dataset("bill", "payments", MAPPINGS)


@dataclass
class Back:
    """One tenant of the connector before one organization in the sandbox."""

    sandbox: Sandbox
    store: Store

    def __post_init__(self) -> None:
        self.store.now = self.sandbox.clock.now

    @asynccontextmanager
    async def source(
        self,
        *,
        url: str = URL,
        webhook_key: str | None = None,
        login: tuple[str, str] | None = None,
        transport: Transport | None = None,
        integrations: Any = None,
        **options: Any,
    ) -> AsyncIterator[EventSource]:
        changed: dict[str, Any] = {"webhook_security_key": webhook_key}
        if login:
            changed |= {"username": login[0], "password": login[1]}
        opened = payment_source(
            settings(self.sandbox.bill_url, **changed), BillOptions.model_validate(options), self.store,
            tenant(integrations=integrations or {"bill": {}}), dataset(), address=url, transport=transport,
            clock=self.store.now,
        )  # fmt: skip
        async with opened as source:
            yield source

    async def catch_up(self, **given: Any) -> CaughtUp:
        """One run's look after the subscription."""
        async with self.source(**given) as source:
            return await source.catch_up()

    def verifier(self, webhook_key: str | None = None, **options: Any) -> BillVerifier:
        found = settings(self.sandbox.bill_url, webhook_security_key=webhook_key)
        return make_verifier(found, BillOptions.model_validate(options), self.store, "acme")

    def take(self, events: list[Event] | tuple[Event, ...], origin: Any = "webhook") -> int:
        """What the receiver or an extract does with events."""
        with self.store.write() as tx:
            return inbox.put(tx, "bill", "acme", events, origin=origin)

    # ---- BILL's side

    @property
    def held(self) -> Any:
        return self.sandbox.bill.store

    @property
    def subscriptions(self) -> list[Any]:
        return list(self.sandbox.bill.webhooks.rows(credentials.BILL_ORGANIZATION))

    def fault(self, kind: str, operation: str, **more: Any) -> None:
        self.sandbox.faults.add(system="bill", kind=kind, operation=operation, **more)

    def calls(self, operation: str) -> int:
        return self.sandbox.calls.count(f"bill {operation}")

    def vendor(self, name: str = "Happy Music Supplies", **more: Any) -> str:
        return str(self.held.vendors.add({"name": name, **more})["id"])

    def payment(self, vendor_id: str, amount: str = "228.99", **fields: Any) -> str:
        """A payment as it stands in BILL, whatever led to it."""
        bill_id = fields.pop("billId", f"00n02{uuid4().hex[:15]}")
        part = {"id": f"blp02{uuid4().hex[:15]}", "billId": bill_id, "amount": Decimal(amount)}
        row = {
            "vendorId": vendor_id, "billId": bill_id, "billPayments": [part], "amount": Decimal(amount),
            "processDate": "2026-11-24", "fundingAccount": {"type": "BANK_ACCOUNT", "id": "bac01"},
            "transactionNumber": "T1", "confirmationNumber": "P1", "status": "PAID",
            "disbursementStatus": "DONE", "singleStatus": "CLEARED", "onlinePayment": True,
            "disbursementType": "ACH", "createdBy": credentials.BILL_USER_ID,
        }  # fmt: skip
        return str(self.held.payments.add({k: v for k, v in (row | fields).items() if v is not None})["id"])

    def offline(self, vendor_id: str, bill_id: str, reference: str | None, **fields: Any) -> str:
        """A payment that somebody recorded in BILL."""
        online = ("singleStatus", "fundingAccount", "transactionNumber", "confirmationNumber")
        given: dict[str, Any] = {
            **dict.fromkeys(online),
            "onlinePayment": False,
            "disbursementType": "OFFLINE",
        }
        given |= {"billId": bill_id, "syncReference": reference, **fields}
        return self.payment(vendor_id, **given)

    def move(self, payment_id: str, **fields: Any) -> None:
        self.held.payments.replace(self.held.payments.rows[payment_id] | fields)

    @property
    def subscription(self) -> Any:
        """The only one."""
        (row,) = self.subscriptions
        return row

    def quick(self) -> None:
        """BILL tries failed deliveries again without waiting."""
        self.sandbox.bill.switches.change({"webhook_retry_seconds": [0, 0, 0, 0]})

    def silent(self) -> None:
        """BILL writes events down and sends none."""
        self.fault("drop", "WEBHOOK *", count=None)

    async def by_hand(self, url: str = URL, events: tuple[str, ...] = ("payment.updated",)) -> str:
        """A subscription that a person made; returns its key."""
        body = {
            "name": "By hand", "status": {"enabled": True}, "notificationUrl": url,
            "events": [{"type": name, "version": "1"} for name in events],
        }  # fmt: skip
        async with connected(self.sandbox, self.store) as api:
            management = WebhookApi(api, settings(self.sandbox.bill_url).events_url)
            return (await management.subscribe(body, str(uuid4())))[1]

    # ---- the ledger's side

    @property
    def kept_keys(self) -> list[str]:
        return WebhookKeys(self.store, credentials.BILL_ORGANIZATION, "acme").read().keys

    def voucher(
        self, bill_id: str, key: str = "US001|00000001", *, state: str = "paid", steps: Any = None,
        body: Any = None, status: Status = Status.LOADED,
    ) -> None:  # fmt: skip
        """A voucher of flow ``bill.bills`` whose bill is known."""
        desired = {"state": state, "absent": False, "body": body or {}}
        self.add("bill.bills", key, desired, status, target_id=bill_id, state=state, steps=steps)

    def known_payment(self, payment_id: str, recorded: str) -> None:
        """A payment that was read before, with the answer given then."""
        self.add("bill.payments", payment_id, {"id": payment_id, "recorded": recorded}, Status.HELD)

    def settled(self, voucher: str, *amounts: str) -> None:
        """Entries that one of BILL's payments made for a voucher."""
        rows = [
            Row(
                "stp02BEFORE", number, 1, SETTLED if Decimal(amount) > 0 else REVERSED, "journal", "US001",
                voucher, Decimal(amount), "USD", "2026-11-20",
            )
            for number, amount in enumerate(amounts, 1)
        ]  # fmt: skip
        with self.store.write() as tx:
            Settlements(self.store, "acme", "bill.payments").put(tx, rows)

    def add(self, flow: str, key: str, data: Any, status: Status, **values: Any) -> None:
        scope = Scope("acme", "test", flow)
        with self.store.write() as tx:
            self._insert(tx, scope, key, data, status, **values)

    def _insert(
        self, tx: Transaction, scope: Scope, key: str, data: Any, status: Status, **values: Any
    ) -> None:
        (row_id,) = tx.new_ids(document, 1)
        digest = codec.digest(data)
        values["steps"] = self.store.seal(values["steps"]) if values.get("steps") else None
        tx.connection.execute(
            insert(document).values(
                id=row_id, tenant=scope.tenant, environment=scope.environment, flow=scope.flow, key=key,
                unit="US001", selected=True, source_open=False, unmapped=False, staged_absent=False,
                lookups=0, attempts=0, source_hash=digest, staged_hash=digest,
                **entering(status, tx.store.now()) | values,
            )
        )  # fmt: skip
        row = {"document_id": row_id, "hash": digest, "data": self.store.seal(data)}
        tx.connection.execute(insert(payload).values(**row, created_at=tx.store.now()))


async def pages(source: EventSource, window: Window = WHOLE) -> list[Page]:
    return [page async for page in source.read(window)]


async def documents(source: EventSource, window: Window = WHOLE) -> dict[str, Document]:
    return {item.key: item for page in await pages(source, window) for item in page.documents}


def delivery(received: Received) -> Delivery:
    """What the receiver hands to a verifier."""
    return Delivery(received.headers, received.body)


def signed(body: bytes, header: str, **headers: str) -> Delivery:
    return Delivery({"content-type": "application/json", HEADER: header, **headers}, body)
