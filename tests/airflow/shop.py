"""The systems of the tests' own integration: ``tests.core.stages`` in memory, as a DAG file sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import EventSource, Source, Target
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Delivery, Event, Verifier
from tests.core.stages.support import EventfulSource, MemorySource, MemoryTarget

Held = TypeVar("Held")

DAG_FILE = '''
"""An Airflow dag for each tenant of the tests."""

from ml_connector.core.dag.builder import Flow, System, integration
from tests.airflow import shop

integration(
    source=System("erp", "ERP", slots=4),
    target=System("shop", "Shop", slots=3, task_slots=2),
    read=shop.open_source,
    options=shop.Options,
    flows=[
        Flow("shop.orders", dataset="orders", mapping="orders", target=shop.open_target),
        Flow("shop.returns", dataset="orders", mapping="returns", target=shop.open_returns),
    ],
)
'''


class Options(BaseModel):
    """The integration's options."""

    model_config = ConfigDict(extra="forbid")
    colour: str = "blue"


class World:
    """What the doubles hold; tasks run in the test's process and see the same."""

    source = MemorySource()
    parcels = EventfulSource()
    target = MemoryTarget()
    returns = MemoryTarget()
    fail_reading: Exception | None = None
    readings = 0
    options: ClassVar[list[BaseModel]] = []

    @classmethod
    def reset(cls) -> None:
        """As at the start."""
        cls.source, cls.target, cls.returns = MemorySource(), MemoryTarget(), MemoryTarget()
        cls.parcels = EventfulSource()
        cls.fail_reading, cls.options, cls.readings = None, [], 0


def open_source(
    tenant: TenantConfig, dataset: Dataset, store: Store, _options: BaseModel
) -> AbstractAsyncContextManager[Source]:
    """The source, unless a test wants reading to fail."""
    World.readings += 1
    if World.fail_reading is not None:
        raise World.fail_reading
    return _held(World.source)


def open_target(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """The target of orders."""
    World.options.append(options)
    return _held(World.target)


def open_returns(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """The target of returns."""
    return _held(World.returns)


def open_parcels(
    tenant: TenantConfig, dataset: Dataset, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[EventSource]:
    """The shop as a source."""
    World.options.append(options)
    return _held(World.parcels)


def verifier(tenant: TenantConfig, store: Store) -> Verifier:
    """Takes everything: what is genuine is not the subject of these tests."""
    return _Trusting()


class _Trusting:
    def accept(self, delivery: Delivery) -> Sequence[Event]:
        body = json.loads(delivery.body)
        return [Event(body["id"], body["type"], body)]


@asynccontextmanager
async def _held(held: Held) -> AsyncIterator[Held]:
    yield held
