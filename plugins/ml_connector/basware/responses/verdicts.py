"""What the second stage says of responses: asked for one by one, or through the list where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ml_connector.basware.api import BaswareApi, Item
from ml_connector.core.contract import Payload
from ml_connector.core.ledger.watermarks import moment

_SINGLY = 10
"""So many requests are asked for one by one; more go through the list."""

_BEFORE = timedelta(minutes=5)
"""Basware's clock may be behind ours."""


class Verdicts:
    """Items of the second stage by external code."""

    def __init__(self, api: BaswareApi, entity: str) -> None:
        self._api, self._entity = api, entity

    async def of(self, receipts: Sequence[Payload]) -> dict[str, Item]:
        """What is decided, or under way, of what these receipts stand for.

        Of a response whose answer got lost no request is known: it is found in the list, by its code.
        """
        asked = [one for one in receipts if one.get("request_id")]
        listed = [one for one in receipts if not one.get("request_id")]
        listed += asked if len(asked) > _SINGLY else []
        found: dict[str, Item] = {}
        if listed:
            since = min(moment(one["sent_at"]) for one in listed) - _BEFORE
            found = await self._listed(since, {one["code"] for one in receipts})
        for one in asked:
            if one["code"] not in found:
                status = await self._api.request_status(one["request_id"])
                if status is not None and one["code"] in status.items:
                    found[one["code"]] = status.items[one["code"]]
        return found

    async def _listed(self, since: datetime, codes: set[str]) -> dict[str, Item]:
        pages = self._api.request_statuses(
            entity_type=self._entity, since=since.isoformat(), ignore_successful=False
        )
        found: dict[str, Item] = {}
        async for page in pages:
            for status in page:
                found.update({code: item for code, item in status.items.items() if code in codes})
        return found
