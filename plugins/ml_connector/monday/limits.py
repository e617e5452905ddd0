"""How much of monday.com's limits the connector uses.

Documented by monday.com (developer.monday.com/api-reference/docs/rate-limits, 2026-09-06): the limits
hold per account and app, a day ends at midnight UTC, and a request is cut off after 60 seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from ml_connector.core.config.values import Model, wrong
from ml_connector.core.limits import ClockWindow

Plan = Literal["free", "basic", "standard", "pro", "enterprise"]

_DAILY_CALLS: dict[Plan, int] = {"pro": 10_000, "enterprise": 25_000}
_MINUTE_REQUESTS: dict[Plan, int] = {"pro": 2_500, "enterprise": 5_000}
_CONCURRENT_REQUESTS: dict[Plan, int] = {"pro": 100, "enterprise": 250}


class ApiLimits(Model):
    """Part ``limits`` of the options. What is not named follows from the plan.

    Everything that uses the account through the same token draws on the same numbers: name smaller ones
    to leave something to others.

    Attributes:
        plan: of the account; the smallest is safe with any.
        daily_calls: calls per day, which ends at midnight UTC.
        minute_requests: requests in any minute.
        concurrent_requests: requests in flight that the plan allows to all tasks together.
        concurrency: requests in flight that one task uses; monday.com wants one writer per board.
        complexity_per_minute: complexity points; 1,000,000 for free, trial and non-profit accounts, and
            5,000,000 for the tokens of an app.
        timeout_seconds: wait for one answer; monday.com gives up after 60.
        replay_seconds: a write whose answer was lost is sent again for so long. monday.com knows its
            ``Idempotency-Key`` for 1,800, and knows nothing of it afterwards.
    """

    plan: Plan = "standard"
    daily_calls: int | None = Field(None, ge=1)
    minute_requests: int | None = Field(None, ge=1)
    concurrent_requests: int | None = Field(None, ge=1)
    concurrency: int = Field(1, ge=1)
    complexity_per_minute: int = Field(10_000_000, ge=10_000)
    timeout_seconds: float = Field(75, gt=0, le=300)
    replay_seconds: float = Field(1740, ge=0, le=1740)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.concurrency > self.requests_in_flight:
            raise wrong("a concurrency of one task that does not exceed that of the plan")
        return self

    @property
    def calls_per_day(self) -> int:
        """Calls that all tasks together may make until midnight UTC."""
        return self.daily_calls or _DAILY_CALLS.get(self.plan, 1_000)

    @property
    def requests_per_minute(self) -> int:
        """Requests that all tasks together may send in any minute."""
        return self.minute_requests or _MINUTE_REQUESTS.get(self.plan, 1_000)

    @property
    def requests_in_flight(self) -> int:
        """Requests of all tasks together that may be under way."""
        return self.concurrent_requests or _CONCURRENT_REQUESTS.get(self.plan, 40)


@dataclass(frozen=True, slots=True)
class ImportHour(ClockWindow):
    """The hour in which so many items may be imported: it begins with the first of them.

    A little longer than monday.com's, which begins when the first row is written: later than our reservation.
    """

    seconds: int = 3900

    def end(self, now: datetime) -> datetime:
        """End of a window that begins now."""
        return now + timedelta(seconds=self.seconds)
