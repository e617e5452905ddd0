"""What a person is told about mistakes in a tenant file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector.core.config import InvalidFile, load_tenant

from .support import TENANT, Mistake, assert_told, write

NAMES = (
    "one of business_units, component_interfaces, connections, environment, integrations, notify, queries, "
    "rules, setid_of, setids, start, tenant, time_zone, value_maps"
)
CADENCE = 'a duration such as 15m, or a cron expression of five fields such as "*/15 * * * *"'

MISTAKES = [
    Mistake("tenant: demo", "tenant: Demo", 1, "tenant", "Demo",
            "a name of small letters, digits and _ such as gl_accounts"),
    Mistake("tenant: demo", "tenant: other", 1, "tenant", "other", "demo, as the file is named"),
    Mistake("environment: test", "environment: prod", 2, "environment", "prod", "test or production"),
    Mistake("environment: test\n", "", 1, "environment", None, "a value for environment",
            "the key is missing"),
    Mistake("America/New_York", "Mars/Olympus", 3, "time_zone", "Mars/Olympus",
            "an IANA time zone such as America/New_York"),
    Mistake("2026-01-01", "2026-02-30", 4, "start", "2026-02-30", "a date such as 2026-01-31"),
    Mistake("2026-01-01", "20260101", 4, "start", 20260101, "a date such as 2026-01-31"),
    Mistake("bill: demo__bill", "bill: my bill", 5, "connections.bill", "my bill",
            "the id of an Airflow connection such as demo__bill"),
    Mistake(", bill: demo__bill", "", 19, "integrations.bill", None, "an entry bill under connections"),
    Mistake("[US001, US002]", "[]", 6, "business_units", None, "a list of at least 1"),
    Mistake("US002]", '"US,2"]', 6, "business_units.1", "US,2",
            "a business unit or SETID such as US001, without blanks, commas and |"),
    Mistake("[SHARE, 00001]", "[SHARE, 00001, true]", 7, "setids.2", True,
            "a text; put the word in quotes"),
    Mistake("US002: 00001", "US002: OTHER", 9, "setid_of.gl_accounts.US002", "OTHER",
            "one of setids: SHARE, 00001"),
    Mistake("vouchers.changes", "vouchers.change", 10, "queries.vouchers.change", "vouchers.change",
            "a dataset and one of changes, open, full, by_key such as vouchers.changes"),
    Mistake("Z_OUR_VOUCHERS", "our vouchers", 10, "queries.vouchers.changes", "our vouchers",
            "a query name of up to 30 capitals, digits and _"),
    Mistake('N30: "000123"', "N30: [1]", 12, "value_maps.payment_terms.N30", None,
            "a single value: text, whole number, true or false"),
    Mistake("{scheduled_payments: {all: {PYMNT_METHOD: [ACH]}}}", "yes", 14, "rules.bill_pays", "yes",
            "true or false"),
    Mistake("all: {PYMNT_METHOD: [ACH]}", "every: {PYMNT_METHOD: [ACH]}", 14,
            "rules.bill_pays.scheduled_payments.every", None,
            "one of blank, eq, gt, gte, in, lt, lte, matches, ne, not_in"),
    Mistake("{PYMNT_METHOD: [ACH]}", "{}", 14, "rules.bill_pays.scheduled_payments.all", None,
            "at least one test", "the condition is empty"),
    Mistake("type: http", "type: slack", 16, "notify.0.type", "slack", "http or smtp"),
    Mistake("[failure, deadline]", "[failure, late]", 16, "notify.0.events.1", "late",
            "failure, deadline, overdue, subscription or stale"),
    Mistake(", to: [ap@example.com]", "", 17, "notify.1", None, "at least one mail address in to"),
    Mistake("ap@example.com", "ap", 17, "notify.1.to.0", "ap", "a mail address such as ap@example.com"),
    Mistake('"*/15 * * * *"', '"*/15 * * *"', 20, "integrations.bill.schedule", "*/15 * * *", CADENCE),
    Mistake("deadline: 2h", "deadline: 2 hours", 21, "integrations.bill.deadline", "2 hours",
            "a duration such as 90s, 15m, 2h, 1d or 1w"),
    Mistake("every: 1d", "every: daily", 23, "integrations.bill.flows.accounts.every", "daily", CADENCE),
    Mistake("every: 1d", "evry: 1d", 23, "integrations.bill.flows.accounts.evry", "1d",
            "one of attempts, create, enabled, every, max_changes, start; did you mean every?"),
    Mistake("percent: 10", "percent: 101", 23, "integrations.bill.flows.accounts.max_changes.percent", 101,
            "100 or less"),
    Mistake("enabled: false", "enabled: off", 24, "integrations.bill.flows.bills.enabled", "off",
            "true or false"),
    Mistake("attempts: 3", "attempts: 0", 24, "integrations.bill.flows.bills.attempts", 0, "1 or more"),
    Mistake("setids:", "tenant:", 7, "tenant", None, "each key once",
            "the key tenant stands here for the second time (first on line 1)"),
    Mistake("[US001, US002]", "[US001, US002", 7, "", None, "valid YAML"),
    Mistake('"000123"', "!!python/name:os.system x", 12, "value_maps.payment_terms.N30", None,
            "a value without a tag"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, mistake: Mistake) -> None:
    assert_told(load_tenant, tmp_path / "demo.yaml", TENANT, mistake)


def test_all_mistakes_are_told_at_once_and_in_order(tmp_path: Path) -> None:
    text = TENANT.replace("environment: test", "environment: prod").replace("2h", "2x").replace("3}", "-3}")
    with pytest.raises(InvalidFile) as caught:
        load_tenant(write(tmp_path, "demo.yaml", text))
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["environment", "integrations.bill.deadline", "integrations.bill.flows.bills.attempts"]
    assert len(str(caught.value).splitlines()) == 3
    assert (caught.value.line, caught.value.field) == (2, "environment")


def test_a_misspelt_key_is_told_with_the_right_one(tmp_path: Path) -> None:
    text = TENANT.replace("setids:", "setid:")
    with pytest.raises(InvalidFile) as caught:
        load_tenant(write(tmp_path, "demo.yaml", text))
    assert caught.value.problems[0].expected == f"{NAMES}; did you mean setids?"


def test_what_looks_like_a_secret_is_never_shown(tmp_path: Path) -> None:
    text = TENANT.replace("tenant: demo\n", "tenant: demo\nbill_password: tops3cret\n")
    with pytest.raises(InvalidFile) as caught:
        load_tenant(write(tmp_path, "demo.yaml", text))
    assert "tops3cret" not in f"{caught.value} {caught.value!r} {caught.value.problems!r}"
    assert caught.value.problems[0].field == "bill_password"


def test_anchors_are_refused_because_lines_could_not_be_told(tmp_path: Path) -> None:
    text = TENANT.replace("[US001, US002]", "&units [US001, US002]").replace("[SHARE, 00001]", "*units")
    with pytest.raises(InvalidFile) as caught:
        load_tenant(write(tmp_path, "demo.yaml", text))
    (problem,) = caught.value.problems
    assert (problem.line, problem.field, problem.expected) == (7, "setids", "the value written out")


def test_an_empty_file_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="the file holds no keys"):
        load_tenant(write(tmp_path, "empty.yaml", "# nothing\n"))
    (tmp_path / "latin.yaml").write_bytes("tenant: k\xf6ln\n".encode("latin-1"))
    with pytest.raises(InvalidFile, match="a readable UTF-8 file"):
        load_tenant(tmp_path / "latin.yaml")
