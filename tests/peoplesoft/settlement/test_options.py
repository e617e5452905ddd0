"""What a tenant may set, and what is said when something is missing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_connector.peoplesoft.settlement.options import Chart, MissingSetting, SettlementOptions

from .support import options

ACCOUNTS = {
    "payables": {"US001": "200000", "*": "210000"},
    "cash": {
        "bac01": {"US001": {"account": "100001", "department": "10200"}, "*": "100002"},
        "bac02": {"US002": "100003"},
        "*": {"US003": "100004", "*": "100005"},
    },
}  # fmt: skip


def chart(accounts: dict[str, Any] | None = None, **more: Any) -> Chart:
    return Chart(options(accounts=ACCOUNTS if accounts is None else accounts, **more))


@pytest.mark.parametrize(
    ("funding_account", "unit", "account"),
    [
        ("bac01", "US001", "100001"),
        ("bac01", "US002", "100002"),
        ("bac02", "US002", "100003"),
        ("bac02", "US003", "100004"),
        ("bac02", "US001", "100005"),
        ("", "US001", "100005"),
        ("bac99", "US003", "100004"),
    ],
)
def test_the_nearest_cash_account_is_taken(funding_account: str, unit: str, account: str) -> None:
    assert chart().cash(funding_account, unit).account == account


def test_the_nearest_payables_account_is_taken() -> None:
    assert (chart().payables("US001").account, chart().payables("US002").account) == ("200000", "210000")


def test_an_account_may_have_chartfields() -> None:
    assert chart().cash("bac01", "US001").department == "10200"


@pytest.mark.parametrize(
    ("ask", "entry"),
    [
        (lambda one: one.payables("US001"), "settlement.accounts.payables.US001"),
        (lambda one: one.cash("bac01", "US001"), "settlement.accounts.cash.bac01.US001"),
        (lambda one: one.cash("", "US001"), "settlement.accounts.cash.*.US001"),
    ],
)
def test_what_is_missing_is_named(ask: Any, entry: str) -> None:
    with pytest.raises(MissingSetting) as raised:
        ask(chart({}))
    assert f"add {entry} " in str(raised.value)


def test_a_missing_currency_is_named() -> None:
    with pytest.raises(MissingSetting, match=r"settlement\.currencies\.US001"):
        chart(currencies={}).currency("US001")


@pytest.mark.parametrize(
    "changed",
    [
        {"way": "staged"},
        {"way": "by magic"},
        {"close_voucher": "maybe"},
        {"source": "TOOLONG"},
        {"id_prefix": ""},
        {"id_prefix": "b"},
        {"currencies": {"*": "usd"}},
        {"open_through": "2026-12-31"},
        {"open_from": "2026-12-31", "open_through": "2026-01-01"},
        {"accounts": {"payables": {"*": ""}}},
        {"accounts": {"payables": {"*": {"account": "200000", "dept": "10200"}}}},
        {"unknown": 1},
    ],
)
def test_mistakes_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**changed)


def test_a_tenant_without_the_flow_sets_nothing() -> None:
    assert SettlementOptions().way is None
