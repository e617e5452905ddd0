"""A live board: its columns and groups as they are now, and which of them the tenant means.

Read once per task. Whatever the tenant names and the board lacks stops the flow before anything is
written, with a sentence that says where to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.monday import operations
from ml_connector.monday.api import MondayApi
from ml_connector.monday.options import ColumnNames

_PER_PAGE = 100
_NAMED = 40
"""Labels that a sentence names: as many as a status column can have."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a board.

    Attributes:
        labels: active labels of a status or dropdown column: id to text.
        boards: ids of the boards that a connecting column leads to.
    """

    id: str
    title: str
    type: str
    revision: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def boards(self) -> tuple[str, ...]:
        """Ids of the boards that a connecting column, or one of subitems, leads to."""
        return tuple(str(board) for board in self.settings.get("boardIds") or ())

    def label_id(self, text: str) -> str:
        """Id of an active label.

        Raises:
            Rejected: there is none.
        """
        found = next((number for number, label in self.labels.items() if label == text), None)
        if found is None:
            raise Rejected(
                f"column {self.title!r} has no label {text!r}; it has {self._known()}. Add it on the board, "
                "or translate the value with value_maps of the tenant file",
                field=self.id,
            )
        return found

    def _known(self) -> str:
        """Its labels in a sentence; a dropdown column may have thousands."""
        known = sorted(self.labels.values())
        more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        return ", ".join(known[:_NAMED]) + more if known else "none at all"


@dataclass(frozen=True, slots=True)
class Board:
    """One board as it is now.

    Attributes:
        access: ``view`` where the token's user may read only.
    """

    id: str
    name: str
    columns: Sequence[Column]
    groups: Mapping[str, str]
    items_count: int | None
    items_limit: int | None
    hierarchy: str | None = None
    permissions: str | None = None
    access: str | None = None

    def column(self, wanted: str, where: str) -> Column:
        """A column by id, or by title.

        Raises:
            ConfigurationError: there is none, or several have the title.
        """
        found = [one for one in self.columns if one.id == wanted] or [
            one for one in self.columns if same(one.title, wanted)
        ]
        if len(found) != 1:
            what = "no column" if not found else f"{len(found)} columns"
            known = ", ".join(f"{one.id} ({one.title})" for one in self.columns)
            raise ConfigurationError(
                f"board {self.name!r} has {what} {wanted!r}", field=where, expected=f"one of {known}"
            )
        return found[0]

    def group(self, wanted: str, where: str) -> str:
        """Id of a group by id, or by title.

        Raises:
            ConfigurationError: there is none, or several have the title.
        """
        found = [one for one in self.groups if one == wanted] or [
            one for one, title in self.groups.items() if same(title, wanted)
        ]
        if len(found) != 1:
            what = "no group" if not found else f"{len(found)} groups"
            known = ", ".join(f"{one} ({title})" for one, title in self.groups.items())
            raise ConfigurationError(
                f"board {self.name!r} has {what} {wanted!r}", field=where, expected=f"one of {known}"
            )
        return found[0]

    def named(self, names: ColumnNames, where: str) -> dict[str, Column]:
        """The columns that a tenant maps, by field; no two fields may share one."""
        found = {name: self.column(wanted, f"{where}.{name}") for name, wanted in names.items()}
        taken: dict[str, str] = {}
        for name, column in found.items():
            if column.id in taken:
                raise ConfigurationError(
                    f"column {column.title!r} is {taken[column.id]}'s already",
                    field=f"{where}.{name}",
                    expected="a column of its own for each field",
                )
            taken[column.id] = name
        return found


async def find_board(api: MondayApi, wanted: str, where: str, workspace: str | None = None) -> Board:
    """A board by id or title.

    Args:
        workspace: id or name of the one that is meant where several workspaces have the title.

    Raises:
        ConfigurationError: there is none, or several have the title.
    """
    board_id = wanted if wanted.isdigit() else await _by_title(api, wanted, where, workspace)
    board = await board_of(api, board_id)
    if board is None:
        raise ConfigurationError(
            f"there is no board {wanted!r}, or the token's user may not see it", field=where,
            expected="a board of the account by id or title; `airflow ml-connector provision` makes boards",
        )  # fmt: skip
    return board


async def board_of(api: MondayApi, board_id: str) -> Board | None:
    """A board by id; None where there is none, or none that the user may see."""
    answer = await api.query(operations.BOARD.name, operations.BOARD.document, {"ids": [board_id]})
    rows = answer.data.get("boards") or []
    return read_board(rows[0]) if rows and rows[0].get("state") == "active" else None


def read_board(row: Mapping[str, Any]) -> Board:
    """A board as the API describes it."""
    return Board(
        id=str(row["id"]),
        name=str(row["name"]),
        columns=[read_column(column) for column in row["columns"] or () if not column.get("archived")],
        groups={
            str(group["id"]): str(group["title"])
            for group in row["groups"] or ()
            if not (group.get("archived") or group.get("deleted"))
        },
        items_count=row.get("items_count"),
        items_limit=row.get("items_limit"),
        hierarchy=row.get("hierarchy_type"),
        permissions=row.get("permissions"),
        access=row.get("access_level"),
    )


Listing = Sequence[Mapping[str, Any]]
"""Boards by title, as far as the token's user may see them."""


async def listing(api: MondayApi) -> Listing:
    """All boards with their titles and workspaces."""
    return [row async for row in every(api, operations.BOARDS_BY_NAME, "boards")
            if row.get("type") in (None, "board")]  # fmt: skip


def titled(boards: Listing, title: str, workspace: str | None) -> list[str]:
    """Ids of the boards with a title; where there are several, of those in the workspace."""
    rows = [row for row in boards if same(row["name"], title)]
    if len(rows) > 1 and workspace is not None:
        rows = [row for row in rows if _in_workspace(row.get("workspace") or {}, workspace)]
    return [str(row["id"]) for row in rows]


def _in_workspace(row: Mapping[str, Any], workspace: str) -> bool:
    return str(row.get("id")) == workspace or same(str(row.get("name") or ""), workspace)


async def _by_title(api: MondayApi, wanted: str, where: str, workspace: str | None) -> str:
    found = titled(await listing(api), wanted, workspace)
    if len(found) != 1:
        what = "no board" if not found else f"{len(found)} boards"
        raise ConfigurationError(
            f"the account has {what} titled {wanted!r}", field=where,
            expected="the title of one board, or its id; `airflow ml-connector provision` makes boards",
        )  # fmt: skip
    return found[0]


async def every(api: MondayApi, operation: operations.Operation, name: str) -> Any:
    """All rows of a paged list."""
    page = 1
    while True:
        answer = await api.query(operation.name, operation.document, {"page": page})
        rows = answer.data.get(name) or []
        for row in rows:
            yield row
        if len(rows) < _PER_PAGE:
            return
        page += 1


def read_column(row: Mapping[str, Any]) -> Column:
    """A column as the API describes it."""
    settings = row.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    return Column(
        str(row["id"]), str(row["title"]), str(row["type"]), str(row.get("revision") or ""),
        dict(_labels(settings.get("labels"))), settings,
    )  # fmt: skip


def _labels(labels: Any) -> Iterable[tuple[str, str]]:
    """Labels come as a list of objects, or (older boards) as an object of texts by id."""
    if isinstance(labels, dict):
        for number, text in labels.items():
            if text:
                yield str(number), str(text)
    for label in labels if isinstance(labels, list) else ():
        if not label.get("is_deactivated"):
            yield str(label["id"]), str(label.get("label") or label.get("name") or "")


def same(one: str, other: str) -> bool:
    """Whether two titles are one to people."""
    return one.strip().casefold() == other.strip().casefold()
