"""A matcher that knows one kind of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ml_connector.core.contract import Payload


@dataclass
class FakeMatcher:
    """Orders of 100 pieces; says what it was asked."""

    received: int = 100
    releasable: str = "false"
    asked: list[Payload] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)

    def orders(self, invoice: Payload) -> list[str]:
        return [invoice["order"].replace("-", "|")] if invoice["order"] else []

    async def match(self, invoices: Sequence[Payload]) -> list[Payload]:
        self.turns.append(len(invoices))
        self.asked += invoices
        return [self._one(one) for one in invoices]

    def _one(self, asked: Payload) -> Payload:
        before = sum(row["quantity"] for row in asked["invoiced_before"])
        fits = all(before + (line["quantity"] or 0) <= self.received for line in asked["lines"])
        unit, _, order = asked["order"].partition("-")
        lines = [
            {
                "line": line["line"], "VOUCHER_LINE_NUM": at, "LINE_NBR": line["line"], "SCHED_NBR": "1",
                "QTY_VCHR": line["quantity"], "UNIT_OF_MEASURE": line["unit"], "UNIT_PRICE": line["price"],
                "MERCHANDISE_AMT": line["amount"], "distributions": [
                    {"DISTRIB_LINE_NUM": "1", "ACCOUNT": "500000", "MERCHANDISE_AMT": line["amount"]}
                ],
            }
            for at, line in enumerate(asked["lines"], 1)
        ]  # fmt: skip
        said = {"result": "matched", "reason": ""} if fits else {"result": "receipt", "reason": "line 1"}
        header = {
            "BUSINESS_UNIT": unit, "BUSINESS_UNIT_PO": unit, "PO_ID": order, "VENDOR_SETID": "SHARE",
            "VENDOR_ID": "0000000002", "TXN_CURRENCY_CD": "USD",
        }  # fmt: skip
        return said | {"releasable": self.releasable} | header | {"lines": lines}
