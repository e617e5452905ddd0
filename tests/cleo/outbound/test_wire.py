"""What leaves is X12 that others read as well: our checker, x12check, mock-edi, pyx12 and x12-tidy."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.outbound.invoice_documents import invoice as invoice_document
from ml_connector.cleo.outbound.order_documents import cancelled_order, changed_order, purchase_order
from ml_connector.cleo.outbound.rendering import check_written, dialect
from ml_connector.cleo.partners.profile import InvoiceRules, Profile, PurchaseOrderRules
from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.core.state.store import Store
from ml_connector.x12.documents.invoice_writer import build_invoice
from ml_connector.x12.documents.purchase_order import build_purchase_order
from ml_connector.x12.documents.purchase_order_change import build_purchase_order_change
from ml_connector.x12.model import Segment, X12Error
from ml_connector.x12.writer import ControlNumbers, Envelope, write
from tests.x12.oracles import complaints

from .support import START, TERMS, InvoiceSite, Site, invoice, order, order_line, profile

STYLES: list[dict[str, Any]] = [
    {"versions": [{"version": version}], "line_end": line_end, "charset": charset, "delimiters": marks}
    for version in ("004010", "005010")
    for line_end, charset, marks in (
        ("none", "basic", {}),
        ("CRLF", "extended", {"element": "|", "component": ":"}),
        ("LF", "extended", {"element": "^", "component": "\\", "segment": "'", "repetition": "!"}),
        ("none", "extended", {"segment": "\n"}),
    )
]
ORDERS = PurchaseOrderRules.model_validate({"terms": TERMS})
INVOICES = InvoiceRules.model_validate({"terms": TERMS})


def written(partner: Profile, group: str, segments: list[Segment]) -> bytes:
    envelope = Envelope(
        sender=("ZZ", "PSFTUS001"), receiver=("01", "123456789"), group_sender="PSFTUS001",
        group_receiver="123456789", at=START, dialect=dialect(partner, "2026-11-20"), usage="T",
        line_end=partner.line_end,
    )  # fmt: skip
    return write(envelope, ControlNumbers(231, 17), group, [segments])


@cache
def partner_of(index: int) -> Profile:
    return profile("acme", **STYLES[index])


# ---- bodies that PeopleSoft could hold, and worse

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300)
quantities = st.decimals("0.0001", "999", places=4)  # mock-edi counts the point of CTT02 as a digit
prices = st.decimals("-999999", "999999", places=5)
agreed = st.decimals("0", "999999", places=5)
days = st.dates(date(2000, 1, 1), date(2049, 12, 31)).map(str)
numbers = st.from_regex(r"[A-Z0-9]{1,18}", fullmatch=True)


@st.composite
def lines(draw: st.DrawFn, number: int) -> Payload:
    parts = draw(st.lists(quantities, min_size=1, max_size=4))
    price = draw(agreed)
    item = draw(st.none() | numbers)
    schedules = [
        {"schedule": str(at), "quantity": one, "price": price, "due_date": draw(days), "ship_to": "US001"}
        for at, one in enumerate(parts, 1)
    ]
    amount = (sum(parts, Decimal(0)) * price).quantize(Decimal("0.01"))
    return {
        "line": str(number), "item": item, "vendor_item": draw(st.none() | numbers),
        "description": draw(texts if item else texts.map(lambda text: f"N{text}")),
        "unit": draw(st.sampled_from(["EA", "CS", "TON", "LTR"])),
        "quantity": draw(st.sampled_from([None, sum(parts, Decimal(0))])), "amount": amount,
        "schedules": schedules,
    }  # fmt: skip


@st.composite
def orders(draw: st.DrawFn) -> Payload:
    count = draw(st.integers(1, 6))
    return order(
        lines=[draw(lines(number)) for number in range(1, count + 1)], buyer=draw(texts), date=draw(days),
        comments=draw(st.lists(texts, max_size=3)), vendor_name=draw(texts),
        contract=draw(st.none() | numbers), terms=draw(st.sampled_from([None, "N30", "D210"])),
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(body=orders(), style=st.integers(0, len(STYLES) - 1))
def test_orders_of_any_content_are_read_by_everybody(body: Payload, style: int) -> None:
    partner = partner_of(style)
    content = written(
        partner, "PO", build_purchase_order(purchase_order(body, ORDERS), dialect(partner, "2026-11-20"))
    )
    check_written(content)
    assert complaints(content) == []


@settings(max_examples=12, deadline=None)
@given(before=orders(), after=orders(), style=st.integers(0, len(STYLES) - 1))
def test_changes_and_cancellations_of_any_content_too(before: Payload, after: Payload, style: int) -> None:
    partner = partner_of(style)
    had, wanted = purchase_order(before, ORDERS), purchase_order(after, ORDERS)
    changes = [changed_order(had, wanted, sequence=3, on="2026-11-20")]
    changes.append(cancelled_order(had, sequence=4, on="2026-11-20"))
    for change in changes:
        if change is not None:
            try:
                segments = build_purchase_order_change(change, dialect(partner, "2026-11-20"))
            except X12Error as error:
                if "left to receive" in error.reason:  # nine digits are all that POC04 has
                    continue
                raise
            content = written(partner, "PC", segments)
            check_written(content)
            assert complaints(content) == []


@settings(max_examples=12, deadline=None)
@given(
    amounts=st.lists(st.decimals("-99999", "99999", places=2), min_size=1, max_size=5),
    quantity=st.none() | quantities, text=texts, tax=st.decimals("-99", "99", places=2),
    style=st.integers(0, len(STYLES) - 1),
)  # fmt: skip
def test_invoices_of_any_content_add_up(
    amounts: list[Decimal], quantity: Decimal | None, text: str, tax: Decimal, style: int
) -> None:
    partner = partner_of(style)
    rows = [
        {
            "line": str(at),
            "amount": one,
            "quantity": quantity,
            "price": one,
            "unit": "EA",
            "description": text,
        }
        for at, one in enumerate(amounts, 1)
    ]
    body = invoice(lines=rows, tax=tax, miscellaneous=tax, freight=None, total=sum(amounts, 2 * tax))
    try:
        segments = build_invoice(invoice_document(body, INVOICES), dialect(partner, "2026-11-20"))
    except X12Error as error:
        if "quantity" in error.reason:  # ten digits are all that 004010 has for it
            return
        raise
    content = written(partner, "IN", segments)
    check_written(content)
    assert complaints(content) == []


@settings(max_examples=20, deadline=None)
@given(body=st.dictionaries(st.sampled_from(sorted(order())), st.none() | texts | prices, max_size=3))
def test_bodies_of_any_form_raise_nothing_but_refusals(body: Payload) -> None:
    partner = partner_of(0)
    strange = order() | {name: value for name, value in body.items() if name != "lines"}
    try:
        document = purchase_order(strange, ORDERS)
        check_written(written(partner, "PO", build_purchase_order(document, dialect(partner, "2026-11-20"))))
    except (Rejected, X12Error):
        return  # told as the document's own fault


def test_what_our_checker_objects_to_does_not_leave() -> None:
    partner = partner_of(0)
    segments = build_purchase_order(purchase_order(order(), ORDERS), dialect(partner, "2026-11-20"))
    swapped = [segments[1], segments[0], *segments[2:]]
    with pytest.raises(Rejected, match="no valid X12"):
        check_written(written(partner, "PO", swapped))


def test_an_order_of_999_lines(state: Store) -> None:
    body = order(lines=[order_line(str(number), "10001", "1", "1.00") for number in range(1, 1000)])
    content = written(
        partner_of(0),
        "PO",
        build_purchase_order(purchase_order(body, ORDERS), dialect(partner_of(0), "2026-11-20")),
    )
    check_written(content)
    assert complaints(content) == []


# ---- who speaks to whom, and in what version


async def test_two_plants_speak_for_themselves_to_two_identities(state: Store) -> None:
    site = Site(state)
    site.put("1", order("northwind", 1, "US001"))
    site.put("2", order("northwind", 1, "US002"))
    await site.run()
    ends = [(one.sender, one.receiver, one.number) for key in "12" for one in site.sent(key)]
    assert ends == [
        ("ZZ:PSFTUS001", "01:222222222", 1),
        ("ZZ:PSFTUS002", "01:222222223", 1),
    ]
    header = site.interchange(site.sent("2")[0]).header
    assert (header[6].strip(), header[8].strip(), header[15]) == ("PSFTUS002", "222222223", "T")


async def test_a_partner_goes_over_to_another_version_on_its_day(state: Store) -> None:
    site = Site(state)
    eastern = ZoneInfo("America/New_York")
    site.clock.now = datetime(2026, 11, 30, 23, 30, tzinfo=eastern)
    site.put("1", order("northwind", 1))
    await site.run()
    site.clock.now += timedelta(hours=1)
    site.put("2", order("northwind", 2))
    await site.run()
    versions = [site.interchange(site.sent(key)[0]).groups[0].header[8] for key in "12"]
    assert versions == ["004010", "005010"]


async def test_a_change_goes_out_in_the_version_of_its_own_day(state: Store) -> None:
    site = Site(state, profile("northwind", acknowledgment={"expected": False}))
    site.put("1", order("northwind", 1))
    await site.run()
    site.clock.now = datetime(2026, 12, 2, 12, 0, tzinfo=ZoneInfo("UTC"))
    site.put("1", order("northwind", 1, terms="D210"))
    await site.run()
    groups = [site.interchange(one).groups[0].header for one in site.sent("1")]
    assert [(group[1], group[8]) for group in groups] == [("PO", "004010"), ("PC", "005010")]


async def test_a_group_id_of_its_own_stands_in_the_group(state: Store) -> None:
    own = {"US001": {"qualifier": "ZZ", "id": "PSFTUS001", "group_id": "PSFTGRP"}}
    identities = [{"qualifier": "01", "id": "123456789", "group_id": "ACME850"}]
    site = Site(state, profile("acme", identities=identities), identities=own)
    site.put("1", order())
    await site.run()
    assert site.interchange(site.sent("1")[0]).groups[0].header[2:4] == ("PSFTGRP", "ACME850")


async def test_a_production_tenant_sends_no_tests(state: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from . import support

    live = support.TENANT.model_copy(update={"environment": "production"})
    monkeypatch.setattr(support, "TENANT", live)
    site = InvoiceSite(state)
    site.put("1", invoice())
    await site.run()
    assert site.interchange(site.sent("1")[0]).header[15] == "P"
    assert CleoOptions().invoices.mode is None
