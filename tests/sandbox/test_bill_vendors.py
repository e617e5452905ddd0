"""BILL: vendors."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server import Sandbox

from .clients import Payer, vendor_body


async def test_create_read_patch(payer: Payer) -> None:
    made = await payer.vendor(shortName="SHARE-0000000012", billCurrency="USD", phone="")
    assert made["id"].startswith("009")
    assert len(made["id"]) == 20
    assert made["address"]["countryName"] == "United States"
    assert "phone" not in made, "what is not populated is left out"
    patched = await payer.call(
        "PATCH",
        f"/v3/vendors/{made['id']}",
        {"name": "Happier", "address": {**made["address"], "city": "Lynn"}},
    )
    assert patched.status == 200
    read = (await payer.get(f"/v3/vendors/{made['id']}")).json
    assert (read["name"], read["address"]["city"], read["shortName"]) == (
        "Happier",
        "Lynn",
        "SHARE-0000000012",
    )
    assert read["updatedTime"] >= made["updatedTime"]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, ["name: must not be null", "address: must not be null"]),
        (vendor_body(""), ["name: must not be blank"]),
        (vendor_body("x" * 101), ["name: size must be between 1 and 100"]),
        (vendor_body(shortName="x" * 41), ["shortName: size must be between 0 and 40"]),
        (vendor_body(accountNumber="x" * 41), ["accountNumber: size must be between 0 and 40"]),
        (
            vendor_body(additionalInfo={"taxId": "1" * 17}),
            ["additionalInfo.taxId: size must be between 0 and 16"],
        ),
        (vendor_body(accountType="COMPANY"), ["accountType: must be one of BUSINESS, PERSON, NONE"]),
        (vendor_body(billCurrency="US"), ["billCurrency: size must be between 3 and 3"]),
        (vendor_body(billCurrency="usd"), ["billCurrency: must match [A-Z]{3}"]),
        (vendor_body() | {"name": 7}, ["Cannot construct instance of `name`: text expected"]),
        ([], ["Cannot construct instance of `request`: not an object"]),
    ],
)
async def test_field_validation(payer: Payer, body: Any, messages: list[str]) -> None:
    answer = await payer.post("/v3/vendors", body)
    assert (answer.status, answer.messages) == (400, messages)
    assert answer.codes == [None] * len(messages)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("country", "USA", "must be a supported code"),
        ("country", None, "must not be null"),
        ("line1", None, "must not be null"),
        ("city", " ", "must not be blank"),
        ("zipOrPostalCode", None, "must not be null"),
    ],
)
async def test_address_rules(payer: Payer, field: str, value: str | None, message: str) -> None:
    body = vendor_body()
    body["address"][field] = value
    answer = await payer.post("/v3/vendors", body)
    assert (answer.status, answer.messages) == (400, [f"address.{field}: {message}"])


async def test_unknown_fields_are_ignored_or_refused(payer: Payer, sandbox: Sandbox) -> None:
    assert "externalId" not in await payer.vendor(externalId="1")
    sandbox.bill.switches.change({"unknown_fields": "refuse"})
    answer = await payer.post("/v3/vendors", vendor_body(externalId="1"))
    assert answer.messages == ["externalId: unrecognized field"]


async def test_archive_and_restore_twice(payer: Payer) -> None:
    made = await payer.vendor()
    for verb, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        answer = await payer.post(f"/v3/vendors/{made['id']}/{verb}")
        assert (answer.status, answer.json["archived"]) == (200, archived)
    assert (await payer.post("/v3/vendors/00902SANDBOX99999999/archive")).codes == ["BDC_1205"]
    assert (await payer.get("/v3/vendors/00902SANDBOX99999999")).status == 404


async def test_bulk_is_all_or_nothing_and_at_most_twenty(payer: Payer, sandbox: Sandbox) -> None:
    good = [vendor_body(f"Vendor {number}") for number in range(20)]
    answer = await payer.post("/v3/vendors/bulk", [*good[:19], vendor_body("")])
    assert (answer.status, answer.messages) == (400, ["[19].name: must not be blank"])
    assert len(sandbox.bill.store.vendors) == 0
    assert (await payer.post("/v3/vendors/bulk", [*good, vendor_body()])).status == 400
    assert (await payer.post("/v3/vendors/bulk", [])).status == 400
    made = await payer.post("/v3/vendors/bulk", good)
    assert made.status == 201
    assert [row["name"] for row in made.json["vendors"]] == [body["name"] for body in good]


async def test_names_are_unique_only_where_switched(payer: Payer, sandbox: Sandbox) -> None:
    await payer.vendor()
    await payer.vendor()
    assert list(sandbox.bill.store.duplicates()["vendor_names"]) == ["Happy Music Supplies"]
    sandbox.bill.switches.change({"unique_vendor_names": True})
    assert (await payer.post("/v3/vendors", vendor_body())).status == 422


async def test_bank_data_is_masked_and_not_patched(payer: Payer) -> None:
    account = {"nameOnAccount": "V", "accountNumber": "111222333", "routingNumber": "074000010"}
    made = await payer.vendor(paymentInformation={"bankAccount": account})
    assert made["paymentInformation"]["bankAccount"]["accountNumber"] == "*****2333"
    body = {"paymentInformation": {"payeeName": "V", "bankAccount": account | {"accountNumber": "999"}}}
    patched = (await payer.call("PATCH", f"/v3/vendors/{made['id']}", body)).json["paymentInformation"]
    assert patched["payeeName"] == "V"
    assert patched["bankAccount"]["accountNumber"] == "*****2333"
