"""Reading payments: every one, once it changed, whatever happens to the list meanwhile."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.bill.options import BillOptions
from ml_connector.bill.payments import PaymentSource
from ml_connector.bill.recorded import Recorders
from ml_connector.core import codec
from ml_connector.core.contract import Page, Scan, Window
from ml_connector.core.errors import ConfigurationError, ContractChanged, NotActivated, Unavailable
from ml_connector.core.http import AiohttpTransport, Request, Response
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.webhooks import Event

from .back import WHOLE, Back, documents, pages
from .support import connected

LIST, ONE = "GET /v3/payments", "GET /v3/payments/{id}"


def event(kind: str, payment: Any, number: int = 1) -> Event:
    return Event(f"e-{number}", kind, {"metadata": {}, "payment": payment})


def many(back: Back, count: int, *, apart: float = 1.0) -> list[str]:
    vendor = back.vendor()
    made = []
    for _ in range(count):
        made.append(back.payment(vendor))
        back.sandbox.clock.advance(apart)
    return made


# ---- documents


async def test_a_payment_becomes_a_document(back: Back) -> None:
    vendor = back.vendor(billCurrency="EUR")
    payment_id = back.payment(vendor, "228.9", billId="00n01")
    held = back.held.payments.rows[payment_id]
    async with back.source() as source:
        (document,) = (await documents(source)).values()
    assert (document.key, document.unit, document.open) == (payment_id, "bill", False)
    assert document.stamp == document.payload["updatedTime"]
    assert document.payload == {
        "id": payment_id, "vendorId": vendor, "vendorName": "Happy Music Supplies",
        "amount": Decimal("228.90"), "currency": "EUR", "processDate": "2026-11-24", "before_start": "false",
        "singleStatus": "CLEARED", "disbursementType": "ACH", "onlinePayment": "true", "recorded": "",
        "transactionNumber": "T1", "confirmationNumber": "P1", "fundingAccountId": "bac01",
        "fundingAccountType": "BANK_ACCOUNT", "createdTime": utc(held["createdTime"]),
        "updatedTime": utc(held["updatedTime"]),
        "billPayments": [
            {
                "id": held["billPayments"][0]["id"], "billId": "00n01", "amount": Decimal("228.90"),
                "credits": Decimal(0),
            }
        ],
    }  # fmt: skip


def utc(text: str) -> str:
    """BILL writes milliseconds; stamps are kept with microseconds."""
    return text if "." not in text else text.replace("+00:00", "000+00:00")


async def test_amounts_are_exact_whatever_form_they_come_in(back: Back) -> None:
    back.sandbox.bill.switches.change({"money_as_text": True})
    back.payment(back.vendor(), "1234567.1")
    async with back.source() as source:
        (document,) = (await documents(source)).values()
    assert str(document.payload["amount"]) == "1234567.10"


async def test_the_currency_is_the_vendors_or_the_default(back: Back) -> None:
    euro, none = back.vendor("A", billCurrency="EUR"), back.vendor("B")
    keys = [back.payment(euro), back.payment(none), back.payment(euro)]
    async with back.source(default_currency="CAD") as source:
        found = await documents(source)
    assert [found[key].payload["currency"] for key in keys] == ["EUR", "CAD", "EUR"]
    assert (back.calls("GET /v3/vendors"), back.calls("GET /v3/vendors/{id}")) == (1, 1)


async def test_a_list_of_vendors_that_leaves_the_currency_out_is_completed(back: Back) -> None:
    key = back.payment(back.vendor(billCurrency="EUR"))

    class Thin(AiohttpTransport):
        async def send(self, request: Request) -> Response:
            answer = await super().send(request)
            if not request.path.endswith("/v3/vendors"):
                return answer
            rows = [{**row, "billCurrency": None} for row in answer.json()["results"]]
            return Response(200, {}, codec.encode({"results": rows}))

    async with back.source(transport=Thin()) as source:
        assert (await documents(source))[key].payload["currency"] == "EUR"


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_vendor_that_cannot_be_read_makes_no_payment_the_default_currency(
    back: Back, status: int
) -> None:
    known, hidden = back.vendor("A", billCurrency="EUR"), back.vendor("B")
    good, bad, gone = back.payment(known), back.payment(hidden), back.payment("009GONE")
    back.fault("error", "GET /v3/vendors/{id}", status=status, count=None)
    async with back.source() as source:
        (page,) = await pages(source)
        answer = await source.by_key([good, bad, gone])
    assert [item.key for item in page.documents] == [good]
    assert {item.key: item.field for item in page.rejected} == {bad: "currency", gone: "currency"}
    assert hidden in next(item.expected for item in page.rejected if item.key == bad)
    assert {item.key for item in answer.rejected} == {bad, gone}


async def test_a_login_that_may_read_no_vendors_stops_the_run(back: Back) -> None:
    back.payment(back.vendor())
    back.fault("error", "GET /v3/vendors", status=403, count=None)
    async with back.source() as source:
        with pytest.raises(NotActivated, match="vendors"):
            await pages(source)


async def test_payments_of_before_the_start_are_marked(back: Back) -> None:
    vendor = back.vendor()
    old, new = back.payment(vendor, processDate="2025-12-31"), back.payment(vendor, processDate="2026-01-01")
    late = {"bill": {"flows": {"payments": {"start": "2026-01-02"}}}}
    async with back.source() as source:
        found = await documents(source)
    async with back.source(integrations=late) as source:
        later = await documents(source)
    assert [found[key].payload["before_start"] for key in (old, new)] == ["true", "false"]
    assert [later[key].payload["before_start"] for key in (old, new)] == ["true", "true"]


async def test_vendors_are_asked_for_once_however_many_pages_there_are(back: Back) -> None:
    many(back, 230)
    async with back.source() as source:
        await documents(source)
        await documents(source)
    assert back.calls("GET /v3/vendors") + back.calls("GET /v3/vendors/{id}") == 2


async def test_no_detail_of_an_account_is_taken(back: Back) -> None:
    account = {
        "type": "BANK_ACCOUNT",
        "id": "bac01",
        "name": "Operating",
        "accountNumber": "************6789",
    }
    payment_id = back.payment(back.vendor(), fundingAccount=account)
    async with back.source() as source:
        answer = await source.by_key([payment_id])
        found = codec.encode([item.payload for item in answer.documents]).decode()
    assert "6789" not in found
    assert "Operating" not in found


async def test_a_thin_list_is_completed_at_each_payments_own_address(back: Back) -> None:
    back.sandbox.bill.switches.change({"thin_payment_lists": True})
    payment_id = back.payment(back.vendor())
    async with back.source() as source:
        listed = await documents(source)
        (alone,) = (await source.by_key([payment_id])).documents
    assert listed[payment_id] == alone
    assert listed[payment_id].payload["billPayments"]


async def test_a_payment_that_cannot_be_read_is_named_and_the_others_go_on(back: Back) -> None:
    vendor = back.vendor()
    part = {"id": "blp01", "billId": "00n01", "amount": "much"}
    bad, good = back.payment(vendor, billPayments=[part]), back.payment(vendor)
    async with back.source() as source:
        (page,) = await pages(source)
        answer = await source.by_key([bad, good])
    assert [item.key for item in page.documents] == [good]
    (unreadable,) = page.rejected
    assert (unreadable.key, unreadable.field, unreadable.value) == (bad, "billPayments.amount", "much")
    assert answer.rejected == page.rejected


# ---- windows


async def test_a_window_holds_what_changed_in_it(back: Back) -> None:
    first, second, third = many(back, 3, apart=60)
    stamps = [back.held.payments.rows[key]["updatedTime"] for key in (first, second, third)]
    async with back.source() as source:
        since = await documents(source, Window("bill", Scan.CHANGES, stamps[1]))
        between = await documents(source, Window("bill", Scan.CHANGES, stamps[0], stamps[2]))
        until = await documents(source, replace(WHOLE, until="2026-01-02"))
    assert (list(since), list(between), list(until)) == ([second, third], [first, second], [])


async def test_only_the_last_page_says_so_and_all_know_when_the_read_began(back: Back) -> None:
    made = many(back, 250)
    async with back.source() as source:
        found = await pages(source)
    assert [page.last for page in found] == [False, False, True]
    assert [bool(page.cursor) for page in found] == [True, True, False]
    assert len({page.source_time for page in found}) == 1
    assert found[0].source_time is not None
    assert not any(page.columns for page in found)
    assert {item.key for page in found for item in page.documents} == set(made)


async def test_an_interrupted_read_goes_on_where_it_stopped(back: Back) -> None:
    made = many(back, 250)
    async with back.source() as source:
        first = await first_page(source.read(WHOLE))
    async with back.source() as source:
        rest = await documents(source, replace(WHOLE, cursor=first.cursor))
    assert len(rest) < 200
    assert {item.key for item in first.documents} | set(rest) == set(made)


async def first_page(reading: AsyncIterator[Page]) -> Page:
    async for page in reading:
        return page
    raise AssertionError("no page")


async def test_payments_that_change_while_pages_are_read_hide_no_others(back: Back) -> None:
    made = many(back, 250)
    seen: dict[str, str] = {}
    async with back.source() as source:
        async for page in source.read(WHOLE):
            seen |= {item.key: item.payload["singleStatus"] for item in page.documents}
            for key in [item.key for item in page.documents][:40]:
                if back.held.payments.rows[key]["singleStatus"] == "CLEARED":
                    back.sandbox.clock.advance(1)
                    back.move(key, singleStatus="VOIDED")
    assert seen == {key: back.held.payments.rows[key]["singleStatus"] for key in made}


async def test_more_payments_of_one_stamp_than_a_page_holds(back: Back) -> None:
    made = many(back, 230, apart=0)
    for key in made:
        back.held.payments.replace(
            back.held.payments.rows[key] | {"updatedTime": "2026-11-20T09:15:23.127+00:00"}, touch=False
        )
    async with back.source() as source:
        found = await pages(source)
        assert {item.key for page in found for item in page.documents} == set(made)
        assert "token" in str(found[1].cursor)
        spoilt = json.loads(str(found[1].cursor)) | {"token": "expired"}
        again = await documents(source, replace(WHOLE, cursor=json.dumps(spoilt)))
    assert set(again) == set(made)


async def test_a_list_that_ignores_its_filters_is_read_to_its_end(back: Back) -> None:
    made = many(back, 250, apart=2)
    back.fault("ignore_filters", LIST, count=None)
    middle, late = (back.held.payments.rows[made[number]]["updatedTime"] for number in (120, 240))
    async with back.source() as source:
        found = await documents(source, Window("bill", Scan.CHANGES, middle, late))
    assert set(made[120:240]) <= set(found) <= set(made[:240])


async def test_rows_that_come_again_do_no_harm(back: Back) -> None:
    made = many(back, 150)
    back.fault("repeat_page", LIST, rows=20, count=None)
    async with back.source() as source:
        assert set(await documents(source)) == set(made)


async def test_a_list_that_leads_back_to_itself_is_left(back: Back) -> None:
    row = back.held.payments.rows[back.payment(back.vendor())]

    class Circle(AiohttpTransport):
        async def send(self, request: Request) -> Response:
            if not request.path.endswith("/v3/payments"):
                return await super().send(request)
            return Response(200, {}, codec.encode({"results": [row], "nextPage": "again"}))

    async with back.source(transport=Circle()) as source:
        with pytest.raises(ContractChanged, match="leads back"):
            await pages(source)


async def test_what_stops_the_source_stops_it(back: Back) -> None:
    many(back, 120)
    back.fault("error", LIST, status=503, count=None, skip=1)
    async with back.source() as source:
        reading = source.read(WHOLE)
        assert (await anext(reading)).documents
        with pytest.raises(Unavailable):
            await anext(reading)


async def test_a_missing_right_is_named(back: Back) -> None:
    back.fault("error", LIST, status=403)
    async with back.source() as source:
        with pytest.raises(NotActivated, match=r"GET .*/v3/payments"):
            await pages(source)


@pytest.mark.parametrize("cursor", ["no json", "{}", '{"since": "yesterday", "token": null}'])
async def test_a_cursor_of_another_version_is_refused(back: Back, cursor: str) -> None:
    async with back.source() as source:
        with pytest.raises(ConfigurationError, match="another version"):
            await pages(source, replace(WHOLE, cursor=cursor))


# ---- by key


async def test_a_few_payments_are_asked_for_at_their_own_addresses(back: Back) -> None:
    one, two = many(back, 2)
    back.held.payments.visible_from[two] = back.sandbox.clock.seconds() + 600  # the list lags
    async with back.source() as source:
        answer = await source.by_key([two, "stp02GONE", one, two])
    assert [item.key for item in answer.documents] == [one, two]
    assert (answer.absent, back.calls(LIST), back.calls(ONE)) == (["stp02GONE"], 0, 3)


async def test_many_payments_are_asked_for_together(back: Back) -> None:
    made = many(back, 120, apart=0)
    async with back.source() as source:
        answer = await source.by_key([*made, "stp02GONE"])
    assert ({item.key for item in answer.documents}, answer.absent) == (set(made), ["stp02GONE"])
    assert (back.calls(LIST), back.calls(ONE)) == (2, 1)


@pytest.mark.parametrize("fault", ["ignore_filters", "error"])
async def test_a_list_that_does_not_look_up_ids_makes_none_absent(back: Back, fault: str) -> None:
    made = many(back, 130, apart=0)
    back.fault(fault, LIST, count=None, status=400)
    async with back.source() as source:
        answer = await source.by_key([*made[-30:], "stp02GONE"])
    assert {item.key for item in answer.documents} == set(made[-30:])
    assert answer.absent == ["stp02GONE"]


async def test_keys_that_cannot_be_asked_for(back: Back) -> None:
    back.fault("error", ONE, status=400, message="id: is malformed")
    async with back.source() as source:
        answer = await source.by_key(["stp/../x", 'a"b'])
    (refused,) = answer.rejected
    assert (refused.key, "is malformed" in refused.expected) == ("stp/../x", True)
    assert answer.absent == ['a"b']


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("others", [0, 1, 30])
async def test_a_payment_that_bill_keeps_from_us_stops_no_other(back: Back, status: int, others: int) -> None:
    made, hidden = many(back, others, apart=0), "stp02HIDDEN"
    back.fault("error", ONE, status=status, message="no")
    async with back.source() as source:
        answer = await source.by_key([hidden, *made])
    (refused,) = answer.rejected
    assert refused.key == hidden
    assert "a payment that BILL shows" in refused.expected
    assert ({item.key for item in answer.documents}, answer.absent) == (set(made), [])


@pytest.mark.parametrize(("status", "failure"), [(403, NotActivated), (404, ConfigurationError)])
async def test_a_refusal_of_everything_stops_the_run(
    back: Back, status: int, failure: type[Exception]
) -> None:
    (key,) = many(back, 1)
    for operation in (ONE, LIST):
        back.fault("error", operation, status=status, message="no", count=None)
    async with back.source() as source:
        with pytest.raises(failure, match="/v3/payments"):
            await source.by_key([key, "stp02OTHER"])


async def test_a_listed_payment_whose_own_address_is_refused_stops_no_other(back: Back) -> None:
    back.sandbox.bill.switches.change({"thin_payment_lists": True})
    first, second = many(back, 2)
    back.fault("error", ONE, status=403)
    async with back.source() as source:
        (page,) = await pages(source)
    assert [item.key for item in page.documents] == [second]
    assert [item.key for item in page.rejected] == [first]


# ---- events


@pytest.mark.parametrize("name", ["", " ", ".", "..", "../vendors", "a/b", 'a"b', "stp\u00e9", "x" * 129, 5])
async def test_an_event_with_an_odd_id_concerns_no_payment(back: Back, name: Any) -> None:
    failed = {"bills": [{"id": "00n01"}], "vendor": {"id": name}}
    async with back.source() as source:
        found = await source.keys_of(
            [event("payment.updated", {"id": name}, 1), event("payment.failed", failed, 2)]
        )
        assert (await source.by_key([str(name)[:0]])).absent == [""]
    assert {key: list(value) for key, value in found.items()} == {"e-1": [], "e-2": []}
    assert back.calls(LIST) + back.calls(ONE) == 0


async def test_events_name_their_payments(back: Back) -> None:
    events = [
        event("payment.updated", {"id": "stp01"}, 1),
        event("payment.updated", {"id": None}, 2),
        event("payment.updated", "gone", 3),
        event("bill.updated", {"id": "00n01"}, 4),
        Event("e-5", "payment.updated", {}),
    ]
    async with back.source() as source:
        found = await source.keys_of(events)
    assert found == {"e-1": ("stp01",), "e-2": (), "e-3": (), "e-4": (), "e-5": ()}


async def test_a_failed_payment_is_named_by_its_bills(back: Back) -> None:
    vendor, other = back.vendor("A"), back.vendor("B")
    ours = back.payment(vendor, billId="00n01")
    numbered = back.payment(vendor, billId="00n03", transactionNumber="PS-1")
    back.payment(vendor, billId="00n02")
    back.payment(other, billId="00n01")
    failed = {
        "bills": [{"id": "00n01", "amount": 5}], "transactionNumber": "PS-1", "vendor": {"id": vendor},
        "updatedTime": back.held.payments.rows[ours]["updatedTime"],
    }  # fmt: skip
    async with back.source() as source:
        assert await source.keys_of([event("payment.failed", failed)]) == {"e-1": [ours, numbered]}
        back.fault("error", LIST, status=400, message="filters: field vendorId cannot be filtered")
        assert await source.keys_of([event("payment.failed", failed)]) == {"e-1": [ours, numbered]}
        for part in ({"vendor": None}, {"bills": None, "transactionNumber": None}):
            assert await source.keys_of([event("payment.failed", failed | part)]) == {"e-1": []}


async def test_a_search_that_bill_refuses_finds_nothing_and_stops_nothing(back: Back) -> None:
    """The failed payment is found by polling then."""
    vendor = back.vendor()
    back.payment(vendor, billId="00n01")
    back.fault("error", LIST, status=422, message="vendorId: is odd", count=None)
    failed = {
        "bills": [{"id": "00n01"}], "vendor": {"id": vendor},
        "updatedTime": back.held.payments.now(),
    }  # fmt: skip
    async with back.source() as source:
        assert await source.keys_of([event("payment.failed", failed)]) == {"e-1": []}


async def test_a_failure_long_after_looks_at_payments_of_its_time_only(back: Back) -> None:
    vendor = back.vendor()
    back.payment(vendor, billId="00n01")
    back.sandbox.clock.advance(3600)
    failed = {
        "bills": [{"id": "00n01"}], "vendor": {"id": vendor},
        "updatedTime": back.held.payments.now(),
    }  # fmt: skip
    async with back.source() as source:
        assert await source.keys_of([event("payment.failed", failed)]) == {"e-1": []}


async def test_without_a_subscription_there_is_nothing_to_catch_up(back: Back) -> None:
    async with back.source(webhooks={"subscribe": False}) as source:
        caught = await source.catch_up()
    assert (caught.events, caught.alerts, caught.note) == ((), (), None)
    assert back.calls("GET /v3/subscriptions") == 0


async def test_a_source_of_its_own_has_no_upkeep(back: Back) -> None:
    scopes = Scope("acme", "test", "bill.bills"), Scope("acme", "test", "bill.payments")
    async with connected(back.sandbox, back.store) as api:
        source = PaymentSource(api, BillOptions(), Recorders(back.store, *scopes), start=date(2026, 1, 1))
        assert (await source.catch_up()).alerts == ()
