"""The operations of the v3 API, each from a context to a status and a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from . import bills, classifications, payments, vendor_credits, vendors
from .classifications import Kind
from .context import Context
from .errors import not_found
from .table import Row

Answer = tuple[int, Any]
Handler = Callable[[Context], Answer]


def listed(name: str, context: Context) -> Answer:
    """A page of a list."""
    rows, links = context.store.listers[name].page(
        context.params,
        strict=context.switches.strict_filters,
        ignore_filters=context.fault("ignore_filters") is not None,
        repeat=repeated.rows if (repeated := context.fault("repeat_page")) else 0,
    )
    if name == "bills":
        rows = [bills.shown(context, row, named=context.switches.vendor_name_in_lists) for row in rows]
    if name == "payments":
        rows = [payments.shown(context, row, listed=True) for row in rows]
    return 200, {"results": rows, **links}


def one(name: str, context: Context) -> Row:
    """The object named in the path. Raises ``BillError`` with 404."""
    row = context.store.tables[name].get(context.path["id"])
    if row is None:
        raise not_found()
    return row


def get_one(name: str, context: Context) -> Answer:
    """One object."""
    row = one(name, context)
    if name == "bills":
        row = bills.shown(context, row, named=True)
    return 200, payments.shown(context, row) if name == "payments" else row


def archive_one(name: str, archived: bool, context: Context) -> Answer:
    """Archive or restore a vendor, bill or vendor credit."""
    row = one(name, context)
    if name == "bills":
        return 200, bills.archive(context, row, archived=archived)
    if name == "vendor-credits":
        return 200, vendor_credits.archive(context, row)
    if row["archived"] != archived:
        row = context.store.tables[name].replace(row | {"archived": archived})
    return 200, row


def _create_vendor(context: Context) -> Answer:
    vendors.check(context, [context.body])
    return 201, vendors.create(context, context.body)


def _create_vendors(context: Context) -> Answer:
    bulk = replace(context, in_bulk=True)
    bodies = bulk.members("vendors")
    vendors.check(bulk, bodies)
    return 201, {"vendors": [vendors.create(bulk, body) for body in bodies]}


def _patch_vendor(context: Context) -> Answer:
    return 200, vendors.patch(context, one("vendors", context), context.body)


def _create_bill(context: Context) -> Answer:
    bills.check(context, [context.body])
    return 201, bills.create(context, context.body)


def _create_bills(context: Context) -> Answer:
    bulk = replace(context, in_bulk=True)
    bodies = bulk.members("bills")
    bills.check(bulk, bodies)
    return 201, [bills.create(bulk, body) for body in bodies]


def _change_bill(put: bool, context: Context) -> Answer:
    return 200, bills.change(context, one("bills", context), context.body, replace=put)


def _create_credit(context: Context) -> Answer:
    vendor_credits.check(context, [context.body])
    return 201, vendor_credits.create(context, context.body)


def _create_credits(context: Context) -> Answer:
    bulk = replace(context, in_bulk=True)
    bodies = bulk.members("vendor-credits")
    vendor_credits.check(bulk, bodies)
    return 201, {"vendorCredits": [vendor_credits.create(bulk, body) for body in bodies]}


def _change_credit(put: bool, context: Context) -> Answer:
    made = vendor_credits.changed(context, one("vendor-credits", context), context.body, replace=put)
    return 200, context.store.credits.replace(made)


def _change_credits(put: bool, context: Context) -> Answer:
    made = []
    for body in context.members("vendor-credits"):
        row = context.store.credits.get(str(body.get("id"))) if isinstance(body, dict) else None
        if row is None:
            raise not_found()
        made.append(vendor_credits.changed(context, row, body, replace=put))
    return 200, {"vendorCredits": [context.store.credits.replace(row) for row in made]}


def _archive_credits(context: Context) -> Answer:
    rows = [context.store.credits.get(row_id) for row_id in context.ids("vendor-credits")]
    if any(row is None for row in rows):
        raise not_found()
    return 200, {"vendorCredits": [vendor_credits.archive(context, row) for row in rows if row is not None]}


def _create_class(kind: Kind, context: Context) -> Answer:
    classifications.check(context, kind, [context.body])
    return 201, classifications.create(context, kind, context.body)


def _create_classes(kind: Kind, context: Context) -> Answer:
    bulk = replace(context, in_bulk=True)
    bodies = bulk.members("classifications")
    classifications.check(bulk, kind, bodies)
    return 201, {kind.bulk_key: [classifications.create(bulk, kind, body) for body in bodies]}


def _patch_class(kind: Kind, context: Context) -> Answer:
    made = classifications.patched(context, kind, one(kind.path, context), context.body)
    return 200, kind.table(context).replace(made)


def _patch_classes(kind: Kind, context: Context) -> Answer:
    return 200, {kind.bulk_key: classifications.patch_many(context, kind)}


def _archive_class(kind: Kind, archived: bool, context: Context) -> Answer:
    return 200, classifications.archive(context, kind, one(kind.path, context), archived=archived)


def _archive_classes(kind: Kind, archived: bool, context: Context) -> Answer:
    return 200, {kind.bulk_key: classifications.archive_many(context, kind, archived=archived)}


def _create_payment(context: Context) -> Answer:
    payments.check_new(context, [context.body])
    return 201, payments.create(context, context.body)


def _create_payments(context: Context) -> Answer:
    bulk = replace(context, in_bulk=True)
    bodies = bulk.members("payments")
    payments.check_new(bulk, bodies)
    return 201, {"payments": [payments.create(bulk, body) for body in bodies]}


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/v3/vendors"): partial(listed, "vendors"),
    ("POST", "/v3/vendors"): _create_vendor,
    ("POST", "/v3/vendors/bulk"): _create_vendors,
    ("GET", "/v3/vendors/{id}"): partial(get_one, "vendors"),
    ("PATCH", "/v3/vendors/{id}"): _patch_vendor,
    ("POST", "/v3/vendors/{id}/archive"): partial(archive_one, "vendors", True),
    ("POST", "/v3/vendors/{id}/restore"): partial(archive_one, "vendors", False),
    ("GET", "/v3/bills"): partial(listed, "bills"),
    ("POST", "/v3/bills"): _create_bill,
    ("POST", "/v3/bills/bulk"): _create_bills,
    ("POST", "/v3/bills/record-payment"): lambda context: (200, payments.record(context)),
    ("GET", "/v3/bills/{id}"): partial(get_one, "bills"),
    ("PATCH", "/v3/bills/{id}"): partial(_change_bill, False),
    ("PUT", "/v3/bills/{id}"): partial(_change_bill, True),
    ("POST", "/v3/bills/{id}/archive"): partial(archive_one, "bills", True),
    ("POST", "/v3/bills/{id}/restore"): partial(archive_one, "bills", False),
    ("GET", "/v3/vendor-credits"): partial(listed, "vendor-credits"),
    ("POST", "/v3/vendor-credits"): _create_credit,
    ("POST", "/v3/vendor-credits/bulk"): _create_credits,
    ("PATCH", "/v3/vendor-credits/bulk"): partial(_change_credits, False),
    ("PUT", "/v3/vendor-credits/bulk"): partial(_change_credits, True),
    ("POST", "/v3/vendor-credits/bulk/archive"): _archive_credits,
    ("GET", "/v3/vendor-credits/{id}"): partial(get_one, "vendor-credits"),
    ("PATCH", "/v3/vendor-credits/{id}"): partial(_change_credit, False),
    ("PUT", "/v3/vendor-credits/{id}"): partial(_change_credit, True),
    ("POST", "/v3/vendor-credits/{id}/archive"): partial(archive_one, "vendor-credits", True),
    ("GET", "/v3/payments"): partial(listed, "payments"),
    ("POST", "/v3/payments"): _create_payment,
    ("POST", "/v3/payments/bulk"): _create_payments,
    ("GET", "/v3/payments/{id}"): partial(get_one, "payments"),
    ("POST", "/v3/payments/{id}/cancel"): lambda context: (
        200,
        payments.cancel(context, one("payments", context)),
    ),
    ("POST", "/v3/payments/{id}/void"): lambda context: (
        200,
        payments.void(context, one("payments", context)),
    ),
    ("GET", "/v3/funding-accounts/banks"): partial(listed, "banks"),
    ("GET", "/v3/funding-accounts/banks/{id}"): partial(get_one, "banks"),
}
for _kind in classifications.KINDS.values():
    _base = f"/v3/classifications/{_kind.path}"
    ROUTES |= {
        ("GET", _base): partial(listed, _kind.path),
        ("POST", _base): partial(_create_class, _kind),
        ("POST", f"{_base}/bulk"): partial(_create_classes, _kind),
        ("PATCH", f"{_base}/bulk"): partial(_patch_classes, _kind),
        ("POST", f"{_base}/bulk/archive"): partial(_archive_classes, _kind, True),
        ("POST", f"{_base}/bulk/restore"): partial(_archive_classes, _kind, False),
        ("GET", f"{_base}/{{id}}"): partial(get_one, _kind.path),
        ("PATCH", f"{_base}/{{id}}"): partial(_patch_class, _kind),
        ("POST", f"{_base}/{{id}}/archive"): partial(_archive_class, _kind, True),
        ("POST", f"{_base}/{{id}}/restore"): partial(_archive_class, _kind, False),
    }
