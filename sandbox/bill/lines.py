"""Line items of bills and vendor credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from .context import refuse_reference
from .errors import invalid
from .store import Store
from .table import Row, Table
from .values import ZERO, merge, money

_ids = count(1)


def amount_of(line: Mapping[str, Any]) -> Decimal:
    """`amount` wins over `quantity` times `price`. Raises ``BillError`` when neither is there."""
    if line.get("amount") is not None:
        return money(line["amount"])
    if line.get("quantity") is None or line.get("price") is None:
        raise invalid("lineItems.amount: must not be null")
    return money(Decimal(line["quantity"]) * Decimal(line["price"]))


def total(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """The sum of the lines."""
    return sum((amount_of(line) for line in lines), ZERO)


def new_lines(lines: Sequence[Row]) -> list[Row]:
    """Lines with fresh ids."""
    return [_line(line | {"id": _new_id()}) for line in lines]


def put_lines(old: Sequence[Row], given: Sequence[Row]) -> list[Row]:
    """PUT: lines with a known id keep it, lines without get one, omitted ones are gone."""
    known = {line["id"] for line in old}
    for line in given:
        if line.get("id") is not None and line["id"] not in known:
            raise refuse_reference("lineItems.id", line["id"])
    return [_line(line | {"id": line.get("id") or _new_id()}) for line in given]


def patched_lines(old: Sequence[Row], given: Sequence[Row]) -> list[Row]:
    """PATCH: lines are edited by their id; the others stay as they are."""
    edits: dict[str, Row] = {}
    for line in given:
        if not line.get("id"):
            raise invalid("lineItems.id: must not be null")
        edits[line["id"]] = line
    if unknown := set(edits) - {line["id"] for line in old}:
        raise refuse_reference("lineItems.id", min(unknown))
    return [_line(merge(line, edits.get(line["id"], {}))) for line in old]


def check_references(store: Store, classifications: Mapping[str, Any]) -> None:
    """Accounts and other dimensions must be there and not archived. Raises ``BillError`` with 422."""
    tables: dict[str, Table] = {
        "chartOfAccountId": store.accounts,
        "departmentId": store.departments,
        "locationId": store.locations,
        "accountingClassId": store.classes,
    }
    for name, table in tables.items():
        value = classifications.get(name)
        if value is None or value == "":
            continue
        row = table.get(value)
        if row is None or row["archived"]:
            raise refuse_reference(name, value)


def _line(line: Row) -> Row:
    return {"id": line["id"], "amount": amount_of(line)} | {
        name: value for name, value in line.items() if name not in ("id", "amount")
    }


def _new_id() -> str:
    return f"bli02SANDBOX{next(_ids):08d}"
