"""Suppliers follow the partner files: one that stands in another partner's file now is that partner's.

The ledger's documents do not change with it, so nothing else would tell the crosswalk, and orders would
go on to the partner that the supplier was before.
"""

from __future__ import annotations

from sqlalchemy import select, update

from ml_connector.cleo.partners.directory import Directory
from ml_connector.core.config import TenantConfig
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import crosswalk, document
from ml_connector.core.state.store import Store


def follow(store: Store, tenant: TenantConfig, directory: Directory, flow: str) -> int:
    """Have the crosswalk of suppliers name the partners that the files name. Blocking.

    Returns:
        How many suppliers have another partner than before.
    """
    entries = (crosswalk.c.tenant == tenant.tenant, crosswalk.c.name == flow)
    with store.read() as connection:
        rows = connection.execute(select(crosswalk.c.key, crosswalk.c.target_id).where(*entries)).all()
    moved = {
        row.key: (row.target_id, profile.partner)
        for row in rows
        if (profile := directory.by_vendor(row.key)) is not None and profile.partner != row.target_id
    }
    if not moved:
        return 0
    scope = Scope(tenant.tenant, tenant.environment, flow)
    with store.write() as tx:
        for key, (before, partner) in moved.items():
            where = (crosswalk.c.key == key, crosswalk.c.target_id == before)
            tx.connection.execute(update(crosswalk).where(*entries, *where).values(target_id=partner))
            theirs = (scope.rows(), document.c.key == key, document.c.target_id == before)
            tx.connection.execute(update(document).where(*theirs).values(target_id=partner))
            row_id = tx.connection.scalar(select(document.c.id).where(scope.rows(), document.c.key == key))
            data = {"key": key, "before": before, "partner": partner}
            tx.record("partner changed", data, document_id=row_id, **scope.labels())
    return len(moved)
