"""Who may call PeopleSoft, and how refusals look."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import pytest

from sandbox import credentials
from sandbox.server import Sandbox

from .clients import Answer, Asker, request

ACCOUNTS = ("ML_GL_ACCOUNTS", {"SETID": "SHARE"})
WRONG = aiohttp.encode_basic_auth(credentials.OPRID, "wrong")


async def token(asker: Asker, **changed: str) -> Answer:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.OAUTH_CLIENT_ID,
        "client_secret": credentials.OAUTH_CLIENT_SECRET,
        "scope": credentials.OAUTH_SCOPE,
    } | changed
    return await request(asker.http, "POST", f"{asker.url}/oauth2/token", data=form)


async def test_basic_is_enough(asker: Asker) -> None:
    assert (await asker.query(*ACCOUNTS)).rows


async def test_nothing_and_nonsense_are_401(asker: Asker) -> None:
    for header in ("", WRONG, "Basic %%%", "Bearer unknown", "Digest x"):
        answer = await replace(asker, authorization=header).query(*ACCOUNTS)
        assert answer.status == 401
        assert "WWW-Authenticate" in answer.headers


async def test_wrong_passwords_lock_the_user(asker: Asker, sandbox: Sandbox) -> None:
    for _ in range(5):
        await replace(asker, authorization=WRONG).query(*ACCOUNTS)
    assert (await asker.query(*ACCOUNTS)).status == 401
    sandbox.peoplesoft.identity.failures = 0
    assert (await asker.query(*ACCOUNTS)).status == 200


async def test_wrong_node_or_alias_is_404(asker: Asker) -> None:
    assert (await replace(asker, node="PSFT_HR").query(*ACCOUNTS)).status == 404
    assert (await asker.get("ExecuteQuery.v2/PUBLIC/ML_GL_ACCOUNTS/JSON/NONFILE")).status == 404
    assert (await asker.post("unknown.v1/unknown", {})).status == 404


@pytest.mark.parametrize("status", ["401", "403", "500"])
@pytest.mark.parametrize("switch", ["inactive", "denied"])
async def test_inactive_or_denied_operation(asker: Asker, sandbox: Sandbox, switch: str, status: str) -> None:
    sandbox.peoplesoft.switches.change({switch: ["QAS_EXECUTEQRY_REST_GET"], "refusal": status})
    answer = await asker.query(*ACCOUNTS)
    assert (answer.status, answer.body) == (int(status), b"")


async def test_one_query_may_be_denied(asker: Asker, sandbox: Sandbox) -> None:
    sandbox.peoplesoft.switches.change({"denied": ["ML_GL_DEPTS"]})
    assert (await asker.query("ML_GL_DEPTS", {"SETID": "SHARE"})).status == 403
    assert (await asker.query(*ACCOUNTS)).status == 200


async def test_a_token_works_until_it_expires(asker: Asker, sandbox: Sandbox) -> None:
    answer = await token(asker)
    assert answer.json["expires_in"] == 300
    bearer = replace(asker, authorization=f"Bearer {answer.json['access_token']}")
    assert (await bearer.query(*ACCOUNTS)).status == 200
    sandbox.clock.advance(301)
    assert (await bearer.query(*ACCOUNTS)).status == 401


async def test_client_secret_may_come_as_basic(asker: Asker) -> None:
    header = aiohttp.encode_basic_auth(credentials.OAUTH_CLIENT_ID, credentials.OAUTH_CLIENT_SECRET)
    form = {"grant_type": "client_credentials"}
    answer = await request(
        asker.http, "POST", f"{asker.url}/oauth2/token", data=form, headers={"Authorization": header}
    )
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "everything"}, 400, "invalid_scope"),
        ({"audience": "elsewhere"}, 400, "invalid_target"),
    ],
)
async def test_token_refusals(
    asker: Asker, sandbox: Sandbox, changed: dict[str, str], status: int, error: str
) -> None:
    sandbox.peoplesoft.switches.change({"token_audience": credentials.OAUTH_AUDIENCE})
    answer = await token(asker, **({"audience": credentials.OAUTH_AUDIENCE} | changed))
    assert (answer.status, answer.json) == (status, {"error": error})


async def test_required_verification(asker: Asker, sandbox: Sandbox) -> None:
    bearer = replace(asker, authorization=f"Bearer {(await token(asker)).json['access_token']}")
    allowed = {"basic": (200, 401), "oauth2": (401, 200), "any": (200, 200), "none": (200, 200)}
    for wanted, statuses in allowed.items():
        sandbox.peoplesoft.switches.change({"verification": wanted})
        found = [(await caller.query(*ACCOUNTS)).status for caller in (asker, bearer)]
        assert tuple(found) == statuses, wanted
