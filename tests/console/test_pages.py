"""The pages that list: what they show, how they page, what they offer as a file; and that all can be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

import pytest
from lxml import html
from sqlalchemy import insert

from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.settlements import SETTLED, Row, Settlements
from ml_connector.core.state.schema import plan
from ml_connector.core.state.store import Store
from tests.console.conftest import DAG, Browser, Page, Site, links, table
from tests.core.ledger.test_search import put

# Documents ------------------------------------------------------------------------------------


def test_search_and_its_empty_states(moved: Site, viewer: Browser) -> None:
    page = viewer.get("/search?q=order")
    assert [row[0] for row in table(page, "Documents that fit")] == ["Order 1", "Order 2"]
    assert "No document begins with 4711" in viewer.get("/search?q=4711").words.replace(" 4711 ", " 4711 ")
    assert "No document fits." in viewer.get("/search?status=dead").words
    assert viewer.get("/search?q=" + "x" * 600).status == 400


def test_search_pages(site: Site, viewer: Browser) -> None:
    with site.store() as store:
        rows = [
            {"flow": "shop.orders", "key": f"U|{number:04}", "label": f"INV-{number:04}"}
            for number in range(120)
        ]
        put(store, *rows)
    seen, address, count = [], "/search?q=inv", 0
    while address:
        page = viewer.get(address)
        seen += [row[0] for row in table(page, "Documents that fit")]
        address, count = next(iter(links(page, "Next page")), ""), count + 1
    assert seen == [f"INV-{number:04}" for number in range(120)]
    assert count == 3


def test_choosing_documents_to_replay(moved: Site, operator: Browser) -> None:
    page = operator.get("/search?tenant=acme&flow=shop.orders&status=rejected")
    assert 'name="key" value="US001|000003"' in page.text
    (address,) = links(page, "Replay all that are rejected")
    assert "1 document" in operator.get(address).words
    everything = operator.get("/search")
    assert 'type="checkbox" name="key"' not in everything.text  # more than one flow
    loaded = operator.get("/search?tenant=acme&flow=shop.orders&status=loaded")
    assert 'type="checkbox" name="key"' not in loaded.text


# Reconciliation -------------------------------------------------------------------------------


def differing(site: Site) -> None:
    site.target.objects["T0001"] = site.target.objects["T0001"] | {"amount": Decimal("99.00")}
    site.target.objects["X1"] = {"number": "9", "name": "=cmd|' /C calc'!A0", "amount": Decimal("7.00")}
    site.run()


def test_reports(moved: Site, viewer: Browser) -> None:
    differing(moved)
    (row,) = table(viewer.get("/reconciliation"), "Reports")
    assert row[0] == "shop.orders"
    assert row[3] == "2"
    assert "unexplained" in row[4]
    history = viewer.get("/reconciliation?tenant=acme&flow=shop.orders")
    assert [row[3] for row in table(history, "Reports")] == ["2", "0"]


def test_one_report(moved: Site, viewer: Browser) -> None:
    differing(moved)
    (address,) = links(viewer.get("/reconciliation"), "shop.orders")
    page = viewer.get(address)
    (total,) = table(page, "Totals by unit, status and currency")
    assert total[3:6] == ["6.75 3 documents", "3.50 2 documents", "101.25 2 documents"]
    assert total[7] == "-94.50"
    kinds = {row[0]: row for row in table(page, "Differences by name")}
    assert "amount : 1.25 sent, 99.00 there" in kinds["changed"][3]
    assert kinds["surplus"][1].startswith("X1")
    assert links(page, "Order 1") == ["/documents/acme/shop.orders/US001%7C000001"]
    assert viewer.get("/reconciliation/none").status == 404


def read_csv(page: Page) -> list[dict[str, str]]:
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    assert page.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(page.text.removeprefix("\ufeff"), newline="")))


def test_a_report_as_a_file(moved: Site, viewer: Browser) -> None:
    differing(moved)
    (address,) = links(viewer.get("/reconciliation"), "shop.orders")
    page = viewer.get(f"{address}/file")
    total, *rest = read_csv(page)
    assert (total["kind"], total["source_amount"], total["difference"]) == ("total", "6.75", "-94.50")
    assert {row["kind"]: row["label"] for row in rest} == {
        "changed": "Order 1",
        "surplus": "'=cmd|' /C calc'!A0",
    }
    assert {row["explained"] for row in rest} == {"no"}
    assert page.headers["content-disposition"].startswith(
        'attachment; filename="reconciliation_acme_shop.orders_'
    )


def test_nothing_was_reconciled(site: Site, viewer: Browser) -> None:
    assert "Nothing was reconciled yet." in viewer.get("/reconciliation").words


# Plans ----------------------------------------------------------------------------------------


def put_plan(store: Store, count: int) -> None:
    changes = [
        {"field": "amount", "before": Decimal("1.00"), "after": Decimal("2.00")},
        {"field": "payTo.accountNumber", "before": "1", "after": "2"},
    ]
    with store.write() as tx:
        rows = [
            {
                "id": "p1", "flow": "shop.orders", "key": f"U|{number:03}", "tenant": "acme",
                "label": f"INV {number}", "operation": "update" if number % 2 else "create", "reason": None,
                "changes": store.seal(changes), "planned_at": store.now(),
            }
            for number in range(count)
        ]  # fmt: skip
        tx.connection.execute(insert(plan), rows)


def test_plans(site: Site, viewer: Browser) -> None:
    assert "There is no plan." in viewer.get("/plans").words
    with site.store() as store:
        put_plan(store, 120)
    (row,) = table(viewer.get("/plans"), "Plans, the newest first")
    assert row[2] == "shop.orders: 60 create , shop.orders: 60 update"
    first = viewer.get("/plans/p1")
    assert len(table(first, "Documents of the plan")) == 100
    (following,) = links(first, "Next page")
    rest = table(viewer.get(following), "Documents of the plan")
    assert [row[0] for row in rest][-1] == "INV 119 U|119"
    only = viewer.get("/plans/p1?operation=update")
    assert {row[2] for row in table(only, "Documents of the plan")} == {"update"}


def test_a_plans_differences(site: Site, viewer: Browser) -> None:
    with site.store() as store:
        put_plan(store, 1)
    page = viewer.get("/plans/p1")
    assert table(page, "Changes of INV 0") == [
        ["amount", "1.00", "2.00"],
        ["payTo.accountNumber", "***", "***"],
    ]


def test_a_plan_that_is_not_there(site: Site, viewer: Browser) -> None:
    assert viewer.get("/plans/none").status == 403


# Settlements ----------------------------------------------------------------------------------


def put_settlements(store: Store) -> None:
    rows: Iterator[Row] = (
        Row(f"pay{day}", 1, 1, SETTLED, "staged", "US001", "US001|000001", Decimal(f"{day}.50"), "USD",
            f"2026-11-{day:02}", "641000", "=100", export="week1" if day < 3 else None)
        for day in range(1, 5)
    )  # fmt: skip
    with store.write() as tx:
        Settlements(store, "acme", "shop.returns").put(tx, rows)


def test_settlements(site: Site, viewer: Browser) -> None:
    assert "No settlement fits." in viewer.get("/settlements").words
    with site.store() as store:
        put_settlements(store)
    caption = "Settlement rows, the newest accounting date first"
    rows = table(viewer.get("/settlements"), caption)
    assert [row[0] for row in rows] == ["pay4", "pay3", "pay2", "pay1"]
    assert rows[0][1:6] == ["US001|000001", "settled", "4.50 USD", "2026-11-04", "US001"]
    period = viewer.get("/settlements?tenant=acme&since=2026-11-02&until=2026-11-03")
    assert [row[0] for row in table(period, caption)] == ["pay3", "pay2"]
    assert [row[0] for row in table(viewer.get("/settlements?tenant=acme&export=week1"), caption)] == [
        "pay2",
        "pay1",
    ]


def test_settlements_as_a_file(site: Site, viewer: Browser) -> None:
    with site.store() as store:
        put_settlements(store)
    page = viewer.get("/settlements/file?tenant=acme&export=week1")
    found = [(row["reference"], row["amount"], row["credit"]) for row in read_csv(page)]
    assert found == [("pay2", "2.50", "'=100"), ("pay1", "1.50", "'=100")]
    assert 'filename="settlements_acme_week1.csv"' in page.headers["content-disposition"]
    assert len(read_csv(viewer.get("/settlements/file?tenant=acme"))) == 4
    assert len(read_csv(viewer.get("/settlements/file?tenant=acme&since=2026-11-04"))) == 1
    assert viewer.get("/settlements/file?tenant=nobody").status == 404


# Crosswalks -----------------------------------------------------------------------------------


def test_crosswalks_and_search_in_one(moved: Site, viewer: Browser) -> None:
    assert [row[0] for row in table(viewer.get("/crosswalks"), "Crosswalks")] == ["shop.orders"]
    with moved.store() as store, store.write() as tx:
        many = [
            {"key": f"K{number:03}", "target_id": f"T{number}", "label": f"Name {number}"}
            for number in range(150)
        ]
        crosswalks.set_by_hand(tx, "acme", "shop.parties", many)
    (address,) = links(viewer.get("/crosswalks"), "shop.parties")
    first = viewer.get(address)
    assert len(table(first, "Entries of shop.parties")) == 100
    (following,) = links(first, "Next page")
    assert len(table(viewer.get(following), "Entries of shop.parties")) == 50
    for text in ("k007", "T7", "name 7"):
        rows = table(viewer.get(f"{address}&q={quote(text)}"), "Entries of shop.parties")
        assert "K007" in [row[0] for row in rows]
    assert "No entry fits." in viewer.get(f"{address}&q=nothing").words


def test_no_crosswalk_yet(site: Site, viewer: Browser) -> None:
    assert "There is no entry yet" in viewer.get("/crosswalks").words


# All pages ------------------------------------------------------------------------------------

EVERY = (
    "/", f"/dag/{DAG}", "/search", "/search?q=nothing", "/search?tenant=acme&flow=shop.orders",
    "/documents/acme/shop.orders/US001|000001", "/documents/acme/shop.orders/US001|000003",
    "/reconciliation", "/plans", "/plans/p1", "/settlements", "/crosswalks", "/nothing",
    "/crosswalks?tenant=acme&name=shop.orders", "/actions/crosswalk-set?tenant=acme&flow=shop.orders",
    "/actions/replay?tenant=acme&flow=shop.orders&key=US001|000003",
    "/actions/accept-columns?tenant=acme&flow=shop.orders",
)  # fmt: skip


@pytest.mark.parametrize("path", EVERY)
def test_every_page_can_be_read_by_everybody(moved: Site, operator: Browser, path: str) -> None:
    """One heading, labels, captions, headed columns, unique ids, no script or style of its own."""
    with moved.store() as store:
        put_plan(store, 2)
        put_settlements(store)
    page = operator.get(path)
    document_ = html.fromstring(page.text)
    assert document_.get("lang") == "en"
    assert len(document_.xpath("//h1")) == 1
    assert document_.xpath("//title")[0].text_content().strip() != ""
    assert document_.xpath("//main")
    ids = document_.xpath("//@id")
    assert len(ids) == len(set(ids))
    for found in document_.xpath("//table"):
        assert found.xpath("./caption"), path
        assert found.xpath("./thead/tr/th[@scope='col']"), path
    for field in document_.xpath("//input[@type!='hidden' or not(@type)] | //select"):
        labelled = (
            field.get("aria-label")
            or field.xpath("ancestor::label")
            or document_.xpath(f"//label[@for='{field.get('id')}']")
        )
        assert labelled, html.tostring(field)
    assert not document_.xpath("//@style | //@onclick | //style")
    assert len(document_.xpath("//script[not(@src)]")) == 0
    for form in document_.xpath("//form[@method='post']"):
        assert form.xpath(".//input[@name='csrf']")


def test_a_wrong_address(site: Site, viewer: Browser) -> None:
    page = viewer.get("/nothing/here")
    assert page.status == 404
    assert "There is no such page." in page.words


def test_style_and_script_are_there(site: Site) -> None:
    for name, kind in (("console.css", "text/css"), ("console.js", "javascript")):
        answer = site.stranger().get(f"/static/{name}")
        assert answer.status == 200
        assert kind in answer.headers["content-type"]
