"""Responses as a target: each is sent once, under an external code of its own, and decided later.

Basware keeps what it was told for ever, so a response is never sent on suspicion: how the invoice stands is
looked at before, and again wherever an answer got lost. The code is stored before the request leaves, so
that a look-up knows our own response again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ml_connector.basware.api import BaswareApi, Duplicate, Item, NotFound
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.responses.kinds import Kind
from ml_connector.basware.responses.standing import Standing
from ml_connector.basware.responses.verdicts import Verdicts
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
    join_key,
)
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.ledger.watermarks import moment
from ml_connector.core.outcomes import STOPS, in_doubt, loaded, unsent

CODE = "code"
"""Step: the external code under which a response leaves."""

BATCH = 50

UNDER_WAY = timedelta(minutes=30)
"""A response in doubt left no longer ago than this, counted from the moment by which it must have left.
A verdict that Basware does not show at all is waited for as long."""

_BEFORE = timedelta(minutes=5)
"""Basware's clock may be behind ours."""

InvoicesOf = Callable[[Sequence[str]], dict[str, str]]
"""Invoice ids by target id. Blocking."""


class ResponseTarget:
    """``core.contract.Target`` for one kind of response.

    Args:
        standing: how invoices stand.
        invoices_of: invoices of target ids.
    """

    def __init__(
        self,
        kind: Kind,
        api: BaswareApi,
        standing: Standing,
        options: BaswareOptions,
        invoices_of: InvoicesOf,
    ) -> None:
        self._kind, self._api, self._standing, self._options = kind, api, standing, options
        self._invoices_of, self._now = invoices_of, api.now
        self._verdicts = Verdicts(api, kind.entity)
        self._settle = timedelta(seconds=options.settle_seconds)
        self._confirmed_since: datetime | None = None
        self.limits = Limits(
            concurrency=1,
            batch={Operation.CREATE: BATCH, Operation.UPDATE: BATCH},
            settle=options.settle_seconds,
            read_back=2,
            rotation=options.read_back_every.total_seconds(),
            adopt=False,
        )

    # ---- looking up

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By external code, else by what the response would have changed."""
        records = await self._standing.now([self._kind.invoice(intent) for intent in intents])
        return [self._found(intent, records.get(self._kind.invoice(intent))) for intent in intents]

    def _found(self, intent: Intent, record: Payload | None) -> Found:
        key, target_id = intent.key, self._kind.target_id(intent)
        if record is None:
            return Found(key, Verdict.FOREIGN, reason="Basware does not know the invoice any more")
        if self._arrived(intent, record):
            return Found(key, Verdict.DIFFERENT, target_id, outcome=self._accepted(intent, None))
        if self._kind.stands(record, intent.desired):
            return Found(key, Verdict.EQUAL, target_id)
        if not self._kind.takes(record):
            return Found(key, Verdict.DIFFERENT, outcome=self._refused(intent, self._kind.closed(record)))
        return self._missing(intent)

    def _missing(self, intent: Intent) -> Found:
        """What is not there may still arrive; the core sees to that for what was never told before."""
        if intent.operation is Operation.CREATE:
            return Found(intent.key, Verdict.ABSENT)
        left = intent.attempted_at
        if left is not None and self._now() - left < self._settle:
            reason = "not there yet; the request that was sent may still be carried out"
            return Found(intent.key, Verdict.UNSURE, intent.target_id, reason=reason)
        return Found(intent.key, Verdict.DIFFERENT, intent.target_id)

    def _arrived(self, intent: Intent, record: Payload) -> bool:
        code = intent.steps.get(CODE)
        return code is not None and any(
            one.get("externalCode") == code for one in record.get(self._kind.collection) or ()
        )

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """See the module."""
        ids = [self._kind.invoice(intent) for intent in intents]
        look = self._standing.offered if self._kind.offered else self._standing.now
        records = await look(ids)
        outcomes: list[Outcome] = []
        going: list[Intent] = []
        for intent in intents:
            outcome = self._without_sending(intent, records.get(self._kind.invoice(intent)))
            if outcome is None:
                going.append(intent)
            else:
                outcomes.append(outcome)
        codes = [(intent, intent.steps.get(CODE) or uuid.uuid4().hex) for intent in going]
        await progress.steps(codes, CODE)
        self._standing.forget(ids)
        return outcomes + await asyncio.gather(
            *(self._send(intent, records[self._kind.invoice(intent)]) for intent in going)
        )

    def _without_sending(self, intent: Intent, record: Payload | None) -> Outcome | None:
        """What becomes of a response that is not needed, or that Basware would not take."""
        if record is None:
            return self._refused(intent, "Basware does not know the invoice")
        if self._arrived(intent, record):
            return self._accepted(intent, None)
        if self._kind.stands(record, intent.desired):
            return loaded(intent, self._kind.target_id(intent))
        if not self._kind.takes(record):
            return self._refused(intent, self._kind.closed(record))
        return None

    async def _send(self, intent: Intent, record: Payload) -> Outcome:
        body = {"externalCode": intent.steps[CODE], **self._kind.sent(intent.desired, record)}
        try:
            receipt = await self._api.respond(self._kind.invoice(intent), self._kind.collection, body)
        except Duplicate as refusal:
            return await self._again(intent, refusal)
        except NotFound:
            return self._refused(intent, "Basware does not know the invoice")
        except Rejected as refusal:
            return self._refused(intent, refusal.reason, refusal)
        except InDoubt as error:
            return in_doubt(intent, str(error))
        except STOPS as error:
            return unsent(intent, error)
        return self._accepted(intent, receipt.request_id)

    async def _again(self, intent: Intent, refusal: Duplicate) -> Outcome:
        """A conflict: it arrived earlier, or something else was being written. A look tells."""
        invoice = self._kind.invoice(intent)
        record = (await self._standing.now([invoice])).get(invoice)
        if record is not None and self._arrived(intent, record):
            return self._accepted(intent, None)
        return Outcome(intent.key, "failed", reason=refusal.reason, code=refusal.code)

    def _accepted(self, intent: Intent, request_id: str | None) -> Outcome:
        target_id = self._kind.target_id(intent)
        return Outcome(intent.key, "accepted", target_id, receipt=self._receipt(intent, request_id))

    def _receipt(self, intent: Intent, request_id: str | None) -> Payload:
        now = self._now()
        first = self._options.imports.pause(0)
        sent = now if request_id else (intent.attempted_at or now) - UNDER_WAY
        return {
            "request_id": request_id,
            "code": intent.steps.get(CODE),
            "sent_at": sent.isoformat(),
            "asked": 0,
            "ask_at": (now + timedelta(seconds=first)).isoformat(),
        }

    def _refused(self, intent: Intent, reason: str, refusal: Rejected | None = None) -> Outcome:
        """An invoice that Basware does not hear of waits there for ever, so people are told at once."""
        field, code = (refusal.field, refusal.code) if refusal else (None, None)
        alert = f"Basware could not be told: {reason}"
        return Outcome(intent.key, "rejected", reason=reason, field=field, code=code, alert=alert)

    # ---- confirming

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """What P2P made of responses; each is asked for after a while, and then less and less often."""
        now = self._now()
        self._note(receipts)
        asked = [receipt for receipt in receipts if moment(receipt["ask_at"]) <= now]
        items = await self._verdicts.of(asked)
        due = {receipt["code"] for receipt in asked}
        pairs = list(zip(intents, receipts, strict=True))
        unknown = [
            self._kind.invoice(intent) for intent, receipt in pairs if receipt["code"] in due - items.keys()
        ]
        records = await self._standing.now(unknown)
        outcomes = []
        for intent, receipt in pairs:
            record = records.get(self._kind.invoice(intent))
            if receipt["code"] not in due:
                outcomes.append(self._still(intent, receipt))
            elif (item := items.get(receipt["code"])) and item.status != "InProgress":
                outcomes.append(self._decided(intent, item))
            elif record is not None and self._is_told(intent, receipt, record):
                outcomes.append(loaded(intent, self._kind.target_id(intent)))
            else:
                outcomes.append(self._undecided(intent, receipt))
        return outcomes

    def _is_told(self, intent: Intent, receipt: Payload, record: Payload) -> bool:
        """Whether the invoice's own word is enough: the API shows at once what P2P may still refuse."""
        verdict_is_late = self._now() - moment(receipt["sent_at"]) >= UNDER_WAY
        return verdict_is_late and self._kind.stands(record, intent.desired)

    def _note(self, receipts: Sequence[Payload]) -> None:
        """When the first of them left: what became of them has changed since."""
        known = [self._confirmed_since] if self._confirmed_since else []
        sent = [moment(receipt["sent_at"]) - _BEFORE for receipt in receipts]
        self._confirmed_since = min([*known, *sent], default=None)

    def _decided(self, intent: Intent, item: Item) -> Outcome:
        said = "; ".join(error.message for error in item.errors)
        target_id = self._kind.target_id(intent)
        if item.status in ("Success", "Warning"):
            alert = f"Basware took it with a warning: {said}" if item.status == "Warning" else None
            return loaded(intent, target_id, alert=alert)
        intent.steps.pop(CODE, None)  # this one is used up: what is sent next bears another
        technical = all(error.category == "Technical" for error in item.errors)
        if item.status == "Error" and not technical:
            outcome = self._refused(intent, said or "Basware gives no reason")
        else:
            reason = f"Basware did not process it ({item.status}): {said or 'no reason given'}"
            outcome = Outcome(intent.key, "failed", reason=reason)
        return replace(outcome, target_id=target_id, stands=True)

    def _still(self, intent: Intent, receipt: Payload, **more: Any) -> Outcome:
        target_id = self._kind.target_id(intent)
        reason = "Basware has not decided yet"
        return Outcome(intent.key, "accepted", target_id, receipt=receipt, reason=reason, **more)

    def _undecided(self, intent: Intent, receipt: Payload) -> Outcome:
        now, asked = self._now(), int(receipt["asked"]) + 1
        pause = timedelta(seconds=self._options.imports.pause(asked))
        again: dict[str, Any] = {**receipt, "asked": asked, "ask_at": (now + pause).isoformat()}
        alert = None
        limit = timedelta(hours=self._options.imports.give_up_hours)
        if now - moment(receipt["sent_at"]) > limit and not receipt.get("told"):
            alert, again["told"] = f"Basware has decided nothing since {receipt['sent_at']}", True
        return self._still(intent, again, alert=alert)

    # ---- reading back

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These invoices as Basware has them; or those that were answered in our name, a page at a time."""
        if target_ids is None:
            return await self._answered(cursor)
        invoices = await asyncio.to_thread(self._invoices_of, list(target_ids or ()))
        ids, since = list(invoices.values()), self._confirmed_since
        records = await (self._standing.changed(ids, since) if since else self._standing.now(ids))
        shown = [
            self._kind.shown(records[invoice], target_id)
            for target_id, invoice in invoices.items()
            if invoice in records
        ]
        return TargetPage(shown, None)

    async def _answered(self, cursor: str | None) -> TargetPage:
        if self._kind.surplus is None:
            return TargetPage([], None)
        rows, following = await self._standing.page(self._kind.surplus, cursor)
        source = self._options.master.source_system
        ours = [row for row in rows if self._kind.told_by(row, source)]
        shown = [
            self._kind.shown(row, join_key(row.get("voucherNumber2", ""), row.get("voucherNumber1", "")))
            for row in ours
        ]
        return TargetPage(shown, following)
