"""Posts bills to the benchmark's API: one per call, three in flight, look-up by invoice number."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    Verdict,
)
from ml_connector.core.http import Client, Request, json_request

IN_FLIGHT = 3


class BillTarget:
    """The whole of a destination: four methods and its limits as data.

    The API has no list of all bills, so nothing can be adopted at go-live (``adopt=False``); it
    commits before it answers, so a look-up can be believed at once (``settle=0``).
    """

    limits = Limits(concurrency=IN_FLIGHT, settle=0.0, adopt=False)

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Look up each bill by its invoice number."""
        return [await self._find(intent) for intent in intents]

    async def _find(self, intent: Intent) -> Found:
        params = {"invoiceNumber": intent.desired.body["invoiceNumber"]}
        results = (await self._client.send(Request("GET", "/bills", params))).json()["results"]
        if not results:
            return Found(intent.key, Verdict.ABSENT)
        return Found(intent.key, Verdict.EQUAL, results[0]["id"])

    async def write(self, intents: Sequence[Intent], _: Progress) -> list[Outcome]:
        """Post bills; what the API refuses names the document."""
        return [await self._post(intent) for intent in intents]

    async def _post(self, intent: Intent) -> Outcome:
        answer = await self._client.send(json_request("POST", "/bills", intent.desired.body))
        if answer.status == 201:
            return Outcome(intent.key, "loaded", target_id=answer.json()["id"])
        error = answer.json()["errors"][0]
        return Outcome(intent.key, "rejected", reason=error["message"], code=error["code"])

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """Nothing is decided later here."""
        return [
            Outcome(intent.key, "loaded", target_id=receipt["id"])
            for intent, receipt in zip(intents, receipts, strict=True)
        ]

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """The API shows no bills."""
        return TargetPage((), None)
