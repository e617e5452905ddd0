"""Cleo's targets of outgoing documents keep the contract. What stands at a partner tells what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.cleo.connect import connect
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound.invoices import Invoices
from ml_connector.cleo.outbound.orders import PurchaseOrders
from ml_connector.cleo.outbound.target import OutboundTarget
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.contract import Operation, Payload, Target
from ml_connector.core.state.store import Store
from ml_connector.x12.model import TransactionSet
from ml_connector.x12.reader import read
from sandbox import credentials
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.cleo.outbound.support import OPTIONS, TENANT, invoice, order, profile
from tests.contract.subject import Subject
from tests.contract.suite import Bench, TargetContract, change, remove


async def at_once(_seconds: float) -> None:
    """Repetitions of a call do not wait."""
    await asyncio.sleep(0)


FOLDERS = ("upload/850", "upload/860", "upload/810")


class CleoSubject(Subject):
    """One of the targets against the sandbox's mailbox, which keeps what is uploaded."""

    page = 20
    narrow = False
    bulk = False
    make: type[OutboundTarget]

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        sandbox.cleo.switches.pickup = "stopped"
        self._committed_at = self.now()

    @property
    def secrets(self) -> dict[str, str]:
        tokens = enumerate(self.sandbox.cleo.identity._tokens)
        fixed = {"admin": credentials.CLEO_ADMIN_PASSWORD, "mailbox": credentials.CLEO_MAILBOX_PASSWORD}
        return fixed | {f"token {number}": token for number, token in tokens}

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        pace = {"concurrent": 4, "per_task": 1, "per_second": 500}
        options = CleoOptions.model_validate(OPTIONS | {"settle_seconds": self.settle, "pace": pace})
        settings = CleoSettings(
            base_url=self.sandbox.cleo_url,
            admin=Login(credentials.CLEO_ADMIN, credentials.CLEO_ADMIN_PASSWORD),
            mailbox=Login(credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD),
        )
        directory = Directory([profile("acme", acknowledgment={"expected": False})])
        async with connect(settings, options, store, clock=self.now, sleep=at_once) as cleo:
            target = type(self).make(TENANT, store, options, directory, cleo)
            if not batches:
                target.limits = target.limits.__class__(
                    concurrency=1, batch=dict.fromkeys(Operation, 1), settle=self.settle
                )
            yield target

    def sets(self) -> list[TransactionSet]:
        """Everything that lies in the upload folders, in the order in which it came."""
        files = sorted(
            (file for folder in FOLDERS for file in self.files_in(folder)), key=lambda file: file.name[-13:]
        )
        found = [read(file.content).interchanges for file in files]
        return [one for interchanges in found for group in interchanges[0].groups for one in group.sets]

    def files_in(self, folder: str) -> list[Any]:
        return [file for file in self.sandbox.cleo.files.waiting() if file.folder.path.strip("/") == folder]

    def writes(self) -> int:
        counted = self.sandbox.calls.per_operation.items()
        return sum(number for name, number in counted if "contents" in name and " POST " in f" {name} ")

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        if self.now() >= self._committed_at:
            await self.sandbox.settled()

    # ---- what goes wrong

    def _fault(self, kind: str, **more: Any) -> None:
        self.sandbox.faults.add(system="cleo", kind=kind, operation="POST */contents", **more)

    def lose_answer(self, skip: int = 0) -> None:
        self._fault("lost", skip=skip)

    def commit_late(self, seconds: float) -> None:
        self._committed_at = self.now() + timedelta(seconds=seconds)
        self._fault("late_commit", seconds=seconds)

    def never_arrive(self) -> None:
        self._fault("reset")

    def limit_rate(self, skip: int = 0) -> float:
        self._fault("error", status=429, value="600", skip=skip)
        return 600.0

    def expire_login(self, skip: int = 0) -> None:
        self._fault("expire_token", skip=skip)

    def lag(self, seconds: float) -> None:
        self.sandbox.cleo.switches.list_lag_seconds = seconds

    def ignore_filters(self) -> None:
        """Folders are listed whole; there is no filter that could be ignored."""

    def heal(self) -> None:
        self.sandbox.faults.clear()

    def repeat_secrets(self, kind: str) -> None:
        token = next(iter(self.sandbox.cleo.identity._tokens), "")
        # Orders and invoices hold no bank details, so Cleo has none to repeat.
        message = f"password={credentials.CLEO_MAILBOX_PASSWORD} Authorization: Bearer {token}"
        status = {"refusal": 400, "outage": 500, "login": 401}[kind]
        if kind == "login":
            self.expire_login()
        operation = "POST /authentication" if kind == "login" else "POST */contents"
        self.sandbox.faults.add(
            system="cleo", kind="error", operation=operation, status=status, message=message
        )


class OrderSubject(CleoSubject):
    flow, make, states = "cleo.purchase_orders", PurchaseOrders, ("dispatched", "canceled")

    def body(self, number: int) -> Payload:
        return order(number=number)

    def changed(self, body: Payload) -> Payload:
        return body | {"terms": "D210"}

    def guilty(self, number: int) -> Payload:
        return order(number=number, terms="N99")

    def key(self, thing: Payload) -> str:
        return str(thing.get("number", ""))

    def living(self) -> list[Payload]:
        held: dict[str, Payload] = {}
        for one in self.sets():
            head = one.segments[1]
            number, purpose = head[3], head[1]
            if head[0] == "BEG":
                assert number not in held, f"{number} was ordered twice"
                held[number] = order(number=int(number.partition("-")[2])) | {"id": f"acme:{number}"}
            elif purpose == "01":
                del held[number]
            else:
                held[number]["terms"] = "D210"
        return list(held.values())


class InvoiceSubject(CleoSubject):
    flow, make, states = "cleo.invoices", Invoices, ("sent", "void")

    def body(self, number: int) -> Payload:
        return invoice(number=f"INV{number:05d}")

    def changed(self, body: Payload) -> Payload:
        return body | {"due_date": "2027-01-31"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"total": Decimal("1.00")}

    def key(self, thing: Payload) -> str:
        return str(thing.get("number", ""))

    def living(self) -> list[Payload]:
        numbers = [one.segments[1][2] for one in self.sets()]
        return [{"number": number, "id": f"acme:{number}"} for number in numbers]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


class TestPurchaseOrders(TargetContract):
    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return OrderSubject(sandbox)


class TestInvoices(TargetContract):
    """An invoice that a partner has is not changed by another file: a person decides."""

    @pytest.fixture
    def subject(self, sandbox: Sandbox) -> Subject:
        return InvoiceSubject(sandbox)

    async def test_update_and_removal_arrive_once(self, bench: Bench) -> None:
        bench.offer(4)
        await bench.run()
        written = bench.subject.writes()
        change(bench, 1)
        remove(bench, 2)
        assert (await bench.run())["held"] == 2
        assert bench.subject.writes() == written
        assert bench.statuses() == {"loaded": 2, "held": 2}

    @pytest.mark.parametrize("act", ["update", "remove"])
    async def test_a_lost_answer_to_a_change_is_looked_up(self, bench: Bench, act: str) -> None:
        bench.offer(3)
        bench.subject.lose_answer()
        await bench.run(batches=False)
        (change if act == "update" else remove)(bench, 1)
        await bench.settle()
        assert bench.statuses() == {"loaded": 2, "held": 1}
        assert len(bench.subject.living()) == 3
