"""Planned faults: on the wire, and in the shape of answers."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox.faults import FaultBook
from sandbox.server import Sandbox

from .clients import Asker, Payer, vendor_body

CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)
VENDORS = "POST /v3/vendors"
ACCOUNTS = ("ML_GL_ACCOUNTS", {"SETID": "SHARE"})


def count(sandbox: Sandbox) -> int:
    return len(sandbox.bill.store.vendors)


async def test_error_before_anything_happens(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="error", operation=VENDORS, code="BDC_1322", count=2)
    sandbox.faults.add(system="bill", kind="error", operation=VENDORS, status=503, skip=2)
    answers = [await payer.post("/v3/vendors", vendor_body()) for _ in range(4)]
    assert [answer.status for answer in answers] == [422, 422, 503, 201]
    assert answers[0].codes == ["BDC_1322"]
    assert count(sandbox) == 1


async def test_error_with_a_status_of_its_own(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="error", status=400, message="name: is odd")
    sandbox.faults.add(system="bill", kind="error", status=429, code="BDC_1144", skip=1)
    answer = await payer.post("/v3/vendors", vendor_body())
    assert (answer.status, answer.codes, answer.messages) == (400, [None], ["name: is odd"])
    answer = await payer.post("/v3/vendors", vendor_body())
    assert (answer.status, answer.codes) == (429, ["BDC_1144"])


async def test_reset_executes_nothing(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="reset", operation=VENDORS)
    with pytest.raises(CUT):
        await payer.post("/v3/vendors", vendor_body())
    assert count(sandbox) == 0
    assert sandbox.calls.recent[-1].status == 0


@pytest.mark.parametrize(
    ("kind", "seconds"), [("lost", 0), ("timeout", 0.01), ("cut_off", 0)], ids=["lost", "timeout", "cut off"]
)
async def test_answers_lost_after_the_commit(
    payer: Payer, sandbox: Sandbox, kind: str, seconds: float
) -> None:
    sandbox.faults.add(system="bill", kind=kind, operation=VENDORS, seconds=seconds)
    with pytest.raises(CUT):
        await payer.post("/v3/vendors", vendor_body())
    assert count(sandbox) == 1


async def test_gateway_error_after_the_commit(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="broken_gateway", operation=VENDORS)
    assert (await payer.post("/v3/vendors", vendor_body())).status == 502
    assert count(sandbox) == 1


async def test_truncated_body(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="truncate", operation=VENDORS)
    answer = await payer.post("/v3/vendors", vendor_body())
    assert answer.status == 201
    with pytest.raises(ValueError, match="truncated"):
        answer.json  # noqa: B018


async def test_late_commit(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="late_commit", operation=VENDORS, seconds=90)
    assert (await payer.post("/v3/vendors", vendor_body())).status == 504
    sandbox.clock.advance(89)
    assert (await payer.get("/v3/vendors")).json["results"] == []
    sandbox.clock.advance(2)
    await sandbox.settled()
    assert len((await payer.get("/v3/vendors")).json["results"]) == 1


async def test_slow_answers_follow_the_clock(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="slow", operation=VENDORS, seconds=600)
    task = asyncio.create_task(payer.post("/v3/vendors", vendor_body()))
    await sandbox.clock.sleeping.reach()
    sandbox.clock.advance(601)
    assert (await task).status == 201


@pytest.mark.parametrize(("kind", "made"), [("hold", 1), ("hold_request", 0)])
async def test_held_until_released(payer: Payer, sandbox: Sandbox, kind: str, made: int) -> None:
    sandbox.faults.add(system="bill", kind=kind, operation=VENDORS)
    task = asyncio.create_task(payer.post("/v3/vendors", vendor_body()))
    await sandbox.faults.held.reach()
    assert count(sandbox) == made
    assert sandbox.faults.release() == 1
    assert (await task).status == 201


async def test_expired_session(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="expire_session", operation=VENDORS)
    sandbox.faults.add(system="bill", kind="lost", operation=VENDORS)
    assert (await payer.post("/v3/vendors", vendor_body())).codes == ["BDC_1109"]
    await payer.login()
    with pytest.raises(CUT):
        await payer.post("/v3/vendors", vendor_body())


async def test_repeated_rows_over_pages(payer: Payer, sandbox: Sandbox) -> None:
    for number in range(4):
        await payer.vendor(f"V{number}")
    sandbox.faults.add(system="bill", kind="repeat_page", operation="GET /v3/vendors", skip=1)
    first = (await payer.get("/v3/vendors", max="2")).json
    second = (await payer.get("/v3/vendors", max="2", page=first["nextPage"])).json
    assert [row["name"] for row in second["results"]] == ["V1", "V2"]


async def test_login_may_fail_too(payer: Payer, sandbox: Sandbox) -> None:
    sandbox.faults.add(system="bill", kind="error", operation="POST /v3/login", code="BDC_1107")
    assert (await payer.login()).status == 423
    assert (await payer.login()).status == 200


@pytest.mark.parametrize("status", [200, 503])
async def test_html_instead_of_json(asker: Asker, sandbox: Sandbox, status: int) -> None:
    sandbox.faults.add(system="peoplesoft", kind="html", operation="QAS ML_GL_*", status=status)
    answer = await asker.query(*ACCOUNTS)
    assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (status, "text/html")
    assert (await asker.query(*ACCOUNTS)).rows


async def test_peoplesoft_faults_on_the_wire(asker: Asker, sandbox: Sandbox) -> None:
    for kind in ("reset", "lost", "cut_off"):
        sandbox.faults.add(system="peoplesoft", kind=kind, count=None)  # aiohttp repeats a GET once by itself
        with pytest.raises(CUT):
            await asker.query(*ACCOUNTS)
        sandbox.faults.clear()
    sandbox.faults.add(system="peoplesoft", kind="error", status=500)
    answer = await asker.query(*ACCOUNTS)
    assert (answer.status, answer.body) == (500, b"")


async def shaped(asker: Asker, sandbox: Sandbox, **fault: Any) -> dict[str, Any]:
    sandbox.faults.add(system="peoplesoft", operation="QAS ML_GL_ACCOUNTS", **fault)
    answer = await asker.query(*ACCOUNTS)
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


async def test_shapes_of_wrong_answers(asker: Asker, sandbox: Sandbox) -> None:
    right = (await asker.query(*ACCOUNTS)).rows
    answer = await shaped(asker, sandbox, kind="row_cap", rows=3)
    assert answer["data"]["query"]["rows"] == right[:3]
    assert (await shaped(asker, sandbox, kind="numrows", rows=2))["data"]["query"]["numrows"] == len(
        right
    ) + 2
    assert (await shaped(asker, sandbox, kind="status", value="failed"))["status"] == "failed"
    row = (await shaped(asker, sandbox, kind="set_value", column="A.EFFDT", value="20210431"))["data"][
        "query"
    ]["rows"]
    assert [entry["A.EFFDT"] for entry in row[:2]] == ["20210431", right[1]["A.EFFDT"]]
    row = (await shaped(asker, sandbox, kind="append_text", column="A.DESCR", value="  4/15 AS - copy"))[
        "data"
    ]["query"]["rows"]
    assert row[0]["A.DESCR"] == right[0]["A.DESCR"] + "  4/15 AS - copy"
    row = (await shaped(asker, sandbox, kind="vanish", column="A.DESCR"))["data"]["query"]["rows"]
    assert not any("A.DESCR" in entry for entry in row)
    row = (await shaped(asker, sandbox, kind="rename", column="A.DESCR", value="A.TITLE"))["data"]["query"][
        "rows"
    ]
    assert [entry["A.TITLE"] for entry in row] == [entry["A.DESCR"] for entry in right]
    assert (await asker.query(*ACCOUNTS)).rows == right


async def test_rows_of_the_page_before_come_again(asker: Asker, sandbox: Sandbox) -> None:
    first = (await asker.vouchers(maxrows="5")).rows
    sandbox.faults.add(system="peoplesoft", kind="repeat_rows", rows=2)
    second = (await asker.vouchers(offset=first[-1]["A.VOUCHER_ID"], maxrows="5")).rows
    assert [row["A.VOUCHER_ID"] for row in second[:2]] == [row["A.VOUCHER_ID"] for row in first[-2:]]
    assert [row["attr:rownumber"] for row in second] == list(range(1, 8))


def test_count_skip_and_probability() -> None:
    book = FaultBook(seed=1)
    book.add(system="bill", kind="lost", count=2, skip=1)
    assert [len(book.take("bill", "x")) for _ in range(5)] == [0, 1, 1, 0, 0]
    assert book.rules == []
    book.add(system="bill", kind="lost", count=None, probability=0.5)
    first = [len(book.take("bill", "x")) for _ in range(50)]
    book.clear()
    book.add(system="bill", kind="lost", count=None, probability=0.5)
    assert [len(book.take("bill", "x")) for _ in range(50)] == first
    assert 10 < sum(first) < 40
    assert book.take("peoplesoft", "x") == []


@pytest.mark.parametrize(
    "values",
    [
        {"system": "bill"},
        {"kind": "lost"},
        {"system": "bill", "kind": "explode"},
        {"system": "bill", "kind": "lost", "x": 1},
    ],
)
def test_a_wrong_plan_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        FaultBook().add_from(values)
