"""What a tenant's options need on the boards: columns with their types, labels and connections, and groups.

Derived from options, template and mappings alone. ``inspection`` compares it with the account, and
``provision`` makes what is missing of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ml_connector.core.config import TenantConfig, find_mapping
from ml_connector.core.config.mapping import Mapping as MappingFile
from ml_connector.monday.fields import (
    PAYMENT_STATUS,
    into_labels,
    item_columns,
    line_columns,
    owned,
    refers,
)
from ml_connector.monday.options import BoardOptions, ColumnNames, InvoiceBoard, Lines, MondayOptions
from ml_connector.monday.references import reference_faults, with_label_columns
from ml_connector.monday.shape import RELATION, TITLES, WHERE, Wanted, WantedBoard, WantedColumn, own_id
from ml_connector.monday.template import BOARDS, GONE, KEY, LINK, TemplateColumn
from ml_connector.monday.texts import Texts, in_order

Mappings = Mapping[str, MappingFile]
"""Mapping files by flow."""


def mappings_of(
    tenant: TenantConfig, options: MondayOptions, paths: Sequence[Path]
) -> dict[str, MappingFile]:
    """The mappings of all flows that run.

    Raises:
        ConfigurationError: one is missing.
        InvalidFile: one has mistakes.
    """
    flows = [flow for name in BOARDS if options.items_of(name) is not None for flow in flows_of(tenant, name)]
    return {flow: find_mapping("monday", flow, paths) for flow in flows}


def flows_of(tenant: TenantConfig, board: str) -> list[str]:
    """Flows that write to a board and are not switched off."""
    flows = [board, PAYMENT_STATUS] if board == "invoices" else [board]
    return [flow for flow in flows if tenant.flow(f"monday.{flow}").enabled is not False]


def wanted(tenant: TenantConfig, options: MondayOptions, mappings: Mappings) -> Wanted:
    """What a tenant's options need.

    Args:
        mappings: see :func:`mappings_of`; without a flow's, its labels are the template's.
    """
    boards: list[WantedBoard] = []
    for name in BOARDS:
        configured = options.items_of(name)
        if configured is not None:
            boards += _boards(tenant, options, mappings, name, configured)
    placed, faults = with_label_columns(options, boards)
    return Wanted(placed, [*reference_faults(options), *faults])


def _boards(
    tenant: TenantConfig, options: MondayOptions, mappings: Mappings, name: str, configured: BoardOptions
) -> Iterator[WantedBoard]:
    where, flows = (
        f"{WHERE}.{name}",
        [flow for flow in flows_of(tenant, name) if _runs(tenant, mappings, flow)],
    )
    columns = [_key(configured.key, where)]
    for flow in flows:
        fields = _Fields(options, name, Texts(tenant, mappings.get(flow)))
        columns += fields.columns(owned(item_columns(options, name), flow), f"{where}.columns")
    yield WantedBoard(
        name, where, configured.board, configured.workspace, tuple(_groups(configured, where)),
        tuple(_marked(columns, configured, where)), BOARDS[name].groups,
    )  # fmt: skip
    if configured.lines is not None and name in flows:
        fields = _Fields(options, name, Texts(tenant, mappings.get(name), lines=True))
        found = fields.columns(line_columns(options, name), f"{where}.lines.columns")
        yield _lines(name, configured, configured.lines, tuple(found))


def _runs(tenant: TenantConfig, mappings: Mappings, flow: str) -> bool:
    """Whether a flow that is not switched off is on: by the tenant, or else by its mapping."""
    mapping = mappings.get(flow)
    return mapping is None or mapping.enabled or tenant.flow(f"monday.{flow}").enabled is True


def _lines(
    name: str, configured: BoardOptions, lines: Lines, fields: tuple[WantedColumn, ...]
) -> WantedBoard:
    where = f"{WHERE}.{name}.lines"
    columns = [_key(lines.key, where)]
    if lines.into == "board":
        title = TITLES[LINK] if lines.link == LINK else lines.link
        columns.append(WantedColumn(lines.link, f"{where}.link", title, RELATION, own_id(lines.link),
                                    exact=True, reference=name))  # fmt: skip
    groups = ((f"{where}.group", lines.group),) if lines.group is not None else ()
    return WantedBoard(
        f"{name}.lines", where, lines.board, configured.workspace, groups, (*columns, *fields),
        ("Lines",), of=name,
    )  # fmt: skip


def _key(name: str, where: str) -> WantedColumn:
    title = TITLES[KEY] if name == KEY else name
    return WantedColumn(name, f"{where}.key", title, "text", own_id(name), exact=True)


def _marked(columns: list[WantedColumn], configured: BoardOptions, where: str) -> list[WantedColumn]:
    """With the column that marks what is gone; it may be one of the fields' own."""
    gone = configured.gone
    if gone.do != "mark":
        return columns
    labels = (gone.label,) if gone.label is not None else ()
    title = TITLES[GONE] if gone.column == GONE else gone.column
    mark = WantedColumn(
        gone.column, f"{where}.gone.column", title, "status" if labels else "checkbox", own_id(gone.column),
        exact=True, labels=labels,
    )  # fmt: skip
    shared = next((place for place, column in enumerate(columns) if column.is_called(gone.column)), None)
    if shared is None:
        return [columns[0], mark, *columns[1:]]
    both = in_order((*columns[shared].labels, *labels), columns[shared].labels)
    columns[shared] = replace(columns[shared], type=mark.type, exact=True, labels=both)
    return columns


def _groups(configured: BoardOptions, where: str) -> Iterator[tuple[str, str]]:
    named = {f"{where}.group": configured.group}
    if isinstance(configured, InvoiceBoard):
        named |= {f"{where}.open_group": configured.open_group, f"{where}.paid_group": configured.paid_group}
    if configured.gone.do == "mark":
        named[f"{where}.gone.group"] = configured.gone.group
    return ((path, name) for path, name in named.items() if name is not None)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Columns of fields of items, or of lines."""

    options: MondayOptions
    board: str
    texts: Texts

    def columns(self, names: ColumnNames, where: str) -> Iterator[WantedColumn]:
        """References that lead nowhere are left out, and told as faults."""
        board, lines = BOARDS[self.board], self.texts.lines
        template = board.lines if lines else board.columns
        for name, column in names.items():
            made = template.get(name, TemplateColumn(column))
            if made.reference is None:
                yield self._plain(name, column, made, where)
            elif refers(self.options, made.reference, self.board, lines=lines):
                yield self._reference(column, made, f"{where}.{name}", made.reference)

    def _plain(self, name: str, column: str, made: TemplateColumn, where: str) -> WantedColumn:
        texts, value_map = self.texts.of(name)
        return WantedColumn(
            column, f"{where}.{name}", made.title if own_id(column) else column, made.type, own_id(column),
            labels=made.labels if texts is None else in_order(texts, made.labels),
            certain=texts is not None, done=made.done, value_map=value_map,
        )  # fmt: skip

    def _reference(self, column: str, made: TemplateColumn, where: str, reference: str) -> WantedColumn:
        title = made.title if own_id(column) else column
        if into_labels(self.options, reference):
            return WantedColumn(column, where, title, "dropdown", own_id(column), exact=True)
        return WantedColumn(column, where, title, RELATION, own_id(column), exact=True, reference=reference)
