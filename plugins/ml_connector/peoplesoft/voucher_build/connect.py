"""Puts a connection, a tenant's names and its datasets together into the target over Voucher Build."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from ml_connector.core.limits import Gate, Slots
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.soap import connect
from ml_connector.peoplesoft.soap.connect import SLOTS, pool_name
from ml_connector.peoplesoft.voucher_build.post import make_client, make_poster
from ml_connector.peoplesoft.voucher_build.standing import BUILT, StagingQuery
from ml_connector.peoplesoft.voucher_build.target import VoucherBuild
from ml_connector.peoplesoft.writers.connect import Site

STAGING = "vouchers_in_staging"
"""Dataset of what waits for Voucher Build."""


@asynccontextmanager
async def open_voucher_build(site: Site, store: Store, *, create: bool = True) -> AsyncIterator[VoucherBuild]:
    """A target over Voucher Build.

    Raises:
        ConfigurationError: the connection lacks what the chosen way needs.
    """
    settings, options = site.settings, site.options
    async with AsyncExitStack() as stack:
        interfaces = None
        if settings.login and settings.password:  # only look-ups may need SOAP
            interfaces = await stack.enter_async_context(connect(settings, store, wanted=options.concurrency))
        slots = Slots(
            store.database, pool_name(settings), total=SLOTS, wanted=options.concurrency,
            margin=settings.timeout + 10, lease=settings.timeout + 180,
        )  # fmt: skip
        gate = Gate(slots)
        stack.push_async_callback(gate.aclose)
        client = await stack.enter_async_context(make_client(settings, gate=gate))
        lookup = site.lookup(BUILT, site.opener(BUILT, interfaces))
        poster = make_poster(settings, client, options.voucher_build)
        staging = StagingQuery(site.question(STAGING))
        yield VoucherBuild(poster, lookup, staging, options, now=site.now, create=create)
