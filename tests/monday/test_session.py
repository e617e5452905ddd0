from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    InDoubt,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import HandlerTransport, Interrupted, NotSent, Request, Response
from ml_connector.core.ledger.credentials import Credentials
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.schema import credential
from ml_connector.core.state.store import Store
from ml_connector.monday.api import MondayApi
from ml_connector.monday.connect import connect
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.session import PersonalToken, RotatingSession
from ml_connector.monday.settings import MondaySettings
from tests.state import migrated

from .support import CLIENT_SECRET, QUERY, REFRESH, TOKEN, Clock, answer, app, data, error, jwt, site

TOKEN_URL = "https://auth.monday.com/oauth_ms/oauth/token"


@dataclass
class Issuer:
    """Issues tokens, each refresh token good for one use, and lets the newest access token in."""

    clock: Clock
    life: float = 3600
    refresh: str = REFRESH
    access: str = ""
    made: int = 0
    calls: int = 0
    forms: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    reply: Callable[[Request], Response | None] = lambda _request: None
    api: Callable[[Request], Response | None] = lambda _request: None
    plain: bool = False

    async def __call__(self, request: Request) -> Response:
        await asyncio.sleep(0.01)
        if request.url != TOKEN_URL:
            self.calls += 1
            told = self.api(request)
            if told is not None:
                return told
            known = request.headers.get("Authorization") == f"Bearer {self.access}"
            return data(boards=[]) if known else error("NOT_AUTHENTICATED", status=401)
        self.headers.append(dict(request.headers))
        self.forms.append(dict(parse_qsl((request.body or b"").decode())))
        told = self.reply(request)
        return told if told is not None else self.rotate()

    def rotate(self) -> Response:
        if self.forms[-1]["refresh_token"] != self.refresh:
            return answer({"error": "invalid_grant", "error_description": "token was used"}, 400)
        self.made += 1
        self.refresh = f"s3cret-refresh-{self.made}"
        self.access = (
            f"s3cret-access-{self.made}"
            if self.plain
            else jwt(self.clock().timestamp() + self.life, str(self.made))
        )
        return answer({
            "access_token": self.access, "refresh_token": self.refresh, "token_type": "Bearer",
            "scope": "boards:read boards:write",
        })  # fmt: skip

    @property
    def used(self) -> list[str]:
        return [form["refresh_token"] for form in self.forms]


def opened(issuer: Issuer, store: Store, settings: MondaySettings | None = None) -> Any:
    return connect(
        settings or app(), ApiLimits(), store,
        transport=HandlerTransport(issuer), clock=issuer.clock, sleep=issuer.clock.sleep,
    )  # fmt: skip


async def ask(api: MondayApi) -> None:
    await api.query("Board", QUERY, {})


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(Clock())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Store]:
    """State on SQLite; what workers share is tried on PostgreSQL too."""
    database = migrated(tmp_path / "state.db")
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as opened:
        yield opened


async def test_a_personal_token_goes_as_it_is() -> None:
    place = site(data(boards=[]))
    await place.query()
    assert place.monday.tokens == [TOKEN]
    assert TOKEN not in repr(PersonalToken(TOKEN))


async def test_a_refused_personal_token_is_tried_once() -> None:
    place = site(error("NOT_AUTHENTICATED", status=401))
    with pytest.raises(AuthenticationError):
        await place.query()
    assert len(place.monday.seen) == 1


async def test_the_first_renewal_uses_the_connections_token(issuer: Issuer, state: Store) -> None:
    async with opened(issuer, state) as api:
        await ask(api)
        await ask(api)
    assert issuer.forms == [{
        "grant_type": "refresh_token", "client_id": "app-1", "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH,
    }]  # fmt: skip
    assert issuer.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert not {"Authorization", "API-Version", "Idempotency-Key"} & set(issuer.headers[0])


async def test_a_token_is_renewed_five_minutes_before_its_end(issuer: Issuer, state: Store) -> None:
    async with opened(issuer, state) as api:
        await ask(api)
        issuer.clock.advance(3600 - 301)
        await ask(api)
        assert issuer.made == 1
        issuer.clock.advance(2)
        await ask(api)
    assert issuer.used == [REFRESH, "s3cret-refresh-1"]


@pytest.mark.parametrize(
    ("told", "renewed_after"),
    [({"expires_in": 1200}, 900), ({}, 3300), ({"expires_in": "soon"}, 3300), ({"expires_in": -1}, 3300)],
)
async def test_a_token_that_does_not_tell_its_end(
    issuer: Issuer, state: Store, told: dict[str, Any], renewed_after: int
) -> None:
    issuer.access = "s3cret-opaque"
    issuer.reply = lambda _: answer({"access_token": "s3cret-opaque", "refresh_token": "r2", **told})
    async with opened(issuer, state) as api:
        await ask(api)
        issuer.clock.advance(renewed_after - 1)
        await ask(api)
        assert len(issuer.forms) == 1
        issuer.clock.advance(2)
        await ask(api)
    assert issuer.used == [REFRESH, "r2"]


async def test_a_short_life_is_used_by_half(issuer: Issuer, state: Store) -> None:
    issuer.life = 120
    async with opened(issuer, state) as api:
        await ask(api)
        issuer.clock.advance(59)
        await ask(api)
        assert issuer.made == 1
        issuer.clock.advance(2)
        await ask(api)
    assert issuer.made == 2


async def test_a_clock_far_ahead_does_not_renew_with_each_call(issuer: Issuer, state: Store) -> None:
    issuer.life = -7200
    async with opened(issuer, state) as api:
        await ask(api)
        await ask(api)
    assert issuer.made == 1


async def test_workers_share_one_renewal(issuer: Issuer, store: Store) -> None:
    async with opened(issuer, store) as one, opened(issuer, store) as two:
        await asyncio.gather(ask(one), ask(two), ask(one), ask(two))
        issuer.clock.advance(3600)
        await asyncio.gather(ask(one), ask(two))
    assert issuer.used == [REFRESH, "s3cret-refresh-1"]


async def test_a_401_renews_once_for_all_workers(issuer: Issuer, store: Store) -> None:
    async with opened(issuer, store) as one, opened(issuer, store) as two:
        await asyncio.gather(ask(one), ask(two))
        issuer.access = "revoked"
        await asyncio.gather(ask(one), ask(two))
        assert issuer.made == 2
        issuer.api = lambda _: error("NOT_AUTHENTICATED", status=401)
        with pytest.raises(AuthenticationError, match="authorize the app again"):
            await ask(one)
    assert issuer.made == 3


async def test_a_write_after_a_401_keeps_its_key(issuer: Issuer, state: Store) -> None:
    keys: list[str | None] = []

    def note(request: Request) -> None:
        keys.append(request.headers.get("Idempotency-Key"))

    async with opened(issuer, state) as api:
        await ask(api)
        issuer.access, issuer.api = "revoked", note
        await api.mutate("Create", QUERY, {}, key="k1")
    assert keys == ["k1", "k1"]


async def test_an_address_that_is_not_admitted_renews_nothing(issuer: Issuer, state: Store) -> None:
    issuer.api = lambda _: error("NOT_AUTHENTICATED", "Your ip is restricted", status=401)
    async with opened(issuer, state) as api:
        with pytest.raises(NotActivated, match="IP addresses"):
            await ask(api)
    assert issuer.made == 1


async def test_what_is_stored_wins_over_the_connection(issuer: Issuer, store: Store) -> None:
    for _ in range(3):
        async with opened(issuer, store) as api:
            await ask(api)
        issuer.clock.advance(3600)
    assert issuer.used == [REFRESH, "s3cret-refresh-1", "s3cret-refresh-2"]


async def test_a_refresh_token_that_a_person_entered_since_is_used(issuer: Issuer, store: Store) -> None:
    async with opened(issuer, store) as api:
        await ask(api)
    issuer.refresh = "s3cret-by-hand"
    async with opened(issuer, store, app(refresh_token="s3cret-by-hand")) as api:
        await ask(api)
    assert issuer.used == [REFRESH, "s3cret-by-hand"]


async def test_a_crash_after_the_renewal_loses_nothing(issuer: Issuer, store: Store) -> None:
    """The new refresh token is stored before the new access token is used."""

    def die(_: Request) -> Response:
        raise asyncio.CancelledError

    issuer.api = die
    with pytest.raises(asyncio.CancelledError):
        async with opened(issuer, store) as api:
            await ask(api)
    issuer.api = lambda _: None
    async with opened(issuer, store) as api:
        await ask(api)
        issuer.clock.advance(3600)
        await ask(api)
    assert issuer.used == [REFRESH, "s3cret-refresh-1"]


async def test_a_renewal_whose_answer_is_lost_needs_a_person(issuer: Issuer, state: Store) -> None:
    def lose(_: Request) -> Response:
        issuer.rotate()
        raise Interrupted("reset", "the connection broke off")

    issuer.reply = lose
    async with opened(issuer, state) as api:
        with pytest.raises(Unavailable, match="logging in failed"):
            await api.mutate("Create", QUERY, {}, key="k1")
        assert issuer.calls == 0
        issuer.reply = lambda _: None
        with pytest.raises(AuthenticationError, match="used and the answer lost"):
            await ask(api)


async def test_a_database_that_was_away_gets_the_token_later(
    issuer: Issuer, state: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, broken = Credentials.put, True

    async def fails(self: Credentials, *values: Any) -> None:
        if broken:
            raise OperationalError("insert", {}, Exception("away"))
        await put(self, *values)

    monkeypatch.setattr(Credentials, "put", fails)
    async with opened(issuer, state) as api:
        with pytest.raises(OperationalError):
            await ask(api)
        assert issuer.calls == 0
        broken = False
        await ask(api)
    async with opened(issuer, state) as api:
        issuer.clock.advance(3600)
        await ask(api)
    assert issuer.used == [REFRESH, "s3cret-refresh-1"]


async def test_a_token_service_that_does_not_rotate(issuer: Issuer, state: Store) -> None:
    issuer.access = "s3cret-opaque"
    issuer.reply = lambda _: answer({"access_token": "s3cret-opaque"})
    async with opened(issuer, state) as api:
        await ask(api)
        issuer.clock.advance(3600)
        await ask(api)
    assert issuer.used == [REFRESH, REFRESH]


@pytest.mark.parametrize(
    ("reply", "failure", "words"),
    [
        (answer({"error": "invalid_grant"}, 400), AuthenticationError, "put the new refresh token into"),
        (answer({"error": "invalid_token"}, 401), AuthenticationError, "put the new refresh token into"),
        (answer({"error": "invalid_client"}, 401), AuthenticationError, "check client_id and client_secret"),
        (answer({"error": "unauthorized_client"}, 403), AuthenticationError, "client_secret"),
        (answer(b"", 429, {"Retry-After": "300"}), RateLimited, "auth.monday.com asks to wait"),
        (answer(b"<html>", 502), Unavailable, "did not renew"),
        (answer({"error": "server_error"}, 500), Unavailable, "did not renew"),
        (answer(b'{"access_token": "s3cr', 200), Unavailable, "did not renew"),
        (answer(b"", 404), ConfigurationError, "^token_url: "),
    ],
)
@pytest.mark.parametrize("writes", [False, True])
async def test_a_renewal_that_fails(
    issuer: Issuer, state: Store, reply: Response, failure: type[Exception], words: str, writes: bool
) -> None:
    issuer.reply = lambda _: reply
    async with opened(issuer, state) as api:
        with pytest.raises(failure, match=words) as caught:
            await (api.mutate("Create", QUERY, {}, key="k1") if writes else ask(api))
    assert issuer.calls == 0  # so nothing was executed
    assert "s3cr" not in str(caught.value)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 300


async def test_a_refused_renewal_is_not_repeated(issuer: Issuer, state: Store) -> None:
    said = {"error": "invalid_grant", "error_description": f"token {REFRESH} of {CLIENT_SECRET} was used"}
    issuer.reply = lambda _: answer(said, 400)
    async with opened(issuer, state) as api:
        for _ in range(2):
            with pytest.raises(AuthenticationError) as caught:
                await ask(api)
            assert "s3cret" not in f"{caught.value!r}"
    assert len(issuer.forms) == 1


async def test_a_token_service_that_cannot_be_reached(issuer: Issuer, state: Store) -> None:
    def unreachable(_: Request) -> Response:
        raise NotSent("refused", "no connection to auth.monday.com:443")

    issuer.reply = unreachable
    async with opened(issuer, state) as api:
        with pytest.raises(Unavailable):
            await api.mutate("Create", QUERY, {}, key="k1")


async def test_a_token_that_ends_in_a_doubt_keeps_the_doubt(issuer: Issuer, state: Store) -> None:
    async with opened(issuer, state) as api:
        await ask(api)

        def lose(_: Request) -> Response:
            issuer.clock.advance(3600)
            issuer.reply = lambda _: answer({"error": "invalid_grant"}, 400)
            raise Interrupted("timeout", "no answer in time")

        issuer.api = lose
        with pytest.raises(InDoubt, match=r"no answer in time.*then: .*refused to renew"):
            await api.mutate("Create", QUERY, {}, key="k1")


async def test_without_payload_keys_tokens_cannot_be_kept(issuer: Issuer, database: Database) -> None:
    with (
        Store(database, actor="test") as plain,
        pytest.raises(ConfigurationError, match=r"payload_keys: each"),
    ):
        async with opened(issuer, plain):
            pass
    with Store(database, Cipher([Fernet.generate_key().decode()]), actor="test") as sealed:
        async with opened(issuer, sealed) as api:
            await ask(api)


async def test_tokens_are_stored_encrypted(issuer: Issuer, store: Store) -> None:
    async with opened(issuer, store) as api:
        await ask(api)
    with store.read() as connection:
        (row,) = connection.execute(select(credential.c.name, credential.c.value)).all()
    for secret in (issuer.access, issuer.refresh, REFRESH, CLIENT_SECRET):
        assert secret.encode() not in row.value
        assert secret not in row.name


async def test_no_token_in_what_is_raised_or_shown(issuer: Issuer, state: Store) -> None:
    issuer.plain = True
    issuer.api = lambda request: error(
        "SOMETHING_NEW", f"bad {request.headers['Authorization']} {issuer.refresh}"
    )
    async with opened(issuer, state) as api:
        with pytest.raises(Unavailable) as caught:
            await ask(api)
    assert "SOMETHING_NEW" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_session_names_its_secrets() -> None:
    from ml_connector.core.http import MemoryTokenStore

    session = RotatingSession(app(), MemoryTokenStore(), clock=Clock())
    assert {CLIENT_SECRET, REFRESH} <= set(session.secrets())
    assert "s3cret" not in repr(session)
