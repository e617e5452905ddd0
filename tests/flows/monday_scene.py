"""One PeopleSoft, a board of invoices and a ledger on disk, for tests of what may go wrong between them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from launcher.connections import sandbox_connections
from ml_connector.core import codec
from ml_connector.core.audit.verify import verify
from ml_connector.core.config import TenantConfig, load_tenants
from ml_connector.core.ledger.staging import load_payloads
from ml_connector.core.stages import compare_target
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.schema import audit_event, document
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.dag_file import ROOT, DagRunner
from tests.flows.monday import MondayWorld
from tests.flows.monday_worker import Order, worker
from tests.flows.processes import Worker
from tests.flows.sandbox_time import SandboxTime, wait_by

LEASE, A_MINUTE = 60.0, 61.0
SENDING = ("extract", "transform", "load")
INVOICES, PAYMENTS, SUPPLIERS = "invoices", "payment_status", "suppliers"
SMALL = Size(vouchers=10, suppliers=3)
DONE = {"loaded", "excluded"}
ALONE = {"suppliers": None, "gl_accounts": None, "purchase_orders": None}
BOARD, SUBITEMS = {"into": "board", "board": "Invoice lines"}, {"into": "subitems"}
DIRECT: dict[str, Any] = {"batch": 4, "bulk": {"from_items": 0}}
BULK: dict[str, Any] = {"batch": 4, "bulk": {"from_items": 2, "wait_seconds": 0}}


@dataclass
class Scene:
    """A world on disk, and the processes that work in it."""

    world: MondayWorld
    order: Order
    time: SandboxTime

    def advance(self, seconds: float) -> None:
        """Move the clock of all processes."""
        self.world.sandbox.clock.advance(seconds)
        self.time.moved(self.world.sandbox.clock.offset)

    async def sleep(self, seconds: float) -> None:
        """Wait by that clock."""
        await asyncio.sleep(min(seconds, 0.01))
        self.advance(seconds)

    def worker(self, flow: str, **more: Any) -> AbstractAsyncContextManager[Worker]:
        """A process that runs a flow."""
        return worker(replace(self.order, tenant=self.world.runner.tenant, flow=flow, **more))

    async def killed(self, flow: str, point: str, **more: Any) -> None:
        """A process that kills itself at a point."""
        async with self.worker(flow, point=point, **more) as one:
            assert await one.says("reached") == f"reached {point}"
            assert await one.ends() == -signal.SIGKILL

    async def run(self, flow: str, **more: Any) -> None:
        """Another worker, in this process."""
        await self.world.run(flow, tolerant=True, **more)

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Time flies, for whoever waits in this process."""

        async def fly() -> None:
            while True:
                await asyncio.sleep(0.01)
                self.advance(5.0)

        flight = asyncio.create_task(fly())
        try:
            yield
        finally:
            flight.cancel()
            await asyncio.gather(flight, return_exceptions=True)

    async def let_pass(self, seconds: float) -> None:
        """Move the clock in small steps: what is due within that time happens when it is due."""
        end = self.world.sandbox.clock.seconds() + seconds
        while (left := end - self.world.sandbox.clock.seconds()) > 0:
            self.advance(min(left, 5.0))
            await asyncio.sleep(0.002)

    async def accepted(self) -> None:
        """An import of all invoices that has ended, and that nobody has asked for since."""
        self.world.switch(ingest_seconds=30.0)
        await self.run(INVOICES)
        assert set(self.world.statuses(INVOICES).values()) == {"accepted"}
        self.advance(A_MINUTE)

    async def recover(self, *flows: str) -> None:
        """Run at once, while the dead process's lease still holds, and then as time goes by."""
        self.world.runner.errors.clear()
        for seconds in (0.0, *[A_MINUTE] * 6, 600.0, A_MINUTE, 400.0, *[A_MINUTE] * 3):
            await self.let_pass(seconds)
            for flow in flows:
                await self.run(flow, stages=SENDING)
                if set(self.world.statuses(flow).values()) & {"accepted", *DONE}:
                    async with self.passing():
                        await self.run(flow, stages=("reconcile",))
            if all(set(self.world.statuses(flow).values()) <= DONE for flow in flows):
                break
        assert not self.world.runner.errors, self.world.runner.errors

    # ---- what must be true whatever happened

    async def check(self, *flows: str) -> None:
        """Each document stands once with each of its lines, and nothing is left to do."""
        for flow in flows:
            assert set(self.world.statuses(flow).values()) <= DONE, self.open()
        duplicates = self.world.sandbox.monday.duplicates()
        assert duplicates == [], duplicates
        if INVOICES in flows:
            self.check_items()
        before = self.world.writes()
        for flow in flows:
            await self.world.run(flow, full=True)  # reads all three sides, and fails where they differ
        assert self.world.writes() == before
        with self.world.runner.database.read() as connection:
            assert verify(connection).sound

    def check_items(self) -> None:
        """The items and lines of the boards are those of the documents, no more and no fewer."""
        wanted = self.bodies(INVOICES)
        shown = self.world.items("Invoices")
        items = {key: item for key, item in shown.items() if not item["values"]["ps_gone"]}
        assert set(items) == set(wanted)
        standing: dict[str, set[str]] = {key: set() for key in wanted}
        for key, item in items.items():
            assert item["name"] == wanted[key]["name"]
            assert item["values"]["ps_amount"] == str(wanted[key]["columns"]["amount"])
            below = [line for line in item["subitems"] if line["state"] == "active"]
            standing[key].update(line["values"]["ps_key"] for line in below)
        if not any(item["subitems"] for item in items.values()):
            for key, line in self.world.items("Invoice lines").items():
                voucher = key.rpartition("|")[0]
                assert line["values"]["ps_parent"] == shown[voucher]["name"]
                if voucher in wanted:
                    standing[voucher].add(key)
        lines = {key: {f"{key}|{line['key']}" for line in body["lines"]} for key, body in wanted.items()}
        wrong = {key: (standing[key], lines[key]) for key in lines if standing[key] != lines[key]}
        assert not wrong, wrong

    def vouchers(self) -> list[list[str]]:
        """Keys of all vouchers."""
        return [key.split("|") for key in self.world.statuses(INVOICES)]

    def voucher(self, key: Sequence[str]) -> dict[str, Any]:
        """A voucher as PeopleSoft has it."""
        row = self.world.sandbox.peoplesoft.voucher(*key)
        assert row is not None
        return deepcopy(row)

    def delete(self, count: int) -> dict[str, dict[str, Any]]:
        """Somebody deletes items of the board of invoices; what stood there before."""
        before = {"Invoices": self.world.items("Invoices")}
        for item in list(before["Invoices"].values())[:count]:
            self.world.monday("delete", item=item["id"])
        return before

    def change(self, *keys: Sequence[str], text: str = "changed") -> None:
        """Another description, another first line and one line more."""
        for key in keys or self.vouchers():
            row = self.voucher(key)
            first = row["lines"][0]
            first["DESCR"] = first["DESCR254_MIXED"] = text
            row["lines"].append(deepcopy(first) | {"VOUCHER_LINE_NUM": 90 + len(row["lines"])})
            self.edit(key, DESCR254_MIXED=text, lines=row["lines"])

    def edit(self, key: Sequence[str], **values: Any) -> None:
        """Change a voucher in PeopleSoft."""
        self.world.peoplesoft("upsert", record="voucher", key=key, values=values)

    def cancel(self, *keys: Sequence[str]) -> None:
        """Cancel vouchers in PeopleSoft."""
        for key in keys or self.vouchers():
            self.edit(key, ENTRY_STATUS="X")

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Events of the trail."""
        with self.world.runner.database.read() as connection:
            rows = connection.execute(select(audit_event).where(audit_event.c.kind == kind)).all()
        return [codec.decode(row.data) for row in rows]

    def written(self) -> dict[int, float]:
        """When each item of an invoice was written last."""
        boards = self.world.sandbox.monday.store.boards.values()
        (board,) = (one for one in boards if one.name == "Invoices")
        return {item.id: item.updated for item in board.listed()}

    def open(self) -> dict[str, tuple[str, str]]:
        """Documents that are not done, with their reasons."""
        with self.world.runner.database.read() as connection:
            rows = connection.execute(select(document)).all()
        return {row.key: (row.status, row.reason) for row in rows if row.status not in DONE}

    def state(self) -> list[tuple[Any, ...]]:
        """What a late settlement could change."""
        with self.world.runner.database.read() as connection:
            rows = connection.execute(select(document)).all()
        return [(row.flow, row.key, row.status, row.target_id, row.loaded_hash) for row in rows]

    def bodies(self, flow: str) -> dict[str, Any]:
        """What was loaded, by key."""
        store = self.world.runner.store()
        with store.write() as tx:
            rows = tx.connection.execute(
                select(document).where(document.c.flow == f"monday.{flow}", document.c.target_id.is_not(None))
            ).all()
            found = load_payloads(tx, [(row.id, row.loaded_hash) for row in rows])
        store.close()
        return {row.key: found[row.id, row.loaded_hash]["body"] for row in rows if not row.loaded_absent}


@asynccontextmanager
async def opened(
    folder: Path, url: str, patch: pytest.MonkeyPatch, *, size: Size = SMALL,
    lines: dict[str, Any] | None = None, suppliers: dict[str, Any] | None = None, **options: Any,
) -> AsyncIterator[Scene]:  # fmt: skip
    """Ten vouchers with their lines wait; the boards of invoices are there, and empty."""
    patch.setattr(compare_target, "LOOK_AGAIN", 0.01)
    database, key = Database(url), Fernet.generate_key().decode()
    migrate(database)
    async with Sandbox(size, scenario="plain") as sandbox:
        connections = sandbox_connections(sandbox.addresses)
        for name, value in connections.items():
            patch.setenv(name, value)
        runner = DagRunner(
            "monday", demo(), database, Cipher([key]), sandbox.clock.now,
            lease=timedelta(seconds=LEASE), patience=timedelta(0),
        )  # fmt: skip
        world = MondayWorld(sandbox, runner)
        world.switch(plan="pro", minute_complexity=10**9)
        world.options(boards={**ALONE, "suppliers": suppliers, "invoices": {"lines": None}})
        world.options(boards={"invoices": {"lines": lines or BOARD}}, **(options or DIRECT))
        await world.provision()
        order = Order(connections, runner.tenant, url, key, INVOICES, lease=LEASE)
        file = folder / "clock"
        scene = Scene(
            world,
            replace(order, control_url=sandbox.control_url, clock=str(file)),
            SandboxTime(sandbox.control_url, file),
        )
        wait_by(scene.sleep, patch.setattr)
        yield scene
    database.close()


def demo() -> TenantConfig:
    """The demo's tenant."""
    (file,) = (one for one in load_tenants(ROOT / "include" / "tenants") if one.name == "demo")
    assert file.tenant is not None
    return file.tenant
