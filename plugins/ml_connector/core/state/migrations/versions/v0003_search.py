"""Indexes for what people search by: numbers, names and parties."""

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


def upgrade() -> None:
    """Index what is there; on a large ledger this takes some seconds."""
    for name, term in INDEXES.items():
        op.create_index(name, "document", ["tenant", term, "id"])


def downgrade() -> None:
    """Search by reading everything again."""
    for name in INDEXES:
        op.drop_index(name, "document")
