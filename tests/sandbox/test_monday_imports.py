"""Bulk imports into the Monday.com simulator."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from sandbox.monday.model import Board
from sandbox.monday.people import ME

from .clients import Answer
from .monday_client import Desk, Reply

START = (
    "mutation Ingest($b:ID!,$g:ID!,$m:OnMatchInput){ingest_items(board_id:$b,group_id:$g,on_match:$m)"
    "{job_id upload_url}}"
)
STATUS = (
    "query Job($j:ID!){fetch_job_status(job_id:$j){... on ItemsJobStatus{status counts{submitted invalid "
    "skipped created updated failed} progress_percentage failure_reason failure_message fully_imported "
    "report_created report_url}}}"
)
UPSERT = {"match_column_id": "ps_key", "behaviour": "UPSERT"}
SKIP = {"match_column_id": "ps_key", "behaviour": "SKIP"}
FIRST = "name,ps_key,amount,state\n"


@pytest.fixture
def board(desk: Desk) -> Board:
    return desk.board(ps_key="text", amount="numbers", state="status")


async def start(desk: Desk, board: Board, match: Any = UPSERT, group: str = "topics") -> Reply:
    return await desk.ask(START, {"b": board.id, "g": group, "m": match})


async def put(desk: Desk, url: str, content: str | bytes, **headers: str) -> Answer:
    given = {"Content-Type": "text/csv"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with desk.http.put(url, data=content, headers=given) as response:
        return Answer(response.status, response.headers.copy(), await response.read())


async def status(desk: Desk, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.ask(STATUS, {"j": job_id})).data["fetch_job_status"]
    return found


async def load(desk: Desk, board: Board, content: str | bytes, match: Any = UPSERT) -> dict[str, Any]:
    """Run an import to its end; its status and the rows of its report."""
    job = (await start(desk, board, match)).data["ingest_items"]
    answer = await put(desk, job["upload_url"], content)
    assert (answer.status, answer.headers["ETag"][0]) == (200, '"')
    done = await status(desk, job["job_id"])
    if done["report_url"] is not None:
        async with desk.http.get(done["report_url"]) as response:
            assert response.content_type == "text/csv"
            done["rows"] = list(csv.DictReader(io.StringIO(await response.text())))
    return done


def counts(done: dict[str, Any]) -> dict[str, int]:
    return {name: number for name, number in done["counts"].items() if number}


async def test_create_then_update(desk: Desk, board: Board) -> None:
    content = f"{FIRST}INV-1,K1,12.50,Done\nINV-2,K2,,\n"
    done = await load(desk, board, content)
    assert (done["status"], done["fully_imported"], done["progress_percentage"]) == ("COMPLETED", True, 100)
    assert counts(done) == {"submitted": 2, "created": 2}
    first, second = board.items.values()
    assert done["rows"][0] == {
        "serialNo": "1",
        "status": "success",
        "itemId": str(first.id),
        "error": "",
        "name": "INV-1",
        "ps_key": "K1",
        "amount": "12.50",
        "state": "Done",
    }
    assert (first.data("amount"), first.data("state"), second.data("amount")) == ("12.50", 1, None)
    again = await load(desk, board, f"{FIRST}INV-1b,K1,<NULL>,\n,K2,7,Stuck\n")
    assert counts(again) == {"submitted": 2, "updated": 2}
    assert (first.name, first.data("amount"), first.data("state")) == ("INV-1b", None, 1)
    assert (second.name, second.data("amount"), second.data("state")) == ("INV-2", "7", 2)


async def test_existing_items_are_skipped_and_never_moved(desk: Desk, board: Board) -> None:
    below = desk.state.store.add_group(board, "Below", place=1)
    item = desk.state.store.create_item(board, "Old", {"ps_key": "K1"}, group=below)
    done = await load(desk, board, f"{FIRST}New,K1,5,\nOther,K2,,\nNo key,,,\n", SKIP)
    assert counts(done) == {"submitted": 3, "created": 2, "skipped": 1}
    assert (item.name, item.data("amount")) == ("Old", None)
    assert done["rows"][0]["status"] == "skipped"
    await load(desk, board, f"{FIRST}New,K1,5,\n")
    assert (item.name, item.group.title) == ("New", "Below"), "matching is board-wide"
    assert counts(await load(desk, board, f"{FIRST}No key,,,\n")) == {"submitted": 1, "created": 1}


async def test_one_key_twice(desk: Desk, board: Board) -> None:
    old, young = (desk.state.store.create_item(board, name, {"ps_key": "K1"}) for name in ("Old", "Young"))
    done = await load(desk, board, f"{FIRST}First,K1,1,\nSecond,K1,2,\nThird,K2,3,\nFourth,K2,4,\n")
    assert counts(done) == {"submitted": 4, "skipped": 2, "updated": 1, "created": 1}
    assert [row["status"] for row in done["rows"]] == ["skipped", "success", "skipped", "success"]
    assert (old.name, young.name) == ("Old", "Second"), "of several items the youngest is updated"
    assert [item.name for item in board.items.values()] == ["Old", "Second", "Fourth"]


async def test_invalid_rows_do_not_stop_the_others(desk: Desk, board: Board) -> None:
    content = f'{FIRST}A,K1,1,NotALabel\nB,K2,"1,5",done\n,K3,,\n{"x" * 256},K4,,\nC,K5,5,Done\n'
    done = await load(desk, board, content)
    assert counts(done) == {"submitted": 5, "invalid": 4, "created": 1}
    assert done["fully_imported"] is True, "invalid rows do not count"
    assert [row["status"] for row in done["rows"]] == ["validation_error"] * 4 + ["success"]
    assert done["rows"][0]["error"] == '[state]: Label "NotALabel" is invalid for column "state"'
    assert done["rows"][1]["error"].split("; ") == [
        '[amount]: Value "1,5" is invalid for column "amount"',
        '[state]: Label "done" is invalid for column "state"',
    ]
    assert "[name]" in done["rows"][2]["error"]
    assert [item.name for item in board.items.values()] == ["C"]


async def test_a_cell_of_each_type(desk: Desk) -> None:
    suppliers = desk.board("Suppliers")
    acme = desk.state.store.create_item(suppliers, "ACME, Inc.")
    kinds = [
        "text",
        "long_text",
        "numbers",
        "status",
        "date",
        "link",
        "timeline",
        "checkbox",
        "email",
        "phone",
        "people",
    ]
    board = desk.board(**{f"c_{kind}": kind for kind in kinds})
    desk.column(board, "c_dropdown", "dropdown", {"labels": [{"label": "A"}, {"label": "B"}]})
    desk.column(board, "c_board_relation", "board_relation", {"boardIds": [suppliers.id]})
    cells = {
        "c_text": "a,b",
        "c_long_text": "x\ny",
        "c_numbers": "12.50",
        "c_status": "Stuck",
        "c_date": "2026-11-20",
        "c_link": "[INV](https://x.io/1)",
        "c_timeline": "2026-01-01/2026-01-31",
        "c_checkbox": "yes",
        "c_email": "Ann <a@b.co>",
        "c_phone": "+15551234",
        "c_people": ME.email,
        "c_dropdown": "B, A",
        "c_board_relation": str(acme.id),
    }
    out = io.StringIO()
    writer = csv.DictWriter(out, ["name", *cells])
    writer.writeheader()
    writer.writerow({"name": "All"} | cells)
    writer.writerow(
        {
            "name": "Others",
            "c_link": "https://x.io",
            "c_timeline": "2026-01-01",
            "c_checkbox": "n",
            "c_people": f"user:{ME.name}",
            "c_board_relation": f"{suppliers.id}:{acme.id}",
            "c_status": "  ",
        }
    )
    done = await load(desk, board, out.getvalue(), None)
    assert counts(done) == {"submitted": 2, "created": 2}, done["rows"]
    item, other = board.items.values()
    found = await desk.cells(item)
    assert {key: cell["text"] for key, cell in found.items() if key != "c_board_relation"} == {
        "c_text": "a,b",
        "c_long_text": "x\ny",
        "c_numbers": "12.50",
        "c_status": "Stuck",
        "c_date": "2026-11-20",
        "c_link": "INV - https://x.io/1",
        "c_timeline": "2026-01-01 - 2026-01-31",
        "c_checkbox": "v",
        "c_email": "Ann",
        "c_phone": "+15551234",
        "c_people": ME.name,
        "c_dropdown": "B, A",
    }
    assert item.data("c_board_relation") == other.data("c_board_relation") == (acme.id,)
    assert other.data("c_timeline") == ("2026-01-01", "2026-01-01")
    assert (other.data("c_checkbox"), other.data("c_status")) == (None, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        "ps_key,name\nK1,A\n",
        "Name,ps_key\nA,K1\n",
        "name,none\nA,x\n",
        "name,ps_key,ps_key\nA,a,b\n",
        "name,amount\nA,1\n",
        "name,ps_key,calc\nA,K1,x\n",
        "name,ps_key\nA\n",
        b"name,ps_key\nM\xfcller,K1\n",
        'name,ps_key\n"A,K1\n',
        "name,ps_key\nA,K1\nB,K2\nC,K3\n",
    ],
)
async def test_files_that_are_rejected(desk: Desk, board: Board, content: Any) -> None:
    desk.state.switches.change({"ingest_rows": 2})
    desk.column(board, "calc", "formula")
    done = await load(desk, board, content)
    assert (done["status"], done["failure_reason"]) == ("REJECTED", "INVALID_UPLOAD")
    assert (done["report_url"], done["fully_imported"], board.items) == (None, False, {})


async def test_files_and_boards_that_are_full(desk: Desk, board: Board) -> None:
    desk.state.switches.change({"items_limit": 1})
    done = await load(desk, board, f"{FIRST}A,K1,,\nB,K2,,\n")
    assert (done["status"], done["failure_reason"]) == ("REJECTED", "BOARD_CAPACITY_EXCEEDED")
    assert not board.items
    desk.state.switches.change({"ingest_bytes": 10})
    assert (await load(desk, board, f"{FIRST}A,K1,,\n"))["failure_reason"] == "FILE_TOO_LARGE"


async def test_the_hourly_limit_of_items(desk: Desk, board: Board) -> None:
    desk.state.switches.change({"ingest_items_per_hour": 2})
    done = await load(desk, board, f"{FIRST}A,K1,,\nB,K2,,\nC,K3,,\n")
    assert counts(done) == {"submitted": 3, "created": 2, "failed": 1}
    assert (done["status"], done["fully_imported"], done["rows"][2]["status"]) == (
        "COMPLETED",
        False,
        "failed",
    )
    assert counts(await load(desk, board, f"{FIRST}C,K3,,\n")) == {"submitted": 1, "failed": 1}
    desk.state.clock.advance(3601)
    assert counts(await load(desk, board, f"{FIRST}C,K3,,\n")) == {"submitted": 1, "created": 1}


async def test_states_on_the_way(desk: Desk, board: Board) -> None:
    desk.state.switches.change({"ingest_seconds": 60.0})
    job = (await start(desk, board)).data["ingest_items"]
    assert (await status(desk, job["job_id"]))["status"] == "UPLOAD_PENDING"
    await put(desk, job["upload_url"], f"{FIRST}A,K1,,\n")
    desk.state.clock.advance(31)
    half = await status(desk, job["job_id"])
    assert (half["status"], half["report_created"], half["fully_imported"]) == ("PROCESSING", False, False)
    assert 50 <= half["progress_percentage"] <= 60
    assert not board.items
    desk.state.clock.advance(30)
    assert await desk.find(board) == ["A"], "nobody needs to ask for the job"
    assert (await desk.control("imports"))[0]["status"] == "COMPLETED"
    await put(desk, job["upload_url"], f"{FIRST}B,K2,,\n")
    assert await desk.find(board) == ["A"], "a second file changes nothing"


async def test_a_match_may_be_overlooked_while_the_search_lags(desk: Desk, board: Board) -> None:
    desk.state.switches.change({"search_lag_seconds": 30.0, "ingest_lags": True})
    for _ in range(2):
        await load(desk, board, f"{FIRST}A,K1,,\n")
    assert len(board.items) == 2
    assert desk.state.counts()["duplicates"] == [{"board": "Invoices", "key": "K1", "items": 2}]
    desk.state.clock.advance(31)
    assert counts(await load(desk, board, f"{FIRST}A,K1,,\n")) == {"submitted": 1, "updated": 1}


@pytest.mark.parametrize(
    ("column", "stored", "given"),
    [
        ("amount", "5.00", "5"),
        ("state", {"label": "Done"}, "Done"),
        ("name", None, "Old"),
        ("day", "2026-11-20", "2026-11-20"),
        ("mail", {"email": "a@b.co", "text": "A"}, "a@b.co"),
        ("site", {"url": "https://x.io", "text": "x"}, "https://x.io"),
    ],
)
async def test_columns_to_match(desk: Desk, board: Board, column: str, stored: Any, given: str) -> None:
    for column_id, kind in (("day", "date"), ("mail", "email"), ("site", "link")):
        desk.column(board, column_id, kind)
    item = desk.state.store.create_item(board, "Old", {} if column == "name" else {column: stored})
    headers, cells = (
        ("name,ps_key", f"{given},K9") if column == "name" else (f"name,ps_key,{column}", f"New,K9,{given}")
    )
    match = {"match_column_id": column, "behaviour": "UPSERT"}
    assert counts(await load(desk, board, f"{headers}\n{cells}\n", match)) == {"submitted": 1, "updated": 1}
    assert item.data("ps_key") == "K9"


async def test_starts_that_are_refused(desk: Desk, board: Board) -> None:
    desk.column(board, "done", "checkbox")
    for more, code in (
        ({"match": {"match_column_id": "none", "behaviour": "UPSERT"}}, "InvalidColumnIdException"),
        ({"match": {"match_column_id": "done", "behaviour": "UPSERT"}}, "InvalidArgumentException"),
        ({"group": "none"}, "InvalidGroupIdException"),
    ):
        assert (await start(desk, board, **more)).code == code
    desk.state.switches.change({"job_starts_per_hour": 1})
    assert (await start(desk, board)).data
    reply = await start(desk, board)
    assert (reply.status, reply.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert 3_500_000 < reply.errors[0]["extensions"]["retryAfterMs"] <= 3_600_000
    assert "retry_in_seconds" not in reply.errors[0]["extensions"]
    desk.state.clock.advance(3601)
    assert (await start(desk, board)).data
    assert (await desk.ask(STATUS, {"j": "none"})).code == "ResourceNotFoundException"


async def test_the_upload_is_signed(desk: Desk, board: Board) -> None:
    url = (await start(desk, board)).data["ingest_items"]["upload_url"]
    content = f"{FIRST}A,K1,,\n"
    cases = [
        ({"x_amz_checksum_crc32": "AAAA"}, 403),
        ({"Authorization": "x"}, 400),
        ({"Content_Type": "text/csv; charset=utf-8"}, 403),
        ({"Content_Type": "application/octet-stream"}, 403),
    ]
    for headers, code in cases:
        answer = await put(desk, url, content, **headers)
        assert answer.status == code, headers
        assert b"<Code>" in answer.body
    assert (await put(desk, f"{url}0", content)).status == 403
    desk.state.clock.advance(601)
    assert b"expired" in (await put(desk, url, content)).body
    assert not board.items


async def test_the_report_is_there_for_ten_minutes(desk: Desk, board: Board) -> None:
    job = (await start(desk, board)).data["ingest_items"]
    await put(desk, job["upload_url"], f"{FIRST}A,K1,,\n")
    url = (await status(desk, job["job_id"]))["report_url"]
    desk.state.clock.advance(601)
    for address in (url, f"{url}0"):
        async with desk.http.get(address) as response:
            assert response.status == 403
    fresh = (await status(desk, job["job_id"]))["report_url"]
    async with desk.http.get(fresh) as response:
        assert response.status == 200


async def test_faults_on_the_way_of_the_file(desk: Desk, board: Board) -> None:
    desk.sandbox.faults.add(system="monday", kind="error", operation="PUT upload", status=503)
    desk.sandbox.faults.add(system="monday", kind="html", operation="GET report", status=502)
    job = (await start(desk, board)).data["ingest_items"]
    assert [(await put(desk, job["upload_url"], f"{FIRST}A,K1,,\n")).status for _ in range(2)] == [503, 200]
    url = (await status(desk, job["job_id"]))["report_url"]
    async with desk.http.get(url) as response:
        assert response.status == 502


async def test_ten_thousand_rows_at_once(desk: Desk, board: Board) -> None:
    rows = "".join(f"INV-{number},K{number},{number}.50,Done\n" for number in range(10_000))
    for count in ("created", "updated"):
        desk.state.switches.change({"ingest_items_per_hour": 100_000})
        assert counts(await load(desk, board, FIRST + rows)) == {"submitted": 10_000, count: 10_000}
