"""Orders become 850s, what changes 860s, and nothing is sent twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from ml_connector.core.state.schema import audit_event
from ml_connector.core.state.store import Store

from .support import Site, order, order_line, profile


@pytest.fixture
def site(state: Store) -> Site:
    return Site(state)


async def test_a_dispatched_order_goes_once_and_waits_for_its_997(store: Store) -> None:
    site = Site(store)
    site.put("1", order())
    assert (await site.run())["accepted"] == 1
    (sent,) = site.sent("1")
    assert sent.file_name == "850_acme_US001_0000000007_1_000000001.edi"
    assert (sent.sender, sent.receiver, sent.group_code) == ("ZZ:PSFTUS001", "01:123456789", "PO")
    assert (sent.set_status, sent.left, sent.reference) == ("sent", True, "US001-0000000007")
    assert site.row("1").target_id == "acme:US001-0000000007"
    assert site.segments("1", "BEG") == [("BEG", "00", "SA", "US001-0000000007", "", "20261102")]
    assert await site.run() == {"alerts": []}
    assert len(site.box.uploads) == 1


async def test_without_a_997_to_come_an_order_is_done_at_once(site: Site) -> None:
    site.put("1", order("initech"))
    assert (await site.run())["created"] == 1
    assert site.sent("1")[0].set_status == "not_expected"


async def test_the_file_goes_where_the_partner_wants_it(state: Store) -> None:
    site = Site(state, profile("acme", documents={"purchase_order": {"folder": "upload/special"}}))
    site.put("1", order(terms=None))
    await site.run()
    assert [folder for folder, _ in site.box.files] == ["upload/special"]


# ---- changes


def changed(**more: Any) -> dict[str, Any]:
    lines = [order_line("1", "10001", "12", "2.50"), order_line("3", "10003", "1", "7.00")]
    return order("initech", lines=lines) | more


async def sent_and(site: Site, body: dict[str, Any]) -> dict[str, Any]:
    site.put("1", order("initech"))
    await site.run()
    site.put("1", body)
    return await site.run()


async def test_a_change_names_the_lines_that_changed(site: Site) -> None:
    assert (await sent_and(site, changed()))["updated"] == 1
    assert [one.set_code for one in site.sent("1")] == ["850", "860"]
    (head,) = site.segments("1", "BCH")
    assert head[1:6] == ("04", "SA", "US001-0000000007", "", "1")
    assert head[11] == "20261120"
    lines = [one[1:4] for one in site.segments("1", "POC")]
    assert lines == [("1", "QI", "12"), ("3", "AI", "1"), ("2", "DI", "5")]


@pytest.mark.parametrize(
    ("quantity", "price", "code"),
    [("11", "2.50", "QI"), ("9", "2.50", "QD"), ("10", "2.49", "PC"), ("11", "2.49", "PQ")],
)
async def test_a_changed_line_says_how(site: Site, quantity: str, price: str, code: str) -> None:
    lines = [order_line("1", "10001", quantity, price), order()["lines"][1]]
    await sent_and(site, order("initech", lines=lines))
    assert [one[1:3] for one in site.segments("1", "POC")] == [("1", code)]


async def test_another_date_of_a_line_is_a_change(site: Site) -> None:
    line = order_line("1", "10001", "10", "2.50")
    line["schedules"][0]["due_date"] = "2027-01-04"
    await sent_and(site, order("initech", lines=[line, order()["lines"][1]]))
    assert [one[1:3] for one in site.segments("1", "POC")] == [("1", "CA")]


async def test_changed_terms_alone_name_every_line_as_unchanged(site: Site) -> None:
    await sent_and(site, order("initech", terms="D210"))
    assert [one[2] for one in site.segments("1", "POC")] == ["NC", "NC"]
    assert site.segments("1", "ITD") == [("ITD", "01", "3", "2", "", "10", "", "30")]


async def test_what_the_supplier_does_not_see_sends_nothing(site: Site) -> None:
    assert (await sent_and(site, order("initech", type="KAN")))["updated"] == 1
    assert len(site.sent("1")) == len(site.box.uploads) == 1


async def test_an_order_that_is_back_in_approval_stays_as_it_is(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.put("1", {"number": "US001-0000000007"}, state="kept")
    assert (await site.run())["updated"] == 1
    site.put("1", changed())
    await site.run()
    assert len(site.box.uploads) == 2
    assert [one[1:3] for one in site.segments("1", "POC")] == [("1", "QI"), ("3", "AI"), ("2", "DI")]


async def test_changes_count_on_from_what_was_sent_last(site: Site) -> None:
    await sent_and(site, changed())
    site.put("1", order("initech"))
    await site.run()
    assert [one[1:4] for one in site.segments("1", "POC")] == [
        ("1", "QD", "10"),
        ("2", "AI", "5"),
        ("3", "DI", "1"),
    ]
    assert site.segments("1", "BCH")[0][5] == "2"
    assert [one.file_name.split("_")[4] for one in site.sent("1")] == ["1", "2", "3"]


async def test_a_partner_without_860s_gets_the_order_again_as_a_replacement(state: Store) -> None:
    rules = {"purchase_order": {"change": "replace"}}
    site = Site(state, profile("acme", documents=rules, acknowledgment={"expected": False}))
    site.put("1", order(terms=None))
    await site.run()
    site.put("1", order(terms=None, lines=[order_line("1", "10001", "1", "2.50")]))
    await site.run()
    assert [one.set_code for one in site.sent("1")] == ["850", "850"]
    assert site.segments("1", "BEG")[0][1] == "05"
    site.put("1", {}, absent=True)
    await site.run()
    assert site.segments("1", "BEG")[0][1] == "01"


# ---- cancellation


async def test_a_cancelled_order_is_taken_back_once(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.put("1", {"number": "US001-0000000007"}, absent=True)
    assert (await site.run())["removed"] == 1
    assert site.segments("1", "BCH")[0][1] == "01"
    assert site.segments("1", "POC") == []
    assert await site.run() == {"alerts": []}


async def test_an_order_that_is_gone_from_peoplesoft_is_no_cancellation(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.put("1", {}, state="none", absent=True)
    assert (await site.run())["removed"] == 1
    assert len(site.box.uploads) == 1


async def test_an_order_that_comes_back_is_for_a_person(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.put("1", {}, absent=True)
    await site.run()
    site.put("1", order("initech"))
    assert (await site.run())["held"] == 1
    assert "cancelled at the supplier" in site.row("1").reason
    assert len(site.box.uploads) == 2


async def test_an_order_that_moves_to_another_supplier_is_for_a_person(site: Site) -> None:
    assert (await sent_and(site, order("globex")))["held"] == 1
    assert "initech" in site.row("1").reason


# ---- what cannot be said


def refused_line(**changed: Any) -> dict[str, Any]:
    return order(lines=[order_line("1", "10001", "10", "2.50") | changed])


def schedules(*more: dict[str, Any]) -> list[dict[str, Any]]:
    (first,) = order_line("1", "10001", "10", "2.50")["schedules"]
    return [first | {"schedule": str(number)} | one for number, one in enumerate(more, 1)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (refused_line(unit="XYZ"), ["lines[1].unit", "XYZ", "documents.purchase_order.units"]),
        (order(terms="N99"), ["terms", "N99", "documents.purchase_order.terms"]),
        (order() | {"number": "US001-" + "7" * 20}, ["order number", "22"]),
        (refused_line(vendor_item="V" * 49), ["VP", "48"]),
        (refused_line(line="1" * 21), ["number of a line", "20"]),
        (order(vendor="V" * 31), ["IA", "30"]),
        (refused_line(schedules=schedules({}, {"price": Decimal(3)})), ["different prices"]),
        (refused_line(schedules=schedules({}, {"ship_to": "US002"})), ["several places"]),
        (order(currency="DOLLAR"), ["currency"]),
        (order(date="2026-02-30"), ["date"]),
        (order(business_unit="US009"), ["US009", "identities"]),
        (order("nobody"), ["nobody"]),
        (refused_line(quantity=Decimal("1" * 16)), ["quantity", "15"]),
    ],
)
async def test_what_does_not_fit_is_refused_and_takes_no_number(
    site: Site, body: dict[str, Any], said: list[str]
) -> None:
    site.put("1", body)
    site.put("2", order(number=8))
    counts = await site.run()
    assert (counts["rejected"], counts["accepted"]) == (1, 1)
    row = site.row("1")
    assert [word for word in said if word not in row.reason] == []
    assert site.sent("1") == []
    assert site.sent("2")[0].number == 1


async def test_what_a_partner_requires_must_be_there(state: Store) -> None:
    rules = {"purchase_order": {"require": ["REF*IA", "DTM*002", "N1*ST", "FOB", "REF*CT"]}}
    site = Site(state, profile("acme", documents=rules))
    site.put("1", order(terms=None))
    assert (await site.run())["rejected"] == 1
    assert "requires FOB, REF*CT" in site.row("1").reason
    site.put("2", order(terms=None, number=8, contract="C1"))
    await site.run()
    assert "requires FOB (" in site.row("2").reason


# ---- lines


async def line_sent(site: Site, **changed: Any) -> tuple[str, ...]:
    site.put("1", refused_line(**changed))
    await site.run()
    (line,) = site.segments("1", "PO1")
    return line


async def test_a_line_by_amount_is_one_piece(site: Site) -> None:
    assert (await line_sent(site, quantity=None))[1:5] == ("1", "1", "EA", "25")
    assert site.segments("1", "SCH") == []


async def test_units_are_translated(site: Site) -> None:
    assert (await line_sent(site, unit="CS"))[3] == "CA"


async def test_a_partners_own_units_go_first(state: Store) -> None:
    site = Site(state, profile("acme", documents={"purchase_order": {"units": {"CS": "CT"}}}))
    site.put("1", refused_line(unit="CS") | {"terms": None})
    await site.run()
    assert site.segments("1", "PO1")[0][3] == "CT"


async def test_item_ids_go_in_the_partners_order(state: Store) -> None:
    site = Site(state, profile("acme", documents={"purchase_order": {"line_ids": ["VP", "BP"]}}))
    site.put("1", refused_line(vendor_item="V-1") | {"terms": None})
    await site.run()
    assert site.segments("1", "PO1")[0][6:] == ("VP", "V-1", "BP", "10001")


async def test_schedules_and_places_of_lines(site: Site) -> None:
    parts = schedules({"quantity": Decimal(4)}, {"quantity": Decimal(6), "due_date": "2027-01-04"})
    other = order_line("2", "10002", "5", "12.34")
    other["schedules"][0]["ship_to"] = "US002"
    site.put("1", order(lines=[order_line("1", "10001", "10", "2.50", schedules=parts), other]))
    await site.run()
    assert [(one[1], one[6]) for one in site.segments("1", "SCH")] == [
        ("4", "20261215"), ("6", "20270104"), ("5", "20261215"),
    ]  # fmt: skip
    assert [one for one in site.segments("1", "N1") if one[1] == "ST"] == [
        ("N1", "ST", "", "92", "US001"), ("N1", "ST", "", "92", "US002"),
    ]  # fmt: skip
    assert site.segments("1", "DTM") == [("DTM", "002", "20261215")]


async def test_texts_that_change_are_told_in_the_trail(site: Site) -> None:
    site.put("1", refused_line(description="Größe * " + "x" * 100))
    await site.run()
    with site.store.read() as connection:
        rows = connection.execute(select(audit_event).where(audit_event.c.kind == "text adapted")).all()
    assert len(rows) == 1
    assert "description: split" in str(rows[0].data)
    assert "Gr" not in str(rows[0].data)
