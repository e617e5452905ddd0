"""Access tokens of Basware's token service, shared by all workers.

Documented by Basware: client credentials go in the header as they are, not percent-encoded; a token
lasts for as long as the answer says, between five minutes and a day.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime

from ml_connector.basware.errors import problems
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import (
    OAuth2ClientCredentials,
    Response,
    Token,
    TokenStore,
    parse_retry_after,
    redact,
)

_RENEW_AT = 0.8
_LEAST = 0.5
_LIFE = 3600.0
_WAIT = 60.0


class BaswareSession(OAuth2ClientCredentials):
    """Fetches a token, and another one in good time, or once when Basware refuses it.

    Args:
        settings: of the connection.
        store: shared with the other workers; memory of this process where None.
        margin: seconds before its end at which a token is renewed; 80 % of its life where that is earlier.
        clock: replaceable in tests.
    """

    def __init__(
        self,
        settings: BaswareSettings,
        store: TokenStore | None,
        *,
        margin: float,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(
            token_url=settings.token_url,
            client_id=settings.login,
            client_secret=settings.password,
            scope=settings.scope,
            store=store,
            clock=lambda: clock().timestamp(),
            name=settings.session_name,
        )
        self._settings, self._margin = settings, margin
        self.granted: frozenset[str] = frozenset()
        """Scopes that the last token fetched here has; empty where the answer does not say."""

    def token_from(self, response: Response) -> Token:
        if response.status != 200:
            raise self._refusal(response)
        answer = self._object(response)
        value = answer.get("access_token")
        if not isinstance(value, str) or not value:
            raise ContractChanged(f"the answer of {self._settings.token_url} holds no access token")
        self.granted = frozenset(str(answer.get("scope") or "").split())
        life = self._seconds(answer.get("expires_in"))
        return Token(value, self.clock() + max(min(_RENEW_AT * life, life - self._margin), _LEAST * life))

    @staticmethod
    def _seconds(value: object) -> float:
        """Life of the token. The description calls it minutes; the published token shows seconds."""
        try:
            seconds = float(str(value))
        except ValueError:
            return _LIFE
        return seconds if seconds > 0 else _LIFE

    def _refusal(self, response: Response) -> Exception:
        url, status = self._settings.token_url, response.status
        if status == 429:
            wait = parse_retry_after(response.header("Retry-After"))
            return RateLimited(f"{url} asks to wait with another token", retry_after=wait or _WAIT)
        if status >= 500:
            return Unavailable(f"{url} answered {status}")
        said = redact("; ".join(map(str, problems(response))) or f"HTTP {status}", self.secrets())
        if status in {404, 405} or 300 <= status < 400:
            return ConfigurationError(
                f"no tokens are issued at {url} (HTTP {status})", field="token_url",
                expected="the address of the region, with /v1/tokens at its end; empty for that of the host",
            )  # fmt: skip
        if status in {400, 422} and "scope" in said.lower():
            return ConfigurationError(
                f"{url} refuses the scopes that are asked for: {said}", field="scope",
                expected="scopes that Basware granted to the client, with blanks between",
            )  # fmt: skip
        return AuthenticationError(
            f"{url} refused client {self._client_id}: {said}. Check login (the client id) and password (the "
            "client secret), and that both belong to the host's region and environment: test and production "
            "share nothing"
        )

    @property
    def _basic(self) -> str:
        return b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()
