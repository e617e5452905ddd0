"""Classifications: chart of accounts, departments, locations and accounting classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import fields
from .context import Context
from .errors import core, invalid, not_found
from .schema import Fields
from .table import Row, Table
from .values import clean, known, merge


@dataclass(frozen=True)
class Kind:
    """One resource under `/v3/classifications`."""

    path: str
    bulk_key: str
    fields: Fields

    def table(self, context: Context) -> Table:
        """Its table."""
        return context.store.tables[self.path]


KINDS = {
    kind.path: kind
    for kind in (
        Kind("chart-of-accounts", "chartOfAccounts", fields.ACCOUNT),
        Kind("departments", "departments", fields.CLASS),
        Kind("locations", "locations", fields.CLASS),
        Kind("accounting-classes", "accountingClasses", fields.CLASS),
    )
}


def check(context: Context, kind: Kind, bodies: list[Any]) -> None:
    """What BILL refuses before any object of a request is made."""
    context.validate(bodies, kind.fields)
    taken: set[tuple[str, str]] = set()
    for body in bodies:
        _check_parent(context, kind, body)
        for key in _unique_keys(context, kind, body):
            if key in taken or _others(kind.table(context), key, None):
                raise core("BDC_1119", f"{key[0]}, {key[1]}")
            taken.add(key)


def _check_parent(context: Context, kind: Kind, body: Row) -> None:
    parent = body.get("parentId")
    if parent and kind.table(context).get(parent) is None:
        raise core("BDC_1119", f"parentId, {parent}")


def _unique_keys(context: Context, kind: Kind, body: Row) -> list[tuple[str, str]]:
    if not context.switches.unique_classifications:
        return []
    keys = [("name", body["name"])]
    number = (body.get("account") or {}).get("number")
    if number and kind.table(context).indexed("number"):
        keys.append(("number", number))
    return keys


def _others(table: Table, key: tuple[str, str], own_id: str | None) -> list[str]:
    ids = table.ids(*key)
    return [row_id for row_id in ids if row_id != own_id and not table.rows[row_id]["archived"]]


def create(context: Context, kind: Kind, body: Row) -> Row:
    """Make an object that was checked."""
    row = clean(known(body, kind.fields))
    if kind.path == "chart-of-accounts":
        row["account"] = {"type": "UNSPECIFIED"} | row.get("account", {})
    return kind.table(context).add(row, lag=context.switches.search_lag_seconds)


def patched(context: Context, kind: Kind, row: Row, body: Row) -> Row:
    """The row as a PATCH would leave it, checked."""
    context.validate([body], kind.fields, partial=True)
    made: Row = clean(merge(row, known(body, kind.fields)))
    _check_parent(context, kind, made)
    for key in _unique_keys(context, kind, made):
        if _others(kind.table(context), key, row["id"]):
            raise core("BDC_1119", f"{key[0]}, {key[1]}")
    return made


def patch_many(context: Context, kind: Kind) -> list[Row]:
    """Bulk PATCH: all or nothing."""
    made = []
    for body in context.members("classifications"):
        if not isinstance(body, dict) or not body.get("id"):
            raise invalid("id: must not be null")
        made.append(patched(context, kind, _existing(context, kind, body["id"]), body))
    return [kind.table(context).replace(row) for row in made]


def archive_many(context: Context, kind: Kind, *, archived: bool) -> list[Row]:
    """Bulk archive or restore: all or nothing."""
    rows = [_existing(context, kind, row_id) for row_id in context.ids("classifications")]
    if not archived:
        for row in rows:
            _check_restore(context, kind, row)
    return [_archive(kind.table(context), row, archived=archived) for row in rows]


def archive(context: Context, kind: Kind, row: Row, *, archived: bool) -> Row:
    """Archive or restore; doing it twice changes nothing."""
    if not archived:
        _check_restore(context, kind, row)
    return _archive(kind.table(context), row, archived=archived)


def _check_restore(context: Context, kind: Kind, row: Row) -> None:
    for key in _unique_keys(context, kind, row):
        if row["archived"] and _others(kind.table(context), key, row["id"]):
            raise core("BDC_1119", f"{key[0]}, {key[1]}")


def _archive(table: Table, row: Row, *, archived: bool) -> Row:
    return row if row["archived"] == archived else table.replace(row | {"archived": archived})


def _existing(context: Context, kind: Kind, row_id: str) -> Row:
    row = kind.table(context).get(row_id)
    if row is None:
        raise not_found()
    return row
