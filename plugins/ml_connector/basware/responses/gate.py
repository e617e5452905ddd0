"""A gate before the vouchers: none is made of an invoice that Basware does not wait for.

An invoice that was refused may come to rights here by itself - a mapping is changed, a person replays it -
while Basware was told no, and its people correct or cancel it there. It goes on when they transfer it
again. So how it stands in Basware is looked at before a voucher is made.

Where PeopleSoft has a voucher for an invoice that is somebody else's, or another invoice's, the people in
Basware decide: it is refused there with its reason, not kept here as a conflict, and goes on when it was
corrected.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from ml_connector.basware.invoices.document import OFFERED
from ml_connector.basware.responses.standing import Standing
from ml_connector.core.contract import (
    Found,
    Intent,
    Operation,
    Outcome,
    Payload,
    Progress,
    Target,
    TargetPage,
)

_READ_BACK = 2
"""Pages of vouchers, half of them of the ledger, that a run reads back beside those that it made."""


class Gate:
    """``core.contract.Target`` in front of another one.

    Args:
        vouchers: makes them.
        standing: how invoices stand in Basware.
        rotation: seconds after which vouchers of earlier runs are read back once more.
    """

    def __init__(self, vouchers: Target, standing: Standing, *, rotation: float) -> None:
        self._vouchers, self._standing = vouchers, standing
        # A notification waits while the run before it reads vouchers back, each in a call of its own.
        self.limits = replace(vouchers.limits, sender_decides=True, rotation=rotation, read_back=_READ_BACK)

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        return await self._vouchers.find(intents)

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Creates only what Basware waits for; a change of a voucher that is there goes on."""
        new = [intent.key for intent in intents if intent.operation is Operation.CREATE]
        records = await self._standing.offered(new)
        outcomes = {key: reason for key in new if (reason := _closed(key, records.get(key)))}
        going = [intent for intent in intents if intent.key not in outcomes]
        made = await self._vouchers.write(going, progress) if going else []
        return [*outcomes.values(), *made]

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        return await self._vouchers.confirm(intents, receipts)

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        return await self._vouchers.read_back(target_ids, cursor)


def _closed(key: str, record: Payload | None) -> Outcome | None:
    if record is not None and record.get("processingStatus") in OFFERED:
        return None
    status = "it no longer" if record is None else f"it as {record.get('processingStatus')}"
    reason = (
        f"no voucher is made: Basware has {status} and does not wait for one. "
        "Transfer the invoice again there"
    )
    return Outcome(key, "rejected", reason=reason, local=True)


@asynccontextmanager
async def gated(
    vouchers: AbstractAsyncContextManager[Target],
    standing: AbstractAsyncContextManager[Standing],
    *,
    rotation: float,
) -> AsyncIterator[Target]:
    """Both sides opened, the one behind the other."""
    async with vouchers as target, standing as known:
        yield Gate(target, known, rotation=rotation)
