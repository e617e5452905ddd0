"""What became of orders and invoices, as documents for PeopleSoft."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.cleo.api_monitoring import Transfer
from ml_connector.cleo.inbound.statuses import Statuses
from ml_connector.core.contract import CaughtUp, Document, Scan, Window

from .support import NOW, Office, acknowledgment, file, group

WHOLE = Window("cleo", Scan.FULL, "2026-01-01")
KEY = "cleo.purchase_orders|US001|0000000007"


def source(office: Office) -> Statuses:
    async def nothing() -> CaughtUp:
        return CaughtUp()

    return Statuses(office.context, nothing, unit="cleo")


async def read(office: Office, window: Window = WHOLE) -> list[Document]:
    return [one async for page in source(office).read(window) for one in page.documents]


async def status(office: Office) -> Any:
    (one,) = await read(office)
    return one.payload["status"]


def answer(*said: str, end: str, number: int = 900) -> bytes:
    return file(group("FA", number, acknowledgment("PO", 57, *said, end=end)), number=number)


async def test_what_was_not_uploaded_has_no_status(office: Office) -> None:
    office.order(uploaded=False)
    assert await read(office) == []


async def test_a_document_says_what_it_is_and_where_it_went(office: Office) -> None:
    office.order()
    (one,) = await read(office)
    shown = one.payload
    assert one.key == KEY
    assert (shown["business_unit"], shown["number"], shown["set_code"]) == ("US001", "0000000007", "850")
    assert (shown["reference"], shown["partner"]) == ("US001-0000000007", "acme")
    assert (shown["control"], shown["file_name"]) == ("000001057/57/0001", "850_57.edi")
    assert (shown["status"], shown["sent_at"], shown["since"]) == ("sent", NOW.isoformat(), NOW.isoformat())


async def test_the_steps_of_a_document(office: Office) -> None:
    office.order()
    office.later(minutes=1)
    await office.follow()
    assert await status(office) == "picked_up"
    office.cleo.shown = [Transfer("t", "Success", "850_57.edi", "send", started=NOW, ended=NOW)]
    await office.follow()
    assert await status(office) == "delivered"
    office.later(hours=25)
    await office.follow()
    assert await status(office) == "overdue"
    await office.collect(answer("AK2*850*0001", "AK5*E*5", end="AK9*E*1*1*1"))
    assert await status(office) == "acknowledged_with_errors"


async def test_a_transfer_that_failed(office: Office) -> None:
    office.order()
    office.cleo.shown = [Transfer("t", "Error", "850_57.edi", "send", result="refused", started=NOW)]
    await office.follow()
    (one,) = await read(office)
    assert (one.payload["status"], one.payload["reason"]) == ("failed", "refused")


async def test_a_rejection_with_its_reason(office: Office) -> None:
    office.order()
    await office.collect(
        answer("AK2*850*0001", "AK3*PO1*4**8", "AK4*3*355*7*LB", "AK5*R*5", end="AK9*R*1*1*0")
    )
    (one,) = await read(office)
    assert one.payload["status"] == "rejected"
    assert "element 03" in one.payload["reason"]


async def test_a_partner_without_997(office: Office) -> None:
    office.order(hours=None)
    assert await status(office) == "not_expected"


async def test_a_response_with_its_lines(office: Office) -> None:
    office.order()
    lines = ["PO1*1*100*EA*13.1", "ACK*IP*100*EA*068*20261204", "PO1*2*25.5*LB*3.0075", "ACK*IA*25.5*LB"]
    body = ["855", "BAK*00*AC*US001-0000000007*20261120", *lines, "CTT*2"]
    office.later(minutes=5)
    await office.collect(file(group("PR", 9, body), number=9))
    (one,) = await read(office)
    assert (one.payload["status"], one.payload["response"]) == ("sent", "changed")
    assert one.payload["promised_date"] == "2026-12-04"
    reason = one.payload["response_reason"]
    assert "price 13.1 instead of 12.5; total 1386.69 instead of 1326.69" in reason
    assert [line["response"] for line in one.payload["lines"]] == ["changed", "accepted"]
    assert one.stamp == office.now.isoformat()


async def test_totals_of_whole_numbers(office: Office) -> None:
    office.order(lines=["PO1*1*100*EA*13*PE*BP*10004"])
    body = ["855", "BAK*00*AC*US001-0000000007*20261120", "PO1*1*100*EA*14", "ACK*IP*100*EA", "CTT*1"]
    await office.collect(file(group("PR", 9, body), number=9))
    (one,) = await read(office)
    assert one.payload["response_reason"].endswith("total 1400.00 instead of 1300.00")


@pytest.mark.parametrize("step", ["answer", "transfer", "overdue", "response"])
async def test_whatever_becomes_known_moves_the_stamp(office: Office, step: str) -> None:
    office.options = {"inbound": {"stuck_minutes": 10_080}}
    office.order(hours=1)
    office.order(58, order="US001-0000000008", hours=None)
    office.drop(b"", "850_57.edi", "upload/850")
    office.drop(b"", "850_58.edi", "upload/850")
    office.later(hours=2)
    since = Window("cleo", Scan.CHANGES, office.now.isoformat())
    assert await read(office, since) == []
    if step == "answer":
        await office.collect(answer(end="AK9*A*1*1*1"))
    elif step == "response":
        body = ["855", "BAK*00*AK*US001-0000000007*20261120"]
        await office.collect(file(group("PR", 9, body), number=9))
    else:
        shown = [Transfer("t", "Success", "850_57.edi", "send", started=NOW)]
        office.cleo.shown = shown if step == "transfer" else None
        await office.follow()
    assert [one.key for one in await read(office, since)] == [KEY]


async def test_the_newest_of_several_sets_counts(office: Office) -> None:
    office.order()
    await office.collect(answer(end="AK9*A*1*1*1"))
    office.order(61, code="PC", set_code="860", lines=["POC*1*CA*80*80*EA*12.5"])
    (one,) = await read(office)
    assert (one.payload["set_code"], one.payload["status"]) == ("860", "sent")


async def test_by_key(office: Office) -> None:
    office.order()
    reply = await source(office).by_key([KEY, "cleo.purchase_orders|US001|9", "cleo.partners|x"])
    assert [one.key for one in reply.documents] == [KEY]
    assert list(reply.absent) == ["cleo.purchase_orders|US001|9", "cleo.partners|x"]


async def test_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_connector.cleo.inbound.statuses.PAGE", 2)
    for number in range(1, 6):
        office.order(number, order=f"US001-000000000{number}")
    pages = [page async for page in source(office).read(WHOLE)]
    assert [len(page.documents) for page in pages] == [2, 2, 1]
    assert [page.last for page in pages] == [False, False, True]


async def test_a_file_that_nobody_takes_is_a_change(office: Office) -> None:
    office.order()
    office.mailbox.files["upload/850", "850_57.edi"] = b"x"
    office.later(hours=2)
    await office.follow()
    (one,) = await read(office, Window("cleo", Scan.CHANGES, office.now.isoformat()))
    assert "nobody has taken it" in one.payload["reason"]
    assert one.stamp == office.now.isoformat()
