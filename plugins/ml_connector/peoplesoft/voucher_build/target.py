"""Vouchers through Voucher Build, as a target that accepts first and decides later.

PeopleSoft receives the message, a batch makes the voucher: nothing but a look-up says what became
of it. Duplicates are not refused but put into Recycle, so each voucher is looked for before it is
sent, and carries a number of ours that is the same however often it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ml_connector.core import codec
from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    Verdict,
)
from ml_connector.core.errors import Rejected, Unavailable
from ml_connector.peoplesoft.voucher_build.message import staged, with_reference
from ml_connector.peoplesoft.voucher_build.post import Poster
from ml_connector.peoplesoft.voucher_build.standing import BUILT, Desk, Staging, Standing, reference
from ml_connector.peoplesoft.writers.compare import differences, normal, unseen
from ml_connector.peoplesoft.writers.finder import Finder
from ml_connector.peoplesoft.writers.kinds import REMOVED
from ml_connector.peoplesoft.writers.lookup import Lookup, in_parallel
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.outcomes import conflict, held, loaded, one_by_one, rejected
from ml_connector.peoplesoft.writers.private import public
from ml_connector.peoplesoft.writers.read_back import read_back

_RECYCLE, _LATE = "recycle", "late"  # what people were told
_POSTED = "posted"


class VoucherBuild:
    """``core.contract.Target`` over VOUCHER_BUILD.

    Args:
        poster: hands messages in.
        lookup: sees vouchers.
        staging: sees what waits for the batch.
        options: of the tenant.
        now: the current time.
        create: whether this flow may create vouchers.
    """

    def __init__(
        self,
        poster: Poster,
        lookup: Lookup,
        staging: Staging,
        options: WriterOptions,
        *,
        now: Callable[[], datetime],
        create: bool = True,
    ) -> None:
        self.options = options
        self._poster, self._lookup, self._now, self._may_create = poster, lookup, now, create
        self._finder = Finder(BUILT, lookup, options, now)
        self._desk = Desk(lookup, staging, self._finder)
        self.limits = Limits(concurrency=options.concurrency, settle=options.settle_seconds, distinct=True)

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By number where it is known, else among vouchers and in staging."""
        known = {one.key: one for one in await self._finder.find([one for one in intents if one.target_id])}

        async def one(intent: Intent) -> Found:
            if intent.target_id:
                return known[intent.key]
            standing = await self._desk.standing(intent)
            in_doubt = intent.attempted_at is not None
            if in_doubt and standing.what == "nowhere" and (error := await self._refusal_of_last(intent)):
                return self._arrived(intent, error)
            return self._judged(intent, standing)

        return await in_parallel(intents, one, self.options.concurrency)

    def _judged(self, intent: Intent, standing: Standing) -> Found:
        match standing.what:
            case "built":
                # What was sent is there; how the batch completed it is for the reconciliation to compare.
                sent = intent.attempted_at is not None
                equal = sent or not _differences(intent, standing.record or {})
                return self._found(intent, Verdict.EQUAL if equal else Verdict.DIFFERENT, standing)
            case "foreign":
                return self._found(intent, Verdict.FOREIGN, standing)
            case "unsure":
                return self._found(intent, Verdict.UNSURE, standing)
            case "waiting" | "recycled" if intent.attempted_at is not None:
                return self._arrived(intent, standing.reason)
        return Found(intent.key, Verdict.ABSENT)

    def _arrived(self, intent: Intent, reason: str | None) -> Found:
        """Writing it "again" looks first, sends nothing, and notes what became of it."""
        return Found(intent.key, Verdict.DIFFERENT, reason=reason)

    def _found(self, intent: Intent, verdict: Verdict, standing: Standing) -> Found:
        record = public(standing.record) if standing.record else None
        return Found(intent.key, verdict, standing.target_id, record, standing.reason)

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Creates are handed in; Voucher Build knows no changes, so those are left to a person."""
        return await one_by_one(intents, lambda intent: self._send(intent, progress))

    async def _send(self, intent: Intent, progress: Progress) -> Outcome:
        if intent.operation is not Operation.CREATE:
            return await self._change(intent)
        if not self._may_create:
            raise Rejected("is not in PeopleSoft, and this flow may create no vouchers; create it by hand")
        missing = self._finder.missing(intent)
        if missing:
            raise Rejected("a voucher without it could not be found again, so it is not sent", field=missing)
        standing = await self._desk.standing(intent)
        match standing.what:
            case "built":
                return loaded(intent, standing.target_id)
            case "foreign":
                return conflict(intent, standing.reason or "", target_id=standing.target_id)
            case "unsure":
                raise Unavailable(f"{intent.key}: looking for a voucher before it is sent: {standing.reason}")
            case "waiting" | "recycled":
                return self._undecided(intent, self._receipt(intent, standing.voucher_id), standing)
        if error := await self._refusal_of_last(intent):
            raise Rejected(f"Voucher Build keeps it in staging: {error}")
        return await self._post(intent, standing.voucher_id, progress)

    async def _post(self, intent: Intent, voucher_id: str, progress: Progress) -> Outcome:
        body = intent.desired.body
        row = staged(body, voucher_id, reference(intent.key))
        await progress.step(intent, _POSTED, {"voucher_id": voucher_id, "content": codec.digest(body)})
        await self._poster.post(row)
        return Outcome(intent.key, "accepted", receipt=self._receipt(intent, voucher_id))

    async def _refusal_of_last(self, intent: Intent) -> str | None:
        """Why the pre-edit refuses what was sent with just this content: sending it once more is no use."""
        last = intent.steps.get(_POSTED) or {}
        if last.get("content") != codec.digest(intent.desired.body):
            return None
        return await self._desk.refusal(str(intent.desired.body["BUSINESS_UNIT"]), str(last["voucher_id"]))

    async def _change(self, intent: Intent) -> Outcome:
        """Held, unless somebody has done in PeopleSoft already what is wanted."""
        target_id = intent.target_id
        if target_id is None:
            return loaded(intent, None)
        record = await self._finder.record(target_id)
        gone = record is None or BUILT.state(record) == REMOVED
        if intent.desired.absent:
            return loaded(intent, target_id) if gone else held(intent, f"{target_id}: {BUILT.not_removable}")
        if record is None or gone:
            return conflict(intent, f"its voucher {target_id} is gone from PeopleSoft, or was deleted")
        names = _differences(intent, record)
        if not names:
            return loaded(intent, target_id)
        reason = (
            f"Voucher Build only adds vouchers, and {target_id} differs in {', '.join(names)}; "
            "change it in PeopleSoft, then replay the document"
        )
        return held(intent, reason)

    def _receipt(self, intent: Intent, voucher_id: str) -> Payload:
        body = intent.desired.body
        return {
            "business_unit": body.get("BUSINESS_UNIT"),
            "vendor_id": body.get("VENDOR_ID"),
            "invoice_id": body.get("INVOICE_ID"),
            "invoice_date": body.get("INVOICE_DT"),
            "amount": body.get("GROSS_AMT"),
            "reference": reference(intent.key),
            "voucher_id": voucher_id,
            "posted_at": self._now().isoformat(),
            "told": [],
        }

    # ---- confirming and reading back

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """What the batch has made of it; undecided is ``accepted`` again, and told to people once."""

        async def one(pair: tuple[Intent, Payload]) -> Outcome:
            intent, receipt = pair
            return await self._confirmed(intent, receipt or self._receipt(intent, ""))

        return await in_parallel(zip(intents, receipts, strict=True), one, self.options.concurrency)

    async def _confirmed(self, intent: Intent, receipt: Payload) -> Outcome:
        standing = await self._desk.standing(intent, accepted=True)
        match standing.what:
            case "built":
                return loaded(intent, standing.target_id)
            case "deleted":
                return rejected(intent, Rejected(standing.reason or ""))
            case "foreign" if standing.target_id is None:
                return conflict(intent, standing.reason or "")
            case "waiting" | "recycled":
                return self._undecided(intent, receipt, standing)
        if error := await self._refusal(receipt):
            return rejected(intent, Rejected(f"Voucher Build keeps it in staging: {error}"))
        return self._undecided(intent, receipt, standing)

    async def _refusal(self, receipt: Payload) -> str | None:
        unit, number = receipt.get("business_unit"), receipt.get("voucher_id")
        return await self._desk.refusal(str(unit), str(number)) if unit and number else None

    def _undecided(self, intent: Intent, receipt: Payload, standing: Standing) -> Outcome:
        alert, told = None, set(receipt.get("told") or ())
        reason = standing.reason or (
            "waits in staging for Voucher Build"
            if standing.what == "waiting"
            else "neither in staging nor built yet; the Service Operations Monitor shows messages that failed"
        )
        if standing.what == "recycled" and _RECYCLE not in told:
            alert, told = reason, told | {_RECYCLE}
        elif self._is_late(receipt) and _LATE not in told:
            hours = self.options.voucher_build.deadline_hours
            alert, told = f"not built {hours:g} hours after it was sent: {reason}", told | {_LATE}
        return Outcome(
            intent.key, "accepted", receipt={**receipt, "told": sorted(told)}, reason=reason, alert=alert
        )

    def _is_late(self, receipt: Payload) -> bool:
        posted = datetime.fromisoformat(str(receipt["posted_at"]))
        return self._now() - posted > timedelta(hours=self.options.voucher_build.deadline_hours)

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These vouchers. What others enter is no surplus, so there is no page of everything."""
        return await read_back(BUILT, self._lookup, target_ids or ())


def _differences(intent: Intent, record: Payload) -> list[str]:
    """What PeopleSoft holds in another way, and what was changed since and is not shown again."""
    body = intent.desired.body
    names = differences(body, record, BUILT.unlike)
    if normal(body.get("INVOICE_ID")) != normal(record.get("INVOICE_ID")):
        names.append("INVOICE_ID")
    text = str(body.get("DESCR254_MIXED") or "")
    if text and record.get("DESCR254_MIXED", text) not in {text, with_reference(text, reference(intent.key))}:
        names.append("DESCR254_MIXED")
    if intent.previous is not None:
        now, before = unseen(body, record), unseen(intent.previous.body, record)
        names += sorted({name for name, value in now if (name, value) not in before})
    return names
