"""Opens the target of a flow for a task: its connection is read at once, its client when entered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.contract import Target
from ml_connector.core.limits import Quota
from ml_connector.core.state.store import Store
from ml_connector.monday.api import MondayApi
from ml_connector.monday.connect import connect
from ml_connector.monday.fields import monday_options
from ml_connector.monday.hook import MondayHook
from ml_connector.monday.items import Items
from ml_connector.monday.labels import Labels
from ml_connector.monday.limits import ImportHour
from ml_connector.monday.options import MondayOptions, ReferenceBoard
from ml_connector.monday.payment_status import PaymentStatus
from ml_connector.monday.settings import MondaySettings

Factory = Callable[[TenantConfig, Store, BaseModel], AbstractAsyncContextManager[Target]]


def items(board: str) -> Factory:
    """Opens the target of documents that are items of a board, or labels where the tenant wants that.

    Raises:
        ConfigurationError: on opening, where the tenant's connection is missing or wrong.
    """

    def open_target(
        tenant: TenantConfig, store: Store, options: BaseModel
    ) -> AbstractAsyncContextManager[Target]:
        settings, checked = _settings(tenant), monday_options(options)
        create = tenant.flow(f"monday.{board}").create
        imported = Quota(
            store.database, f"monday:imported:{settings.key_name}",
            ImportHour(checked.bulk.items_per_hour, block=1), what="imported items in this hour",
            clock=store.now,
        )  # fmt: skip
        configured = getattr(checked.boards, board)

        def make(api: MondayApi) -> Target:
            if isinstance(configured, ReferenceBoard) and configured.labels is not None:
                return Labels(api, checked, board, create=create)
            return Items(api, checked, board, create=create, imported=imported)

        return _open(settings, checked, store, make)

    return open_target


def payment_status(
    tenant: TenantConfig, store: Store, options: BaseModel
) -> AbstractAsyncContextManager[Target]:
    """Opens what shows on the items of invoices what was paid.

    Raises:
        ConfigurationError: the tenant's connection is missing or wrong.
    """
    checked = monday_options(options)
    return _open(_settings(tenant), checked, store, lambda api: PaymentStatus(api, checked))


def _settings(tenant: TenantConfig) -> MondaySettings:
    return MondayHook(monday_conn_id=tenant.connections["monday"]).settings


@asynccontextmanager
async def _open(
    settings: MondaySettings, options: MondayOptions, store: Store, make: Callable[[MondayApi], Target]
) -> AsyncIterator[Target]:
    async with connect(settings, options.limits, store) as api:
        yield make(api)
