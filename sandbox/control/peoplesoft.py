"""Operations on the PeopleSoft simulator's records: what its users and batch processes do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.data.orders import receipt
from sandbox.data.size import Record
from sandbox.data.vouchers import paid
from sandbox.peoplesoft.build.process import run_voucher_build
from sandbox.peoplesoft.state import PeopleSoftState

AMOUNTS = ("_AMT", "_AMOUNT", "_PRICE", "PRICE_PO")
Body = Mapping[str, Any]


def upsert(state: PeopleSoftState, body: Body) -> Record:
    """Change a record or add one: `{record, key: [..], values: {..}, stamp: true}`.

    Fields not named keep their values; child lists (`lines`, `payments`, `addresses`, `rows`, ...)
    are replaced whole. A new record is a copy of `like` (a key) with these values.
    """
    kind, key = body["record"], [str(part) for part in body["key"]]
    values = typed(body.get("values", {}))
    if kind == "voucher":
        return _upsert_voucher(state, key, values, body)
    table = state.tables[kind]
    old = table.get(tuple(key)) or _like(table.get(tuple(body.get("like", ()))), table.key, key)
    row: Record = {**deepcopy(old), **values}
    if kind == "purchase_order" and body.get("stamp", True):
        row["LAST_DTTM_UPDATE"] = state.clock.now()
    table.put(row)
    return row


def _upsert_voucher(state: PeopleSoftState, key: list[str], values: Record, body: Body) -> Record:
    unit, voucher_id = key
    if state.voucher(unit, voucher_id) is None:
        pattern = state.voucher(*body["like"]) if "like" in body else None
        row = _like(pattern, ("BUSINESS_UNIT", "VOUCHER_ID"), key)
        row["ENTERED_DT"] = state.today()
        state.vouchers[unit].put(row)
    return state.change_voucher(unit, voucher_id, values, stamp=bool(body.get("stamp", True)))


def _like(pattern: Record | None, names: tuple[str, ...], key: list[str]) -> Record:
    if pattern is None:
        raise ValueError("there is no such record; name one to copy with `like`")
    return {**deepcopy(pattern), **dict(zip(names, key, strict=True))}


def delete(state: PeopleSoftState, body: Body) -> dict[str, bool]:
    """Remove a record: `{record, key}`."""
    key = tuple(str(part) for part in body["key"])
    if body["record"] == "voucher":
        return {"deleted": state.vouchers[key[0]].delete(key[1])}
    return {"deleted": state.tables[body["record"]].delete(key)}


def pay(state: PeopleSoftState, body: Body) -> Record:
    """Pay a voucher as the pay cycle does: `{key, count: 1, stamp: false}`; no stamp moves by default."""
    unit, voucher_id = body["key"]
    row = state.vouchers[unit].copy(voucher_id)
    if row is None:
        raise ValueError(f"no voucher {unit}|{voucher_id}")
    count = int(body.get("count", 1))
    number = body.get("payment_id") or f"{unit[-1]}{voucher_id}{count}"
    paid(row["payments"][count - 1], number, state.today())
    stamp = bool(body.get("stamp", False))
    return state.change_voucher(unit, voucher_id, {"payments": row["payments"]}, stamp=stamp)


def void(state: PeopleSoftState, body: Body) -> Record:
    """Void a payment: `{key, count: 1}`."""
    unit, voucher_id = body["key"]
    row = state.vouchers[unit].copy(voucher_id)
    payment = row["payments"][int(body.get("count", 1)) - 1] if row else None
    if row is None or payment is None or not payment["payment"]:
        raise ValueError(f"voucher {unit}|{voucher_id} has no such payment")
    payment["payment"] |= {"PYMNT_STATUS": "V", "CANCEL_ACTION": "R", "CANCEL_DT": state.today()}
    payment |= {"PYMNT_SELCT_STATUS": "N", "PAID_AMT": Decimal(0)}
    return state.change_voucher(unit, voucher_id, {"payments": row["payments"]}, stamp=False)


def pay_cycle(state: PeopleSoftState, body: Body) -> list[dict[str, Any]]:
    """Run the pay cycle over vouchers: `{keys: [[unit, voucher], ..]}`; returns the payments it made.

    It leaves alone what is on hold, recorded as paid elsewhere, or not fit for payment.
    """
    made = []
    for unit, voucher_id in body["keys"]:
        row = state.vouchers[unit].copy(voucher_id)
        if row is None:
            raise ValueError(f"no voucher {unit}|{voucher_id}")
        due = [payment for payment in row["payments"] if _payable(row, payment)]
        for payment in due:
            paid(payment, f"{unit[-1]}{voucher_id}{payment['PYMNT_CNT']}", state.today())
            made.append({"key": [unit, voucher_id], "count": payment["PYMNT_CNT"]})
        if due:
            state.change_voucher(unit, voucher_id, {"payments": row["payments"]}, stamp=False)
    return made


def _payable(voucher: Record, payment: Record) -> bool:
    ready = {"ENTRY_STATUS": "P", "APPR_STATUS": "A", "CLOSE_STATUS": "O"}
    free = {"PYMNT_ACTION": "S", "PYMNT_SELCT_STATUS": "N", "PYMNT_HOLD": "N"}
    return ready.items() <= voucher.items() and free.items() <= payment.items()


def dispatch_order(state: PeopleSoftState, body: Body) -> Record:
    """Dispatch a purchase order: `{key}`."""
    return state.change_order(body["key"], lambda order: order.update(PO_STATUS="D"))


def cancel_order(state: PeopleSoftState, body: Body) -> Record:
    """Cancel a purchase order: `{key}`, or one of its lines: `{key, line}`."""

    def cancel(order: Record) -> None:
        if "line" in body:
            _order_line(order, body)["CANCEL_STATUS"] = "X"
        else:
            order["PO_STATUS"] = "X"

    return state.change_order(body["key"], cancel)


def change_order(state: PeopleSoftState, body: Body) -> Record:
    """Change a schedule and dispatch the order again: `{key, line, schedule: 1, quantity?, price?, due?}`."""

    def change(order: Record) -> None:
        row = _schedule(order, body)
        row["QTY_PO"] = Decimal(body.get("quantity", row["QTY_PO"]))
        row["PRICE_PO"] = Decimal(body.get("price", row["PRICE_PO"]))
        row["DUE_DT"] = body.get("due", row["DUE_DT"])
        amount = (row["QTY_PO"] * row["PRICE_PO"]).quantize(Decimal("0.01"))
        row["distributions"][-1]["MERCHANDISE_AMT"] += amount - row["MERCHANDISE_AMT"]
        row["MERCHANDISE_AMT"] = amount

    return state.change_order(body["key"], change)


def receive_order(state: PeopleSoftState, body: Body) -> Record:
    """Receive goods: `{key, line, schedule: 1, quantity?}`; a receipt does not move the order's stamp."""
    unit, po_id = body["key"]
    order = deepcopy(state.orders.get((unit, po_id)))
    if order is None:
        raise KeyError(f"no purchase order {unit}|{po_id}")
    row = _schedule(order, body)
    count, quantity = len(row["receipts"]) + 1, Decimal(body.get("quantity", row["QTY_PO"]))
    row["receipts"].append(receipt(po_id, int(body["line"]), quantity, state.today(), count))
    state.orders.put(order)
    return order


def _order_line(order: Record, body: Body) -> Record:
    number = int(body["line"])
    return _only((row for row in order["lines"] if row["LINE_NBR"] == number), f"line {number}")


def _schedule(order: Record, body: Body) -> Record:
    number = int(body.get("schedule", 1))
    rows = _order_line(order, body)["schedules"]
    return _only((row for row in rows if row["SCHED_NBR"] == number), f"schedule {number}")


def _only(rows: Iterator[Record], name: str) -> Record:
    row = next(rows, None)
    if row is None:
        raise ValueError(f"the purchase order has no {name}")
    return row


def open_periods(state: PeopleSoftState, body: Body) -> list[Any]:
    """Open periods of a unit: `{unit, periods?}`; `periods` (`[[from, thru], ..]`) replaces, null resets."""
    unit = body["unit"]
    if "periods" in body:
        if body["periods"] is None:
            state.periods.reset(unit)
        else:
            state.periods.set(unit, body["periods"])
    return state.periods.of(unit)


def close_period(state: PeopleSoftState, body: Body) -> list[Any]:
    """Close the period that holds a day: `{unit, date}`."""
    state.periods.close(body["unit"], body["date"])
    return state.periods.of(body["unit"])


def voucher_build(state: PeopleSoftState, body: Body) -> dict[str, Any]:
    """Run AP_VCHRBLD over everything staged, or over one unit: `{unit?}`."""
    return run_voucher_build(state, body.get("unit"))


def monitor(state: PeopleSoftState, _: Body) -> list[Record]:
    """The Service Operations Monitor: what became of asynchronous messages."""
    return state.staging.monitor


def get(state: PeopleSoftState, body: Body) -> Record | None:
    """One record: `{record, key}`."""
    key = tuple(str(part) for part in body["key"])
    if body["record"] == "voucher":
        return state.voucher(*key)
    return state.tables[body["record"]].get(key)


def unlock(state: PeopleSoftState, _: Body) -> dict[str, bool]:
    """Forget failed log-ons."""
    state.identity.failures = 0
    return {"locked": state.identity.locked}


def revoke_tokens(state: PeopleSoftState, _: Body) -> dict[str, bool]:
    """End every access token."""
    state.identity.revoke_tokens()
    return {"revoked": True}


def typed(value: Any, name: str = "") -> Any:
    """JSON values as the database holds them: amounts Decimal, times aware."""
    if isinstance(value, dict):
        return {key: typed(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item, name) for item in value]
    if name.endswith(AMOUNTS) and isinstance(value, int | str) and value != "":
        return Decimal(value)
    return datetime.fromisoformat(value) if name == "LAST_DTTM_UPDATE" else value


OPERATIONS: dict[str, Callable[[PeopleSoftState, Body], Any]] = {
    "upsert": upsert,
    "delete": delete,
    "pay": pay,
    "void": void,
    "get": get,
    "pay-cycle": pay_cycle,
    "dispatch-order": dispatch_order,
    "cancel-order": cancel_order,
    "change-order": change_order,
    "receive-order": receive_order,
    "open-periods": open_periods,
    "close-period": close_period,
    "voucher-build": voucher_build,
    "monitor": monitor,
    "unlock": unlock,
    "revoke-tokens": revoke_tokens,
}
