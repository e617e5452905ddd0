"""PeopleSoft, Basware and the ledger between them; which voucher ought to stand for which invoice.

Everything runs as the shipped DAG file and the demo's tenant file say. What stands where is read from the
simulators themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from launcher.connections import sandbox_connections
from ml_connector.core.config import TenantConfig, load_tenants
from ml_connector.core.ledger import actions
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document
from sandbox.control import basware as control
from sandbox.control import peoplesoft
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.flows.dag_file import ROOT, DagRunner
from tests.state import migrated

Row = dict[str, Any]
Make = Callable[..., AbstractAsyncContextManager["BaswareWorld"]]
SMALL = Size(vouchers=20, suppliers=6)
UNDER_WAY = {"staged", "ready", "sending", "accepted", "failed"}


@dataclass
class BaswareWorld:
    """One PeopleSoft, one P2P, one ledger."""

    sandbox: Sandbox
    runner: DagRunner
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    # ---- the settings

    def options(self, **changed: Any) -> None:
        """Set options of the integration; a dictionary is merged, None takes a key away."""
        self._tenant(lambda data: _merge(data["integrations"]["basware"].setdefault("options", {}), changed))

    def flow(self, name: str, **settings: Any) -> None:
        """Settings of a flow in the tenant file."""
        self._tenant(
            lambda data: data["integrations"]["basware"].setdefault("flows", {}).update({name: settings})
        )

    def rules(self, **rules: Any) -> None:
        """Rules of the tenant file."""
        self._tenant(lambda data: data.setdefault("rules", {}).update(rules))

    def queries(self, names: Row) -> None:
        """Names of queries in the tenant file."""
        self._tenant(lambda data: data.setdefault("queries", {}).update(names))

    def _tenant(self, change: Callable[[Row], None]) -> None:
        data = self.runner.tenant.model_dump(mode="json", by_alias=True, exclude_unset=True)
        change(data)
        self.runner.tenant = TenantConfig.model_validate(data)

    # ---- what happens

    async def back(self, *flows: str, **more: Any) -> dict[str, dict[str, Any]]:
        """One run of the DAG that events start, with time for P2P to think afterwards."""
        self.results = await self.runner.run(*flows, events=True, **more)
        self.sandbox.clock.advance(20)
        return self.results

    async def out(self, *flows: str, **more: Any) -> dict[str, dict[str, Any]]:
        """One run of the main DAG."""
        self.results = await self.runner.run(*flows, **more)
        self.sandbox.clock.advance(20)
        return self.results

    async def settle(self, **more: Any) -> None:
        """Runs until nothing is under way any more."""
        for _ in range(6):
            await self.back(**more)
            if UNDER_WAY.isdisjoint(
                {*self.statuses("invoices").values(), *self.statuses("transfers").values()}
            ):
                return

    def fault(self, kind: str, operation: str, *, system: str = "basware", **more: Any) -> Any:
        """Plan a fault."""
        return self.sandbox.faults.add(system=system, kind=kind, operation=operation, **more)

    def switch(self, **values: Any) -> None:
        """How Basware behaves."""
        self.sandbox.basware.switches.change(values)

    def p2p(self, operation: str, **body: Any) -> Any:
        """What people do in P2P."""
        return control.OPERATIONS[operation](self.sandbox.basware, body)

    def peoplesoft(self, operation: str, **body: Any) -> Any:
        """What people do in PeopleSoft."""
        return peoplesoft.OPERATIONS[operation](self.sandbox.peoplesoft, body)

    def approve(self, number: str, *, rows: Any = None, **values: Any) -> str:
        """An invoice is approved; its id."""
        body: Row = {"values": {"invoiceNumber": number, **values}}
        if rows is not None:
            body["rows"] = rows
        return str(self.p2p("invoice", **body)["invoiceId"])

    def voucher_like(self, number: str, **values: Any) -> None:
        """A voucher that stands in PeopleSoft already."""
        pattern = next(iter(self.sandbox.peoplesoft.vouchers["US001"].open("")))
        like = ["US001", pattern["VOUCHER_ID"]]
        self.peoplesoft("upsert", record="voucher", key=["US001", number], like=like, values=values)

    def told_by_others(self, invoice_id: str, **values: Any) -> None:
        """Somebody else tells Basware that an invoice has its voucher."""
        response = {
            "externalCode": uuid4().hex,
            "success": True,
            "responseMessage": "Done",
            "paymentBlock": False,
        }
        state = self.sandbox.basware
        state.machine.respond(state.documents.find(invoice_id), "transferResponses", response | values)
        state.clock.advance(20)

    # ---- what stands where

    def invoice(self, invoice_id: str) -> Row:
        """An invoice as P2P has it."""
        found: Row = self.p2p("document", invoiceId=invoice_id)
        return found

    def vouchers(self) -> Iterator[Row]:
        """All vouchers of PeopleSoft that carry our origin."""
        for table in self.sandbox.peoplesoft.vouchers.values():
            for row in table.changed("ENTERED_DT", "2000-01-01", "2100-01-01", ""):
                if row.get("ORIGIN") == "BSW":
                    yield row

    def numbers(self) -> list[str]:
        """Invoice numbers of those vouchers."""
        return sorted(str(row["INVOICE_ID"]) for row in self.vouchers())

    def rows(self, flow: str) -> dict[str, AnyRow]:
        """Rows of a flow in the ledger by key."""
        with self.runner.database.read() as connection:
            statement = select(document).where(document.c.flow == f"basware.{flow}")
            return {row.key: row for row in connection.execute(statement)}

    def statuses(self, flow: str) -> dict[str, str]:
        """Status of each document of a flow."""
        return {key: row.status for key, row in self.rows(flow).items()}

    def replay(self, flow: str, key: str) -> None:
        """What a person does about a document."""
        store = self.runner.store("cli:test")
        try:
            with store.write() as tx:
                scope = Scope(self.runner.tenant.tenant, self.runner.tenant.environment, f"basware.{flow}")
                actions.replay(tx, scope, [key])
        finally:
            store.close()

    def in_step(self) -> None:
        """Each transferred invoice has one voucher, and each voucher of ours its invoice."""
        made = {f"{row['BUSINESS_UNIT']}|{row['VOUCHER_ID']}": row["INVOICE_ID"] for row in self.vouchers()}
        told = {}
        for short in self.p2p("documents"):
            whole = self.invoice(short["invoiceId"])
            taken = [one for one in whole.get("transferResponses", ()) if one["success"]]
            assert len({one["voucherNumber1"] for one in taken}) <= 1, whole
            if whole["processingStatus"] in ("Transferred", "Paid"):
                key = f"{whole['voucherNumber2']}|{whole['voucherNumber1']}"
                told[key] = whole["invoiceNumber"]
        assert told == made
        assert len(set(made.values())) == len(made), "a voucher stands twice"
        assert self.sandbox.basware.counts()["gap_violations"] == 0


def _merge(data: Row, changed: Row) -> None:
    for name, value in changed.items():
        if value is None:
            data.pop(name, None)
        elif isinstance(value, dict) and isinstance(data.get(name), dict):
            _merge(data[name], value)
        else:
            data[name] = value


@asynccontextmanager
async def basware_world(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    size: Size = SMALL,
    scenario: str = "plain",
    gap: float = 0.0,
    key: str | None = None,
    **more: Any,
) -> AsyncIterator[BaswareWorld]:
    """A world in which writes need no gap, unless ``gap`` says otherwise.

    Args:
        key: of the payloads, for other processes.
    """
    database = migrated(folder / "state.db")
    (file,) = (one for one in load_tenants(ROOT / "include" / "tenants") if one.name == "demo")
    assert file.tenant is not None
    async with Sandbox(size, scenario=scenario) as sandbox:
        for name, value in sandbox_connections(sandbox.addresses).items():
            monkeypatch.setenv(name, value)
        cipher = Cipher([key or Fernet.generate_key().decode()])
        runner = DagRunner("basware", file.tenant, database, cipher, sandbox.clock.now, **more)
        world = BaswareWorld(sandbox, runner)
        world.switch(write_gap_seconds=gap)
        world.options(
            write_gap_seconds=gap, requests_per_second=1000, webhooks={"subscribe": False},
            vouchers={"settle_seconds": 0}, master={"wait_seconds": 0},
        )  # fmt: skip
        yield world
    database.close()
