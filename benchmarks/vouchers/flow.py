"""The benchmark's flow, put together as a task of the product does it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from benchmarks.vouchers.source import VoucherSource
from benchmarks.vouchers.target import BillTarget
from ml_connector.core.config.loading import load_dataset, load_mapping, load_tenant
from ml_connector.core.http import Client
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.state.database import Database
from ml_connector.core.state.migrate import migrate
from ml_connector.core.state.store import Store

HERE = Path(__file__).parent
BASE = os.environ.get("BENCH_BASE", "http://127.0.0.1:18900")


def open_store(folder: Path) -> Store:
    """The state in a folder, created on first use."""
    database = Database(f"sqlite:///{folder / 'state.db'}")
    migrate(database)
    return Store(database, actor="benchmark")


@asynccontextmanager
async def open_flow(store: Store) -> AsyncIterator[FlowContext]:
    """The flow with its source and target."""
    tenant = load_tenant(HERE / "tenants" / "bench.yaml")
    dataset = load_dataset(HERE / "mappings" / "bench" / "vouchers.yaml")
    mapping = load_mapping(HERE / "mappings" / "bench" / "bills.yaml")
    compiled = compile_mapping(mapping, dataset, tenant)
    settings = tenant.flow(mapping.flow)
    async with Client(BASE) as client:
        yield FlowContext(
            tenant, mapping.flow, settings, dataset, compiled, store, "benchmark",
            source=VoucherSource(client), target=BillTarget(client),
            lease=timedelta(seconds=6), patience=timedelta(seconds=30),
        )  # fmt: skip
