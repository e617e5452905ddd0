"""What people see of trading partners: an order with its answers, the interchange itself, a held invoice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from launcher.demo import FROM_PARTNERS, Demonstration
from tests.browser.conftest import LogIn, Picture
from tests.browser.test_console import open_console

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

ORDER = "/documents/demo/cleo.purchase_orders/US001%7C0000900001"
HELD = "/search?tenant=demo&flow=cleo.supplier_invoices&status=held"


@pytest.fixture(scope="module")
def answered(demo: Demonstration) -> Demonstration:
    """The partners have answered orders and sent invoices."""
    assert demo.collect("suppliers answer", demo.partners.answer)
    return demo


def test_an_order_leads_to_what_the_partner_got_and_said(
    answered: Demonstration, log_in: LogIn, picture: Picture
) -> None:
    page = log_in("vera")
    frame = open_console(page, f"/ml-connector{ORDER}")
    exchanged = frame.get_by_role("table", name="Interchanges")
    row = exchanged.get_by_role("row").nth(1)
    expect(row).to_contain_text("850 sent")
    expect(row).to_contain_text("accepted")
    expect(frame.get_by_role("table", name="Of the same order")).to_contain_text("cleo.supplier_invoices")
    exchanged.scroll_into_view_if_needed()
    picture(page, "console-order")

    row.get_by_role("link").click()
    segments = frame.get_by_role("table", name="Segments")
    expect(segments).to_contain_text("BEG")
    expect(segments).to_contain_text("US001-0000900001")
    segments.scroll_into_view_if_needed()
    picture(page, "console-interchange")


def test_an_operator_releases_a_held_invoice(
    answered: Demonstration, log_in: LogIn, picture: Picture
) -> None:
    page = log_in("otto")
    frame = open_console(page, f"/ml-connector{HELD}")
    frame.get_by_role("table", name="Documents that fit").get_by_role("link").first.click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("held")
    label = frame.get_by_role("heading", level=1).inner_text().split()[0]
    picture(page, "console-held")
    frame.get_by_role("button", name="Release").or_(frame.get_by_role("link", name="Release")).click()
    frame.get_by_role("button", name="Release", exact=True).click()
    expect(frame.get_by_role("status")).to_be_visible()
    assert answered.day("what was released becomes a voucher", [FROM_PARTNERS])
    records = answered.airflow.answer("records", "--flow", "supplier_invoices", "--limit", "100")
    (released,) = [item for item in records if item["label"] == label]
    assert released["status"] == "loaded"
