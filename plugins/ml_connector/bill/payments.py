"""BILL's payments as a source: read since a change stamp, by id, and because of an event.

Two things that a list by ``updatedTime`` does not promise are seen to here. A payment that changes
while pages are read moves to the end and shifts the others, so each page begins anew at the stamp
where the one before ended, and a page token is used only among payments of one stamp. And tokens
expire, so a refused one makes the read begin again at its stamp; a cursor holds both.

Pages therefore come in the order of stamps, not of keys. That is enough for the core: its watermark
moves with a window's last page only, and documents are told apart by key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

from ml_connector.bill.api import PAGE, PAYMENTS, VENDORS, BillApi, Filter, Record, Resource
from ml_connector.bill.errors import FilterRefused, NotFound
from ml_connector.bill.events import PAYMENT_FAILED, PAYMENT_UPDATED, is_id, payment_of
from ml_connector.bill.options import BillOptions
from ml_connector.bill.payment_fields import Unfit, bills_of, is_thin, objects, read_payment, updated
from ml_connector.bill.recorded import Recorders
from ml_connector.core import codec
from ml_connector.core.contract import CaughtUp, Document, KeyAnswer, Page, Unreadable, Window
from ml_connector.core.errors import (
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    NotActivated,
    Rejected,
)
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.webhooks import Event

_SINGLY = 25
"""So many payments are each asked for at their own address, which never lags; more go through a list."""


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a window was read: from this stamp on, and there from this page on."""

    since: datetime | None
    token: str | None = None

    def text(self) -> str:
        """The cursor of a page."""
        since = self.since.isoformat() if self.since else None
        return codec.encode({"since": since, "token": self.token}).decode()

    @classmethod
    def first(cls, window: Window) -> Self:
        """Where a window is read from, or goes on."""
        if window.cursor is None:
            return cls(_whole(moment(window.since)) if window.since else None)
        try:
            value = codec.decode(window.cursor)
            return cls(datetime.fromisoformat(value["since"]) if value["since"] else None, value["token"])
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"the stored cursor {window.cursor[:80]!r} is of another version"
            ) from None

    def after(self, rows: Sequence[Record], token: str) -> Self:
        """The place after these rows: their last stamp, if the list is sorted and filtered as asked."""
        stamps = [_whole(at) if (at := updated(row)) else None for row in rows]
        known = [at for at in stamps if at is not None]
        begin = self.since or datetime.min.replace(tzinfo=UTC)
        sorted_so = len(known) == len(stamps) and known == sorted(known)
        if known and sorted_so and known[0] >= begin and known[-1] > begin:
            return type(self)(known[-1])
        return type(self)(self.since, token)


class PaymentSource:
    """``core.contract.EventSource`` over ``GET /v3/payments``.

    Args:
        start: what BILL processed before this day was booked by other means.
        unit: name of the account as a unit.
        recorders: knows who recorded an offline payment.
        upkeep: makes sure that events keep coming; None where nobody subscribes.
    """

    def __init__(
        self,
        api: BillApi,
        options: BillOptions,
        recorders: Recorders,
        upkeep: Callable[[], Awaitable[CaughtUp]] | None = None,
        *,
        start: date,
        unit: str = "bill",
    ) -> None:
        self._api, self._options, self._start = api, options, start
        self._recorders, self._upkeep, self._unit = recorders, upkeep, unit
        self._vendors: dict[str, Record | None] = {}

    # ---- the contract

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """See :class:`core.contract.Source` and the module. Every scan reads by change stamp."""
        place, began = _Place.first(window), self._api.now()
        until = moment(window.until) if window.until else None
        passed: set[_Place] = set()
        while True:
            rows, token = await self._page(place, until)
            within = [row for row in rows if _before(row, until)]
            completed, refused = await self._completed(within)
            documents, rejected = await self._documents(completed)
            rejected += refused
            if token is None:
                yield Page(documents, None, last=True, source_time=began, rejected=rejected)
                return
            passed.add(place)
            place = place.after(rows, token)
            if place in passed:
                raise ContractChanged("BILL's list of payments leads back to a page it gave before")
            yield Page(documents, place.text(), last=False, source_time=began, rejected=rejected)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """See :class:`core.contract.Source`. Only a payment's own address says that it does not exist."""
        wanted = [key for key in dict.fromkeys(keys) if key and '"' not in key]
        found = await self._listed(PAYMENTS, wanted) if len(wanted) > _SINGLY else {}
        completed, unreadable = await self._completed(found.values())
        rows = {row["id"]: row for row in completed}
        others = [key for key in wanted if key not in found]
        alone, refusals = await self._singly(PAYMENTS, others, answered=bool(found))
        rows |= alone
        unreadable += self._unreadable(refusals)
        documents, rejected = await self._documents([rows[key] for key in wanted if key in rows])
        said = rows.keys() | {item.key for item in unreadable}
        return KeyAnswer(
            documents, [key for key in dict.fromkeys(keys) if key not in said], rejected + unreadable
        )

    async def catch_up(self) -> CaughtUp:
        """See :class:`core.contract.EventSource`."""
        return await self._upkeep() if self._upkeep else CaughtUp()

    async def keys_of(self, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
        """See :class:`core.contract.EventSource`. A failed payment is named by its bills only."""
        found: dict[str, Sequence[str]] = {}
        for event in events:
            payment = payment_of(event)
            if event.type == PAYMENT_UPDATED and is_id(payment.get("id")):
                found[event.event_id] = (payment["id"],)
            elif event.type == PAYMENT_FAILED:
                found[event.event_id] = await self._failed(payment)
            else:
                found[event.event_id] = ()
        return found

    # ---- asking

    async def _page(self, place: _Place, until: datetime | None) -> tuple[list[Record], str | None]:
        filters = [Filter("updatedTime", "gte", place.since)] if place.since else []
        if until is not None:
            filters.append(Filter("updatedTime", "lt", until))
        try:
            return await self._api.page(PAYMENTS, filters, sort="updatedTime:asc", token=place.token)
        except (FilterRefused, Rejected):
            if place.token is None:
                raise
            return await self._api.page(PAYMENTS, filters, sort="updatedTime:asc")

    async def _completed(self, rows: Iterable[Record]) -> tuple[list[Record], list[Unreadable]]:
        """Rows of a list as their own addresses show them, where the list may have left something out."""
        listed = list(rows)
        if not all(isinstance(row.get("id"), str) for row in listed):
            raise ContractChanged("BILL's list of payments holds one without an id")
        thin = list(dict.fromkeys(row["id"] for row in listed if is_thin(row)))
        alone, refusals = await self._singly(PAYMENTS, thin, answered=True)
        unreadable = self._unreadable(refusals)
        unread = {item.key for item in unreadable}
        # Where its own address shows none, the list is all there is.
        return [alone.get(row["id"], row) for row in listed if row["id"] not in unread], unreadable

    async def _singly(
        self, resource: Resource, ids: Iterable[str], *, answered: bool
    ) -> tuple[dict[str, Record], dict[str, ConnectorError]]:
        """Objects at their own addresses, and why BILL shows the others not.

        One object that BILL keeps from us must not stop all the others for ever, but a right or an
        address that is wrong for all of them must be told. What answers here tells the two apart.

        Args:
            answered: BILL has answered with objects of this kind already.
        """
        found: dict[str, Record] = {}
        refused: dict[str, ConnectorError] = {}
        for name in ids:
            try:
                found[name] = await self._one(resource, name)
                answered = True
            except Rejected as refusal:
                refused[name] = refusal
            except (NotActivated, ConfigurationError) as refusal:
                if not answered:
                    await self._api.page(resource)  # refused as well where it is not about this object
                    answered = True
                refused[name] = refusal
        return found, refused

    async def _one(self, resource: Resource, name: str) -> Record:
        row = await self._api.get(resource, name)
        if row.get("id") != name:
            raise ContractChanged(f"asked for {name} among its {resource.path}, BILL answers with another")
        return row

    def _unreadable(self, refusals: Mapping[str, ConnectorError]) -> list[Unreadable]:
        return [
            Unreadable(key, self._unit, "id", key, f"a payment that BILL shows: {refusal}")
            for key, refusal in refusals.items()
            if not isinstance(refusal, NotFound)
        ]

    async def _listed(self, resource: Resource, ids: Sequence[str]) -> dict[str, Record]:
        """Objects by id as far as a list shows them."""
        found: dict[str, Record] = {}
        for begin in range(0, len(ids), PAGE):
            group = set(ids[begin : begin + PAGE])
            try:
                rows, _ = await self._api.page(resource, [Filter("id", "in", sorted(group))])
            except FilterRefused:  # not documented for every kind of object
                return found
            found.update({row["id"]: row for row in rows if row.get("id") in group})
        return found

    async def _failed(self, payment: Mapping[str, Any]) -> list[str]:
        """Payments of the bills that a failed one names, or with its number, changed at about its time."""
        vendor = payment.get("vendor")
        vendor_id = vendor.get("id") if isinstance(vendor, Mapping) else None
        named = {str(bill["id"]) for bill in objects(payment.get("bills")) if bill.get("id")}
        number, at = payment.get("transactionNumber"), updated(dict(payment))
        if not is_id(vendor_id) or not (named or number):
            return []
        margin = timedelta(seconds=self._options.lookup_margin_seconds)
        filters = [Filter("updatedTime", "gte", at - margin)] if at else []
        return [
            row["id"]
            for row in await self._of_vendor(vendor_id, filters)
            if is_id(row.get("id"))
            and (named & set(bills_of(row)) or (number and row.get("transactionNumber") == number))
        ]

    async def _of_vendor(self, vendor_id: str, filters: Sequence[Filter]) -> list[Record]:
        for asked in ([Filter("vendorId", "eq", vendor_id), *filters], filters):
            try:
                return await self._all(asked, vendor_id) if asked else []
            except (FilterRefused, Rejected):
                continue
        return []  # polling finds them too

    async def _all(self, filters: Sequence[Filter], vendor_id: str) -> list[Record]:
        pages = [rows async for rows in self._api.pages(PAYMENTS, filters)]
        return [row for rows in pages for row in rows if row.get("vendorId") == vendor_id]

    # ---- documents

    async def _documents(self, rows: Sequence[Record]) -> tuple[list[Document], list[Unreadable]]:
        """Documents by key, and those that cannot be read."""
        await self._learn_vendors({str(row["vendorId"]) for row in rows if row.get("vendorId")})
        recorded = await asyncio.to_thread(self._recorders.of, rows)
        documents: list[Document] = []
        rejected: list[Unreadable] = []
        for row in sorted(rows, key=lambda row: str(row["id"])):
            vendor, by = self._vendors.get(str(row.get("vendorId"))), recorded.get(row["id"], "")
            try:
                payload = read_payment(row, vendor, by, self._options.default_currency, self._start)
            except Unfit as unfit:
                rejected.append(Unreadable(row["id"], self._unit, unfit.field, unfit.value, unfit.expected))
            else:
                documents.append(Document(row["id"], self._unit, payload, payload["updatedTime"]))
        return documents, rejected

    async def _learn_vendors(self, ids: set[str]) -> None:
        """Currency and name of vendors, each vendor once. None for one that BILL does not show.

        A list may leave out what it leaves out: that a vendor names no currency, only its own address says.
        """
        unknown = sorted(vendor for vendor in ids - self._vendors.keys() if is_id(vendor))
        if not unknown:
            return
        listed = await self._listed(VENDORS, unknown)
        found = {name: vendor for name, vendor in listed.items() if vendor.get("billCurrency")}
        thin = [vendor for vendor in unknown if vendor not in found]
        alone, _ = await self._singly(VENDORS, thin, answered=bool(listed))
        self._vendors |= {vendor: found.get(vendor) or alone.get(vendor) for vendor in unknown}


def _whole(at: datetime) -> datetime:
    """In whole milliseconds, as BILL's filters take it; rounded down, so that nothing is left out."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def _before(row: Record, until: datetime | None) -> bool:
    """Whether a row lies in its window, should BILL have ignored the filter."""
    at = updated(row)
    return until is None or at is None or at < until
