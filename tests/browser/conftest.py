"""A real Airflow with three people, and a real browser.

``ML_CONNECTOR_SCREENSHOTS=docs/images python -m pytest tests/browser`` renews the pictures of the docs.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from launcher.demo import DAGS, Demonstration, demonstration

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-sync", "--no-first-run",
)  # fmt: skip
PEOPLE = "admin:admin,otto:op,vera:viewer"


class LogIn(Protocol):
    """Opens a session of a person."""

    def __call__(self, person: str, *, dark: bool = False) -> Page: ...


Picture = Callable[[Page, str], None]


def find_chromium() -> str:
    """Path of the browser; without one these tests cannot run, which is a failure where CI runs them."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        text = f"no browser: none of {', '.join(NAMES)} is on PATH; install it, e.g. apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(text, pytrace=False)
        pytest.skip(text)
    return found


expect.set_options(timeout=30_000)  # Airflow and the sandbox share the machine with the browser


@pytest.fixture(scope="session")
def demo() -> Iterator[Demonstration]:
    """Two days of work on the sandbox, Airflow running."""
    settings = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": PEOPLE}
    find_chromium()  # before a minute is spent on Airflow
    with demonstration(40, say=print, settings=settings) as running:
        assert running.day("first day", DAGS[:2])
        running.change()
        assert running.day("second day", DAGS[:1])
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each person gets a session of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def log_in(demo: Demonstration, chromium: Browser) -> Iterator[LogIn]:
    """Opens a session of a person, through Airflow's own login page."""
    opened = []

    def enter(person: str, *, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(30_000)
        opened.append(context)
        page = context.new_page()
        page.goto(demo.airflow.address)
        page.get_by_label("Username").fill(person)
        page.get_by_label("Password").fill(_password(demo, person))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/auth/login" not in url)
        return page

    yield enter
    for context in opened:
        context.close()


def _password(demo: Demonstration, person: str) -> str:
    home = Path(demo.airflow.environment["AIRFLOW_HOME"])
    text = (home / "simple_auth_manager_passwords.json.generated").read_text(encoding="utf-8")
    passwords: dict[str, str] = json.loads(text)
    return passwords[person]


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """Keeps a picture of a page, in the folder that the environment names."""
    named = os.environ.get("ML_CONNECTOR_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}.png")

    return keep
