"""Monday.com's items with their lines keep the contract, in batches and through the bulk import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.core import codec
from ml_connector.core.contract import Operation, Payload, Target
from ml_connector.core.http import Request
from ml_connector.core.state.store import Store
from ml_connector.monday import reading
from ml_connector.monday.connect import connect
from ml_connector.monday.items import Items
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.settings import MondaySettings
from ml_connector.monday.template import GONE, KEY, LINK
from sandbox import credentials
from sandbox.data import Size
from sandbox.monday.model import Item
from sandbox.monday.rules import Rules
from sandbox.server import Sandbox
from tests.contract.flow import UNIT
from tests.contract.subject import Subject
from tests.contract.suite import Bench, TargetContract, change, remove
from tests.monday.boards import UNLIMITED, Account, Recorder, body, line, options

WRITE, REPORT = "mutation WriteItems", "GET report"
LINES = "Invoice lines"
SPENT = 600.0


class InvoiceSubject(Subject):
    """Invoices with their lines on a board of their own, a call for each batch.

    The client asks for lost answers within half a second only: here they are to be doubts.
    """

    flow, states = "monday.invoices", ("active", "gone")
    page = 20
    narrow = False
    from_items = 0

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox, self._patch = sandbox, monkeypatch
        sandbox.monday.switches.change(UNLIMITED)
        self.account = Account(sandbox, None, Recorder(1))  # type: ignore[arg-type]  # its boards alone
        self.account.invoices("board")
        self._test = Rules.test
        self._committed_at = self.now()
        self._refresh: dict[int, str] = {}
        self._tried = 0

    @property
    def secrets(self) -> dict[str, str]:
        identity = self.sandbox.monday.identity
        fixed = {"client secret": credentials.MONDAY_CLIENT_SECRET}
        access = {f"token {number}": token for number, token in enumerate(identity._access)}
        return fixed | access | {f"refresh token {n}": one for n, one in enumerate(identity._refresh)}

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        # Whoever lost the ledger authorizes the app anew: a refresh token lives until it is used.
        (valid,) = self.sandbox.monday.identity._refresh
        refresh = self._refresh.setdefault(id(store.database), valid)
        settings = MondaySettings(
            base_url=self.sandbox.monday_url, auth="oauth2", client_id=credentials.MONDAY_CLIENT_ID,
            client_secret=credentials.MONDAY_CLIENT_SECRET, refresh_token=refresh,
            token_url=f"{self.sandbox.monday_url}/oauth_ms/oauth/token",
        )  # fmt: skip
        limits = ApiLimits(plan="enterprise", replay_seconds=0.5)
        chosen = options("board", bulk=self.from_items if batches else 0, settle_seconds=self.settle)
        transport = Recorder(2)
        async with connect(
            settings, limits, store, transport=transport, clock=self.now, sleep=self._sleep
        ) as api:
            target = Items(api, chosen, "invoices", sleep=self._sleep)
            if not batches:
                target.limits = replace(target.limits, batch=dict.fromkeys(Operation, 1))
            try:
                yield target
            finally:
                self._tried += sum(self._creates(request) for request in transport.sent)

    async def _sleep(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)

    def _creates(self, request: Request) -> int:
        """Items of documents that a call was to make."""
        if "Idempotency-Key" not in request.headers:
            return 0
        sent = codec.decode(request.body or b"")
        board = str(self.account.board_of("Invoices").id)
        made = [
            name for name in sent["variables"] if name.endswith("_board") and sent["variables"][name] == board
        ]
        return sum(f"{name.removesuffix('_board')}: create_item" in sent["query"] for name in made)

    def body(self, number: int) -> Payload:
        return body(number, lines=[line(1, amount=f"{number}.25"), line(2)])

    def changed(self, body: Payload) -> Payload:
        lines = [line(2, amount="7.00"), line(3)]
        return {**body, "name": f"{body['name']} B", "lines": lines}

    def guilty(self, number: int) -> Payload:
        return body(number, invoice_date="2026-13-01", lines=1)

    def amount(self, body: Payload) -> Decimal | None:
        found = body["columns"]["amount"]
        assert isinstance(found, Decimal)
        return found

    def key(self, thing: Payload) -> str:
        return str(thing.get("columns", thing).get("voucher", ""))

    def living(self) -> list[Payload]:
        return [
            {"id": str(item.id), "name": item.name, "voucher": item.data("ps_voucher")}
            for item in self.account.items()
            if not item.data(GONE)
        ]

    def writes(self) -> int:
        """Items that batches tried to make, and that imports made.

        What else is written does no harm a second time: an item whose lines lack is written once more.
        """
        board = self.account.board_of("Invoices")
        jobs = [job for job in self.sandbox.monday.imports.jobs.values() if job.board is board]
        return self._tried + sum(job.counts.get("created", 0) for job in jobs)

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        if self.now() >= self._committed_at:
            await self.sandbox.settled()

    # ---- what goes wrong

    def _fault(self, kind: str, operation: str = WRITE, **more: Any) -> None:
        self.sandbox.faults.add(system="monday", kind=kind, operation=operation, **more)

    def lose_answer(self, skip: int = 0) -> None:
        self._fault("lost", skip=2 * skip)  # each document is an item, then its lines

    def commit_late(self, seconds: float) -> None:
        self._committed_at = self.now() + timedelta(seconds=seconds)
        self._fault("late_commit", seconds=seconds)

    def never_arrive(self) -> None:
        self._fault("reset")

    def limit_rate(self, skip: int = 0) -> float:
        self._fault("error", status=429, code="MINUTE_RATE_LIMIT_EXCEEDED", seconds=SPENT, skip=2 * skip)
        return SPENT

    def expire_login(self, skip: int = 0) -> None:
        self._fault("error", status=401, code="NOT_AUTHENTICATED", skip=skip)

    def lag(self, seconds: float) -> None:
        self.sandbox.monday.switches.search_lag_seconds = seconds

    def ignore_filters(self) -> None:
        self._patch.setattr(Rules, "test", lambda *_: lambda _item: True)

    def heal(self) -> None:
        self._patch.setattr(Rules, "test", self._test)
        self.sandbox.faults.clear()

    def repeat_secrets(self, kind: str) -> None:
        said = " ".join(self.secrets.values())  # invoices hold no bank details, so Monday has none to repeat
        if kind == "refusal":
            self._fault("partial", value="a0", code="ColumnValueException", status=200, message=said)
        elif kind == "outage":
            self._fault("error", status=500, code="INTERNAL_SERVER_ERROR", message=said)
        else:
            self.expire_login()
            self._fault("error", "POST token", status=401, message=said)

    # ---- lines

    def lines(self) -> dict[str, list[Item]]:
        """Lines of documents that are there, by voucher; none stands twice, and each below its document."""
        found: dict[str, list[Item]] = {item["voucher"]: [] for item in self.living()}
        parents = {str(item.id): item.data(KEY) for item in self.account.items()}
        keys = [str(item.data(KEY)) for item in self.account.items(LINES)]
        assert len(keys) == len(set(keys))
        for item in self.account.items(LINES):
            document = str(item.data(KEY)).rpartition("|")[0]
            assert [parents[str(number)] for number in item.data(LINK)] == [document]
            voucher = self.account.by_key(document)[0].data("ps_voucher")
            if voucher in found:
                found[voucher].append(item)
        return found


class ImportedSubject(InvoiceSubject):
    """The same, where two of a kind are many enough for an import."""

    from_items = 2

    def lose_answer(self, skip: int = 0) -> None:
        """The report of an import, or the answer to a single write, whichever comes."""
        super().lose_answer(skip)
        self._fault("error", REPORT, status=403)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        yield running


class Contract(TargetContract):
    """What is common to both ways."""

    make: type[InvoiceSubject]

    @pytest.fixture
    def subject(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[InvoiceSubject]:
        monkeypatch.setattr(reading, "PAGE", InvoiceSubject.page)
        made = self.make(sandbox, monkeypatch)
        yield made
        made.lines()

    async def test_lines_are_complete_after_whatever_happened(self, bench: Bench) -> None:
        subject = bench.subject
        assert isinstance(subject, InvoiceSubject)
        bench.offer(6)
        subject.lose_answer()
        await bench.run()
        await bench.settle()
        change(bench, 1)
        remove(bench, 2)
        subject.lose_answer()
        await bench.run(tolerant=True)
        await bench.settle()
        bench.each_once(5)
        found = subject.lines()
        assert {len(items) for items in found.values()} == {2}
        changed = {str(item.data(KEY)): item.data("ps_amount") for item in found["00000001"]}
        assert changed == {f"{UNIT}|00001|2-1": "7.00", f"{UNIT}|00001|3-1": "5.25"}

    @pytest.mark.parametrize("skip", range(4))
    async def test_a_lost_answer_anywhere_leaves_every_line_once(self, bench: Bench, skip: int) -> None:
        """Between items and lines, among the lines: the next run goes on where this one ended."""
        subject = bench.subject
        assert isinstance(subject, InvoiceSubject)
        bench.offer(2)
        subject._fault("lost", skip=skip)
        await bench.run(batches=False, tolerant=True)
        await bench.settle(batches=False)
        bench.each_once(2)
        assert {len(items) for items in subject.lines().values()} == {2}
        assert bench.statuses() == {"loaded": 2}


class TestItemsInBatches(Contract):
    make = InvoiceSubject


class TestItemsThroughTheImport(Contract):
    make = ImportedSubject
