"""Cadence, parameters, retry decisions and settings, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import RetryAction
from cryptography.fernet import Fernet

from ml_connector.core.dag.cadence import is_due, next_due
from ml_connector.core.dag.params import read_params
from ml_connector.core.dag.retry import ConnectorRetryPolicy
from ml_connector.core.dag.settings import SHIPPED, open_store, read_settings
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    GuardTripped,
    InDoubt,
    NotActivated,
    RateLimited,
    Repeated,
    Unavailable,
)
from ml_connector.core.stages.reconcile import Unreconciled

ZONE = "America/New_York"
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def test_a_flow_without_cadence_or_success_is_due() -> None:
    assert is_due(None, NOON, ZONE, NOON)
    assert is_due("0 7 * * *", None, ZONE, NOON)


@pytest.mark.parametrize(
    ("hours", "due"), [(0.1, False), (12, False), (23.7, False), (23.9, True), (24, True), (100, True)]
)
def test_a_duration_counts_from_the_last_success_with_some_slack(hours: float, due: bool) -> None:
    assert is_due(timedelta(days=1), NOON, ZONE, NOON + timedelta(hours=hours)) is due


def test_a_cron_cadence_ticks_on_the_tenants_clock() -> None:
    assert next_due("0 7 * * *", NOON, ZONE) == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert not is_due("0 7 * * *", NOON, ZONE, datetime(2026, 11, 21, 11, 59, tzinfo=UTC))
    assert is_due("0 7 * * *", NOON, ZONE, datetime(2026, 11, 21, 12, tzinfo=UTC))


def test_an_empty_form_asks_for_nothing() -> None:
    params = read_params({"since": None, "until": "", "full": False, "keys": [], "dry_run": False})
    assert not params.own_window
    assert not params.dry_run


def test_keys_are_taken_line_by_line_and_once() -> None:
    assert read_params({"keys": ["US001|1\nUS001|2 ", "US001|1", ""]}).keys == ("US001|1", "US001|2")


@pytest.mark.parametrize("since", ["2026-01-31", "2026-01-31T08:00:00+00:00"])
def test_since_is_a_date_or_a_time(since: str) -> None:
    assert read_params({"since": since}).since == since


@pytest.mark.parametrize(
    "values",
    [{"since": "yesterday"}, {"until": "2026-02-30"}, {"since": "2026-02-01", "until": "2026-01-01"}],
)
def test_a_wrong_window_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        read_params(values)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("no"),
        ConfigurationError("wrong"),
        NotActivated("off", operation="X"),
        ContractChanged("gone"),
        GuardTripped("many"),
        Repeated("again"),
        Unreconciled("differs"),
    ],
)
def test_what_cannot_pass_by_itself_fails_at_once(error: Exception) -> None:
    assert ConnectorRetryPolicy().evaluate(error, 1, 3).action is RetryAction.FAIL


@pytest.mark.parametrize("error", [RateLimited("slow", retry_after=90), Unavailable("down", retry_after=90)])
def test_the_delay_is_the_other_sides(error: Exception) -> None:
    decision = ConnectorRetryPolicy().evaluate(error, 1, 3)
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, timedelta(seconds=90))


@pytest.mark.parametrize("error", [Unavailable("down"), InDoubt("?"), RuntimeError("bug")])
def test_the_rest_follows_the_tasks_settings(error: Exception) -> None:
    assert ConnectorRetryPolicy().evaluate(error, 1, 3).action is RetryAction.DEFAULT


def test_the_policy_survives_storage() -> None:
    policy = ConnectorRetryPolicy()
    assert isinstance(ConnectorRetryPolicy.deserialize(policy.serialize()), ConnectorRetryPolicy)


def test_settings_have_working_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.delenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS")
    settings = read_settings()
    assert settings.tenants_path == SHIPPED / "tenants"
    assert settings.mappings_paths == (SHIPPED / "mappings",)
    assert settings.state_url == f"sqlite:///{tmp_path}/ml_connector.db"
    assert (settings.payload_keys, settings.retention_days) == ((), 400)


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS_CMD", f"echo {','.join(keys)}")
    monkeypatch.delenv("AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS")
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path}/own.db\n")
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__MAPPINGS_PATH", str(tmp_path))
    settings = read_settings()
    assert settings.payload_keys == tuple(keys)
    assert settings.state_url == f"sqlite:///{tmp_path}/own.db"
    assert settings.mappings_paths == (tmp_path, SHIPPED / "mappings")
    assert keys[0] not in repr(settings)


@pytest.mark.parametrize("days", ["soon", "0", "-3"])
def test_wrong_retention_is_refused(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__RETENTION_DAYS", days)
    with pytest.raises(ConfigurationError, match="retention_days"):
        read_settings()


def test_a_store_needs_an_initialised_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW__ML_CONNECTOR__STATE_CONN", f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(ConfigurationError, match="ml-connector init"):
        open_store(read_settings(), "test")
