"""Many orders in one run cost no more memory than few, and each is uploaded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from benchmarks.partners import FAST, plant, write_tenant
from launcher.connections import sandbox_connections
from ml_connector.core.config.loading import load_tenant
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.exchange_schema import interchange
from ml_connector.core.state.migrate import migrate
from sandbox.control import cleo, peoplesoft
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.cleo_worker import Order, worker
from tests.flows.dag_file import DagRunner

PARTNERS, FEW, MANY = 20, 40, 280
BLOCK = 20
"""Orders that are claimed, written and settled together: far fewer than either run has."""

ALLOWED_MIB = 16
"""What the larger run may need more. SQLite's caches fill with the file; an order that was kept in
memory, with its lines, its bytes and its segments, would cost 100 KiB."""


class Inside:
    """The control endpoint of a sandbox in this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._states: dict[str, tuple[Any, Any]] = {
            "cleo": (cleo.OPERATIONS, sandbox.cleo),
            "peoplesoft": (peoplesoft.OPERATIONS, sandbox.peoplesoft),
        }

    def post(self, path: str, **body: Any) -> Any:
        """Have something done."""
        _, system, operation = path.split("/")
        operations, state = self._states[system]
        return operations[operation](state, body)


async def sent(folder: Path, orders: int, patch: pytest.MonkeyPatch) -> int:
    """One run over so many orders, in a process of its own; returns its peak memory in MiB."""
    path, key = write_tenant(folder, PARTNERS, FAST), Fernet.generate_key().decode()
    url = f"sqlite:///{folder / 'state.db'}"
    database = Database(url)
    migrate(database)
    async with Sandbox(Size(vouchers=2, suppliers=PARTNERS + 1), scenario="plain") as sandbox:
        plant(Inside(sandbox), PARTNERS, orders)
        connections = sandbox_connections(sandbox.addresses)
        for name, value in connections.items():
            patch.setenv(name, value)
        runner = DagRunner("cleo", load_tenant(path), database, Cipher([key]), clock=sandbox.clock.now)
        await runner.run("partners", stages=("extract", "transform", "load"))
        before = uploads(sandbox)
        async with worker(Order(connections, str(path), url, key, "purchase_orders", small=BLOCK)) as one:
            assert await one.ends() == 0, one.said
        sandbox.cleo.settle()
        received = {(row.partner, row.key) for row in sandbox.cleo.partners.received if row.kind == "850"}
        with database.read() as connection:
            statement = select(func.count()).where(interchange.c.file_name.like("850%"))
            kept = connection.scalar(statement)
        assert (len(received), kept, uploads(sandbox) - before) == (orders, orders, orders)
        assert sandbox.calls.max_in_flight["cleo"] <= FAST["per_task"]
    database.close()
    return int(one.said[-1].removeprefix("peak "))


def uploads(sandbox: Sandbox) -> int:
    """Calls that put a file somewhere."""
    return sandbox.calls.count("cleo POST /folders/{id}/contents")


async def test_memory_does_not_grow_with_the_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = await sent(tmp_path / "few", FEW, monkeypatch)
    many = await sent(tmp_path / "many", MANY, monkeypatch)
    assert many - few <= ALLOWED_MIB
