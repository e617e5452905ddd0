"""Vendor credits. An archived one stays archived: BILL has no restore for them."""

from __future__ import annotations

from typing import Any

from . import fields
from .context import Context, refuse_reference
from .errors import core
from .lines import check_references, new_lines, patched_lines, put_lines, total
from .table import Row
from .values import ZERO, clean, known, merge

LINES = "vendorCreditLineItems"


def check(context: Context, bodies: list[Any]) -> None:
    """What BILL refuses before any credit of a request is made."""
    context.validate(bodies, fields.CREDIT)
    for body in bodies:
        _check_business(context, body)


def _check_business(context: Context, body: Row) -> None:
    vendor = context.store.vendors.get(body["vendorId"])
    if vendor is None or vendor["archived"]:
        raise refuse_reference("vendorId", body["vendorId"])
    for line in body[LINES]:
        check_references(context.store, line.get("classifications", {}))
    if total(body[LINES]) <= 0:
        raise core("BDC_1119", f"amount, {total(body[LINES])}")


def create(context: Context, body: Row) -> Row:
    """Make a credit that was checked."""
    row = clean(known(body, fields.CREDIT))
    row[LINES] = new_lines(row[LINES])
    row |= {"amount": total(row[LINES]), "appliedAmount": ZERO, "status": "AVAILABLE"}
    return context.store.credits.add(row, lag=context.switches.search_lag_seconds)


def changed(context: Context, row: Row, body: Row, *, replace: bool) -> Row:
    """The row as a PATCH, or a PUT when `replace`, would leave it, checked."""
    context.validate([body], fields.CREDIT, partial=not replace)
    if row["archived"]:
        raise core("BDC_1119", f"archived, {row['id']}")
    given = known(body, fields.CREDIT)
    made = {name: value for name, value in row.items() if not replace or name not in fields.CREDIT}
    made = merge(made, {name: value for name, value in given.items() if name != LINES})
    if LINES in given:
        edit = put_lines if replace else patched_lines
        made[LINES] = edit(row[LINES], given[LINES])
    made = dict(clean(made))
    _check_business(context, made)
    made["amount"] = total(made[LINES])
    if made["amount"] < made["appliedAmount"]:
        raise core("BDC_1119", f"amount, {made['amount']}")
    return made


def archive(context: Context, row: Row) -> Row:
    """Archive for good; doing it twice changes nothing."""
    return row if row["archived"] else context.store.credits.replace(row | {"archived": True})
