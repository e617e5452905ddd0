"""Records whose answer was lost: the API holds them, and the request that P2P decides about is unknown.

The requests of a kind are listed from before the call left, and the latest one that names a record tells.
Where none does, the API's word is enough.
"""

from __future__ import annotations

from datetime import timedelta

from ml_connector.basware.api import BaswareApi, RequestStatus
from ml_connector.basware.master.drafts import Draft
from ml_connector.basware.master.kinds import Kind
from ml_connector.basware.master.options import MasterOptions
from ml_connector.basware.master.second_stage import SecondStage
from ml_connector.basware.master.verdicts import accepted, decide
from ml_connector.core.contract import Outcome

MARGIN = timedelta(hours=1)
"""An attempt is known by the time at which it left at the latest; and clocks differ."""


class Doubts:
    """Finds what P2P made of records by their external codes."""

    def __init__(self, api: BaswareApi, kind: Kind, stage: SecondStage, options: MasterOptions) -> None:
        self._api, self._kind, self._stage, self._options = api, kind, stage, options

    async def outcomes(self, drafts: dict[str, Draft]) -> dict[str, Outcome]:
        """What became of documents, by key; those of which nothing is known are missing."""
        latest = await self._latest({draft.code for draft in drafts.values()}, drafts)
        return {
            key: self._outcome(draft, latest[draft.code])
            for key, draft in drafts.items()
            if draft.code in latest
        }

    def _outcome(self, draft: Draft, status: RequestStatus) -> Outcome:
        case = draft.case(self._stage.first(status.request_id, draft.code))
        outcome = decide(case, status, late=False, resends=self._options.resend)
        if isinstance(outcome, Outcome):
            return outcome
        return accepted(case, "P2P passed it over; it is sent again, altered")

    async def _latest(self, codes: set[str], drafts: dict[str, Draft]) -> dict[str, RequestStatus]:
        left = min(draft.intent.attempted_at or self._api.now() for draft in drafts.values())
        found: dict[str, RequestStatus] = {}
        async for statuses in self._api.request_statuses(
            entity_type=self._kind.entity, since=(left - MARGIN).isoformat(), ignore_successful=False
        ):
            for status in statuses:
                for code in codes & status.items.keys():
                    if code not in found or (status.last_updated or "") >= (found[code].last_updated or ""):
                        found[code] = status
        return found
