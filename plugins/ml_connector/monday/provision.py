"""Makes the boards, groups, columns and labels that a tenant's options name and the account lacks.

It looks before it makes, so it can be repeated at any time and goes on where it was killed. What exists
is neither changed nor deleted, whatever it looks like; labels are added to a column behind its own.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.dag.settings import read_settings
from ml_connector.core.errors import ConfigurationError, ContractChanged, Unavailable
from ml_connector.core.state.store import Store
from ml_connector.monday import operations
from ml_connector.monday.board import Board, Column, Listing, board_of, every, listing, same, titled
from ml_connector.monday.connect import connect
from ml_connector.monday.fields import monday_options
from ml_connector.monday.hook import MondayHook
from ml_connector.monday.labelled import DROPDOWN, STATUS
from ml_connector.monday.making import Maker
from ml_connector.monday.shape import Wanted, WantedBoard, WantedColumn
from ml_connector.monday.wanted import mappings_of, wanted

SUBTASKS = "subtasks"
FIRST_GROUP = "Group Title"
"""What a new board has by itself."""

_SUBITEMS = WantedColumn("Subitems", "", "Subitems", SUBTASKS)


def provision(
    tenant: TenantConfig, store: Store, options: BaseModel, dry_run: bool
) -> Coroutine[Any, Any, Sequence[str]]:
    """Make what is missing; see ``core.dag.definition.Provision``.

    Raises:
        ConfigurationError: the connection is missing or wrong, or a mapping has mistakes.
        ConnectorError: when awaited, where it stopped before the end; what was made is found again.
    """
    checked = monday_options(options)
    needs = wanted(tenant, checked, mappings_of(tenant, checked, read_settings().mappings_paths))
    settings = MondayHook(monday_conn_id=tenant.connections["monday"]).settings

    async def made() -> Sequence[str]:
        async with connect(settings, checked.limits, store) as api:
            return await make(Maker(api, store, tenant.tenant, dry_run), needs)

    return made()


async def make(maker: Maker, needs: Wanted) -> list[str]:
    """Make what boards lack, and say what was made."""
    for fault in needs.faults:
        maker.leave(fault)
    by_title = any(not (need.board or "0").isdigit() for need in needs.boards)
    work = _Work(maker, await listing(maker.api) if by_title else ())
    for need in needs.boards:
        await work.board(need)
    return maker.said


@dataclass(slots=True)
class _Work:
    """One run.

    Attributes:
        boards: those that are there, and in a dry run those that would be.
    """

    maker: Maker
    listing: Listing
    boards: dict[str, Board] = field(default_factory=dict)

    async def board(self, need: WantedBoard) -> None:
        """One board with all that belongs on it."""
        live = await (self._subitems(need) if need.board is None else self._find(need, need.board))
        if live is None:
            return
        self.boards[need.name] = live
        if live.access == "view" or live.hierarchy not in {None, "classic"}:
            self.maker.leave(
                f"{need.where}.board: board {live.name!r} cannot be edited, or is no classic board"
            )
            return
        before = live
        if need.board is not None:
            live = await self._groups(need, live)
        for column in need.columns:
            live = await self._column(column, live)
        self.boards[need.name] = live
        if live is not before:
            self.maker.check(live, await board_of(self.maker.api, live.id))

    # ---- boards

    async def _find(self, need: WantedBoard, name: str) -> Board | None:
        where = f"{need.where}.board"
        ids = [name] if name.isdigit() else titled(self.listing, name, need.workspace)
        if len(ids) > 1:
            self.maker.leave(
                f"{where}: {len(ids)} boards have the title {name!r}: {', '.join(ids)}; name one"
            )
            return None
        if ids:
            live = await board_of(self.maker.api, ids[0])
            if live is None:
                self.maker.leave(f"{where}: there is no board {name!r}, or the token's user may not see it")
            return live
        return await self._new(need, name)

    async def _new(self, need: WantedBoard, title: str) -> Board | None:
        try:
            workspace = await self._workspace(need)
        except ConfigurationError as error:
            self.maker.leave(str(error))
            return None
        made = await self.maker.board(title, workspace, f"{need.where}.board")
        if self.maker.dry_run:
            return _planned(title)
        live = await board_of(self.maker.api, made) if made is not None else None
        if made is not None and live is None:
            # The answer to an earlier run, kept under the same key: somebody has deleted that board since.
            raise Unavailable(f"board {title!r} was made and deleted within half an hour; repeat this later")
        return live

    async def _workspace(self, need: WantedBoard) -> str | None:
        """Id of the workspace for a new board; None is the main one."""
        wanted_one = need.workspace
        if wanted_one is None or wanted_one.isdigit():
            return wanted_one
        rows = [row async for row in every(self.maker.api, operations.WORKSPACES, "workspaces")]
        found = [str(row["id"]) for row in rows if same(str(row["name"]), wanted_one)]
        if len(found) != 1:
            what = "no workspace" if not found else f"{len(found)} workspaces"
            where = f"{need.where.removesuffix('.lines')}.workspace"
            message = f"the account has {what} named {wanted_one!r}"
            raise ConfigurationError(message, field=where, expected="the name of one, or its id")
        return found[0]

    async def _subitems(self, need: WantedBoard) -> Board | None:
        """The hidden board of subitems, which comes with a column of the board above."""
        above = self.boards.get(need.of or "")
        if above is None:
            return None
        column = _subtasks(above)
        if column is None:
            above = await self.maker.column(above, _SUBITEMS, None)
            if self.maker.dry_run:
                return _planned(f"Subitems of {above.name}")
            fresh = await board_of(self.maker.api, above.id)
            column = _subtasks(fresh) if fresh is not None else None
        live = await board_of(self.maker.api, column.boards[0]) if column and column.boards else None
        if live is None and column is not None:
            raise ContractChanged(
                f"column {column.title!r} of board {above.name!r} names no board of subitems"
            )
        return live

    # ---- groups and columns

    async def _groups(self, need: WantedBoard, live: Board) -> Board:
        """Those that the tenant names, or the template's on a board that nobody has used yet.

        There they go on top, the first one last: new items may go to the topmost, and it being there means
        that all are. Elsewhere they go below the others.
        """
        names = need.groups or tuple((need.where, title) for title in need.template_groups)
        fresh = _untouched({name for _, name in names[1:]}, live)
        if not fresh and not need.groups:
            return live
        for where, name in reversed(names) if fresh else names:
            if not any(group == name or same(title, name) for group, title in live.groups.items()):
                live = await self.maker.group(live, name, where, top=fresh)
        return live

    async def _column(self, need: WantedColumn, live: Board) -> Board:
        found = _columns(live, need.name)
        if len(found) > 1:
            self.maker.leave(
                f"{need.where}: {len(found)} columns of board {live.name!r} are called {need.name!r}"
            )
            return live
        connects = self.boards.get(need.reference or "")
        if found:
            await self._existing(need, found[0], live, connects)
            return live
        if need.reference is not None and connects is None:
            self.maker.leave(
                f"{need.where}: it would connect with {need.reference}, and that board is not there"
            )
            return live
        return await self.maker.column(live, need, connects)

    async def _existing(
        self, need: WantedColumn, column: Column, live: Board, connects: Board | None
    ) -> None:
        """Add labels to a column that fits; one that does not is a person's to change."""
        at = f"{need.where}: column {column.title!r} of board {live.name!r}"
        if (expected := need.misfit(column)) is not None:
            self.maker.leave(f"{at} is of type {column.type}; name {expected}")
        elif connects is not None and connects.id not in column.boards:
            self.maker.leave(f"{at} does not connect with board {connects.name!r}; name one that does")
        elif column.type in {STATUS, DROPDOWN} and need.labels:
            await self.maker.labels(live, need, column)


def _planned(title: str) -> Board:
    """Stands for a board that a dry run would make."""
    return Board("0", title, [], {}, 0, None)


def _subtasks(board: Board) -> Column | None:
    return next((column for column in board.columns if column.type == SUBTASKS), None)


def _columns(live: Board, name: str) -> list[Column]:
    by_id = [column for column in live.columns if column.id == name]
    return by_id or [column for column in live.columns if same(column.title, name)]


def _untouched(names: set[str], live: Board) -> bool:
    """Whether a board has no items, and no groups but its own first one and some of these."""
    others = [title for title in live.groups.values() if title != FIRST_GROUP and title not in names]
    return not others and not live.items_count
