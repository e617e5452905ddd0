"""The Airflow hook of the connection type ``peoplesoft``; the only module here that knows Airflow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from airflow.sdk import BaseHook

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import Client, Gate, TokenStore
from ml_connector.peoplesoft.probe import probe
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.settings import PeopleSoftSettings


class PeopleSoftHook(BaseHook):  # type: ignore[misc]  # Airflow is not followed by mypy
    """Connects to the integration gateway of one PeopleSoft database.

    Args:
        peoplesoft_conn_id: the Airflow connection.
        token_store: where workers share OAuth 2 tokens; memory of this process where None.
        gate: entered around each request, for pacing across processes.
    """

    conn_name_attr = "peoplesoft_conn_id"
    default_conn_name = "peoplesoft_default"
    conn_type = "peoplesoft"
    hook_name = "Oracle PeopleSoft"

    def __init__(
        self,
        *,
        peoplesoft_conn_id: str = default_conn_name,
        token_store: TokenStore | None = None,
        gate: Gate | None = None,
    ) -> None:
        super().__init__()
        self.peoplesoft_conn_id = peoplesoft_conn_id
        self._token_store = token_store
        self._gate = gate

    @cached_property
    def settings(self) -> PeopleSoftSettings:
        """The connection's fields, checked. Nothing else here reads the connection.

        Raises:
            ConfigurationError: a field is missing or wrong.
        """
        connection = self.get_connection(self.peoplesoft_conn_id)
        return PeopleSoftSettings.from_connection(
            host=connection.host,
            port=connection.port,
            schema=connection.schema,
            login=connection.login,
            password=connection.password,
            extra=connection.extra_dejson,
        )

    def get_conn(self) -> Client:
        """A client for the node's REST services; the caller closes it."""
        return make_client(self.settings, auth=self.settings.make_auth(self._token_store), gate=self._gate)

    @asynccontextmanager
    async def queries(self) -> AsyncIterator[QueryService]:
        """Runs queries; closed at the end of the ``async with``."""
        async with self.get_conn() as client:
            yield QueryService(client, self.settings.redactor())

    def test_connection(self) -> tuple[bool, str]:
        """Asks for one row and says in plain words what is wrong, if anything is."""
        try:
            return asyncio.run(probe(self.settings, store=self._token_store))
        except ConfigurationError as error:
            return False, str(error)
