"""A mailbox in memory, a partner's X12 by hand, and a tenant between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, update

from ml_connector.cleo.api_monitoring import Transfer
from ml_connector.cleo.inbound.context import INVOICES, InboundContext
from ml_connector.cleo.inbound.intake import Intake
from ml_connector.cleo.inbound.outbox import Outbox
from ml_connector.cleo.inbound.transfers import TransferWatch
from ml_connector.cleo.mailbox.protocol import FileExists, FileGone, NoSuchFolder, RemoteFile
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Payload
from ml_connector.core.errors import InDoubt, NotActivated
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.outbound import Exchange, NewInterchange, NewSet
from ml_connector.core.ledger.scope import Status
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.schema import audit_event, document
from ml_connector.core.state.store import Store
from ml_connector.x12 import reader
from ml_connector.x12.model import Interchange

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
US001, ACME, GLOBEX = ("ZZ", "PSFTUS001"), ("01", "123456789"), ("ZZ", "GLOBEX")

Segments = Sequence[str]


# ---- X12 by hand


def isa(
    sender: tuple[str, str] = ACME,
    receiver: tuple[str, str] = US001,
    number: int = 201,
    *,
    usage: str = "T",
    wants_ta1: bool = False,
    version: str = "00401",
) -> str:
    sides = f"{sender[0]}*{sender[1]:<15}*{receiver[0]}*{receiver[1]:<15}"
    repetition = "^" if version >= "00402" else "U"
    ask = int(wants_ta1)
    return (
        f"ISA*00*{'':10}*00*{'':10}*{sides}*261120*0915*{repetition}*{version}*{number:09d}*{ask}*{usage}*>"
    )


def group(
    code: str, number: int, *sets: Segments, sender: str = "123456789", receiver: str = "PSFTUS001"
) -> list[str]:
    """GS to GE; each set is given without ST and SE, its code first."""
    segments = [f"GS*{code}*{sender}*{receiver}*20261120*0915*{number}*X*004010"]
    for at, one in enumerate(sets, 1):
        segments += [f"ST*{one[0]}*{at:04d}", *one[1:], f"SE*{len(one) + 1}*{at:04d}"]
    return [*segments, f"GE*{len(sets)}*{number}"]


def file(*groups: Segments, number: int = 201, end: str = "~", **header: Any) -> bytes:
    """An interchange."""
    segments = [isa(number=number, **header), *(one for part in groups for one in part)]
    return (end.join([*segments, f"IEA*{len(groups)}*{number:09d}"]) + end).encode()


def invoice(
    number: str = "INV-1001",
    *,
    day: str = "20261102",
    order: str = "US001-0000000007",
    total: int = 125000,
    lines: Sequence[str] = ("IT1*1*100*EA*12.5*PE*BP*10004",),
    more: Sequence[str] = (),
    kind: str = "",
) -> list[str]:
    head = f"BIG*{day}*{number}*20261020*{order}" + (f"***{kind}" if kind else "")
    return ["810", head, "CUR*SE*USD", *lines, f"TDS*{total}", *more, f"CTT*{len(lines)}"]


def acknowledgment(code: str, number: int, *said: str, end: str) -> list[str]:
    return ["997", f"AK1*{code}*{number}", *said, end]


# ---- the mailbox


@dataclass
class FakeMailbox:
    """Folders of one login.

    Attributes:
        on_remove: what happens instead of a removal.
        lose_answer: uploads that are stored, but whose answer is lost.
        broken: what happens to downloads, by name of the file.
        stays: files that cannot be removed.
        closed: what happens to listings, by folder.
    """

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    on_remove: Callable[[], None] | None = None
    lose_answer: int = 0
    lose_upload: int = 0
    uploads: list[tuple[str, str, bytes]] = field(default_factory=list)
    sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    stays: set[str] = field(default_factory=set)
    closed: dict[str, Exception] = field(default_factory=dict)

    async def folders(self) -> list[str]:
        return sorted({folder for folder, _ in self.files})

    async def list(self, folder: str) -> list[RemoteFile]:
        if folder in self.closed:
            raise self.closed[folder]
        if folder in self.missing:
            raise NoSuchFolder(f"the mailbox shows no folder {folder}")
        return [
            RemoteFile(folder, name, self.sizes.get((of, name), len(data)), NOW, name)
            for (of, name), data in sorted(self.files.items())
            if of == folder
        ]

    async def upload(self, folder: str, name: str, content: bytes) -> None:
        self.uploads.append((folder, name, content))
        if self.lose_upload:
            self.lose_upload -= 1
            raise InDoubt("no answer")
        there = self.files.get((folder, name))
        if there is not None:
            raise FileExists(folder, name, len(there))
        self.files[folder, name] = content
        if self.lose_answer:
            self.lose_answer -= 1
            raise InDoubt("no answer")

    async def download(self, file: RemoteFile) -> bytes:
        if file.name in self.broken:
            raise self.broken[file.name]
        try:
            return self.files[file.folder, file.name]
        except KeyError:
            raise FileGone("it was taken") from None

    async def remove(self, file: RemoteFile) -> None:
        if self.on_remove is not None:
            self.on_remove()
        if file.name in self.stays:
            raise NotActivated(f"removing {file.name}: permission denied", operation="delete")
        self.files.pop((file.folder, file.name), None)


class FakeTransfers:
    """What Cleo shows of its transfers; None: nothing."""

    def __init__(self) -> None:
        self.shown: list[Transfer] | None = None
        self.trouble: str | None = None
        self.error: Exception | None = None

    async def transfers(self, since: datetime | None = None) -> list[Transfer] | None:
        if self.error is not None:
            raise self.error
        return self.shown

    async def transfers_of(self, file_name: str) -> list[Transfer] | None:
        return self.shown and [one for one in self.shown if one.file_name == file_name]


# ---- the tenant


def profile(name: str, identity: tuple[str, str], vendor: str, **changed: Any) -> Profile:
    values: dict[str, Any] = {
        "partner": name,
        "name": name.title(),
        "vendors": [vendor],
        "identities": [{"qualifier": identity[0], "id": identity[1]}],
        "versions": [{"version": "004010"}],
        "documents": {"purchase_order": {}, "supplier_invoice": {"units": {"CA": "CS"}}},
    }
    return Profile.model_validate(values | changed)


def tenant(**changed: Any) -> TenantConfig:
    values = {
        "tenant": "demo",
        "environment": "test",
        "time_zone": "America/New_York",
        "start": "2026-01-01",
        "connections": {"peoplesoft": "demo__peoplesoft", "cleo": "demo__cleo"},
        "business_units": ["US001", "US002"],
        "setids": ["SHARE"],
        "integrations": {"cleo": {}},
    }
    return TenantConfig.model_validate(values | changed)


@dataclass
class Office:
    """The inbound side of one tenant, with shortcuts to look behind it."""

    store: Store
    profiles: list[Profile] = field(default_factory=lambda: [profile("acme", ACME, "SHARE|0000000002")])
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    cleo: FakeTransfers = field(default_factory=FakeTransfers)
    config: TenantConfig = field(default_factory=tenant)
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.store.now = lambda: self.now

    @property
    def context(self) -> InboundContext:
        identities = {
            "US001": {"qualifier": "ZZ", "id": "PSFTUS001"},
            "US002": {"qualifier": "ZZ", "id": "PSFTUS002"},
        }
        options = CleoOptions.model_validate({"identities": identities} | self.options)
        return InboundContext(self.config, options, Directory(self.profiles), self.store)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def drop(self, content: bytes, name: str | None = None, folder: str = "download/other") -> None:
        self.mailbox.files[folder, name or f"in_{next(self._numbers)}.edi"] = content

    async def collect(self, *contents: bytes) -> list[str]:
        for content in contents:
            self.drop(content)
        return await Intake(self.mailbox, self.context).collect()

    async def send(self) -> list[str]:
        return await Outbox(self.mailbox, self.cleo, self.context).send()

    async def follow(self) -> list[str]:
        return await TransferWatch(self.mailbox, self.cleo, self.context).follow()

    # ---- what we sent

    def order(
        self,
        number: int = 57,
        *,
        order: str = "US001-0000000007",
        code: str = "PO",
        set_code: str = "850",
        sets: int = 1,
        lines: Sequence[str] = ("PO1*1*100*EA*12.5*PE*BP*10004", "PO1*2*25.5*LB*3.0075*PE*BP*10077"),
        uploaded: bool = True,
        hours: float | None = 24.0,
        flow: str = "cleo.purchase_orders",
    ) -> list[Exchange]:
        """Have sent a group with orders."""
        body = [set_code, f"BEG*00*SA*{order}**20261120", *lines, f"CTT*{len(lines)}"]
        content = file(
            group(code, number, *([body] * sets), sender="PSFTUS001", receiver="123456789"),
            number=number + 1000, sender=US001, receiver=ACME,
        )  # fmt: skip
        address = Address("demo", "test", "ZZ:PSFTUS001", "01:123456789")
        with self.store.write() as tx:
            made = []
            for at in range(1, sets + 1):
                key = order.replace("-", "|") + ("" if at == 1 else f"x{at}")
                made.append(
                    NewSet(
                        set_code, code, number, f"{at:04d}", flow=flow, key=key,
                        document_id=self.ledger_row(tx, flow, key), document_hash="h",
                        reference=order if at == 1 else f"{order}x{at}",
                    )
                )  # fmt: skip
            new = NewInterchange(
                address, "acme", f"850_{number}.edi", content, made, number + 1000, {"folder": "upload/850"}
            )
            kept = outbound.keep(tx, new)
            if uploaded:
                answer = None if hours is None else timedelta(hours=hours)
                outbound.uploaded(tx, kept[0].interchange_id, answer_within=answer)
        return kept

    def ledger_row(self, tx: Any, flow: str, key: str) -> int:
        there = select(document.c.id).where(document.c.flow == flow, document.c.key == key)
        known = tx.connection.scalar(there)
        if known is not None:
            return int(known)
        (number,) = tx.new_ids(document, 1)
        values = {
            "id": number, "tenant": "demo", "environment": "test", "flow": flow, "key": key, "unit": "US001",
            "status": Status.ACCEPTED, "since": self.now, "source_open": False, "selected": True,
            "unmapped": False, "staged_absent": False, "lookups": 0, "attempts": 0,
        }  # fmt: skip
        tx.connection.execute(insert(document).values(values))
        return int(number)

    def invoice_row(self, key: str, **values: Any) -> None:
        """A row of the ledger for an invoice that was taken over, or what became of it."""
        with self.store.write() as tx:
            found = tx.connection.scalar(select(document.c.id).where(document.c.key == key))
            if found is None:
                found = self.ledger_row(tx, INVOICES, key)
                tx.connection.execute(
                    update(document)
                    .where(document.c.id == found)
                    .values(status=Status.HELD, source_open=True)
                )
            if values:
                tx.connection.execute(update(document).where(document.c.id == found).values(values))

    # ---- what is kept

    def rows(self, direction: str = "in") -> list[Any]:
        with self.store.read() as connection:
            statement = select(interchange).where(interchange.c.direction == direction)
            return list(connection.execute(statement.order_by(interchange.c.id)).all())

    def sets(self, direction: str = "in") -> list[Any]:
        with self.store.read() as connection:
            statement = select(transaction_set).where(transaction_set.c.direction == direction)
            return list(connection.execute(statement.order_by(transaction_set.c.id)).all())

    def statuses(self, direction: str = "in") -> list[str]:
        return [row.status for row in self.sets(direction)]

    def data(self, row: Any) -> Payload:
        opened: Payload = self.store.open(row.data) or {}
        return opened

    def replies(self) -> list[Interchange]:
        """Our acknowledgments, read again."""
        found = [row for row in self.rows("out") if row.file_name.startswith(("997", "TA1"))]
        contents = [outbound.content(self.store, row.id) for row in found]
        return [one for content in contents for one in reader.read(content).interchanges]

    def said(self) -> list[str]:
        """What our acknowledgments say, segment by segment, without ST and SE."""
        lines = []
        for one in self.replies():
            lines += ["*".join(segment) for segment in one.acknowledgments]
            for part in one.groups:
                lines += ["*".join(segment) for found in part.sets for segment in found.segments[1:-1]]
        return lines

    def events(self, kind: str) -> list[Any]:
        with self.store.read() as connection:
            statement = select(audit_event).where(audit_event.c.kind == kind)
            return list(connection.execute(statement).all())


def money(text: str) -> Decimal:
    return Decimal(text)
