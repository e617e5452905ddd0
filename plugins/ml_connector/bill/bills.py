"""Bills: created in bulk, changed one by one and only while no money moves.

Whatever would change what BILL has paid or is about to pay is left to a person, and a voucher
that both sides would pay raises an alert at once. A voucher that PeopleSoft closed because BILL's
own payment was settled there is no such case: the rows of settlements say which payments were.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from ml_connector.bill.api import BILLS, BillApi, Record
from ml_connector.bill.bill_edit import Edit, edit
from ml_connector.bill.bill_payments import Standing, made_by_peoplesoft, payment_body, standing, to_record
from ml_connector.bill.bill_state import Settlement, approved, settlement
from ml_connector.bill.documents import WRITE_ONLY, VendorDocuments
from ml_connector.bill.errors import NotFound
from ml_connector.bill.options import BillOptions, Flow
from ml_connector.bill.outcomes import conflict, rejected
from ml_connector.bill.target import ACTIVE, ARCHIVED, is_archived
from ml_connector.bill.values import money, select, total, tree
from ml_connector.core.contract import Intent, Operation, Outcome, Progress, TargetRecord
from ml_connector.core.errors import InDoubt, Rejected
from ml_connector.core.ledger.settlements import Booked, Settlements
from ml_connector.core.outcomes import STOPS, in_doubt, loaded

PAID = "paid"
CLOSED = "closed"  # PeopleSoft pays it no more: closed, or held on account of a settlement

_NEVER_CREATED = (
    "PeopleSoft has paid it already, so BILL must not get it; "
    "give the state `paid` of the mapping the mark `known: true`"
)

LINE_CLASSES = tree(
    "chartOfAccountId", "departmentId", "locationId", "accountingClassId", "itemId", "jobId", "employeeId",
    "customerId",
)  # fmt: skip
LINE = tree("amount", "quantity", "price", "description", classifications=LINE_CLASSES)
FIELDS = tree(
    "vendorId", "dueDate", "description", "purchaseOrderNumber", "payFromChartOfAccountId",
    invoice=tree("invoiceNumber", "invoiceDate"), classifications=LINE_CLASSES, billLineItems=LINE,
)  # fmt: skip


class Bills(VendorDocuments):
    """Vouchers as bills.

    Args:
        settlements: BILL's payments that were settled in PeopleSoft; None where the tenant settles none.
    """

    flow: ClassVar[Flow] = "bills"
    resource = BILLS
    lines = "billLineItems"
    noun = "bill"

    def __init__(
        self,
        api: BillApi,
        options: BillOptions | None = None,
        *,
        create: bool = True,
        settlements: Settlements | None = None,
    ) -> None:
        super().__init__(api, options, create=create)
        self._settlements = settlements

    def number(self, body: Mapping[str, Any]) -> Any:
        return (body.get("invoice") or {}).get("invoiceNumber")

    def date(self, body: Mapping[str, Any]) -> Any:
        return (body.get("invoice") or {}).get("invoiceDate")

    async def _equal(self, intent: Intent, record: Record) -> bool:
        if intent.desired.state != PAID:
            return await super()._equal(intent, record)
        state = settlement(record)
        if is_archived(record) and state is Settlement.OPEN:
            return True
        if state is not Settlement.PAID:
            return False
        if intent.attempted_at is None or not (await standing(self.api, record, intent)).online:
            return True
        return await self.settled(intent, record)

    async def settled(self, intent: Intent, record: Record) -> bool:
        """Whether PeopleSoft pays a voucher no more because BILL's own payments were settled there."""
        external = (intent.desired.body.get("payment") or {}).get("external") is True
        if settlement(record) is not Settlement.PAID or not (external or intent.desired.state == CLOSED):
            return False
        online = {str(payment["id"]) for payment in (await standing(self.api, record, intent)).online}
        return bool(online) and online <= (await self.booked(online)).standing

    async def booked(self, payments: Collection[str]) -> Booked:
        """Which payments are, or once were, settled in PeopleSoft."""
        if self._settlements is None:
            return Booked(frozenset(), frozenset())
        return await asyncio.to_thread(self._settlements.booked, payments)

    # ---- writing

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """A voucher that PeopleSoft paid is not created only to be recorded as paid."""
        paid = [one for one in intents if one.operation is Operation.CREATE and one.desired.state == PAID]
        outcomes = [rejected(intent, Rejected(_NEVER_CREATED)) for intent in paid]
        rest = [intent for intent in intents if intent not in paid]
        return outcomes + (await super().write(rest, progress) if rest else [])

    async def _change(self, intent: Intent, progress: Progress) -> Outcome:
        if intent.target_id is None:
            return conflict(intent, "no bill of BILL is known for it")
        try:
            record = await self.api.get(BILLS, intent.target_id)
        except NotFound:
            return conflict(intent, f"its bill {intent.target_id} is gone from BILL")
        change = _Change(self, intent, record, progress)
        try:
            return await change.run()
        except STOPS as error:
            if not change.executed:
                raise
            return in_doubt(intent, f"only in part: {error}")

    # ---- reading back

    async def _record(self, record: Record) -> TargetRecord:
        archived = is_archived(record)
        paid = archived or settlement(record) is Settlement.PAID
        agrees = {PAID, CLOSED} if self._settlements is not None else {PAID}
        return TargetRecord(
            target_id=record["id"],
            key=None,
            state=ARCHIVED if archived else ACTIVE,
            body=select(record, FIELDS),
            amount=money(record.get("amount")),
            label=self.number(record),
            agrees=frozenset(agrees) if paid else frozenset(),
            absent=archived,
            hidden=WRITE_ONLY,
        )


class _Change:
    """One change of one bill, from what BILL holds to what PeopleSoft wants.

    Attributes:
        executed: a call has changed something, so the document is no longer as it was.
    """

    def __init__(self, target: Bills, intent: Intent, record: Record, progress: Progress) -> None:
        self.target, self.intent, self.record, self.progress = target, intent, record, progress
        self.executed = False
        self.api, self.options = target.api, target.options

    async def run(self) -> Outcome:
        """Carry it out."""
        if await self.target.settled(self.intent, self.record):
            return self._loaded()
        if self.intent.desired.state == PAID:
            if self.options.on_paid_elsewhere == "archive":
                return await self._archive("PeopleSoft paid it itself")
            return await self._pay()
        if self.intent.desired.absent:
            return await self._archive("PeopleSoft does not want it paid by BILL")
        return await self._activate()

    # ---- archived, selected, held, closed, deleted

    async def _archive(self, why: str) -> Outcome:
        if is_archived(self.record):
            return self._loaded()
        state = settlement(self.record)
        if state is not Settlement.OPEN:
            return self._stop(f"{why}, but the bill is {state} in BILL")
        try:
            self.record = await self.api.archive(BILLS, self.record["id"])
        except Rejected as refusal:  # somebody may have scheduled its payment since it was looked at
            self.record = await self.api.get(BILLS, self.record["id"])
            state = settlement(self.record)
            if is_archived(self.record) and state is Settlement.OPEN:
                return self._loaded()
            return self._stop(f"{why}, but the bill is {state} in BILL ({refusal.reason})")
        return self._loaded()

    # ---- active

    async def _activate(self) -> Outcome:
        state, change = settlement(self.record), self._edit()
        if self._was_paid() and state is not Settlement.OPEN and not await self._only_settled():
            return self._stop(
                f"PeopleSoft took its payment back, but the bill is still {state} in BILL; "
                "void the recorded payment there"
            )
        if state is not Settlement.OPEN and is_archived(self.record):
            return self._stop(f"PeopleSoft wants it paid by BILL, where it is archived and {state}")
        if state is not Settlement.OPEN and change and not change.texts_only:
            names = ", ".join(sorted(change.fields))
            return self._stop(f"PeopleSoft changed it ({names}), but the bill is {state} in BILL")
        if change and not change.texts_only and approved(self.record):
            if self.options.on_change_after_approval == "conflict":
                return self._stop("PeopleSoft changed it after it was approved in BILL")
            alert = "changed in PeopleSoft after it was approved in BILL; the approvers should look again"
            return await self._update(change, alert=alert)
        return await self._update(change)

    def _was_paid(self) -> bool:
        """Whether we recorded a payment that PeopleSoft no longer stands by."""
        previous = self.intent.previous
        return previous is not None and previous.state == PAID

    async def _only_settled(self) -> bool:
        """Whether BILL made all its payments itself, and their settlement was what PeopleSoft knew of."""
        now = await standing(self.api, self.record, self.intent)
        online = {str(payment["id"]) for payment in now.online}
        if now.ours or now.offline or not online:
            return False
        return online <= (await self.target.booked(online)).known

    def _edit(self) -> Edit | None:
        previous = self.intent.previous
        return edit(
            self.intent.desired.body,
            self.record,
            previous.body if previous else None,
            self.target.lines,
            self.options,
        )

    async def _update(self, change: Edit | None, alert: str | None = None) -> Outcome:
        """Restore where it is archived, then change what differs."""
        archived = is_archived(self.record)
        if archived:
            self.record = await self.api.restore(BILLS, self.record["id"])
            await self._done("restored", True)
        if change is not None:
            try:
                await self._send(change)
            except Rejected as refusal:
                return await self._refused(refusal, change, put_back=archived)
        return self._loaded(alert)

    async def _send(self, change: Edit) -> None:
        call = self.api.put if change.replace else self.api.patch
        answer = await call(BILLS, self.record["id"], change.body)
        amount, wanted = money(answer.get("amount")), total(self.intent.desired.body.get(self.target.lines))
        if answer["id"] != self.record["id"] or amount not in {None, wanted}:
            raise InDoubt("BILL's answer is not about the bill as it was sent")
        self.record = answer
        await self._done("updated", self.intent.attempt_id)

    async def _refused(self, refusal: Rejected, change: Edit, *, put_back: bool) -> Outcome:
        """BILL may have begun to pay it in between; and an old amount must not stay payable."""
        self.record = await self.api.get(BILLS, self.record["id"])
        state = settlement(self.record)
        if put_back and state is Settlement.OPEN:
            await self.api.archive(BILLS, self.record["id"])
        if state is not Settlement.OPEN and not change.texts_only:
            return self._stop(f"PeopleSoft changed it, but the bill is {state} in BILL ({refusal.reason})")
        raise refusal

    # ---- paid by PeopleSoft itself

    async def _pay(self) -> Outcome:
        """Record the payment; an archived bill cannot be paid in BILL and stays as it is."""
        state = settlement(self.record)
        if is_archived(self.record) and state is Settlement.OPEN:
            return self._loaded()
        ours: set[str] = set()
        if state is not Settlement.OPEN or self.intent.attempted_at is not None or self.intent.steps:
            standing_now = await standing(self.api, self.record, self.intent)
            outcome = self._paid_already(state, standing_now)
            if outcome is not None:
                return outcome
            ours = standing_now.ours
        if state is Settlement.OPEN and self.target.lines in self.intent.desired.body:
            await self._correct()
        try:
            await self._record_payments(ours)
        except Rejected:
            self.record = await self.api.get(BILLS, self.record["id"])
            outcome = self._paid_already(
                settlement(self.record), await standing(self.api, self.record, self.intent)
            )
            if outcome is None:
                raise
            return outcome
        return self._loaded()

    async def _correct(self) -> None:
        """Amounts first, so that BILL shows what was paid. A refusal must not leave the bill payable."""
        change = self._edit()
        if change is not None:
            with contextlib.suppress(Rejected):
                await self._send(change)

    async def _record_payments(self, ours: set[str]) -> None:
        today = self.api.now().date().isoformat()
        made = [one for one in made_by_peoplesoft(self.intent, today) if one.reference not in ours]
        due = money(self.record.get("dueAmount"))
        if due is None:
            due = money(self.record.get("amount")) or Decimal(0)
        for one, amount in to_record(made, due):
            answer = await self.api.record_payment(payment_body(self.record, one, amount))
            await self._done(f"payment {one.reference}", answer["id"])

    def _paid_already(self, state: Settlement, now: Standing) -> Outcome | None:
        """What the bill's payments say; None where something is left to be recorded."""
        if now.online:
            ids = ", ".join(str(payment["id"]) for payment in now.online)
            return self._stop(
                f"would be paid twice: PeopleSoft paid it itself, and BILL has payment {ids} for it"
            )
        if state is Settlement.PAID and (now.ours or now.offline):
            return self._loaded()
        resumed = state is Settlement.PARTIAL and now.ours and not now.offline
        if state is Settlement.OPEN or (resumed and not money(self.record.get("creditAmount"))):
            return None
        return self._stop(f"may be paid twice: PeopleSoft paid it itself, and the bill is {state} in BILL")

    # ---- helpers

    async def _done(self, step: str, value: Any) -> None:
        self.executed = True
        await self.progress.step(self.intent, step, value)

    def _loaded(self, alert: str | None = None) -> Outcome:
        return loaded(self.intent, self.record["id"], alert=alert)

    def _stop(self, reason: str) -> Outcome:
        return conflict(self.intent, reason, alert=True)
