"""A general ledger and a payables system in memory, and a flow that settles payments in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConnectorError, Rejected
from ml_connector.core.ledger import actions
from ml_connector.core.ledger.settlements import ENTRIES, Row, Settlements
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.folders import Folder
from ml_connector.peoplesoft.settlement.base import SettlementTarget
from ml_connector.peoplesoft.settlement.books import Books, Header, JournalKey, Seen
from ml_connector.peoplesoft.settlement.closing import Closer
from ml_connector.peoplesoft.settlement.journal_view import JournalView
from ml_connector.peoplesoft.settlement.journal_way import JournalSettlements
from ml_connector.peoplesoft.settlement.lookups import read_header
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from ml_connector.peoplesoft.settlement.periods import Period
from ml_connector.peoplesoft.settlement.staged_way import StagedSettlements
from ml_connector.peoplesoft.settlement.vouchers import Scheduled, Voucher
from ml_connector.peoplesoft.soap import Created
from ml_connector.peoplesoft.soap.messages import Message
from tests.contract.flow import Bodies, flow

FLOW = "bill.payments"
CHOICES: dict[str, Any] = {
    "way": "journal",
    "accounts": {"payables": {"*": "200000"}, "cash": {"*": {"*": "100000"}, "bac02": {"US002": "110000"}}},
    "currencies": {"*": "USD"},
    "settle_seconds": 900,
}  # fmt: skip
KEYS = ("BUSINESS_UNIT", "JOURNAL_ID", "JOURNAL_DATE", "UNPOST_SEQ")
OPEN = (Period("2026-11-01", "2026-12-31"),)

Fault = Callable[[Payload, Callable[[], object]], object]
"""Gets what is sent and what would carry it out."""


def options(**changed: Any) -> SettlementOptions:
    return SettlementOptions.model_validate(CHOICES | changed)


def body(reference: str = "stp01", *parts: tuple[str, str], **changed: Any) -> Payload:
    listed = parts or (("US001|00000001", "228.99"),)
    return {
        "reference": reference,
        "currency": "USD",
        "date": "2026-11-12",
        "funding_account": "bac01",
        "payee": "Office Supplies Ltd",
        "number": "P26112000001",
        "parts": [{"voucher": voucher, "amount": Decimal(amount)} for voucher, amount in listed],
    } | changed


class Faulty:
    """Something that can be made to fail, once for each fault that is planned."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.calls: list[Payload] = []

    def strike(self, values: Payload, carry_out: Callable[[], object]) -> object:
        self.calls.append(values)
        if self.faults:
            return self.faults.pop(0)(values, carry_out)
        return carry_out()


class GeneralLedger(Faulty):
    """Journals of all units. Refuses what does not balance, what is there already, and closed dates."""

    def __init__(self) -> None:
        super().__init__()
        self.journals: list[Payload] = []
        self.doubt: str | None = None
        self.messages: tuple[Message, ...] = ()

    # ---- as a writer

    async def create(self, values: Payload) -> Created:
        answer = self.strike(values, lambda: self._save(values))
        assert isinstance(answer, Created)
        return answer

    def _save(self, values: Payload) -> Created:
        if sum(line["MONETARY_AMOUNT"] for line in values["JRNL_LN"]):
            raise Rejected("The journal is out of balance.", code="7030,207")
        if any(self._key(one) == self._key(values) for one in self.journals):
            raise Rejected("The object you tried to add already exists.", code="7030,2")
        self.journals.append({**values, "JRNL_HDR_STATUS": "V"})
        return Created({name: str(values[name]) for name in KEYS}, self.messages)

    def _key(self, journal: Payload) -> tuple[str, ...]:
        return tuple(str(journal[name]) for name in KEYS)

    # ---- as a reader

    async def headers(self, keys: Sequence[JournalKey]) -> Mapping[JournalKey, Seen]:
        return {key: Seen([read_header(one) for one in self.of(*key)], self.doubt) for key in keys}

    async def page(self, unit: str, cursor: str | None) -> tuple[Sequence[Header], str | None]:
        ours = [one for one in self.journals if one["BUSINESS_UNIT"] == unit]
        place = int(cursor or 0)
        following = str(place + 2) if place + 2 < len(ours) else None
        return [read_header(one) for one in ours[place : place + 2]], following

    # ---- what people do, and see

    def of(self, unit: str, journal: str) -> list[Payload]:
        return [one for one in self.journals if (one["BUSINESS_UNIT"], one["JOURNAL_ID"]) == (unit, journal)]

    def unpost(self, journal: Payload) -> None:
        journal["JRNL_HDR_STATUS"] = "U"
        self.journals.append({**journal, "UNPOST_SEQ": 1, "JRNL_HDR_STATUS": "P"})

    def net(self) -> dict[tuple[str, str], Decimal]:
        """Balance by unit and account, without zeros."""
        sums: dict[tuple[str, str], Decimal] = {}
        for journal in self.journals:
            for line in journal["JRNL_LN"]:
                key = journal["BUSINESS_UNIT"], line["ACCOUNT"]
                sums[key] = sums.get(key, Decimal(0)) + line["MONETARY_AMOUNT"]
        return {key: amount for key, amount in sums.items() if amount}


class Payables(Faulty):
    """Vouchers with one scheduled payment each, unless a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Voucher] = {}

    def add(
        self, key: str, gross: str, *rows: Scheduled, currency: str = "USD", finished: bool = False
    ) -> None:
        scheduled = rows or (Scheduled(1, "S", "N", False, ""),)
        self.known[key] = Voucher(key, Decimal(gross), currency, finished, scheduled)

    def change(self, key: str, **values: Any) -> None:
        """What a person does to every scheduled payment."""
        voucher = self.known[key]
        self.known[key] = replace(
            voucher, scheduled=tuple(replace(row, **values) for row in voucher.scheduled)
        )

    def status(self, key: str) -> list[tuple[str, str]]:
        return [(row.action, row.status) for row in self.known[key].scheduled]

    def holds(self, key: str) -> list[tuple[bool, str]]:
        return [(row.hold, row.reason) for row in self.known[key].scheduled]

    async def vouchers(self, keys: Sequence[str]) -> Mapping[str, Voucher]:
        return {key: self.known[key] for key in keys if key in self.known}

    async def update(self, values: Payload) -> object:
        return self.strike(values, lambda: self._save(values))

    def _save(self, values: Payload) -> object:
        key = f"{values['BUSINESS_UNIT']}|{values['VOUCHER_ID']}"
        voucher = self.known[key]
        changes = {row["PYMNT_CNT"]: row for row in values["PYMNT_VCHR_XREF"]}
        rows = tuple(_changed(row, changes.get(row.count, {})) for row in voucher.scheduled)
        self.known[key] = replace(voucher, scheduled=rows)
        return None


def _changed(row: Scheduled, change: Payload) -> Scheduled:
    names = {"PYMNT_ACTION": "action", "PYMNT_SELCT_STATUS": "status", "PYMNT_HOLD_REASON": "reason"}
    values: dict[str, Any] = {names[name]: value for name, value in change.items() if name in names}
    if "PYMNT_HOLD" in change:
        values["hold"] = change["PYMNT_HOLD"] == "Y"
    return replace(row, **values)


class FixedTime:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **much: float) -> None:
        self.time += timedelta(**much)


class Open:
    """Open periods by unit."""

    def __init__(self) -> None:
        self.periods: dict[str, Sequence[Period]] = {}

    async def of(self, unit: str) -> list[Period]:
        return list(self.periods.get(unit, OPEN))


@dataclass
class World:
    """A flow of payments, its ledger, and PeopleSoft's books."""

    store: Store
    clock: FixedTime
    choices: SettlementOptions = field(default_factory=options)
    folder: Folder | None = None
    gl: GeneralLedger = field(default_factory=GeneralLedger)
    ap: Payables = field(default_factory=Payables)
    open: Open = field(default_factory=Open)
    bodies: Bodies = field(default_factory=lambda: Bodies(("settled", "reversed")))
    error: ConnectorError | None = None

    @property
    def rows(self) -> Settlements:
        return Settlements(self.store, "acme", FLOW)

    def target(self) -> SettlementTarget:
        """As each task opens one."""
        rows, choices = self.rows, self.choices
        closer = Closer(choices.close_voucher, choices.hold_reason, self.ap, self.ap.update, rows)
        clock: dict[str, Any] = {"now": self.clock, "time_zone": "America/New_York"}
        if choices.way == "staged" and self.folder is not None:
            return StagedSettlements(choices, rows, closer, folder=self.folder, **clock)
        books = Books(self.gl, choices.id_prefix)
        units = ["US001", "US002"]
        view = JournalView(books, rows, closer, pages=self.gl, units=units, source=choices.source)
        return JournalSettlements(
            choices, rows, closer, books=books, writer=self.gl, periods=self.open, view=view, **clock
        )

    @asynccontextmanager
    async def flow(self) -> AsyncIterator[Any]:
        yield flow(FLOW, self.bodies, self.target(), self.store)

    async def put(self, payment: Payload, *, absent: bool = False) -> dict[str, Any]:
        """BILL says something about a payment, and a run settles it."""
        self.offer(payment, absent=absent)
        return await self.run()

    def offer(self, payment: Payload, *, absent: bool = False) -> None:
        """The same without a run."""
        given = {"reference": payment["reference"]} if absent else payment
        amount = sum((part["amount"] for part in payment["parts"]), Decimal(0))
        self.bodies.put(payment["reference"], given, absent=absent, amount=amount)

    async def run(self) -> dict[str, Any]:
        """One run, without the reconciliation."""
        self.error = None
        async with self.flow() as ctx:
            await extract(ctx)
            transform(ctx)
            try:
                return await load(ctx)
            except ConnectorError as error:
                self.error = error
                return {}

    async def settle_down(self, minutes: float = 16) -> dict[str, Any]:
        """Runs with the settle time between them; what the last one did."""
        counts: dict[str, Any] = {}
        for _ in range(3):
            self.clock.advance(minutes=minutes)
            counts |= await self.run()
        return counts

    async def reconcile(self) -> dict[str, Any]:
        """What a reconciliation finds, by key; it writes drift into the ledger."""
        self.error = None
        async with self.flow() as ctx:
            try:
                await reconcile(ctx)
            except ConnectorError as error:
                self.error = error
        return {key: row.reason for key, row in self.ledger().items() if row.status == "drifted"}

    def replay(self, reference: str) -> None:
        async_scope = flow(FLOW, self.bodies, self.target(), self.store).scope
        with self.store.write() as tx:
            assert actions.replay(tx, async_scope, [f"US001|{reference}"]) == 1

    def decide(self, act: Callable[..., int], *arguments: Any) -> None:
        """What a person decides in a command or the console."""
        scope = flow(FLOW, self.bodies, self.target(), self.store).scope
        with self.store.write() as tx:
            assert act(tx, scope, *arguments) == 1

    # ---- what is there

    def ledger(self) -> dict[str, Any]:
        """Documents by reference."""
        with self.store.read() as connection:
            return {row.key.partition("|")[2]: row for row in connection.execute(select(document))}

    def remembered(self, reference: str) -> list[Row]:
        return [row for row in self.rows.of_references([reference]).get(reference, []) if row.kind in ENTRIES]

    def titles(self, unit: str = "US001") -> list[str]:
        return [one["DESCR"] for one in self.gl.journals if one["BUSINESS_UNIT"] == unit]


def lost(values: Payload, carry_out: Callable[[], object]) -> object:
    """Carried out; the answer is lost."""
    from ml_connector.core.errors import InDoubt

    carry_out()
    raise InDoubt("connection reset while the answer was awaited")


def never(values: Payload, carry_out: Callable[[], object]) -> object:
    """Nobody knows; it was not carried out."""
    from ml_connector.core.errors import InDoubt

    raise InDoubt("timeout")


def refused(values: Payload, carry_out: Callable[[], object]) -> object:
    raise Rejected("Account 200000 is not valid for business unit US002.", code="7030,12")


def passes(values: Payload, carry_out: Callable[[], object]) -> object:
    return carry_out()
