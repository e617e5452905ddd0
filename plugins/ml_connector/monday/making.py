"""Makes single things in the account, and says so; in a dry run it only says what it would make."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ml_connector.core import codec
from ml_connector.core.errors import ContractChanged, Rejected
from ml_connector.core.state.store import Store
from ml_connector.monday import operations
from ml_connector.monday.api import MondayApi
from ml_connector.monday.board import Board, Column
from ml_connector.monday.changes import change
from ml_connector.monday.labelled import (
    DROPDOWN,
    STATUS,
    dropdown_settings,
    labels_of,
    new_status_labels,
    status_settings,
    update_labels,
)
from ml_connector.monday.operations import Operation
from ml_connector.monday.shape import RELATION, WantedColumn


@dataclass(slots=True)
class Maker:
    """Makes what a tenant's boards lack.

    Attributes:
        said: one sentence for each thing made, or left alone.
    """

    api: MondayApi
    store: Store
    tenant: str
    dry_run: bool
    said: list[str] = field(default_factory=list)

    async def board(self, title: str, workspace: str | None, where: str) -> str | None:
        """A new board; its id, or None where it was not made."""
        variables: dict[str, Any] = {"name": title}
        if workspace is not None:
            variables["workspace"] = workspace
        return await self._make(operations.CREATE_BOARD, "create_board", variables, where, f"board {title!r}")

    async def group(self, live: Board, title: str, where: str, *, top: bool) -> Board:
        """A group, on top or below all others: the topmost may be where new items go."""
        variables: dict[str, Any] = {"board": live.id, "name": title}
        if live.groups and not top:
            variables |= {"after": list(live.groups)[-1], "method": "after_at"}
        what = f"group {title!r} on board {live.name!r}"
        made = await self._make(operations.CREATE_GROUP, "create_group", variables, where, what)
        if made is None:
            return live
        groups = {made: title, **live.groups} if top else {**live.groups, made: title}
        return replace(live, groups=groups)

    async def column(self, live: Board, need: WantedColumn, connects: Board | None) -> Board:
        """A column with its labels, or connected with another board."""
        names = f"{need.title!r} ({need.type}{f', {need.id}' if need.id else ''})"
        what = f"column {names} on board {live.name!r}"
        if connects is not None:
            what = f"{what}, connected with {connects.name!r}"
        variables: dict[str, Any] = {"board": live.id, "title": need.title}
        if need.id is not None:
            variables["id"] = need.id
        try:
            operation, name, more = _column(need, connects)
        except Rejected as refusal:
            self.leave(f"{need.where}: {what} is not made: {refusal.reason}")
            return live
        made = await self._make(operation, name, variables | more, need.where, what)
        if made is None:
            return live
        return replace(live, columns=[*live.columns, Column(made, need.title, need.type)])

    async def labels(self, live: Board, need: WantedColumn, column: Column) -> None:
        """Labels that a column lacks, behind those that it has. None is removed, renamed or switched on."""
        missing = self._missing(live, need, column)
        if not missing:
            return
        texts = f"label{'s' if len(missing) > 1 else ''} {', '.join(map(repr, missing))}"
        what = f"{texts} on column {column.title!r} of board {live.name!r}"
        if self.dry_run:
            self.said.append(f"would make {what}")
            return

        def make(now: Column) -> dict[str, Any] | None:
            added = [text for text in missing if text not in {label.text for label in labels_of(now)}]
            if not added:
                return None
            return (
                status_settings(now, added, need.done)
                if now.type == STATUS
                else dropdown_settings(now, {}, added)
            )

        try:
            await update_labels(self.api, live.id, column.id, make, self._attempt)
        except Rejected as refusal:
            self.leave(f"{need.where}: {what} cannot be made ({refusal.reason}); add them on the board")
            return
        await self._note(what, column.id)

    def _missing(self, live: Board, need: WantedColumn, column: Column) -> list[str]:
        at = f"{need.where}: column {column.title!r} of board {live.name!r}"
        missing = [text for text in need.labels if text not in column.labels.values()]
        try:
            off = {label.text for label in labels_of(column) if label.off}
        except ContractChanged as error:
            self.leave(f"{at} lacks {', '.join(map(repr, missing))}; {error}")
            return []
        for text in (text for text in missing if text in off):
            self.leave(f"{at}: label {text!r} is deactivated; activate it on the board")
        return [text for text in missing if text not in off]

    def check(self, live: Board, fresh: Board | None) -> None:
        """Say what monday.com does not show although it says that it was made.

        It keeps its answers for half an hour: what was made, and deleted since, it calls made again.
        """
        shown = {column.id for column in fresh.columns} | set(fresh.groups) if fresh is not None else set()
        there = {column.id: column.title for column in live.columns} | dict(live.groups)
        for title in (title for number, title in there.items() if number not in shown):
            self.leave(f"{title!r} on board {live.name!r} is not shown yet; repeat this in half an hour")

    def leave(self, sentence: str) -> None:
        """Say what is not made, and why."""
        self.said.append(f"left alone: {sentence}")

    @property
    def _attempt(self) -> str:
        return f"provision {self.tenant}"

    async def _make(
        self, operation: Operation, name: str, variables: Mapping[str, Any], where: str, what: str
    ) -> str | None:
        if self.dry_run:
            self.said.append(f"would make {what}")
            return None
        try:
            row = await change(self.api, operation, name, variables, self._attempt)
        except Rejected as refusal:
            self.leave(f"{where}: {what} was refused: {refusal.reason}")
            return None
        await self._note(what, str(row["id"]))
        return str(row["id"])

    async def _note(self, what: str, made: str) -> None:
        """What was made in a customer's account stands in the trail, even where the rest fails."""
        self.said.append(f"made {what}")
        await asyncio.to_thread(self._record, what, made)

    def _record(self, what: str, made: str) -> None:
        with self.store.write() as tx:
            tx.record("provisioned", {"made": what, "id": made}, tenant=self.tenant)


def _column(need: WantedColumn, connects: Board | None) -> tuple[Operation, str, dict[str, Any]]:
    """How a column is made.

    Raises:
        Rejected: its labels do not fit.
    """
    if need.type == STATUS:
        labels = {"labels": new_status_labels(need.labels, need.done)}
        return operations.CREATE_STATUS_COLUMN, "create_status_column", {"defaults": labels}
    if need.type == DROPDOWN:
        labels = {"labels": [{"label": text} for text in need.labels]}
        one = {"limit_select": True, "label_limit_count": 1}
        return operations.CREATE_DROPDOWN_COLUMN, "create_dropdown_column", {"defaults": {**labels, **one}}
    more: dict[str, Any] = {"type": need.type}
    if need.type == RELATION and connects is not None:
        # Seen from both sides: the other board shows what refers to its items.
        defaults = {
            "boardIds": [int(connects.id)], "allowMultipleItems": False, "allowCreateReflectionColumn": True,
        }  # fmt: skip
        more["defaults"] = codec.encode(defaults).decode()
    return operations.CREATE_COLUMN, "create_column", more
