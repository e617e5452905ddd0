"""Basware's master data keeps the contract: accounts, vendors with bank accounts, and a generic list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ml_connector.basware.connect import connect
from ml_connector.basware.master import presence, target
from ml_connector.basware.master.kinds import kind_of
from ml_connector.basware.master.options import KindName, MasterOptions
from ml_connector.basware.master.target import MasterData
from ml_connector.basware.options import BaswareOptions, ImportOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.contract import Operation, Payload, Target
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.contract.subject import BANK_ACCOUNT, Subject
from tests.contract.suite import TargetContract

WAIT = 30.0
PROCESSING = 3.0
"""Seconds in which the simulated P2P decides."""


class MasterSubject(Subject):
    """One kind of master data against the sandbox; the load waits for P2P, on the sandbox's clock."""

    states = ("active", "inactive")
    page = 40
    narrow = False
    kind: KindName
    path: str
    table: str
    code: str
    options = MasterOptions.model_validate(
        {"settle_seconds": 60, "wait_seconds": 600, "lists": {"operating_units": {"list": "ACC_LIST_11"}}}
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._lag_ends: datetime | None = None
        self._committed_at = self.now()

    @property
    def secrets(self) -> dict[str, str]:
        fixed = {"client secret": credentials.BASWARE_CLIENT_SECRET}
        tokens = enumerate(self.sandbox.basware.identity._tokens)
        return fixed | {f"token {number}": token for number, token in tokens}

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        settings = BaswareSettings.from_connection(
            host=self.sandbox.basware_url,
            login=credentials.BASWARE_CLIENT_ID,
            password=credentials.BASWARE_CLIENT_SECRET,
            extra={},
        )
        imports = ImportOptions(poll_first_seconds=3)
        async with connect(settings, BaswareOptions(), store, clock=self.now, sleep=self._sleep) as api:
            made = MasterData(api, self.kind, self.options, imports, waits=True, sleep=self._sleep)
            if not batches:
                made.limits = replace(made.limits, batch=dict.fromkeys(Operation, 1))
            try:
                yield made
            finally:
                made.close()

    async def _sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)

    def changed(self, body: Payload) -> Payload:
        return body | {"text2": "changed"}

    def key(self, thing: Payload) -> str:
        return str(thing.get(self.code, ""))

    def living(self) -> list[Payload]:
        records = self.sandbox.basware.store.table(self.table).rows.values()
        kind = kind_of(self.kind, self.options)
        shown = [(record.code, dict(record.value)) for record in records]
        return [
            {"id": code, **value, **kind.body(value)} for code, value in shown if kind.shape.is_active(value)
        ]

    def writes(self) -> int:
        counted = self.sandbox.calls.per_operation.items()
        return sum(number for name, number in counted if "POST" in name and "tokens" not in name)

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        if self._lag_ends is not None and self.now() >= self._lag_ends:
            self._lag_ends = None
            self.sandbox.faults.clear()
        if self.now() >= self._committed_at:
            await self.sandbox.settled()
            self.sandbox.clock.advance(PROCESSING)  # until then it would be accepted, and not be done

    # ---- what goes wrong

    def _fault(self, kind: str, **more: Any) -> None:
        self.sandbox.faults.add(system="basware", kind=kind, operation=f"POST {self.path}", **more)

    def lose_answer(self, skip: int = 0) -> None:
        self._fault("lost", skip=skip)

    def commit_late(self, seconds: float) -> None:
        self._committed_at = self.now() + timedelta(seconds=seconds)
        self._fault("late_commit", seconds=seconds)

    def never_arrive(self) -> None:
        self._fault("reset")

    def limit_rate(self, skip: int = 0) -> float:
        self._fault("error", status=429, value=str(int(WAIT)), skip=skip)
        return WAIT

    def expire_login(self, skip: int = 0) -> None:
        self._fault("expire_token", skip=skip)

    def lag(self, seconds: float) -> None:
        """Nothing is known to lag; what is not shown yet is answered as if it were not there."""
        self._lag_ends = self.now() + timedelta(seconds=seconds)
        for operation in (f"GET {self.path}", f"GET {self.path}/*"):
            self.sandbox.faults.add(
                system="basware", kind="error", operation=operation, status=404, count=None
            )

    def ignore_filters(self) -> None:
        """Records are asked for by their own addresses, or all of them."""

    def heal(self) -> None:
        self.sandbox.faults.clear()

    def repeat_secrets(self, kind: str) -> None:
        tokens = list(self.sandbox.basware.identity._tokens)
        message = (
            f"Invalid field,value: accountNumber, {BANK_ACCOUNT}. "
            f"client_secret={credentials.BASWARE_CLIENT_SECRET} Authorization: Bearer {tokens[0]}"
        )
        status, code = {
            "refusal": (400, "DATA_VALIDATION_FAILED"),
            "outage": (500, "UNEXPECTED_ERROR"),
            "login": (401, None),
        }[kind]
        if kind == "login":
            self.expire_login()
        operation = "POST /v1/tokens" if kind == "login" else f"POST {self.path}"
        self.sandbox.faults.add(
            system="basware", kind="error", operation=operation, status=status, code=code, message=message
        )


class AccountSubject(MasterSubject):
    flow, kind, path, table, code = "basware.accounts", "accounts", "/v1/accounts", "accounts", "accountCode"

    def body(self, number: int) -> Payload:
        return {
            "accountCode": f"{number:06d}", "name": f"Account {number}", "languages": "en-US",
            "companies": "US001 US002", "inherit": True,
        }  # fmt: skip

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"text1": "x" * 251}


class UnitSubject(MasterSubject):
    flow, kind, code = "basware.operating_units", "operating_units", "text_1"
    path, table = "/v1/lists/{listKey}", "lists/ACC_LIST_11"

    def body(self, number: int) -> Payload:
        return {
            "text_1": f"{number:05d}",
            "text_2": f"Unit {number}",
            "companies": "US001",
            "list": "ACC_LIST_11",
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"text_2": "changed"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"text_2": "x" * 51}


class VendorSubject(MasterSubject):
    flow, kind, path, table, code = "basware.vendors", "vendors", "/v1/vendors", "vendors", "vendorCode"

    def body(self, number: int) -> Payload:
        return {
            "vendorCode": f"{number:010d}",
            "name": f"Vendor {number}",
            "sourceSystem": "PSFIN92",
            "companies": "US001",
            "inherit": True,
            "payment_denied": False,
            "payment_method": "ACH",
            "currency": "USD",
            "email": "ap@vendor.example",
            "primary_address": 1,
            "remit_address": 2,
            "addresses": [
                {"number": 1, "line1": "1 Main St", "street": "1 Main St", "city": "Boston", "country": "US"},
                {"number": 2, "line1": "PO Box 12", "city": "Boston", "region": "MA", "country": "US"},
            ],
            "identifiers": [{"scheme": "TaxId", "tax_id": f"10-{number:07d}"}],
            "bank_accounts": [{"bban": f"{BANK_ACCOUNT}{number}", "bic": "FEBKUS6S", "bank_name": "First"}],
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"email": "other@vendor.example"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"currency": "DOLLARS"}


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    monkeypatch.setattr(presence, "PAGE", MasterSubject.page)
    monkeypatch.setattr(target, "PAGE", MasterSubject.page)
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


class Contract(TargetContract):
    """What is common to all kinds."""

    make: type[MasterSubject]

    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> MasterSubject:
        return self.make(sandbox)


class TestAccounts(Contract):
    make = AccountSubject


class TestOperatingUnits(Contract):
    make = UnitSubject


class TestVendors(Contract):
    make = VendorSubject
