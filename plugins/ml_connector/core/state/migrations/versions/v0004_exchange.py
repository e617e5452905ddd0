"""Control numbers, interchanges and transaction sets: what EDI needs to be sent once and to be answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ml_connector.core.state.columns import Big, Key, UtcTime

revision = "0004"
down_revision = "0003"

SEQUENCES = ("interchange_id", "transaction_set_id")


def upgrade() -> None:
    """Add the tables of EDI, what a person released, and the unit to the key of settlements.

    Business units number their payments by themselves.
    """
    op.add_column("document", sa.Column("released_hash", sa.String(length=64)))
    _key_of_settlements("tenant", "flow", "reference", "entry", "part", "unit")
    op.create_table(
        "control_number",
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "environment", "sender", "receiver", "kind", name="pk_control_number"
        ),
    )
    op.create_table(
        "interchange",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("partner", sa.String(length=128)),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer()),
        sa.Column("file_name", sa.String(length=256), nullable=False),
        sa.Column("route", sa.LargeBinary()),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        *(
            sa.Column(name, UtcTime())
            for name in ("uploaded_at", "picked_up_at", "delivered_at", "answer_due_at", "alerted_at")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_interchange"),
        sa.UniqueConstraint(
            "tenant", "direction", "content_hash", name="uq_interchange_tenant_direction_content_hash"
        ),
    )
    op.create_index(
        "ix_interchange_number", "interchange", ["tenant", "direction", "sender", "receiver", "number"]
    )
    op.create_index("ix_interchange_status", "interchange", ["tenant", "direction", "status", "id"])
    op.create_index("ix_interchange_file", "interchange", ["tenant", "direction", "file_name"])
    op.create_table(
        "transaction_set",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("interchange_id", Big, nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("partner", sa.String(length=128)),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("group_code", sa.String(length=2)),
        sa.Column("group_number", sa.Integer()),
        sa.Column("set_code", sa.String(length=8), nullable=False),
        sa.Column("set_number", sa.String(length=9)),
        sa.Column("flow", sa.String(length=128)),
        sa.Column("document_id", Big),
        sa.Column("key", Key),
        sa.Column("document_hash", sa.String(length=64)),
        sa.Column("business_key", Key),
        sa.Column("reference", sa.String(length=256)),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("response", sa.String(length=32)),
        sa.Column("responded_at", UtcTime()),
        sa.Column("data", sa.LargeBinary()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transaction_set"),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "transaction_set", columns)
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(f"CREATE SEQUENCE IF NOT EXISTS {name}")


INDEXES = {
    "ix_transaction_set_interchange": ["interchange_id"],
    "ix_transaction_set_group": ["tenant", "direction", "group_code", "group_number"],
    "ix_transaction_set_document": ["document_id"],
    "ix_transaction_set_flow": ["tenant", "flow", "key"],
    "ix_transaction_set_business": ["tenant", "business_key"],
    "ix_transaction_set_reference": ["tenant", "reference"],
}


def downgrade() -> None:
    """Take them away again.

    Where two units used one number for a payment, the database refuses: one of both would be lost.
    """
    _key_of_settlements("tenant", "flow", "reference", "entry", "part")
    for table in ("transaction_set", "interchange", "control_number"):
        op.drop_table(table)
    op.drop_column("document", "released_hash")
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(f"DROP SEQUENCE IF EXISTS {name}")


def _key_of_settlements(*columns: str) -> None:
    with op.batch_alter_table("settlement") as table:  # SQLite writes the table anew
        table.drop_constraint("pk_settlement", type_="primary")
        table.create_primary_key("pk_settlement", list(columns))
