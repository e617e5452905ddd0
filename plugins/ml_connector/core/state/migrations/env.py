"""Alembic environment; the connection is handed over by ``core.state.migrate``."""

from __future__ import annotations

from alembic import context

from ml_connector.core.state.migrate import VERSION_TABLE
from ml_connector.core.state.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
