"""Small clients of the simulators, as plain as a test needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec

from sandbox import credentials

DECODER = msgspec.json.Decoder(float_hook=Decimal)
WINDOW = {"FROM_DT": "2026-01-01", "THRU_DT": "2026-12-31"}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return DECODER.decode(self.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.body
        rows: list[dict[str, Any]] = self.json["data"]["query"]["rows"]
        return rows

    @property
    def codes(self) -> list[str | None]:
        return [entry.get("code") for entry in self.json]

    @property
    def messages(self) -> list[str]:
        return [entry["message"] for entry in self.json]


async def request(
    http: aiohttp.ClientSession, method: str, url: str, body: Any = None, **options: Any
) -> Answer:
    if body is not None:
        options["data"] = msgspec.json.encode(body)
        options["headers"] = {**options.get("headers", {}), "Content-Type": "application/json"}
    async with http.request(method, url, **options) as response:
        return Answer(response.status, dict(response.headers), await response.read())


@dataclass
class Asker:
    """Runs queries of the PeopleSoft simulator."""

    http: aiohttp.ClientSession
    url: str
    authorization: str = aiohttp.encode_basic_auth(credentials.OPRID, credentials.OPRID_PASSWORD)
    node: str = credentials.NODE

    @property
    def rest(self) -> str:
        return f"{self.url}/PSIGW/RESTListeningConnector/{self.node}"

    async def get(self, path: str, **params: str) -> Answer:
        headers = {"Authorization": self.authorization} if self.authorization else {}
        return await request(self.http, "GET", f"{self.rest}/{path}", params=params, headers=headers)

    async def post(self, path: str, body: Any) -> Answer:
        headers = {"Authorization": self.authorization}
        return await request(self.http, "POST", f"{self.rest}/{path}", body, headers=headers)

    async def query(
        self,
        name: str,
        prompts: Mapping[str, str],
        *,
        owner: str = "PUBLIC",
        form: str = "JSON/NONFILE",
        without: str = "",
        **params: str,
    ) -> Answer:
        given = {
            "isconnectedquery": "N",
            "maxrows": "0",
            "prompt_uniquepromptname": ",".join(prompts),
            "prompt_fieldvalue": ",".join(prompts.values()),
            "json_resp": "true",
        } | params
        given.pop(without, None)
        return await self.get(f"ExecuteQuery.v1/{owner}/{name}/{form}", **given)

    async def vouchers(self, unit: str = "US001", offset: str = "", **params: str) -> Answer:
        prompts = {"BUSINESS_UNIT": unit, **WINDOW, "VOUCHER_ID_OFFSET": offset}
        return await self.query("ML_AP_VOUCHERS", prompts, **params)

    async def voucher(self, key: str) -> list[dict[str, Any]]:
        unit, _, voucher_id = key.partition("|")
        prompts = {"BUSINESS_UNIT": unit, "VOUCHER_ID": voucher_id}
        return (await self.query("ML_AP_VOUCHER_KEY", prompts)).rows


@dataclass
class Payer:
    """Calls BILL's API with a session."""

    http: aiohttp.ClientSession
    url: str
    dev_key: str = credentials.BILL_DEV_KEY
    session_id: str = ""
    made: dict[str, Any] = field(default_factory=dict)

    def login_body(self, **changed: Any) -> dict[str, Any]:
        body = {
            "username": credentials.BILL_USERNAME,
            "password": credentials.BILL_PASSWORD,
            "organizationId": credentials.BILL_ORGANIZATION,
            "devKey": self.dev_key,
        }
        return {name: value for name, value in (body | changed).items() if value is not None}

    async def login(self, **changed: Any) -> Answer:
        answer = await request(self.http, "POST", f"{self.url}/v3/login", self.login_body(**changed))
        if answer.status == 200:
            self.session_id = answer.json["sessionId"]
        return answer

    async def call(self, method: str, path: str, body: Any = None, **params: str) -> Answer:
        headers = {"devKey": self.dev_key, "sessionId": self.session_id}
        return await request(self.http, method, f"{self.url}{path}", body, headers=headers, params=params)

    async def get(self, path: str, **params: str) -> Answer:
        return await self.call("GET", path, **params)

    async def post(self, path: str, body: Any = None, **params: str) -> Answer:
        return await self.call("POST", path, body, **params)

    async def create(self, path: str, body: Any) -> dict[str, Any]:
        answer = await self.post(path, body)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json
        return made

    async def vendor(self, name: str = "Happy Music Supplies", **changed: Any) -> dict[str, Any]:
        return await self.create("/v3/vendors", vendor_body(name, **changed))

    async def account(self, name: str = "Office", number: str = "641000") -> dict[str, Any]:
        body = {"name": name, "account": {"type": "EXPENSE", "number": number}}
        return await self.create("/v3/classifications/chart-of-accounts", body)

    async def bill(self, vendor_id: str, number: str = "INV-1", **changed: Any) -> dict[str, Any]:
        return await self.create("/v3/bills", bill_body(vendor_id, number, **changed))


def vendor_body(name: str = "Happy Music Supplies", **changed: Any) -> dict[str, Any]:
    address = {"line1": "1 Main St", "city": "Boston", "zipOrPostalCode": "02110", "country": "US"}
    return {"name": name, "address": address} | changed


def bill_body(vendor_id: str, number: str = "INV-1", **changed: Any) -> dict[str, Any]:
    return {
        "vendorId": vendor_id,
        "dueDate": "2026-12-31",
        "invoice": {"invoiceNumber": number, "invoiceDate": "2026-11-18"},
        "billLineItems": [{"amount": 149}, {"amount": 79.99, "description": "Drum foot pedal"}],
    } | changed
