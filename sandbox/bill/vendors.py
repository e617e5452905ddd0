"""Vendors."""

from __future__ import annotations

from typing import Any

from . import fields
from .context import Context
from .countries import COUNTRIES
from .errors import core
from .table import Row
from .values import clean, known, merge


def check(context: Context, bodies: list[Any]) -> None:
    """What BILL refuses before any vendor of a request is made."""
    context.validate(bodies, fields.VENDOR)
    names: set[str] = set()
    for body in bodies:
        _trusted_auto_pay(context, body)
        if context.switches.unique_vendor_names:
            if body["name"] in names or _living(context, body["name"]):
                raise core("BDC_1119", f"name, {body['name']}")
            names.add(body["name"])


def _living(context: Context, name: str) -> list[str]:
    table = context.store.vendors
    return [row_id for row_id in table.ids("name", name) if not table.rows[row_id]["archived"]]


def _trusted_auto_pay(context: Context, body: Row) -> None:
    if body.get("autoPay", {}).get("enabled") and not context.session.trusted:
        raise core("BDC_1361")


def create(context: Context, body: Row) -> Row:
    """Make a vendor that was checked."""
    row = _complete(clean(known(body, fields.VENDOR)))
    payment = row.setdefault("paymentInformation", {})
    bank = payment.get("bankAccount")
    payment["payByType"] = "ACH" if bank else "CHECK"
    if bank:
        payment["bankAccount"] = bank | {"accountNumber": f"*****{bank['accountNumber'][-4:]}"}
    row |= {
        "bankAccountStatus": "NET_LINKED_ACCOUNT" if bank else "NO_ACCOUNT",
        "recurringPayments": False,
        "networkStatus": "NOT_CONNECTED",
        "balance": {"amount": 0, "lastUpdatedDate": context.store.vendors.now()},
        "autoPay": {"enabled": bool(row.get("autoPay", {}).get("enabled"))},
    }
    return context.store.vendors.add(row, lag=context.switches.search_lag_seconds)


def patch(context: Context, row: Row, body: Row) -> Row:
    """PATCH: the given fields change, nested objects are merged; bank data is ignored."""
    context.validate([body], fields.VENDOR, partial=True)
    _trusted_auto_pay(context, body)
    given = known(body, fields.VENDOR)
    if "paymentInformation" in given:
        given["paymentInformation"] = {
            name: value for name, value in given["paymentInformation"].items() if name != "bankAccount"
        }
    return context.store.vendors.replace(_complete(clean(merge(row, given))))


def _complete(row: Row) -> Row:
    code = row["address"]["country"]
    return row | {"address": row["address"] | {"countryName": COUNTRIES[code]}}
