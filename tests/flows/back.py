"""What BILL paid, on its way into PeopleSoft's books: its harness, and what ought to stand there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector.bill.back import payment_source
from ml_connector.bill.bills import Bills
from ml_connector.core.config import Dataset, find_dataset, find_mapping
from ml_connector.core.ledger.settlements import Settlements
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft import soap
from ml_connector.peoplesoft.folders import LocalFolder
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.settlement.connect import Place, make_target
from ml_connector.peoplesoft.settlement.options import SettlementOptions
from sandbox.control import bill as in_bill
from tests.flows.harness import MAPPINGS, Harness
from tests.flows.world import Row, World

BACK = "bill.payments"
URL = "http://127.0.0.1:9/ml-connector/webhooks/bill/demo"
"""Nobody listens there, unless a test says otherwise."""

SETTLEMENT = {
    "way": "journal",
    "accounts": {"payables": {"*": "200000"}, "cash": {"*": {"*": "100000"}}},
    "currencies": {"*": "USD"},
    "settle_seconds": 0,
}


@dataclass
class BackHarness(Harness):
    """Both directions; ``connected(BACK)`` is the way back.

    Attributes:
        settlement: how the tenant settles.
        url: where BILL is to send its events.
        folder: for the files of the staged way.
        key: of the cipher, for other processes.
    """

    settlement: SettlementOptions = field(
        default_factory=lambda: SettlementOptions.model_validate(SETTLEMENT)
    )
    url: str = URL
    folder: Path | None = None
    key: str = ""

    def context(self, flow: str, store: Store, **params: Any) -> FlowContext:
        if flow != BACK:
            return super().context(flow, store, **params)
        dataset = find_dataset("bill", "payments", MAPPINGS)
        mapping = find_mapping("bill", "settlements", MAPPINGS)
        return FlowContext(
            self.tenant, flow, self.tenant.flow(flow), dataset,
            compile_mapping(mapping, dataset, self.tenant), store, "test run", RunParams(**params),
            lease=self.lease, patience=self.patience, events_from="bill",
        )  # fmt: skip

    @asynccontextmanager
    async def connected(self, flow: str, actor: str = "test", **params: Any) -> AsyncIterator[FlowContext]:
        if flow != BACK:
            async with super().connected(flow, actor, **params) as ctx:
                if isinstance(ctx.target, Bills):  # as the product opens it where payments are settled
                    settled = Settlements(ctx.store, self.tenant.tenant, BACK)
                    ctx.target = Bills(ctx.target.api, self.options, settlements=settled)
                yield ctx
            return
        store = self.store(actor)
        try:
            ctx = self.context(flow, store, **params)
            async with (
                make_client(self.peoplesoft, auth=self.peoplesoft.make_auth(None)) as client,
                soap.connect(self.peoplesoft, store, wanted=self.settlement.concurrency) as interfaces,
                payment_source(
                    self.bill, self.options, store, self.tenant, ctx.dataset, address=self.url,
                    clock=self.clock,
                ) as source,
            ):  # fmt: skip
                service = QueryService(client, self.peoplesoft.redactor())
                folder = LocalFolder(self.folder) if self.folder else None
                place = Place(self.peoplesoft, service, interfaces, self._dataset, folder, store.now)
                ctx.source, ctx.target = source, make_target(self.tenant, store, self.settlement, place)
                yield ctx
        finally:
            store.close()

    def _dataset(self, name: str) -> Dataset:
        return find_dataset("peoplesoft", name, MAPPINGS).for_tenant(self.tenant)


@dataclass
class Books:
    """What stands in PeopleSoft's general ledger because of BILL's payments."""

    world: World

    @property
    def journals(self) -> list[Row]:
        """Journals of our source."""
        return [row for row in self.world.sandbox.peoplesoft.journals if row["SOURCE"] == "BIL"]

    def per_payment(self) -> dict[str, list[Row]]:
        """Journals by the payment that they name."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.journals:
            found[payment_named(row["DESCR"])].append(row)
        return found

    def cash(self) -> Decimal:
        """What left the cash account, in all."""
        lines = [line for row in self.journals for line in row["lines"] if line["ACCOUNT"] == "100000"]
        return -sum((Decimal(str(line["MONETARY_AMOUNT"])) for line in lines), Decimal(0))

    def check(self) -> None:
        """Each journal balances, and each payment has as many entries as it needs, each once."""
        for row in self.journals:
            assert sum(Decimal(str(line["MONETARY_AMOUNT"])) for line in row["lines"]) == 0, row
        ids = Counter((row["BUSINESS_UNIT"], row["JOURNAL_ID"]) for row in self.journals)
        assert max(ids.values(), default=1) == 1, ids
        wanted = {
            payment["id"]: payment["amount"]
            for payment in self.world.bill.payments
            if payment["singleStatus"] == "CLEARED" and payment["onlinePayment"]
        }
        assert self.cash() == sum((Decimal(str(amount)) for amount in wanted.values()), Decimal(0))
        for payment, rows in self.per_payment().items():
            units = Counter(row["BUSINESS_UNIT"] for row in rows)
            assert all(count % 2 == (payment in wanted) for count in units.values()), (payment, rows)


def payment_named(description: str) -> str:
    """The payment's id in a journal's description."""
    return next(word for word in description.split() if word.startswith("stp"))


def pay(world: World, bill: Row, **more: Any) -> Row:
    """BILL pays a bill, to the end unless ``through`` names another status."""
    return in_bill.pay(world.sandbox.bill, {"bill_id": bill["id"], **more})


def move(world: World, payment: Row, single_status: str) -> Row:
    """BILL moves a payment."""
    return in_bill.move(world.sandbox.bill, {"payment_id": payment["id"], "single_status": single_status})


def unpaid(world: World) -> list[Row]:
    """Living bills that nobody has paid, by number."""
    bills = [row for row in world.held("bill.bills") if row["paymentStatus"] == "UNPAID"]
    return sorted(bills, key=lambda row: row["invoice"]["invoiceNumber"])
