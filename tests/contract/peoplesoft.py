"""PeopleSoft's targets against the sandbox, in the words of the contract's tests."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.config import Dataset, TenantConfig, load_dataset
from ml_connector.core.contract import Payload, Target
from ml_connector.core.http import Retry
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.writers.connect import Site, open_component_target
from ml_connector.peoplesoft.writers.kinds import JOURNAL, PURCHASE_ORDER, SUPPLIER, VOUCHER, Kind
from ml_connector.peoplesoft.writers.options import WriterOptions
from sandbox import credentials
from sandbox.peoplesoft import queries
from sandbox.peoplesoft.soap.methods import Methods
from sandbox.server import Sandbox
from tests.contract.subject import BANK_ACCOUNT, Subject

MAPPINGS = Path(__file__).parents[2] / "include" / "mappings" / "peoplesoft"
UNIT, SETID = "US001", "SHARE"
_TENANT: dict[str, Any] = {
    "tenant": "acme", "environment": "test", "time_zone": "America/New_York", "start": "2026-01-01",
    "connections": {"peoplesoft": "acme__peoplesoft"}, "business_units": [UNIT], "setids": [SETID],
}  # fmt: skip


def dataset(name: str) -> Dataset:
    return load_dataset(MAPPINGS / f"{name}.yaml")


def connection(sandbox: Sandbox) -> PeopleSoftSettings:
    return PeopleSoftSettings.from_connection(
        host=sandbox.peoplesoft_url,
        login=credentials.OPRID,
        password=credentials.OPRID_PASSWORD,
        extra={"node": credentials.NODE, "requesting_node": credentials.REQUESTING_NODE},
    )


class PeopleSoftSubject(Subject):
    """One of the targets over component interfaces against the sandbox, looked up by query."""

    page = 5
    narrow = True
    bulk = False
    read = "query"
    kind: Kind
    lookup: str  # query that finds objects by their natural key

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._committed_at = self.now()
        self._late = 0.0
        self._query = queries.QUERIES[self.lookup]

    @property
    def secrets(self) -> dict[str, str]:
        return {"password": credentials.OPRID_PASSWORD}

    @property
    def tenant(self) -> TenantConfig:
        interface = {"component_interfaces": {self.kind.name: {"read": self.read}}}
        return TenantConfig.model_validate(_TENANT | interface)

    def options(self) -> WriterOptions:
        return WriterOptions(settle_seconds=self.settle)

    @asynccontextmanager
    async def site(self, store: Store) -> AsyncIterator[Site]:
        settings, options = connection(self.sandbox), self.options()
        async with make_client(settings, retry=Retry(attempts=1)) as client:
            service = QueryService(client, settings.redactor())
            yield Site(settings, self.tenant, options, service, dataset, self.now)

    @asynccontextmanager
    async def open(self, store: Store, *, batches: bool = True) -> AsyncIterator[Target]:
        async with self.site(store) as site, open_component_target(self.kind, site, store) as target:
            yield target

    @property
    def held(self) -> Any:
        return self.sandbox.peoplesoft

    def writes(self) -> int:
        counted = self.sandbox.calls.per_operation.items()
        return sum(number for name, number in counted if name.endswith(("_C", "_UP", "_UD")))

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        if self.now() >= self._committed_at:
            await self.sandbox.settled()

    # ---- what goes wrong

    def _fault(self, kind: str, **more: Any) -> None:
        for method in ("C", "UP", "UD"):
            operation = f"SOAP CI_{self.kind.interface}_{method}"
            self.sandbox.faults.add(system="peoplesoft", kind=kind, operation=operation, **more)

    def lose_answer(self, skip: int = 0) -> None:
        if self._late:
            self.commit_late(self._late)
        else:
            self._fault("lost", skip=skip)

    def commit_late(self, seconds: float) -> None:
        self._committed_at = self.now() + timedelta(seconds=seconds)
        self._fault("late_commit", seconds=seconds)

    def never_arrive(self) -> None:
        self._fault("reset")

    def limit_rate(self, skip: int = 0) -> float:
        self._fault("error", status=429, skip=skip)
        return 60.0

    def expire_login(self, skip: int = 0) -> None:
        """Each call carries its credentials, so no login ends."""

    def lag(self, seconds: float) -> None:
        """Queries read the database: what they do not show was not committed yet."""
        self._late = seconds

    def ignore_filters(self) -> None:
        everything = {"BUSINESS_UNIT": UNIT, "SETID": SETID}

        def read(state: Any, prompts: Any, query: str) -> Any:
            return self.everything(state, everything)

        queries.QUERIES[self.lookup] = replace(self._query, read=read)

    @abstractmethod
    def everything(self, state: Any, prompts: Payload) -> Any:
        """Rows of a look-up query that has lost its criteria."""

    def heal(self) -> None:
        self.sandbox.faults.clear()
        queries.QUERIES[self.lookup] = self._query

    def repeat_secrets(self, kind: str) -> None:
        message = f"BANK_ACCOUNT_NUM {BANK_ACCOUNT} is refused, password={credentials.OPRID_PASSWORD}"
        code = {"refusal": "159,5", "outage": "158,10721", "login": "158,45"}[kind]
        self._fault("error", status=500, code=code, message=f"{message} ({code})")


class VoucherSubject(PeopleSoftSubject):
    flow, kind, lookup = "basware.invoices", VOUCHER, "ML_AP_VOUCHER_BY_INVOICE"

    def body(self, number: int) -> Payload:
        amount = Decimal(number) + Decimal("0.25")
        account = {"DISTRIB_LINE_NUM": 1, "ACCOUNT": "641000", "DEPTID": "10200", "MERCHANDISE_AMT": amount}
        line = {"VOUCHER_LINE_NUM": 1, "DESCR": "Paper", "MERCHANDISE_AMT": amount, "DISTRIB_LINE": [account]}
        return {
            "BUSINESS_UNIT": UNIT,
            "INVOICE_ID": f"BW-{number}",
            "INVOICE_DT": "2026-11-02",
            "VENDOR_ID": "0000000001",
            "GROSS_AMT": amount,
            "TXN_CURRENCY_CD": "USD",
            "DESCR254_MIXED": f"basware {number}",
            "VOUCHER_LINE": [line],
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"DESCR254_MIXED": "changed"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"VENDOR_ID": "0000099999"}

    def amount(self, body: Payload) -> Decimal | None:
        return body.get("GROSS_AMT")

    def key(self, thing: Payload) -> str:
        return f"{thing.get('VENDOR_ID')} {thing.get('INVOICE_ID')}"

    def living(self) -> list[Payload]:
        table = self.held.vouchers[UNIT]
        rows = [row for row in table._overlay.values() if row is not None and row["ENTRY_STATUS"] != "X"]
        return [{**row, "id": f"{UNIT}|{row['VOUCHER_ID']}"} for row in rows]

    def everything(self, state: Any, prompts: Payload) -> Any:
        return ((row,) for row in self.living())


class JournalSubject(PeopleSoftSubject):
    flow, kind, lookup = "cleo.journals", JOURNAL, "ML_GL_JOURNAL_KEY"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._before = {row["JOURNAL_ID"] for row in self.held.journals}

    def body(self, number: int) -> Payload:
        amount = Decimal(number) + Decimal("0.25")
        lines = [self.line(1, "641000", amount), self.line(2, "200000", -amount)]
        return {
            "BUSINESS_UNIT": UNIT,
            "JOURNAL_ID": f"J{number:09d}",
            "JOURNAL_DATE": "2026-11-02",
            "LEDGER_GROUP": "ACTUALS",
            "SOURCE": "EXT",
            "DESCR": f"Journal {number}",
            "JRNL_LN": lines,
        }

    def line(self, number: int, account: str, amount: Decimal) -> Payload:
        return {
            "JOURNAL_LINE": number, "LEDGER": "ACTUALS", "ACCOUNT": account, "DEPTID": "10200",
            "CURRENCY_CD": "USD", "MONETARY_AMOUNT": amount, "LINE_DESCR": "Line",
        }  # fmt: skip

    def changed(self, body: Payload) -> Payload:
        return body | {"DESCR": "changed"}

    def guilty(self, number: int) -> Payload:
        body = self.body(number)
        return body | {"JRNL_LN": body["JRNL_LN"][:1]}

    def amount(self, body: Payload) -> Decimal | None:
        return self.kind.amount(body)

    def key(self, thing: Payload) -> str:
        return str(thing.get("JOURNAL_ID", ""))

    def living(self) -> list[Payload]:
        rows = (row for row in self.held.journals if row["JOURNAL_ID"] not in self._before)
        return [{**row, "id": "|".join(self.held.journals.key_of(row))} for row in rows]

    def everything(self, state: Any, prompts: Payload) -> Any:
        for record in state.journals:
            yield from ((record, line) for line in record["lines"])


class SupplierSubject(PeopleSoftSubject):
    flow, kind, lookup = "cleo.suppliers", SUPPLIER, "ML_AP_SUPPLIER_BY_NAME"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._before = {row["VENDOR_ID"] for row in self.held.suppliers.under(SETID)}

    def body(self, number: int) -> Payload:
        address = {
            "ADDRESS_SEQ_NUM": 1, "EFFDT": "2026-01-01", "EFF_STATUS": "A", "ADDRESS1": "1 Main St",
            "CITY": "Boston", "STATE": "MA", "POSTAL": "02110", "COUNTRY": "USA",
        }  # fmt: skip
        location = {"VNDR_LOC": "MAIN", "EFFDT": "2026-01-01", "EFF_STATUS": "A", "CURRENCY_CD": "USD"}
        return {
            "SETID": SETID,
            "VENDOR_NAME_SHORT": f"NEW{number}",
            "NAME1": f"New Supplier {number}",
            "VENDOR_CLASS": "R",
            "VENDOR_ADDR": [address],
            "VENDOR_LOC": [location],
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"NAME2": "changed"}

    def guilty(self, number: int) -> Payload:
        body = self.body(number)
        return body | {"VENDOR_LOC": [body["VENDOR_LOC"][0] | {"CURRENCY_CD": "XXX"}]}

    def key(self, thing: Payload) -> str:
        return str(thing.get("NAME1", ""))

    def living(self) -> list[Payload]:
        rows = (row for row in self.held.suppliers.under(SETID) if row["VENDOR_ID"] not in self._before)
        living = (row for row in rows if row["VENDOR_STATUS"] != "I")
        return [{**row, "id": f"{SETID}|{row['VENDOR_ID']}"} for row in living]

    def everything(self, state: Any, prompts: Payload) -> Any:
        return ((row, None, None) for row in state.suppliers.under(SETID))


class OrderSubject(PeopleSoftSubject):
    flow, kind, lookup = "cleo.orders", PURCHASE_ORDER, "ML_PO_BY_REF"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._before = {row["PO_ID"] for row in self.held.orders.under(UNIT)}

    def body(self, number: int) -> Payload:
        amount = Decimal(number) * 2 + Decimal("0.50")
        account = {"DISTRIB_LINE_NUM": 1, "ACCOUNT": "641000", "DEPTID": "10200", "MERCHANDISE_AMT": amount}
        schedule = {
            "SCHED_NBR": 1, "QTY_PO": 2, "PRICE_PO": amount / 2, "UNIT_OF_MEASURE": "EA",
            "MERCHANDISE_AMT": amount, "DUE_DT": "2026-12-01", "PO_LINE_DISTRIB": [account],
        }  # fmt: skip
        line = {"LINE_NBR": 1, "DESCR254_MIXED": "Paper", "PO_LINE_SHIP": [schedule]}
        return {
            "BUSINESS_UNIT": UNIT,
            "PO_REF": f"WEB-{number}",
            "PO_DT": "2026-11-02",
            "VENDOR_ID": "0000000001",
            "CURRENCY_CD": "USD",
            "PO_LINE": [line],
        }

    def changed(self, body: Payload) -> Payload:
        return body | {"PO_DT": "2026-11-03"}

    def guilty(self, number: int) -> Payload:
        return self.body(number) | {"VENDOR_ID": "0000099999"}

    def amount(self, body: Payload) -> Decimal | None:
        return self.kind.amount(body)

    def key(self, thing: Payload) -> str:
        return str(thing.get("PO_REF", ""))

    def living(self) -> list[Payload]:
        rows = (row for row in self.held.orders.under(UNIT) if row["PO_ID"] not in self._before)
        living = (row for row in rows if row["PO_STATUS"] not in ("X", "PX"))
        return [{**row, "id": f"{UNIT}|{row['PO_ID']}"} for row in living]

    def everything(self, state: Any, prompts: Payload) -> Any:
        for record in state.orders.under(UNIT):
            yield (record, record["lines"][0], record["lines"][0]["schedules"][0], None, None)


class ByInterface(PeopleSoftSubject):
    """Looked up by the interface's own Get and Find; a Find that has lost its criteria shows everything."""

    read = "interface"

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._patch = pytest.MonkeyPatch()

    def ignore_filters(self) -> None:
        state = self.sandbox.peoplesoft

        def everything(methods: Methods, given: Any) -> list[Any]:
            return list(methods.component.candidates(state, {}))[:200]

        self._patch.setattr(Methods, "find", everything)

    def heal(self) -> None:
        super().heal()
        self._patch.undo()


class VouchersByInterface(ByInterface, VoucherSubject):
    pass


class JournalsByInterface(ByInterface, JournalSubject):
    pass


class SuppliersByInterface(ByInterface, SupplierSubject):
    pass


class OrdersByInterface(ByInterface, OrderSubject):
    pass
