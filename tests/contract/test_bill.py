"""BILL's targets keep the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from ml_connector.bill.bills import Bills
from ml_connector.bill.classifications import ChartOfAccounts, Classification
from ml_connector.bill.connect import connect
from ml_connector.bill.options import BillOptions
from ml_connector.bill.settings import BillSettings
from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.bill.vendors import Vendors
from ml_connector.core.contract import Payload, Target
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.contract.subject import BANK_ACCOUNT, Subject
from tests.contract.suite import TargetContract

HOUR = 3600.0


class BillSubject(Subject):
    """One of BILL's targets against the sandbox."""

    page = 100
    narrow = False
    make: Callable[..., Target]
    table: str
    path: str

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._committed_at = self.now()

    @property
    def secrets(self) -> dict[str, str]:
        fixed = {"password": credentials.BILL_PASSWORD, "developer key": credentials.BILL_DEV_KEY}
        sessions = enumerate(self.sandbox.bill.sessions._sessions)
        return fixed | {f"session {number}": session for number, session in sessions}

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        options = BillOptions(settle_seconds=self.settle, bulk=batches)
        settings = BillSettings(
            base_url=self.sandbox.bill_url, username=credentials.BILL_USERNAME,
            password=credentials.BILL_PASSWORD, organization_id=credentials.BILL_ORGANIZATION,
            dev_key=credentials.BILL_DEV_KEY,
        )  # fmt: skip
        async with connect(settings, options, store, clock=self.now) as api:
            yield type(self).make(api, options)

    @property
    def held(self) -> Any:
        return self.sandbox.bill.store

    def living(self) -> list[Payload]:
        return [row for row in self.held.tables[self.table] if not row["archived"]]

    def writes(self) -> int:
        counted = self.sandbox.calls.per_operation.items()
        return sum(number for name, number in counted if " GET " not in name and "/login" not in name)

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        if self.now() >= self._committed_at:
            await self.sandbox.settled()

    # ---- what goes wrong

    def _fault(self, kind: str, **more: Any) -> None:
        for method in ("POST", "PATCH"):
            self.sandbox.faults.add(system="bill", kind=kind, operation=f"{method} /v3/{self.path}*", **more)

    def lose_answer(self, skip: int = 0) -> None:
        self._fault("lost", skip=skip)

    def commit_late(self, seconds: float) -> None:
        self._committed_at = self.now() + timedelta(seconds=seconds)
        self._fault("late_commit", seconds=seconds)

    def never_arrive(self) -> None:
        self._fault("reset")

    def limit_rate(self, skip: int = 0) -> float:
        self._fault("error", status=422, code="BDC_1144", skip=skip)
        return HOUR + 2

    def expire_login(self, skip: int = 0) -> None:
        self._fault("expire_session", skip=skip)

    def lag(self, seconds: float) -> None:
        self.sandbox.bill.switches.search_lag_seconds = seconds

    def ignore_filters(self) -> None:
        operation = f"GET /v3/{self.path}"
        self.sandbox.faults.add(system="bill", kind="ignore_filters", operation=operation, count=None)

    def heal(self) -> None:
        self.sandbox.faults.clear()

    def repeat_secrets(self, kind: str) -> None:
        session = next(iter(self.sandbox.bill.sessions._sessions))
        message = (
            f"Invalid field,value: accountNumber, {BANK_ACCOUNT}. password={credentials.BILL_PASSWORD} "
            f'"devKey": "{credentials.BILL_DEV_KEY}" sessionId: {session}'
        )
        status, code = {
            "refusal": (422, "BDC_1119"),
            "outage": (500, "BDC_1001"),
            "login": (401, "BDC_1101"),
        }[kind]
        if kind == "login":
            self.expire_login()
        operation = "POST /v3/login" if kind == "login" else f"POST /v3/{self.path}*"
        self.sandbox.faults.add(
            system="bill", kind="error", operation=operation, status=status, code=code, message=message
        )


class AccountSubject(BillSubject):
    flow, table, path = "bill.accounts", "chart-of-accounts", "classifications/chart-of-accounts"
    make = ChartOfAccounts

    def body(self, number: int) -> Payload:
        return {"name": f"{number:06d} Account", "account": {"number": f"{number:06d}", "type": "EXPENSE"}}

    def changed(self, body: Payload) -> Payload:
        return body | {"description": "changed"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"parentId": "0ca01GONE", "description": "x" * 201}

    def key(self, thing: Payload) -> str:
        return str(thing["account"]["number"]) if "account" in thing else ""


class DepartmentSubject(BillSubject):
    flow, table, path = "bill.departments", "departments", "classifications/departments"
    make = partial(Classification, kind="departments")

    def body(self, number: int) -> Payload:
        return {"name": f"Department {number}", "shortName": f"{number:05d}"}

    def changed(self, body: Payload) -> Payload:
        return body | {"description": "changed"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"description": "x" * 201}

    def key(self, thing: Payload) -> str:
        return str(thing.get("shortName", ""))


class VendorSubject(BillSubject):
    flow, table, path = "bill.vendors", "vendors", "vendors"
    make = Vendors

    def body(self, number: int) -> Payload:
        return {
            "name": f"Vendor {number}",
            "shortName": f"SHARE-{number:010d}",
            "address": {"line1": "1 Main St", "city": "Boston", "zipOrPostalCode": "02110", "country": "US"},
            "paymentInformation": {"payeeName": f"Vendor {number}"},
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"phone": "+1 617 555 0100"}

    def guilty(self, number: int) -> Payload:
        body = self.body(number)
        return body | {"address": body["address"] | {"country": "Atlantis"}}

    def key(self, thing: Payload) -> str:
        return str(thing.get("shortName", ""))


class _Documents(BillSubject):
    """Bills and credits of two vendors: a filter by vendor makes a difference."""

    narrow = True

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        address = {"line1": "1 Main St", "city": "Boston", "zipOrPostalCode": "02110", "country": "US"}
        self.vendors = [self.held.vendors.add({"name": name, "address": address})["id"] for name in "AB"]
        row = {"name": "Office", "account": {"type": "EXPENSE", "number": "641000"}}
        self.account = self.held.accounts.add(row)["id"]

    def vendor(self, number: int) -> str:
        return str(self.vendors[900 <= number < 950])

    def amount(self, body: Payload) -> Decimal:
        lines = body.get("billLineItems") or body["vendorCreditLineItems"]
        return sum((line["amount"] for line in lines), Decimal(0))

    def lines(self, number: int, account: str | None = None) -> list[Payload]:
        classes = {"chartOfAccountId": account or self.account}
        return [{"amount": Decimal(number) + Decimal("0.25"), "classifications": classes}]


class BillsSubject(_Documents):
    flow, table, path = "bill.bills", "bills", "bills"
    make = Bills

    def body(self, number: int) -> Payload:
        return {
            "vendorId": self.vendor(number),
            "dueDate": "2026-12-31",
            "invoice": {"invoiceNumber": f"INV-{number}", "invoiceDate": "2026-11-18"},
            "billLineItems": self.lines(number),
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"dueDate": "2027-01-31"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"billLineItems": self.lines(number, "0ca01GONE")}

    def key(self, thing: Payload) -> str:
        return f"{thing['vendorId']} {thing['invoice']['invoiceNumber']}" if thing else ""


class CreditsSubject(_Documents):
    flow, table, path = "bill.vendor_credits", "vendor-credits", "vendor-credits"
    make = VendorCredits

    def body(self, number: int) -> Payload:
        return {
            "vendorId": self.vendor(number),
            "referenceNumber": f"CR-{number}",
            "creditDate": "2026-11-18",
            "vendorCreditLineItems": self.lines(number),
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"description": "changed"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"vendorCreditLineItems": self.lines(number, "0ca01GONE")}

    def key(self, thing: Payload) -> str:
        return f"{thing['vendorId']} {thing['referenceNumber']}" if thing else ""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


class TestAccounts(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return AccountSubject(sandbox)


class TestDepartments(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return DepartmentSubject(sandbox)


class TestVendors(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return VendorSubject(sandbox)


class TestBills(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return BillsSubject(sandbox)


class TestVendorCredits(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return CreditsSubject(sandbox)
