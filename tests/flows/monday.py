"""PeopleSoft, Monday.com and the ledger between them; what ought to stand on which board.

Everything runs as the shipped DAG file and the demo's tenant file say. The boards are those that the
command `provision` makes; what stands on them is read from the simulator itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from launcher.connections import sandbox_connections
from ml_connector.core.config import TenantConfig, load_tenants
from ml_connector.core.dag.configuration import check
from ml_connector.core.ledger import actions
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.schema import document
from sandbox.control import monday as control
from sandbox.control import peoplesoft
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.dag_file import ROOT, DagRunner
from tests.state import migrated

Row = dict[str, Any]
Make = Callable[..., AbstractAsyncContextManager["MondayWorld"]]
SMALL = Size(vouchers=30, suppliers=6)
ALL = ("suppliers", "gl_accounts", "invoices", "purchase_orders", "payment_status")
A_MINUTE = 61.0


@dataclass
class MondayWorld:
    """One PeopleSoft, one account at Monday.com, one ledger."""

    sandbox: Sandbox
    runner: DagRunner
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    # ---- the settings

    def options(self, **changed: Any) -> None:
        """Set options of the integration; a dictionary is merged, None takes a key away."""
        data = self.runner.tenant.model_dump(mode="json", by_alias=True, exclude_unset=True)
        _merge(data["integrations"]["monday"].setdefault("options", {}), changed)
        self.runner.tenant = TenantConfig.model_validate(data)

    def flow(self, name: str, **settings: Any) -> None:
        """Settings of a flow in the tenant file."""
        data = self.runner.tenant.model_dump(mode="json", by_alias=True, exclude_unset=True)
        data["integrations"]["monday"].setdefault("flows", {})[name] = settings
        self.runner.tenant = TenantConfig.model_validate(data)

    # ---- what happens

    async def provision(self, *, dry_run: bool = False) -> list[str]:
        """Make the boards that the options name."""
        definition = self.runner.definition(events=False)
        assert definition.provision is not None
        store = self.runner.store("provision")
        try:
            options = check(definition, self.runner.tenant)
            return list(await definition.provision(self.runner.tenant, store, options, dry_run))
        finally:
            store.close()

    async def inspect(self) -> list[str]:
        """What `check --ping` says of the boards."""
        definition = self.runner.definition(events=False)
        assert definition.inspect is not None
        store = self.runner.store("check")
        try:
            options = check(definition, self.runner.tenant)
            return list(await definition.inspect(self.runner.tenant, store, options))
        finally:
            store.close()

    async def run(self, *flows: str, **more: Any) -> dict[str, dict[str, Any]]:
        """One run of the DAG."""
        self.results = await self.runner.run(*flows, **more)
        return self.results

    def fault(self, kind: str, operation: str, *, system: str = "monday", **more: Any) -> Any:
        """Plan a fault."""
        return self.sandbox.faults.add(system=system, kind=kind, operation=operation, **more)

    def switch(self, **values: Any) -> None:
        """How Monday.com behaves."""
        self.sandbox.monday.switches.change(values)

    def monday(self, operation: str, **body: Any) -> Any:
        """What people do on the boards."""
        return control.OPERATIONS[operation](self.sandbox.monday, body)

    def peoplesoft(self, operation: str, **body: Any) -> Any:
        """What people do in PeopleSoft."""
        return peoplesoft.OPERATIONS[operation](self.sandbox.peoplesoft, body)

    # ---- what stands where

    def board(self, title: str) -> Row:
        """A board with everything on it."""
        found: Row = self.monday("board", board=title)
        return found

    def items(self, title: str) -> dict[str, Row]:
        """Active items of a board by natural key; each key must be there once."""
        found: dict[str, Row] = {}
        for item in self.board(title)["items"]:
            key = item["values"].get("ps_key") or ""
            assert not key or key not in found, f"{title} holds {key} twice"
            found[key or f"without key: {item['id']}"] = item
        return found

    def statuses(self, flow: str) -> dict[str, str]:
        """Status of each document of a flow."""
        with self.runner.database.read() as connection:
            statement = select(document.c.key, document.c.status).where(document.c.flow == f"monday.{flow}")
            return {row.key: row.status for row in connection.execute(statement)}

    def replay(self, flow: str, key: str) -> None:
        """What a person does about a document."""
        store = self.runner.store("cli:test")
        try:
            with store.write() as tx:
                scope = Scope(self.runner.tenant.tenant, self.runner.tenant.environment, f"monday.{flow}")
                actions.replay(tx, scope, [key])
        finally:
            store.close()

    def writes(self) -> int:
        """Calls that wrote something."""
        counted = self.sandbox.calls.per_operation.items()
        return sum(count for name, count in counted if name.startswith("monday mutation"))

    def calls(self) -> int:
        """Calls of the API, whatever they did."""
        counted = self.sandbox.calls.per_operation.items()
        return sum(n for name, n in counted if name.startswith(("monday mutation", "monday query")))


def _merge(data: Row, changed: Row) -> None:
    for name, value in changed.items():
        if value is None:
            data.pop(name, None)
        elif isinstance(value, dict) and isinstance(data.get(name), dict):
            _merge(data[name], value)
        else:
            data[name] = value


@asynccontextmanager
async def monday_world(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: Size = SMALL,
    scenario: str = "plain",
    provisioned: bool = True,
    **more: Any,
) -> AsyncIterator[MondayWorld]:
    """A world whose boards are made already, unless ``provisioned`` says otherwise."""
    database = migrated(folder / "state.db")
    (file,) = (one for one in load_tenants(ROOT / "include" / "tenants") if one.name == "demo")
    assert file.tenant is not None
    async with Sandbox(size, scenario=scenario) as sandbox:
        for name, value in sandbox_connections(sandbox.addresses).items():
            monkeypatch.setenv(name, value)
        cipher = Cipher([Fernet.generate_key().decode()])
        runner = DagRunner("monday", file.tenant, database, cipher, sandbox.clock.now, **more)
        world = MondayWorld(sandbox, runner)
        world.switch(plan="pro", minute_complexity=10**9)  # what the limits do has tests of its own
        if provisioned:
            await world.provision()
        sandbox.calls.clear()
        yield world
    database.close()
