"""The token of one user of Cleo, shared by all workers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ml_connector.cleo.errors import is_page, login_failure, message
from ml_connector.cleo.settings import CleoSettings, Login
from ml_connector.core.errors import ContractChanged, RateLimited
from ml_connector.core.http import Request, Response, Token, TokenAuth, TokenStore, parse_retry_after, redact

_RENEW_AT = 0.8
_WAIT = 60.0
_MADE_WITH = "made_with"


class LoginDelayed(RateLimited):
    """Cleo asks to wait with logging in.

    Args:
        asked: seconds that it named, if any.
    """

    def __init__(self, asked: float | None) -> None:
        super().__init__("Cleo asks to wait with logging in (HTTP 429)", retry_after=asked or _WAIT)
        self.asked = asked


class CleoSession(TokenAuth):
    """Logs in with user name and password (OAuth 2 password grant without a client).

    The token is renewed after 80 % of its life, and once when a call is answered with 401.

    Args:
        settings: of the connection.
        login: the user.
        store: shared with the other workers; memory of this process where None.
        life: seconds that a token lasts where the answer does not say.
        clock: replaceable in tests.
    """

    def __init__(
        self,
        settings: CleoSettings,
        login: Login,
        store: TokenStore | None,
        *,
        life: float,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(settings.token_name(login), store, lambda: clock().timestamp())
        self._path, self._user, self._life = settings.token_path, login, life

    def login_request(self) -> Request:
        form = {
            "grant_type": "password",
            "username": self._user.username,
            "password": self._user.password,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return Request("POST", self._path, headers=headers, body=urlencode(form).encode(), idempotent=True)

    def token_from(self, response: Response) -> Token:
        if response.status == 429:
            raise LoginDelayed(parse_retry_after(response.header("Retry-After")))
        said = redact(message(response), self.secrets())
        if response.status != 200 or is_page(response):
            raise login_failure(self.login_request(), response, said)
        answer = _json_object(response)
        value = answer.get("access_token")
        if not isinstance(value, str) or not value:
            raise ContractChanged("Cleo's answer to the log-in holds no access_token")
        renew_at = self.clock() + _RENEW_AT * self._seconds(answer.get("expires_in"))
        return Token(value, renew_at, {_MADE_WITH: self._password_print()})

    def authorize(self, request: Request, token: Token) -> Request:
        return request.with_headers({"Authorization": f"Bearer {token.value}"})

    def secrets(self) -> Iterable[str]:
        return (*super().secrets(), self._user.password)

    def _usable(self, token: Token | None, bad: str | None) -> bool:
        """A password that was changed logs in anew, so that a mistake in it shows at once."""
        fits = token is not None and token.extra.get(_MADE_WITH) == self._password_print()
        return fits and super()._usable(token, bad)

    def _password_print(self) -> str:
        """Kept inside the encrypted token only."""
        return hashlib.sha256(self._user.password.encode()).hexdigest()

    def _seconds(self, value: object) -> float:
        """Life of the token; Cleo's own tools do not read it, so it may be missing or a text."""
        try:
            seconds = float(str(value))
        except ValueError:
            return self._life
        return seconds if seconds > 0 else self._life


def _json_object(response: Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
