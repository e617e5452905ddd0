"""Initial tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ml_connector.core.state.columns import Big, Exact, Key, UtcTime

revision = "0001"
down_revision = None

SEQUENCES = ("document_id", "reconciliation_id")
TABLES = (
    "audit_chain",
    "audit_event",
    "audit_head",
    "batch",
    "credential",
    "crosswalk",
    "document",
    "flow_state",
    "payload",
    "plan",
    "quota",
    "reconciliation",
    "slot",
    "watermark",
)


def upgrade() -> None:
    """Create everything; later revisions change single tables."""
    op.create_table(
        "audit_chain",
        sa.Column("number", Big, autoincrement=False, nullable=False),
        sa.Column("chain", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_chain"),
        sa.UniqueConstraint("chain", "kind", name="uq_audit_chain_chain_kind"),
    )
    op.create_table(
        "audit_event",
        sa.Column("chain", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=128)),
        sa.Column("flow", sa.String(length=128)),
        sa.Column("document_id", Big),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "number", name="pk_audit_event"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_audit_event_document",
        "audit_event",
        ["document_id"],
        sqlite_where=sa.text("document_id IS NOT NULL"),
        postgresql_where=sa.text("document_id IS NOT NULL"),
    )
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.String(length=32), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_audit_head"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("run", sa.String(length=256)),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime()),
        sa.Column("counts", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
    )
    op.create_index("ix_batch_flow", "batch", ["tenant", "flow", "started_at"])
    op.create_table(
        "credential",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("expires_at", UtcTime()),
        sa.Column("updated_at", UtcTime()),
        sa.Column("owner", sa.String(length=256)),
        sa.Column("lease_until", UtcTime()),
        sa.PrimaryKeyConstraint("name", name="pk_credential"),
    )
    op.create_table(
        "crosswalk",
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("target_id", sa.String(length=128), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=256)),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "key", name="pk_crosswalk"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_crosswalk_target", "crosswalk", ["tenant", "name", "target_id"])
    op.create_table(
        "document",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("environment", sa.String(length=16), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("unit", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("deadline", UtcTime()),
        sa.Column("alerted_at", UtcTime()),
        sa.Column("source_hash", sa.String(length=64)),
        sa.Column("source_stamp", sa.String(length=40)),
        sa.Column("selected", sa.Boolean(), nullable=False),
        sa.Column("source_open", sa.Boolean(), nullable=False),
        sa.Column("absent_since", UtcTime()),
        sa.Column("unmapped", sa.Boolean(), nullable=False),
        sa.Column("mapping", sa.String(length=64)),
        sa.Column("staged_hash", sa.String(length=64)),
        sa.Column("staged_absent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32)),
        sa.Column("waits_for", sa.String(length=128)),
        sa.Column("waits_key", Key),
        sa.Column("label", sa.String(length=256)),
        sa.Column("party", sa.String(length=256)),
        sa.Column("amount", Exact()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("business_status", sa.String(length=64)),
        sa.Column("operation", sa.String(length=8)),
        sa.Column("attempt_id", sa.String(length=32)),
        sa.Column("owner", sa.String(length=256)),
        sa.Column("lease_until", UtcTime()),
        sa.Column("sent_hash", sa.String(length=64)),
        sa.Column("sent_at", UtcTime()),
        sa.Column("lookups", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcTime()),
        sa.Column("steps", sa.LargeBinary()),
        sa.Column("receipt", sa.LargeBinary()),
        sa.Column("target_id", sa.String(length=128)),
        sa.Column("conflict_id", sa.String(length=128)),
        sa.Column("loaded_hash", sa.String(length=64)),
        sa.Column("loaded_at", UtcTime()),
        sa.Column("loaded_state", sa.String(length=32)),
        sa.Column("loaded_absent", sa.Boolean()),
        sa.Column("loaded_amount", Exact()),
        sa.Column("batch", sa.String(length=32)),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
        sa.UniqueConstraint("tenant", "flow", "key", name="uq_document_tenant_flow_key"),
    )
    op.create_index("ix_document_flow", "document", ["tenant", "flow", "id"])
    op.create_index(
        "ix_document_label",
        "document",
        ["tenant", "label"],
        sqlite_where=sa.text("label IS NOT NULL"),
        postgresql_where=sa.text("label IS NOT NULL"),
    )
    op.create_index(
        "ix_document_open",
        "document",
        ["tenant", "flow", "status", "id"],
        sqlite_where=sa.text("status NOT IN ('loaded', 'excluded')"),
        postgresql_where=sa.text("status NOT IN ('loaded', 'excluded')"),
    )
    op.create_index(
        "ix_document_target",
        "document",
        ["tenant", "flow", "target_id"],
        sqlite_where=sa.text("target_id IS NOT NULL"),
        postgresql_where=sa.text("target_id IS NOT NULL"),
    )
    op.create_index(
        "ix_document_unmapped",
        "document",
        ["tenant", "flow", "id"],
        sqlite_where=sa.text("unmapped = 1"),
        postgresql_where=sa.text("unmapped"),
    )
    op.create_index(
        "ix_document_waits",
        "document",
        ["tenant", "waits_for", "waits_key"],
        sqlite_where=sa.text("waits_for IS NOT NULL"),
        postgresql_where=sa.text("waits_for IS NOT NULL"),
    )
    op.create_table(
        "flow_state",
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("adopted_at", UtcTime()),
        sa.Column("succeeded_at", UtcTime()),
        sa.Column("confirmed_changes", sa.Integer(), nullable=False),
        sa.Column("ledger_cursor", Big, nullable=False),
        sa.Column("target_cursor", sa.Text()),
        sa.Column("stopped_reason", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "flow", name="pk_flow_state"),
    )
    op.create_table(
        "payload",
        sa.Column("document_id", Big, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "hash", name="pk_payload"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("label", sa.String(length=256)),
        sa.Column("staged_hash", sa.String(length=64)),
        sa.Column("changes", sa.LargeBinary()),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", "flow", "key", name="pk_plan"),
    )
    op.create_index("ix_plan_tenant", "plan", ["tenant", "planned_at"])
    op.create_table(
        "quota",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_quota"),
    )
    op.create_table(
        "reconciliation",
        sa.Column("id", Big, autoincrement=False, nullable=False),
        sa.Column("report", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=128)),
        sa.Column("business_status", sa.String(length=64)),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("key", Key),
        sa.Column("label", sa.String(length=256)),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("explained", sa.Boolean(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation"),
    )
    op.create_index("ix_reconciliation_flow", "reconciliation", ["tenant", "flow", "at"])
    op.create_index("ix_reconciliation_report", "reconciliation", ["report"])
    op.create_table(
        "slot",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=256)),
        sa.Column("lease_until", UtcTime()),
        sa.PrimaryKeyConstraint("name", "number", name="pk_slot"),
    )
    op.create_table(
        "watermark",
        sa.Column("tenant", sa.String(length=128), nullable=False),
        sa.Column("flow", sa.String(length=128), nullable=False),
        sa.Column("dataset", sa.String(length=128), nullable=False),
        sa.Column("unit", sa.String(length=128), nullable=False),
        sa.Column("scan", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=40)),
        sa.Column("cursor", sa.Text()),
        sa.Column("window_since", sa.String(length=40)),
        sa.Column("window_until", sa.String(length=40)),
        sa.Column("high", sa.String(length=40)),
        sa.Column("began_at", UtcTime()),
        sa.Column("selection", sa.String(length=64)),
        sa.Column("columns", sa.Text()),
        sa.Column("completed_at", UtcTime()),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "flow", "dataset", "unit", "scan", name="pk_watermark"),
    )

    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(f"CREATE SEQUENCE IF NOT EXISTS {name}")


def downgrade() -> None:
    """Drop everything."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in SEQUENCES:
            op.execute(f"DROP SEQUENCE IF EXISTS {name}")
