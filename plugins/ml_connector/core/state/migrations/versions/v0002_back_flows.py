"""Webhook events, settlements and cached files; alerts about flows that stand still."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ml_connector.core.state.columns import Big, Exact, Key, UtcTime

revision = "0002"
down_revision = "0001"

WATCHED = ("watched_since", "stale_alerted_at")
WAITING = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Add what flows back to PeopleSoft need."""
    for name in WATCHED:
        op.add_column("flow_state", sa.Column(name, UtcTime()))
    op.create_table(
        "inbox",
        sa.Column("id", Big, autoincrement=True, nullable=False),
        sa.Column("system", sa.String(length=128), nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime()),
        sa.Column("run", sa.String(length=256)),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("system", "tenant", "event_id", name="uq_inbox_system_tenant_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["system", "tenant", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_table(
        "settlement",
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=128), nullable=False),
        sa.Column("voucher", Key, nullable=False),
        sa.Column("amount", Exact(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("accounting_date", sa.String(length=10), nullable=False),
        sa.Column("debit", sa.String(length=128)),
        sa.Column("credit", sa.String(length=128)),
        sa.Column("journal", sa.String(length=128)),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("export", sa.String(length=64)),
        sa.Column("exported_at", UtcTime()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "flow", "reference", "entry", "part", name="pk_settlement"),
    )
    op.create_index("ix_settlement_voucher", "settlement", ["tenant", "flow", "voucher"])
    op.create_index("ix_settlement_journal", "settlement", ["tenant", "flow", "journal"])
    op.create_index("ix_settlement_export", "settlement", ["tenant", "flow", "export"])
    op.create_table(
        "cached_file",
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cached_file"),
    )


def downgrade() -> None:
    """Take it away again."""
    for table in ("cached_file", "settlement", "inbox"):
        op.drop_table(table)
    for name in WATCHED:
        op.drop_column("flow_state", name)
