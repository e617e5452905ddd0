"""Every GraphQL document that the product can send.

Values travel as variables, never inside the text. Writes to several items go in one document, one
alias each: such a document counts as one call, and is not atomic - each alias has an outcome of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One document; its name is the ``operationName`` under which it is sent."""

    name: str
    document: str


OPERATIONS: dict[str, Operation] = {}
"""Documents by name, for the test that validates all of them."""


def _operation(name: str, document: str) -> Operation:
    OPERATIONS[name] = Operation(name, document.strip())
    return OPERATIONS[name]


ACCOUNT = _operation(
    "Account",
    """
query Account {
  me { id account { id slug tier } }
  platform_api { daily_limit { base total } }
}
""",
)

WHO = _operation("Who", "query Who { me { id name email account { id slug tier } } }")

WORKSPACES = _operation(
    "Workspaces",
    "query Workspaces($page: Int!) { workspaces(limit: 100, page: $page) { id name } }",
)

BOARDS_BY_NAME = _operation(
    "BoardsByName",
    "query BoardsByName($page: Int!) {\n"
    "  boards(limit: 100, page: $page) { id name type workspace { id name } }\n}",
)

BOARD = _operation(
    "Board",
    """
query Board($ids: [ID!]) {
  boards(ids: $ids, limit: 10) {
    id name state hierarchy_type items_count items_limit permissions access_level
    groups { id title archived deleted }
    columns { id title type archived revision settings }
  }
}
""",
)

_ITEM = """
fragment ItemParts on Item {
  id name state
  board { id }
  group { id }
  column_values(ids: $columns) {
    id type text value
    ... on BoardRelationValue { linked_item_ids }
  }
}
"""

ITEMS = _operation(
    "Items",
    "query Items($ids: [ID!], $columns: [String!]) {\n"
    "  items(ids: $ids, limit: 100, exclude_nonactive: false) { ...ItemParts }\n}" + _ITEM,
)

SUBITEMS = _operation(
    "Subitems",
    "query Subitems($ids: [ID!], $columns: [String!]) {\n"
    "  items(ids: $ids, limit: 100) { id subitems { ...ItemParts } }\n}" + _ITEM,
)

MATCHING = _operation(
    "Matching",
    "query Matching($board: [ID!], $columns: [String!], $rules: ItemsQuery) {\n"
    "  boards(ids: $board) {\n"
    "    items_page(limit: 500, query_params: $rules) { cursor items { ...ItemParts } }\n  }\n}" + _ITEM,
)

FIRST_PAGE = _operation(
    "FirstPage",
    "query FirstPage($board: [ID!], $columns: [String!], $limit: Int!) {\n"
    "  boards(ids: $board) { items_page(limit: $limit) { cursor items { ...ItemParts } } }\n}" + _ITEM,
)

NEXT_PAGE = _operation(
    "NextPage",
    "query NextPage($cursor: String!, $columns: [String!], $limit: Int!) {\n"
    "  next_items_page(cursor: $cursor, limit: $limit) { cursor items { ...ItemParts } }\n}" + _ITEM,
)

START_IMPORT = _operation(
    "StartImport",
    """
mutation StartImport($board: ID!, $group: ID!, $match: OnMatchInput) {
  ingest_items(board_id: $board, group_id: $group, on_match: $match) { job_id upload_url }
}
""",
)

IMPORT_STATUS = _operation(
    "ImportStatus",
    """
query ImportStatus($job: ID!) {
  fetch_job_status(job_id: $job) {
    ... on ItemsJobStatus {
      status failure_reason failure_message report_created report_url
      counts { submitted invalid skipped created updated failed }
    }
  }
}
""",
)

CREATE_BOARD = _operation(
    "CreateBoard",
    """
mutation CreateBoard($name: String!, $workspace: ID) {
  create_board(board_name: $name, board_kind: public, workspace_id: $workspace, empty: true) { id }
}
""",
)

CREATE_GROUP = _operation(
    "CreateGroup",
    """
mutation CreateGroup($board: ID!, $name: String!, $after: String, $method: PositionRelative) {
  create_group(
    board_id: $board, group_name: $name, relative_to: $after, position_relative_method: $method
  ) { id }
}
""",
)

CREATE_COLUMN = _operation(
    "CreateColumn",
    """
mutation CreateColumn($board: ID!, $id: String, $title: String!, $type: ColumnType!, $defaults: JSON) {
  create_column(board_id: $board, id: $id, title: $title, column_type: $type, defaults: $defaults) { id }
}
""",
)

CREATE_STATUS_COLUMN = _operation(
    "CreateStatusColumn",
    """
mutation CreateStatusColumn(
  $board: ID!, $id: String, $title: String!, $defaults: CreateStatusColumnSettingsInput
) {
  create_status_column(board_id: $board, id: $id, title: $title, defaults: $defaults) { id }
}
""",
)

CREATE_DROPDOWN_COLUMN = _operation(
    "CreateDropdownColumn",
    """
mutation CreateDropdownColumn(
  $board: ID!, $id: String, $title: String!, $defaults: CreateDropdownColumnSettingsInput
) {
  create_dropdown_column(board_id: $board, id: $id, title: $title, defaults: $defaults) { id }
}
""",
)

SET_DROPDOWN_LABELS = _operation(
    "SetDropdownLabels",
    """
mutation SetDropdownLabels(
  $board: ID!, $column: String!, $revision: String!, $settings: UpdateDropdownColumnSettingsInput
) {
  update_dropdown_column(board_id: $board, id: $column, revision: $revision, settings: $settings) {
    id revision settings
  }
}
""",
)

SET_STATUS_LABELS = _operation(
    "SetStatusLabels",
    """
mutation SetStatusLabels(
  $board: ID!, $column: String!, $revision: String!, $settings: UpdateStatusColumnSettingsInput
) {
  update_status_column(board_id: $board, id: $column, revision: $revision, settings: $settings) {
    id revision settings
  }
}
""",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A mutation that may stand in a batch: its field, and its arguments with their GraphQL types."""

    mutation: str
    arguments: Mapping[str, tuple[str, str]]


KINDS: dict[str, Kind] = {
    "create": Kind(
        "create_item",
        {
            "board": ("board_id", "ID!"),
            "group": ("group_id", "String"),
            "name": ("item_name", "String!"),
            "values": ("column_values", "JSON"),
        },
    ),
    "create_below": Kind(
        "create_subitem",
        {
            "parent": ("parent_item_id", "ID!"),
            "name": ("item_name", "String!"),
            "values": ("column_values", "JSON"),
        },
    ),
    "change": Kind(
        "change_multiple_column_values",
        {
            "board": ("board_id", "ID!"),
            "item": ("item_id", "ID"),
            "values": ("column_values", "JSON!"),
        },
    ),
    "move": Kind("move_item_to_group", {"item": ("item_id", "ID"), "group": ("group_id", "String!")}),
    "archive": Kind("archive_item", {"item": ("item_id", "ID")}),
    "delete": Kind("delete_item", {"item": ("item_id", "ID")}),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One mutation of a batch.

    Attributes:
        kind: a key of ``KINDS``.
        arguments: its arguments by our names.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


BATCH = "WriteItems"
"""Name under which batches are sent."""


def alias(number: int) -> str:
    """Under which name the outcome of the n-th action (from 0) comes back."""
    return f"a{number}"


def batch(actions: Sequence[Action]) -> tuple[str, dict[str, Any]]:
    """One document for several actions, executed in their order, and its variables.

    Only ``id`` is asked for: a mutation can succeed while one of its returned fields fails.
    """
    declared, fields, variables = [], [], {}
    for number, action in enumerate(actions):
        kind, given = KINDS[action.kind], []
        for name, (argument, type_) in kind.arguments.items():
            if action.arguments.get(name) is None:
                continue
            variable = f"{alias(number)}_{name}"
            declared.append(f"${variable}: {type_}")
            given.append(f"{argument}: ${variable}")
            variables[variable] = action.arguments[name]
        fields.append(f"  {alias(number)}: {kind.mutation}({', '.join(given)}) {{ id }}")
    lines = [f"mutation {BATCH}({', '.join(declared)}) {{", *fields]
    return "\n".join([*lines, "  complexity { query }", "}"]), variables
