"""What people search by: a column for one more number, and indexes of numbers, names and parties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ml_connector.core.state.terms import Folded, NumberIn

revision = "0003"
down_revision = "0002"

INDEXES = {
    "ix_document_search_key": NumberIn(sa.column("key")),
    "ix_document_search_label": Folded(sa.column("label")),
    "ix_document_search_party": NumberIn(sa.column("party")),
}


REFERENCE = "ix_document_search_reference"
HAS_REFERENCE = sa.text("reference IS NOT NULL")


def upgrade() -> None:
    """Index what is there; on a large ledger this takes some seconds."""
    op.add_column("document", sa.Column("reference", sa.String(length=256)))
    op.create_index(
        REFERENCE,
        "document",
        ["tenant", NumberIn(sa.column("reference")), "id"],
        sqlite_where=HAS_REFERENCE,
        postgresql_where=HAS_REFERENCE,
    )
    for name, term in INDEXES.items():
        op.create_index(name, "document", ["tenant", term, "id"])


def downgrade() -> None:
    """Search by reading everything again."""
    for name in (*INDEXES, REFERENCE):
        op.drop_index(name, "document")
    op.drop_column("document", "reference")
