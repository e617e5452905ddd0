"""Takes one 810 in: read by the partner's rules, and told apart from invoices that came before."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from ml_connector.cleo.inbound.context import INVOICES, InboundContext
from ml_connector.cleo.inbound.envelope import Sides
from ml_connector.cleo.inbound.invoice_reading import understood
from ml_connector.cleo.inbound.ledger_state import document_id
from ml_connector.cleo.inbound.supplier_invoice import business_key, natural_key, orders_of
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.contract import Payload, join_key
from ml_connector.core.ledger.exchange import received
from ml_connector.core.ledger.exchange.received import DUPLICATE, REJECTED, TAKEN, ReceivedSet
from ml_connector.core.state.store import Transaction
from ml_connector.x12.model import Problem, TransactionSet, X12Error

_DATE = re.compile(r"\|([0-9]{4}-[0-9]{2}-[0-9]{2})(\|[0-9]+)?$")
"""The date in a natural key."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An invoice that came before under the same number."""

    key: str
    date: str
    content: str | None


Here = dict[str, list[_Earlier]]
"""Invoices of one interchange by business key, which are not stored yet."""


@dataclass(slots=True)
class InvoiceFiling:
    """The invoices of one group.

    Attributes:
        here: those that stood before in the same interchange.
    """

    tx: Transaction
    context: InboundContext
    profile: Profile
    sides: Sides
    here: Here

    def take(self, found: TransactionSet, place: ReceivedSet) -> tuple[ReceivedSet, Problem | None]:
        """The invoice as it is to be kept, and what our 997 says against it."""
        rules = self.profile.documents.supplier_invoice
        if rules is None:
            problem = Problem("set", "1", "Invoices are not agreed with this partner.", "ST", 1, "1")
            reason = "the partner's file does not name supplier_invoice among its documents"
            return replace(place, status=REJECTED, reason=reason), problem
        try:
            read = understood(self.context, self.profile, rules, self.sides, found)
        except X12Error as error:
            number = error.segment or 1
            name = found.segments[number - 1][0] if number <= len(found.segments) else "ST"
            problem = Problem("segment", "8", error.reason, name, number)
            return replace(place, status=REJECTED, reason=error.reason), problem
        return self._filed(place, read), None

    def _filed(self, place: ReceivedSet, read: Payload) -> ReceivedSet:
        payload, digest = read["invoice"], read["content"]
        same = business_key(payload["partner"], payload["number"])
        earlier = self._earlier(same, payload["date"])
        orders = orders_of(payload)
        filed = replace(
            place, flow=INVOICES, business_key=same, reference=orders[0] if len(orders) == 1 else None
        )
        twin = next((one for one in earlier if one.content == digest), None)
        if twin is not None:
            told = {"key": twin.key, "control": _control(place)}
            known = document_id(self.tx.connection, self.context.invoices, twin.key)
            labels = self.context.invoices.labels()
            self.tx.record("duplicate invoice left out", told, document_id=known, **labels)
            return replace(
                filed, status=DUPLICATE, reason=f"the same invoice as {twin.key}, which came before"
            )
        key = _free(natural_key(payload["partner"], payload["number"], payload["date"]), earlier)
        self.here.setdefault(same, []).append(_Earlier(key, payload["date"], digest))
        first = earlier[0].key if earlier else None
        return replace(filed, key=key, data=read | {"duplicate_of": first, "match": None})

    def _earlier(self, same: str, day: str) -> list[_Earlier]:
        """Invoices of about the same time that may be this one, oldest first: numbers begin anew some day."""
        kept = received.with_business_key(self.tx.connection, self.context.store, self.context.name, same)
        stored = [
            _Earlier(one.key, found[1], one.data.get("content"))
            for one in kept
            if one.status == TAKEN and one.key is not None and (found := _DATE.search(one.key))
        ]
        return [one for one in (*stored, *self.here.get(same, ())) if self._near(one, day)]

    def _near(self, one: _Earlier, day: str) -> bool:
        apart = abs((date.fromisoformat(one.date) - date.fromisoformat(day)).days)
        return apart <= self.context.options.inbound.duplicate_days


def _free(key: str, earlier: list[_Earlier]) -> str:
    """The key, with a number behind it where another invoice has it."""
    taken = {one.key for one in earlier}
    count = 1
    free = key
    while free in taken:
        count += 1
        free = join_key(key, count)
    return free


def _control(place: ReceivedSet) -> str:
    return f"{place.group_number}/{place.set_number}"
