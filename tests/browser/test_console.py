"""The console as people use it: inside Airflow's UI, in a real browser, against a real Airflow."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import ConsoleMessage, FrameLocator, Page, expect

from launcher.demo import Demonstration
from tests.browser.conftest import LogIn, Picture
from tests.browser.contrast import too_faint

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

DAG, FLOW = "peoplesoft_bill__demo", "bill.bills"
INVOICE, KEY = "DEMO-UNEQUAL-SUM", "US001|90000004"
STORY = "/ml-connector/documents/demo/bill.bills/US001%7C90000004"
PAGES = (
    "/ml-connector/", "/ml-connector/search?q=DEMO", STORY, STORY.replace("90000004", "90000022"),
    "/ml-connector/reconciliation", "/ml-connector/crosswalks", "/ml-connector/plans",
    "/ml-connector/settlements", "/ml-connector/interchanges", f"/ml-connector/dag/{DAG}",
    "/ml-connector/nothing",
    "/ml-connector/crosswalks?tenant=demo&name=bill.vendors",
    "/ml-connector/actions/replay?tenant=demo&flow=bill.bills&key=US001%7C90000004",
)  # fmt: skip


def console(page: Page) -> FrameLocator:
    """The frame in which Airflow shows the console."""
    return page.frame_locator("iframe")


def open_console(page: Page, path: str = "/ml-connector/") -> FrameLocator:
    page.goto(f"{address_of(page)}/plugin/ml-connector{path}")
    frame = console(page)
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    return frame


def address_of(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def events_of(demo: Demonstration, key: str) -> list[tuple[str, str]]:
    (story,) = demo.airflow.answer("show", key, "--flow", "bills")
    return [(item["event"], item["actor"]) for item in story["events"]]


def test_an_operator_finds_an_invoice_reads_its_story_and_replays_it(
    demo: Demonstration, log_in: LogIn, picture: Picture
) -> None:
    before = events_of(demo, KEY)
    page = log_in("otto")
    page.get_by_role("link", name="ml-connector").click()
    frame = console(page)
    expect(frame.get_by_role("heading", name="Overview")).to_be_visible()
    expect(frame.get_by_role("link", name="2 rejected")).to_be_visible()
    picture(page, "console-overview")

    frame.get_by_role("searchbox", name="Find a document").fill("demo-unequal")
    frame.get_by_role("button", name="Find").first.click()
    expect(frame.get_by_role("table", name="Documents that fit").get_by_role("row")).not_to_have_count(1)
    frame.get_by_role("row", name=re.compile("rejected")).get_by_role("link", name=INVOICE).click()

    expect(frame.get_by_role("heading", level=1)).to_contain_text(INVOICE)
    expect(frame.get_by_text("Refused by the mapping").first).to_be_visible()
    expect(frame.get_by_role("row", name="GROSS_AMT 501")).to_be_visible()
    picture(page, "console-story")
    assert page.url.endswith(f"/plugin/ml-connector{STORY}")  # a bookmark leads back here

    frame.get_by_role("link", name="Replay").or_(frame.get_by_role("button", name="Replay")).click()
    expect(frame.get_by_role("heading", name="Replay?")).to_be_visible()
    picture(page, "console-confirm")
    assert events_of(demo, KEY) == before
    frame.get_by_role("button", name="Replay", exact=True).click()
    expect(frame.get_by_role("status")).to_contain_text("The DAG's next run does the work")
    assert events_of(demo, KEY) == [*before, ("replayed", "console:otto")]

    assert demo.day("the run after the replay", [DAG])
    page.reload()
    expect(console(page).get_by_text("Refused by the mapping").nth(1)).to_be_visible()
    assert [event for event, _ in events_of(demo, KEY)][-2:] == ["replayed", "transformed"]


def test_a_viewer_reads_and_is_refused(demo: Demonstration, log_in: LogIn) -> None:
    before = events_of(demo, KEY)
    page = log_in("vera")
    frame = open_console(page, STORY)
    expect(frame.get_by_role("heading", level=1)).to_contain_text(INVOICE)
    expect(frame.get_by_text("one needs the right to trigger")).to_be_visible()
    expect(frame.get_by_role("button", name="Replay")).to_have_count(0)
    answer = page.goto(f"{address_of(page)}/ml-connector/actions/replay?tenant=demo&flow={FLOW}&key={KEY}")
    assert answer is not None
    assert answer.status == 403
    expect(
        page.get_by_text("you may not", exact=False).or_(page.get_by_text("not act on it"))
    ).to_be_visible()
    form: dict[str, str | float | bool] = {"tenant": "demo", "flow": FLOW, "key": KEY, "csrf": "1.x"}
    sent = page.request.post(
        f"{address_of(page)}/ml-connector/actions/replay", form=form, headers={"origin": address_of(page)}
    )
    assert sent.status == 403
    assert events_of(demo, KEY) == before


@contextmanager
def foreign_page(target: str) -> Iterator[str]:
    """A site of somebody else, whose page sends a form to ours as soon as it is opened."""
    text = (
        f'<form method="post" action="{target}/ml-connector/actions/replay">'
        + "".join(
            f'<input type="hidden" name="{name}" value="{value}">'
            for name, value in {"tenant": "demo", "flow": FLOW, "key": KEY, "csrf": "1.x"}.items()
        )
        + "<button>Win a prize</button></form>"
    ).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f":{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_foreign_page_cannot_replay(demo: Demonstration, log_in: LogIn, host: str) -> None:
    """The browser sends the session's cookie along: always from another port, which is the same site,
    and from another site while the cookie is young, since the simple auth manager's login page says
    nothing about ``SameSite``.
    """
    before = events_of(demo, KEY)
    page = log_in("otto")
    with foreign_page(address_of(page)) as place:
        page.goto(f"http://{host}{place}")
        with page.expect_response(re.compile("/actions/replay")) as answer:
            page.get_by_role("button", name="Win a prize").click()
        assert "_token=" in answer.value.request.all_headers()["cookie"]
        assert answer.value.status == 403
    assert events_of(demo, KEY) == before


def test_nobody_may_frame_the_console(demo: Demonstration, log_in: LogIn) -> None:
    page = log_in("otto")
    answer = page.goto(f"{address_of(page)}/ml-connector/")
    assert answer is not None
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


def test_links_lead_out_of_the_frame_to_the_tasks_log(log_in: LogIn) -> None:
    page = log_in("vera")
    frame = open_console(page, STORY.replace("90000004", "90000022"))
    frame.get_by_role("link", name=re.compile(r"bills\.load.1$")).first.click()
    page.wait_for_url(re.compile(rf"/dags/{DAG}/runs/[^/]+/tasks/bills\.load\?try_number=1$"))
    expect(
        page.get_by_role("tab", name="Logs").or_(page.get_by_role("link", name="Logs")).first
    ).to_be_visible()
    page.go_back()
    expect(console(page).get_by_role("heading", level=1)).to_contain_text("DEMO-CHANGES-AMOUNT")


def test_a_dags_own_page_shows_its_flows(log_in: LogIn) -> None:
    page = log_in("vera")
    page.goto(f"{address_of(page)}/dags/{DAG}")
    page.get_by_role("link", name="Documents").click()
    expect(console(page).get_by_role("table", name=f"Flows of {DAG}").get_by_role("row")).to_have_count(6)


def test_the_theme_is_airflows(log_in: LogIn, picture: Picture) -> None:
    page = log_in("vera")
    frame = open_console(page)
    root = frame.locator("html")
    expect(root).to_have_class("light")
    page.evaluate("localStorage.setItem('theme', 'dark')")  # as Airflow's own switch does
    expect(root).to_have_class("dark")
    page.evaluate("localStorage.setItem('theme', 'system')")
    expect(root).to_have_class("light")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    frame = open_console(page, STORY.replace("90000004", "90000022"))
    expect(frame.locator("html")).to_have_class("dark")
    frame.get_by_role("heading", name="What PeopleSoft holds").scroll_into_view_if_needed()
    picture(page, "console-story-dark")


def test_the_systems_setting_counts_where_airflow_was_told_nothing(log_in: LogIn) -> None:
    page = log_in("vera", dark=True)
    page.evaluate("localStorage.removeItem('theme')")
    page.goto(f"{address_of(page)}/ml-connector/")
    expect(page.locator("html")).to_have_class("dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_stands_out(log_in: LogIn, theme: str) -> None:
    """WCAG AA: 4.5 to 1."""
    page = log_in("otto")
    page.evaluate(f"localStorage.setItem('theme', '{theme}')")
    for path in PAGES:
        page.goto(f"{address_of(page)}{path}")
        expect(page.locator("html")).to_have_class(theme)
        assert too_faint(page) == [], path


def test_no_page_breaks_the_rules_that_it_sets(log_in: LogIn) -> None:
    """Nothing is blocked by the content security policy, and no script fails."""
    page = log_in("otto")
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        page.goto(f"{address_of(page)}{path}")
    assert [text for text in said if "404" not in text] == []


def test_a_narrow_window_scrolls_tables_not_pages(log_in: LogIn) -> None:
    page = log_in("otto")
    page.set_viewport_size({"width": 390, "height": 800})
    for path in PAGES:
        page.goto(f"{address_of(page)}{path}")
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], path


def test_the_keyboard_is_enough(log_in: LogIn) -> None:
    page = log_in("otto")
    page.goto(f"{address_of(page)}/ml-connector/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    pages = ("Overview", "Documents", "Reconciliation", "Plans", "Settlements", "Interchanges", "Crosswalks")
    for name in pages:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(INVOICE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=INVOICE).first).to_be_visible()


def test_without_javascript_everything_works(demo: Demonstration, log_in: LogIn) -> None:
    known = log_in("otto")
    address, browser = address_of(known), known.context.browser
    assert browser is not None
    context = browser.new_context(storage_state=known.context.storage_state(), java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"{address}/ml-connector/search?q={INVOICE}")
        page.get_by_role("row", name=re.compile("rejected")).get_by_role("link", name=INVOICE).click()
        page.get_by_role("button", name="Replay").click()
        page.get_by_role("button", name="Replay", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("will go its way again")
    finally:
        context.close()
    assert events_of(demo, KEY)[-1] == ("replayed", "console:otto")


def test_a_session_that_is_over_leads_to_the_login_and_back(demo: Demonstration, log_in: LogIn) -> None:
    page = log_in("otto")
    address = address_of(page)
    page.context.clear_cookies()
    page.goto(f"{address}{STORY}")
    page.wait_for_url(re.compile("/auth/login"))
    assert "next=" in page.url
