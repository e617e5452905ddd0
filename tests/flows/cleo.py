"""PeopleSoft, Cleo with its trading partners, and the ledger between them; what ought to stand where.

Everything runs as the shipped DAG file and tenant say, except that calls are not paced and the partner
files are copies that a test may change. What the partners hold is theirs: a reader and a writer of X12
that share nothing with the product.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from sqlalchemy import select

from launcher.connections import sandbox_connections
from ml_connector.core.config import TenantConfig
from ml_connector.core.ledger import actions
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.limits.quota import RollingWindow
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.schema import document
from sandbox.cleo.partners.orders import Order
from sandbox.cleo.partners.records import Received, Sent
from sandbox.cleo.state import CleoState
from sandbox.control import cleo as control
from sandbox.control import peoplesoft
from sandbox.data import Size
from sandbox.data.order_cases import PARTNERS as VENDORS
from sandbox.data.orders import distribution, header, order_line, receipt, schedule
from sandbox.data.size import day
from sandbox.data.suppliers import supplier
from sandbox.server import Sandbox
from tests.flows.dag_file import ROOT, DagRunner
from tests.state import migrated

Row = dict[str, Any]
Make = Callable[..., AbstractAsyncContextManager["CleoWorld"]]

ORDERS, INVOICES, SUPPLIERS = "cleo.purchase_orders", "cleo.supplier_invoices", "cleo.partners"
OUT = ("partners", "purchase_orders")
SMALL = Size(vouchers=4, suppliers=6)
UNSETTLED = frozenset({"staged", "ready", "sending", "accepted", "failed"})
AN_HOUR = 3700.0
NO_PACE = {"concurrent": 4, "per_task": 2, "per_second": 500}
QUIET = {"acknowledgment": "accept", "response": "never", "invoice": "never"}


@dataclass
class CleoWorld:
    """One PeopleSoft, one Cleo, one ledger, and copies of the demo's partner files."""

    sandbox: Sandbox
    runner: DagRunner
    folder: Path
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    # ---- the settings

    def options(self, **changed: Any) -> None:
        """Set options of the integration; a dictionary is merged."""
        data = _plain(self.runner.tenant)
        _merge(data["integrations"]["cleo"]["options"], changed)
        self.runner.tenant = TenantConfig.model_validate(data)

    def flow(self, name: str, **settings: Any) -> None:
        """Settings of a flow in the tenant file."""
        data = _plain(self.runner.tenant)
        data["integrations"]["cleo"].setdefault("flows", {})[name] = settings
        self.runner.tenant = TenantConfig.model_validate(data)

    def profile(self, name: str, /, **changed: Any) -> None:
        """Change a partner's file; a dictionary is merged, None takes a key away."""
        path = self.folder / "partners" / f"{name}.yaml"
        data = yaml.safe_load(path.read_text()) if path.exists() else {"partner": name}
        _merge(data, changed)
        path.write_text(yaml.safe_dump(data, sort_keys=False))

    # ---- what happens

    def fault(self, kind: str, operation: str, *, system: str = "cleo", **more: Any) -> Any:
        return self.sandbox.faults.add(system=system, kind=kind, operation=operation, **more)

    def cleo(self, operation: str, **body: Any) -> Any:
        """What Cleo's staff and the partners do."""
        return control.OPERATIONS[operation](self.cleo_state, body)

    def behave(self, partner: str = "*", **values: str) -> None:
        """How a partner answers from now on."""
        self.cleo("behave", partner=partner, **values)

    async def out(self, *flows: str, tolerant: bool = False) -> dict[str, dict[str, Any]]:
        """The main DAG."""
        self.results = await self.runner.run(*(flows or OUT), tolerant=tolerant)
        return self.results

    async def back(
        self, *flows: str, tolerant: bool = False, stages: tuple[str, ...] | None = None
    ) -> dict[str, dict[str, Any]]:
        """The DAG of what comes back."""
        more: Row = {} if stages is None else {"stages": stages}
        self.results = await self.runner.run(
            *(flows or ("supplier_invoices",)), events=True, tolerant=tolerant, **more
        )
        return self.results

    def settle(self, within: float | None = None) -> None:
        """Cleo picks up, and the partners answer."""
        self.cleo_state.settle(within)

    async def exchange(self, *, tolerant: bool = False) -> None:
        """Orders go out, are answered, and what came is taken in; our acknowledgments arrive."""
        await self.out(tolerant=tolerant)
        self.settle()
        await self.back(tolerant=tolerant)
        self.settle()
        await self.out("purchase_orders", tolerant=tolerant)

    async def settle_down(self, runs: int = 10) -> int:
        """Both DAGs until they meet no error and leave nothing under way; an hour passes between."""
        for number in range(1, runs + 1):
            self.runner.errors.clear()
            await self.out(tolerant=True)
            self.settle()
            await self.back(tolerant=True)
            self.settle()
            if not self.runner.errors and not self.under_way():
                return number
            self.sandbox.clock.advance(AN_HOUR)
            await self.sandbox.settled()
        raise AssertionError(f"never quiet: {self.runner.errors} {self.under_way()}")

    @asynccontextmanager
    async def letting_go(self) -> AsyncIterator[None]:
        """Releases whatever the sandbox holds back, as soon as it does."""

        async def release() -> None:
            while True:
                await self.sandbox.faults.held.reach(1)
                self.sandbox.faults.release()
                await asyncio.sleep(0)

        task = asyncio.create_task(release())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def alerts(self) -> list[str]:
        """What people were told since the last look."""
        told, self.runner.alerts = self.runner.alerts, []
        return told

    # ---- PeopleSoft

    def order(
        self,
        partner: str = "acme",
        number: int = 1,
        *,
        unit: str = "US001",
        lines: int = 2,
        quantity: int = 10,
        received: bool = True,
        uom: str = "EA",
        **values: Any,
    ) -> str:
        """A dispatched order; its line n is at 2.50 times n. Returns its number as partners know it."""
        record = header(unit, number, VENDORS.get(partner, partner), -9)
        record["LAST_DTTM_UPDATE"] = self.sandbox.clock.now()
        for line in range(1, lines + 1):
            parts = [distribution(1, unit, "641000", "10200")]
            row = schedule(quantity, Decimal("2.50") * line, parts, shipto=unit, due=day(14))
            if received:
                row["receipts"].append(receipt(record["PO_ID"], line, quantity, day(-2)))
            record["lines"].append(order_line(line, f"Item {line}", [row]) | {"UNIT_OF_MEASURE": uom})
        self.sandbox.peoplesoft.orders.put(record | values)
        return f"{unit}-{number:010d}"

    def edit(self, order: str, operation: str, **body: Any) -> None:
        """What people do to an order: `change`, `cancel`, `dispatch`, `receive`."""
        peoplesoft.OPERATIONS[f"{operation}-order"](
            self.sandbox.peoplesoft, {"key": order.split("-"), **body}
        )

    def receive(self, order: str, lines: int = 2) -> None:
        """The goods of an order arrive."""
        for line in range(1, lines + 1):
            self.edit(order, "receive", line=line)

    def set_order(self, order: str, **values: Any) -> None:
        """Set fields of an order's header."""
        self.sandbox.peoplesoft.change_order(order.split("-"), lambda row: row.update(values))

    def set_supplier(self, partner: str, **values: Any) -> None:
        """Set fields of a supplier."""
        table = self.sandbox.peoplesoft.suppliers
        row = table.get(("SHARE", VENDORS[partner]))
        assert row is not None
        table.put({**row, **values})

    def vouchers(self, number: str | None = None) -> list[Row]:
        """Vouchers that came by EDI; of an invoice number."""
        tables = self.sandbox.peoplesoft.vouchers.values()
        rows = [row for table in tables for key in table._ids if (row := table.get(key)) is not None]
        ours = [row for row in rows if row["ORIGIN"] == "EDI"]
        return [row for row in ours if number in (None, row["INVOICE_ID"])]

    # ---- Cleo and the partners

    @property
    def cleo_state(self) -> CleoState:
        return self.sandbox.cleo

    def received(self, kind: str | None = None, key: str | None = None) -> list[Received]:
        """What partners received, oldest first."""
        rows = self.cleo_state.partners.received
        return [row for row in rows if kind in (None, row.kind) and key in (None, row.key)]

    def accepted(self, kind: str, key: str) -> list[Received]:
        """The documents of one number that the partner took."""
        return [row for row in self.received(kind, key) if row.status.startswith("accepted")]

    def sent(self, kind: str = "810") -> list[Sent]:
        """Files of partners that hold a set."""
        return [row for row in self.cleo_state.partners.sent if kind in row.kinds]

    def held_by(self, partner: str, order: str) -> Order:
        """The order as its partner has it."""
        return self.cleo_state.partners.orders[partner.upper(), order]

    def bill(self, order: str, manner: str = "exact", *, partner: str = "acme") -> Sent:
        """The partner sends an invoice for an order that it holds."""
        self.cleo("send", partner=partner.upper(), kind="810", order=order, **{"as": manner})
        return self.cleo_state.partners.sent[-1]

    def connection(self, alias: str) -> Row:
        row = self.cleo_state.resources.connection(alias)
        assert row is not None
        return row

    def writes(self) -> int:
        """Calls that changed something at Cleo or at PeopleSoft."""
        counted = self.sandbox.calls.per_operation.items()
        changing = ("cleo POST /folders", "cleo DELETE", "cleo POST provider", "cleo POST /actions")
        saving = ("_C", "_UP", "_UD")
        return sum(
            number
            for name, number in counted
            if name.startswith(changing) or (name.startswith("peoplesoft SOAP") and name.endswith(saving))
        )

    # ---- the ledger

    def row(self, key: str, flow: str = ORDERS) -> Any:
        """One document of the ledger."""
        return self.rows(flow)[key.replace("-", "|", 1) if flow == ORDERS else key]

    def rows(self, flow: str) -> dict[str, Any]:
        """The ledger's documents of a flow, by key."""
        with self.runner.store("look") as store, store.read() as connection:
            return {
                row.key: row for row in connection.execute(select(document).where(document.c.flow == flow))
            }

    def sets(self, code: str | None = None, direction: str = "out") -> list[Any]:
        """Transaction sets, oldest first."""
        where = [transaction_set.c.direction == direction]
        if code is not None:
            where.append(transaction_set.c.set_code == code)
        with self.runner.store("look") as store, store.read() as connection:
            return list(connection.execute(select(transaction_set).where(*where).order_by("id")))

    def interchanges(self, direction: str) -> list[Any]:
        """Interchanges, oldest first."""
        statement = select(interchange).where(interchange.c.direction == direction).order_by("id")
        with self.runner.store("look") as store, store.read() as connection:
            return list(connection.execute(statement))

    def under_way(self) -> dict[str, str | None]:
        """Documents that a later run should still move on."""
        flows = (SUPPLIERS, ORDERS, INVOICES)
        return {
            f"{flow} {key}": row.reason
            for flow in flows
            for key, row in self.rows(flow).items()
            if row.status in UNSETTLED
        }

    def release(self, *keys: str, flow: str = INVOICES) -> None:
        """A person lets held documents go."""
        tenant = self.runner.tenant
        with self.runner.store("analyst") as store, store.write() as tx:
            released = actions.release(tx, Scope(tenant.tenant, tenant.environment, flow), keys)
        assert released == len(keys)

    # ---- what must hold whatever happened

    def check(self) -> None:
        """Each order at its partner once under one number, each invoice a voucher once, each answered."""
        for row in self.cleo_state.partners.received:
            assert row.status != "duplicate", f"{row.partner} got {row.kind} {row.key} twice"
        self._check_numbers()
        self._check_orders()
        self._check_invoices()

    def _check_numbers(self) -> None:
        """Whatever came twice had the same number, and was recognised by it."""
        ours = [row.number for row in self.interchanges("out") if row.number is not None]
        pairs = [(row.sender, row.receiver, row.number) for row in self.interchanges("out") if row.number]
        assert len(pairs) == len(set(pairs)), ours
        refused = [row for row in self.received() if row.status == "refused" and row.kind != "997"]
        assert all("byte for byte" in row.reasons[0] for row in refused), refused

    def _check_orders(self) -> None:
        for order in self.sandbox.peoplesoft.orders:
            key = f"{order['BUSINESS_UNIT']}-{order['PO_ID']}"
            if order["PO_STATUS"] == "X":
                assert all(self.held_by(row.partner, key).cancelled for row in self.accepted("850", key)), key
            if order["PO_STATUS"] != "D" or order["DISP_METHOD"] == "EDX":
                continue
            first = [row for row in self.accepted("850", key) if row.summary.get("purpose") == "00"]
            numbers = {row.interchange for row in first}
            assert (len(first), len(numbers)) == (1, 1), f"{key}: {len(first)} times, under {numbers}"
            held = self.held_by(first[0].partner, key).lines
            wanted = {
                str(line["LINE_NBR"]): sum(row["QTY_PO"] for row in line["schedules"])
                for line in order["lines"]
            }
            assert {number: line.quantity for number, line in held.items()} == wanted, key

    def _check_invoices(self) -> None:
        made = Counter((row["VENDOR_ID"], row["INVOICE_ID"]) for row in self.vouchers())
        assert all(count == 1 for count in made.values()), made
        for one in self.sent():
            vendor = VENDORS[one.partner.lower()]
            order = self.sandbox.peoplesoft.orders.get((one.order[:5], one.order[6:]))
            if order is not None and order["PO_STATUS"] == "X":
                continue  # billed, and then cancelled: for people
            assert made[vendor, one.invoice] == 1, f"{one.invoice}: {made[vendor, one.invoice]} vouchers"
            assert one.acknowledged == ["A"] * len(one.groups), f"{one.file}: {one.acknowledged}"


def _plain(tenant: TenantConfig) -> Row:
    """The tenant as its file would say it."""
    data = tenant.model_dump(mode="json", exclude_unset=True)
    data.pop("file", None)
    return data


def _merge(into: Row, changed: Row) -> None:
    for name, value in changed.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _tenant(folder: Path) -> TenantConfig:
    data = yaml.safe_load((ROOT / "include" / "tenants" / "demo.yaml").read_text())
    options = data["integrations"]["cleo"]["options"]
    options |= {"pace": NO_PACE, "partners_folder": str(folder / "partners")}
    data["integrations"]["cleo"]["flows"] = {"statuses": {"enabled": False}}
    return TenantConfig.model_validate(data)


@asynccontextmanager
async def cleo_world(folder: Path, patch: pytest.MonkeyPatch, size: Size = SMALL) -> AsyncIterator[CleoWorld]:
    """A world without orders, whose partners acknowledge and do nothing else.

    Args:
        folder: for state and partner files.
        patch: sets the connections.
    """
    database = migrated(folder / "state.db")
    patch.setattr(RollingWindow, "cell", 0.0005)  # seconds a call costs: no pace
    copytree(ROOT / "include" / "tenants" / "demo" / "partners", folder / "partners")
    async with Sandbox(size, scenario="plain") as sandbox:
        connect(sandbox, patch)
        for record in list(sandbox.peoplesoft.orders):
            sandbox.peoplesoft.orders.delete((record["BUSINESS_UNIT"], record["PO_ID"]))
        stranger = sandbox.cleo.resources.connection("UMBRELLA")
        assert stranger is not None
        del sandbox.cleo.resources.rows["connections"][stranger["id"]]
        for name, number in VENDORS.items():
            record = sandbox.peoplesoft.suppliers.get(("SHARE", number)) or supplier(int(number), name)
            sandbox.peoplesoft.suppliers.put({**record, "VENDOR_STATUS": "A"})
        cipher = Cipher([Fernet.generate_key().decode()])
        runner = DagRunner("cleo", _tenant(folder), database, cipher=cipher, clock=sandbox.clock.now)
        world = CleoWorld(sandbox, runner, folder)
        world.behave(**QUIET)
        world.behave("INITECH", acknowledgment="never")
        yield world
    database.close()


def connect(sandbox: Sandbox, patch: pytest.MonkeyPatch, **extra: Row) -> None:
    """Name the sandbox as the tenant's systems; ``extra`` by type of connection."""
    for name, text in sandbox_connections(sandbox.addresses).items():
        values = json.loads(text)
        values["extra"] |= extra.get(values["conn_type"], {})
        patch.setenv(name, json.dumps(values))
