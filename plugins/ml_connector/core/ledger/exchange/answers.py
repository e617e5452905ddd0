"""What partners answer: 997s that tell whether a set could be read, 855s and 824s what the business says.

An equal answer that comes again changes nothing. Where two answers contradict each other the worse one
stays, and a person looks: a partner that first accepts and then rejects has not booked the order.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, and_, select, update

from ml_connector.core.contract import Payload
from ml_connector.core.ledger.exchange.outbound import (
    BUILT,
    NOT_EXPECTED,
    SENT,
    SUPERSEDED,
    Exchange,
    arrived,
    exchanges,
)
from ml_connector.core.ledger.exchange.texts import storable
from ml_connector.core.state.exchange_schema import interchange, transaction_set
from ml_connector.core.state.store import Store, Transaction, in_chunks

ACKNOWLEDGED, WITH_ERRORS = "acknowledged", "acknowledged_with_errors"
REJECTED, UNCLEAR = "rejected", "unclear"
"""``unclear``: an answer came, but does not say what became of this set."""

OPEN = (BUILT, SENT, NOT_EXPECTED, UNCLEAR, SUPERSEDED)
"""A 997 may overtake the note that the file was uploaded, and may come where none was expected."""

UNTOLD = "untold"
"""In the data of a rejected set: its document does not know yet."""

_SEVERITY = {ACKNOWLEDGED: 1, WITH_ERRORS: 2, REJECTED: 3}

Acknowledged = Literal["new", "repeated", "contradicts"]
Response = Literal["accepted", "changed", "rejected", "received"]
"""What the business says, from 855 and 824. ``changed``: accepted with changes or with errors, so
somebody must look; ``received``: taken in, decided later."""


def of_group(
    connection: Connection,
    store: Store,
    tenant: str,
    *,
    sender: str,
    receiver: str,
    group_code: str,
    group_number: int,
    partner: str | None = None,
) -> list[Exchange]:
    """The sets of one group of ours; of the newest, where its number was used again.

    Args:
        sender: our identity, as it was in the group that is answered.
        receiver: the partner's.
        partner: name of the partner's profile. Where no group has these identities, the group of this
            partner with this number is taken, answered or not, if there is only one: answers may name
            other identities, and may come twice.
    """
    numbers = and_(
        transaction_set.c.tenant == tenant, transaction_set.c.direction == "out",
        transaction_set.c.group_code == storable(group_code), transaction_set.c.group_number == group_number,
    )  # fmt: skip
    named = and_(numbers, transaction_set.c.sender == sender, transaction_set.c.receiver == receiver)
    found = exchanges(connection, store, named)
    if found or partner is None:
        newest = max((one.interchange_id for one in found), default=0)
        return [one for one in found if one.interchange_id == newest]
    others = exchanges(connection, store, and_(numbers, transaction_set.c.partner == partner))
    return others if len({one.interchange_id for one in others}) == 1 else []


def of_interchange(
    connection: Connection, store: Store, tenant: str, *, sender: str, receiver: str, number: int
) -> list[Exchange]:
    """The sets of the newest interchange of ours with this ISA13, which a TA1 answers."""
    where = and_(
        interchange.c.tenant == tenant, interchange.c.direction == "out", interchange.c.sender == sender,
        interchange.c.receiver == receiver, interchange.c.number == number,
    )  # fmt: skip
    found = exchanges(connection, store, where)
    newest = max((one.interchange_id for one in found), default=0)
    return [one for one in found if one.interchange_id == newest]


def of_reference(
    connection: Connection,
    store: Store,
    tenant: str,
    *,
    partner: str,
    reference: str,
    set_codes: Collection[str],
) -> list[Exchange]:
    """Sets of these kinds that carry the number of an order or invoice, newest first."""
    where = and_(
        transaction_set.c.tenant == tenant, transaction_set.c.direction == "out",
        transaction_set.c.partner == partner, transaction_set.c.reference == storable(reference),
        transaction_set.c.set_code.in_(set_codes),
    )  # fmt: skip
    return exchanges(connection, store, where)[::-1]


def acknowledge(
    tx: Transaction, set_id: int, status: str, reason: str | None = None, data: Payload | None = None
) -> Acknowledged:
    """Note what a 997 or TA1 says about a set.

    Args:
        status: ``acknowledged``, ``acknowledged_with_errors``, ``rejected`` or ``unclear``.
        reason: in words, without content.
        data: the answer as it was decoded; kept sealed.

    An answer proves that the file has arrived, whatever was noted of its upload. Where that was not
    known yet, a rejection stands in the set's data as ``untold`` until its document has been told.

    Returns:
        ``new`` where the state changed, ``repeated`` where nothing became known that was not known,
        ``contradicts`` where another answer came before; the worse of both stays.

    Raises:
        ValueError: there is no such set, or no such status.
    """
    if status not in {*_SEVERITY, UNCLEAR}:
        raise ValueError(f"{status} is not what an acknowledgment can say")
    there = _locked(tx, set_id)
    if there.set_status in {status, *(_SEVERITY if status == UNCLEAR else ())}:
        return "repeated"
    contradicts = there.set_status in _SEVERITY
    if not contradicts or _SEVERITY[status] > _SEVERITY[there.set_status]:
        now = tx.store.now()
        untold = {UNTOLD: True} if status == REJECTED and not there.left else {}
        merged = _merged(tx, replace(there, data=there.data | untold), "acknowledgment", data)
        values = {"status": status, "reason": reason, "since": now, "data": merged}
        tx.connection.execute(update(transaction_set).where(transaction_set.c.id == set_id).values(values))
    arrived(tx, there)
    note = {"status": status, "before": there.set_status, "late": _late(there, tx.store.now())}
    kind = "acknowledgment contradicts" if contradicts else "acknowledged"
    _record(tx, there, kind, note | {"reason": reason})
    return "contradicts" if contradicts else "new"


def respond(tx: Transaction, set_id: int, response: Response, data: Payload | None = None) -> bool:
    """Note what the partner's business said to a document; the last word counts.

    Returns:
        Whether it says something else than what was known.
    """
    there = _locked(tx, set_id)
    if there.response == response and there.data.get("response", {}) == (data or {}):
        return False
    values = {
        "response": response,
        "responded_at": tx.store.now(),
        "data": _merged(tx, there, "response", data),
    }
    tx.connection.execute(update(transaction_set).where(transaction_set.c.id == set_id).values(values))
    arrived(tx, there)
    _record(tx, there, "partner responded", {"response": response, "before": there.response})
    return True


def overdue(connection: Connection, store: Store, tenant: str, now: datetime) -> list[Exchange]:
    """Sets whose acknowledgment should have come, and of which nobody was told yet."""
    where = and_(
        interchange.c.tenant == tenant, interchange.c.answer_due_at < now, interchange.c.alerted_at.is_(None),
        transaction_set.c.status == SENT,
    )  # fmt: skip
    return exchanges(connection, store, where)


def alerted(tx: Transaction, interchange_ids: Collection[int]) -> None:
    """Note that people were told that acknowledgments are overdue. That stays, should they come late."""
    for chunk in in_chunks(dict.fromkeys(interchange_ids)):
        where = and_(interchange.c.id.in_(chunk), interchange.c.alerted_at.is_(None))
        tx.connection.execute(update(interchange).where(where).values(alerted_at=tx.store.now()))
        for one in exchanges(tx.connection, tx.store, interchange.c.id.in_(chunk)):
            due = one.answer_due_at.isoformat() if one.answer_due_at else None
            _record(tx, one, "acknowledgment overdue", {"due": due})


def _locked(tx: Transaction, set_id: int) -> Exchange:
    """The set, with its row locked: two workers may read the same 997."""
    locked = select(transaction_set.c.id).where(transaction_set.c.id == set_id).with_for_update()
    tx.connection.execute(locked)
    found = exchanges(tx.connection, tx.store, transaction_set.c.id == set_id)
    if not found:
        raise ValueError(f"there is no outgoing transaction set {set_id}")
    return found[0]


def _merged(tx: Transaction, there: Exchange, name: str, data: Payload | None) -> bytes | None:
    others = {key: value for key, value in there.data.items() if key != name}
    merged = others | ({name: data} if data else {})
    return tx.store.seal(merged) if merged else None


def _late(there: Exchange, now: datetime) -> bool:
    return there.answer_due_at is not None and now > there.answer_due_at


def _record(tx: Transaction, of: Exchange, kind: str, data: Payload) -> None:
    names = {
        "partner": of.partner, "interchange": of.number, "group_code": of.group_code,
        "group": of.group_number, "set_code": of.set_code, "set": of.set_number,
    }  # fmt: skip
    tx.record(kind, names | data, tenant=of.tenant, flow=of.flow, document_id=of.document_id)
