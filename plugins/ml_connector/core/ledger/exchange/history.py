"""What was exchanged, as people look at it: for a document, as a list, and one interchange."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.terms import HIGHEST

LIMIT = 50

_SETS = (
    transaction_set.c.interchange_id, transaction_set.c.direction, transaction_set.c.tenant,
    transaction_set.c.partner, transaction_set.c.flow, transaction_set.c.key, transaction_set.c.set_code,
    transaction_set.c.group_code, transaction_set.c.group_number, transaction_set.c.set_number,
    transaction_set.c.reference, transaction_set.c.status, transaction_set.c.reason,
    transaction_set.c.response, transaction_set.c.responded_at,
)  # fmt: skip
_FILES = (
    interchange.c.number, interchange.c.file_name, interchange.c.size, interchange.c.content_hash,
    interchange.c.status.label("file_status"), interchange.c.reason.label("file_reason"),
    interchange.c.sender, interchange.c.receiver, interchange.c.created_at, interchange.c.uploaded_at,
    interchange.c.picked_up_at, interchange.c.delivered_at, interchange.c.answer_due_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which interchanges a list shall hold; empty parts leave it open.

    Attributes:
        text: begins a file's name or a partner's, or is a control number.
        before: id of the last one of the page before; lists begin with the newest.
    """

    direction: str = ""
    status: str = ""
    text: str = ""
    before: int | None = None


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
    joined = transaction_set.c.interchange_id == interchange.c.id
    statement = select(*_SETS, *_FILES).join_from(transaction_set, interchange, joined)
    ordered = statement.where(or_(sent, received)).order_by(transaction_set.c.id).limit(LIMIT)
    return connection.execute(ordered).all()


def flows(connection: Connection, tenants: Collection[str]) -> set[tuple[str, str]]:
    """Tenants and flows whose documents were exchanged."""
    columns = (transaction_set.c.tenant, transaction_set.c.flow)
    where = (transaction_set.c.tenant.in_(tenants), transaction_set.c.flow.is_not(None))
    return {(row.tenant, row.flow) for row in connection.execute(select(*columns).where(*where).distinct())}


def interchanges(
    connection: Connection, scopes: Mapping[str, Collection[str]], chosen: Chosen, limit: int
) -> Sequence[AnyRow]:
    """Interchanges of these tenants and flows, newest first; those of no flow, our 997s, come along."""
    visible = or_(*(_visible(tenant, names) for tenant, names in scopes.items()))
    statement = select(interchange.c.id, interchange.c.tenant, interchange.c.direction, interchange.c.partner,
                       *_FILES).where(visible, *_conditions(chosen))  # fmt: skip
    return connection.execute(statement.order_by(interchange.c.id.desc()).limit(limit)).all()


def one(
    connection: Connection, tenant: str, names: Collection[str], interchange_id: int
) -> tuple[AnyRow, Sequence[AnyRow]] | None:
    """An interchange with its bytes, still sealed, and its sets; None where there is none to be seen."""
    columns = (
        interchange.c.id,
        interchange.c.tenant,
        interchange.c.direction,
        interchange.c.partner,
        *_FILES,
    )
    where = (interchange.c.id == interchange_id, _visible(tenant, names))
    row = connection.execute(select(*columns, interchange.c.content).where(*where)).first()
    return None if row is None else (row, sets(connection, [interchange_id]))


def sets(connection: Connection, interchange_ids: Collection[int]) -> Sequence[AnyRow]:
    """The transaction sets of interchanges, in order."""
    where = transaction_set.c.interchange_id.in_(interchange_ids)
    return connection.execute(select(*_SETS).where(where).order_by(transaction_set.c.id)).all()


def _visible(tenant: str, names: Collection[str]) -> ColumnElement[bool]:
    of_it = transaction_set.c.interchange_id == interchange.c.id
    readable = exists().where(of_it, transaction_set.c.flow.in_(names))
    nobodys = ~exists().where(of_it, transaction_set.c.flow.is_not(None))
    return and_(interchange.c.tenant == tenant, or_(readable, nobodys))


def _conditions(chosen: Chosen) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if chosen.direction:
        found.append(interchange.c.direction == chosen.direction)
    if chosen.status:
        found.append(interchange.c.status == chosen.status)
    if chosen.before is not None:
        found.append(interchange.c.id < chosen.before)
    if text := chosen.text.strip():
        named = [
            and_(column >= text, column < text + HIGHEST)
            for column in (interchange.c.file_name, interchange.c.partner)
        ]
        if text.isdecimal() and len(text) <= 9:
            named.append(interchange.c.number == int(text))
        found.append(or_(*named))
    return found
