"""Interchanges that did not go on: files that nobody takes, and what waits in quarantine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select, update

from ml_connector.core import codec
from ml_connector.core.ledger.exchange.outbound import OUT, UPLOADED, Exchange, exchanges, of_interchanges
from ml_connector.core.ledger.exchange.received import IN, QUARANTINED, REFUSED
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.store import Store, Transaction, in_chunks


def stuck(tx: Transaction, interchange_id: int, reason: str) -> bool:
    """Note that nobody takes the file. Its state stays: it is where it was put.

    Returns:
        Whether that was not known before, so that people are told once.
    """
    where = and_(
        interchange.c.id == interchange_id, interchange.c.direction == OUT, interchange.c.status == UPLOADED,
        interchange.c.picked_up_at.is_(None), interchange.c.reason.is_(None),
    )  # fmt: skip
    statement = update(interchange).where(where).values(reason=reason, since=tx.store.now())
    if tx.connection.execute(statement).rowcount == 0:
        return False
    for one in of_interchanges(tx.connection, tx.store, [interchange_id]):
        data = {"partner": one.partner, "file": one.file_name, "interchange": one.number, "reason": reason}
        tx.record("interchange stuck", data, tenant=one.tenant, flow=one.flow, document_id=one.document_id)
    return True


@dataclass(frozen=True, slots=True)
class Waiting:
    """An interchange that was not processed; ``sender`` and ``receiver`` are ``qualifier:id``."""

    interchange_id: int
    sender: str
    receiver: str
    file_name: str
    route: dict[str, str]


def undecided(connection: Connection, store: Store, tenant: str) -> Sequence[Waiting]:
    """Interchanges in quarantine that another configuration may take, oldest first, while they are kept.

    Who they are from, whom they are for, or the environment does not fit. Acknowledgments that answer
    nothing are not among them, nor is what is no X12.
    """
    columns = (
        interchange.c.id, interchange.c.sender, interchange.c.receiver, interchange.c.file_name,
        interchange.c.route,
    )  # fmt: skip
    processed = select(transaction_set.c.id).where(transaction_set.c.interchange_id == interchange.c.id)
    statement = select(*columns).where(
        interchange.c.tenant == tenant, interchange.c.direction == IN, interchange.c.status == QUARANTINED,
        interchange.c.number.is_not(None), interchange.c.content.is_not(None), ~processed.exists(),
    )  # fmt: skip
    rows = connection.execute(statement.order_by(interchange.c.id)).all()
    return [Waiting(row.id, row.sender, row.receiver, row.file_name, store.open(row.route)) for row in rows]


def newest(
    connection: Connection, store: Store, tenant: str, flow: str, keys: Collection[str]
) -> dict[str, Exchange]:
    """The newest set of each document of a flow, by key; documents that were never sent are left out."""
    of_flow = and_(transaction_set.c.tenant == tenant, transaction_set.c.flow == flow)
    return {
        one.key or "": one
        for chunk in in_chunks(dict.fromkeys(keys))
        for one in exchanges(connection, store, and_(of_flow, transaction_set.c.key.in_(chunk)))
    }


def supersede(tx: Transaction, interchange_id: int) -> None:
    """Give up a row that was not processed, so that the same bytes can be kept again and processed."""
    left_out = interchange.c.status.in_([QUARANTINED, REFUSED])
    values = {
        "content": None, "content_hash": codec.digest(["superseded", interchange_id]),
        "reason": "assessed again, and kept anew", "since": tx.store.now(),
    }  # fmt: skip
    where = and_(interchange.c.id == interchange_id, left_out)
    tx.connection.execute(update(interchange).where(where).values(values))
