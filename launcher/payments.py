"""What happens in the sandbox's BILL while nobody looks: people pay bills there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Control = Callable[..., Any]
_UNPAID = {"table": "bills", "values": {"paymentStatus": "UNPAID", "archived": False}}


class Payments:
    """Pays bills through the sandbox's control endpoint.

    Args:
        control: asks it: method, path, body.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._settled: dict[str, Any] = {}

    def make(self) -> list[str]:
        """Pay some bills whole, one in part and two at once, and leave one payment on its way."""
        bills = self._unpaid()
        for bill in bills[:6]:
            self._settled = self._pay(bill)
        part, late = bills[6], bills[7]
        self._pay(part, amount=round(float(part["amount"]) / 2, 2))
        self._pay(late, through="SCHEDULED")
        said = [
            "6 bills paid and cleared",
            f"half of bill {_number(part)} paid",
            f"bill {_number(late)} scheduled, no money moved yet",
        ]
        if pair := self._pair(bills[8:]):
            self._post("pay", {"bill_ids": [bill["id"] for bill in pair]})
            said.append(f"bills {_number(pair[0])} and {_number(pair[1])} paid with one payment")
        return said

    def schedule(self) -> dict[str, Any]:
        """A payment on its way: no money has moved."""
        return self._pay(self._unpaid()[0], through="SCHEDULED")

    def fail(self) -> list[str]:
        """A cleared payment comes back."""
        values = {"payment_id": self._settled["id"], "single_status": "DISBURSEMENT_FAILED_ACTION_NEEDED"}
        self._post("move", values)
        return [f"payment {self._settled['confirmationNumber']} came back from the vendor's bank"]

    def all_delivered(self) -> bool:
        """Whether every event of the payments reached the receiver."""
        return not self._control("GET", "/state")["bill_webhooks"]["open"]

    def _unpaid(self) -> list[dict[str, Any]]:
        """Bills that nothing else is planned for: the scenario's own have stories of another kind."""
        found: list[dict[str, Any]] = self._post("find", _UNPAID)
        return sorted((bill for bill in found if not _number(bill).startswith("DEMO-")), key=_number)

    def _pair(self, bills: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Two bills of one vendor."""
        first: dict[str, dict[str, Any]] = {}
        for bill in bills:
            other = first.setdefault(bill["vendorId"], bill)
            if other is not bill:
                return [other, bill]
        return []

    def _pay(self, bill: dict[str, Any], **more: Any) -> dict[str, Any]:
        paid: dict[str, Any] = self._post("pay", {"bill_id": bill["id"], **more})
        return paid

    def _post(self, operation: str, body: dict[str, Any]) -> Any:
        return self._control("POST", f"/bill/{operation}", body)


def _number(bill: dict[str, Any]) -> str:
    return str(bill["invoice"]["invoiceNumber"])
