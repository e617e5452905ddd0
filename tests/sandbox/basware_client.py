"""A small client of the Basware simulator."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp
from multidict import CIMultiDict

from sandbox import credentials
from sandbox.basware.documents.model import Document
from sandbox.basware.identity import EVERYTHING
from sandbox.basware.state import BaswareState
from sandbox.jsonio import decode, encode
from sandbox.server import Sandbox

from .basware_contract import Contract

TOKEN = "x-amz-meta-continuationtoken"


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


CLIENT = basic(credentials.BASWARE_CLIENT_ID, credentials.BASWARE_CLIENT_SECRET)
UNHURRIED = {"processing_seconds": 60, "write_gap_seconds": 60, "expired_within_seconds": 30}
"""Times that no slow machine lets pass by itself; `Buyer.settle` is longer than any of them."""
USER = basic(credentials.BASWARE_USER, credentials.BASWARE_PASSWORD)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def json(self) -> Any:
        return decode(self.body)

    @property
    def token(self) -> str | None:
        return self.headers.get(TOKEN)

    @property
    def request_id(self) -> str:
        return self.headers["x-amzn-RequestId"]

    @property
    def codes(self) -> list[str]:
        """Codes of a P2P error body."""
        assert self.json["hasErrors"] is True
        return [entry["code"] for entry in self.json["errors"]]

    @property
    def messages(self) -> str:
        return "; ".join(entry["message"] for entry in self.json["errors"])


@dataclass
class Buyer:
    """A customer of Basware: calls with user and password unless it has got a token."""

    http: aiohttp.ClientSession
    sandbox: Sandbox
    authorization: str = USER
    contract: Contract | None = None
    location: str = field(default="", init=False)

    @property
    def state(self) -> BaswareState:
        return self.sandbox.basware

    def switch(self, **values: Any) -> None:
        self.state.switches.change(values)

    async def raw(self, method: str, url: str, body: Any = None, **headers: str) -> Reply:
        data = None if body is None else BytesIO(body if isinstance(body, bytes) else encode(body))
        headers = {"Content-Type": "application/json"} | headers
        async with self.http.request(
            method, url, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return Reply(answer.status, CIMultiDict(answer.headers), await answer.read())

    async def first(self, method: str, path: str, body: Any = None, token: str | None = None) -> Reply:
        """One request, without following."""
        headers = {"Authorization": self.authorization} | ({TOKEN: token} if token else {})
        reply = await self.raw(method, f"{self.sandbox.basware_url}{path}", body, **headers)
        if self.contract is not None:
            sent = body if isinstance(body, bytes | None) else encode(body)
            self.contract.check(method, path, sent, reply.status, reply.body)
        return reply

    async def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Reply:
        """The same, following to a pre-signed address as it has to be done."""
        reply = await self.first(method, path, body, token)
        if reply.status != 302:
            return reply
        self.location = reply.headers["Location"]
        reply = await self.fetch()
        if self.contract is not None and reply.status == 200:
            self.contract.check(method, path, None, reply.status, reply.body)
        return reply

    async def fetch(self, **headers: str) -> Reply:
        """What lies at the latest pre-signed address."""
        async with self.http.get(self.location, headers=headers) as answer:
            return Reply(answer.status, CIMultiDict(answer.headers), await answer.read())

    async def get(self, path: str, token: str | None = None) -> Reply:
        return await self.call("GET", path, token=token)

    async def pages(self, path: str) -> list[list[Any]]:
        """All pages of a list."""
        found, token = [], None
        while True:
            reply = await self.get(path, token)
            assert reply.status == 200, reply.body
            rows = reply.json if isinstance(reply.json, list) else next(iter(reply.json.values()))
            found.append(rows)
            if (token := reply.token) is None:
                return found

    async def token(self, scope: str = " ".join(sorted(EVERYTHING)), **form: str) -> Reply:
        """Ask for a token, and use it from now on."""
        url = f"{self.sandbox.basware_url}/v1/tokens"
        data = {"grant_type": "client_credentials", "scope": scope} | form
        async with self.http.post(url, data=data, headers={"Authorization": CLIENT}) as answer:
            reply = Reply(answer.status, CIMultiDict(answer.headers), await answer.read())
        if reply.status == 200:
            self.authorization = f"Bearer {reply.json['access_token']}"
        return reply

    def invoice(self, *, rows: list[dict[str, Any]] | None = None, **values: Any) -> Document:
        """An approved invoice."""
        return self.state.add({"values": values} | ({"rows": rows} if rows else {}))

    async def act(self, document: Document, action: str, body: Any = None) -> Reply:
        path = f"/v1/accountingDocuments/{document.id}/{action}"
        return await self.call("POST", path, body)

    def advance(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        self.state.work()

    def settle(self) -> None:
        """Long enough for the second stage and for the gap between writes."""
        self.advance(61)

    async def items(self, request_id: str) -> dict[str, str]:
        """Status of each record of a write."""
        reply = await self.get(f"/v1/requestStatus/{request_id}")
        (request,) = reply.json["requestStatus"]
        return {item["externalCode"]: item["status"] for item in request["systems"][0]["items"]}

    async def control(self, operation: str, body: Any = None, status: int = 200) -> Any:
        reply = await self.raw("POST", f"{self.sandbox.control_url}/basware/{operation}", body or {})
        assert reply.status == status, reply.body
        return reply.json


def code() -> str:
    return uuid4().hex


def transfer(**changed: Any) -> dict[str, Any]:
    made = {
        "externalCode": code(),
        "success": True,
        "responseMessage": "Voucher made.",
        "voucherNumber1": "00004711",
        "paymentBlock": False,
    }
    return made | changed


def payment(**changed: Any) -> dict[str, Any]:
    made = {"externalCode": code(), "success": True, "paymentBlock": False, "paidTotal": Decimal("100.00")}
    return made | changed


def names(text: str) -> list[dict[str, str]]:
    return [{"language": "en-US", "translation": text}]


def account(number: str, *companies: str, **changed: Any) -> dict[str, Any]:
    return {
        "externalCode": f"A-{number}",
        "accountCode": number,
        "accountNames": names(f"Account {number}"),
        "companies": [
            {"companyCode": company, "inherit": True, "active": True} for company in companies or ("US001",)
        ],
    } | changed


def terms(number: str = "N30", **changed: Any) -> dict[str, Any]:
    return {
        "externalCode": f"T-{number}",
        "paymentTermCode": number,
        "paymentTermNames": names(number),
        "validFrom": "2000-01-01",
        "validTo": "2099-12-31",
        "companies": [{"companyCode": "US001", "inherit": True, "active": True}],
    } | changed


def bank(number: str, **changed: Any) -> list[dict[str, Any]]:
    account = {"schemeId": "BBAN", "id": number, "default": True} | changed
    means = {"paymentMeansCode": "ACH", "currencyCode": "USD", "default": True}
    return [means | {"financialAccounts": [{"financialAccountIdentifiers": [account]}]}]


def vendor(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "externalCode": f"V-{number}",
        "vendorCode": f"{number:010d}",
        "name": f"Vendor {number}",
        "companies": [{"companyCode": "US001"}],
    } | changed


def list_item(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "externalCode": f"L-{number}",
        "text_1": f"{number}",
        "companies": [{"companyCode": "US001", "active": True}],
    } | changed
