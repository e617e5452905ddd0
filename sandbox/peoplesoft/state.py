"""Everything the simulated PeopleSoft database holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.data.billing import customer_invoices
from sandbox.data.chartfields import (
    CLASSES,
    FUNDS,
    OPERATING_UNITS,
    PRODUCTS,
    PROGRAMS,
    chartfields,
    projects,
    tax_codes,
)
from sandbox.data.journals import journals
from sandbox.data.orders import purchase_orders
from sandbox.data.setup import accounts, departments, payment_terms
from sandbox.data.size import UNITS, Record, Size
from sandbox.data.suppliers import payable, suppliers
from sandbox.data.vouchers import VoucherMaker

from .auth import Identity
from .build.staging import Staging
from .periods import Periods
from .switches import PeopleSoftSwitches
from .tables import SortedTable, VoucherTable


class PeopleSoftState:
    """Tables, switches and identities; everything here may be inspected and changed by tests."""

    def __init__(self, size: Size, clock: Clock) -> None:
        self.size, self.clock = size, clock
        self.switches = PeopleSoftSwitches()
        self.last_rows: dict[str, list[dict[str, Any]]] = {}
        self.load()

    def load(self) -> None:
        """Generate everything anew."""
        size = self.size
        people = suppliers(size)
        usable = payable(people)
        orders = purchase_orders(size, usable)
        self.suppliers = SortedTable(("SETID", "VENDOR_ID"), people)
        self.accounts = SortedTable(("SETID", "ACCOUNT"), accounts())
        self.departments = SortedTable(("SETID", "DEPTID"), departments())
        self.terms = SortedTable(("SETID", "PYMNT_TERMS_CD"), payment_terms())
        self.tax_codes = SortedTable(("SETID", "TAX_CD"), tax_codes())
        self.projects = SortedTable(("BUSINESS_UNIT", "PROJECT_ID"), projects())
        self.chartfields = {
            name: SortedTable(("SETID", field), chartfields(field, values))
            for name, (field, values) in _CHARTFIELDS.items()
        }
        self.orders = SortedTable(("BUSINESS_UNIT", "PO_ID"), orders)
        self.journals = SortedTable(
            ("BUSINESS_UNIT", "JOURNAL_ID", "JOURNAL_DATE", "UNPOST_SEQ"), journals(size)
        )
        self.customer_invoices = SortedTable(("BUSINESS_UNIT", "INVOICE"), customer_invoices(size))
        self.edi_statuses = SortedTable(("BUSINESS_UNIT", "EDI_DOC_TYPE", "EDI_DOC_ID"), [])
        self.edi_partners = SortedTable(("EDI_CONNECTION",), [])
        self.vouchers = {unit: VoucherTable(VoucherMaker(unit, size, usable, orders)) for unit in UNITS}
        self.identity = Identity(self.switches, self.clock)
        self.periods = Periods(self.today)
        self.staging = Staging()
        self._numbers: dict[tuple[str, str], int] = {}
        self.last_rows.clear()

    @property
    def tables(self) -> dict[str, SortedTable]:
        """The tables held in memory, by the name the control endpoint uses."""
        return {
            "supplier": self.suppliers,
            "account": self.accounts,
            "department": self.departments,
            "payment_term": self.terms,
            "tax_code": self.tax_codes,
            "project": self.projects,
            **self.chartfields,
            "purchase_order": self.orders,
            "journal": self.journals,
            "customer_invoice": self.customer_invoices,
            "edi_status": self.edi_statuses,
            "edi_partner": self.edi_partners,
        }

    def now(self) -> datetime:
        """The time in the database's base time zone."""
        return self.clock.now().astimezone(ZoneInfo(self.switches.time_zone))

    def today(self) -> str:
        """The date in the database's base time zone."""
        return self.now().date().isoformat()

    def next_id(self, kind: str, scope: str, width: int, taken: Callable[[str], object]) -> str:
        """The next free number of a kind within a business unit or SETID, with leading zeros.

        `taken` looks a number up and returns something true, or an object, when it is in use.
        """
        number = self._numbers.get((kind, scope), 0) + 1
        while taken(f"{number:0{width}d}"):
            number += 1
        self._numbers[kind, scope] = number
        return f"{number:0{width}d}"

    def voucher(self, unit: str, voucher_id: str) -> Record | None:
        """One voucher; never change it in place."""
        table = self.vouchers.get(unit)
        return table.get(voucher_id) if table else None

    def change_voucher(
        self, unit: str, voucher_id: str, values: Mapping[str, Any], *, stamp: bool = True
    ) -> Record:
        """Change header fields, or replace `lines` or `payments`.

        Args:
            unit: business unit.
            voucher_id: eight digits.
            values: what to set.
            stamp: move LAST_UPDATE_DT to today, as the page does; batch processes often do not.
        """
        row = self.vouchers[unit].copy(voucher_id)
        if row is None:
            raise KeyError(f"no voucher {unit}|{voucher_id}")
        row |= values
        if stamp:
            row["LAST_UPDATE_DT"] = self.today()
        self.vouchers[unit].put(row)
        return row

    def change_order(self, key: Sequence[str], edit: Callable[[Record], object]) -> Record:
        """Change a copy of a purchase order (unit and number), and put it back with a new stamp."""
        record = deepcopy(self.orders.get(tuple(key)))
        if record is None:
            raise KeyError(f"no purchase order {'|'.join(key)}")
        edit(record)
        record["LAST_DTTM_UPDATE"] = self.clock.now()
        self.orders.put(record)
        return record

    def counts(self) -> dict[str, int]:
        """Number of objects per kind."""
        counted = {name: len(table) for name, table in self.tables.items()}
        return counted | {f"voucher {unit}": len(table) for unit, table in self.vouchers.items()}


_CHARTFIELDS = {
    "operating_unit": ("OPERATING_UNIT", OPERATING_UNITS), "product": ("PRODUCT", PRODUCTS),
    "fund": ("FUND_CODE", FUNDS), "class": ("CLASS_FLD", CLASSES), "program": ("PROGRAM_CODE", PROGRAMS),
}  # fmt: skip


def total(voucher: Record) -> Decimal:
    """Sum of the distributions."""
    return sum(
        (part["MERCHANDISE_AMT"] for line in voucher["lines"] for part in line["distributions"]),
        Decimal(0),
    )
