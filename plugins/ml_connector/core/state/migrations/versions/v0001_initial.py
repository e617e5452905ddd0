"""Initial tables."""

from __future__ import annotations

from alembic import op

from ml_connector.core.state.migrate import SEQUENCES
from ml_connector.core.state.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything; later revisions change single tables."""
    connection = op.get_bind()
    metadata.create_all(connection)
    if connection.dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(f"CREATE SEQUENCE IF NOT EXISTS {name}")


def downgrade() -> None:
    """Drop everything."""
    metadata.drop_all(op.get_bind())
