"""Vendor credits: PeopleSoft's credit vouchers. BILL cannot restore one that was archived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ml_connector.bill.api import VENDOR_CREDITS, Record
from ml_connector.bill.bill_edit import edit
from ml_connector.bill.bills import LINE
from ml_connector.bill.documents import VendorDocuments
from ml_connector.bill.errors import NotFound
from ml_connector.bill.options import Flow
from ml_connector.bill.outcomes import conflict
from ml_connector.bill.target import ACTIVE, ARCHIVED, is_archived
from ml_connector.bill.values import money, select, tree
from ml_connector.core.contract import Intent, Outcome, Progress, TargetRecord
from ml_connector.core.errors import InDoubt
from ml_connector.core.outcomes import loaded

FIELDS = tree(
    "vendorId", "referenceNumber", "creditDate", "description", "applyToChartOfAccountId",
    "applyToBankAccountId", vendorCreditLineItems=LINE,
)  # fmt: skip


class VendorCredits(VendorDocuments):
    """Credit vouchers as vendor credits."""

    flow: ClassVar[Flow] = "vendor_credits"
    resource = VENDOR_CREDITS
    lines = "vendorCreditLineItems"
    noun = "vendor credit"

    def number(self, body: Mapping[str, Any]) -> Any:
        return body.get("referenceNumber")

    def date(self, body: Mapping[str, Any]) -> Any:
        return body.get("creditDate")

    async def _change(self, intent: Intent, progress: Progress) -> Outcome:
        if intent.target_id is None:
            return conflict(intent, "no vendor credit of BILL is known for it")
        try:
            record = await self.api.get(VENDOR_CREDITS, intent.target_id)
        except NotFound:
            return conflict(intent, f"its vendor credit {intent.target_id} is gone from BILL")
        used = bool(money(record.get("appliedAmount")) or 0)
        if intent.desired.absent:
            return await self._archive(intent, record, used=used)
        if is_archived(record):
            return conflict(
                intent,
                "PeopleSoft wants it again, but BILL cannot restore an archived vendor credit; "
                "create it there by hand",
            )
        return await self._update(intent, record, used=used)

    async def _archive(self, intent: Intent, record: Record, *, used: bool) -> Outcome:
        if not is_archived(record) and used:
            reason = (
                f"PeopleSoft took it back, but {money(record.get('appliedAmount'))} of it is applied in BILL"
            )
            return conflict(intent, reason, alert=True)
        if not is_archived(record):
            await self.api.archive(VENDOR_CREDITS, record["id"])
        return loaded(intent, record["id"])

    async def _update(self, intent: Intent, record: Record, *, used: bool) -> Outcome:
        previous = intent.previous.body if intent.previous else None
        change = edit(intent.desired.body, record, previous, self.lines, self.options)
        if change is None:
            return loaded(intent, record["id"])
        if used and not change.texts_only:
            names = ", ".join(sorted(change.fields))
            return conflict(intent, f"PeopleSoft changed it ({names}), but it is applied in BILL", alert=True)
        call = self.api.put if change.replace else self.api.patch
        answer = await call(VENDOR_CREDITS, record["id"], change.body)
        if answer["id"] != record["id"]:
            raise InDoubt("BILL's answer is about another vendor credit")
        return loaded(intent, record["id"])

    async def _record(self, record: Record) -> TargetRecord:
        archived = is_archived(record)
        return TargetRecord(
            target_id=record["id"],
            key=None,
            state=ARCHIVED if archived else ACTIVE,
            body=select(record, FIELDS),
            amount=money(record.get("amount")),
            label=self.number(record),
            absent=archived,
        )
