"""When a flow's target was last read back completely."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ml_connector.core.state.columns import UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A flow of which it is not known is read back as soon as it runs."""
    op.add_column("flow_state", sa.Column("rotated_at", UtcTime()))


def downgrade() -> None:
    """Read back in every run again."""
    op.drop_column("flow_state", "rotated_at")
