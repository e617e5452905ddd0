"""The Airflow hook of connection type ``cleo``."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import cached_property

from airflow.sdk import BaseHook

from ml_connector.cleo.connect import Cleo, connect
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.probe import probe
from ml_connector.cleo.settings import CleoSettings
from ml_connector.core.errors import ConnectorError
from ml_connector.core.state.store import Store


class CleoHook(BaseHook):  # type: ignore[misc]  # Airflow is not typed
    """Reads one connection of type ``cleo`` and makes clients from it.

    Args:
        cleo_conn_id: id of the Airflow connection.
    """

    conn_name_attr = "cleo_conn_id"
    default_conn_name = "cleo_default"
    conn_type = "cleo"
    hook_name = "Cleo"

    def __init__(self, *, cleo_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.cleo_conn_id = cleo_conn_id

    @cached_property
    def settings(self) -> CleoSettings:
        """The connection's settings, checked.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        connection = self.get_connection(self.cleo_conn_id)
        return CleoSettings.from_connection(
            host=connection.host,
            login=connection.login,
            password=connection.password,
            extra=connection.extra_dejson,
            port=connection.port,
            schema=connection.schema,
        )

    def get_conn(self) -> CleoSettings:
        """The settings; see :meth:`connect` for a client."""
        return self.settings

    def connect(self, store: Store, options: CleoOptions | None = None) -> AbstractAsyncContextManager[Cleo]:
        """A client that shares tokens and limits with all other workers, as an async context manager."""
        return connect(self.settings, options or CleoOptions(), store)

    def test_connection(self) -> tuple[bool, str]:
        """Log in, look around, and say in plain words what is there or what is wrong."""
        try:
            return True, asyncio.run(probe(self.settings))
        except ConnectorError as error:
            return False, str(error)
