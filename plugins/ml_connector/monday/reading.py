"""Items as they stand on a board, and finding them: by id, by natural key, or page by page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.core.errors import ContractChanged, RateLimited
from ml_connector.monday import operations
from ml_connector.monday.api import Answer, MondayApi
from ml_connector.monday.layout import LinePlace, Place
from ml_connector.monday.operations import Operation
from ml_connector.monday.values import read

PAGE = 500
"""Items per page (documented: 500 at most)."""

IDS = 100
"""Ids per question (documented: 100 at most)."""

CURSOR_ENDED = "CursorException"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a board, or one subitem.

    Attributes:
        values: the columns that were asked for, by id.
    """

    id: str
    name: str
    active: bool
    board: str
    group: str
    values: Mapping[str, Mapping[str, Any]]

    def text(self, column: str) -> str:
        """The text of a column, without blanks around it; empty where it has none."""
        return str((self.values.get(column) or {}).get("text") or "").strip()

    def body(self, place: Place) -> dict[str, Any]:
        """Name and columns in the mapping's terms; empty columns are left out."""
        columns = {}
        for name, column in place.columns.items():
            raw = self.values.get(column.id)
            if raw is None:
                continue
            value = read(raw, column, reference=name in place.references, number=name in place.numbers)
            if value is not None:
                columns[name] = value
        return {"name": self.name.rstrip(), "columns": columns}


def folded(key: str) -> str:
    """How keys are compared: a search finds them in small and capital letters alike."""
    return key.strip().casefold()


def line_key(document: str, line: str) -> str:
    """Natural key of a line."""
    return f"{document}|{line}"


def in_order(line: str) -> tuple[tuple[int, str], ...]:
    """Sorts lines as PeopleSoft numbers them: 2 before 10."""
    return tuple((int(part) if part.isdigit() else 0, part) for part in re.split(r"\D+", line))


def too_many(items: Sequence[Item]) -> str:
    """Several items have one key."""
    ids = ", ".join(item.id for item in items)
    return f"{len(items)} items have this key ({ids}); leave one of them the key, then replay"


class Reader:
    """Reads items of one place.

    Args:
        per_lookup: keys that one question asks for.
    """

    def __init__(self, api: MondayApi, *, per_lookup: int = 100) -> None:
        self._api, self._per_lookup = api, per_lookup

    async def by_ids(self, ids: Iterable[str], columns: Sequence[str]) -> dict[str, Item]:
        """Items by id, archived and deleted ones too; ids that nothing has are missing."""
        found: dict[str, Item] = {}
        for group in _chunks(list(dict.fromkeys(ids)), IDS):
            answer = await self._ask(operations.ITEMS, {"ids": group, "columns": list(columns)}, len(group))
            found.update({item.id: item for item in map(_item, answer.data.get("items") or ())})
        return found

    async def by_keys(
        self, place: Place, keys: Iterable[str], columns: Sequence[str] | None = None
    ) -> dict[str, list[Item]]:
        """Active items by folded natural key; several where somebody made a copy."""
        found: dict[str, list[Item]] = {}
        wanted = list(dict.fromkeys(key.strip() for key in keys))
        asked = {folded(key) for key in wanted}
        for group in _chunks(wanted, self._per_lookup):
            rule = {"column_id": place.key.id, "compare_value": group, "operator": "any_of"}
            async for item in self._matching(place, rule, columns or place.read_columns):
                key = folded(item.text(place.key.id))
                if key in asked:  # compared by us: a filter that was ignored proves nothing
                    found.setdefault(key, []).append(item)
        return found

    async def lines(self, lines: LinePlace, parents: Sequence[str]) -> dict[str, list[Item]]:
        """The active lines below items, by the item's id."""
        if lines.link is None:
            return await self._subitems(lines.place, parents)
        found: dict[str, list[Item]] = {parent: [] for parent in parents}
        columns = [*lines.place.read_columns, lines.link.id]
        for group in _chunks(list(parents), IDS):
            # Ids as numbers: as texts they would match nothing, silently.
            rule = {"column_id": lines.link.id, "compare_value": [int(parent) for parent in group],
                    "operator": "any_of"}  # fmt: skip
            async for item in self._matching(lines.place, rule, columns):
                for parent in item.values.get(lines.link.id, {}).get("linked_item_ids") or ():
                    if str(parent) in found:
                        found[str(parent)].append(item)
        return found

    async def page(self, place: Place, cursor: str | None) -> tuple[list[Item], str | None]:
        """One page of a board's active items; from the beginning again where the cursor has expired."""
        variables: dict[str, Any] = {"columns": place.read_columns, "limit": PAGE}
        if cursor is not None:
            answer = await self._ask(operations.NEXT_PAGE, variables | {"cursor": cursor}, PAGE)
            if not any(problem.code == CURSOR_ENDED for problem in answer.problems):
                return _page(answer.data.get("next_items_page"))
        answer = await self._ask(operations.FIRST_PAGE, variables | {"board": [place.board.id]}, PAGE)
        return _page(_only_board(answer).get("items_page"))

    async def _subitems(self, place: Place, parents: Sequence[str]) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for group in _chunks(list(parents), IDS):
            answer = await self._ask(operations.SUBITEMS, {"ids": group, "columns": place.read_columns}, PAGE)
            for row in answer.data.get("items") or ():
                items = [_item(line) for line in row.get("subitems") or ()]
                found[str(row["id"])] = [item for item in items if item.active]
        return found

    async def _matching(
        self, place: Place, rule: Mapping[str, Any], columns: Sequence[str]
    ) -> AsyncIterator[Item]:
        """Everything that a rule finds; from the first page again where the cursor expired meanwhile."""
        seen: set[str] = set()
        variables = {"board": [place.board.id], "columns": list(columns), "rules": {"rules": [rule]}}
        answer = await self._ask(operations.MATCHING, variables, PAGE)
        items, cursor = _page(_only_board(answer).get("items_page"))
        while True:
            for item in items:
                if item.id not in seen:
                    seen.add(item.id)
                    yield item
            if cursor is None:
                return
            following = {"cursor": cursor, "columns": list(columns), "limit": PAGE}
            answer = await self._ask(operations.NEXT_PAGE, following, PAGE)
            if any(problem.code == CURSOR_ENDED for problem in answer.problems):
                answer = await self._ask(operations.MATCHING, variables, PAGE)
                items, cursor = _page(_only_board(answer).get("items_page"))
            else:
                items, cursor = _page(answer.data.get("next_items_page"))

    async def _ask(self, operation: Operation, variables: Mapping[str, Any], items: int) -> Answer:
        """Ask; half an answer is none.

        Raises:
            ContractChanged: the API refuses a part of the question.
        """
        answer = await self._api.query(operation.name, operation.document, variables, cost=10 * items)
        for problem in answer.problems:
            if problem.code == CURSOR_ENDED:
                continue
            if problem.retry_after is not None:
                raise RateLimited(f"{operation.name}: {problem.message}", retry_after=problem.retry_after)
            raise ContractChanged(f"{operation.name}: {problem.message} [{problem.code}]")
        return answer


def _only_board(answer: Answer) -> Mapping[str, Any]:
    boards = answer.data.get("boards") or []
    if not boards:
        raise ContractChanged("the board is gone, or the token's user may no longer see it")
    return boards[0] or {}


def _page(page: Mapping[str, Any] | None) -> tuple[list[Item], str | None]:
    if page is None:
        raise ContractChanged("the API answered no page of items")
    return [_item(row) for row in page["items"]], page.get("cursor")


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        id=str(row["id"]),
        name=str(row["name"]),
        active=row.get("state") in (None, "active"),
        board=str((row.get("board") or {}).get("id") or ""),
        group=str((row.get("group") or {}).get("id") or ""),
        values={str(value["id"]): value for value in row.get("column_values") or ()},
    )


def _chunks(values: Sequence[str], size: int) -> list[Sequence[str]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
