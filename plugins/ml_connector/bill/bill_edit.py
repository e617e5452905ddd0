"""The smallest request that makes a bill or credit what PeopleSoft wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.bill.api import Record
from ml_connector.bill.bill_state import has_approvals
from ml_connector.bill.documents import WRITE_ONLY, sendable
from ml_connector.bill.lines import Merged, merge
from ml_connector.bill.options import BillOptions
from ml_connector.bill.target import cleared
from ml_connector.bill.values import differences
from ml_connector.core.contract import Payload

_TEXTS = frozenset({"description", "purchaseOrderNumber"})
_OPTIONAL = ("description", "purchaseOrderNumber", "payFromChartOfAccountId", "classifications")
_NESTED = frozenset({"invoice", "classifications"})


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one document.

    Attributes:
        fields: what differs, top-level names.
        body: the request's body.
        replace: PUT rather than PATCH.
        texts_only: nothing that concerns money, dates or accounts.
    """

    fields: frozenset[str]
    body: Payload
    replace: bool
    texts_only: bool


def edit(
    desired: Payload, record: Record, previous: Payload | None, lines: str, options: BillOptions
) -> Edit | None:
    """What to send, or None where nothing differs.

    PATCH keeps whatever we do not own; only a changed number of lines needs a PUT, which replaces
    the document, so fields that people filled in BILL are carried over.
    """
    previous = previous or {}
    wanted = sendable(desired)
    paths = differences(wanted, record, WRITE_ONLY)
    merged = merge(wanted.get(lines, []), _lines(record, lines), previous.get(lines, []))
    fields = {path.partition(".")[0] for path in paths} - {lines}
    if merged.changed or not merged.same_set:
        fields.add(lines)
    emptied = [name for name in _OPTIONAL if previous.get(name) and not wanted.get(name) and record.get(name)]
    if not fields and not emptied:
        return None
    replace = not merged.same_set
    body = (
        _put(wanted, record, previous, merged, lines)
        if replace
        else _patch(wanted, record, fields, merged, lines)
    )
    if not replace:
        for name in emptied:
            body |= cleared(name, options.clear_removed)
    if "billApprovals" in wanted or has_approvals(record):
        body["billApprovals"] = True  # documented by BILL: once true, it must be true on each change
    return Edit(frozenset({*fields, *emptied}), body, replace, _texts_only(fields, wanted, record, lines))


def _patch(wanted: Payload, record: Record, fields: set[str], merged: Merged, lines: str) -> Payload:
    body: Payload = {}
    for name in sorted(fields - {lines}):
        body[name] = {**record.get(name, {}), **wanted[name]} if name in _NESTED else wanted[name]
    if lines in fields:
        body[lines] = merged.changed
    return body


def _put(wanted: Payload, record: Record, previous: Payload, merged: Merged, lines: str) -> Payload:
    theirs = {
        name: record[name]
        for name in _OPTIONAL
        if record.get(name) and name not in wanted and name not in previous
    }
    return {**theirs, **wanted, lines: merged.lines}


def _texts_only(fields: set[str], wanted: Payload, record: Record, lines: str) -> bool:
    if not fields <= {*_TEXTS, lines}:
        return False
    return lines not in fields or not differences(
        {lines: _without_texts(wanted.get(lines, []))}, {lines: _without_texts(_lines(record, lines))}
    )


def _without_texts(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "description"} for line in lines]


def _lines(record: Record, lines: str) -> list[Mapping[str, Any]]:
    held = record.get(lines)
    return [line for line in held if isinstance(line, Mapping)] if isinstance(held, list) else []
