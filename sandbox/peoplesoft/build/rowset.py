"""Reading the contents of VOUCHER_BUILD: the rowset message, and the JSON of its REST twin.

Both are read whole or not at all. Raises ``NotStaged`` with the first thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.data.size import Record
from sandbox.peoplesoft.soap.buffer import typed
from sandbox.peoplesoft.soap.fields import FIELDS
from sandbox.peoplesoft.soap.outcome import NotSaved

from .records import HEADER, KEYS, StagingRecord


class NotStaged(Exception):
    """The message cannot be taken in; the text says why."""


def from_xml(root: Any, *, unicode: bool) -> list[Record]:
    """The vouchers of a rowset message."""
    if root.tag != "VOUCHER_BUILD":
        raise NotStaged(f"message {root.tag} is not VOUCHER_BUILD")
    declared = {record.tag: {field.tag for field in record} for record in root.iterfind("FieldTypes/*")}
    transactions = root.findall("MsgData/Transaction")
    if not declared or not transactions:
        raise NotStaged("the message needs FieldTypes and at least one Transaction in MsgData")
    return [_transaction(node, declared, unicode=unicode) for node in transactions]


def _transaction(node: Any, declared: Mapping[str, set[str]], *, unicode: bool) -> Record:
    headers = node.findall(HEADER.name)
    if len(headers) != 1 or node.findtext("PSCAMA/AUDIT_ACTN") != "A":
        raise NotStaged("a Transaction needs one VCHR_HDR_STG, and a PSCAMA whose AUDIT_ACTN is A")
    return _read(_row(headers[0], declared), HEADER, unicode=unicode)


def _row(node: Any, declared: Mapping[str, set[str]]) -> dict[str, Any]:
    """A record's element as the JSON twin writes it: fields as text, records below as lists."""
    if node.get("class") != "R":
        raise NotStaged(f'record {node.tag} lacks class="R"')
    made: dict[str, Any] = {}
    for part in node:
        if len(part) or part.get("class") == "R":
            made.setdefault(part.tag, []).append(_row(part, declared))
            continue
        if part.tag not in declared.get(node.tag, ()):
            raise NotStaged(f"field {part.tag} of record {node.tag} is not declared in FieldTypes")
        made[part.tag] = part.text or ""
    return made


def from_json(body: Any, *, unicode: bool) -> list[Record]:
    """The vouchers of the REST twin's body."""
    made = [
        _read(row, HEADER, unicode=unicode)
        for request in _listed(body, "RequestBody")
        for group in _listed(request, "OF_VCHR_IMPORT_STG")
        for row in _listed(group, HEADER.name)
    ]
    if not made:
        raise NotStaged("RequestBody/OF_VCHR_IMPORT_STG/VCHR_HDR_STG holds no voucher")
    return made


def _listed(holder: Any, name: str) -> Iterator[Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(value, dict | list):
        raise NotStaged(f"{name} is missing, or neither an object nor a list")
    return iter(value if isinstance(value, list) else [value])


def _read(given: Any, record: StagingRecord, *, unicode: bool) -> Record:
    if not isinstance(given, dict):
        raise NotStaged(f"{record.name} is no object")
    children = {child.name: child for child in record.children}
    made: Record = {child.rows: [] for child in record.children}
    for name, value in given.items():
        if name in children:
            child = children[name]
            made[child.rows] = [_read(row, child, unicode=unicode) for row in _listed(given, name)]
        elif name not in record.fields:
            raise NotStaged(f"record {record.name} has no field {name}")
        else:
            made[name] = _value(name, value, unicode=unicode)
    _check_keys(made, record)
    return made


def _value(name: str, value: Any, *, unicode: bool) -> Any:
    """A field as the database holds it; fields the simulator has no use for stay text."""
    if isinstance(value, bool | dict | list):
        raise NotStaged(f"field {name} holds neither text nor a number")
    text = f"{value:f}" if isinstance(value, Decimal) else str("" if value is None else value)
    if name not in FIELDS:
        return text
    try:
        return typed(name, text, unicode=unicode)
    except NotSaved as error:
        raise NotStaged(f"{text!r} does not fit into field {name}") from error


def _check_keys(made: Record, record: StagingRecord) -> None:
    for name in (*KEYS, record.key):
        if name not in made:
            raise NotStaged(f"a row of {record.name} lacks its key {name}")
    for child in record.children:
        for row in made[child.rows]:
            if any(row[name] != made[name] for name in KEYS):
                raise NotStaged(f"a row of {child.name} belongs to another voucher than the row above it")
