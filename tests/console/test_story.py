"""One document's page: events with their actors, both payloads, relations - and nothing private."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.ledger.settlements import SETTLED, Row, Settlements
from ml_connector.core.state.schema import audit_event, document, payload
from tests.console.conftest import DAG, Browser, Page, Site
from tests.core.stages.support import MAPPING, order

EVIL = "\"'><script>alert(1)</script>"


def story(browser: Browser, key: str, flow: str = "shop.orders") -> Page:
    page = browser.get(f"/documents/acme/{flow}/{key}")
    assert page.status == 200, page.words
    return page


def test_events_name_their_task_and_link_to_its_log(moved: Site, viewer: Browser) -> None:
    page = story(viewer, "US001|000001")
    assert (
        "Created in the target by erp_shop__acme/manual__2026-11-20T12:00:00+00:00/orders.load/2"
        in page.words
    )
    log = f"/dags/{DAG}/runs/manual__2026-11-20T12%3A00%3A00%2B00%3A00/tasks/orders.load?try_number=2"
    assert f'href="{log}" target="_top"' in page.text
    assert page.words.index("Mapped, to be sent") < page.words.index("Claimed") < page.words.index("Created")


def test_times_are_the_tenants_with_utc_on_hover(moved: Site, viewer: Browser) -> None:
    page = story(viewer, "US001|000001")
    assert " EST</time>" in page.text
    assert ' UTC">' in page.text


def test_both_payloads_agree(moved: Site, viewer: Browser) -> None:
    page = story(viewer, "US001|000001")
    assert "It was written, or found, exactly like this." in page.words
    assert "number 000001" in page.words
    assert "ORDER_ID 000001" in page.words
    assert "differs" not in page.text


def test_a_change_that_is_not_sent_yet_is_marked(moved: Site, viewer: Browser) -> None:
    moved.source.put(order(1, NAME="renamed", CHANGED="2026-11-02"))
    moved.target.before_write = refuse
    with pytest.raises(ConnectionError):
        moved.run()
    page = story(viewer, "US001|000001")
    assert "1 field differs from what was written or found last." in page.words
    assert "name renamed Order 1 (differs)" in page.words


def refuse(_: Any) -> None:
    raise ConnectionError("away")


def test_what_the_reconciliation_saw_stands_beside_what_was_sent(moved: Site, viewer: Browser) -> None:
    moved.target.objects["T0001"] = moved.target.objects["T0001"] | {"amount": Decimal("99.00")}
    moved.run()
    page = story(viewer, "US001|000001")
    assert "drifted" in page.words
    assert "1 field differs from what the last reconciliation saw there." in page.words
    assert "amount 1.25 99.00 (differs)" in page.words


def test_an_object_that_is_gone(moved: Site, viewer: Browser) -> None:
    del moved.target.objects["T0001"]
    moved.run()
    assert "The last reconciliation did not find it any more." in story(viewer, "US001|000001").words


def test_what_was_refused_was_never_mapped(moved: Site, viewer: Browser) -> None:
    page = story(viewer, "US001|000003")
    assert "Nothing: it was refused" in page.words
    assert "Change it in its source, or the mapping" in page.words
    assert "Deadline" in page.words
    assert "in 2 days" in page.words


def test_crosswalk_entries_that_it_needs(moved: Site, viewer: Browser) -> None:
    moved.source.put(order(4, PARTY="P4"), order(5, PARTY="P5"))
    with moved.store() as store, store.write() as tx:
        crosswalks.set_by_hand(tx, "acme", "shop.parties", [{"key": "P4", "target_id": "T-P4"}])
    moved.run()
    assert "shop.parties P4 T-P4" in story(viewer, "US001|000004").words
    waiting = story(viewer, "US001|000005")
    assert "shop.parties P5 missing" in waiting.words
    assert "Waits for shop.parties P5" in waiting.words


def test_related_documents_and_settlements(moved: Site, viewer: Browser) -> None:
    with moved.store() as store, store.write() as tx:
        (row_id,) = tx.new_ids(document, 1)
        copied = (
            tx.connection.execute(select(document).where(document.c.key == "US001|000001")).one()._mapping
        )
        values = dict(copied) | {"id": row_id, "flow": "shop.returns", "target_id": None}
        tx.connection.execute(insert(document).values(values))
        line = Row("pay-1", 1, 1, SETTLED, "journal", "US001", "US001|000001", Decimal("1.25"), "USD",
                   "2026-11-24", journal="J1")  # fmt: skip
        Settlements(store, "acme", "shop.returns").put(tx, [line])
    page = story(viewer, "US001|000001")
    assert "The same document in other flows" in page.words
    assert "pay-1 US001|000001 settled 1.25 USD 2026-11-24 US001 J1" in page.words


def test_purged_payloads_and_events_leave_a_page(moved: Site, viewer: Browser) -> None:
    with moved.store() as store, store.write() as tx:
        tx.connection.execute(payload.delete())
        tx.connection.execute(audit_event.delete())
    page = story(viewer, "US001|000001")
    assert "retention removed it" in page.words
    assert "The trail holds no event of it any more." in page.words


def test_a_document_that_is_not_there(moved: Site, viewer: Browser) -> None:
    page = viewer.get("/documents/acme/shop.orders/US001|999999")
    assert page.status == 404
    assert "The ledger has no document US001|999999" in page.words


# What must not be shown ------------------------------------------------------------------------

PRIVATE = {
    "BANK_ACCOUNT_NUM": "DE02120300000000202051", "VNDR_TIN": "12-3456789", "ROUTING_NUMBER": "021000021",
    "PASSWORD": "hunter2hunter2",
}  # fmt: skip


def with_fields(site: Site, extra: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: {} for name in (*order(1), *extra)} | {
        "AMOUNT": {"type": "amount"}, "CHANGED": {"type": "date"},
    }  # fmt: skip
    site.source.columns |= frozenset(extra)
    return {"fields": fields}


def test_bank_details_and_secrets_are_hidden(site: Site, viewer: Browser) -> None:
    dataset = with_fields(site, PRIVATE)
    site.installation.dataset(**dataset)
    mapping = {"fields": MAPPING["fields"] | {"payTo.accountNumber": {"from": "BANK_ACCOUNT_NUM"}}}  # type: ignore[operator]
    site.installation.mapping("orders", **mapping)
    site.source.put(order(1, **PRIVATE))
    site.run(dataset=dataset, mapping=mapping)
    page = story(viewer, "US001|000001")
    assert "payTo.accountNumber ***" in page.words
    for name, value in PRIVATE.items():
        assert f"{name} ***" in page.words
        assert value not in page.text


def test_a_hidden_field_that_differs_is_still_marked(site: Site, viewer: Browser) -> None:
    dataset = with_fields(site, PRIVATE)
    mapping = {"fields": MAPPING["fields"] | {"payTo.accountNumber": {"from": "BANK_ACCOUNT_NUM"}}}  # type: ignore[operator]
    site.source.put(order(1, **PRIVATE))
    site.run(dataset=dataset, mapping=mapping)
    site.source.put(order(1, CHANGED="2026-11-02", **PRIVATE | {"BANK_ACCOUNT_NUM": "DE0099999999999999"}))
    site.target.before_write = refuse
    with pytest.raises(ConnectionError):
        site.run(dataset=dataset, mapping=mapping)
    page = story(viewer, "US001|000001")
    assert "payTo.accountNumber *** *** (differs)" in page.words


def test_events_and_reasons_are_redacted(moved: Site, viewer: Browser) -> None:
    with moved.store() as store, store.write() as tx:
        row = tx.connection.execute(select(document).where(document.c.key == "US001|000001")).one()
        data = {
            "reason": "Invalid value: accountNumber, 123456789", "token": "abcdefgh",
            "items": [{"iban": "DE02120300000000202051"}], "note": "Bearer abcdefghijkl",
        }  # fmt: skip
        tx.record("failed", data, document_id=row.id, **Scope("acme", "test", "shop.orders").labels())
    text = story(viewer, "US001|000001").text
    for secret in ("123456789", "abcdefgh", "DE0212"):
        assert secret not in text


def test_nothing_shown_is_markup(site: Site, operator: Browser) -> None:
    """Every text that comes from outside, in every place where a page shows it."""
    site.source.put(order(1, NAME="<b>x</b>", PARTY=EVIL), order(2, NAME=EVIL * 2))
    site.run()
    with site.store() as store, store.write() as tx:
        evil = {
            "label": EVIL, "party": EVIL, "reason": EVIL, "currency": "<i>", "unit": EVIL, "state": EVIL,
            "target_id": EVIL, "conflict_id": EVIL, "status": "conflict",
            "waits_for": EVIL, "waits_key": EVIL,
        }  # fmt: skip
        tx.connection.execute(update(document).where(document.c.key == "US001|000001").values(evil))
        tx.connection.execute(
            update(document).where(document.c.key == "US001|000002").values(key=EVIL, label=None)
        )
        crosswalks.set_by_hand(tx, "acme", "shop.orders", [{"key": EVIL, "target_id": EVIL, "label": EVIL}])
        row = tx.connection.execute(select(document).where(document.c.key == "US001|000001")).one()
        labels = Scope("acme", "test", "shop.orders").labels()
        tx.record(EVIL[:32], {EVIL: EVIL, "list": [EVIL]}, document_id=row.id, **labels)
        line = Row(
            EVIL, 1, 1, EVIL[:16], "journal", EVIL, EVIL, Decimal(1), "<i>", "<b>", EVIL, EVIL, EVIL, {}, EVIL
        )
        Settlements(store, "acme", "shop.orders").put(tx, [line])
    from urllib.parse import quote

    key = quote(EVIL, safe="")
    for path in (
        "/", "/search", f"/search?q={key}&reason={key}&flow={key}&tenant={key}&status={key}", "/search?q=x",
        "/documents/acme/shop.orders/US001%7C000001", f"/documents/acme/shop.orders/{key}",
        f"/documents/{key}/{key}/{key}", "/crosswalks?tenant=acme&name=shop.orders",
        f"/crosswalks?tenant=acme&name=shop.orders&q={key}", f"/crosswalks?tenant=acme&name={key}",
        f"/actions/adopt?tenant=acme&flow=shop.orders&key=US001%7C000001&target_id={key}",
        f"/actions/replay?tenant=acme&flow=shop.orders&key={key}",
        f"/actions/{key}?tenant=acme&flow=shop.orders",
        f"/actions/crosswalk-set?tenant=acme&flow=shop.orders&key={key}", "/settlements",
        f"/settlements?export={key}&since={key}", f"/dag/{key}", f"/plans/{key}", f"/reconciliation/{key}",
        f"/?done={key}&tenant={key}", "/reconciliation", "/plans", f"/{key}", f"/search?overdue={key}",
    ):  # fmt: skip
        page = operator.get(path)
        assert page.status < 500, path
        assert "<script>alert" not in page.text, path
        assert "<b>x</b>" not in page.text, path
        assert "<i>" not in page.text, path
        assert page.text.count("<script") == 1, path
