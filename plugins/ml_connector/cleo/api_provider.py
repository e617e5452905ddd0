"""JSON documents to the tenant's own endpoints, which its administrator makes with Cleo's API Provider.

Address and token are the tenant's. An endpoint answers 503 while the provider is down.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from ml_connector.cleo.errors import NotFound, NotOffered, Taken
from ml_connector.cleo.links import Record
from ml_connector.cleo.rest import Rest
from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.core.http import Auth, Request, Response, json_request


class BearerAuth(Auth):
    """A token that the connection names. A refusal is one of the settings: nothing is locked by it."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Yield the request with the token, once."""
        response = yield request.with_headers({"Authorization": f"Bearer {self._token}"})
        if response.status == 401:
            raise ConfigurationError(
                f"the endpoint {request.path} of Cleo's API Provider refused the token (HTTP 401)",
                field="api_provider_token",
                expected="the bearer token that the endpoint was given in Cleo",
            )

    def secrets(self) -> Iterable[str]:
        """The token."""
        return (self._token,)


class ApiProvider:
    """Posts documents; each endpoint is a path below the address of the connection.

    Args:
        rest: with that address, and :class:`BearerAuth`.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def post(self, endpoint: str, payload: Mapping[str, Any]) -> Record:
        """Post one document; the answer's JSON object, or an empty one.

        Raises:
            InDoubt: it may have been taken.
            Rejected: the endpoint does not want it.
            Unavailable: it was not taken.
            ConfigurationError: nothing listens there, or the token is refused.
        """
        request = json_request("POST", _path(endpoint), dict(payload))
        try:
            response = await self._rest.call(request, f"posting to {endpoint}", f"use of endpoint {endpoint}")
        except (NotFound, NotOffered):
            raise ConfigurationError(
                f"nothing listens at {endpoint} of Cleo's API Provider",
                field="endpoint",
                expected="a path below api_provider_url",
            ) from None
        except Taken as error:
            raise Rejected(f"the endpoint knows this document already: {error.reason}", code="409") from None
        return _answer(response)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._rest.aclose()


def _path(endpoint: str) -> str:
    path = endpoint.strip()
    if "://" in path or path.startswith("//") or ".." in path.split("/") or not path.strip("/"):
        raise ConfigurationError(
            f"{endpoint!r} is no endpoint of Cleo's API Provider",
            field="endpoint",
            expected="a path below api_provider_url, such as /invoices",
        )
    return f"/{path.lstrip('/')}"


def _answer(response: Response) -> Record:
    """What the endpoint says about the document; it need not say anything."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
