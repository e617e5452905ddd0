"""Master data as a target: arrays are posted, and what P2P made of each record is asked for afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from ml_connector.basware.api import BaswareApi, Imported, ListPage, PagingExpired, PartlyImported
from ml_connector.basware.master.codes import natural_key
from ml_connector.basware.master.counting import CompanyCounts
from ml_connector.basware.master.doubts import Doubts
from ml_connector.basware.master.drafts import Draft, Drafting, is_as_desired
from ml_connector.basware.master.kinds import kind_of
from ml_connector.basware.master.options import KindName, MasterOptions
from ml_connector.basware.master.presence import PAGE, Held, Presence
from ml_connector.basware.master.second_stage import Receipt, SecondStage, Sleep
from ml_connector.basware.master.verdicts import AGAIN, Case, accepted, decide, refused_at_once
from ml_connector.basware.options import ImportOptions
from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    TargetRecord,
    Verdict,
)
from ml_connector.core.errors import ConnectorError, InDoubt, RateLimited, Rejected, Unavailable
from ml_connector.core.outcomes import in_doubt, loaded, unsent

ACTIVE, INACTIVE = "active", "inactive"


class MasterData:
    """One kind of master data; implements ``core.contract.Target``.

    Args:
        api: connected.
        name: of the kind.
        options: of the tenant.
        imports: how long P2P may take.
        concurrency: requests in flight that one task uses.
        create: whether this flow may create records, or only change those that are there.
        counts: counts by company whenever everything was read back.
        waits: whether a load waits for P2P; by default where others refer to the kind.
        sleep: replaceable in tests.
    """

    def __init__(
        self,
        api: BaswareApi,
        name: KindName,
        options: MasterOptions,
        imports: ImportOptions | None = None,
        *,
        concurrency: int = 2,
        create: bool = True,
        counts: CompanyCounts | None = None,
        waits: bool | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.api, self.options, self.create = api, options, create
        self._counts = counts
        self.kind = kind_of(name, options)
        self.presence = Presence(api, self.kind, singly=options.look_ups)
        self._stage = SecondStage(api, imports or ImportOptions(), patience=options.wait_seconds, sleep=sleep)
        self._drafting = Drafting(self.kind, self.presence, options.code_prefix)
        self._waits = self.kind.awaited if waits is None else waits
        self.limits = Limits(
            concurrency=concurrency,
            batch=dict.fromkeys(Operation, self.kind.batch),
            settle=options.settle_seconds,
            read_back=options.read_back_pages,
            rotation=options.read_back_every.total_seconds(),
        )

    def close(self) -> None:
        """Give back what was kept aside."""
        self.presence.close()

    # ---- what is there

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Compare with what stands there: what is in doubt is asked for now, for the rest a list will do."""
        doubts = [intent for intent in intents if intent.attempted_at is not None]
        others = [intent for intent in intents if intent.attempted_at is None]
        held = await self.presence.now([self._drafting.code(intent) for intent in doubts])
        if others:
            await self.presence.listed()  # also what others made under codes of their own
            held |= await self.presence.known([self._drafting.code(intent) for intent in others])
        found = [self._judge(intent, held) for intent in intents]
        return await self._with_second_stage(intents, found)

    def _judge(self, intent: Intent, held: dict[str, Held]) -> Found:
        code = self._drafting.code(intent)
        there = held.get(code)
        if there is None:
            return self._elsewhere(intent)
        if is_as_desired(intent.desired, there):
            return Found(intent.key, Verdict.EQUAL, code)
        left = intent.attempted_at
        if left is not None and intent.operation is not Operation.CREATE and not self._is_settled(left):
            reason = "not changed yet; the request that was sent may still be carried out"
            return Found(intent.key, Verdict.UNSURE, code, reason=reason)
        return Found(intent.key, Verdict.DIFFERENT, code)

    def _elsewhere(self, intent: Intent) -> Found:
        body = intent.desired.body
        business = str(body.get(self.kind.shape.code) or "")
        code = self.presence.elsewhere(business, str(body.get("companies") or "")) if business else None
        if code is None or intent.target_id is not None:
            return Found(intent.key, Verdict.ABSENT)
        return Found(intent.key, Verdict.DIFFERENT, code)

    def _is_settled(self, left: datetime) -> bool:
        return self.api.now() >= left + timedelta(seconds=self.options.settle_seconds)

    async def _with_second_stage(self, intents: Sequence[Intent], found: list[Found]) -> list[Found]:
        """What a lost answer would have said: P2P may have refused what the API holds."""
        open_ = {
            one.key: intent
            for intent, one in zip(intents, found, strict=True)
            if one.verdict is Verdict.EQUAL and intent.attempted_at is not None
        }
        if not open_:
            return found
        drafts = {key: draft for key, intent in open_.items()
                  if (draft := await self._drafting.draft(intent)) is not None}  # fmt: skip
        outcomes = await Doubts(self.api, self.kind, self._stage, self.options).outcomes(drafts)
        return [
            Found(one.key, one.verdict, one.target_id, outcome=outcomes[one.key])
            if one.key in outcomes
            else one
            for one in found
        ]

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Post the batch; P2P's decision is waited for where others wait for it."""
        outcomes, drafts = await self._drafts(intents)
        if not drafts:
            return outcomes
        sent, receipts = await self._send(drafts, again=0)
        outcomes += sent
        if self._waits and await self._was_told(receipts):
            return outcomes + await self._decided(drafts, receipts)
        waiting = [drafts[code].case(receipt) for code, receipt in receipts.items()]
        return outcomes + [accepted(case, "P2P has not decided yet") for case in waiting]

    async def _was_told(self, receipts: dict[str, Receipt]) -> bool:
        """Whether P2P could be asked: what was posted is accepted, whatever becomes of the question."""
        try:
            await self._stage.ask(receipts.values())
        except ConnectorError:
            return False
        return True

    async def _drafts(self, intents: Sequence[Intent]) -> tuple[list[Outcome], dict[str, Draft]]:
        outcomes: list[Outcome] = []
        drafts: dict[str, Draft] = {}
        for intent in intents:
            if intent.operation is Operation.CREATE and not self.create:
                outcomes.append(_not_allowed(intent))
            elif (draft := await self._drafting.draft(intent)) is None:
                outcomes.append(loaded(intent, intent.target_id))
            else:
                drafts[draft.code] = draft
        return outcomes, drafts

    async def _send(
        self, drafts: dict[str, Draft], *, again: int
    ) -> tuple[list[Outcome], dict[str, Receipt]]:
        """Post records; the outcome of those that were not accepted, and the receipts of the others."""
        records = await self._drafting.records(drafts, again=again)
        outcomes: list[Outcome] = []
        self.presence.changed()
        try:
            imported = await self.api.import_records(self.kind.path, records)
        except PartlyImported as partly:
            imported = partly.imported
            outcomes += [in_doubt(drafts[code].intent, str(partly)) for code in partly.in_doubt]
            outcomes += [unsent(drafts[code].intent, partly.cause) for code in partly.unsent]
        return outcomes + self._refused(drafts, imported), {
            code: self._stage.first(request_id, code, again)
            for code, request_id in imported.request_ids.items()
        }

    def _refused(self, drafts: dict[str, Draft], imported: Imported) -> list[Outcome]:
        outcomes = [
            refused_at_once(drafts[code].intent, refusal, drafts[code].private)
            for code, refusal in imported.refused.items()
        ]
        # Whoever asks again finds out what P2P made of it.
        reason = "Basware holds it already, from a call whose answer was lost"
        return outcomes + [in_doubt(drafts[code].intent, reason) for code in imported.present]

    # ---- the second stage

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """Ask what P2P decided, each request once; what it passed over is sent again, altered."""
        kept = [Receipt.from_payload(receipt) for receipt in receipts]
        await self._stage.ask(kept)
        drafts = {}
        for intent, receipt in zip(intents, kept, strict=True):
            intent.target_id = receipt.code
            if (draft := await self._drafting.draft(intent)) is not None:
                drafts[receipt.code] = draft
        lost = [loaded(intent, receipt.code) for intent, receipt in zip(intents, kept, strict=True)
                if receipt.code not in drafts]  # fmt: skip
        return lost + await self._decided(
            drafts, {receipt.code: receipt for receipt in kept if receipt.code in drafts}
        )

    async def _decided(self, drafts: dict[str, Draft], receipts: dict[str, Receipt]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        again: dict[str, Case] = {}
        for code, receipt in receipts.items():
            status, shown = self._stage.result(receipt)
            case = drafts[code].case(shown)
            late = self._stage.is_late(receipt)
            outcome = decide(case, status, late=late, resends=self.options.resend)
            if isinstance(outcome, Outcome):
                outcomes.append(outcome)
            else:
                again[code] = case
        for repetition in sorted({case.receipt.resent + 1 for case in again.values()}):
            part = {code: case for code, case in again.items() if case.receipt.resent + 1 == repetition}
            outcomes += await self._send_again(drafts, part, repetition)
        return outcomes

    async def _send_again(
        self, drafts: dict[str, Draft], cases: dict[str, Case], again: int
    ) -> list[Outcome]:
        """Sent once more; where that goes wrong the old receipt stays, and the next run tries anew."""
        try:
            sent, receipts = await self._send({code: drafts[code] for code in cases}, again=again)
        except (InDoubt, RateLimited, Unavailable) as error:
            return [accepted(case, f"{AGAIN}: {error}") for case in cases.values()]
        refused = [outcome for outcome in sent if outcome.result == "rejected"]
        told = {outcome.key for outcome in refused}
        waiting = [
            accepted(
                drafts[code].case(receipts.get(code, case.receipt)),
                "sent again, altered, since P2P had passed it over",
            )
            for code, case in cases.items()
            if case.intent.key not in told
        ]
        return refused + waiting

    # ---- reading back

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These records, or one page of everything; those of others are left out where ours have a prefix."""
        if target_ids is not None:
            held = await self.presence.shown(target_ids)
            return TargetPage([self._shown(one) for one in held.values()], None)
        query = {"pageSize": str(PAGE)}
        try:
            page = await self.api.page(self.kind.path, query, cursor)
        except PagingExpired:
            cursor, page = None, await self.api.page(self.kind.path, query)
        await self._count(page, first=cursor is None)
        rows = [self.presence.held(row) for row in page.rows]
        prefix = self.options.code_prefix
        return TargetPage([self._shown(one) for one in rows if one.code.startswith(prefix)], page.token)

    async def _count(self, page: ListPage, *, first: bool) -> None:
        if self._counts is None:
            return
        if first:
            self._counts.begin()
        for row in page.rows:
            self._counts.take(self.kind.shape.companies_of(row))
        if page.token is None:
            await asyncio.to_thread(self._counts.finish)

    def _shown(self, held: Held) -> TargetRecord:
        label = held.body.get("name") or held.body.get("projectName") or held.body.get(self.kind.shape.code)
        return TargetRecord(
            target_id=held.code,
            key=natural_key(held.code, self.options.code_prefix),
            state=ACTIVE if held.active else INACTIVE,
            body=held.body,
            label=str(label or held.code),
            absent=not held.active,
        )


def _not_allowed(intent: Intent) -> Outcome:
    refusal = Rejected("is not in Basware, and this flow may create nothing there; create it by hand")
    return Outcome(intent.key, "rejected", reason=refusal.reason, local=True)
