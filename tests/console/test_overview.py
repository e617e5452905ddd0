"""The overview: ages, numbers, reasons, what is late; and what the pages say when nothing works."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ml_connector.core.ledger import flows, inbox
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.schema import document
from tests.airflow import shop
from tests.console.conftest import DAG, Browser, Site, links, table

SCOPE = Scope("acme", "test", "shop.orders")


def test_overview(moved: Site, viewer: Browser) -> None:
    page = viewer.get("/")
    orders, returns = table(page, f"Flows of {DAG}")
    assert orders[0] == "shop.orders"
    assert orders[1].startswith("just now ")
    assert orders[2] == "US001 changes: 2026-11-01 US001 full: 2026-11-01"
    assert orders[3:5] == ["3", "1 rejected"]
    assert orders[5].startswith("1 NAME (for name) is too long")
    assert returns[:2] == ["shop.returns", "never"]
    assert links(page, DAG) == [f"/dags/{DAG}"]


def test_the_numbers_lead_to_the_documents(moved: Site, viewer: Browser) -> None:
    page = viewer.get("/")
    for text in ("1 rejected", "1 NAME"):
        (address,) = links(page, text)
        rows = table(viewer.get(address), "Documents that fit")
        assert [row[1] for row in rows] == ["US001|000003"]


def test_an_old_success_is_late(moved: Site, viewer: Browser) -> None:
    moved.installation.tenant("acme", integrations={"shop": {"stale_after": "2h"}})
    assert 'class="late"' not in viewer.get("/").text.split("shop.returns")[0]
    with moved.store() as store, store.write() as tx:
        flows.put(tx, SCOPE, succeeded_at=store.now() - timedelta(hours=3))
    page = viewer.get("/")
    assert '<span class="late">3 hours ago</span>' in page.text
    assert "expected within 2 hours" in page.words
    assert 'class="mark stale"' in page.text


def test_overdue_documents(moved: Site, viewer: Browser) -> None:
    with moved.store() as store, store.write() as tx:
        late = {"deadline": store.now() - timedelta(days=1)}
        tx.connection.execute(update(document).where(document.c.status == "rejected").values(late))
    page = viewer.get("/")
    (address,) = links(page, "1 overdue")
    assert table(viewer.get(address), "Documents that fit")[0][1] == "US001|000003"
    assert 'class="mark overdue"' in page.text
    story = viewer.get("/documents/acme/shop.orders/US001|000003")
    assert '<dd class="late">' in story.text


def test_waiting_events_stand_at_the_dag_that_takes_them(site: Site, viewer: Browser) -> None:
    from ml_connector.core.webhooks import Event

    (site.installation.dags / "erp_shop.py").write_text(
        shop.DAG_FILE.replace("    ],\n)", BACK).replace("import Flow", "import Back, Flow"), encoding="utf-8"
    )
    with site.store() as store, store.write() as tx:
        inbox.put(
            tx, "shop", "acme", [Event("e1", "parcel", {}), Event("e2", "parcel", {})], origin="webhook"
        )
    page = viewer.get("/")
    before, _, after = page.words.partition("Shop to ERP: acme")
    assert "2 events waiting shop_events__acme" in after
    assert "waiting" not in before


BACK = """    ],
    back=Back(read=shop.open_source, flows=[
        Flow("shop.parcels", dataset="orders", mapping="orders", target=shop.open_target)
    ]),
)
"""


def test_one_dags_flows(moved: Site, viewer: Browser) -> None:
    page = viewer.get(f"/dag/{DAG}")
    assert f"Flows of {DAG}" in page.words
    assert len(table(page, f"Flows of {DAG}")) == 2
    other = viewer.get("/dag/somebody_elses")
    assert "This DAG is not one of ml-connector's" in other.words


def test_a_tenants_flows(moved: Site, viewer: Browser) -> None:
    moved.installation.tenant("beta")
    page = viewer.get("/")
    assert "ERP to Shop: beta" in page.words
    assert "all tenants" in page.words
    assert "ERP to Shop: beta" not in viewer.get("/?tenant=acme").words


def test_a_flow_that_is_switched_off_keeps_its_history(moved: Site, viewer: Browser) -> None:
    moved.installation.tenant("acme", integrations={"shop": {"flows": {"orders": {"enabled": False}}}})
    assert "shop.orders" in viewer.get("/").words
    assert viewer.get("/documents/acme/shop.orders/US001|000001").status == 200


def test_a_broken_tenant_file_hides_no_document(moved: Site, viewer: Browser) -> None:
    (moved.installation.folder / "tenants" / "acme.yaml").write_text("tenant: [")
    page = viewer.get("/documents/acme/shop.orders/US001|000001")
    assert page.status == 200
    assert " UTC</time>" in page.text


def test_nothing_is_configured(site: Site, viewer: Browser) -> None:
    (site.installation.folder / "tenants" / "acme.yaml").unlink()
    assert "There is no flow that you may read." in viewer.get("/").words


def test_a_database_that_was_not_initialised_names_the_command(
    site: Site, viewer: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path / 'new.db'}")
    page = viewer.get("/")
    assert page.status == 503
    assert "airflow ml-connector init" in page.words
    assert viewer.get("/", accept="application/json").status == 503


def test_a_database_that_is_away(
    site: Site, viewer: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path / 'folder'}")
    page = viewer.get("/")
    assert page.status == 503
    assert "The state database does not answer" in page.words
    assert str(tmp_path) not in page.text


def test_a_wrong_payload_key_is_told(moved: Site, viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.fernet import Fernet

    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS", Fernet.generate_key().decode())
    page = viewer.get("/documents/acme/shop.orders/US001|000001")
    assert page.status == 503
    assert "payload_keys" in page.words
