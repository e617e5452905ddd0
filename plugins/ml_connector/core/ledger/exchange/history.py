"""What was exchanged for a document, as people look at it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, select

from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import interchange, transaction_set

LIMIT = 50

_COLUMNS = (
    transaction_set.c.id, transaction_set.c.interchange_id, transaction_set.c.direction,
    transaction_set.c.partner, transaction_set.c.set_code, transaction_set.c.group_code,
    transaction_set.c.group_number, transaction_set.c.set_number, transaction_set.c.status,
    transaction_set.c.reason, transaction_set.c.response, transaction_set.c.responded_at,
    interchange.c.number, interchange.c.file_name, interchange.c.size, interchange.c.content_hash,
    interchange.c.status.label("file_status"), interchange.c.reason.label("file_reason"),
    interchange.c.sender, interchange.c.receiver, interchange.c.created_at, interchange.c.uploaded_at,
    interchange.c.picked_up_at, interchange.c.delivered_at, interchange.c.answer_due_at,
)  # fmt: skip


def of_document(connection: Connection, row: AnyRow) -> Sequence[AnyRow]:
    """The transaction sets by which a document went out or came in, oldest first.

    Args:
        row: of the table ``document``.
    """
    sent = transaction_set.c.document_id == row.id
    received = and_(
        transaction_set.c.tenant == row.tenant,
        transaction_set.c.flow == row.flow,
        transaction_set.c.key == row.key,
    )
    statement = select(*_COLUMNS).join_from(
        transaction_set, interchange, interchange.c.id == transaction_set.c.interchange_id
    )
    ordered = statement.where(or_(sent, received)).order_by(transaction_set.c.id).limit(LIMIT)
    return connection.execute(ordered).all()


def content(connection: Connection, tenant: str, flow: str, key: str, interchange_id: int) -> AnyRow | None:
    """An interchange that carried a document, its bytes still sealed; None where it did not."""
    carried = and_(
        transaction_set.c.interchange_id == interchange_id,
        transaction_set.c.tenant == tenant,
        transaction_set.c.flow == flow,
        transaction_set.c.key == key,
    )
    statement = select(*_COLUMNS, interchange.c.content).join_from(
        transaction_set, interchange, interchange.c.id == transaction_set.c.interchange_id
    )
    return connection.execute(statement.where(carried).limit(1)).first()
