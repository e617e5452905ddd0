from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ml_connector.bill.api import VENDORS
from ml_connector.bill.options import BillOptions
from ml_connector.core.errors import AuthenticationError, NotActivated, RateLimited, Unavailable
from ml_connector.core.http import AiohttpTransport, Request, Response
from ml_connector.core.state.schema import credential
from ml_connector.core.state.store import Store
from sandbox import credentials
from sandbox.server import Sandbox

from .support import Bill, connected, vendor_body

LOGIN = "POST /v3/login"


async def test_workers_share_one_login(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as one, connected(sandbox, state) as two:
        await asyncio.gather(one.session(), two.session(), one.session())
    assert sandbox.calls.count(f"bill {LOGIN}") == 1


async def test_a_sync_token_logs_in_the_same_way(sandbox: Sandbox, state: Store) -> None:
    token: dict[str, Any] = {
        "username": credentials.BILL_TOKEN_NAME,
        "password": credentials.BILL_TOKEN_VALUE,
    }
    async with connected(sandbox, state, **token) as api:
        assert (await api.session())["organizationId"] == credentials.BILL_ORGANIZATION


async def test_the_session_is_stored_encrypted(bill: Bill) -> None:
    await bill.api.session()
    with bill.store.read() as connection:
        stored = connection.scalar(select(credential.c.value))
    (session,) = bill.sandbox.bill.sessions._sessions
    assert session.encode() not in stored


async def test_a_session_that_ended_is_replaced_once_and_the_call_repeated(bill: Bill) -> None:
    await bill.api.session()
    bill.fault("expire_session", "POST /v3/vendors")
    created = await bill.api.create(VENDORS, vendor_body())
    assert created["name"] == "Vendor 1"
    assert (bill.calls(LOGIN), bill.calls("POST /v3/vendors"), len(bill.held.vendors)) == (2, 2, 1)


async def test_a_session_refused_twice_is_an_outage_and_no_loop(bill: Bill) -> None:
    bill.fault("expire_session", "GET *", count=None)
    with pytest.raises(Unavailable, match="refused a session that it had just opened"):
        await bill.api.get(VENDORS, "009X")
    assert bill.calls(LOGIN) == 2


async def test_an_idle_session_is_replaced_before_it_is_tried(bill: Bill) -> None:
    await bill.api.session()
    bill.sandbox.clock.advance(31 * 60)
    await bill.api.session()
    assert bill.sandbox.calls.per_status["bill 401"] == 0
    assert bill.calls(LOGIN) == 2


async def test_use_prolongs_the_session_for_all_workers(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as one:
        for _ in range(4):
            await one.session()
            sandbox.clock.advance(20 * 60)
        async with connected(sandbox, state) as two:
            await two.session()
    assert sandbox.calls.count(f"bill {LOGIN}") == 1


async def test_many_calls_after_an_expiry_log_in_once(bill: Bill) -> None:
    await bill.api.session()
    bill.sandbox.bill.sessions.expire_all()
    await asyncio.gather(*(bill.api.session() for _ in range(6)))
    assert bill.calls(LOGIN) == 2


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"password": "wrong-password"}, "BDC_1101"),
        ({"dev_key": "wrong-dev-key"}, "same environment"),
    ],
)
async def test_refused_credentials_are_tried_once(
    sandbox: Sandbox, state: Store, changed: dict[str, Any], sentence: str
) -> None:
    async with connected(sandbox, state, **changed) as api:
        for _ in range(3):
            with pytest.raises(AuthenticationError, match=sentence) as caught:
                await api.session()
            assert "wrong-" not in str(caught.value)
    assert sandbox.calls.count(f"bill {LOGIN}") == 1


async def test_an_untrusted_session_is_no_reason_to_log_in_again(bill: Bill) -> None:
    bill.fault("error", "GET /v3/vendors/{id}", code="BDC_1361", status=403)
    with pytest.raises(NotActivated, match="two-step verification"):
        await bill.api.get(VENDORS, "009X")
    assert bill.calls(LOGIN) == 1


async def test_a_login_that_breaks_off_means_nothing_was_sent(bill: Bill) -> None:
    bill.fault("lost", LOGIN, count=None)
    with pytest.raises(Unavailable):
        await bill.api.create(VENDORS, vendor_body())
    assert bill.calls("POST /v3/vendors") == 0


async def test_logins_have_their_own_hour(sandbox: Sandbox, state: Store) -> None:
    sandbox.clock.advance(3600 - sandbox.clock.seconds() % 3600)
    async with connected(sandbox, state, BillOptions(hourly_logins=2)) as api:
        for _ in range(2):
            await api.session()
            sandbox.bill.sessions.expire_all()
        with pytest.raises(RateLimited, match="log-ins to BILL in this hour") as caught:
            await api.session()
    assert 3500 < caught.value.retry_after <= 3601
    assert sandbox.calls.count(f"bill {LOGIN}") == 2


class Recorder(AiohttpTransport):
    """Keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        return await super().send(request)


async def test_secrets_go_where_they_belong(sandbox: Sandbox, state: Store) -> None:
    transport = Recorder()
    async with connected(sandbox, state, transport=transport) as api:
        await api.session()
    login, probe = transport.sent
    assert b"password" in (login.body or b"")
    assert not {"devKey", "sessionId"} & set(login.headers)
    assert set(probe.headers) >= {"devKey", "sessionId"}
    assert credentials.BILL_DEV_KEY not in f"{login!r}{probe!r}{probe.target}"


async def test_the_stored_session_lasts_as_long_as_it_is_used(bill: Bill) -> None:
    await bill.api.session()
    with bill.store.read() as connection:
        first = connection.scalar(select(credential.c.expires_at))
    bill.sandbox.clock.advance(600)
    await bill.api.session()
    with bill.store.read() as connection:
        assert connection.scalar(select(credential.c.expires_at)) - first >= timedelta(minutes=10)
