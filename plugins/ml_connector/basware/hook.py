"""The Airflow hook of connection type ``basware``."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import cached_property

from airflow.sdk import BaseHook

from ml_connector.basware.api import BaswareApi
from ml_connector.basware.connect import connect
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.probe import probe
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.errors import ConnectorError
from ml_connector.core.state.store import Store


class BaswareHook(BaseHook):  # type: ignore[misc]  # Airflow is not typed
    """Reads one connection of type ``basware`` and makes clients from it.

    Args:
        basware_conn_id: id of the Airflow connection.
    """

    conn_name_attr = "basware_conn_id"
    default_conn_name = "basware_default"
    conn_type = "basware"
    hook_name = "Basware"

    def __init__(self, *, basware_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.basware_conn_id = basware_conn_id

    @cached_property
    def settings(self) -> BaswareSettings:
        """The connection's settings, checked.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        connection = self.get_connection(self.basware_conn_id)
        return BaswareSettings.from_connection(
            host=connection.host,
            login=connection.login,
            password=connection.password,
            extra=connection.extra_dejson,
            port=connection.port,
            schema=connection.schema,
        )

    def get_conn(self) -> BaswareSettings:
        """The settings; see :meth:`connect` for a client."""
        return self.settings

    def connect(
        self, store: Store, options: BaswareOptions | None = None
    ) -> AbstractAsyncContextManager[BaswareApi]:
        """A client that shares token and limits with all other workers, as an async context manager."""
        return connect(self.settings, options or BaswareOptions(), store)

    def test_connection(self) -> tuple[bool, str]:
        """Log in, look for an invoice, and say in plain words what is there or what is wrong."""
        try:
            return True, asyncio.run(probe(self.settings))
        except ConnectorError as error:
            return False, str(error)
