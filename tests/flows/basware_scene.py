"""A P2P whose clock all processes go by, for tests of what may go wrong between it and PeopleSoft.

Writes to one invoice are kept apart as in life, and the simulator refuses those that are not: whoever
waits moves the clock instead.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from launcher.connections import sandbox_connections
from ml_connector.core.audit.verify import verify
from ml_connector.core.stages import compare_target
from ml_connector.core.state.schema import document
from sandbox.data import Size
from tests.flows.basware import UNDER_WAY, BaswareWorld, basware_world
from tests.flows.basware_worker import Order, wait_by, worker
from tests.flows.processes import Worker
from tests.flows.sandbox_time import SandboxTime

LEASE, SETTLE = 60.0, 2.0
GAP, TRANSIT = 5.0, 1.0
"""Writes are so far apart; of one whose answer nobody waited for, nobody knows how long it was under way."""
SMALL = Size(vouchers=6, suppliers=3)
BACK = ("invoices", "transfers")


@dataclass
class Scene:
    """A world on disk, and the processes that work in it."""

    world: BaswareWorld
    order: Order
    time: SandboxTime

    def advance(self, seconds: float) -> None:
        """Move the clock of all processes."""
        self.world.sandbox.clock.advance(seconds)
        self.time.moved(self.world.sandbox.clock.offset)

    async def sleep(self, seconds: float) -> None:
        """Wait by that clock: it is moved by what others did not move it meanwhile."""
        end = self.world.sandbox.clock.seconds() + seconds
        await asyncio.sleep(0.001)
        if (rest := end - self.world.sandbox.clock.seconds()) > 0:
            self.advance(rest)

    def worker(self, **more: Any) -> AbstractAsyncContextManager[Worker]:
        """A process that runs flows."""
        return worker(replace(self.order, tenant=self.world.runner.tenant, **more))

    async def killed(self, point: str, **more: Any) -> None:
        """A process that kills itself at a point."""
        async with self.worker(point=point, **more) as one:
            assert await one.says("reached") == f"reached {point}"
            assert await one.ends() == -signal.SIGKILL

    async def run(self, *flows: str, events: bool = True, **more: Any) -> None:
        """Another worker, in this process."""
        await self.world.runner.run(*flows, events=events, tolerant=True, **more)

    async def recover(self, *flows: str, events: bool = True) -> None:
        """Run at once, while the dead process's lease still holds, and then as time goes by."""
        flows = flows or self.order.flows
        self.world.runner.errors.clear()
        for seconds in (0.0, 20.0, LEASE, 20.0, 20.0, 120.0, 20.0, 400.0, 20.0):
            self.advance(seconds)
            await self.run(*flows, events=events)
            if not self.under_way(*flows):
                break
        assert not self.world.runner.errors, self.world.runner.errors

    def under_way(self, *flows: str) -> dict[str, tuple[str, str]]:
        """Documents that are on their way, with their reasons."""
        found = {f"{flow} {key}": row for flow in flows for key, row in self.world.rows(flow).items()}
        return {key: (row.status, row.reason) for key, row in found.items() if row.status in UNDER_WAY}

    def state(self) -> list[tuple[Any, ...]]:
        """What a late settlement could change."""
        with self.world.runner.database.read() as connection:
            rows = connection.execute(select(document)).all()
        return [(row.flow, row.key, row.status, row.target_id, row.loaded_hash) for row in rows]

    def writes(self) -> int:
        """Calls that change something."""
        counted = self.world.sandbox.calls.per_operation
        return sum(
            number
            for name, number in counted.items()
            if name.startswith(("basware POST /v1/accounting", "peoplesoft SOAP CI_AP_VOUCHER_C"))
        )

    async def check(self) -> None:
        """Each invoice was answered once, and a further run sends nothing."""
        self.check_answers()
        before = self.writes()
        await self.world.runner.run(*BACK, events=True)
        assert self.writes() == before
        with self.world.runner.database.read() as connection:
            assert verify(connection).sound

    def check_answers(self) -> None:
        """Nothing waits, and what was transferred was told with one voucher and one response."""
        assert not self.under_way(*BACK), self.under_way(*BACK)
        for short in self.world.p2p("documents"):
            whole = self.world.invoice(short["invoiceId"])
            assert whole["processingStatus"] in ("Transferred", "Paid", "TransferFailed"), whole
            answers = whole["transferResponses"]
            assert len(answers) == whole["generation"], answers
        self.world.in_step()


@asynccontextmanager
async def opened(
    folder: Path,
    patch: pytest.MonkeyPatch,
    *,
    invoices: int = 3,
    gap: float = GAP,
    transit: float = TRANSIT,
    settle: float = SETTLE,
    **options: Any,
) -> AsyncIterator[Scene]:
    """Some invoices wait for their transfer.

    Args:
        gap: seconds between two writes to one invoice.
        transit: of them, what the simulator forgives.
        settle: seconds after which nothing arrives any more.
    """
    patch.setattr(compare_target, "LOOK_AGAIN", 0.01)
    key, file = Fernet.generate_key().decode(), folder / "clock"
    timing: dict[str, Any] = {"lease": timedelta(seconds=LEASE), "patience": timedelta(0)}
    async with basware_world(folder, patch, size=SMALL, gap=gap, key=key, **timing) as world:
        world.options(
            settle_seconds=settle, concurrent_requests=20, imports={"poll_first_seconds": 5.0},
            vouchers={"settle_seconds": settle}, **options,
        )  # fmt: skip
        world.switch(write_gap_seconds=max(gap - transit, 0.0))
        time = SandboxTime(world.sandbox.control_url, file)
        connections = sandbox_connections(world.sandbox.addresses)
        order = Order(
            connections, world.runner.tenant, f"sqlite:///{folder / 'state.db'}", key, BACK, lease=LEASE,
            control_url=world.sandbox.control_url, clock=str(file),
        )  # fmt: skip
        scene = Scene(world, order, time)
        wait_by(scene.sleep, patch.setattr)
        for number in range(invoices):
            world.approve(f"BW-{number + 1}")
        yield scene
