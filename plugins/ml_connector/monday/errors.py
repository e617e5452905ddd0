"""monday.com's problems, and the product's failure for each kind of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import TooHeavy
from ml_connector.monday.meanings import UNSETTLED, Meaning, meaning_of

__all__ = ["Case", "Meaning", "Problem", "TooComplex", "failure", "meaning_of", "next_day"]

SCOPES = "boards:read, boards:write, me:read and account:read"


class TooComplex(TooHeavy):
    """One request costs more than monday.com allows: not executed, and asking for less helps."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of ``errors[]``.

    Attributes:
        message: monday.com's words, without secrets.
        code: ``extensions.code`` as it came; empty where there was none.
        path: into ``data``; begins with the alias.
        data: ``extensions.error_data``; where that is a list (``DATA_VALIDATIONS_ERROR``), it stands under
            ``validations``.
        retry_after: seconds that this entry asks to wait.
    """

    message: str
    code: str
    path: tuple[str | int, ...]
    data: Mapping[str, Any] = field(repr=False)
    retry_after: float | None

    @property
    def unsettled(self) -> bool:
        """What the path names may have been executed nevertheless."""
        return meaning_of(self.code, None, self.message) in UNSETTLED

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message


def next_day(now: datetime) -> datetime:
    """When the day's calls are given anew.

    In a day's first minute the refusal is still about the day before, seen by a clock that is behind ours.
    """
    midnight = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    first_minute = now - midnight < timedelta(minutes=1)
    return midnight + (timedelta(seconds=90) if first_minute else timedelta(days=1, seconds=2))


@dataclass(frozen=True, slots=True)
class Case:
    """A call that was refused as a whole.

    Attributes:
        name: of the operation.
        said: what monday.com said, without secrets.
        oauth: the token is an app's.
    """

    name: str
    said: str
    oauth: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.said}"


def failure(meaning: Meaning, case: Case, *, retry_after: float) -> ConnectorError:
    """The product's failure for a call that was not executed, or for a read."""
    if meaning is Meaning.DAY:
        spent = "the account's calls of the day are used up; they are given anew at midnight UTC"
        return RateLimited(f"{case}; {spent}", retry_after=retry_after)
    if meaning is Meaning.WAIT:
        return RateLimited(str(case), retry_after=retry_after)
    made = _FAILURES.get(meaning)
    return made(case) if made else Unavailable(str(case))


def _authentication(case: Case) -> ConnectorError:
    advice = (
        "authorize the app again and put the new refresh token into the connection"
        if case.oauth
        else "put the API token of an active user into the connection (in monday.com: profile picture > "
        "Developers > API token); a token that was made anew ends the one before"
    )
    return AuthenticationError(f"monday.com refused the token ({case}); {advice}")


def _address(case: Case) -> ConnectorError:
    return NotActivated(
        f"{case}. The account admits certain IP addresses only: an administrator must add the one from which "
        "this machine reaches the internet (Administration > Security > IP address restrictions)",
        operation=case.name,
    )


def _access(case: Case) -> ConnectorError:
    scopes = f"authorize the app with the scopes {SCOPES}; " if case.oauth else ""
    return NotActivated(
        f"{case}. A right is missing. An administrator must {scopes}see to it that the token's user is "
        "active, has confirmed the e-mail address, is neither guest nor viewer, and may edit the boards "
        "concerned",
        operation=case.name,
    )


def _version(case: Case) -> ConnectorError:
    return ConfigurationError(f"{case}", field="api_version", expected="a version such as 2026-10")


def _host(case: Case) -> ConnectorError:
    return ConfigurationError(f"{case}; something other than monday.com's API answers there", field="host")


_FAILURES: dict[Meaning, Callable[[Case], ConnectorError]] = {
    Meaning.AUTHENTICATION: _authentication,
    Meaning.ADDRESS: _address,
    Meaning.ACCESS: _access,
    Meaning.VERSION: _version,
    Meaning.COMPLEX: lambda case: TooComplex(f"{case}; ask for less at once"),
    Meaning.DOCUMENT: lambda case: ContractChanged(
        f"{case}. monday.com does not accept this request of the connector; its API may have changed"
    ),
    Meaning.HOST: _host,
}
