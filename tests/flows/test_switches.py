"""What neither vendor documents, in each position: the outcome is the same."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.bill.options import BillOptions
from sandbox.control import bill as in_bill
from sandbox.control import peoplesoft
from sandbox.data import Size, scenario
from tests.flows.conftest import MakeWorld
from tests.flows.world import World

BILLS = "bill.bills"
EVERY = ["ML_AP_SUPPLIERS", "ML_AP_VOUCHERS", "ML_AP_VOUCHERS_OPEN", "ML_GL_ACCOUNTS", "ML_GL_DEPTS"]

BILL: list[dict[str, Any]] = [
    {},
    {"unknown_fields": "refuse"},
    {"strict_filters": False},
    {"duplicate_invoices": "accept"},
    {"duplicate_counts_archived": True},
    {"unique_vendor_names": True},
    {"unique_classifications": False},
    {"lock_paid_bills": False},
    {"negative_bills": "accept"},
    {"money_as_text": True},
    {"partial_status": "PARTIAL_PAYMENT"},
    {"partial_status": "UNDEFINED"},
    {"search_lag_seconds": 0.4},
    {"vendor_name_in_lists": False},
    {"limit_status": 429},
    {"lock_after_logins": 0},
    {"concurrent_requests": 1},
]
PEOPLESOFT: list[dict[str, Any]] = [
    {"verification": "basic"},
    {"verification": "none"},
    {"lock_after": 0},
    {"profile_rows": 80},
    {"maxrows_zero": "error"},
    {"name_key": "queryname"},
    {"unprefixed": EVERY},
    {"translated": {"*": ["*"]}},
    {"blank_columns": "absent"},
    {"time_zone": "UTC"},
    {"time_zone": "Australia/Sydney"},
    {"effdt_current": []},
    {"effdt_auto": False},
    {"last_update_dt": False},
    {"inquiry_rows": "list"},
    {"unknown_query": "404"},
    {"query_error": "text"},
    {"refusal": "500"},
]


def named(positions: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(
            position, id="-".join(f"{key}={value}" for key, value in position.items())[:50] or "defaults"
        )
        for position in positions
    ]


async def two_days(world: World) -> None:
    """Everything once, its first answers lost; then the changes of a second day; then nothing new."""
    for path in ("classifications/*", "vendors*", "bills*"):
        world.fault("bill", "lost", f"POST /v3/{path}")
    await world.settle_down()
    world.check()
    scenario.change(world.sandbox.peoplesoft)
    fading = ("SHARE", scenario.SUPPLIER_IDS["becomes_inactive"])
    supplier = world.supplier(*fading)
    assert supplier is not None
    world.sandbox.peoplesoft.suppliers.put({**supplier, "VENDOR_STATUS": "A"})
    await world.settle_down()
    world.check()
    key = f"US001|{scenario.VOUCHER_IDS['gets_paid']}"
    assert world.bill.bills.rows[world.rows(BILLS)[key].target_id]["paymentStatus"] == "PAID"
    written = world.writes()
    await world.settle_down()
    assert world.writes() == written


@pytest.mark.parametrize("position", named(BILL))
async def test_bill_in_either_position(make_world: MakeWorld, position: dict[str, Any]) -> None:
    options = BillOptions(settle_seconds=1 if "search_lag_seconds" in position else 0)
    async with make_world(scenario="demo", options=options) as world:
        world.sandbox.bill.switches.change(position)
        await two_days(world)


@pytest.mark.parametrize("position", named(PEOPLESOFT))
async def test_peoplesoft_in_either_position(make_world: MakeWorld, position: dict[str, Any]) -> None:
    async with make_world(scenario="demo") as world:
        world.sandbox.peoplesoft.switches.change(position)
        if zone := position.get("time_zone"):
            world.harness.tenant = world.harness.tenant.model_copy(update={"time_zone": zone})
        await two_days(world)


@pytest.mark.parametrize("duplicates", ["refuse", "accept"])
@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("bulk", [True, False])
async def test_one_invoice_entered_twice_in_peoplesoft_is_paid_once(
    make_world: MakeWorld, duplicates: str, later: bool, bulk: bool
) -> None:
    """Same supplier and invoice number under two voucher ids: the second one is for a person."""
    options = BillOptions(settle_seconds=0, bulk=bulk)
    async with make_world(Size(vouchers=20, suppliers=4), options=options) as world:
        world.sandbox.bill.switches.change({"duplicate_invoices": duplicates})
        like = world.voucher(next(key for key in world.payable() if key.startswith("US001")))
        twin = ["US001", "00990001"]
        body = {"record": "voucher", "key": twin, "like": ["US001", like["VOUCHER_ID"]]}
        if later:
            await world.settle_down()
        peoplesoft.upsert(world.sandbox.peoplesoft, body)
        await world.settle_down()
        number = like["INVOICE_ID"]
        bills = [row for row in world.held(BILLS) if row["invoice"]["invoiceNumber"] == number]
        assert len(bills) == 1
        rows = world.rows(BILLS)
        both = {rows[f"US001|{voucher}"].status for voucher in (like["VOUCHER_ID"], twin[1])}
        assert both == {"loaded", "conflict"}


@pytest.mark.parametrize("bulk", [True, False])
async def test_what_a_person_typed_into_bill_is_adopted_and_corrected(
    make_world: MakeWorld, bulk: bool
) -> None:
    """Same vendor, number, date and amount, other details: it is this voucher's bill, and no second one."""
    options = BillOptions(settle_seconds=0, bulk=bulk)
    async with make_world(Size(vouchers=20, suppliers=4), options=options) as world:
        await world.settle_down()
        like = world.voucher(next(key for key in world.payable() if key.startswith("US001")))
        values = {"INVOICE_ID": "TYPED-1"}
        body = {"record": "voucher", "key": ["US001", "00990001"], "like": ["US001", like["VOUCHER_ID"]]}
        voucher = peoplesoft.upsert(world.sandbox.peoplesoft, body | {"values": values})
        vendor = world.rows("bill.vendors")[f"{voucher['VENDOR_SETID']}|{voucher['VENDOR_ID']}"].target_id
        typed = in_bill.create(
            world.sandbox.bill,
            {
                "table": "bills",
                "values": {
                    "vendorId": vendor, "dueDate": "2030-01-01", "description": "typed by hand",
                    "invoice": {"invoiceNumber": "TYPED-1", "invoiceDate": voucher["INVOICE_DT"]},
                    "billLineItems": [{"amount": voucher["GROSS_AMT"]}],
                },
            },
        )  # fmt: skip
        await world.settle_down()
        world.check()
        bill = world.bill.bills.rows[typed["id"]]
        assert (bill["description"], bill["dueDate"]) == ("PS US001-00990001", voucher["DUE_DT"])
        assert world.rows(BILLS)["US001|00990001"].target_id == typed["id"]


async def test_one_account_number_in_two_setids_does_not_change_the_others_account(
    make_world: MakeWorld,
) -> None:
    """BILL has one chart of accounts; the second SETID's account of that number is for a person."""
    async with make_world(Size(vouchers=20, suppliers=4)) as world:
        flow = "bill.accounts"
        await world.harness.run(flow)
        before = dict(world.bill.accounts.rows)
        world.harness.tenant = world.harness.tenant.model_copy(update={"setids": ("SHARE", "EUR01")})
        await world.settle_down(flow)
        assert world.bill.accounts.rows == before
        rows = world.rows(flow)
        assert (rows["SHARE|601000"].status, rows["EUR01|601000"].status) == ("loaded", "conflict")
        assert "SHARE|601000" in rows["EUR01|601000"].reason
