"""A tenant with two plants and four partners, a mailbox in memory, and bodies as the mappings make them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.mailbox.protocol import FileExists, NoSuchFolder, RemoteFile
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound.invoices import Invoices
from ml_connector.cleo.outbound.orders import PurchaseOrders
from ml_connector.cleo.outbound.target import OutboundTarget
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.outbound import Exchange
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from ml_connector.x12.model import Interchange
from ml_connector.x12.reader import read
from tests.contract.flow import UNIT, Bodies, flow

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TENANT = TenantConfig.model_validate(
    {
        "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
        "connections": {"cleo": "c"}, "business_units": ["US001", "US002"], "setids": ["SHARE"],
    }
)  # fmt: skip
OPTIONS: dict[str, Any] = {
    "identities": {
        "US001": {"qualifier": "ZZ", "id": "PSFTUS001"},
        "US002": {"qualifier": "ZZ", "id": "PSFTUS002"},
    },
    "settle_seconds": 60,
}
TERMS = {"N30": {"net_days": 30}, "D210": {"percent": "2", "discount_days": 10, "net_days": 30}}
ORDER = {"purchase_order": {"terms": TERMS}, "invoice": {"terms": TERMS}}
PARTNERS: dict[str, dict[str, Any]] = {
    "acme": {
        "vendors": ["SHARE|0000000002"], "identities": [{"qualifier": "01", "id": "123456789"}],
        "versions": [{"version": "004010"}], "documents": ORDER, "charset": "extended",
    },
    "globex": {
        "vendors": ["SHARE|0000000003"], "identities": [{"qualifier": "ZZ", "id": "GLOBEX"}],
        "versions": [{"version": "005010"}], "documents": ORDER, "charset": "extended",
        "delimiters": {"element": "|", "component": ":", "segment": "'", "repetition": "^"},
    },
    "initech": {
        "vendors": ["SHARE|0000000004"], "identities": [{"qualifier": "12", "id": "5551234567"}],
        "versions": [{"version": "004010"}], "line_end": "CRLF", "delimiters": {"element": "|"},
        "documents": {"purchase_order": {"terms": TERMS}, "invoice": {"as": "json", "folder": "upload/json"}},
        "acknowledgment": {"expected": False},
    },
    "northwind": {
        "vendors": ["SHARE|0000000005"], "documents": ORDER, "charset": "extended",
        "identities": [
            {"qualifier": "01", "id": "222222222", "business_units": ["US001"]},
            {"qualifier": "01", "id": "222222223", "business_units": ["US002"]},
        ],
        "versions": [{"version": "004010"}, {"version": "005010", "from": "2026-12-01"}],
    },
}  # fmt: skip


def profile(name: str, **changed: Any) -> Profile:
    """A partner's file with other values in it."""
    values = {"partner": name, "name": name.capitalize(), **PARTNERS.get(name, PARTNERS["acme"])}
    return Profile.model_validate(values | changed)


def order(partner: str = "acme", number: int = 7, unit: str = "US001", **changed: Any) -> Payload:
    """The body of an order of two lines."""
    lines = [order_line("1", "10001", "10", "2.50"), order_line("2", "10002", "5", "12.34")]
    return {
        "number": f"{unit}-{number:010d}", "partner": partner, "business_unit": unit, "date": "2026-11-02",
        "currency": "USD", "vendor": "0000000002", "type": "GEN", "terms": "N30", "buyer": "VP1",
        "lines": lines,
    } | changed  # fmt: skip


def order_line(line: str, item: str, quantity: str, price: str, **changed: Any) -> Payload:
    amount = (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"))
    schedule = {
        "schedule": "1", "quantity": Decimal(quantity), "price": Decimal(price), "amount": amount,
        "due_date": "2026-12-15", "ship_to": "US001",
    }  # fmt: skip
    return {
        "line": line, "item": item, "description": f"Item {item}", "unit": "EA",
        "quantity": Decimal(quantity),
        "amount": amount, "schedules": [schedule],
    } | changed  # fmt: skip


def invoice(partner: str = "acme", number: str = "INV1", unit: str = "US001", **changed: Any) -> Payload:
    """The body of an invoice over 100.25 with tax and freight."""
    lines = [
        {
            "line": "1", "description": "Paper", "unit": "EA", "quantity": Decimal(4),
            "price": Decimal("20.00"),
            "amount": Decimal("80.00"), "purchase_order": "US001-0000000007", "purchase_order_line": "1",
        },
        {"line": "2", "description": "Service", "amount": Decimal("10.25")},
    ]  # fmt: skip
    return {
        "number": number, "partner": partner, "business_unit": unit, "date": "2026-11-02", "currency": "USD",
        "vendor": "0000000002", "purchase_order": "US001-0000000007", "terms": "D210",
        "total": Decimal("100.25"),
        "tax": Decimal("6.00"), "freight": Decimal("4.00"), "lines": lines,
    } | changed  # fmt: skip


@dataclass
class Box:
    """A mailbox in memory.

    Attributes:
        failures: raised by the next uploads, one each; None lets one through.
        stored: whether an upload that fails is carried out all the same.
    """

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    failures: deque[Exception | None] = field(default_factory=deque)
    stored: bool = False
    lists: int = 0
    missing: tuple[str, ...] = ()

    async def folders(self) -> list[str]:
        return ["upload", "download"]

    async def list(self, folder: str) -> list[RemoteFile]:
        self.lists += 1
        if folder in self.missing:
            raise NoSuchFolder(f"there is no folder {folder}")
        here = sorted((name, content) for (where, name), content in self.files.items() if where == folder)
        return [RemoteFile(folder, name, len(content), None, name) for name, content in here]

    async def upload(self, folder: str, name: str, content: bytes) -> None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not self.stored:
            raise failure
        if (folder, name) in self.files:
            raise FileExists(folder, name, len(self.files[folder, name]))
        self.uploads.append(name)
        self.files[folder, name] = content
        if failure is not None:
            raise failure

    async def download(self, file: RemoteFile) -> bytes:
        return self.files[file.folder, file.name]

    async def remove(self, file: RemoteFile) -> None:
        self.files.pop((file.folder, file.name), None)

    def pick_up(self) -> Sequence[bytes]:
        """Cleo takes all files away."""
        taken = [self.files[key] for key in sorted(self.files)]
        self.files.clear()
        return taken


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **more: float) -> None:
        self.now += timedelta(**more)


class Site:
    """A target with its ledger, driven by the core's own stages."""

    target_class: type[OutboundTarget] = PurchaseOrders
    states = ("dispatched", "canceled")

    def __init__(self, store: Store, *partners: Profile, **options: Any) -> None:
        self.store, self.clock = store, Clock()
        store.now = self.clock
        self.box = Box()
        self.options = CleoOptions.model_validate(OPTIONS | options)
        self.directory = Directory(partners or [profile(name) for name in PARTNERS])
        self.bodies = Bodies(self.states)
        self.cleo: Cleo | None = None

    @property
    def target(self) -> OutboundTarget:
        cleo = self.cleo or Cleo(self.box, None)
        return self.target_class(TENANT, self.store, self.options, self.directory, cleo)

    @property
    def context(self) -> FlowContext:
        return flow(self.target_class.flow, self.bodies, self.target, self.store)

    def put(self, key: str, body: Payload, *, state: str | None = None, absent: bool = False) -> None:
        self.bodies.put(key, body, absent=absent)
        if state is not None:
            self.bodies.documents[f"{UNIT}|{key}"]["state"] = state

    async def run(self) -> dict[str, Any]:
        """Extract, transform and load."""
        ctx = self.context
        await extract(ctx)
        transform(ctx)
        return await load(ctx)

    def row(self, key: str) -> Any:
        with self.store.read() as connection:
            return connection.execute(select(document).where(document.c.key == f"{UNIT}|{key}")).one()

    def sent(self, key: str) -> list[Exchange]:
        with self.store.read() as connection:
            return outbound.history(connection, self.store, self.row(key).id)

    def interchange(self, exchange: Exchange) -> Interchange:
        return parsed(outbound.content(self.store, exchange.interchange_id))

    def segments(self, key: str, name: str, at: int = -1) -> list[tuple[str, ...]]:
        """Segments of one name in what was sent for a document."""
        (group,) = self.interchange(self.sent(key)[at]).groups
        return [one for one in group.sets[0].segments if one[0] == name]


class InvoiceSite(Site):
    target_class = Invoices
    states = ("sent", "void")


def parsed(content: bytes) -> Interchange:
    """The only interchange of a file."""
    reading = read(content)
    assert not reading.faults
    (found,) = reading.interchanges
    return found
