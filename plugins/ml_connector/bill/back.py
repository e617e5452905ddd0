"""Puts together what the way back to PeopleSoft needs: the source of payments, and the verifier of events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from ml_connector.bill.api import BillApi
from ml_connector.bill.connect import connect
from ml_connector.bill.event_history import EventHistory
from ml_connector.bill.options import BillOptions
from ml_connector.bill.payments import PaymentSource
from ml_connector.bill.recorded import Recorders
from ml_connector.bill.settings import BillSettings
from ml_connector.bill.subscriptions import Subscriptions, Wanted
from ml_connector.bill.webhook import BillVerifier
from ml_connector.bill.webhook_api import WebhookApi
from ml_connector.bill.webhook_keys import WebhookKeys
from ml_connector.bill.webhook_upkeep import WebhookUpkeep
from ml_connector.core.config import Dataset, TenantConfig
from ml_connector.core.contract import EventSource
from ml_connector.core.http import Transport
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store

BILLS, PAYMENTS = "bill.bills", "bill.payments"
"""Names of the flows whose ledgers are read."""

_OVERLAP = timedelta(minutes=15)


def receiver_url(base_url: str, tenant: str) -> str:
    """Where the receiver takes BILL's events for a tenant."""
    return f"{base_url.rstrip('/')}/ml-connector/webhooks/bill/{tenant}"


def make_verifier(settings: BillSettings, options: BillOptions, store: Store, tenant: str) -> BillVerifier:
    """With the keys of the connection and those that are kept. Blocking."""
    kept = WebhookKeys(store, settings.organization_id, tenant).read()
    return BillVerifier(
        [*settings.webhook_keys, *kept.accepted(store.now())],
        settings.organization_id,
        minified=options.webhooks.minified_signatures,
    )


@asynccontextmanager
async def payment_source(
    settings: BillSettings,
    options: BillOptions,
    store: Store,
    tenant: TenantConfig,
    dataset: Dataset,
    *,
    address: str,
    transport: Transport | None = None,
    clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[EventSource]:
    """A client, and the payments behind it.

    Args:
        address: where BILL is to send its events.
    """
    bills, payments = (Scope(tenant.tenant, tenant.environment, flow) for flow in (BILLS, PAYMENTS))
    recorders = Recorders(store, bills, payments)
    start = tenant.flow(PAYMENTS).start or tenant.start
    async with connect(settings, options, store, transport=transport, clock=clock) as api:
        upkeep = None
        if options.webhooks.subscribe:
            overlap = dataset.change.overlap if dataset.change else _OVERLAP
            upkeep = _upkeep(
                api, settings, options, store, scope=payments, address=address, overlap=overlap
            ).run
        yield PaymentSource(api, options, recorders, upkeep, start=start, unit=dataset.system)


def _upkeep(
    api: BillApi,
    settings: BillSettings,
    options: BillOptions,
    store: Store,
    *,
    scope: Scope,
    address: str,
    overlap: timedelta,
) -> WebhookUpkeep:
    wanted = Wanted(address, options.webhooks.name, options.webhooks.events)
    management = WebhookApi(api, options.webhooks.management_url or settings.events_url)
    keys = WebhookKeys(store, settings.organization_id, scope.tenant)
    given = bool(settings.webhook_keys)
    return WebhookUpkeep(
        Subscriptions(management, keys, wanted, key_given=given),
        EventHistory(management, store, "bill", scope.tenant),
        keys,
        store,
        scope,
        overlap=overlap,
        key_given=given,
    )
