"""Whatever goes wrong between PeopleSoft, Cleo and the partners: each order arrives once, each invoice is
one voucher, each file of a partner is answered once."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.flows.cleo import AN_HOUR, INVOICES, ORDERS, CleoWorld, Make

UPLOAD = "POST /folders/{id}/contents"
LIST = ("GET /folders", "GET /folders/{id}/contents")
DOWNLOAD, REMOVE = "GET /files/{id}/content", "DELETE /files/{id}"
SEEN = ("GET /connections", "GET /transfers")
READS = (*LIST, DOWNLOAD, *SEEN)
EVERY = (UPLOAD, REMOVE, *READS)
TOKEN = "POST /authentication"
SAVE = "SOAP CI_AP_VOUCHER_C"
ASKED = ("SOAP CI_AP_VOUCHER_*", "QAS ML_PO_*", "QAS ML_AP_VOUCHER*")

Alone = tuple[str, str, tuple[str, ...], dict[str, Any]]

CLEO_ALONE: list[Alone] = [
    ("reply dropped", "lost", EVERY, {"count": 2}),
    ("cut before", "reset", EVERY, {"count": 2}),
    ("cut in the middle", "cut_off", READS, {}),
    ("answer truncated", "truncate", READS, {}),
    ("token ends", "expire_token", EVERY, {}),
    ("token refused", "error", EVERY, {"status": 401}),
    ("token refused twice", "error", EVERY, {"status": 401, "count": 2}),
    ("permission lost", "error", EVERY, {"status": 403}),
    ("gone", "error", READS, {"status": 404}),
    ("too many", "error", EVERY, {"status": 429, "count": 2}),
    ("too many for a second", "error", (UPLOAD,), {"status": 429, "value": "1"}),
    ("server error", "error", EVERY, {"status": 500}),
    ("burst of 503", "error", EVERY, {"status": 503, "count": 7}),
    ("sign-in page", "html", EVERY, {}),
    ("maintenance page", "html", EVERY, {"status": 503}),
    ("gateway breaks", "broken_gateway", EVERY, {}),
    ("late commit", "late_commit", (UPLOAD, REMOVE), {"seconds": 60.0}),
    ("held", "hold", EVERY, {}),
    ("file vanishes", "vanish_file", (REMOVE,), {}),
    ("log-in refused", "error", (TOKEN,), {"status": 401}),
    ("log-in out of order", "error", (TOKEN,), {"status": 503, "count": 4}),
]
PEOPLESOFT_ALONE: list[Alone] = [
    ("save dropped", "lost", (SAVE,), {}),
    ("save times out", "late_commit", (SAVE,), {"seconds": 60.0}),
    ("save breaks", "broken_gateway", (SAVE,), {}),
    ("outage", "error", ASKED, {"status": 503, "count": 5}),
    ("page instead of data", "html", ASKED, {}),
]
PARTNERS = ("acme", "globex", "initech", "northwind")


def named(alone: list[Alone]) -> list[Any]:
    return [pytest.param(*rest, id=name.replace(" ", "-")) for name, *rest in alone]


@pytest.fixture
async def busy(make_cleo: Make) -> AsyncIterator[CleoWorld]:
    """Every partner has an order to get, answers it and bills it."""
    async with make_cleo() as cleo:
        cleo.behave(response="accept", invoice="exact")
        for number, partner in enumerate(PARTNERS, 1):
            cleo.order(partner, number, unit="US002" if number == 4 else "US001")
        yield cleo


async def quiet(cleo: CleoWorld) -> None:
    """Without faults what is left over arrives, and then nothing moves any more."""
    cleo.sandbox.faults.clear()
    cleo.sandbox.clock.advance(AN_HOUR)
    await cleo.settle_down()
    cleo.check()
    before = cleo.writes()
    await cleo.out()
    await cleo.back()
    assert cleo.writes() == before


@pytest.mark.parametrize(("kind", "operations", "more"), named(CLEO_ALONE))
async def test_one_fault_of_cleo(
    busy: CleoWorld, kind: str, operations: tuple[str, ...], more: dict[str, Any]
) -> None:
    rules = [busy.fault(kind, operation, **more) for operation in operations]
    async with busy.letting_go():
        await busy.settle_down(20)
    unused = [rule.operation for rule in rules if not rule.struck]
    assert not unused, f"never struck: {unused}"
    await quiet(busy)
    assert len(busy.vouchers()) == len(PARTNERS)


@pytest.mark.parametrize(("kind", "operations", "more"), named(PEOPLESOFT_ALONE))
async def test_one_fault_of_peoplesoft(
    busy: CleoWorld, kind: str, operations: tuple[str, ...], more: dict[str, Any]
) -> None:
    rules = [busy.fault(kind, operation, system="peoplesoft", **more) for operation in operations]
    await busy.settle_down(20)
    unused = [rule.operation for rule in rules if not rule.struck]
    assert not unused, f"never struck: {unused}"
    await quiet(busy)
    assert len(busy.vouchers()) == len(PARTNERS)


# ---- Cleo behaves otherwise


@pytest.mark.parametrize(
    "switches",
    [
        pytest.param({"list_upload": False, "folder_listing": "flat"}, id="no-listing"),
        pytest.param({"transfers": "forbidden", "events": "forbidden"}, id="no-report"),
        pytest.param({"list_lag_seconds": 30.0, "receipt_seconds": 600.0}, id="slow-lists"),
        pytest.param({"folder_listing": "flat", "download_layout": "flat"}, id="flat"),
        pytest.param({"default_count": 2, "count_ceiling": 2, "page_echo": False}, id="small-pages"),
        pytest.param({"expires_in": "absent", "refresh": False, "token_type": False}, id="bare-tokens"),
    ],
)
async def test_a_dropped_reply_at_a_cleo_that_shows_less(busy: CleoWorld, switches: dict[str, Any]) -> None:
    busy.cleo_state.switches.change(switches)
    if switches.get("download_layout") == "flat":
        busy.options(folders={"download": ["download"]})
    rule = busy.fault("lost", UPLOAD, count=4)
    await busy.settle_down(20)
    assert rule.struck == 4
    await quiet(busy)
    assert len(busy.vouchers()) == len(PARTNERS)


async def test_where_nothing_can_be_seen_the_same_bytes_go_again_under_the_same_numbers(
    cleo: CleoWorld,
) -> None:
    """Cleo has picked the file up, and lists neither files nor transfers nor events."""
    cleo.cleo_state.switches.change(
        {"list_upload": False, "transfers": "absent", "events": "absent", "folder_listing": "flat"}
    )
    cleo.behave("ACME", acknowledgment="never")
    order = cleo.order()
    await cleo.out("partners")
    cleo.fault("lost", UPLOAD)
    await cleo.out("purchase_orders", tolerant=True)
    cleo.settle()
    cleo.sandbox.clock.advance(AN_HOUR)
    await cleo.out("purchase_orders")
    cleo.settle()
    (first,) = cleo.received("850", order)
    (again,) = cleo.cleo_state.router.duplicates
    assert again.interchange == first.interchange
    cleo.cleo("send", partner="ACME", kind="997", key=order)
    await cleo.settle_down()
    cleo.check()


async def test_an_acknowledgment_that_vanishes_is_missed_and_may_come_again(cleo: CleoWorld) -> None:
    order = cleo.order()
    await cleo.out()
    cleo.settle()
    rule = cleo.fault("vanish_file", DOWNLOAD)
    await cleo.back()
    assert rule.struck
    cleo.sandbox.clock.advance(25 * 3600)
    await cleo.out("purchase_orders")
    await cleo.back()
    (alert,) = cleo.alerts()
    assert "overdue" in alert
    cleo.cleo("send", partner="ACME", kind="997", key=order)
    await cleo.back()
    await cleo.out("purchase_orders")
    assert cleo.row(order).status == "loaded"
    cleo.check()


# ---- many at once


def plan_mix(cleo: CleoWorld, seed: int) -> None:
    """Rules that strike now and then, as long as they stand in the book."""
    chance = random.Random(seed)
    cleo.sandbox.faults._seed = seed
    cleo.sandbox.faults.clear()
    for system, alone in (("cleo", CLEO_ALONE), ("peoplesoft", PEOPLESOFT_ALONE)):
        for name, kind, operations, more in alone:
            if more.get("value") or "log-in refused" in name:
                continue  # real seconds; and half an hour of rest after each
            for operation in operations:
                probability = chance.uniform(0.01, 0.06)
                values = {**more, "count": None, "probability": probability}
                cleo.fault(kind, operation, system=system, **values)


def disturb(cleo: CleoWorld, chance: random.Random, number: int) -> None:
    """What people do meanwhile."""
    orders = [
        f"{row['BUSINESS_UNIT']}-{row['PO_ID']}"
        for row in cleo.sandbox.peoplesoft.orders
        if row["PO_STATUS"] == "D"
    ]
    cleo.edit(chance.choice(orders), "change", line=1, quantity=chance.randrange(11, 40))
    if number == 2:
        cleo.edit(chance.choice(orders), "cancel")
    cleo.order(chance.choice(PARTNERS), 100 + number)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_many_faults_at_once(busy: CleoWorld, seed: int) -> None:
    chance = random.Random(seed)
    busy.options(matching={"receipts": "ignored"})
    for number in range(10, 22):
        busy.order(chance.choice(PARTNERS), number, unit=chance.choice(["US001", "US002"]))
    plan_mix(busy, seed)
    async with busy.letting_go():
        for number in range(5):
            await busy.out(tolerant=True)
            busy.settle()
            await busy.back(tolerant=True)
            busy.settle()
            disturb(busy, chance, number)
            busy.sandbox.clock.advance(AN_HOUR)
            await busy.sandbox.settled()
    struck = {rule.kind for rule in busy.sandbox.faults.rules if rule.struck}
    await quiet(busy)
    assert len(struck) > 6, struck
    assert {row.status for row in busy.rows(ORDERS).values()} <= {"loaded", "excluded"}
    assert {row.status for row in busy.rows(INVOICES).values()} <= {"loaded", "held"}
    assert sum(row.status == "held" for row in busy.rows(INVOICES).values()) <= 1, "of the cancelled order"
