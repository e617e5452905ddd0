"""Operations on the BILL simulator: what a person does in BILL's own web application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox import credentials
from sandbox.bill import bills, classifications, payments, vendor_credits, vendors
from sandbox.bill.context import Context
from sandbox.bill.payment_states import way_to
from sandbox.bill.session import Session
from sandbox.bill.state import BillState
from sandbox.bill.store import Store
from sandbox.bill.table import Row
from sandbox.bill.values import clean, merge
from sandbox.bill.webhooks import payloads

Body = Mapping[str, Any]


def _store(state: BillState, body: Body) -> Store:
    return state.organizations[body.get("organization", credentials.BILL_ORGANIZATION)]


def _by_hand(state: BillState, body: Body, values: Any) -> Context:
    session = Session("hand", credentials.BILL_ORGANIZATION, "", by_token=False, trusted=True, used=0)
    switches = replace(state.switches, search_lag_seconds=0.0)
    return Context(_store(state, body), switches, session, values, {}, {}, ())


def create(state: BillState, body: Body) -> Row:
    """Type an object in by hand: `{table, values}`, checked like any other."""
    table, values = body["table"], body["values"]
    context = _by_hand(state, body, values)
    if table in classifications.KINDS:
        kind = classifications.KINDS[table]
        classifications.check(context, kind, [values])
        return classifications.create(context, kind, values)
    makers = {
        "vendors": (vendors.check, vendors.create),
        "bills": (bills.check, bills.create),
        "vendor-credits": (vendor_credits.check, vendor_credits.create),
    }
    check, make = makers[table]
    check(context, [values])
    return make(context, values)


def edit(state: BillState, body: Body) -> Row:
    """Change an object by hand, unchecked: `{table, id, values}`; nested objects are merged."""
    table = _store(state, body).tables[body["table"]]
    made: Row = clean(merge(table.rows[body["id"]], body["values"]))
    return table.replace(made, touch=bool(body.get("touch", True)))


def archive(state: BillState, body: Body) -> Row:
    """Archive by hand: `{table, id, archived: true}`."""
    return edit(state, {**body, "values": {"archived": bool(body.get("archived", True))}})


def delete(state: BillState, body: Body) -> dict[str, bool]:
    """Remove an object for good, as no user can: `{table, id}`."""
    return {"deleted": _store(state, body).tables[body["table"]].remove(body["id"])}


def find(state: BillState, body: Body) -> list[Row]:
    """Objects whose fields equal `values` (dotted names): `{table, values}`."""
    wanted = body.get("values", {})
    return [
        row
        for row in _store(state, body).tables[body["table"]]
        if all(_read(row, name) == value for name, value in wanted.items())
    ]


def _read(row: Row, path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def schedule(state: BillState, body: Body) -> Row:
    """Schedule the payment of a bill: `{bill_id, amount?}`."""
    return payments.schedule(_store(state, body), state.switches, body["bill_id"], amount=body.get("amount"))


def move(state: BillState, body: Body) -> Row:
    """Bring a payment to another status: `{payment_id, single_status}`."""
    return payments.move(_store(state, body), state.switches, body["payment_id"], body["single_status"])


def clear(state: BillState, body: Body) -> Row:
    """Pay a bill to the end: `{bill_id, amount?}` schedules and clears at once."""
    payment = schedule(state, body)
    return payments.move(_store(state, body), state.switches, payment["id"], "CLEARED")


def pay(state: BillState, body: Body) -> Row:
    """Pay bills of one vendor with one online payment, status by status.

    `{bill_id, amount?}` or `{bill_ids, amounts?}`, `funding_account?`, `through: "CLEARED"`,
    `values?` (fields of the payment, e.g. `disbursementType`).
    """
    store, way = _store(state, body), way_to(body.get("through", "CLEARED"))
    given = dict(body.get("values", {}))
    if "funding_account" in body:
        given["fundingAccount"] = {"type": "BANK_ACCOUNT", "id": body["funding_account"]}
    row = payments.pay(store, state.switches, _parts(body), **given)
    for single_status in way[1:]:
        row = payments.move(store, state.switches, row["id"], single_status)
    return row


def _parts(body: Body) -> list[tuple[str, Any]]:
    if "bill_id" in body:
        return [(body["bill_id"], body.get("amount"))]
    bill_ids = body["bill_ids"]
    return list(zip(bill_ids, body.get("amounts", [None] * len(bill_ids)), strict=True))


def fail(state: BillState, body: Body) -> Row:
    """A payment that could not be made: the event `payment.failed`, and no payment.

    `{bill_id, amount?}` or `{bill_ids, amounts?}`, `funding_account?`, `code?`, `message?`.
    """
    store = _store(state, body)
    parts = payments.due(store, _parts(body))
    vendor_id = store.bills.rows[parts[0][0]]["vendorId"]
    account = {"id": body.get("funding_account", next(iter(store.banks.rows))), "type": "BANK_ACCOUNT"}
    number = payments.new_transaction_number()
    entity = payloads.failed(store, vendor_id, parts, transactionNumber=number, fundingAccount=account)
    error = {
        "code": body.get("code", "BDC_1151"),
        "message": body.get("message", "Bank account is inactive."),
        "timestamp": entity["createdTime"],
    }
    organization = body.get("organization", credentials.BILL_ORGANIZATION)
    state.webhooks.emit(organization, "payment.failed", lambda: entity, errors=[error])
    return entity


def banks(state: BillState, body: Body) -> list[Row]:
    """The funding accounts."""
    return list(_store(state, body).banks)


def expire_sessions(state: BillState, _: Body) -> dict[str, int]:
    """End every session, as a deployment does."""
    return {"ended": state.sessions.expire_all()}


OPERATIONS: dict[str, Callable[[BillState, Body], Any]] = {
    "create": create,
    "edit": edit,
    "archive": archive,
    "delete": delete,
    "find": find,
    "schedule": schedule,
    "move": move,
    "clear": clear,
    "pay": pay,
    "fail": fail,
    "banks": banks,
    "expire-sessions": expire_sessions,
}
