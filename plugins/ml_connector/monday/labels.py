"""Suppliers or accounts as labels of a dropdown column: a document is a label, and its id the label's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
)
from ml_connector.core.errors import ConfigurationError, ConnectorError, InDoubt, Rejected
from ml_connector.core.outcomes import STOPS, as_found, in_doubt, unsent
from ml_connector.monday.api import MondayApi
from ml_connector.monday.board import Board, Column, find_board
from ml_connector.monday.label_work import (
    LabelWork,
    added,
    by_id,
    by_text,
    found,
    record,
    refused,
    text_of,
)
from ml_connector.monday.labelled import (
    DROPDOWN,
    dropdown_settings,
    labels_of,
    live_column,
    update_labels,
)
from ml_connector.monday.layout import line_board
from ml_connector.monday.options import LabelColumn, MondayOptions, ReferenceBoard
from ml_connector.monday.shape import WHERE
from ml_connector.monday.ways import LABELS_PER_CALL

EQUAL_REFUSALS = 5
"""After so many in a row the fault is the column's: it may be one that only administrators change."""


class Labels:
    """Implements ``core.contract.Target`` for one dropdown column.

    Args:
        api: connected to the account.
        options: of the tenant.
        board: ``suppliers`` or ``gl_accounts``.
        create: whether the flow may make labels, or only write those that are there.
    """

    def __init__(self, api: MondayApi, options: MondayOptions, board: str, *, create: bool = True) -> None:
        self.api, self.options, self.board, self.create = api, options, board, create
        # One after the other: a change names the revision of the column that it was made from.
        self.limits = Limits(
            concurrency=1, batch=dict.fromkeys(Operation, LABELS_PER_CALL), settle=options.settle_seconds,
            read_back=options.read_back_pages, rotation=options.read_back_every.total_seconds(),
        )  # fmt: skip
        self._place: tuple[str, str] | None = None
        self._resolving = asyncio.Lock()

    # ---- the contract

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """By id where it is known, else by text."""
        labels = labels_of(await self._column())
        ids, texts = by_id(labels), by_text(labels)
        return [
            found(
                intent, texts.get(text_of(intent)) if intent.target_id is None else ids.get(intent.target_id)
            )
            for intent in intents
        ]

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """All in one call, which holds the whole list; where it is refused, in smaller parts."""
        return await _Parts(self).write(intents)

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """A change of labels is done at once; whoever asks gets what stands there now."""
        return as_found(await self.find(intents))

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """These labels, or all that can be chosen."""
        labels = labels_of(await self._column())
        if target_ids is None:
            labels = [label for label in labels if label.text and not label.off]
        else:
            labels = [label for label in labels if str(label.id) in target_ids]
        return TargetPage([record(label) for label in labels], None)

    # ---- the column

    async def place(self) -> tuple[str, str]:
        """Ids of board and column, found once.

        Raises:
            ConfigurationError: they are not there, or the column is no dropdown.
        """
        async with self._resolving:
            if self._place is None:
                self._place = await self._resolve()
            return self._place

    async def _resolve(self) -> tuple[str, str]:
        where = f"{WHERE}.{self.board}.labels"
        configured: ReferenceBoard | None = getattr(self.options.boards, self.board)
        kept = configured.labels if configured is not None else None
        if kept is None:
            raise ConfigurationError("names no column for labels", field=where, expected="board and column")
        board = await self._board(kept, where)
        column = board.column(kept.column, f"{where}.column")
        if column.type != DROPDOWN:
            raise ConfigurationError(
                f"column {column.title!r} of board {board.name!r} is of type {column.type}",
                field=f"{where}.column", expected="a dropdown column",
            )  # fmt: skip
        return board.id, column.id

    async def _board(self, kept: LabelColumn, where: str) -> Board:
        configured = self.options.items_of(kept.board)
        if configured is None:
            raise ConfigurationError(
                f"board {kept.board} is not configured", field=f"{where}.board", expected="one that is"
            )
        below = f"{WHERE}.{kept.board}"
        live = await find_board(self.api, configured.board, f"{below}.board", configured.workspace)
        return await line_board(self.api, live, configured, f"{below}.lines") if kept.lines else live

    async def _column(self) -> Column:
        return await live_column(self.api, *await self.place())


class _Parts:
    """Writes one batch; what is refused together is sent in halves, so that one label stops no other."""

    def __init__(self, target: Labels) -> None:
        self._target = target
        self._refused: list[str] = []
        self._stopped: ConnectorError | None = None

    async def write(self, intents: Sequence[Intent]) -> list[Outcome]:
        try:
            return await self._together(intents)
        except Rejected as refusal:
            if len(intents) == 1:
                self._note(refusal)
                return [refused(intents[0], refusal.reason, code=refusal.code)]
        half = len(intents) // 2
        return await self.write(intents[:half]) + await self._rest(intents[half:])

    async def _rest(self, intents: Sequence[Intent]) -> list[Outcome]:
        """The second half; what stops the flow now leaves the first as it is."""
        if self._stopped is None:
            try:
                return await self.write(intents)
            except InDoubt as error:
                return [in_doubt(intent, str(error)) for intent in intents]
            except STOPS as error:
                self._stopped = error
        stopped = self._stopped
        return [unsent(intent, stopped) for intent in intents]

    def _note(self, refusal: Rejected) -> None:
        """Many refusals of one kind are about the column: asking for each label would use up the day."""
        self._refused.append(refusal.reason)
        last = self._refused[-EQUAL_REFUSALS:]
        if len(last) == EQUAL_REFUSALS and len(set(last)) == 1:
            self._stopped = ConfigurationError(
                f"{EQUAL_REFUSALS} labels in a row were refused: {refusal.reason}. A managed column is "
                "changed by administrators only; name another one",
                field=f"{WHERE}.{self._target.board}.labels.column",
            )

    async def _together(self, intents: Sequence[Intent]) -> list[Outcome]:
        board, column = await self._target.place()
        outcomes: dict[str, Outcome] = {}

        def make(now: Column) -> dict[str, Any] | None:
            work = LabelWork(labels_of(now), create=self._target.create)
            outcomes.clear()
            outcomes.update({intent.key: one for intent in intents if (one := work.take(intent)) is not None})
            return dropdown_settings(now, work.changed, work.added) if work.changed or work.added else None

        live = await update_labels(self._target.api, board, column, make, intents[0].attempt_id)
        there = by_text(labels_of(live))
        return [outcomes.get(intent.key) or added(intent, there) for intent in intents]
