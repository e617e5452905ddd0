"""A SOAP client of the PeopleSoft simulator made with zeep, which knows nothing of how we write XML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import requests
import zeep
from zeep.helpers import serialize_object
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from sandbox import credentials
from sandbox.server import Sandbox, SandboxThread

from .clients import DECODER

T = TypeVar("T")
BASIC = (credentials.OPRID, credentials.OPRID_PASSWORD)
METHODS = {"Create": "C", "Get": "G", "Find": "F", "Update": "UP", "Updatedata": "UD"}
CONNECTOR = "/PSIGW/PeopleSoftServiceListeningConnector"

_today = datetime.now(ZoneInfo("America/New_York")).date()  # as the database sees it
TODAY, YESTERDAY, TOMORROW = ((_today + timedelta(days=days)).isoformat() for days in (0, -1, 1))


@dataclass
class Outcome:
    """An answer of Create, Update or Updatedata."""

    saved: bool
    keys: dict[str, Any]
    messages: list[dict[str, Any]]

    @property
    def texts(self) -> list[str]:
        return [message["messagetext"] for message in self.messages]

    @property
    def numbers(self) -> list[str]:
        return [message["messagenumber"] for message in self.messages]


@dataclass
class Site:
    """A running sandbox and clients for it, for tests that block."""

    thread: SandboxThread
    sandbox: Sandbox
    basic: tuple[str, str] | None = BASIC
    wsse: tuple[str, str] | None = None
    clients: dict[str, zeep.Client] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.sandbox.peoplesoft_url}{CONNECTOR}"

    def within(self, work: Callable[[Sandbox], T]) -> T:
        """Do something in the sandbox's own thread."""
        return self.thread.call(lambda: work(self.sandbox))

    def switch(self, **values: Any) -> None:
        self.within(lambda sandbox: sandbox.peoplesoft.switches.change(values))
        self.clients.clear()

    def fault(self, kind: str, operation: str, **values: Any) -> None:
        self.within(
            lambda sandbox: sandbox.faults.add(system="peoplesoft", kind=kind, operation=operation, **values)
        )

    def http(self) -> requests.Session:
        session = requests.Session()
        session.auth = self.basic
        session.trust_env = False
        return session

    def client(self, service: str, version: str = "1") -> zeep.Client:
        if service not in self.clients:
            wsse = UsernameToken(*self.wsse) if self.wsse else None
            address = f"{self.url}/{credentials.NODE}/{service}.{version}.wsdl"
            self.clients[service] = zeep.Client(address, transport=Transport(session=self.http()), wsse=wsse)
        return self.clients[service]

    def call(self, ci: str, method: str, **values: Any) -> Any:
        """Call a method with plain values and get plain values back."""
        client = self.client(f"CI_{ci}")
        return plain(client.service[f"CI_{ci}_{METHODS[method]}"](**texts(values)))

    def save(self, ci: str, method: str, **values: Any) -> Outcome:
        answer = self.call(ci, method, **values)
        detail = answer["detail"]
        return Outcome(answer["notification"] == "1", detail[ci], detail["messages"])

    def create(self, ci: str, **values: Any) -> Outcome:
        return self.save(ci, "Create", **values)

    def post(self, text: str | bytes, action: str, path: str = "", **headers: str) -> requests.Response:
        """Post a body as it is."""
        sent = {"SOAPAction": f'"{action}"', "Content-Type": "text/xml; charset=utf-8", **headers}
        body = text.encode() if isinstance(text, str) else text
        with self.http() as session:
            return session.post(f"{self.url}{path}", data=body, headers=sent, timeout=30)

    def message(self, ci: str, method: str, **values: Any) -> str:
        """The request zeep would send."""
        from lxml import etree

        client = self.client(f"CI_{ci}")
        made = client.create_message(client.service, f"CI_{ci}_{METHODS[method]}", **texts(values))
        text: bytes = etree.tostring(made)
        return text.decode()

    def rows(self, query: str, **prompts: str) -> list[dict[str, Any]]:
        """Run a query."""
        params = {
            "isconnectedquery": "N",
            "maxrows": "0",
            "json_resp": "true",
            "prompt_uniquepromptname": ",".join(prompts),
            "prompt_fieldvalue": ",".join(prompts.values()),
        }
        rest = f"{self.sandbox.peoplesoft_url}/PSIGW/RESTListeningConnector/{credentials.NODE}"
        address = f"{rest}/ExecuteQuery.v1/PUBLIC/{query}/JSON/NONFILE"
        with self.http() as session:
            answer = session.get(address, params=params, timeout=30)
        assert answer.status_code == 200, answer.content
        rows: list[dict[str, Any]] = DECODER.decode(answer.content)["data"]["query"]["rows"]
        return rows

    def control(self, path: str, body: Any = None) -> Any:
        with self.http() as session:
            answer = session.post(f"{self.sandbox.control_url}{path}", json=body or {}, timeout=30)
        assert answer.status_code == 200, answer.content
        return DECODER.decode(answer.content)


def texts(value: Any) -> Any:
    """Numbers as text, as zeep takes a number for an object with attributes; None is not given."""
    if isinstance(value, list):
        return [texts(item) for item in value]
    if isinstance(value, dict):
        return {name: texts(item) for name, item in value.items() if item is not None}
    return str(value)


def plain(value: Any) -> Any:
    """zeep's objects without the wrapper around every leaf."""
    return _unwrapped(serialize_object(value, dict))


def _unwrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    if isinstance(value, dict):
        if "_value_1" in value:
            return value["_value_1"] if value["_value_1"] is not None else ""
        return {name: _unwrapped(item) for name, item in value.items()}
    return value


def voucher(**changed: Any) -> dict[str, Any]:
    """A voucher of one line that PeopleSoft accepts."""
    return {
        "BUSINESS_UNIT": "US001",
        "VOUCHER_ID": "NEXT",
        "INVOICE_ID": "BW-778812",
        "INVOICE_DT": "2026-10-02",
        "VENDOR_ID": "0000000012",
        "GROSS_AMT": "1250.50",
        "TXN_CURRENCY_CD": "USD",
        "VOUCHER_LINE": [voucher_line(1, "1250.50")],
    } | changed


def voucher_line(number: int, amount: str, **changed: Any) -> dict[str, Any]:
    part = {"DISTRIB_LINE_NUM": 1, "ACCOUNT": "641000", "DEPTID": "10200", "MERCHANDISE_AMT": amount}
    return {
        "VOUCHER_LINE_NUM": number,
        "DESCR": "Office supplies",
        "MERCHANDISE_AMT": amount,
        "DISTRIB_LINE": [part],
    } | changed


def distribution(number: int, amount: str, **changed: Any) -> dict[str, Any]:
    return {
        "DISTRIB_LINE_NUM": number,
        "ACCOUNT": "641000",
        "DEPTID": "10200",
        "MERCHANDISE_AMT": amount,
    } | changed


def journal(**changed: Any) -> dict[str, Any]:
    """A journal that PeopleSoft accepts."""
    return {
        "BUSINESS_UNIT": "US001",
        "JOURNAL_ID": "NEXT",
        "JOURNAL_DATE": TODAY,
        "SOURCE": "ML",
        "DESCR": "BILL payment",
        "JRNL_LN": [journal_line(1, "200000", "228.99"), journal_line(2, "100000", "-228.99")],
    } | changed


def journal_line(number: int, account: str, amount: str | Decimal, **changed: Any) -> dict[str, Any]:
    return {
        "JOURNAL_LINE": number,
        "LEDGER": "ACTUALS",
        "ACCOUNT": account,
        "CURRENCY_CD": "USD",
        "MONETARY_AMOUNT": amount,
        "JRNL_LN_REF": "P261120001",
        "LINE_DESCR": "Happy Music Supplies",
    } | changed


def supplier(**changed: Any) -> dict[str, Any]:
    """A supplier that PeopleSoft accepts."""
    return {
        "SETID": "SHARE",
        "VENDOR_ID": "NEXT",
        "VENDOR_NAME_SHORT": "NEWCO-001",
        "NAME1": "New Company & Söhne",
        "VENDOR_ADDR": [
            {
                "ADDRESS_SEQ_NUM": 1,
                "EFFDT": "2026-01-01",
                "ADDRESS1": "1 Main St",
                "CITY": "Boston",
                "STATE": "MA",
                "POSTAL": "02110",
                "COUNTRY": "USA",
                "EMAILID": "ap@newco.example",
                "PHONE": "617 555 0100",
            }
        ],
        "VENDOR_LOC": [{"VNDR_LOC": "MAIN", "EFFDT": "2026-01-01", "PYMNT_TERMS_CD": "N30"}],
    } | changed


def order(**changed: Any) -> dict[str, Any]:
    """A purchase order that PeopleSoft accepts."""
    return {
        "BUSINESS_UNIT": "US001",
        "PO_ID": "NEXT",
        "PO_REF": "SO-4711",
        "VENDOR_ID": "0000000012",
        "PO_LINE": [order_line(1)],
    } | changed


def order_line(number: int, quantity: str = "3", price: str = "12.50", **changed: Any) -> dict[str, Any]:
    amount = str(Decimal(quantity) * Decimal(price))
    part = {"DISTRIB_LINE_NUM": 1, "ACCOUNT": "641000", "DEPTID": "10200", "MERCHANDISE_AMT": amount}
    schedule = {
        "SCHED_NBR": 1,
        "QTY_PO": quantity,
        "PRICE_PO": price,
        "UNIT_OF_MEASURE": "EA",
        "MERCHANDISE_AMT": amount,
        "DUE_DT": "2026-12-15",
        "PO_LINE_DISTRIB": [part],
    }
    return {"LINE_NBR": number, "DESCR254_MIXED": "Safety gloves", "PO_LINE_SHIP": [schedule]} | changed
