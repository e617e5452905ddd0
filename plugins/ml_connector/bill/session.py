"""The session that all workers of an organization share.

Documented by BILL: a session is valid with the developer key that made it, ends after 35 minutes
without a call (a sync token's after 48 hours) and any call prolongs it; 200 log-ins an hour.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import UTC, datetime

from ml_connector.bill.errors import SESSION_INVALID, login_failure, problems
from ml_connector.bill.settings import BillSettings
from ml_connector.core.errors import ConfigurationError, ContractChanged
from ml_connector.core.http import Request, Response, Token, TokenAuth, TokenStore, json_request

LOGIN = "/v3/login"
_TOUCH = 300.0


class BillSession(TokenAuth):
    """Logs in with user or sync token, and once more when BILL says that the session ended.

    A 401 is not the same as an ended session: it also carries refused credentials, which are never
    repeated. An untrusted session (``BDC_1361``) is returned to the caller: a new one would be as
    untrusted.

    Args:
        settings: of the connection.
        store: shared with the other workers.
        idle: seconds without a call after which the session is not tried any more.
        clock: replaceable in tests.
    """

    def __init__(
        self, settings: BillSettings, store: TokenStore | None, *, idle: float, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(settings.session_name, store, lambda: clock().timestamp())
        self._settings, self._idle = settings, idle
        self._touched = 0.0

    async def auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """As in the base class; a success prolongs the session, now and then for the others too."""
        flow = super().auth_flow(request)
        try:
            current = await anext(flow)
            while True:
                response = yield current
                try:
                    current = await flow.asend(response)
                except StopAsyncIteration:
                    break
        finally:
            await flow.aclose()
        if response.status < 400:
            await self._prolong()

    def login_request(self) -> Request:
        settings = self._settings
        body = {
            "username": settings.username,
            "password": settings.password,
            "organizationId": settings.organization_id,
            "devKey": settings.dev_key,
        }
        return json_request("POST", LOGIN, body, idempotent=True)

    def token_from(self, response: Response) -> Token:
        if response.status != 200:
            now = datetime.fromtimestamp(self.clock(), UTC)
            raise login_failure(self.login_request(), response, now)
        try:
            answer = response.json()
            session, organization = str(answer["sessionId"]), answer.get("organizationId")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ContractChanged("BILL's answer to the log-in holds no session") from None
        if organization != self._settings.organization_id:
            raise ConfigurationError(
                f"BILL opened a session for {organization}", field="organization_id",
                expected=f"the organization of the connection, {self._settings.organization_id}",
            )  # fmt: skip
        self._touched = self.clock()
        return Token(session, self.clock() + self._idle)

    def authorize(self, request: Request, token: Token) -> Request:
        return request.with_headers({"devKey": self._settings.dev_key, "sessionId": token.value})

    def refused(self, response: Response) -> bool:
        if response.status < 400:
            return False
        codes = {problem.code for problem in problems(response)} - {None}
        return SESSION_INVALID in codes or (response.status == 401 and not codes)

    def secrets(self) -> Iterable[str]:
        return (*super().secrets(), *self._settings.secrets())

    async def _prolong(self) -> None:
        if self._token is None:
            return
        now = self.clock()
        self._token = Token(self._token.value, now + self._idle, self._token.extra)
        if now - self._touched >= _TOUCH:
            self._touched = now
            await self._store.put(self._name, self._token)
