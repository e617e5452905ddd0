"""What a document has to do with others: same key, same party, who waits for it, payments."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, select

from ml_connector.core.ledger.scope import Status
from ml_connector.core.ledger.search import LISTED, party_is, reference_is
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import document, settlement

LIMIT = 10


def with_keys(
    connection: Connection, tenant: str, flows: Sequence[str], keys: Sequence[str]
) -> Sequence[AnyRow]:
    """Documents with these keys, in any of the flows."""
    if not keys or not flows:
        return []
    where = (document.c.tenant == tenant, document.c.flow.in_(flows), document.c.key.in_(keys))
    return connection.execute(select(*LISTED).where(*where).order_by(document.c.flow, document.c.key)).all()


def of_party(connection: Connection, row: AnyRow, flows: Sequence[str], party: str) -> Sequence[AnyRow]:
    """The newest other documents of a party, e.g. a vendor's bills; not those that are not to be sent."""
    where = and_(
        document.c.tenant == row.tenant,
        party_is(party),
        document.c.flow.in_(flows),
        document.c.id != row.id,
        document.c.status != Status.EXCLUDED,
    )
    return connection.execute(select(*LISTED).where(where).order_by(document.c.id.desc()).limit(LIMIT)).all()


def of_reference(connection: Connection, row: AnyRow, flows: Sequence[str]) -> Sequence[AnyRow]:
    """The newest other documents that name the same purchase order, of whatever flow."""
    if not row.reference:
        return []
    where = and_(
        document.c.tenant == row.tenant,
        reference_is(row.reference),
        document.c.flow.in_(flows),
        document.c.id != row.id,
        document.c.status != Status.EXCLUDED,
    )
    return connection.execute(select(*LISTED).where(where).order_by(document.c.id.desc()).limit(LIMIT)).all()


def waiting_for(connection: Connection, row: AnyRow, flows: Sequence[str]) -> Sequence[AnyRow]:
    """Documents that wait for this one's crosswalk entry."""
    where = and_(
        document.c.tenant == row.tenant,
        document.c.waits_for == row.flow,
        document.c.waits_key == row.key,
        document.c.flow.in_(flows),
    )
    return connection.execute(select(*LISTED).where(where).order_by(document.c.id).limit(LIMIT)).all()


def settlements(connection: Connection, row: AnyRow, flows: Sequence[str]) -> Sequence[AnyRow]:
    """Settlement lines that name the document as the payment or as the voucher that it paid."""
    as_payment = and_(settlement.c.flow == row.flow, settlement.c.reference == row.key)
    as_voucher = settlement.c.voucher == row.key
    where = (settlement.c.tenant == row.tenant, settlement.c.flow.in_(flows), or_(as_payment, as_voucher))
    order = (settlement.c.reference, settlement.c.entry, settlement.c.part)
    return connection.execute(select(settlement).where(*where).order_by(*order).limit(50)).all()
