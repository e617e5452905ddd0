"""Who recorded a payment that BILL did not make itself.

Where PeopleSoft pays a voucher, this product records the payment in BILL (``bill.bill_payments``),
and reads it back with all the others. Taking that for news would post it in PeopleSoft again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from ml_connector.bill.api import Record
from ml_connector.bill.bill_payments import references
from ml_connector.bill.bills import PAID
from ml_connector.bill.payment_fields import bills_of, is_offline
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document, payload, settlement
from ml_connector.core.state.store import Store, in_chunks

OURS, OTHERS = "ours", "others"


@dataclass(slots=True)
class _Bill:
    """What the ledger knows of a bill.

    Attributes:
        names: references and ids of the payments that we recorded for it, or are about to.
        paid: PeopleSoft says that it has paid it itself, and not because a settlement closed the voucher.
    """

    names: set[str] = field(default_factory=set)
    paid: bool = False


class Recorders:
    """Looks offline payments up in the ledger.

    A payment is ours if its reference or id is one that was recorded for one of its bills, or if
    PeopleSoft says of all its bills that it has paid them itself: somebody was faster than we were.
    Where a settlement may have closed the voucher, that word of PeopleSoft is no proof.
    An answer once given stands: the settlement of a payment makes PeopleSoft say that the voucher is
    paid, which must not turn the payment into one of ours.

    Args:
        bills: the flow that keeps the vouchers' bills.
        payments: the flow that reads payments, for the answers given before.
    """

    def __init__(self, store: Store, bills: Scope, payments: Scope) -> None:
        self._store, self._bills, self._payments = store, bills, payments

    def of(self, rows: Sequence[Record]) -> dict[str, str]:
        """``ours`` or ``others`` by id for offline payments; the others are not in the answer. Blocking."""
        offline = [row for row in rows if is_offline(row)]
        if not offline:
            return {}
        with self._store.read() as connection:
            found = self._before(connection, [str(row["id"]) for row in offline])
            fresh = [row for row in offline if row["id"] not in found]
            bills = self._known(connection, {bill for row in fresh for bill in bills_of(row)})
        return found | {str(row["id"]): _judged(row, bills) for row in fresh}

    def _before(self, connection: Connection, ids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        same = (payload.c.document_id == document.c.id, payload.c.hash == document.c.source_hash)
        for chunk in in_chunks(ids):
            statement = select(document.c.key, payload.c.data).where(
                *same, self._payments.rows(), document.c.key.in_(chunk)
            )
            for row in connection.execute(statement):
                answer = self._store.open(row.data).get("recorded")
                if answer in (OURS, OTHERS):
                    found[row.key] = answer
        return found

    def _known(self, connection: Connection, bill_ids: Iterable[str]) -> dict[str, _Bill]:
        found: dict[str, _Bill] = {}
        for chunk in in_chunks(sorted(bill_ids)):
            rows = connection.execute(
                select(document).where(self._bills.rows(), document.c.target_id.in_(chunk))
            ).all()
            by_id = {row.id: row for row in rows}
            settled = self._settled(connection, [row.key for row in rows])
            for row in rows:
                steps: dict[str, Any] = self._store.open(row.steps) or {}
                recorded = {str(value) for name, value in steps.items() if name.startswith("payment ")}
                paid = (row.state or row.loaded_state) == PAID and row.key not in settled
                found[row.target_id] = _Bill(recorded, paid)
            for desired in connection.execute(select(payload).where(payload.c.document_id.in_(by_id))):
                row, wanted = by_id[desired.document_id], self._store.open(desired.data)
                if isinstance(wanted.get("body"), Mapping) and wanted.get("state") == PAID:
                    found[row.target_id].names |= references(row.key, wanted["body"])
        return found

    def _settled(self, connection: Connection, vouchers: Iterable[str]) -> set[str]:
        """Vouchers that one of BILL's payments settled once: that they look paid may be our own doing."""
        found: set[str] = set()
        for chunk in in_chunks(vouchers):
            statement = select(settlement.c.voucher).distinct().where(
                settlement.c.tenant == self._payments.tenant,
                settlement.c.flow == self._payments.flow,
                settlement.c.voucher.in_(chunk),
            )  # fmt: skip
            found.update(connection.scalars(statement))
        return found


def _judged(row: Record, known: Mapping[str, _Bill]) -> str:
    bills = [known.get(bill) for bill in bills_of(row)]
    names = {str(row[name]).strip() for name in ("id", "syncReference") if row.get(name)}
    if any(bill.names & names for bill in bills if bill):
        return OURS
    return OURS if bills and all(bill is not None and bill.paid for bill in bills) else OTHERS
