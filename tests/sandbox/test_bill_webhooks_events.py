"""BILL: which changes produce which events, and the shape of their payloads."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.bill import payments

from .clients import bill_body, vendor_body
from .receiver import Hooks, Receiver
from .shapes import differences, sample

CLASSES = {"chartOfAccountId": "chart-of-accounts", "departmentId": "departments", "locationId": "locations",
           "accountingClassId": "accounting-classes"}  # fmt: skip
FULL_VENDOR = vendor_body(
    shortName="SHARE-0000000123",
    accountNumber="ACME-778",
    email="ar@happymusic.example",
    phone="4085550100",
    billCurrency="USD",
    additionalInfo={
        "companyName": "Happy Music LLC", "taxId": "12-3456789", "taxIdType": "EIN", "track1099": True,
        "combinePayments": True,
    },
    paymentInformation={
        "payeeName": "Happy Music",
        "bankAccount": {"nameOnAccount": "Happy", "accountNumber": "111222333", "routingNumber": "074000010"},
    },
)  # fmt: skip
FULL_VENDOR["address"] |= {"line2": "Suite 4", "stateOrProvince": "MA"}


async def full_bill(hooks: Hooks) -> dict[str, Any]:
    vendor = await hooks.payer.create("/v3/vendors", FULL_VENDOR)
    ids = {
        name: (await hooks.payer.create(f"/v3/classifications/{path}", {"name": name}))["id"]
        for name, path in CLASSES.items()
    }
    more = {"payFromChartOfAccountId": ids["chartOfAccountId"], "purchaseOrderNumber": "0000004711"}
    return await hooks.payer.bill(vendor["id"], classifications=ids, description="PS US001", **more)


async def payloads(hooks: Hooks, subscription: dict[str, Any]) -> list[dict[str, Any]]:
    """All payloads in the order of the events."""
    rows = await hooks.history(
        subscription, createdTimeFrom="2020-01-01T00:00:00Z", ascending="true", max="100"
    )
    return [json.loads(row["payload"]) for row in rows]


async def types(hooks: Hooks, subscription: dict[str, Any]) -> list[str]:
    return [payload["metadata"]["eventType"] for payload in await payloads(hooks, subscription)]


async def test_vendors_and_bills_through_the_api(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    vendor = await hooks.payer.vendor()
    bill = await hooks.payer.bill(vendor["id"])
    for kind, row in (("vendors", vendor), ("bills", bill)):
        path = f"/v3/{kind}/{row['id']}"
        await hooks.payer.call("PATCH", path, {"phone": "1"} if kind == "vendors" else {"description": "x"})
        for verb in ("archive", "archive", "restore", "restore"):
            assert (await hooks.payer.post(f"{path}/{verb}")).status == 200
    expected = ["vendor.created", "bill.created"]
    expected += [
        f"{kind}.{verb}" for kind in ("vendor", "bill") for verb in ("updated", "archived", "restored")
    ]
    assert await types(hooks, made) == expected


async def test_bulk_calls_and_refusals(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    await hooks.payer.post("/v3/vendors/bulk", [vendor_body("A"), vendor_body("B")])
    assert (await hooks.payer.post("/v3/vendors/bulk", [vendor_body("C"), {}])).status == 400
    assert await types(hooks, made) == ["vendor.created", "vendor.created"]


async def test_changes_by_hand(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    vendor = await hooks.control("POST", "/bill/create", {"table": "vendors", "values": vendor_body()})
    values = bill_body(vendor["id"])
    bill = await hooks.control("POST", "/bill/create", {"table": "bills", "values": values})
    place = {"table": "bills", "id": bill["id"]}
    await hooks.control("POST", "/bill/edit", place | {"values": {"description": "typed"}})
    await hooks.control("POST", "/bill/archive", place)
    await hooks.control("POST", "/bill/archive", place | {"archived": False})
    shown = await payloads(hooks, made)
    assert [payload["metadata"]["eventType"].partition(".")[2] for payload in shown] == [
        "created", "created", "updated", "archived", "restored",
    ]  # fmt: skip
    assert [payload["bill"]["archived"] for payload in shown[1:]] == [False, False, True, False]
    assert shown[2]["bill"]["description"] == "typed"


async def test_a_payments_events(hooks: Hooks) -> None:
    made = await hooks.subscribed("payment.updated")
    bill = await hooks.payer.bill((await hooks.payer.vendor())["id"])
    payment = await hooks.control("POST", "/bill/pay", {"bill_id": bill["id"]})
    await hooks.control(
        "POST",
        "/bill/move",
        {"payment_id": payment["id"], "single_status": "DISBURSEMENT_FAILED_ACTION_NEEDED"},
    )
    await hooks.control("POST", "/bill/move", {"payment_id": payment["id"], "single_status": "VOIDED"})
    shown = [payload["payment"] for payload in await payloads(hooks, made)]
    assert [row["status"] for row in shown] == [
        "SCHEDULED", "FUNDING_STARTED", "PROCESSED", "SENT", "CLEARED", "DISBURSEMENT_FAILED_ACTION_NEEDED",
        "VOIDED",
    ]  # fmt: skip
    assert all(row["billIds"] == [bill["id"]] for row in shown)
    times = [row["updatedTime"] for row in shown]
    assert times == sorted(set(times)), "each change moves updatedTime on"
    assert [row["disbursement"]["disbursementAccount"] == {} for row in shown] == [True] * 2 + [False] * 5


@pytest.mark.parametrize(("switch", "expected"), [(True, 3), (False, 0)])
async def test_bills_change_with_their_payment(hooks: Hooks, switch: bool, expected: int) -> None:
    hooks.sandbox.bill.switches.change({"bill_events_on_payment": switch})
    made = await hooks.subscribed("bill.updated")
    bill = await hooks.payer.bill((await hooks.payer.vendor())["id"])
    payment = await hooks.control("POST", "/bill/pay", {"bill_id": bill["id"]})
    await hooks.control("POST", "/bill/move", {"payment_id": payment["id"], "single_status": "VOIDED"})
    statuses = [payload["bill"]["paymentStatus"] for payload in await payloads(hooks, made)]
    assert statuses == ["SCHEDULED", "PAID", "UNPAID"][:expected]
    await hooks.payer.call("PATCH", f"/v3/bills/{bill['id']}", {"description": "x"})
    assert len(await payloads(hooks, made)) == expected + 1


@pytest.mark.parametrize(("switch", "expected"), [(False, []), (True, ["payment.updated"])])
async def test_recorded_payments(hooks: Hooks, switch: bool, expected: list[str]) -> None:
    hooks.sandbox.bill.switches.change({"offline_payment_events": switch})
    made = await hooks.subscribed("payment.updated")
    bill = await hooks.payer.bill((await hooks.payer.vendor())["id"])
    body = {"vendorId": bill["vendorId"], "processDate": "2026-11-20", "toPrintCheck": False}
    body |= {"payments": [{"billId": bill["id"], "amount": 70}]}
    assert (await hooks.payer.post("/v3/bills/record-payment", body)).status == 200
    assert await types(hooks, made) == expected


async def test_payment_events_may_be_withheld(hooks: Hooks) -> None:
    made = await hooks.subscribed("payment.updated", "bill.created")
    hooks.sandbox.bill.switches.change({"payment_events": False})
    bill = await hooks.payer.bill((await hooks.payer.vendor())["id"])
    await hooks.control("POST", "/bill/pay", {"bill_id": bill["id"]})
    assert await types(hooks, made) == ["bill.created"]


async def test_a_payment_that_could_not_be_made(hooks: Hooks) -> None:
    made = await hooks.subscribed("payment.failed")
    bill = await hooks.payer.bill((await hooks.payer.vendor())["id"])
    await hooks.control("POST", "/bill/fail", {"bill_id": bill["id"], "message": "No money."})
    (payload,) = await payloads(hooks, made)
    assert "id" not in payload["payment"]
    assert payload["payment"]["bills"] == [{"id": bill["id"], "amount": 228.99}]
    assert [error["message"] for error in payload["errors"]] == ["No money."]
    assert (await hooks.payer.get("/v3/payments")).json["results"] == []
    assert (await hooks.payer.get(f"/v3/bills/{bill['id']}")).json["paymentStatus"] == "UNPAID"


async def test_changes_by_tests_count_too(hooks: Hooks) -> None:
    made = await hooks.subscribed()
    store, switches = hooks.sandbox.bill.store, hooks.sandbox.bill.switches
    bill = await hooks.payer.bill((await hooks.payer.vendor())["id"])
    payment = payments.schedule(store, switches, bill["id"])
    payments.move(store, switches, payment["id"], "CLEARED")
    assert (await types(hooks, made))[2:] == ["payment.updated", "bill.updated"] * 2


async def test_no_bank_details_of_vendors(hooks: Hooks, receiver: Receiver) -> None:
    await hooks.subscribed()
    bill = await full_bill(hooks)
    await hooks.control("POST", "/bill/pay", {"bill_id": bill["id"]})
    await hooks.center.settled()
    sent = b"".join(received.body for received in receiver.received)
    assert b"bankAccount" not in sent
    assert b"111222333" not in sent
    assert b"dueAmount" not in sent
    assert b"billLineItems" not in sent
    numbers = {
        received.json["payment"]["funding"]["fundingAccount"]["accountNumber"]
        for received in receiver.received
        if received.type == "payment.updated"
    }
    assert numbers == {"************6789"}


async def every_event(hooks: Hooks) -> dict[str, dict[str, Any]]:
    """One payload of each kind, by the names of the documented samples."""
    made = await hooks.subscribed()
    bill = await full_bill(hooks)
    for kind, row_id in (("vendors", bill["vendorId"]), ("bills", bill["id"])):
        await hooks.payer.call("PATCH", f"/v3/{kind}/{row_id}", {"phone": "2"})
        for verb in ("archive", "restore"):
            await hooks.payer.post(f"/v3/{kind}/{row_id}/{verb}")
    payment = await hooks.control("POST", "/bill/pay", {"bill_id": bill["id"]})
    for status in ("DISBURSEMENT_FAILED_ACTION_NEEDED", "VOIDED"):
        move = {"payment_id": payment["id"], "single_status": status}
        await hooks.control("POST", "/bill/move", move)
    await hooks.control("POST", "/bill/fail", {"bill_id": bill["id"]})
    found = {}
    for payload in await payloads(hooks, made):
        name = payload["metadata"]["eventType"]
        if name == "payment.updated":
            name = f"{name}({payload['payment']['status']})"
        found[name] = payload
    return found


async def test_documented_samples(hooks: Hooks, facts: Path) -> None:
    documented = sample(facts, "bill/samples/webhook_payloads.json")
    shown = await every_event(hooks)
    assert shown.keys() >= documented.keys()
    for name, payload in documented.items():
        assert differences(shown[name], payload) == [], name
        assert surplus(shown[name], payload) <= {".vendor.paymentInformation.email"}, name


def surplus(shown: Any, documented: Any, path: str = "") -> set[str]:
    """Fields that the sample does not have."""
    if isinstance(shown, dict) and isinstance(documented, dict):
        return {
            found
            for name, value in shown.items()
            for found in (
                surplus(value, documented[name], f"{path}.{name}")
                if name in documented
                else {f"{path}.{name}"}
            )
        }
    return set()


SCHEMAS = {"vendor": "VendorPayloadV1", "bill": "BillPayloadV1", "payment": "PaymentPayloadV1"}


async def test_documented_schemas(hooks: Hooks, facts: Path) -> None:
    specification = json.loads((facts / "bill/connect_events_openapi.json").read_text())
    for name, payload in (await every_event(hooks)).items():
        entity = name.partition(".")[0]
        if name != "payment.failed":
            check(specification, SCHEMAS[entity], payload[entity])


async def test_answers_fit_the_documented_schemas(hooks: Hooks, facts: Path) -> None:
    specification = json.loads((facts / "bill/connect_events_openapi.json").read_text())
    check(specification, "SubscriptionRequestDto", hooks.body())
    made = await hooks.subscribed()
    check(specification, "SubscriptionWithSecurityKeyResponseDto", made)
    path = f"/v3/subscriptions/{made['id']}"
    check(specification, "SubscriptionResponseDto", (await hooks.get(path)).json)
    check(specification, "ListSubscriptionResponseDto", (await hooks.get("/v3/subscriptions")).json)
    for row in (await hooks.get("/v3/events/catalog")).json:
        check(specification, "EventCatalogDto", row)
    hooks.receiver.answers = [500]
    hooks.quick(1)
    await hooks.payer.vendor()
    await hooks.center.settled()
    events = f"/v3/events/subscription/{made['id']}"
    answer = (await hooks.get(events)).json
    check(specification, "ListEventWithRetriesDto", answer)
    documented = sample(facts, "bill/samples/webhook_event_list_response.json")
    del documented["nextPage"]
    assert differences(answer, documented) == []
    test = await hooks.call("POST", f"{path}/test")
    check(specification, "EventDto", test.json | {"statusCode": 200})
    resent = await hooks.call("POST", f"{events}/event/{answer['results'][0]['id']}")
    check(specification, "EventDto", resent.json)
    documented = sample(facts, "bill/samples/webhook_subscription.json")
    assert differences(made, documented["response_200"]) == []
    assert set(hooks.body()) == set(documented["request"])


async def test_management_has_the_documented_calls(hooks: Hooks, facts: Path) -> None:
    specification = json.loads((facts / "bill/connect_events_openapi.json").read_text())
    made = await hooks.subscribed()
    for path, operations in specification["paths"].items():
        for method in operations:
            place = path.format(subscriptionId=made["id"], eventId="x")
            answer = await hooks.call(method.upper(), place)
            assert answer.status == 200 or answer.codes != ["BDC_1121"], (method, path)
            if method == "delete":
                made = await hooks.subscribed()


def check(specification: dict[str, Any], name: str, value: Any) -> None:
    """Check against a schema, which must name every field but the country's name of an address."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": specification["components"]}
    plain = json.loads(json.dumps(value, default=float))
    jsonschema.Draft202012Validator(schema).validate(plain)
    assert unknown(specification, {"$ref": f"#/components/schemas/{name}"}, plain) <= {"countryName"}, name


def unknown(specification: dict[str, Any], schema: dict[str, Any], value: Any) -> set[str]:
    """Names of fields that the schema does not have."""
    if "$ref" in schema:
        schema = specification["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        return unknown(specification, schema["allOf"][0], value)
    if isinstance(value, list):
        return {name for item in value for name in unknown(specification, schema["items"], item)}
    if not isinstance(value, dict):
        return set()
    known: dict[str, Any] = schema.get("properties", {})
    return {name for name in value if name not in known} | {
        found for name in value if name in known for found in unknown(specification, known[name], value[name])
    }


def test_the_check_notices_unknown_fields(facts: Path) -> None:
    specification = json.loads((facts / "bill/connect_events_openapi.json").read_text())
    value = {"id": "1", "invoice": {"number": "2"}, "billLineItems": []}
    reference = {"$ref": "#/components/schemas/BillPayloadV1"}
    assert unknown(specification, reference, value) == {"number", "billLineItems"}
    with pytest.raises(jsonschema.ValidationError):
        check(specification, "BillPayloadV1", {"amount": "12", "id": str(Decimal(1))})
