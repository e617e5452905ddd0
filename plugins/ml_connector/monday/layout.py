"""What the tenant maps, resolved against the live boards: the ids under which a flow writes and reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.core.errors import ConfigurationError
from ml_connector.monday.api import MondayApi
from ml_connector.monday.board import Board, Column, board_of, find_board
from ml_connector.monday.fields import item_columns, line_columns, owned
from ml_connector.monday.options import BoardOptions, Gone, InvoiceBoard, MondayOptions
from ml_connector.monday.template import BOARDS, Columns, TemplateColumn
from ml_connector.monday.values import TYPES

_WHERE = "integrations.monday.options.boards"
STRICT = frozenset({"numbers", "date", "checkbox"})
"""Types that take nothing but their own values; a text column takes everything."""


@dataclass(frozen=True, slots=True)
class Place:
    """One board, or the hidden board of its subitems, with the columns that are written there.

    Attributes:
        key: the text column that holds natural keys.
        references: fields whose values are ids of items or labels.
        numbers: fields whose values are numbers; a text column takes them as well.
    """

    board: Board
    key: Column
    columns: Mapping[str, Column]
    references: frozenset[str]
    numbers: frozenset[str] = frozenset()

    @property
    def read_columns(self) -> list[str]:
        """Ids of the columns that are read back."""
        return [self.key.id, *(column.id for column in self.columns.values())]


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where lines go.

    Attributes:
        link: the column that connects a line with its document's item; None for subitems.
        group: of a board of lines, for new ones.
    """

    place: Place
    link: Column | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What becomes of an item whose document is gone."""

    do: str
    column: Column | None = None
    label: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that a flow needs to know of its boards."""

    items: Place
    group: str
    gone: Mark
    lines: LinePlace | None
    paid_group: str | None = None
    open_group: str | None = None


async def resolve(api: MondayApi, options: MondayOptions, board: str, flow: str) -> Layout:
    """The layout of a flow.

    Args:
        board: name of the board in the options.
        flow: which of its columns are written: those of payments are a flow's of their own.

    Raises:
        ConfigurationError: a board, column or group is not there, or of a type that does not fit.
    """
    configured = options.items_of(board)
    if configured is None:
        raise ConfigurationError("names no board", field=f"{_WHERE}.{board}")
    where = f"{_WHERE}.{board}"
    live = await find_board(api, configured.board, f"{where}.board", configured.workspace)
    names = owned(item_columns(options, board), flow)
    items = place(
        live, configured.key, live.named(names, f"{where}.columns"), BOARDS[board].columns, where
    )  # fmt: skip
    lines = await _lines(api, options, board, live, configured) if flow == board else None
    return Layout(
        items, initial_group(live, configured, where), mark(live, configured.gone, f"{where}.gone"), lines,
        *_payment_groups(live, configured, where),
    )  # fmt: skip


def place(live: Board, key: str, columns: Mapping[str, Column], template: Columns, where: str) -> Place:
    """A place whose columns have types that fit.

    Raises:
        ConfigurationError: a column cannot be written, or not with what the field holds.
    """
    key_column = live.column(key, f"{where}.key")
    if key_column.type != "text":
        raise ConfigurationError(
            f"column {key_column.title!r} of board {live.name!r} is of type {key_column.type}",
            field=f"{where}.key", expected="a text column: it holds the natural key",
        )  # fmt: skip
    references = frozenset(name for name in columns if name in template and template[name].reference)
    for name, column in columns.items():
        shape = template.get(name)
        check_type(live, name, column, f"{where}.columns", template=shape, reference=name in references)
        if column.id == key_column.id:
            raise ConfigurationError(
                f"column {column.title!r} holds the natural key", field=f"{where}.columns.{name}",
                expected="another column",
            )  # fmt: skip
    numbers = frozenset(name for name in columns if name in template and template[name].type == "numbers")
    return Place(live, key_column, columns, references, numbers)


def check_type(
    live: Board, name: str, column: Column, where: str, *, template: TemplateColumn | None, reference: bool
) -> None:
    """Whether values of a field can be written to a column.

    Raises:
        ConfigurationError: they cannot.
    """
    if column.type not in TYPES:
        raise ConfigurationError(
            f"column {column.title!r} of board {live.name!r} is of type {column.type}: it cannot be written",
            field=f"{where}.{name}", expected=f"a column of type {', '.join(TYPES)}",
        )  # fmt: skip
    wanted = template.type if template is not None else None
    if column.type in STRICT and wanted is not None and column.type != wanted:
        raise ConfigurationError(
            f"column {column.title!r} of board {live.name!r} is of type {column.type}",
            field=f"{where}.{name}",
            expected=f"a column of type {wanted}{'' if wanted == 'text' else ' or text'}",
        )  # fmt: skip
    connecting = column.type == "board_relation"
    if reference and not (connecting or column.type == "dropdown"):
        expected = "a column that connects boards, or a dropdown column whose labels the connector keeps"
    elif connecting and not reference:
        expected = "a column of another type: this field is no reference to another board"
    else:
        return
    raise ConfigurationError(
        f"column {column.title!r} of board {live.name!r} is of type {column.type}",
        field=f"{where}.{name}",
        expected=expected,
    )


def initial_group(live: Board, configured: BoardOptions, where: str) -> str:
    """Id of the group for new items; the topmost where the tenant names none."""
    if configured.group is not None:
        return live.group(configured.group, f"{where}.group")
    if not live.groups:
        raise ConfigurationError(f"board {live.name!r} has no group", field=where, expected="at least one")
    return next(iter(live.groups))


def mark(live: Board, gone: Gone, where: str) -> Mark:
    """How an item is marked as gone.

    Raises:
        ConfigurationError: the column or label is not there, or the column is of another type.
    """
    if gone.do != "mark":
        return Mark(gone.do)
    column = live.column(gone.column, f"{where}.column")
    wanted = "checkbox" if gone.label is None else "status"
    if column.type != wanted:
        raise ConfigurationError(
            f"column {column.title!r} of board {live.name!r} is of type {column.type}",
            field=f"{where}.column", expected=f"a {wanted} column: a checkbox, or status with a label",
        )  # fmt: skip
    if gone.label is not None and gone.label not in column.labels.values():
        raise ConfigurationError(
            f"column {column.title!r} of board {live.name!r} has no label {gone.label!r}",
            field=f"{where}.label", expected=f"one of {', '.join(column.labels.values())}",
        )  # fmt: skip
    group = live.group(gone.group, f"{where}.group") if gone.group is not None else None
    return Mark("mark", column, gone.label, group)


async def _lines(
    api: MondayApi, options: MondayOptions, board: str, live: Board, configured: BoardOptions
) -> LinePlace | None:
    lines, where = configured.lines, f"{_WHERE}.{board}.lines"
    if lines is None:
        return None
    holding = await line_board(api, live, configured, where)
    columns = holding.named(line_columns(options, board), f"{where}.columns")
    found = place(holding, lines.key, columns, BOARDS[board].lines, where)
    if lines.into == "subitems":
        return LinePlace(found, None, None)
    link = holding.column(lines.link, f"{where}.link")
    if link.type != "board_relation" or live.id not in link.boards:
        raise ConfigurationError(
            f"column {link.title!r} of board {holding.name!r} does not connect it with {live.name!r}",
            field=f"{where}.link", expected=f"a column that connects with board {live.id}",
        )  # fmt: skip
    if lines.group is not None:
        return LinePlace(found, link, holding.group(lines.group, f"{where}.group"))
    if not holding.groups:
        raise ConfigurationError(f"board {holding.name!r} has no group", field=where, expected="at least one")
    return LinePlace(found, link, next(iter(holding.groups)))


async def line_board(api: MondayApi, live: Board, configured: BoardOptions, where: str) -> Board:
    """The board that holds the lines of a board's documents: one of its own, or that of the subitems.

    Raises:
        ConfigurationError: lines go nowhere, or it is not there.
    """
    lines = configured.lines
    if lines is None:
        raise ConfigurationError(f"lines of board {live.name!r} go nowhere", field=where, expected="lines")
    if lines.into == "subitems":
        return await subitem_board(api, live, where)
    return await find_board(api, lines.board or "", f"{where}.board", configured.workspace)


async def subitem_board(api: MondayApi, live: Board, where: str) -> Board:
    """The hidden board that holds the subitems of a board.

    Raises:
        ConfigurationError: the board has no subitems yet.
    """
    column = next((column for column in live.columns if column.type == "subtasks"), None)
    found = await board_of(api, column.boards[0]) if column is not None and column.boards else None
    if found is None:
        raise ConfigurationError(
            f"board {live.name!r} has no subitems", field=where,
            expected="a subitems column; `airflow ml-connector provision` makes it",
        )  # fmt: skip
    return found


def _payment_groups(live: Board, configured: BoardOptions, where: str) -> tuple[str | None, str | None]:
    if not isinstance(configured, InvoiceBoard) or configured.paid_group is None:
        return None, None
    return (
        live.group(configured.paid_group, f"{where}.paid_group"),
        live.group(configured.open_group or "", f"{where}.open_group"),
    )
