"""Creates and compares pools. Commands may use Airflow's own models; tasks and DAG files may not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ml_connector.core.dag.pools import WantedPool


def existing_pools() -> dict[str, int]:
    """Slots of every pool in Airflow."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        return {row[0]: row[1] for row in session.execute(select(Pool.pool, Pool.slots))}


def create_pools(wanted: Sequence[WantedPool]) -> dict[str, str]:
    """Create what is missing. A pool that exists keeps its size: someone may have made it smaller.

    Returns:
        ``created`` or ``exists`` for each pool.
    """
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    existing = existing_pools()
    done = {}
    with create_session() as session:
        for pool in wanted:
            if pool.name not in existing:
                Pool.create_or_update_pool(
                    pool.name, pool.slots, pool.description, include_deferred=False, session=session
                )
            done[pool.name] = "exists" if pool.name in existing else "created"
    return done
