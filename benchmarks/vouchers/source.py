"""Reads vouchers from the benchmark's API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from ml_connector.core.contract import Document, KeyAnswer, Page, Window, join_key
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import Client, Request

PAGE = 500


class VoucherSource:
    """Pages of 500 vouchers, in the order of their change stamp."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, window: Window) -> AsyncIterator[Page]:
        """Everything changed since the window's lower bound."""
        began, after = datetime.now(UTC), window.cursor or "0"
        since = (
            window.since if window.since and "T" in window.since else ""
        )  # the first read has no stamp yet
        while True:
            params = {"since": since, "after": after, "limit": str(PAGE)}
            page = (await self._client.send(Request("GET", "/vouchers", params))).json()
            documents = [
                Document(
                    join_key(item["business_unit"], item["voucher_id"]), window.unit, item, item["updated_at"]
                )
                for item in page["items"]
            ]
            after = str(page["next"])
            yield Page(documents, after, last=page["next"] is None, source_time=began)
            if page["next"] is None:
                return

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        """The API cannot look up single vouchers; nothing in the benchmark asks for any."""
        raise ConfigurationError(f"this API cannot look up single vouchers ({len(keys)} asked for)")
