"""Which fields of a mapping go to which columns, and fitting a mapping to that.

What the tenant does not map is taken out of the mapping itself: it is neither hashed nor planned nor
waited for, and no board is asked to hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import BaseModel

from ml_connector.core.config import TenantConfig
from ml_connector.core.config.mapping import Mapping, MappingField
from ml_connector.core.errors import ConfigurationError
from ml_connector.monday.options import BoardOptions, ColumnNames, MondayOptions, ReferenceBoard
from ml_connector.monday.template import BOARDS, PAYMENT_FIELDS, Columns, column_id

COLUMNS, LINES = "columns", "lines"
"""Where a mapping's body holds the values of columns, and the lines."""

PAYMENT_STATUS = "payment_status"


def monday_options(options: BaseModel) -> MondayOptions:
    """The integration's options, for the checker of types."""
    if not isinstance(options, MondayOptions):
        raise TypeError(f"Monday's flows take MondayOptions, not {type(options).__name__}")
    return options


def item_columns(options: MondayOptions, board: str) -> ColumnNames:
    """Columns of a board's items by field, those of payments included."""
    configured = options.items_of(board)
    if configured is None:
        return {}
    named = configured.columns
    return named if named is not None else _default(options, board, BOARDS[board].columns, lines=False)


def line_columns(options: MondayOptions, board: str) -> ColumnNames:
    """Columns of its lines by field; none where lines go nowhere."""
    configured = options.items_of(board)
    if configured is None or configured.lines is None:
        return {}
    named = configured.lines.columns
    return named if named is not None else _default(options, board, BOARDS[board].lines, lines=True)


def owned(columns: ColumnNames, flow: str) -> ColumnNames:
    """Those that a flow writes: what concerns payments is a flow's of its own."""
    payments = flow == PAYMENT_STATUS
    return {name: column for name, column in columns.items() if (name in PAYMENT_FIELDS) == payments}


def _default(options: MondayOptions, board: str, columns: Columns, *, lines: bool) -> ColumnNames:
    """The template's columns, but for references that lead nowhere from here."""
    names = {}
    for field, column in columns.items():
        if column.reference is None:
            names[field] = column_id(field)
        elif refers(options, column.reference, board, lines=lines):
            configured: ReferenceBoard = getattr(options.boards, column.reference)
            names[field] = configured.labels.column if configured.labels is not None else column_id(field)
    return names


def refers(options: MondayOptions, reference: str, board: str, *, lines: bool) -> bool:
    """Whether items of a board can refer to suppliers or accounts; labels belong to one column alone."""
    configured: ReferenceBoard | None = getattr(options.boards, reference)
    if configured is None or configured.labels is None:
        return configured is not None
    return (configured.labels.board, configured.labels.lines) == (board, lines)


def adapt(flow: str, board: str) -> Callable[[TenantConfig, BaseModel, Mapping], Mapping]:
    """Fits the mapping of a flow to the columns of its board."""

    def fit(tenant: TenantConfig, options: BaseModel, mapping: Mapping) -> Mapping:
        checked = monday_options(options)
        if into_labels(checked, board):
            return _only_name(mapping)
        configured = checked.items_of(board)
        if configured is None:
            raise ConfigurationError(
                f"tenant {tenant.tenant}: flow monday.{flow} is switched on, and has no board",
                field=f"integrations.monday.options.boards.{board}",
                expected="a board by id or title",
            )
        return fit_mapping(mapping, checked, flow, board, configured)

    return fit


def into_labels(options: MondayOptions, board: str) -> bool:
    """Whether the documents are labels of a dropdown column instead of items."""
    configured = getattr(options.boards, board)
    return isinstance(configured, ReferenceBoard) and configured.labels is not None


def _only_name(mapping: Mapping) -> Mapping:
    """A label has a text and nothing else."""
    return _with_fields(mapping, {name: field for name, field in mapping.fields.items() if name == "name"})


def _with_fields(mapping: Mapping, fields: dict[str, MappingField]) -> Mapping:
    fitted = mapping.model_copy(update={"fields": fields})
    return fitted if mapping.file is None else fitted.placed_in(mapping.file)


def fit_mapping(
    mapping: Mapping, options: MondayOptions, flow: str, board: str, configured: BoardOptions
) -> Mapping:
    """The mapping without what the board does not take.

    Raises:
        ConfigurationError: a mapped field is none of the mapping's.
    """
    columns = owned(item_columns(options, board), flow)
    _known(columns, mapping.fields, f"{board}.columns", prefix=f"{COLUMNS}.")
    fields = {
        name: field
        for name, field in mapping.fields.items()
        if not name.startswith(f"{COLUMNS}.") or name.removeprefix(f"{COLUMNS}.") in columns
    }
    lines = fields.pop(LINES, None)
    if lines is not None and configured.lines is not None:
        fields[LINES] = _fit_lines(lines, line_columns(options, board), board)
    if flow == PAYMENT_STATUS and getattr(configured, "paid_group", None) is None:
        fields.pop("group", None)
    return _with_fields(mapping, fields)


def _fit_lines(lines: MappingField, columns: ColumnNames, board: str) -> MappingField:
    _known(columns, lines.fields, f"{board}.lines.columns", prefix=f"{COLUMNS}.")
    kept = {
        name: field
        for name, field in lines.fields.items()
        if not name.startswith(f"{COLUMNS}.") or name.removeprefix(f"{COLUMNS}.") in columns
    }
    return lines.model_copy(update={"fields": kept})


def _known(columns: ColumnNames, fields: Iterable[str], where: str, *, prefix: str) -> None:
    known = {name.removeprefix(prefix) for name in fields if name.startswith(prefix)}
    for name in columns:
        if name not in known:
            raise ConfigurationError(
                f"the mapping has no field {name!r}",
                field=f"integrations.monday.options.boards.{where}",
                expected=f"one of {', '.join(sorted(known))}",
            )
