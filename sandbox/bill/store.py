"""What one BILL organization holds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sandbox import credentials
from sandbox.clock import Clock

from . import fields
from .listing import Lister
from .table import Row, Table


def _invoice_key(row: Row) -> tuple[str, str]:
    return row["vendorId"], row["invoice"]["invoiceNumber"]


def _credit_key(row: Row) -> tuple[str, str]:
    return row["vendorId"], row["referenceNumber"]


def _by(name: str) -> Any:
    return lambda row: row.get(name)


BANKS = (
    ("Sandbox Company Operating", "************6789", "VERIFIED"),
    ("Sandbox Company Payables", "************4321", "VERIFIED"),
    ("Sandbox Company New", "************0007", "PENDING"),
)
"""Name, masked number and status of the funding accounts."""


class Store:
    """Tables of one organization, the lists over them, and payments by bill."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.vendors = Table("009", clock, name=_by("name"), shortName=_by("shortName"))
        self.bills = Table("00n", clock, vendorId=_by("vendorId"), invoice=_invoice_key)
        self.credits = Table("vcr", clock, vendorId=_by("vendorId"), reference=_credit_key)
        self.payments = Table("stp", clock, archivable=False, vendorId=_by("vendorId"))
        self.accounts = Table(
            "0ca", clock, name=_by("name"), number=lambda row: row.get("account", {}).get("number")
        )
        self.departments = Table("0de", clock, name=_by("name"))
        self.locations = Table("loc", clock, name=_by("name"))
        self.classes = Table("cls", clock, name=_by("name"))
        self.banks = Table("bac", clock)
        self.payments_of_bill: dict[str, list[str]] = defaultdict(list)
        for bank in BANKS:
            self.banks.add(_bank(*bank))
        self.listers = {
            "vendors": Lister(self.vendors, fields.VENDORS, clock),
            "bills": Lister(self.bills, fields.BILLS, clock),
            "vendor-credits": Lister(self.credits, fields.CREDITS, clock),
            "payments": Lister(self.payments, fields.PAYMENTS, clock),
            "chart-of-accounts": Lister(self.accounts, fields.CLASSES, clock),
            "departments": Lister(self.departments, fields.CLASSES, clock),
            "locations": Lister(self.locations, fields.CLASSES, clock),
            "accounting-classes": Lister(self.classes, fields.CLASSES, clock),
            "banks": Lister(self.banks, fields.BANKS, clock),
        }

    @property
    def tables(self) -> dict[str, Table]:
        """Tables by the name the control endpoint uses."""
        return {name: lister.table for name, lister in self.listers.items()}

    def counts(self) -> dict[str, int]:
        """Number of objects per kind."""
        return {name: len(table) for name, table in self.tables.items()}

    def duplicates(self) -> dict[str, dict[str, list[str]]]:
        """Natural keys held by more than one unarchived object."""
        looked_at = {
            "bills": (self.bills, "invoice"),
            "vendors": (self.vendors, "shortName"),
            "vendor_names": (self.vendors, "name"),
            "vendor-credits": (self.credits, "reference"),
            "chart-of-accounts": (self.accounts, "number"),
            "departments": (self.departments, "name"),
        }
        found = {name: _living(table, index) for name, (table, index) in looked_at.items()}
        return {name: groups for name, groups in found.items() if groups}


def _living(table: Table, index: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, ids in table.groups(index).items():
        living = [row_id for row_id in ids if not table.rows[row_id]["archived"]]
        if len(living) > 1:
            groups["|".join(key) if isinstance(key, tuple) else str(key)] = living
    return groups


def _bank(name: str, number: str, status: str) -> Row:
    return {
        "status": status,
        "nameOnAccount": name,
        "accountNumber": number,
        "routingNumber": "074000010",
        "type": "CHECKING",
        "ownerType": "BUSINESS",
        "bankName": "Sandbox Bank",
        "default": {"payables": number == BANKS[0][1], "receivables": number == BANKS[0][1]},
        "createdBy": credentials.BILL_USER_ID,
    }
