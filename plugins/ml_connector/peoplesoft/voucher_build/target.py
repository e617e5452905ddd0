"""Vouchers through Voucher Build, as a target that accepts first and decides later.

PeopleSoft receives the message, a batch makes the voucher: nothing but a look-up says what became
of it. Duplicates are not refused but put into Recycle, so each voucher is looked for before it is
sent, and carries a number of ours that is the same however often it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
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
from ml_connector.core.outcomes import loaded
from ml_connector.peoplesoft.voucher_build.message import staged, with_reference
from ml_connector.peoplesoft.voucher_build.post import Poster
from ml_connector.peoplesoft.voucher_build.standing import BUILT, POSTED, Desk, Staging, Standing, reference
from ml_connector.peoplesoft.writers.compare import differences, normal, unseen
from ml_connector.peoplesoft.writers.finder import Finder
from ml_connector.peoplesoft.writers.kinds import REMOVED
from ml_connector.peoplesoft.writers.lookup import Lookup, in_parallel
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.outcomes import conflict, held, one_by_one, rejected
from ml_connector.peoplesoft.writers.private import public
from ml_connector.peoplesoft.writers.read_back import read_back

_RECYCLE, _LATE = "recycle", "late"  # what people were told


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
            return self._judged(intent, await self._desk.standing(intent))

        return await in_parallel(intents, one, self.options.concurrency)

    def _judged(self, intent: Intent, standing: Standing) -> Found:
        match standing.what:
            case "built":
                # What was sent is there; how the batch completed it is for the reconciliation to compare.
                sent = intent.attempted_at is not None and not _was_sent_otherwise(intent)
                equal = sent or not _differences(intent, standing.record or {})
                return self._found(intent, Verdict.EQUAL if equal else Verdict.DIFFERENT, standing)
            case "foreign":
                return self._found(intent, Verdict.FOREIGN, standing)
            case "unsure":
                return self._found(intent, Verdict.UNSURE, standing)
            case "waiting" | "refused" | "recycled" if intent.attempted_at is not None:
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
        if standing.what == "nowhere":
            return await self._post(intent, standing.voucher_id, progress)
        return self._already(intent, standing)

    def _already(self, intent: Intent, standing: Standing) -> Outcome:
        """What becomes of a document that is not sent, since something of it or like it is there."""
        match standing.what:
            case "built":
                return self._built(intent, standing)
            case "foreign":
                return conflict(intent, standing.reason or "", target_id=standing.target_id)
            case "unsure":
                raise Unavailable(f"{intent.key}: looking for a voucher before it is sent: {standing.reason}")
            case "refused" if _was_sent(intent):
                raise Rejected(_kept(standing))
            case "waiting" if _was_sent_otherwise(intent):
                return self._in_the_way(intent, standing)
            case "refused":
                return self._in_the_way(intent, standing)
        return self._undecided(intent, self._receipt(intent, standing.voucher_id), standing)

    async def _post(self, intent: Intent, voucher_id: str, progress: Progress) -> Outcome:
        body = intent.desired.body
        row = staged(body, voucher_id, reference(intent.key))
        sent = {
            "voucher_id": voucher_id,
            "business_unit": body["BUSINESS_UNIT"],
            "content": codec.digest(body),
        }
        await progress.step(intent, POSTED, sent)
        await self._poster.post(row)
        return Outcome(intent.key, "accepted", receipt=self._receipt(intent, voucher_id))

    def _built(self, intent: Intent, standing: Standing) -> Outcome:
        """Loaded, unless PeopleSoft built an earlier version, which does for this one only if it is alike."""
        record = standing.record or {}
        names = _differences(intent, record) if _was_sent_otherwise(intent) else []
        if not names:
            return loaded(intent, standing.target_id, alert=_corrected(intent, standing))
        reason = (
            f"Voucher Build made {standing.target_id} from an earlier version of the document; it differs in "
            f"{', '.join(names)}. Change it in PeopleSoft, then replay the document"
        )
        return conflict(intent, reason, target_id=standing.target_id)

    def _in_the_way(self, intent: Intent, standing: Standing) -> Outcome:
        """The batch tries staged rows again and again, so beside one of ours another is not sent."""
        state = f"refused: {standing.reason}" if standing.what == "refused" else "waiting for the batch"
        reason = (
            f"an earlier message of the document lies in staging as {standing.target_id}, {state}. Voucher "
            "Build may still make a voucher of it, so the document was not sent as it is now. Delete the "
            "staged voucher in PeopleSoft, then replay the document"
        )
        return replace(held(intent, reason), alert=reason)

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
        standing = await self._desk.standing(intent, receipt=receipt)
        match standing.what:
            case "built":
                return self._built(intent, standing)
            case "deleted":
                return rejected(intent, Rejected(standing.reason or ""))
            case "foreign" if standing.target_id is None:
                return conflict(intent, standing.reason or "")
            case "refused" if receipt.get("voucher_id") in {"", standing.voucher_id}:
                return rejected(intent, Rejected(_kept(standing)))
        return self._undecided(intent, receipt, standing)

    def _undecided(self, intent: Intent, receipt: Payload, standing: Standing) -> Outcome:
        alert, told = None, set(receipt.get("told") or ())
        reason = standing.reason or (
            "waits in staging for Voucher Build"
            if standing.what == "waiting"
            else "neither in staging nor built yet; the Service Operations Monitor shows messages that failed"
        )
        if standing.what == "recycled" and _RECYCLE not in told:
            alert, told = reason, told | {_RECYCLE}
            # A clerk may correct the number by which it was found just now.
            receipt = {**receipt, "recycled": standing.target_id}
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


def _was_sent(intent: Intent) -> bool:
    """Whether the message that left last had just this content."""
    return (intent.steps.get(POSTED) or {}).get("content") == codec.digest(intent.desired.body)


def _was_sent_otherwise(intent: Intent) -> bool:
    """Whether the message that left last had another content."""
    return POSTED in intent.steps and not _was_sent(intent)


def _kept(standing: Standing) -> str:
    return f"Voucher Build keeps it in staging: {standing.reason}"


def _corrected(intent: Intent, standing: Standing) -> str | None:
    """Says that its voucher stands under another supplier or invoice number."""
    record, wanted = standing.record or {}, BUILT.natural(intent.key, intent.desired.body)
    names = [name for name, value in wanted.items() if normal(record.get(name)) != normal(value)]
    if not names:
        return None
    changes = ", ".join(f"{name} {record.get(name)}, not {wanted[name]}" for name in names)
    return f"its voucher {standing.target_id} has {changes}; if that is right, correct it in the source too"


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
