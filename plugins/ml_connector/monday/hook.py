"""The Airflow hook of connection type ``monday``."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any

from airflow.sdk import BaseHook

from ml_connector.core.errors import ConnectorError
from ml_connector.core.state.store import Store
from ml_connector.monday.api import MondayApi
from ml_connector.monday.connect import connect, connect_alone
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.operations import WHO
from ml_connector.monday.settings import MondaySettings

_LIMITS = ApiLimits(plan="enterprise", concurrent_requests=40, timeout_seconds=20)
"""Of the largest plan: that a day is used up is for monday.com to tell, and not for a number of ours."""


class MondayHook(BaseHook):  # type: ignore[misc]  # Airflow is not typed
    """Reads one connection of type ``monday`` and makes clients from it.

    Args:
        monday_conn_id: id of the Airflow connection.
    """

    conn_name_attr = "monday_conn_id"
    default_conn_name = "monday_default"
    conn_type = "monday"
    hook_name = "monday.com"

    def __init__(self, *, monday_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.monday_conn_id = monday_conn_id

    @cached_property
    def settings(self) -> MondaySettings:
        """The connection's settings, checked.

        Raises:
            ConfigurationError: names the field and says what belongs there.
        """
        connection = self.get_connection(self.monday_conn_id)
        return MondaySettings.from_connection(
            host=connection.host,
            login=connection.login,
            password=connection.password,
            extra=connection.extra_dejson,
            port=connection.port,
            schema=connection.schema,
        )

    def get_conn(self) -> MondaySettings:
        """The settings; see :meth:`connect` for a client."""
        return self.settings

    def connect(
        self, store: Store, limits: ApiLimits | None = None
    ) -> AbstractAsyncContextManager[MondayApi]:
        """A client that shares tokens and limits with all other workers, as an async context manager."""
        return connect(self.settings, limits or ApiLimits(), store)

    def test_connection(self) -> tuple[bool, str]:
        """Ask whose token it is, and say in plain words what is there or what is wrong."""
        try:
            return True, asyncio.run(probe(self.settings))
        except ConnectorError as error:
            return False, str(error)


async def probe(settings: MondaySettings) -> str:
    """Who is logged in, as a sentence.

    With ``oauth2`` the state database is needed: trying the refresh token out replaces it.

    Raises:
        ConnectorError: the sentence says what is wrong.
    """
    if settings.auth == "token":
        async with connect_alone(settings) as api:
            return await _who(api, settings)
    # Here, not above: Airflow's configuration is read for this one case only.
    from ml_connector.core.dag.settings import open_store, read_settings

    with open_store(read_settings(), "connection test") as store:
        async with connect(settings, _LIMITS, store) as api:
            return await _who(api, settings)


async def _who(api: MondayApi, settings: MondaySettings) -> str:
    answer = await api.query(WHO.name, WHO.document, {})
    me = _object(answer.data.get("me"))
    account = _object(me.get("account"))
    said = f"; monday.com also said: {answer.problems[0]}" if answer.problems else ""
    version = f"version {api.version.answered}" if api.version.answered else "an unnamed version"
    return (
        f"Logged in to account {account.get('slug', 'unknown')} (tier {account.get('tier') or 'unknown'}) as "
        f"{me.get('name', 'unknown')} <{me.get('email', 'unknown')}>, user {me.get('id', 'unknown')}; "
        f"{version} of the API answers, {settings.api_version} is asked for{said}"
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
