from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from ml_connector.cleo.settings import Login
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import NotSent, Response
from ml_connector.core.state.store import Store

from .fake import FakeCleo, answer, page, said
from .published import sample
from .support import Sleeps, connected, settings

LOGIN = "POST /api/authentication"


async def test_the_log_in_is_the_published_one(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        await cleo.mailbox.folders()
    login, listing = fake.sent
    assert parse_qs((login.body or b"").decode()) == {
        "grant_type": ["password"], "username": ["box"], "password": ["s3cret-box"],
    }  # fmt: skip
    assert "Authorization" not in login.headers
    assert listing.headers["Authorization"].startswith("Bearer token-box-")


async def test_a_changed_password_logs_in_anew(fake: FakeCleo, store: Store) -> None:
    """Even while the token of the old one lasts: else a mistake would show an hour later."""
    async with connected(fake, store) as cleo:
        await cleo.mailbox.folders()
    wrong = settings(mailbox=Login("box", "s3cret-other"))
    async with connected(fake, store, where=wrong) as cleo:
        with pytest.raises(AuthenticationError):
            await cleo.mailbox.folders()
    assert fake.calls(LOGIN) == 2


@pytest.mark.parametrize("name", ["token_admin", "token_mailbox_user"])
async def test_the_documented_answers_are_understood(fake: FakeCleo, state: Store, name: str) -> None:
    token = sample(name)
    fake.tokens[token["access_token"]] = "box"
    fake.fault(LOGIN, answer(token))
    async with connected(fake, state) as cleo:
        assert await cleo.mailbox.folders() == ["download", "upload"]


async def test_two_users_have_two_tokens(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        assert cleo.api is not None
        await cleo.mailbox.folders()
        await cleo.api.count_connections()
    assert fake.calls(LOGIN) == 2
    assert sorted(fake.tokens.values()) == ["admin", "box"]


async def test_one_user_for_both_logs_in_once(fake: FakeCleo, state: Store) -> None:
    where = settings(mailbox=Login("admin", "s3cret-admin"))
    async with connected(fake, state, where=where) as cleo:
        assert cleo.api is not None
        await cleo.mailbox.folders()
        await cleo.api.count_connections()
    assert fake.calls(LOGIN) == 1


async def test_workers_share_a_token(fake: FakeCleo, store: Store) -> None:
    for _ in range(3):
        async with connected(fake, store) as cleo:
            await cleo.mailbox.folders()
    assert fake.calls(LOGIN) == 1


@pytest.mark.parametrize(
    ("expires_in", "life"), [(3600, 2880), ("3600", 2880), (None, 2400), ("soon", 2400), (0, 2400)]
)
async def test_a_token_is_renewed_after_most_of_its_life(
    fake: FakeCleo, state: Store, expires_in: object, life: float
) -> None:
    clock = Sleeps()
    fake.expires_in, fake.described = expires_in, False
    async with connected(fake, state, sleep=clock) as cleo:
        await cleo.mailbox.folders()
        clock.advance(life - 1)
        await cleo.mailbox.folders()
        assert fake.calls(LOGIN) == 1
        clock.advance(2)
        await cleo.mailbox.folders()
    assert fake.calls(LOGIN) == 2


async def test_a_lost_token_is_replaced_once_and_the_call_repeated(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        await cleo.mailbox.folders()
        fake.tokens.clear()
        await cleo.mailbox.upload("upload/850", "a.edi", b"ISA")
    assert fake.calls(LOGIN) == 2
    assert fake.files == {"upload/850/a.edi": b"ISA"}


async def test_a_fresh_token_that_is_refused_ends_the_call(fake: FakeCleo, state: Store) -> None:
    fake.fault("GET /api/folders", said("Unauthorized", 401), times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(Unavailable, match="token that it had just issued"):
            await cleo.mailbox.folders()
    assert fake.calls(LOGIN) == 2
    assert fake.calls("GET /api/folders") == 2


@pytest.mark.parametrize("status", [400, 401, 403, 423])
async def test_refused_credentials_are_never_tried_again(fake: FakeCleo, state: Store, status: int) -> None:
    fake.fault(LOGIN, said("The account is locked", status), times=None)
    async with connected(fake, state) as cleo:
        for _ in range(3):
            with pytest.raises(AuthenticationError, match=r"The account is locked.*60 days") as caught:
                await cleo.mailbox.folders()
            assert "s3cret" not in str(caught.value)
    assert fake.calls(LOGIN) == 1


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (said("", 404), ConfigurationError, "token_path: nothing issues tokens"),
        (Response(302, {"Location": "https://sso.example.com"}), ConfigurationError, "token_path"),
        (said("down", 500), Unavailable, "down"),
        (page("<html>Maintenance</html>", 503), Unavailable, "web page"),
        (page("<html>Sign in</html>", 200), Unavailable, "sign-in page"),
        (answer({"token": "x"}), ContractChanged, "access_token"),
        (answer(["x"]), ContractChanged, "access_token"),
        (Response(200, {"Content-Type": "application/json"}, b"{"), ContractChanged, "access_token"),
        (NotSent("tls", "the certificate of cleo.example.com is not trusted"), ConfigurationError, "verify"),
        (NotSent("name", "the host name cleo.example.com cannot be resolved"), Unavailable, "resolved"),
    ],
)
async def test_other_failures_of_the_log_in_say_what_is_wrong(
    fake: FakeCleo, state: Store, given: Response | Exception, kind: type[Exception], words: str
) -> None:
    fake.fault(LOGIN, given, times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(kind, match=words):
            await cleo.mailbox.folders()


async def test_the_secret_is_hidden_even_where_cleo_repeats_it(fake: FakeCleo, state: Store) -> None:
    fake.fault(LOGIN, said("no user box with password s3cret-box", 401))
    async with connected(fake, state) as cleo:
        with pytest.raises(AuthenticationError) as caught:
            await cleo.mailbox.folders()
    assert "s3cret" not in str(caught.value)


async def test_a_log_in_that_is_delayed_waits_its_turn(fake: FakeCleo, state: Store) -> None:
    sleep = Sleeps()
    fake.fault(LOGIN, said("slow down", 429, Retry_After="7"))
    async with connected(fake, state, sleep=sleep) as cleo:
        await cleo.mailbox.folders()
    assert 7.0 in sleep.seconds
    assert fake.calls(LOGIN) == 2


async def test_a_log_in_that_is_delayed_for_long_ends_the_task(fake: FakeCleo, state: Store) -> None:
    fake.fault(LOGIN, said("slow down", 429, Retry_After="900"), times=None)
    async with connected(fake, state) as cleo:
        with pytest.raises(RateLimited) as caught:
            await cleo.mailbox.folders()
    assert caught.value.retry_after == 900
