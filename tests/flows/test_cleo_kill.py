"""Real processes, killed and suspended at every point between an order and its settlement, and on the way in.

Each test fails when its point was not reached. Afterwards every partner has each order once, with the
bytes and numbers that are stored, each invoice is one voucher, and each group was acknowledged once.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from sqlalchemy import select

from launcher.connections import sandbox_connections
from ml_connector.core import codec
from ml_connector.core.audit.verify import verify
from ml_connector.core.config.loading import load_tenant
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.exchange_schema import control_number, interchange, transaction_set
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.schema import audit_event, document
from sandbox.cleo.partners.records import Received
from sandbox.control import peoplesoft
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.cleo_worker import Order, worker
from tests.flows.dag_file import ROOT, DagRunner
from tests.flows.processes import Worker

LEASE, SETTLE = 60.0, 0.5
SENDING = ("extract", "transform", "load")
ORDERS, INVOICES = "purchase_orders", "supplier_invoices"
UPLOAD = "POST /folders/{id}/contents"
UNDER_WAY = ("new", "ready", "claimed", "failed")


@dataclass
class Scene:
    """A sandbox, a state database on disk, and the processes that work in it."""

    sandbox: Sandbox
    runner: DagRunner
    order: Order

    def worker(self, flow: str, **more: Any) -> AbstractAsyncContextManager[Worker]:
        """A process that runs a flow."""
        return worker(replace(self.order, flow=flow, events=flow == INVOICES, **more))

    async def killed(self, flow: str, point: str, **more: Any) -> None:
        """A process that kills itself at a point."""
        async with self.worker(flow, point=point, **more) as one:
            assert await one.says("reached") == f"reached {point}"
            assert await one.ends() == -signal.SIGKILL

    async def killed_in_an_upload(self, flow: str, *, skip: int) -> None:
        """A process that is killed while Cleo has stored a file and holds its answer back."""
        self.sandbox.faults.add(system="cleo", kind="hold", operation=UPLOAD, skip=skip)
        async with self.worker(flow) as one:
            async with asyncio.timeout(60):
                await self.sandbox.faults.held.reach(1)
            one.process.kill()
            assert await one.ends() == -signal.SIGKILL
        self.sandbox.faults.release()

    async def run(self, flow: str, *, tolerant: bool = False) -> None:
        """Another worker, in this process."""
        await self.runner.run(flow, events=flow == INVOICES, stages=SENDING, tolerant=tolerant)

    async def recover(self, flow: str) -> None:
        """Run at once, while the dead process's lease still holds, and again when it has ended."""
        self.runner.patience = timedelta(0)
        await self.run(flow, tolerant=True)
        self.sandbox.clock.advance(LEASE + SETTLE + 1)
        self.runner.patience = timedelta(seconds=20)
        await self.run(flow)
        before = self.uploads()
        await self.run(flow)
        assert self.uploads() == before

    def uploads(self) -> int:
        """Calls that put a file somewhere."""
        return self.sandbox.calls.count(f"cleo {UPLOAD}")

    # ---- what must be true whatever happened

    def check(self, flow: str) -> None:
        """Both sides agree, nothing is under way, and the trail explains every number."""
        self.sandbox.cleo.settle()
        rows = self.rows(document)
        assert not [row.key for row in rows if row.status in UNDER_WAY]
        assert not self.sandbox.cleo.router.duplicates
        received = self.sandbox.cleo.partners.received
        assert not [row for row in received if row.status not in ("accepted", "accepted_with_errors")]
        self.check_orders([row for row in received if row.kind == "850"])
        self.check_numbers()
        if flow == INVOICES:
            self.check_invoices()
        with self.runner.database.read() as connection:
            assert verify(connection).sound

    def check_orders(self, received: list[Received]) -> None:
        """Each order is one interchange at its partner: the bytes that are stored."""
        sent = [row for row in self.rows(document) if row.flow == "cleo.purchase_orders" and row.target_id]
        assert {row.status for row in sent} <= {"accepted", "loaded"}
        assert Counter(f"{row.partner.lower()}:{row.key}" for row in received) == {
            row.target_id: 1 for row in sent
        }
        stored = {row.file_name: row for row in self.rows(interchange) if row.direction == "out"}
        for row in received:
            kept = stored[row.file]
            content = outbound.content(self.runner.store(), kept.id)
            assert content.decode("latin-1").rstrip() == row.content.rstrip()
            assert (int(row.interchange), codec.digest_of(content)) == (kept.number, kept.content_hash)

    def check_numbers(self) -> None:
        """No number twice, and each that was given out stands in the trail with what it was used for."""
        built = [codec.decode(row.data) for row in self.rows(audit_event) if row.kind == "interchange built"]
        gone = [row for row in self.rows(interchange) if row.direction == "out"]
        sets = [row for row in self.rows(transaction_set) if row.direction == "out"]
        numbers = [(row.sender, row.receiver, "ISA", row.number) for row in gone]
        groups = {
            (row.interchange_id, row.sender, row.receiver, row.group_code, row.group_number) for row in sets
        }
        numbers += [(sender, receiver, code, number) for _, sender, receiver, code, number in groups if code]
        told = {(one["sender"], one["receiver"], "ISA", one["interchange"]) for one in built}
        told |= {(one["sender"], one["receiver"], one["group_code"], one["group"]) for one in built}
        x12 = [one for one in numbers if one[3] is not None]
        assert len(x12) == len(set(x12))
        told |= self.left_out()
        given = [row for row in self.rows(control_number) if row.kind in ("ISA", "PO", "FA")]
        assert given
        for row in given:
            for number in range(1, row.last + 1):
                assert (row.sender, row.receiver, row.kind, number) in told

    def left_out(self) -> set[tuple[str, str, str, int]]:
        """Numbers that the trail says are used by nobody, and why."""
        events = [
            codec.decode(row.data) for row in self.rows(audit_event) if row.kind == "control numbers advanced"
        ]
        return {
            (one["sender"], one["receiver"], one["kind"], number)
            for one in events
            if one["reason"]
            for number in range((one["last"] or 0) + 1, one["goes_on_after"] + 1)
        }

    def check_invoices(self) -> None:
        """Each invoice is one voucher, and each group that came was acknowledged once."""
        partners = self.sandbox.cleo.partners
        answers = [one for one in partners.sent if set(one.kinds) & {"810", "855"}]
        assert answers
        assert [one.file for one in answers if one.acknowledged != ["A"]] == []
        made = Counter(row["INVOICE_ID"] for row in self.vouchers())
        assert made == {one.invoice: 1 for one in partners.sent if one.invoice}
        assert not self.left()

    def vouchers(self) -> list[dict[str, Any]]:
        """Vouchers of suppliers' invoices."""
        tables = self.sandbox.peoplesoft.vouchers.values()
        rows = [table.get(f"{number:08d}") for table in tables for number in range(1, len(table) + 1)]
        return [row for row in rows if row is not None and row["ORIGIN"] == "EDI"]

    def state(self) -> list[tuple[Any, ...]]:
        """What a late settlement could change."""
        return [
            (row.flow, row.key, row.status, row.target_id, row.loaded_hash) for row in self.rows(document)
        ]

    def left(self) -> list[str]:
        """Files for us that still lie there."""
        return [
            file.name for file in self.sandbox.cleo.files.files.values() if file.folder.usage == "download"
        ]

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table of the state database."""
        with self.runner.database.read() as connection:
            return list(connection.execute(select(table)))


def tenant_file(folder: Path, *, at_once: int = 2) -> Path:
    """The demo's tenant, without waiting for its pace; so many uploads at once."""
    values = yaml.safe_load((ROOT / "include/tenants/demo.yaml").read_text())
    options = values["integrations"]["cleo"]["options"]
    options["pace"] = {"concurrent": 20, "per_task": at_once, "per_second": 500}
    options |= {"settle_seconds": SETTLE, "vouchers": {"settle_seconds": SETTLE}}
    options["partners_folder"] = str(ROOT / "include/tenants/demo/partners")
    path = folder / str(at_once) / "demo.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(values))
    return path


@asynccontextmanager
async def opened(folder: Path, url: str, patch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Seven orders wait for three partners, whose profiles Cleo has."""
    database, key = Database(url), Fernet.generate_key().decode()
    migrate(database)
    path = tenant_file(folder)
    async with Sandbox(Size(vouchers=20, suppliers=5), scenario="plain") as sandbox:
        connections = sandbox_connections(sandbox.addresses)
        for name, value in connections.items():
            patch.setenv(name, value)
        runner = DagRunner("cleo", load_tenant(path), database, Cipher([key]), clock=sandbox.clock.now)
        await runner.run("partners", stages=SENDING)
        yield Scene(sandbox, runner, Order(connections, str(path), url, key, ORDERS, lease=LEASE))
    database.close()


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with opened(tmp_path, f"sqlite:///{tmp_path / 'state.db'}", monkeypatch) as made:
        yield made


# ---- the way out

OUT = [
    ("the claim is committed", 0),
    ("a number is allocated", 0),
    ("a number is allocated", 5),
    ("the bytes are kept, not committed", 1),
    ("the bytes are committed", 1),
    ("the upload is announced", 1),
    ("the upload is about to leave", 2),
    ("the upload is answered", 2),
    ("the upload is noted, not committed", 2),
    ("the upload is noted", 2),
    ("the settlement begins", 0),
    ("the settlement is written, not committed", 0),
    ("the settlement is committed", 0),
]


@pytest.mark.parametrize(("point", "passes"), OUT)
async def test_killed_while_it_sends_orders(scene: Scene, point: str, passes: int) -> None:
    await scene.killed(ORDERS, point, passes=passes, small=2)
    await scene.recover(ORDERS)
    scene.check(ORDERS)


@pytest.mark.parametrize("taken", [False, True], ids=["lies there", "picked up"])
async def test_killed_while_cleo_answers_an_upload(scene: Scene, taken: bool) -> None:
    await scene.killed_in_an_upload(ORDERS, skip=2)
    if taken:
        scene.sandbox.cleo.settle(within=0)
    await scene.recover(ORDERS)
    scene.check(ORDERS)


async def test_two_processes_send_the_same_orders(scene: Scene) -> None:
    await at_once(scene)


@pytest.mark.postgres
async def test_two_processes_send_the_same_orders_with_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    async with opened(tmp_path, postgres_url, monkeypatch) as scene:
        await at_once(scene)


async def at_once(scene: Scene) -> None:
    """Orders are read by one, and sent by two together."""
    await scene.runner.run(ORDERS, stages=("extract", "transform"))
    scene.sandbox.faults.add(system="cleo", kind="hold", operation=UPLOAD, count=None)
    load = {"stages": ("load",), "small": 1}
    async with scene.worker(ORDERS, **load) as one, scene.worker(ORDERS, **load) as other:
        await asyncio.gather(one.says("claimed"), other.says("claimed"))
        async with asyncio.timeout(60):
            await scene.sandbox.faults.held.reach(2)
        scene.sandbox.faults.clear()
        scene.sandbox.faults.release()
        assert (await one.ends(), await other.ends()) == (0, 0), (one.said, other.said)
    scene.check(ORDERS)


# ---- the way in


@pytest.fixture
async def invoiced(scene: Scene) -> Scene:
    """Orders were sent and received; acknowledgments, responses and invoices lie in Cleo."""
    await scene.run(ORDERS)
    for order in list(scene.sandbox.peoplesoft.orders):
        for line in order["lines"]:
            body = {"key": [order["BUSINESS_UNIT"], order["PO_ID"]], "line": line["LINE_NBR"]}
            if not line["schedules"][0]["receipts"]:
                peoplesoft.receive_order(scene.sandbox.peoplesoft, body)
    scene.sandbox.cleo.settle()
    assert len(scene.left()) > 15
    return scene


IN = [
    ("a file is downloaded", 1),
    ("a file is kept, not committed", 1),
    ("our answer is kept, not committed", 1),
    ("a file is kept", 7),
    ("a file is removed", 7),
    ("our answer is announced", 1),
    ("the upload is about to leave", 1),
    ("the upload is answered", 1),
    ("our answer is noted, not committed", 1),
    ("the claim is committed", 0),
    ("a voucher is about to leave", 2),
    ("a voucher is made", 2),
    ("the settlement begins", 0),
    ("the vouchers are settled, not committed", 0),
]


@pytest.mark.parametrize(("point", "passes"), IN)
async def test_killed_while_it_takes_invoices(invoiced: Scene, point: str, passes: int) -> None:
    await invoiced.killed(INVOICES, point, passes=passes)
    await invoiced.recover(INVOICES)
    invoiced.check(INVOICES)


@pytest.mark.parametrize("taken", [False, True], ids=["lies there", "picked up"])
async def test_killed_while_cleo_answers_the_upload_of_our_acknowledgment(
    invoiced: Scene, taken: bool
) -> None:
    await invoiced.killed_in_an_upload(INVOICES, skip=1)
    if taken:
        invoiced.sandbox.cleo.settle(within=0)
    await invoiced.recover(INVOICES)
    invoiced.check(INVOICES)


# ---- suspended, and awake again when everything is done


async def outlived(scene: Scene, flow: str, point: str, passes: int) -> None:
    """A process sleeps past its lease; another one does the work; then it wakes up."""
    # One request at a time: another one that is just leaving cannot be called back by anybody.
    alone = str(tenant_file(Path(scene.order.tenant).parents[1], at_once=1))
    async with scene.worker(
        flow, point=point, passes=passes, stop="STOP", lease=2.0, tenant=alone, small=20
    ) as owner:
        assert await owner.says("reached") == f"reached {point}"
        await owner.stands_still()
        await asyncio.sleep(2.1)  # its own clock has to pass its lease; the pace of calls is by all clocks
        await scene.run(flow)
        before, uploads = scene.state(), scene.uploads()
        os.kill(owner.process.pid or 0, signal.SIGCONT)
        status = await owner.ends()
    assert scene.state() == before, owner.said
    assert status in (0, 3), owner.said
    assert scene.uploads() == uploads
    scene.check(flow)


@pytest.mark.parametrize(
    ("point", "passes"),
    [
        ("the claim is committed", 0),
        ("the bytes are committed", 0),
        ("the upload is about to be prepared", 1),
        ("the upload is answered", 1),
        ("the settlement begins", 0),
    ],
)
async def test_suspended_while_it_sends_orders(scene: Scene, point: str, passes: int) -> None:
    await outlived(scene, ORDERS, point, passes)


@pytest.mark.parametrize(
    ("point", "passes"),
    [
        ("a file is downloaded", 1),
        ("a file is kept", 7),
        ("our answer is announced", 1),
        ("the upload is answered", 1),
        ("a voucher is about to be prepared", 1),
    ],
)
async def test_suspended_while_it_takes_invoices(invoiced: Scene, point: str, passes: int) -> None:
    await outlived(invoiced, INVOICES, point, passes)
