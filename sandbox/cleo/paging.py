"""Pages of a list: `startIndex` is zero based, unlike SCIM; `count` has a silent ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import CleoError
from .filters import Parser, read
from .switches import CleoSwitches

Row = dict[str, Any]


def page(rows: Sequence[Row], params: Mapping[str, str], switches: CleoSwitches) -> Row:
    """The page asked for. Raises ``CleoError`` (400) for a wrong parameter."""
    start = number(params, "startIndex", 0, least=0)
    count = min(number(params, "count", switches.default_count, least=1), switches.count_ceiling)
    chosen = rows
    if params.get("filter", "").strip():
        only = switches.filter_operators == "documented"
        test = Parser(params["filter"], documented_only=only).parse()
        chosen = [row for row in rows if test(row)]
    if sort_by := params.get("sortBy"):
        chosen = sorted(chosen, key=lambda row: str(read(row, sort_by) or ""))
    part = list(chosen[start : start + count])
    echo = {"startIndex": start, "count": len(part)} if switches.page_echo else {}
    return {"totalResults": len(chosen), **echo, "resources": part}


def number(params: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    """A whole number of the query. Raises ``CleoError`` (400)."""
    text = params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise CleoError(400, f"Invalid value for {name}: {text}.")
    return int(text)
