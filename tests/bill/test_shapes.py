"""What is sent and read, held against BILL's published requests, answers and limits.

The published material is no part of the repository: it is looked for at ``ML_FACTS``, or in
``shared/facts`` beside the repository.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from ml_connector.bill.api import BILLS, VENDORS, Filter, Resource
from ml_connector.bill.bill_payments import standing
from ml_connector.bill.bill_state import Settlement, has_approvals, settlement
from ml_connector.bill.bills import Bills
from ml_connector.bill.classifications import ChartOfAccounts, Classification
from ml_connector.bill.errors import failure
from ml_connector.bill.session import BillSession
from ml_connector.bill.vendor_credits import VendorCredits
from ml_connector.bill.vendors import Vendors
from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.http import AiohttpTransport, Request, Response
from ml_connector.core.state.store import Store, utc_now
from sandbox.server import Sandbox

from .support import Bill, bill_body, connected, intent, paid, removal, settings, update, vendor_body

FACTS = Path(os.environ.get("ML_FACTS") or Path(__file__).parents[3] / "shared" / "facts") / "bill"


@dataclass
class Published:
    """BILL's published endpoints, and the samples beside them."""

    endpoints: list[dict[str, Any]]
    samples: Mapping[str, Any]

    def endpoint(self, request: Request, prefix: str) -> dict[str, Any]:
        path = request.path.removeprefix(prefix)
        exact = [one for one in self.endpoints if (one["method"], one["path"]) == (request.method, path)]
        shaped = [
            one
            for one in self.endpoints
            if one["method"] == request.method
            and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one["path"]), path)
        ]
        found = exact or shaped
        assert found, f"BILL publishes no {request.method} {path}"
        return found[0]

    def body(self, endpoint: dict[str, Any]) -> Any:
        """All fields that BILL shows for this request: its example, its answer, the create's example."""
        resource = endpoint["path"].split("/bulk")[0].split("/{")[0]
        shapes = [endpoint["request_example"]]
        for one in self.endpoints:
            if one["path"] in {resource, endpoint["path"]} and one["method"] == "POST":
                shapes += [one["request_example"], one["response_shape"]]
        shapes += [
            sample
            for name, sample in SAMPLES.items()
            if resource == name
            for sample in [self.samples[sample]]
        ]
        merged: Any = None
        for shape in shapes:
            merged = merge(merged, shape[0] if isinstance(shape, list) and shape else shape)
        return merged


SAMPLES = {"/v3/bills": "v3_bill_create_request", "/v3/vendors": "v3_vendor_create_request"}


def merge(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: merge(one.get(name), other.get(name)) for name in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        items = [item for item in (*one, *other) if item is not None]
        merged: Any = None
        for item in items:
            merged = merge(merged, item)
        return [merged]
    return one if other is None else other


def check(value: Any, shape: Any, path: str) -> None:
    """Every field is one that BILL shows, of the kind that it shows."""
    if isinstance(value, dict):
        assert isinstance(shape, dict), f"{path}: BILL shows no object"
        for name, below in value.items():
            assert name in shape, f"{path}.{name}: BILL shows no such field"
            check(below, shape[name], f"{path}.{name}")
    elif isinstance(value, list):
        assert isinstance(shape, list), f"{path}: BILL shows no list"
        for item in value:
            check(item, shape[0], f"{path}[]")
    elif isinstance(value, bool):
        assert shape == "boolean" or isinstance(shape, bool), f"{path}: BILL shows {shape!r}"
    elif isinstance(value, int | Decimal):
        assert shape == "number" or isinstance(shape, int | Decimal), f"{path}: BILL shows {shape!r}"
    else:
        assert isinstance(shape, str), f"{path}: BILL shows {shape!r}"
        assert shape not in {"number", "boolean"}, f"{path}: BILL shows a {shape}"


@pytest.fixture(scope="module")
def published() -> Published:
    listing = FACTS / "v3_ap_endpoints.json"
    if not listing.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"BILL's published shapes are needed at {FACTS}; set ML_FACTS")
        pytest.skip(f"BILL's published shapes are not at {FACTS}; set ML_FACTS to check against them")
    samples = {path.stem: codec.decode(path.read_bytes()) for path in (FACTS / "samples").glob("*.json")}
    return Published(codec.decode(listing.read_bytes())["endpoints"], samples)


class Recorder(AiohttpTransport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        return await super().send(request)


@dataclass
class Recorded:
    bill: Bill
    sent: list[Request] = field(default_factory=list)


@pytest.fixture
async def recorded(sandbox: Sandbox, state: Store) -> AsyncIterator[Recorded]:
    transport = Recorder()
    async with connected(sandbox, state, transport=transport) as api:
        yield Recorded(Bill(sandbox, state, api), transport.sent)


FULL_VENDOR = {
    "accountType": "BUSINESS", "email": "ar@example.com", "phone": "4085550100", "billCurrency": "USD",
    "accountNumber": "ACME-778",
    "address": {
        "line1": "1 Main St", "line2": "Suite 4", "city": "Boston", "stateOrProvince": "MA",
        "zipOrPostalCode": "02110", "country": "US",
    },
    "additionalInfo": {"taxId": "12-3456789", "taxIdType": "EIN", "track1099": True, "companyName": "Vendor"},
}  # fmt: skip


async def run_everything(bill: Bill) -> None:
    """Each call that the product makes, at least once."""
    api, steps = bill.api, bill.steps
    accounts, departments = ChartOfAccounts(api), Classification(api)
    account = {"name": "1 A", "description": "A", "account": {"type": "EXPENSE", "number": "1"}}
    made = await accounts.write([intent(account, key="a"), intent(account | {"name": "2 B"}, key="b")], steps)
    ids = [str(outcome.target_id) for outcome in made]
    await accounts.write(
        [update(account | {"name": f"{n} C"}, one, key=str(n)) for n, one in enumerate(ids)], steps
    )
    await accounts.write([removal(ids[1])], steps)
    await accounts.write([update(account | {"name": "2 B"}, ids[1])], steps)
    department = {"name": "10 Sales", "shortName": "10", "description": "Sales"}
    (one,) = await departments.write([intent(department)], steps)

    vendors = Vendors(api)
    body = vendor_body(1, **FULL_VENDOR)
    made = await vendors.write([intent(body, key="1"), intent(vendor_body(2), key="2")], steps)
    vendor = str(made[0].target_id)
    await vendors.write(
        [update(body | {"name": "New", "address": vendor_body()["address"]}, vendor, body)], steps
    )
    await vendors.find([intent(vendor_body(3))])
    await vendors.write([removal(str(made[1].target_id))], steps)
    await vendors.write([update(vendor_body(2), str(made[1].target_id))], steps)

    bills = Bills(api)
    first = bill_body(vendor, "1", ids[0], purchaseOrderNumber="0000004711", billApprovals=True)
    first["billLineItems"][0]["classifications"]["departmentId"] = one.target_id
    made = await bills.write(
        [
            intent(first, key="1"),
            intent(bill_body(vendor, "2"), key="2"),
            intent(bill_body(vendor, "3"), key="3"),
        ],
        steps,
    )
    numbers = [str(outcome.target_id) for outcome in made]
    changed = first | {"dueDate": "2027-01-15", "billLineItems": first["billLineItems"][:1]}
    await bills.write([update(changed, numbers[0], first)], steps)
    await bills.write([update(changed | {"description": "x"}, numbers[0], changed)], steps)
    await bills.write([removal(numbers[1])], steps)
    await bills.write([update(bill_body(vendor, "2"), numbers[1])], steps)
    payment = {
        "processDate": "2026-11-19",
        "syncReference": "0000012345",
        "description": "Paid by PeopleSoft",
    }
    await bills.write([paid(numbers[2], payment)], steps)
    await bills.write([paid(numbers[2], payment, attempted_at=bill.now())], steps)
    await bills.find([intent(bill_body(vendor, "9"), attempted_at=bill.now())])
    await bills.read_back(numbers)
    await bills.read_back()

    vendor_credits = VendorCredits(api)
    credit: Payload = {
        "vendorId": vendor, "referenceNumber": "C", "creditDate": "2026-11-18", "description": "x",
        "vendorCreditLineItems": [{"amount": Decimal("1.00"), "description": "y"}],
    }  # fmt: skip
    made = await vendor_credits.write(
        [intent(credit, key="1"), intent(credit | {"referenceNumber": "D"}, key="2")], steps
    )
    number = str(made[0].target_id)
    await vendor_credits.write([update(credit | {"creditDate": "2026-11-19"}, number, credit)], steps)
    more = credit["vendorCreditLineItems"] * 2
    await vendor_credits.write([update(credit | {"vendorCreditLineItems": more}, number, credit)], steps)
    await vendor_credits.write([removal(number)], steps)
    await api.session()


async def test_every_request_is_one_that_bill_publishes(published: Published, recorded: Recorded) -> None:
    await run_everything(recorded.bill)
    prefix = recorded.bill.sandbox.bill_url
    used = set()
    for request in recorded.sent:
        endpoint = published.endpoint(request, prefix)
        used.add((endpoint["method"], endpoint["path"]))
        assert set(dict(request.params)) <= set(endpoint["query"]), request.target
        if request.body is None:
            continue
        body = codec.decode(request.body)
        if "bulk_limit" in endpoint:
            assert len(body) <= endpoint["bulk_limit"]
        for one in body if isinstance(body, list) else [body]:
            check(one, published.body(endpoint), endpoint["path"])
    assert len(used) >= 25, sorted(used)


def test_bulk_limits_are_bill_s(published: Published) -> None:
    from ml_connector.bill import api

    resources = [value for value in vars(api).values() if isinstance(value, Resource)]
    limits = {one["path"]: one["bulk_limit"] for one in published.endpoints if "bulk_limit" in one}
    for resource in resources:
        assert resource.bulk == limits[f"/v3/{resource.path}/bulk"], resource.path


def test_bulk_answers_are_wrapped_as_bill_wraps_them(published: Published) -> None:
    from ml_connector.bill import api

    resources = {
        f"/v3/{value.path}/bulk": value for value in vars(api).values() if isinstance(value, Resource)
    }
    for one in published.endpoints:
        if one["path"] in resources and one["method"] == "POST":
            shape = one["response_shape"]
            envelope = resources[one["path"]].envelope
            assert isinstance(shape, list) if envelope is None else list(shape) == [envelope]


# ---- reading what BILL publishes as answers


def test_published_errors_are_understood(published: Published) -> None:
    request = Request("POST", "/v3/bills")
    kinds = {}
    for name, sample in published.samples["v3_errors"].items():
        response = Response(sample["status"], {}, json.dumps(sample["body"], default=str).encode())
        kinds[name] = type(failure(request, response, datetime(2026, 11, 20, 9, 30, tzinfo=UTC))).__name__
    assert kinds == {
        "401_BDC_1109": "Unavailable",
        "4xx_BDC_1144": "HourSpent",
        "4xx_BDC_1322": "TooManyAtOnce",
        "403_BDC_1361": "NotActivated",
        "404_BDC_1205": "NotFound",
        "422_BDC_1152": "Rejected",
        "422_BDC_1171": "Rejected",
        "400_validation": "Rejected",
        "423_BDC_1107": "Unavailable",
    }


def test_the_published_login_is_understood(published: Published) -> None:
    made = settings("http://bill.test", organization_id="00801SIMORGAAAAAA001")
    session = BillSession(made, None, idle=60, clock=utc_now)
    request = codec.decode(session.login_request().body or b"")
    assert set(request) == set(published.samples["v3_login_request"])
    answer = published.samples["v3_login_response_200"] | {"organizationId": made.organization_id}
    token = session.token_from(Response(200, {}, codec.encode(answer)))
    assert token.value == answer["sessionId"]


class Answers:
    """An API that knows one answer."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.now = utc_now

    async def pages(
        self, resource: Resource, filters: list[Filter], **_: Any
    ) -> AsyncIterator[list[dict[str, Any]]]:
        yield list(self.rows)

    async def get(self, resource: Resource, target_id: str) -> dict[str, Any]:
        return self.rows[0]


async def test_the_published_bill_reads_back_as_its_request(published: Published) -> None:
    request, answer = (published.samples[name] for name in ("v3_bill_create_request", "v3_bill_response_201"))
    record = await Bills(cast("Any", Answers(answer)))._record(answer)
    assert record.body == {name: value for name, value in request.items() if name != "billApprovals"}
    assert (record.amount, record.label, record.state) == (Decimal("228.99"), "INV-88121", "active")
    assert (settlement(answer), has_approvals(answer)) == (Settlement.OPEN, True)


async def test_the_published_vendor_reads_back_as_its_request(published: Published) -> None:
    request, answer = (
        published.samples[name] for name in ("v3_vendor_create_request", "v3_vendor_response_201")
    )
    record = await Vendors(cast("Any", Answers(answer)))._record(answer)
    assert record.body == request
    assert record.key == "SHARE|0000000123"


async def test_the_published_payments_are_told_apart(published: Published) -> None:
    recorded, online = (
        published.samples["v3_record_payment"]["response_200"],
        published.samples["v3_payment_response_201"],
    )
    bill = {"id": recorded["billPayments"][0]["billId"], "vendorId": recorded["vendorId"]}
    ours = intent({"payment": {"syncReference": recorded["syncReference"]}}, state="paid")
    found = await standing(cast("Any", Answers(recorded, online)), bill, ours)
    assert (found.ours, len(found.offline), len(found.online)) == ({"CHK-100234"}, 0, 1)


async def test_the_published_page_is_read(published: Published, recorded: Recorded) -> None:
    sample = published.samples["v3_list_response_200"]
    assert set(sample) == {"results", "nextPage", "prevPage"}
    recorded.bill.vendor()
    rows, token = await recorded.bill.api.page(VENDORS)
    assert (len(rows), token) == (1, None)
    assert (await recorded.bill.api.page(BILLS))[0] == []
