"""Suppliers and departments on their way to a Cleo of one process, by the core's own stages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ml_connector.cleo.alignment.target import CostObjects, Partners
from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import Directory
from ml_connector.cleo.partners.rules import rules_of
from ml_connector.core.config import find_dataset, find_mapping
from ml_connector.core.contract import Document, KeyAnswer, Page, Payload, Target, Window
from ml_connector.core.ledger.crosswalks import look_up
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.schema import document
from ml_connector.core.state.store import Store
from tests.cleo.fake import FakeCleo
from tests.cleo.partners.support import TENANT_CONFIG as TENANT
from tests.cleo.partners.support import profile
from tests.cleo.support import connected

MAPPINGS = [Path(__file__).parents[3] / "include/mappings"]

DIRECTORY = Directory(
    [
        profile(connection="ACME", vendors=["SHARE|0000000002", "SHARE|0000000012"]),
        profile(
            partner="globex", vendors=["SHARE|0000000003"], connection="GLOBEX",
            identities=[{"qualifier": "ZZ", "id": "GLOBEX"}],
        ),
        profile(
            partner="initech", vendors=["SHARE|0000000004"], identities=[{"qualifier": "ZZ", "id": "INITECH"}]
        ),
    ]
)  # fmt: skip


def connection(alias: str, **changed: Any) -> Payload:
    """A connection as Cleo lists it."""
    return {"id": f"id-{alias}", "alias": alias, "type": "as2", "enabled": True, "ready": True} | changed


def fake_cleo(*connections: Payload) -> FakeCleo:
    """With the folders that the files go to."""
    fake = FakeCleo(connections=list(connections) or [connection("ACME"), connection("GLOBEX")])
    fake.folders += ["upload/vendor", "upload/cost"]
    return fake


def supplier(number: int, **changed: Any) -> Payload:
    """A supplier as the query brings it."""
    return {
        "SETID": "SHARE", "VENDOR_ID": f"{number:010}", "VENDOR_NAME_SHORT": f"V{number}",
        "NAME1": f"Supplier {number}", "NAME2": "", "VENDOR_STATUS": "A", "PRIM_ADDR_SEQ_NUM": 1,
        "DEFAULT_LOC": "MAIN",
        "addresses": [
            {
                "ADDRESS_SEQ_NUM": 1, "EFF_STATUS": "A", "COUNTRY": "USA", "ADDRESS1": "1 Main St",
                "CITY": "Springfield", "STATE": "IL", "POSTAL": "62701",
            }
        ],
        "locations": [{"VNDR_LOC": "MAIN", "EFF_STATUS": "A", "CURRENCY_CD": "USD", "PYMNT_TERMS_CD": "N30"}],
    } | changed  # fmt: skip


def department(number: int, **changed: Any) -> Payload:
    """A department."""
    return {
        "SETID": "SHARE", "DEPTID": str(number), "EFF_STATUS": "A", "DESCR": f"Department {number}",
        "DESCRSHORT": f"D{number}", "MANAGER_ID": "",
    } | changed  # fmt: skip


@dataclass
class Setup:
    """A source of setup data in memory."""

    rows: dict[str, Payload] = field(default_factory=dict)

    def put(self, *rows: Payload) -> None:
        self.rows |= {f"SHARE|{row.get('VENDOR_ID') or row['DEPTID']}": row for row in rows}

    async def read(self, window: Window) -> AsyncIterator[Page]:
        yield Page([self._document(key) for key in sorted(self.rows)], None, last=True)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        there = [self._document(key) for key in keys if key in self.rows]
        return KeyAnswer(there, [key for key in keys if key not in self.rows])

    def _document(self, key: str) -> Document:
        return Document(key, "SHARE", self.rows[key])


@dataclass
class Run:
    """One flow, run as often as a test wants, each time with a target of its own as a task has it."""

    store: Store
    fake: FakeCleo = field(default_factory=FakeCleo)
    flow: str = "cleo.partners"
    source: Setup = field(default_factory=Setup)
    options: dict[str, Any] = field(default_factory=dict)
    directory: Directory = DIRECTORY
    connect: Callable[[], AbstractAsyncContextManager[Cleo]] | None = None

    async def all(self) -> dict[str, Any]:
        """Extract to reconcile; what the reconciliation found comes back."""
        await self.load()
        async with self.context() as ctx:
            return await reconcile(ctx)

    async def load(self) -> dict[str, Any]:
        async with self.context() as ctx:
            await extract(ctx)
            transform(ctx)
            return await load(ctx)

    @asynccontextmanager
    async def context(self) -> AsyncIterator[FlowContext]:
        async with self.target() as target:
            yield self._context(target)

    @asynccontextmanager
    async def target(self) -> AsyncIterator[Target]:
        made = self.connect() if self.connect else connected(self.fake, self.store, **self.options)
        async with made as cleo:
            yield self._target(cleo)

    def _target(self, cleo: Cleo) -> Target:
        options = CleoOptions(**self.options)
        if self.flow == "cleo.partners":
            return Partners(cleo, options, self.store, TENANT, self.directory)
        return CostObjects(cleo, options, self.store, TENANT)

    def _context(self, target: Target) -> FlowContext:
        tenant = TENANT.model_copy(update={"rules": rules_of(self.directory, TENANT)})
        mapping = find_mapping("cleo", self.flow.removeprefix("cleo."), MAPPINGS)
        dataset = find_dataset("peoplesoft", mapping.dataset, MAPPINGS)
        compiled = compile_mapping(mapping, dataset, tenant)
        return FlowContext(
            tenant, self.flow, tenant.flow(self.flow), dataset, compiled, self.store, "test run",
            RunParams(), self.source, target, patience=timedelta(0),
        )  # fmt: skip

    # ---- looking

    def files(self, folder: str = "upload/vendor") -> dict[str, Any]:
        """The files in a folder at Cleo, by name."""
        found = sorted(path for path in self.fake.files if path.startswith(folder))
        return {path.rpartition("/")[2]: json.loads(self.fake.files[path]) for path in found}

    def statuses(self) -> Mapping[str, tuple[str, str | None]]:
        """Status and reason of each document in the ledger."""
        with self.store.read() as connection:
            rows = connection.execute(select(document).where(document.c.flow == self.flow))
            return {row.key: (row.status, row.reason) for row in rows}

    def crosswalk(self) -> dict[str, str]:
        """What the crosswalk's active entries say."""
        with self.store.read() as connection:
            found = look_up(connection, "demo", [(self.flow, key) for key in self.source.rows])
        return {key: target_id for (_, key), target_id in found.items()}
