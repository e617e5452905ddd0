"""Who may see and do what, and what a page of somebody else cannot make a browser do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from starlette.testclient import TestClient

from ml_connector.console import PREFIX
from ml_connector.console.security import FORM_LIVES, Forbidden, form_token, require_form_token
from tests.console.conftest import COOKIE, DAG, Browser, DagPermissions, Site
from tests.state import migrated

DOCUMENT = "/documents/acme/shop.orders/US001|000003"
REPLAY = "/actions/replay?tenant=acme&flow=shop.orders&key=US001|000003"
READING = (
    "/", "/search", "/search?q=1", DOCUMENT, "/reconciliation", "/plans", "/settlements", "/crosswalks",
    "/crosswalks?tenant=acme&name=shop.orders", f"/dag/{DAG}", "/settlements/file?tenant=acme",
)  # fmt: skip
ACTING = (
    REPLAY, "/actions/confirm-changes?tenant=acme&flow=shop.orders",
    "/actions/accept-columns?tenant=acme&flow=shop.orders",
    "/actions/crosswalk-set?tenant=acme&flow=shop.orders&key=K",
    "/actions/crosswalk-remove?tenant=acme&flow=shop.orders&key=US001|000001",
)  # fmt: skip


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Permissions have nothing to do with the kind of database."""
    return str(migrated(tmp_path / "state.db").engine.url)


def state_of(site: Site, key: str = "US001|000003") -> str:
    page = site.browser("vera").get(f"/documents/acme/shop.orders/{key}")
    return page.text.split('class="badge ')[1].split('"')[0]


@pytest.mark.parametrize("path", [*READING, *ACTING])
def test_nobody_is_led_to_the_login_and_back(moved: Site, path: str) -> None:
    page = moved.stranger().get(path)
    assert page.status == 307
    address = page.headers["location"]
    assert address.startswith("/api/v2/auth/login?next=%2Fml-connector%2F")
    assert moved.stranger().get(path, accept="application/json").status == 401


def test_a_forged_session_is_refused(moved: Site) -> None:
    browser = moved.stranger()
    browser.client.cookies.set(COOKIE, "eyJhbGciOiJIUzUxMiJ9.e30.AAAA")
    page = browser.get("/")
    assert page.status in (307, 401, 403)
    assert "shop.orders" not in page.text


def test_a_bearer_token_is_as_good_as_the_cookie(moved: Site) -> None:
    token = moved.browser("vera").client.cookies[COOKIE]
    assert moved.stranger().get("/", authorization=f"Bearer {token}").status == 200


@pytest.mark.parametrize("path", READING)
def test_a_viewer_reads_everything(moved: Site, viewer: Browser, path: str) -> None:
    assert viewer.get(path).status == 200


@pytest.mark.parametrize("path", ACTING)
def test_a_viewer_does_nothing(moved: Site, viewer: Browser, path: str) -> None:
    page = viewer.get(path)
    assert page.status == 403
    assert "right to trigger the DAG erp_shop__acme" in page.words
    form = {"tenant": "acme", "flow": "shop.orders", "key": "US001|000003", "target_id": "T1"}
    token = form_token(SimpleAuthManagerUser(username="vera", role="viewer"))
    assert viewer.post(path.partition("?")[0], form | {"csrf": token}).status == 403
    assert state_of(moved) == "rejected"


def test_a_viewer_sees_no_button(moved: Site, viewer: Browser, operator: Browser) -> None:
    for path in (
        DOCUMENT,
        "/",
        "/search?tenant=acme&flow=shop.orders",
        "/crosswalks?tenant=acme&name=shop.orders",
    ):
        assert "/actions/" not in viewer.get(path).text.replace('action="/ml-connector/actions/replay"', "")
        assert "/actions/" in operator.get(path).text


@pytest.mark.parametrize("path", [DOCUMENT, "/crosswalks?tenant=acme&name=shop.orders", *ACTING])
def test_who_may_not_read_the_dag_sees_nothing_of_it(moved: Site, path: str) -> None:
    DagPermissions.only["fred"] = "erp_shop__other"
    fred = moved.browser("fred", "op")
    page = fred.get(path)
    assert page.status == 403
    assert "Order" not in page.words


def test_lists_leave_out_what_may_not_be_read(moved: Site) -> None:
    DagPermissions.only["fred"] = "erp_shop__other"
    fred = moved.browser("fred", "op")
    for path in (
        "/",
        "/search?q=1",
        "/search?tenant=acme",
        "/reconciliation",
        "/plans",
        "/crosswalks",
        f"/dag/{DAG}",
    ):
        page = fred.get(path)
        assert page.status == 200
        assert "US001" not in page.text
        assert "acme" not in page.words.replace(DAG, "")
    assert fred.get("/settlements/file?tenant=acme").status == 404


def test_whether_something_exists_is_told_to_nobody_who_may_not_read_it(moved: Site) -> None:
    DagPermissions.only["fred"] = "erp_shop__other"
    fred = moved.browser("fred", "op")
    there, missing = (fred.get(f"/documents/acme/shop.orders/{key}") for key in ("US001|000003", "NOTHING"))
    assert (there.status, there.text) == (missing.status, missing.text)


def test_another_tenants_report_is_refused(moved: Site) -> None:
    report = moved.browser("vera").get("/reconciliation").text.split("/reconciliation/")[1].split('"')[0]
    DagPermissions.only["fred"] = "erp_shop__other"
    fred = moved.browser("fred", "op")
    assert fred.get(f"/reconciliation/{report}").status == 403
    assert fred.get(f"/reconciliation/{report}/file").status == 403
    assert moved.browser("vera").get(f"/reconciliation/{report}").status == 200


# Forms ----------------------------------------------------------------------------------------

FOREIGN: list[dict[str, str]] = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://testserver:8080"},
    {"origin": "https://testserver"},
    {"origin": "ftp://testserver"},
    {"origin": "http://[broken"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"origin": "", "referer": "https://evil.example/ml-connector/"},
    {"origin": "https://evil.example", "host": "testserver"},
    {"origin": "https://evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_cannot_act(moved: Site, operator: Browser, headers: dict[str, str]) -> None:
    fields = operator.form(REPLAY)
    page = operator.post("/actions/replay", fields, **headers)
    assert page.status == 403
    assert state_of(moved) == "rejected"
    assert operator.post("/actions/replay", fields).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "", "referer": "http://testserver/ml-connector/"},
        {"origin": "http://TESTSERVER"},
        {"origin": "http://testserver:80"},
    ],
)
def test_our_own_page_can(moved: Site, operator: Browser, headers: dict[str, str]) -> None:
    assert operator.post("/actions/replay", operator.form(REPLAY), **headers).status == 303


def test_the_address_in_airflows_configuration_is_our_own(
    moved: Site, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/flow")
    page = operator.post("/actions/replay", operator.form(REPLAY), origin="https://airflow.example.com")
    assert page.status == 303


@pytest.mark.parametrize(
    "token", ["", "1.", ".", "x.y", "99999999999.aaaa", "1763640000.0" * 3, "\uff11\uff12.abc", "-1.abc"]
)
def test_a_form_without_its_token_is_refused(moved: Site, operator: Browser, token: str) -> None:
    assert operator.post("/actions/replay", operator.form(REPLAY) | {"csrf": token}).status == 403
    assert state_of(moved) == "rejected"


def test_another_persons_token_is_refused(moved: Site, operator: Browser) -> None:
    other = moved.browser("olga", "op").form(REPLAY)["csrf"]
    assert operator.post("/actions/replay", operator.form(REPLAY) | {"csrf": other}).status == 403


def test_tokens_live_for_a_working_day() -> None:
    otto: Any = SimpleAuthManagerUser(username="otto", role="op")
    now = time.time()
    require_form_token(otto, form_token(otto, now - FORM_LIVES + 60))
    for at in (now - FORM_LIVES - 60, now + 3600):
        with pytest.raises(Forbidden, match="no longer valid"):
            require_form_token(otto, form_token(otto, at))


def test_a_session_that_ended_says_so(moved: Site, operator: Browser) -> None:
    fields = operator.form(REPLAY)
    page = moved.stranger().post("/actions/replay", fields)
    assert page.status == 401
    assert "log in" in page.words


@pytest.mark.parametrize("path", [*READING, REPLAY])
def test_looking_changes_nothing(moved: Site, operator: Browser, path: str) -> None:
    def events() -> int:
        with moved.store() as store, store.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM audit_event").scalar() or 0)

    before = events()
    assert operator.get(path).status == 200
    assert events() == before


def test_every_answer_has_safe_headers(moved: Site, viewer: Browser) -> None:
    for path in ("/", "/search?q=1", "/nothing", "/static/console.css"):
        headers = viewer.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")
        assert headers["referrer-policy"] == "same-origin"


def test_below_a_path_every_address_holds(moved: Site) -> None:
    from fastapi import FastAPI

    outer = FastAPI()
    outer.mount("/airflow", moved.app)
    client = TestClient(outer, follow_redirects=False)
    client.cookies.set(COOKIE, moved.browser("vera").client.cookies[COOKIE])
    text = client.get(f"/airflow{PREFIX}{DOCUMENT}").text
    addresses = [part.split('"')[0] for part in text.split('href="')[1:]]
    assert addresses
    assert all(item.startswith(("/airflow/", "#")) for item in addresses)
    assert f"/airflow/dags/{DAG}" in addresses
    stranger = TestClient(outer, follow_redirects=False)
    answer = stranger.get(f"/airflow{PREFIX}/", headers={"accept": "text/html"})
    assert answer.headers["location"] == "/airflow/api/v2/auth/login?next=%2Fairflow%2Fml-connector%2F"
