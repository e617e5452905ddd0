"""The Airflow hook of connection type ``bill``."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import cached_property

from airflow.sdk import BaseHook

from ml_connector.bill.api import BillApi, Record, classify
from ml_connector.bill.connect import connect
from ml_connector.bill.options import BillOptions
from ml_connector.bill.session import BillSession
from ml_connector.bill.settings import BillSettings
from ml_connector.core.errors import ConnectorError
from ml_connector.core.http import AiohttpTransport, Client, Redactor, Retry
from ml_connector.core.state.store import Store, utc_now


class BillHook(BaseHook):  # type: ignore[misc]  # Airflow is not typed
    """Reads one connection of type ``bill`` and makes clients from it.

    Args:
        bill_conn_id: id of the Airflow connection.
    """

    conn_name_attr = "bill_conn_id"
    default_conn_name = "bill_default"
    conn_type = "bill"
    hook_name = "BILL"

    def __init__(self, *, bill_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.bill_conn_id = bill_conn_id

    @cached_property
    def settings(self) -> BillSettings:
        """The connection's settings, checked.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        connection = self.get_connection(self.bill_conn_id)
        return BillSettings.from_connection(
            host=connection.host,
            login=connection.login,
            password=connection.password,
            extra=connection.extra_dejson,
            port=connection.port,
            schema=connection.schema,
        )

    def get_conn(self) -> BillSettings:
        """The settings; see :meth:`connect` for a client."""
        return self.settings

    def connect(
        self, store: Store, options: BillOptions | None = None
    ) -> AbstractAsyncContextManager[BillApi]:
        """A client that shares session and limits with all other workers, as an async context manager."""
        return connect(self.settings, options or BillOptions(), store)

    def test_connection(self) -> tuple[bool, str]:
        """Log in, ask who is logged in, and say in plain words what is wrong."""
        try:
            found = asyncio.run(probe(self.settings))
        except ConnectorError as error:
            return False, str(error)
        return True, (
            f"Logged in to organization {found.get('organizationId')} as user {found.get('userId')}; "
            f"two-step verification: {str(found.get('mfaStatus', 'unknown')).lower()}"
        )


async def probe(settings: BillSettings) -> Record:
    """Log in once, outside the shared session, and ask BILL whose session that is."""
    client = Client(
        settings.base_url,
        auth=BillSession(settings, None, idle=60.0, clock=utc_now),
        transport=AiohttpTransport(connections=1),
        classify=classify,
        retry=Retry(attempts=2),
        timeout=20.0,
        redactor=Redactor(settings.secrets()),
    )
    api = BillApi(client)
    try:
        return await api.session()
    finally:
        await api.aclose()
