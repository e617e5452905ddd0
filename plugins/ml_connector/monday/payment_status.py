"""What PeopleSoft has paid, on the items that the flow ``invoices`` made: never creates, never removes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

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
from ml_connector.core.errors import Rejected
from ml_connector.core.outcomes import as_found, loaded
from ml_connector.monday.api import MondayApi
from ml_connector.monday.batches import Batches, outcome_of
from ml_connector.monday.drafts import NOT_YET, as_json, fresh, in_field, same_body
from ml_connector.monday.fields import PAYMENT_STATUS
from ml_connector.monday.layout import Layout, resolve
from ml_connector.monday.operations import Action
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.reading import Item, Reader
from ml_connector.monday.values import written

BOARD = "invoices"
PAID, OPEN = "paid", "open"
"""Groups by our names."""

STATES = frozenset({"paid", "partly_paid", "held", "unpaid", "gone"})
"""States of the mapping. An item shows them by its columns; one whose voucher is gone is left as it is."""


class PaymentStatus:
    """Implements ``core.contract.Target``; a document's object is its voucher's item.

    Args:
        api: connected to the account.
        options: of the tenant.
    """

    def __init__(self, api: MondayApi, options: MondayOptions) -> None:
        self.api, self.options = api, options
        batch = 4 * options.batch
        self.limits = Limits(
            concurrency=options.limits.concurrency,
            batch={Operation.CREATE: batch, Operation.UPDATE: batch, Operation.REMOVE: batch},
            settle=options.settle_seconds,
            read_back=options.read_back_pages,
            rotation=options.read_back_every.total_seconds(),
            adopt=False,  # its item was found or made by the flow invoices
            restore=options.boards.invoices is not None and options.boards.invoices.edits == "write",
        )
        self.reader = Reader(api)
        self.batches = Batches(api, size=options.batch, points=options.mutation_points)
        self._resolved: Layout | None = None
        self._resolving = asyncio.Lock()

    async def layout(self) -> Layout:
        """The board as it is now, read once.

        Raises:
            ConfigurationError: it does not hold what the tenant maps.
        """
        async with self._resolving:
            if self._resolved is None:
                self._resolved = await resolve(self.api, self.options, BOARD, PAYMENT_STATUS)
            return self._resolved

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """Whether the items show what is desired."""
        layout = await self.layout()
        items = await self.reader.by_ids([_item(intent) for intent in intents], layout.items.read_columns)
        return [self._found(layout, intent, items.get(_item(intent))) for intent in intents]

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Write the columns, and move the item where it changes its group; both may be repeated."""
        layout = await self.layout()
        if intents and intents[0].operation is Operation.REMOVE:
            return [loaded(intent, intent.target_id) for intent in intents]  # the flow invoices shows that
        actions: list[Action] = []
        owners: list[Intent] = []
        outcomes: dict[str, Outcome] = {}
        for intent in intents:
            try:
                mine = _actions(layout, intent)
            except Rejected as refusal:
                outcomes[intent.key] = Outcome(
                    intent.key, "rejected", reason=refusal.reason, field=refusal.field, local=True
                )
                continue
            actions += mine
            owners += [intent] * len(mine)
        done = await self.batches.run(actions, intents[0].attempt_id) if actions else []
        for intent, one in zip(owners, done, strict=True):
            if not one.worked:
                outcomes.setdefault(intent.key, outcome_of(intent, one, item=_item(intent)))
        return [outcomes.get(intent.key) or loaded(intent, _item(intent)) for intent in intents]

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """Monday decides at once; whoever asks gets what stands there now."""
        return as_found(await self.find(intents))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These items; what else stands on the board is the flow invoices' to tell."""
        if target_ids is None:
            return TargetPage([], None)
        layout = await self.layout()
        items = await self.reader.by_ids(target_ids, layout.items.read_columns)
        return TargetPage([_record(layout, item) for item in items.values() if item.active], None)

    def _found(self, layout: Layout, intent: Intent, item: Item | None) -> Found:
        if item is None or not item.active:
            return Found(intent.key, Verdict.ABSENT, intent.target_id)
        record = _record(layout, item)
        left_out = {"item", *record.hidden}
        wanted = {name: value for name, value in intent.desired.body.items() if name not in left_out}
        there = {name: value for name, value in record.body.items() if name not in left_out}
        if same_body(wanted, there):
            return Found(intent.key, Verdict.EQUAL, item.id, record.body)
        if fresh(intent, self.api.now(), self.limits.settle):
            return Found(intent.key, Verdict.UNSURE, item.id, record.body, reason=NOT_YET)
        return Found(intent.key, Verdict.DIFFERENT, item.id, record.body)


def _item(intent: Intent) -> str:
    """Id of the voucher's item, as the crosswalk had it when the document was mapped."""
    return str(intent.desired.body.get("item") or intent.target_id or "")


def _actions(layout: Layout, intent: Intent) -> list[Action]:
    body, item = intent.desired.body, _item(intent)
    columns = body.get("columns") or {}
    values = {
        column.id: in_field(name, partial(written, columns.get(name), column))
        for name, column in layout.items.columns.items()
    }
    board = layout.items.board.id
    actions = [Action("change", {"board": board, "item": item, "values": as_json(values)})] if values else []
    group = {PAID: layout.paid_group, OPEN: layout.open_group}.get(str(body.get("group")))
    if group is not None and _moves(layout, intent, group):
        actions.append(Action("move", {"item": item, "group": group}))
    return actions


def _moves(layout: Layout, intent: Intent, group: str) -> bool:
    """Whether the item may stand in another group; a move within its group would put it on top."""
    previous, body = intent.previous, intent.desired.body
    if previous is None and intent.target_id is not None:
        return True  # a person had it written once more
    if previous is None or (not previous.absent and previous.body.get("item") != body.get("item")):
        return group != layout.group  # a new item stands in the group for new ones
    # What is sent once more, unchanged, is to undo what somebody did on the board.
    return previous.absent or previous.body.get("group") != body.get("group") or previous.body == body


def _record(layout: Layout, item: Item) -> TargetRecord:
    """An item that the team moved to a group of its own is where it is meant to be."""
    groups = {layout.paid_group: PAID, layout.open_group: OPEN}
    body = {"item": item.id, "columns": item.body(layout.items)["columns"], "group": groups.get(item.group)}
    hidden = frozenset() if item.group in groups else frozenset({"group"})
    return TargetRecord(item.id, None, "unpaid", body, label=item.name, agrees=STATES, hidden=hidden)
