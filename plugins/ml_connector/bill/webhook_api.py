"""Calls of BILL's webhook management, over the session and within the limits of the other calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ml_connector.bill.api import PAGE, BillApi, Record
from ml_connector.core.errors import ContractChanged
from ml_connector.core.http import json_request, quote_segment

IDEMPOTENCY = "X-Idempotent-Key"
VERSION = "1"

_MOST_SUBSCRIPTIONS = 1000


class WebhookApi:
    """Calls by name. They raise what :class:`BillApi` raises.

    Args:
        api: of the same organization.
        url: base address, on the same host as the API's: the session goes to no other.
    """

    def __init__(self, api: BillApi, url: str) -> None:
        self._api, self._url = api, url.rstrip("/")

    async def catalog(self) -> set[str]:
        """Event types that BILL offers to this organization."""
        rows = await self._get("/v3/events/catalog")
        if not isinstance(rows, list):
            raise ContractChanged("BILL's catalog of events is no list")
        return {
            str(row.get("type"))
            for row in rows
            if isinstance(row, dict) and VERSION in (row.get("versions") or [VERSION])
        }

    async def subscriptions(self) -> list[Record]:
        """All subscriptions of the organization."""
        found: list[Record] = []
        token: str | None = None
        while True:
            rows, token = await self._page("/v3/subscriptions", {}, token)
            found += rows
            if token is None:
                return found
            if len(found) > _MOST_SUBSCRIPTIONS:
                raise ContractChanged("BILL's list of webhook subscriptions has no end")

    async def subscription(self, subscription_id: str) -> Record:
        """One subscription."""
        return _object(await self._get(f"/v3/subscriptions/{quote_segment(subscription_id)}"))

    async def subscribe(self, body: Mapping[str, Any], idempotency_key: str) -> tuple[Record, str]:
        """Make a subscription: it, and its key. The same idempotency key gives the first answer again."""
        return _with_key(await self._post("/v3/subscriptions", body, idempotency_key))

    async def change(self, subscription_id: str, changes: Mapping[str, Any]) -> Record:
        """Change the fields named; harmless to repeat."""
        url = f"{self._url}/v3/subscriptions/{quote_segment(subscription_id)}"
        return _object(await self._api.send(json_request("PATCH", url, changes, idempotent=True)))

    async def renew_key(self, subscription_id: str, idempotency_key: str) -> str:
        """Make a new key; the one before signs no longer."""
        path = f"/v3/subscriptions/{quote_segment(subscription_id)}/security_key"
        return _with_key(await self._post(path, None, idempotency_key))[1]

    async def events(
        self, subscription_id: str, since: datetime, token: str | None
    ) -> tuple[list[Record], str | None]:
        """A page of the events created since then, and the token of the next."""
        at = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = {"createdTimeFrom": at, "ascending": "true"}
        return await self._page(f"/v3/events/subscription/{quote_segment(subscription_id)}", params, token)

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return await self._api.send(json_request("GET", f"{self._url}{path}", params=params or {}))

    async def _post(self, path: str, body: Mapping[str, Any] | None, idempotency_key: str) -> Any:
        headers = {IDEMPOTENCY: idempotency_key}
        request = json_request("POST", f"{self._url}{path}", body, headers=headers, idempotent=True)
        return await self._api.send(request)

    async def _page(
        self, path: str, params: Mapping[str, str], token: str | None
    ) -> tuple[list[Record], str | None]:
        more = {"page": token} if token else {}
        answer = _object(await self._get(path, {"max": str(PAGE), **params, **more}))
        rows = answer.get("results")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ContractChanged(f"BILL's answer to {path} holds no results")
        following = answer.get("nextPage")
        return rows, following if isinstance(following, str) and following != token and following else None


def _object(answer: Any) -> Record:
    if not isinstance(answer, dict):
        raise ContractChanged("BILL's webhook management answered with something other than an object")
    return answer


def _with_key(answer: Any) -> tuple[Record, str]:
    found = _object(answer)
    key = found.get("securityKey")
    if not isinstance(key, str) or not key:
        raise ContractChanged("BILL's answer holds no security key")
    return found, key
