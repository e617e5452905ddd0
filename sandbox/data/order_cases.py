"""Orders of the demo to suppliers that trade by EDI, and what happens to them on the second day.

The suppliers are those of the sandbox's trading partners behind Cleo.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .orders import distribution, header, order_line, receipt, schedule
from .size import UNITS, Record, day

if TYPE_CHECKING:
    from sandbox.peoplesoft.state import PeopleSoftState

PARTNERS = {
    "acme": "0000000002",
    "globex": "0000000003",
    "initech": "0000000004",
    "northwind": "0000000005",
}
"""VENDOR_ID of each trading partner."""

FIRST_ORDER = 900_001
ORDERED = -9  # days after the base date
BOTH_UNITS = {
    f"{partner}_{unit.lower()}": {"vendor": partner, "unit": unit} for partner in PARTNERS for unit in UNITS
}
ORDERS: dict[str, dict[str, Any]] = {
    **BOTH_UNITS,
    "changes": {"vendor": "acme"},
    "gets_cancelled": {"vendor": "globex"},
    "gets_dispatched": {"vendor": "initech", "PO_STATUS": "PA"},
    "by_peoplesoft": {"vendor": "acme", "DISP_METHOD": "EDX"},
    "not_received": {"vendor": "acme", "received": 0},
    "partly_received": {"vendor": "globex", "received": 6},
    "two_schedules": {"vendor": "acme", "schedules": 2},
    "two_accounts": {"vendor": "northwind", "accounts": ("641000", "636000", "637000")},
    "amount_only": {"vendor": "initech", "amount_only": True},
}
ORDER_IDS = {name: f"{FIRST_ORDER + number:010d}" for number, name in enumerate(ORDERS)}
ITEMS = (("Hex bolt M8 x 40", "1.25"), ("Bearing 6204-2RS", "8.40"), ("Hydraulic oil ISO 46, 20 l", "74.995"))
QUANTITY = 10


def keys() -> dict[str, str]:
    """Natural keys of the planted orders, by name."""
    return {name: f"{_unit(case)}|{ORDER_IDS[name]}" for name, case in ORDERS.items()}


def plant(state: PeopleSoftState) -> None:
    """Put the orders into the database."""
    for name, case in ORDERS.items():
        state.orders.put(order(name, dict(case)))


def change(state: PeopleSoftState) -> list[str]:
    """The second day; returns one sentence per change."""
    return [
        _edited(state, "changes", "asks for more", _more),
        _edited(state, "gets_cancelled", "was cancelled", lambda row: row.update(PO_STATUS="X")),
        _edited(state, "gets_dispatched", "was dispatched", lambda row: row.update(PO_STATUS="D")),
    ]


def order(name: str, case: dict[str, Any]) -> Record:
    """A planted order of three lines, received whole, except for what the case says."""
    vendor, unit = PARTNERS[case.pop("vendor")], case.pop("unit", UNITS[0])
    received, schedules = case.pop("received", QUANTITY), case.pop("schedules", 1)
    accounts, amount_only = case.pop("accounts", ("641000",)), case.pop("amount_only", False)
    record = header(unit, int(ORDER_IDS[name]), vendor, ORDERED)
    for number, (descr, price) in enumerate(ITEMS, 1):
        rows = [_schedule(record, one, Decimal(price), accounts) for one in range(1, schedules + 1)]
        line = order_line(number, descr, rows)
        if received:
            row = receipt(record["PO_ID"], number, received, day(-2))
            rows[0]["receipts"].append(row)
        record["lines"].append(line)
    if amount_only:
        record["lines"] = [_amount_only(record["lines"][0])]
    return record | case


def _unit(case: dict[str, Any]) -> str:
    return str(case.get("unit", UNITS[0]))


def _schedule(record: Record, number: int, price: Decimal, accounts: tuple[str, ...]) -> Record:
    unit = record["BUSINESS_UNIT"]
    parts = [distribution(position, unit, account, "10200") for position, account in enumerate(accounts, 1)]
    return schedule(QUANTITY, price, parts, number=number, shipto=unit, due=day(14 * number))


def _amount_only(line: Record) -> Record:
    """A service over 2,500.00: one of it, whose price is the amount."""
    (row,) = line["schedules"]
    amount = Decimal("2500.00")
    row |= {"QTY_PO": 1, "PRICE_PO": amount, "MERCHANDISE_AMT": amount, "receipts": []}
    row["distributions"][0]["MERCHANDISE_AMT"] = amount
    named = {"DESCR254_MIXED": "Maintenance of presses", "INV_ITEM_ID": "", "ITM_ID_VNDR": ""}
    return line | named | {"AMT_ONLY_FLG": "Y", "schedules": [row]}


def _more(record: Record) -> None:
    """Five more of the first line."""
    row = record["lines"][0]["schedules"][0]
    row |= {"QTY_PO": QUANTITY + 5, "MERCHANDISE_AMT": (QUANTITY + 5) * row["PRICE_PO"]}
    row["distributions"][0]["MERCHANDISE_AMT"] = row["MERCHANDISE_AMT"]


def _edited(state: PeopleSoftState, name: str, text: str, edit: Any) -> str:
    key = (_unit(ORDERS[name]), ORDER_IDS[name])
    state.change_order(key, edit)
    return f"purchase order {'|'.join(key)} {text}"
