"""Puts a connection, a tenant's settings and its datasets together into a target of settlements."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import Page, Payload, Scan, Window
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.settlements import Settlements
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.folders import Folder
from ml_connector.peoplesoft.query import QueryService
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.settlement.base import SettlementTarget
from ml_connector.peoplesoft.settlement.books import Books, Header
from ml_connector.peoplesoft.settlement.closing import Closer
from ml_connector.peoplesoft.settlement.journal_view import JournalView
from ml_connector.peoplesoft.settlement.journal_way import JournalSettlements
from ml_connector.peoplesoft.settlement.lookups import Journals, Vouchers, read_header
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from ml_connector.peoplesoft.settlement.periods import FixedPeriods, OpenPeriods, QueriedPeriods
from ml_connector.peoplesoft.settlement.staged_way import StagedSettlements
from ml_connector.peoplesoft.soap import ComponentInterfaces, Created
from ml_connector.peoplesoft.writers.connect import Site
from ml_connector.peoplesoft.writers.kinds import JOURNAL, VOUCHER
from ml_connector.peoplesoft.writers.lookup import OpenInterface
from ml_connector.peoplesoft.writers.options import WriterOptions

FLOW = "bill.payments"


@dataclass(frozen=True)
class Place:
    """Where settlements go.

    Attributes:
        service: runs queries.
        interfaces: calls component interfaces; None where nothing is written through one.
        dataset: a dataset by name, with the tenant's query names in it.
        folder: for files; None where none are written.
        now: the current time.
    """

    settings: PeopleSoftSettings
    service: QueryService
    interfaces: ComponentInterfaces | None
    dataset: Callable[[str], Dataset]
    folder: Folder | None
    now: Callable[[], datetime]


def needs_interfaces(options: SettlementOptions) -> bool:
    """Whether anything is written to PeopleSoft itself."""
    return options.way == "journal" or options.close_voucher != "none"


def make_target(
    tenant: TenantConfig, store: Store, options: SettlementOptions, place: Place
) -> SettlementTarget:
    """The target in the way that the tenant chose.

    Raises:
        ConfigurationError: the tenant chose none.
    """
    rows = Settlements(store, tenant.tenant, FLOW)
    write = WriterOptions(settle_seconds=options.settle_seconds, concurrency=options.concurrency)
    site = Site(place.settings, tenant, write, place.service, place.dataset, place.now)
    closer = _closer(options, rows, site, place.interfaces)
    clock: dict[str, Any] = {"now": place.now, "time_zone": tenant.time_zone}
    if options.way == "staged" and place.folder is not None:
        return StagedSettlements(options, rows, closer, folder=place.folder, **clock)
    if options.way != "journal":
        raise ConfigurationError(
            "the flow bill.payments is on, but nothing says how payments are settled",
            field="integrations.bill.options.settlement.way",
            expected="journal or staged",
        )
    open_interface = site.opener(JOURNAL, place.interfaces)
    books = Books(Journals(site.lookup(JOURNAL, open_interface), options.concurrency), options.id_prefix)
    pages = _Pages(site, tenant)
    units = [options.unit(unit) for unit in tenant.business_units]
    view = JournalView(books, rows, closer, pages=pages, units=units, source=options.source)
    return JournalSettlements(
        options, rows, closer, books=books, writer=_Creator(open_interface), periods=_periods(options, site),
        view=view, **clock,
    )  # fmt: skip


def _closer(
    options: SettlementOptions, rows: Settlements, site: Site, interfaces: ComponentInterfaces | None
) -> Closer:
    open_interface = site.opener(VOUCHER, interfaces)

    async def update(values: Payload) -> object:
        return await (await open_interface()).update_data(values)

    vouchers = Vouchers(site.lookup(VOUCHER, open_interface))
    return Closer(options.close_voucher, options.hold_reason, vouchers, update, rows)


def _periods(options: SettlementOptions, site: Site) -> OpenPeriods:
    if options.open_from is not None:
        return FixedPeriods(options.open_from, options.open_through)
    dataset = site.dataset("open_periods")
    return QueriedPeriods(PeopleSoftSource(dataset, site.tenant, site.service, clock=site.now))


class _Creator:
    """Opens the component interface when the first journal is made."""

    def __init__(self, open_interface: OpenInterface) -> None:
        self._open = open_interface

    async def create(self, values: Payload) -> Created:
        return await (await self._open()).create(values)


class _Pages:
    """All journals of a unit, over the query of the dataset ``journals``."""

    def __init__(self, site: Site, tenant: TenantConfig) -> None:
        self._site, self._tenant = site, tenant
        self._since = (tenant.flow(FLOW).start or tenant.start).isoformat()

    async def page(self, unit: str, cursor: str | None) -> tuple[Sequence[Header], str | None]:
        source = PeopleSoftSource(
            self._site.dataset("journals"), self._tenant, self._site.service, clock=self._site.now
        )
        window = Window(unit, Scan.CHANGES, since=self._since, cursor=cursor)
        async with aclosing(cast(AsyncGenerator[Page], source.read(window))) as pages:
            async for page in pages:
                headers = [_header(document.payload) for document in page.documents]
                return headers, None if page.last else page.cursor
        return [], None


def _header(payload: Payload) -> Header:
    return read_header({**payload, "JRNL_LN": payload.get("lines") or []})
