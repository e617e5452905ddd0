"""The demo scenario: one of each awkward case, and the changes of a second day.

`DEMO` names every planted case; `plant` puts them beside the generated data, `change` moves them
on as people and batch processes would.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import order_cases
from .names import PLACES
from .setup import OFFICE_SUPPLIES, UNKNOWN_ACCOUNT
from .size import FIRST_DATE, SETID, Record, day
from .suppliers import address, location, supplier
from .vouchers import distribution, paid, scheduled_payment, voucher_line

if TYPE_CHECKING:
    from sandbox.peoplesoft.state import PeopleSoftState

UNIT = "US001"
FIRST_VOUCHER = 90_000_001
FIRST_SUPPLIER = 9_000_001
LONG_NAME = "Zimmermann & Wölfle Präzisionswerkzeuge G"[:40]

SUPPLIERS: dict[str, dict[str, Any]] = {
    "plain": {"name": "Happy Music Supplies"},
    "no_address": {"name": "Nowhere Trading Co", "places": 0},
    "long_name": {"name": LONG_NAME, "NAME2": "Niederlassung Stuttgart-Vaihingen"},
    "ampersand": {"name": "Johnson & Johnson Repairs"},
    "accents": {"name": "Société Générale d'Électricité"},
    "apostrophe": {"name": "O'Reilly's Hardware"},
    "moves": {"name": "Relocating Movers LLC"},
    "becomes_inactive": {"name": "Fading Light Bulbs Inc"},
    "inactive": {"name": "Closed Doors Ltd", "VENDOR_STATUS": "I"},
    "employee": {"name": "Miller, Alex", "VENDOR_CLASS": "E"},
}
VOUCHERS: dict[str, dict[str, Any]] = {
    "good": {},
    "unknown_account": {"account": UNKNOWN_ACCOUNT},
    "vendor_without_address": {"vendor": "no_address"},
    "unequal_sum": {"GROSS_AMT": Decimal("501.00")},
    "pending": {"APPR_STATUS": "P", "POST_STATUS_AP": "U"},
    "denied": {"APPR_STATUS": "D", "POST_STATUS_AP": "U"},
    "closed": {"CLOSE_STATUS": "C"},
    "deleted": {"ENTRY_STATUS": "X", "POST_STATUS_AP": "U"},
    "recycled": {"ENTRY_STATUS": "R", "POST_STATUS_AP": "U"},
    "credit": {"amount": Decimal("-120.50")},
    "check": {"method": "CHK"},
    "held": {"hold": "AMT"},
    "paid_by_peoplesoft": {"paid": True},
    "two_payments": {"amount": Decimal("1000.01"), "payments": 2},
    "three_lines": {"lines": 3},
    "long_name": {"vendor": "long_name"},
    "ampersand": {"vendor": "ampersand"},
    "accents": {"vendor": "accents"},
    "apostrophe": {"vendor": "apostrophe"},
    "inactive_vendor": {"vendor": "inactive"},
    "employee_vendor": {"vendor": "employee"},
    "changes_amount": {},
    "changes_lines": {"lines": 2},
    "gets_cancelled": {},
    "gets_closed": {},
    "gets_paid": {},
    "gets_approved": {"APPR_STATUS": "P", "POST_STATUS_AP": "U"},
    "moving_vendor": {"vendor": "moves"},
    "fading_vendor": {"vendor": "becomes_inactive"},
}
NEW_VOUCHER = "new"

SUPPLIER_IDS = {name: f"{FIRST_SUPPLIER + number:010d}" for number, name in enumerate(SUPPLIERS)}
VOUCHER_IDS = {name: f"{FIRST_VOUCHER + number:08d}" for number, name in enumerate([*VOUCHERS, NEW_VOUCHER])}


def keys() -> dict[str, dict[str, str]]:
    """Natural keys of all planted cases, by name."""
    return {
        "suppliers": {name: f"{SETID}|{number}" for name, number in SUPPLIER_IDS.items()},
        "vouchers": {name: f"{UNIT}|{number}" for name, number in VOUCHER_IDS.items()},
        "purchase_orders": order_cases.keys(),
    }


def plant(state: PeopleSoftState) -> None:
    """Put the planted cases into the database."""
    for name, case in SUPPLIERS.items():
        state.suppliers.put(_supplier(name, dict(case)))
    for name, case in VOUCHERS.items():
        state.vouchers[UNIT].put(voucher(name, dict(case)))
    order_cases.plant(state)


def change(state: PeopleSoftState) -> list[str]:
    """The second day; returns one sentence per change."""
    table = state.vouchers[UNIT]
    done = []

    def edit(name: str, text: str, *, stamp: bool = True, **values: Any) -> None:
        state.change_voucher(UNIT, VOUCHER_IDS[name], values, stamp=stamp)
        done.append(f"voucher {UNIT}|{VOUCHER_IDS[name]} {text}")

    larger = voucher("changes_amount", {"amount": Decimal("575.25")})
    edit("changes_amount", "changed its amount", **_content(larger))
    edit("changes_lines", "got a third line", **_content(voucher("changes_lines", {"lines": 3})))
    edit("gets_cancelled", "was cancelled", ENTRY_STATUS="X")
    edit("gets_closed", "was closed", CLOSE_STATUS="C")
    edit("gets_approved", "was approved", APPR_STATUS="A", POST_STATUS_AP="P")
    row = table.copy(VOUCHER_IDS["gets_paid"])
    if row is not None:  # the pay cycle moves no stamp on the voucher
        paid(row["payments"][0], "9000000001", state.today())
        edit("gets_paid", "was paid by PeopleSoft", stamp=False, payments=row["payments"])
    table.put(voucher(NEW_VOUCHER, {}) | {"ENTERED_DT": state.today(), "LAST_UPDATE_DT": state.today()})
    done.append(f"voucher {UNIT}|{VOUCHER_IDS[NEW_VOUCHER]} is new")
    return done + _change_suppliers(state) + order_cases.change(state)


def _change_suppliers(state: PeopleSoftState) -> list[str]:
    mover = state.suppliers.get((SETID, SUPPLIER_IDS["moves"]))
    fading = state.suppliers.get((SETID, SUPPLIER_IDS["becomes_inactive"]))
    done = []
    if mover is not None:
        moved = address(PLACES[2], "9 New Harbor Way", state.today())
        state.suppliers.put(mover | {"addresses": [*mover["addresses"], moved]})
        done.append(f"supplier {SETID}|{mover['VENDOR_ID']} moved")
    if fading is not None:
        state.suppliers.put(fading | {"VENDOR_STATUS": "I"})
        done.append(f"supplier {SETID}|{fading['VENDOR_ID']} became inactive")
    return done


def _content(record: Record) -> Record:
    return {name: record[name] for name in ("GROSS_AMT", "lines", "payments")}


def _supplier(name: str, case: dict[str, Any]) -> Record:
    places = case.pop("places", 1)
    number = int(SUPPLIER_IDS[name])
    record = supplier(number, case.pop("name"), **case)
    record["addresses"] = [address(PLACES[number % 7], f"{number % 97} Demo Street")] * places
    record["locations"] = [location("N30", FIRST_DATE)]
    return record


def voucher(name: str, case: dict[str, Any]) -> Record:
    """A planted voucher over 500.00 with one line, except for what the case says."""
    lines, payments = case.pop("lines", 1), case.pop("payments", 1)
    total: Decimal = case.pop("amount", Decimal("500.00"))
    account, vendor = case.pop("account", OFFICE_SUPPLIES), case.pop("vendor", "plain")
    method, hold, is_paid = case.pop("method", "ACH"), case.pop("hold", ""), case.pop("paid", False)
    number = VOUCHER_IDS[name]
    record: Record = {
        "BUSINESS_UNIT": UNIT,
        "VOUCHER_ID": number,
        "INVOICE_ID": f"DEMO-{name.upper().replace('_', '-')}"[:30],
        "INVOICE_DT": day(-12),
        "VENDOR_SETID": SETID,
        "VENDOR_ID": SUPPLIER_IDS[vendor],
        "VNDR_LOC": "MAIN",
        "ADDRESS_SEQ_NUM": 1,
        "VOUCHER_STYLE": "REG" if total > 0 else "ADJ",
        "ORIGIN": "ONL",
        "GROSS_AMT": total,
        "TXN_CURRENCY_CD": "USD",
        "DUE_DT": day(18),
        "ACCOUNTING_DT": day(-10),
        "PYMNT_TERMS_CD": "N30",
        "ENTRY_STATUS": "P",
        "APPR_STATUS": "A",
        "POST_STATUS_AP": "P",
        "MATCH_STATUS_VCHR": "N",
        "CLOSE_STATUS": "O",
        "ENTERED_DT": day(-10),
        "LAST_UPDATE_DT": day(-8),
        "OPRID_LAST_UPDT": "VP1",
        "BUSINESS_UNIT_GL": UNIT,
        "DESCR254_MIXED": f"Demo case {name}",
    }
    record["lines"] = [
        voucher_line(position, "Café & crème", part, [distribution(1, UNIT, account, "10200", part)])
        for position, part in enumerate(shares(total, lines), 1)
    ]
    record["payments"] = [
        scheduled_payment(record, position, part, method)
        | {"PYMNT_HOLD": "Y" if hold else "N", "PYMNT_HOLD_REASON": hold}
        for position, part in enumerate(shares(total, payments), 1)
    ]
    if is_paid:
        paid(record["payments"][0], "9000000000", day(-2))
    return record | case


def shares(total: Decimal, parts: int) -> list[Decimal]:
    """A total in equal parts, the odd cents in the last."""
    each = (total / parts).quantize(Decimal("0.01"))
    return [each] * (parts - 1) + [total - each * (parts - 1)]
