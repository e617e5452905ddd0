"""Filters and paging of Cleo's lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cleo.errors import CleoError
from sandbox.cleo.filters import Parser
from sandbox.server import Sandbox

from .cleo_client import Tenant

ROW = {
    "alias": 'AC"ME',
    "type": "sftp",
    "ready": False,
    "connect": {"port": 22, "host": "x.example"},
    "none": None,
}


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        (r'alias eq "AC\"ME"', True),
        ('alias EQ "ac"', False),
        ('type sw "sf" and connect.port eq 22', True),
        ('type eq "as2" or type eq "sftp"', True),
        ('type eq "as2" or type eq "ftp" and ready eq false', False),
        ('(type eq "as2" or type eq "sftp") and ready eq false', True),
        ("not (ready eq true)", True),
        ('ready eq "false"', True),
        ("connect.port gt 21 and connect.port le 22", True),
        ('connect.port gt "21"', False),
        ('connect.host co "example" and connect.host ew "example"', True),
        ("connect.host pr and not (connect.none pr) and none eq null", True),
        ('missing.deep ne "x"', True),
    ],
)
def test_filters(expression: str, fits: bool) -> None:
    assert Parser(expression).parse()(ROW) is fits


@pytest.mark.parametrize(
    "expression",
    [
        "alias",
        'alias is "x"',
        "alias eq",
        "alias eq x",
        '(alias eq "x"',
        'alias eq "x" type',
        "'",
        'alias eq "x',
    ],
)
async def test_wrong_filters(tenant: Tenant, expression: str) -> None:
    answer = await tenant.get("/api/connections", filter=expression)
    assert answer.status == 400
    assert answer.json["message"].startswith("Invalid filter: ")


@given(st.text(max_size=60))
def test_no_filter_breaks_the_parser(expression: str) -> None:
    status = 200
    try:
        assert Parser(expression).parse()(ROW) in (True, False)
    except CleoError as error:
        status = error.status
    assert status in (200, 400)


@given(st.text(max_size=40))
def test_any_text_can_be_asked_for(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    assert Parser(f'alias eq "{escaped}"').parse()({"alias": text}) is True


async def test_a_site_may_know_the_documented_operators_only(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"filter_operators": "documented"})
    assert len(await tenant.rows("/api/connections", filter='alias sw "A" and type eq "as2"')) == 1
    for expression in ('alias co "A"', 'alias eq "A" or alias eq "B"', 'not (alias eq "A")', "alias pr"):
        assert (await tenant.get("/api/connections", filter=expression)).status == 400


async def test_pages_begin_at_zero(tenant: Tenant) -> None:
    seen: list[str] = []
    while True:
        answer = (await tenant.get("/api/connections", startIndex=str(len(seen)), count="2")).json
        assert (answer["startIndex"], answer["count"]) == (len(seen), len(answer["resources"]))
        seen += [row["alias"] for row in answer["resources"]]
        if len(seen) >= answer["totalResults"]:
            break
    assert seen == ["ACME", "GLOBEX", "INITECH", "NORTHWIND", "UMBRELLA"]
    beyond = (await tenant.get("/api/connections", startIndex="99")).json
    assert (beyond["totalResults"], beyond["resources"]) == (5, [])


async def test_nothing_found_is_an_empty_page(tenant: Tenant) -> None:
    answer = await tenant.get("/api/connections", filter='alias eq "nobody"')
    assert (answer.status, answer.json["totalResults"], answer.json["resources"]) == (200, 0, [])


async def test_the_ceiling_cuts_without_a_word(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"count_ceiling": 3, "page_echo": False})
    answer = (await tenant.get("/api/connections", count="50")).json
    assert (set(answer), len(answer["resources"])) == ({"totalResults", "resources"}, 3)
    sandbox.cleo.switches.change({"default_count": 2})
    assert len(await tenant.rows("/api/connections")) == 2


@pytest.mark.parametrize("wrong", [{"startIndex": "-1"}, {"count": "0"}, {"count": "many"}])
async def test_wrong_pages(tenant: Tenant, wrong: dict[str, str]) -> None:
    assert (await tenant.get("/api/connections", **wrong)).status == 400


async def test_order(tenant: Tenant) -> None:
    kinds = [row["type"] for row in await tenant.rows("/api/connections", sortBy="type")]
    assert kinds == sorted(kinds)
