"""Pools: slots are requests in flight, one pool per connection.

A task that names a missing pool waits for ever, and DAG files cannot create pools: ``airflow
ml-connector init`` does, and ``check`` fails on a missing one. Correctness never rests on a pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.dag.system import System


@dataclass(frozen=True, slots=True)
class WantedPool:
    """A pool that must exist."""

    name: str
    slots: int
    description: str


def wanted_pools(tenants: Iterable[TenantConfig], systems: Mapping[str, System]) -> list[WantedPool]:
    """One pool per connection that any tenant names; tenants may share one."""
    pools: dict[str, WantedPool] = {}
    for tenant in tenants:
        for name, connection_id in tenant.connections.items():
            if (system := systems.get(name)) is None:
                continue
            pool = system.pool(connection_id)
            text = f"Requests in flight to {system.title} through connection {connection_id}"
            pools[pool] = WantedPool(pool, system.slots, text)
    return [pools[name] for name in sorted(pools)]
