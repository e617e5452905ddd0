"""What the tests' own integration can inspect, make and foretell in its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.state.store import Store

DAG_FILE = '''
"""An Airflow dag for each tenant of the tests."""

from ml_connector.core.dag.builder import Flow, System, integration
from tests.airflow import shop
from tests.cli import other_side

integration(
    source=System("erp", "ERP", slots=4),
    target=System("shop", "Shop", slots=3, task_slots=2),
    read=shop.open_source,
    options=shop.Options,
    flows=[
        Flow(
            "shop.orders", dataset="orders", mapping="orders", target=shop.open_target, ways=other_side.ways
        ),
        Flow("shop.returns", dataset="orders", mapping="returns", target=shop.open_returns),
    ],
    inspect=other_side.inspect,
    provision=other_side.provision,
)
'''


class Shelves:
    """What the shop has, and whether it can be asked."""

    made: ClassVar[list[str]] = []
    failure: ClassVar[dict[str, Exception]] = {}
    asked: ClassVar[list[BaseModel]] = []

    @classmethod
    def reset(cls) -> None:
        """As at the start."""
        cls.made, cls.failure, cls.asked = [], {}, []


async def inspect(tenant: TenantConfig, store: Store, options: BaseModel) -> Sequence[str]:
    """Two things are wrong until they were made."""
    Shelves.asked.append(options)
    if error := Shelves.failure.get(tenant.tenant):
        raise error
    with store.read():
        return [] if tenant.tenant in Shelves.made else ["there is no shelf", "there is no counter"]


async def provision(tenant: TenantConfig, store: Store, options: BaseModel, dry_run: bool) -> Sequence[str]:
    """Makes a shelf."""
    if error := Shelves.failure.get(tenant.tenant):
        raise error
    if tenant.tenant in Shelves.made:
        return []
    if dry_run:
        return ["would make a shelf"]
    Shelves.made.append(tenant.tenant)
    with store.write() as tx:
        tx.record("provisioned", {"made": "a shelf"}, tenant=tenant.tenant)
    return ["made a shelf"]


def ways(tenant: TenantConfig, options: BaseModel, counts: Mapping[str, int]) -> str:
    """The counts, in words."""
    told = ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))
    return f"{told} on a trolley"
