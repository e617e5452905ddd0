"""Says in plain words whether a connection works, and if not, what is wrong with it."""

from __future__ import annotations

from ml_connector.core.errors import ConnectorError, NotActivated, RateLimited
from ml_connector.core.http import Retry, TokenStore, Transport
from ml_connector.peoplesoft.query import QueryCall, QueryService, make_client
from ml_connector.peoplesoft.settings import PeopleSoftSettings

QUERY = "ML_GL_ACCOUNTS"  # a delivered install of the product has it, and one row of it costs nothing


async def probe(
    settings: PeopleSoftSettings,
    *,
    query: str = QUERY,
    store: TokenStore | None = None,
    transport: Transport | None = None,
) -> tuple[bool, str]:
    """Run one small query. Never raises for what the other side does wrong.

    Args:
        settings: the connection.
        query: executed with the prompt SETID left blank, one row at most.
        store: shared logins, for ``oauth2``.
        transport: replaceable in tests.
    """
    who = settings.login if settings.auth == "basic" else f"client {settings.client_id}"
    auth = settings.make_auth(store)
    async with make_client(settings, auth=auth, transport=transport, retry=Retry(attempts=1)) as client:
        service = QueryService(client, settings.redactor())
        try:
            await service.run(QueryCall(query, {"SETID": ""}, maxrows=1))
        except NotActivated as error:
            return (
                False,
                f"PeopleSoft answers, but {error.operation} is not activated or not granted: {error}",
            )
        except RateLimited:
            return True, f"Connected to node {settings.node} as {who}; the gateway asks to slow down"
        except ConnectorError as error:
            return False, str(error)
    return True, f"Connected to node {settings.node} as {who}: query {query} is answered"
