"""Alembic environment; the connection is handed over by ``core.state.migrate``."""

from __future__ import annotations

from alembic import context

from ml_connector.core.state import schema
from ml_connector.core.state.migrate import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.document.metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
context.run_migrations()
