"""When Airflow repeats a task: only for what stops a whole flow and may pass by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowNotFoundException

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    GuardTripped,
    NotActivated,
    RateLimited,
    Repeated,
    Unavailable,
)

HOPELESS = (
    AuthenticationError,
    ConfigurationError,
    NotActivated,
    ContractChanged,
    GuardTripped,
    Repeated,
    AirflowNotFoundException,  # no such connection
)
"""Repeating these cannot help; refused logins even lock accounts."""

RETRIES = 2
RETRY_DELAY = timedelta(minutes=5)


class ConnectorRetryPolicy(RetryPolicy):
    """Fails at once, waits as long as the other side asks, or leaves it to the task's settings.

    Airflow never repeats more often than ``retries`` says, and does not ask after a kill; so tasks
    set ``retries`` and ``retry_delay`` as well.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        from ml_connector.core.stages.reconcile import Unreconciled  # loads pandas: only after a failure

        if isinstance(exception, (*HOPELESS, Unreconciled)):
            return RetryDecision.fail(reason=f"{type(exception).__name__}: repeating cannot help")
        if isinstance(exception, RateLimited | Unavailable) and exception.retry_after is not None:
            delay = timedelta(seconds=max(1.0, exception.retry_after))
            return RetryDecision.retry(
                delay=delay, reason=f"{type(exception).__name__}: the other side asks to wait"
            )
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, _data: dict[str, Any]) -> ConnectorRetryPolicy:
        return cls()
