"""The console as the api-server mounts it, over a ledger that flows in memory have filled."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi.app import _AuthManagerState
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from lxml import html
from starlette.testclient import TestClient

from ml_connector.console import PREFIX, LazyApp, state
from ml_connector.core.dag.settings import open_store, read_settings
from ml_connector.core.stages.context import FlowContext
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.stages.reconcile import Unreconciled, reconcile
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store
from tests.airflow import shop
from tests.airflow.conftest import Installation, airflow_database
from tests.core.stages.support import MemorySource, MemoryTarget, flow, order

__all__ = ["airflow_database"]

ORIGIN = "http://testserver"
DAG = "erp_shop__acme"
ACTOR = f"{DAG}/manual__2026-11-20T12:00:00+00:00/orders.load/2"
COOKIE = "_token"


class DagPermissions(SimpleAuthManager):  # type: ignore[misc]
    """Airflow's simple auth manager; some people may read or trigger some DAGs only."""

    only: dict[str, str] = {}  # noqa: RUF012 - set by tests

    def is_authorized_dag(self, *, user: Any, details: Any = None, **about: Any) -> bool:
        wanted = self.only.get(user.get_id())
        if wanted is not None and (details is None or details.id != wanted):
            return False
        return bool(super().is_authorized_dag(user=user, details=details, **about))


@dataclass
class Page:
    """An answer of the console."""

    status: int
    text: str
    headers: Any

    @property
    def words(self) -> str:
        """What a person reads: without tags, with single spaces."""
        without = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", self.text, flags=re.DOTALL)
        return " ".join(unescape(without).split())


def links(page: Page, text: str) -> list[str]:
    """Addresses of the links whose text begins so, below the console's own."""
    found = html.fromstring(page.text).xpath("//a")
    return [
        item.get("href").removeprefix("/ml-connector")
        for item in found
        if " ".join(item.text_content().split()).startswith(text)
    ]


def table(page: Page, caption: str) -> list[list[str]]:
    """A table's cells, row by row."""
    (found,) = html.fromstring(page.text).xpath(f"//table[caption[normalize-space()='{caption}']]")
    return [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row.xpath("./th|./td")]
        for row in found.xpath("./tbody/tr")
    ]


@dataclass
class Browser:
    """One person at a browser that keeps a session of Airflow."""

    client: TestClient

    def get(self, path: str, **headers: str) -> Page:
        """Open a page of the console."""
        answer = self.client.get(f"{PREFIX}{path}", headers={"accept": "text/html"} | headers)
        return Page(answer.status_code, answer.text, answer.headers)

    def post(self, path: str, data: dict[str, Any], **headers: str) -> Page:
        """Send a form as a page of the console would."""
        sent = {"accept": "text/html", "origin": ORIGIN, "sec-fetch-site": "same-origin"} | headers
        answer = self.client.post(f"{PREFIX}{path}", data=data, headers=sent)
        return Page(answer.status_code, answer.text, answer.headers)

    def form(self, path: str) -> dict[str, Any]:
        """The fields of the page's form that is sent with POST."""
        (form,) = [item for item in html.fromstring(self.get(path).text).forms if item.method == "POST"]
        fields: dict[str, Any] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value)
        return {name: values if name == "key" else values[0] for name, values in fields.items()}

    def confirm(self, path: str, **changes: Any) -> Page:
        """Open an action's page, and press its button."""
        return self.post(path.partition("?")[0], self.form(path) | changes)


@dataclass
class Site:
    """An installation with the flows ``shop.orders`` and ``shop.returns`` of the tenant acme."""

    installation: Installation
    app: FastAPI
    source: MemorySource
    target: MemoryTarget

    def browser(self, user: str, role: str = "viewer") -> Browser:
        """Somebody who has logged in."""
        made = TestClient(self.app, follow_redirects=False)
        token = _AuthManagerState.instance.generate_jwt(SimpleAuthManagerUser(username=user, role=role))
        made.cookies.set(COOKIE, token)
        return Browser(made)

    def stranger(self) -> Browser:
        """Somebody who has not."""
        return Browser(TestClient(self.app, follow_redirects=False))

    def store(self, actor: str = ACTOR) -> Store:
        """The state database."""
        return open_store(read_settings(), actor)

    def run(self, **changes: Any) -> None:
        """One run of ``shop.orders``: all four stages."""
        with self.store() as store:
            ctx = flow(store, self.source, self.target, **changes)
            asyncio.run(_stages(ctx))


async def _stages(ctx: FlowContext) -> None:
    await extract(ctx)
    await asyncio.to_thread(transform, ctx)
    await load(ctx)
    try:
        await reconcile(ctx)
    except Unreconciled:
        return  # a test that makes a difference looks at the report


@pytest.fixture
def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database, airflow_database: None
) -> Iterator[Site]:
    """Nothing run yet; on SQLite and on PostgreSQL."""
    installation = Installation(tmp_path)
    installation.dags.mkdir()
    (installation.dags / "erp_shop.py").write_text(shop.DAG_FILE, encoding="utf-8")
    installation.tenant("acme")
    installation.dataset()
    installation.mapping("orders")
    installation.mapping("returns")
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(installation.dags))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__TENANTS_PATH", str(tmp_path / "tenants"))
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__MAPPINGS_PATH", str(tmp_path / "mappings"))
    monkeypatch.setenv(
        "AIRFLOW__ML_CONNECTOR__STATE_CONN", database.engine.url.render_as_string(hide_password=False)
    )
    monkeypatch.setattr(_AuthManagerState, "instance", DagPermissions())
    monkeypatch.setattr(DagPermissions, "only", {})
    app = FastAPI()
    app.mount(PREFIX, LazyApp())
    yield Site(installation, app, MemorySource(), MemoryTarget())
    state.database_of(read_settings().state_url).close()
    state.database_of.cache_clear()


@pytest.fixture
def moved(site: Site) -> Site:
    """After one run: two orders in the shop, and one that is refused."""
    site.source.put(order(1), order(2), order(3, NAME="far too long for the other system"))
    site.run()
    return site


Open = Callable[..., Browser]


@pytest.fixture
def viewer(site: Site) -> Browser:
    """May read every DAG, and trigger none."""
    return site.browser("vera", "viewer")


@pytest.fixture
def operator(site: Site) -> Browser:
    """May trigger every DAG."""
    return site.browser("otto", "op")
