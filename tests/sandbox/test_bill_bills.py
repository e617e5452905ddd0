"""BILL: bills, their lines, duplicates and recorded payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.server import Sandbox

from .clients import Payer, bill_body


async def test_create_and_read(payer: Payer) -> None:
    vendor = await payer.vendor()
    made = await payer.bill(vendor["id"])
    assert made["amount"] == made["dueAmount"] == Decimal("228.99")
    assert (made["paymentStatus"], made["archived"], made["id"][:3]) == ("UNPAID", False, "00n")
    assert all(line["id"].startswith("bli") for line in made["billLineItems"])
    assert "vendorName" not in made
    read = (await payer.get(f"/v3/bills/{made['id']}")).json
    assert read == made | {"vendorName": vendor["name"]}
    assert (await payer.get("/v3/bills/00n02SANDBOX99999999")).codes == ["BDC_1205"]


async def test_validation_comes_in_order(payer: Payer) -> None:
    answer = await payer.post("/v3/bills", {"invoiceNumber": "flat"})
    fields = ("vendorId", "dueDate", "billLineItems", "invoice")
    assert answer.messages == [f"{name}: must not be null" for name in fields]
    assert answer.codes == [None] * 4
    assert {entry["category"] for entry in answer.json} == {"REQUEST"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"billLineItems": []}, "billLineItems: must not be empty"),
        ({"billLineItems": [{}]}, "lineItems.amount: must not be null"),
        ({"billLineItems": [{"quantity": 2}]}, "lineItems.amount: must not be null"),
        ({"billLineItems": [{"amount": 1.005}]}, "numeric value out of bounds"),
        ({"billLineItems": [{"amount": "1.00"}]}, "Cannot construct instance"),
        ({"dueDate": "12/31/2026"}, "Cannot construct instance of `dueDate`"),
        ({"invoice": {"invoiceNumber": "1"}}, "invoice.invoiceDate: must not be null"),
        ({"invoice": {"invoiceNumber": "x" * 101, "invoiceDate": "2026-11-18"}}, "between 1 and 100"),
        ({"description": "x" * 4001}, "description: size must be between 0 and 4000"),
    ],
)
async def test_field_validation(payer: Payer, changed: dict[str, Any], message: str) -> None:
    vendor = await payer.vendor()
    answer = await payer.post("/v3/bills", bill_body(vendor["id"], **changed))
    assert answer.status == 400
    assert message in answer.messages[0]


async def test_amount_wins_over_quantity_and_price(payer: Payer) -> None:
    vendor = await payer.vendor()
    lines = [{"amount": 5, "quantity": 3, "price": 7}, {"quantity": 3, "price": 1.335}]
    made = await payer.bill(vendor["id"], billLineItems=lines)
    assert [line["amount"] for line in made["billLineItems"]] == [5, Decimal("4.01")]
    assert made["amount"] == Decimal("9.01")


async def test_references_must_live(payer: Payer) -> None:
    vendor, account = await payer.vendor(), await payer.account()
    coded = [{"amount": 1, "classifications": {"chartOfAccountId": account["id"]}}]
    unknown = [{"amount": 1, "classifications": {"chartOfAccountId": "0ca02SANDBOX99999999"}}]
    assert (await payer.post("/v3/bills", bill_body(vendor["id"], billLineItems=unknown))).status == 422
    assert (await payer.post("/v3/bills", bill_body("00902SANDBOX99999999"))).status == 422
    assert (await payer.bill(vendor["id"], billLineItems=coded))["amount"] == 1
    await payer.post(f"/v3/classifications/chart-of-accounts/{account['id']}/archive")
    assert (await payer.post("/v3/bills", bill_body(vendor["id"], "2", billLineItems=coded))).status == 422
    await payer.post(f"/v3/vendors/{vendor['id']}/archive")
    assert (await payer.post("/v3/bills", bill_body(vendor["id"], "3"))).status == 422


async def test_duplicates_per_vendor(payer: Payer, sandbox: Sandbox) -> None:
    first, second = await payer.vendor("One"), await payer.vendor("Two")
    made = await payer.bill(first["id"])
    answer = await payer.post("/v3/bills", bill_body(first["id"]))
    assert (answer.status, answer.codes) == (422, ["BDC_1171"])
    await payer.bill(second["id"])
    await payer.post(f"/v3/bills/{made['id']}/archive")
    again = await payer.bill(first["id"])
    assert (await payer.post(f"/v3/bills/{made['id']}/restore")).codes == ["BDC_1171"]
    sandbox.bill.switches.change({"duplicate_invoices": "accept"})
    twice = await payer.bill(first["id"])
    assert sandbox.bill.store.duplicates()["bills"] == {f"{first['id']}|INV-1": [again["id"], twice["id"]]}


async def test_archived_duplicates_may_count(payer: Payer, sandbox: Sandbox) -> None:
    vendor = await payer.vendor()
    await payer.post(f"/v3/bills/{(await payer.bill(vendor['id']))['id']}/archive")
    sandbox.bill.switches.change({"duplicate_counts_archived": True})
    assert (await payer.post("/v3/bills", bill_body(vendor["id"]))).codes == ["BDC_1171"]


async def test_bulk_is_a_bare_array_and_all_or_nothing(payer: Payer, sandbox: Sandbox) -> None:
    vendor = await payer.vendor()
    bodies = [bill_body(vendor["id"], f"B-{number}") for number in range(100)]
    for bad in (bodies[0], bill_body("00902SANDBOX99999999"), {}):
        assert (await payer.post("/v3/bills/bulk", [*bodies[:99], bad])).status in (400, 422)
        assert len(sandbox.bill.store.bills) == 0
    assert (await payer.post("/v3/bills/bulk", [*bodies, bill_body(vendor["id"])])).status == 400
    assert (await payer.post("/v3/bills/bulk", {"bills": bodies})).status == 400
    made = await payer.post("/v3/bills/bulk", bodies)
    assert made.status == 201
    assert [row["invoice"]["invoiceNumber"] for row in made.json] == [f"B-{number}" for number in range(100)]


async def test_patch_edits_lines_by_id_and_keeps_the_others(payer: Payer) -> None:
    made = await payer.bill((await payer.vendor())["id"])
    first, second = made["billLineItems"]
    edit = {"billLineItems": [{"id": first["id"], "amount": 179}]}
    patched = (await payer.call("PATCH", f"/v3/bills/{made['id']}", edit)).json
    assert patched["billLineItems"] == [first | {"amount": 179}, second]
    assert patched["amount"] == Decimal("258.99")
    assert patched["invoice"] == made["invoice"]
    for lines in ([{"amount": 1}], [{"id": "bli02SANDBOX99999999", "amount": 1}]):
        answer = await payer.call("PATCH", f"/v3/bills/{made['id']}", {"billLineItems": lines})
        assert answer.status in (400, 422)


async def test_put_replaces(payer: Payer) -> None:
    vendor = await payer.vendor()
    made = await payer.bill(vendor["id"], description="before", purchaseOrderNumber="4711")
    second = made["billLineItems"][1]
    body = bill_body(vendor["id"], billLineItems=[{"amount": 10}, {"id": second["id"], "amount": 20}])
    put = (await payer.call("PUT", f"/v3/bills/{made['id']}", body)).json
    assert [line["amount"] for line in put["billLineItems"]] == [10, 20]
    assert put["billLineItems"][1]["id"] == second["id"]
    assert put["billLineItems"][0]["id"] not in {line["id"] for line in made["billLineItems"]}
    assert "description" not in put
    assert "purchaseOrderNumber" not in put
    answer = await payer.call("PUT", f"/v3/bills/{made['id']}", {"description": "x"})
    assert answer.status == 400
    assert len(answer.messages) == 4


async def test_a_change_may_not_take_another_invoice_number(payer: Payer) -> None:
    vendor = await payer.vendor()
    await payer.bill(vendor["id"], "A")
    other = await payer.bill(vendor["id"], "B")
    answer = await payer.call(
        "PATCH", f"/v3/bills/{other['id']}", {"invoice": {"invoiceNumber": "A", "invoiceDate": "2026-11-18"}}
    )
    assert answer.codes == ["BDC_1171"]


async def test_archive_and_restore_twice(payer: Payer) -> None:
    made = await payer.bill((await payer.vendor())["id"])
    for verb, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        answer = await payer.post(f"/v3/bills/{made['id']}/{verb}")
        assert (answer.status, answer.json["archived"]) == (200, archived)


async def test_approvals(payer: Payer) -> None:
    made = await payer.bill((await payer.vendor())["id"], billApprovals=True)
    assert (made["approvalStatus"], made["approvers"][0]["status"]) == ("ASSIGNED", "WAITING")
    assert "billApprovals" not in made


async def test_negative_totals_are_refused_unless_switched(payer: Payer, sandbox: Sandbox) -> None:
    body = bill_body((await payer.vendor())["id"], billLineItems=[{"amount": 10}, {"amount": -20}])
    assert (await payer.post("/v3/bills", body)).status == 422
    sandbox.bill.switches.change({"negative_bills": "accept"})
    assert (await payer.create("/v3/bills", body))["amount"] == -10


async def test_money_may_come_as_text(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.bill.switches.change({"money_as_text": True})
    assert (await payer.bill((await payer.vendor())["id"]))["amount"] == "228.99"


def recorded(vendor_id: str, *parts: tuple[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "vendorId": vendor_id,
        "processDate": "2026-11-20",
        "toPrintCheck": False,
        "payments": [{"billId": bill_id, "amount": amount} for bill_id, amount in parts],
    } | changed


async def test_recorded_payments_settle_bills(payer: Payer) -> None:
    vendor = await payer.vendor()
    made = await payer.bill(vendor["id"])
    path = "/v3/bills/record-payment"
    answer = await payer.post(path, recorded(vendor["id"], (made["id"], 100), syncReference="CHK-1"))
    assert answer.status == 200
    payment = answer.json
    assert (payment["onlinePayment"], payment["disbursementType"], payment["amount"]) == (
        False,
        "OFFLINE",
        100,
    )
    bill = (await payer.get(f"/v3/bills/{made['id']}")).json
    assert (bill["paymentStatus"], bill["paidAmount"], bill["dueAmount"]) == (
        "PARTIAL",
        100,
        Decimal("128.99"),
    )
    over = await payer.post(path, recorded(vendor["id"], (made["id"], 129)))
    assert (over.status, over.messages) == (422, ["Cannot overpay a bill"])
    await payer.post(path, recorded(vendor["id"], (made["id"], 128.99)))
    bill = (await payer.get(f"/v3/bills/{made['id']}")).json
    assert (bill["paymentStatus"], bill["dueAmount"]) == ("PAID", 0)
    listed = (await payer.get("/v3/payments", filters=f"vendorId:eq:{vendor['id']}")).json["results"]
    assert [row["amount"] for row in listed] == [100, Decimal("128.99")]
    assert listed[0]["syncReference"] == "CHK-1"


async def test_recorded_payment_is_for_one_vendors_living_bills(payer: Payer) -> None:
    vendor, other = await payer.vendor("One"), await payer.vendor("Two")
    made = await payer.bill(vendor["id"])
    path = "/v3/bills/record-payment"
    assert (await payer.post(path, recorded(other["id"], (made["id"], 1)))).status == 422
    assert (await payer.post(path, recorded(vendor["id"], (made["id"], 0)))).status == 422
    twice = recorded(vendor["id"], (made["id"], 200), (made["id"], 200))
    assert (await payer.post(path, twice)).status == 422
    assert (await payer.post(path, recorded(vendor["id"]))).messages == ["payments: must not be empty"]
    missing = recorded(vendor["id"], (made["id"], 1), toPrintCheck=None)
    assert (await payer.post(path, missing)).messages == ["toPrintCheck: must not be null"]
    await payer.post(f"/v3/bills/{made['id']}/archive")
    assert (await payer.post(path, recorded(vendor["id"], (made["id"], 1)))).status == 422


async def test_paid_bills_are_locked_unless_switched(payer: Payer, sandbox: Sandbox) -> None:
    vendor = await payer.vendor()
    made = await payer.bill(vendor["id"])
    await payer.post("/v3/bills/record-payment", recorded(vendor["id"], (made["id"], 228.99)))
    edit = ("PATCH", f"/v3/bills/{made['id']}", {"description": "x"})
    assert (await payer.call(*edit)).status == 422
    assert (await payer.post(f"/v3/bills/{made['id']}/archive")).status == 422
    sandbox.bill.switches.change({"lock_paid_bills": False})
    assert (await payer.call(*edit)).status == 200
    smaller = {"billLineItems": [{"id": made["billLineItems"][0]["id"], "amount": 1}]}
    assert (await payer.call("PATCH", edit[1], smaller)).messages == ["Cannot overpay a bill"]
