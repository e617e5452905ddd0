"""The two systems, the ledger between them, and what ought to stand where.

What BILL should hold is computed here from PeopleSoft's records, by rules written down a second
time: it shares no code with the mapping language and its files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ml_connector.core.state.schema import document
from sandbox.bill.store import Store as Organization
from sandbox.data.size import SETID
from sandbox.server import Sandbox
from tests.flows.harness import FLOWS, Harness

Row = dict[str, Any]

TABLES = {
    "bill.accounts": "chart-of-accounts",
    "bill.departments": "departments",
    "bill.vendors": "vendors",
    "bill.bills": "bills",
    "bill.vendor_credits": "vendor-credits",
}
UNSETTLED = frozenset({"staged", "ready", "sending", "accepted", "failed"})
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
AN_HOUR = 3700.0


@dataclass
class World:
    """One PeopleSoft, one BILL and one ledger."""

    sandbox: Sandbox
    harness: Harness

    # ---- what happens

    def fault(self, system: str, kind: str, operation: str, **more: Any) -> Any:
        return self.sandbox.faults.add(system=system, kind=kind, operation=operation, **more)

    async def settle_down(self, *flows: str, runs: int = 8) -> int:
        """Run until a run meets no error and leaves nothing under way; an hour passes between runs.

        Returns:
            How many runs it took.
        """
        for number in range(1, runs + 1):
            self.harness.errors.clear()
            await self.harness.run(*flows, tolerant=True)
            if not self.harness.errors and not self.under_way(*flows):
                return number
            self.sandbox.clock.advance(AN_HOUR)
            await self.sandbox.settled()
        raise AssertionError(f"never quiet: {self.harness.errors} {self.under_way(*flows)}")

    # ---- BILL

    @property
    def bill(self) -> Organization:
        return self.sandbox.bill.store

    def held(self, flow: str) -> list[Row]:
        """Living objects of a flow in BILL."""
        return [row for row in self.bill.tables[TABLES[flow]] if not row["archived"]]

    def writes(self) -> int:
        """Calls that changed something, or tried to."""
        counted = self.sandbox.calls.per_operation.items()
        return sum(
            number
            for name, number in counted
            if name.startswith("bill ") and name.split()[1] in CHANGING and "/v3/log" not in name
        )

    # ---- PeopleSoft

    def vouchers(self) -> Iterator[Row]:
        for unit in self.harness.tenant.business_units:
            table = self.sandbox.peoplesoft.vouchers[unit]
            numbers = [f"{number:08d}" for number in range(1, table.maker.count + 1)]
            for voucher_id in dict.fromkeys([*numbers, *table._ids]):
                row = table.get(voucher_id)
                if row is not None:
                    yield row

    def voucher(self, key: str) -> Row:
        unit, voucher_id = key.split("|")
        row = self.sandbox.peoplesoft.voucher(unit, voucher_id)
        assert row is not None
        return row

    def change(self, key: str, *, stamp: bool = True, **values: Any) -> None:
        """Change a voucher; batch processes do it without a new stamp."""
        unit, voucher_id = key.split("|")
        self.sandbox.peoplesoft.change_voucher(unit, voucher_id, values, stamp=stamp)

    def payable(self) -> list[str]:
        """Keys of vouchers that BILL is to pay, those with one scheduled payment first."""
        keys = [
            f"{row['BUSINESS_UNIT']}|{row['VOUCHER_ID']}"
            for row in self.vouchers()
            if row["GROSS_AMT"] > 0 and self._payable(row)
        ]
        return sorted(keys, key=lambda key: len(self.voucher(key)["payments"]))

    def supplier(self, setid: str, vendor_id: str) -> Row | None:
        return self.sandbox.peoplesoft.suppliers.get((setid, vendor_id))

    # ---- the ledger

    def rows(self, flow: str) -> dict[str, Any]:
        """The ledger's documents of a flow, by key."""
        store = self.harness.store("look")
        with store.read() as connection:
            return {
                row.key: row for row in connection.execute(select(document).where(document.c.flow == flow))
            }

    def statuses(self, flow: str) -> Counter[str]:
        return Counter(row.status for row in self.rows(flow).values())

    def under_way(self, *flows: str) -> dict[str, dict[str, str | None]]:
        """Documents that a later run should still move on."""
        found = {}
        for flow in flows or FLOWS:
            rows = {key: row.reason for key, row in self.rows(flow).items() if row.status in UNSETTLED}
            if rows:
                found[flow] = rows
        return found

    # ---- what ought to be

    def expected(self, flow: str) -> Counter[Any]:
        """Natural keys and amounts that BILL should hold, each once."""
        return Counter(getattr(self, f"_expected_{flow.partition('.')[2]}")())

    def actual(self, flow: str) -> Counter[Any]:
        """The same of what BILL holds; a paid bill is no longer to be paid."""
        match flow:
            case "bill.accounts":
                return Counter(row["account"]["number"] for row in self.held(flow))
            case "bill.departments":
                return Counter(row["shortName"] for row in self.held(flow))
            case "bill.vendors":
                return Counter((row["shortName"], row["name"]) for row in self.held(flow))
            case "bill.bills":
                unpaid = [row for row in self.held(flow) if row["paymentStatus"] != "PAID"]
                return Counter(self._bill(row) for row in unpaid)
        return Counter((self._short(row), row["referenceNumber"], row["amount"]) for row in self.held(flow))

    def check(self, *flows: str) -> None:
        """Nothing lost, nothing doubled, and the ledger says the same as BILL."""
        for flow in flows or FLOWS:
            actual, expected = self.actual(flow), self.expected(flow)
            too_much, missing = actual - expected, expected - actual
            assert not too_much, f"{flow}: BILL holds too much: {too_much}"
            assert not missing, f"{flow}: BILL lacks {missing}"
            rows = self.rows(flow).values()
            loaded = Counter(
                row.target_id for row in rows if row.status == "loaded" and not row.loaded_absent
            )
            held = Counter(row["id"] for row in self.held(flow))
            assert loaded == held, f"{flow}: ledger {loaded - held}, BILL {held - loaded}"
        twice = {name: keys for name, keys in self.bill.duplicates().items() if name != "vendor_names"}
        assert not twice, f"twice in BILL: {twice}"

    def _bill(self, row: Row) -> tuple[str, str, str, Decimal]:
        invoice = row["invoice"]
        return self._short(row), invoice["invoiceNumber"], invoice["invoiceDate"], row["amount"]

    def _short(self, row: Row) -> str:
        return str(self.bill.vendors.rows[row["vendorId"]]["shortName"])

    def _expected_accounts(self) -> Iterator[str]:
        for record in self.sandbox.peoplesoft.accounts:
            if record["SETID"] == SETID and self._current(record["rows"])["EFF_STATUS"] == "A":
                yield record["ACCOUNT"]

    def _expected_departments(self) -> Iterator[str]:
        for record in self.sandbox.peoplesoft.departments:
            if record["SETID"] == SETID and self._current(record["rows"])["EFF_STATUS"] == "A":
                yield record["DEPTID"]

    def _current(self, rows: list[Row]) -> Row:
        today = self.sandbox.peoplesoft.today()
        past = [row for row in rows if row["EFFDT"] <= today]
        return max(past, key=lambda row: str(row["EFFDT"])) if past else {"EFF_STATUS": "future"}

    def _expected_vendors(self) -> Iterator[tuple[str, str]]:
        for record in self.sandbox.peoplesoft.suppliers:
            if record["SETID"] == SETID and _usable(record):
                name = " ".join(f"{record['NAME1']} {record['NAME2']}".split())
                yield f"{SETID}-{record['VENDOR_ID']}", name

    def _expected_bills(self) -> Iterator[tuple[str, str, str, Decimal]]:
        for row in self.vouchers():
            if row["GROSS_AMT"] > 0 and self._payable(row):
                vendor = f"{row['VENDOR_SETID']}-{row['VENDOR_ID']}"
                yield vendor, row["INVOICE_ID"], row["INVOICE_DT"], row["GROSS_AMT"]

    def _expected_vendor_credits(self) -> Iterator[tuple[str, str, Decimal]]:
        for row in self.vouchers():
            if row["GROSS_AMT"] < 0 and self._payable(row):
                yield f"{row['VENDOR_SETID']}-{row['VENDOR_ID']}", row["INVOICE_ID"], -row["GROSS_AMT"]

    def _payable(self, row: Row) -> bool:
        """Approved, open, BILL's to pay by the demo tenant's rule, and without a mistake."""
        statuses = (row["ENTRY_STATUS"], row["APPR_STATUS"], row["CLOSE_STATUS"])
        supplier = self.supplier(row["VENDOR_SETID"], row["VENDOR_ID"])
        parts = [part for line in row["lines"] for part in line["distributions"]]
        known = set(self._expected_accounts())
        return (
            statuses == ("P", "A", "O")
            and all(_untouched(payment) for payment in row["payments"])
            and supplier is not None
            and _usable(supplier)
            and sum((part["MERCHANDISE_AMT"] for part in parts), Decimal(0)) == row["GROSS_AMT"]
            and all(part["ACCOUNT"] in known for part in parts)
        )


def _usable(supplier: Row) -> bool:
    return supplier["VENDOR_STATUS"] == "A" and bool(supplier["addresses"])


def _untouched(payment: Row) -> bool:
    return bool(
        payment["PYMNT_METHOD"] == "ACH"
        and payment["PYMNT_SELCT_STATUS"] == "N"
        and payment["PYMNT_HOLD"] != "Y"
        and payment["PYMNT_ACTION"] in ("S", "")
    )
