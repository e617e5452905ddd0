"""What happens in the sandbox's P2P while nobody looks: people approve invoices, and correct some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Control = Callable[..., Any]


class Invoices:
    """Invoices in Basware, through the sandbox's control endpoint.

    Args:
        control: asks it: method, path, body.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._long = ""

    def approve(self) -> list[str]:
        """Some that are fit, one with a number too long for PeopleSoft, and one on an unknown account."""
        for number in range(1, 5):
            rows = [
                {"netTotal": 120 * number, "taxSum": 12 * number, "costCenterCode": "10200"},
                {"netTotal": 80, "costCenterCode": "10300"},
            ]
            self._approve(f"BW-DEMO-{number}", rows)
        self._approve("BW-DEMO-CREDIT", [{"netTotal": -45}])
        self._long = self._approve(f"BW-DEMO-{'0' * 40}", [{"netTotal": 75}])
        self._approve("BW-DEMO-ACCOUNT", [{"netTotal": 60, "accountCode": "999999"}])
        return ["5 invoices approved, one with a number too long, one on an account that is not there"]

    def correct(self) -> list[str]:
        """Somebody shortens the number and transfers the invoice again."""
        body = {"invoiceId": self._long, "values": {"invoiceNumber": "BW-DEMO-SHORT"}}
        self._post("retransfer", body)
        return ["the invoice with the long number was corrected and transferred again"]

    def pay(self) -> list[str]:
        """PeopleSoft's pay cycle pays the vouchers of two invoices."""
        told = [row for row in self._post("documents", {"status": "Transferred"}) if row["voucherNumber1"]]
        paid = sorted(told, key=lambda row: row["invoiceNumber"])[:2]
        for row in paid:
            whole = self._post("document", {"invoiceId": row["invoiceId"]})
            key = [whole["voucherNumber2"], whole["voucherNumber1"]]
            self._control("POST", "/peoplesoft/pay", {"key": key})
        return [f"PeopleSoft paid {' and '.join(row['invoiceNumber'] for row in paid)}"]

    def decide(self) -> None:
        """Time passes in P2P: it processes what it was told."""
        self._control("POST", "/clock", {"advance": 30})

    def all_delivered(self) -> bool:
        """Whether every notification reached the receiver."""
        return not self._state()["push"]["open"]

    def doubled(self) -> int:
        """Invoices that were answered with two vouchers, and writes that came too close to each other."""
        state = self._state()
        return len(state["duplicates"]) + int(state["gap_violations"])

    def statuses(self) -> dict[str, int]:
        """How many invoices there are in each status."""
        counted: dict[str, int] = self._state()["statuses"]
        return counted

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._control("GET", "/state")["basware"]
        return found

    def _approve(self, number: str, rows: list[dict[str, Any]]) -> str:
        made = self._post("invoice", {"values": {"invoiceNumber": number}, "rows": rows})
        return str(made["invoiceId"])

    def _post(self, operation: str, body: dict[str, Any]) -> Any:
        return self._control("POST", f"/basware/{operation}", body)
