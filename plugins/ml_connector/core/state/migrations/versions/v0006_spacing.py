"""When records of another system were last written to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ml_connector.core.state.columns import Key, UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing was written to yet as far as anybody knows."""
    op.create_table(
        "record_write",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("record", Key, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "record", name="pk_record_write"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_record_write_at", "record_write", ["name", "at"])


def downgrade() -> None:
    """Records are written to without looking back."""
    op.drop_table("record_write")
