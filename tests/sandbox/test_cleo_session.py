"""Logging in to Cleo: tokens, their lifetimes, Basic, lockout, password age, second factor."""

from __future__ import annotations

import aiohttp
import pytest

from sandbox import credentials
from sandbox.server import Sandbox

from .cleo_client import ADMIN, MAILBOX, Tenant
from .clients import request


@pytest.mark.parametrize(("who", "seconds"), [(ADMIN, 43_200), (MAILBOX, 3600)], ids=["admin", "mailbox"])
async def test_a_token_lives_as_long_as_its_user_allows(
    tenant: Tenant, sandbox: Sandbox, who: tuple[str, str], seconds: int
) -> None:
    answer = await tenant.login(*who)
    assert (answer.status, answer.json["expires_in"], answer.json["token_type"]) == (200, seconds, "bearer")
    tenant.tokens[who[0]] = answer.json["access_token"]
    href = "/api/connections" if who == ADMIN else "/api/folders"
    sandbox.clock.advance(seconds - 10)
    assert (await tenant.call("GET", href, who=who)).status == 200
    sandbox.clock.advance(20)
    expired = await tenant.call("GET", href, who=who)
    assert (expired.status, expired.json) == (401, {"message": "Unauthorized"})


async def test_wrong_log_ins(tenant: Tenant) -> None:
    assert (await tenant.login(ADMIN[0], "wrong")).status == 401
    assert (await tenant.login("nobody", ADMIN[1])).status == 401
    assert (await tenant.login("", "")).status == 400
    assert (await tenant.form({"grant_type": "client_credentials"})).status == 400
    url = f"{tenant.url}/api/authentication"
    assert (await request(tenant.http, "POST", url, {"grant_type": "password"})).status == 415


async def test_the_answer_may_hold_the_token_alone(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"expires_in": "absent", "token_type": False, "refresh": False})
    assert set((await tenant.login(*MAILBOX)).json) == {"access_token"}
    sandbox.cleo.switches.change({"expires_in": "text"})
    assert (await tenant.login(*MAILBOX)).json["expires_in"] == "3600"


async def test_refresh(tenant: Tenant, sandbox: Sandbox) -> None:
    token = (await tenant.login(*MAILBOX)).json["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    renewed = await tenant.form(form)
    assert (renewed.status, "access_token" in renewed.json) == (200, True)
    assert (await tenant.form(form)).status == 401, "a refresh token works once"
    sandbox.cleo.switches.change({"refresh": False})
    assert (await tenant.form(form)).status == 400


async def test_basic(tenant: Tenant, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth(*ADMIN)}
    url = f"{tenant.url}/api/connections"
    assert (await request(http, "GET", url, headers=headers)).status == 200
    wrong = {"Authorization": "Basic ???"}
    assert (await request(http, "GET", url, headers=wrong)).status == 401
    assert (await request(http, "GET", url)).status == 401
    sandbox.cleo.switches.change({"basic": False, "basic_disabled_status": 403})
    assert (await request(http, "GET", url, headers=headers)).status == 403


async def test_lockout(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"lockout": True})
    for _ in range(5):
        assert (await tenant.login(MAILBOX[0], "wrong")).status == 401
    assert (await tenant.login(*MAILBOX)).status == 401, "locked"
    assert (await tenant.login(*ADMIN)).status == 200, "the other user is not"
    sandbox.clock.advance(15 * 60 + 1)
    assert (await tenant.login(*MAILBOX)).status == 200


async def test_old_passwords_and_the_second_factor(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"password_expiry": True, "password_age_days": 60})
    assert (await tenant.login(*ADMIN)).json == {"message": "Password has expired."}
    sandbox.cleo.switches.change({"password_age_days": 59, "two_factor": True, "otp_field": "code"})
    assert (await tenant.login(*ADMIN)).status == 401
    assert (await tenant.login(*ADMIN, totp=credentials.CLEO_OTP)).status == 401
    assert (await tenant.login(*ADMIN, code=credentials.CLEO_OTP)).status == 200


async def test_each_user_has_its_own_part(tenant: Tenant, sandbox: Sandbox) -> None:
    folders, connections = "/api/folders", "/api/connections"
    assert (await tenant.call("GET", folders, who=ADMIN)).status == 403
    assert (await tenant.call("GET", connections, who=MAILBOX)).status == 403
    assert (await tenant.call("GET", "/api/transfers", who=MAILBOX)).status == 403
    sandbox.cleo.switches.change({"admin_sees_folders": True, "mailbox_sees_connections": True})
    assert (await tenant.call("GET", folders, who=ADMIN)).status == 200
    assert (await tenant.call("GET", connections, who=MAILBOX)).status == 200
    assert (await tenant.call("POST", connections, {}, who=MAILBOX)).status == 403, "reading only"


async def test_another_path(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"api_prefix": "/rest/api"})
    (row, *_) = (await tenant.call("GET", "/rest/api/connections")).json["resources"]
    assert row["_links"]["self"]["href"].startswith("/rest/api/connections/")
    assert (await tenant.call("GET", "/api/connections")).status == 404
    assert (await tenant.call("DELETE", "/rest/api/folders")).status == 405
