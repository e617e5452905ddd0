"""Files after their upload, and our own acknowledgments before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ml_connector.cleo.api_monitoring import Transfer
from ml_connector.cleo.inbound import outbox
from ml_connector.core.errors import Rejected

from .support import NOW, FakeMailbox, Office, file, group, invoice

FILE = "850_57.edi"


def transfer(status: str, **more: Any) -> Transfer:
    values: dict[str, Any] = {
        "id": "t1", "file_name": FILE, "direction": "send", "started": NOW,
        "ended": NOW + timedelta(minutes=2),
    }  # fmt: skip
    return Transfer(status=status, **values | more)


@pytest.mark.parametrize("status", ["Success", "Warning"])
async def test_a_transfer_that_succeeded_is_a_delivery_and_no_acknowledgment(
    office: Office, status: str
) -> None:
    office.order()
    office.cleo.shown = [transfer(status)]
    assert await office.follow() == []
    (row,) = office.rows("out")
    assert (row.status, row.delivered_at) == ("delivered", NOW + timedelta(minutes=2))
    assert office.statuses("out") == ["sent"]


@pytest.mark.parametrize("status", ["Error", "Exception", "Interrupted", "Discarded"])
async def test_a_transfer_that_failed_is_told_once(office: Office, status: str) -> None:
    office.order()
    office.cleo.shown = [transfer(status, result="connection refused")]
    alerts = await office.follow()
    assert len(alerts) == 1
    assert "connection refused" in alerts[0]
    assert await office.follow() == []
    assert office.rows("out")[0].status == "failed"


async def test_a_transfer_that_succeeds_after_it_failed(office: Office) -> None:
    office.order()
    office.cleo.shown = [transfer("Error")]
    await office.follow()
    again = transfer("Success", id="t2", started=NOW + timedelta(hours=1))
    office.cleo.shown = [again, transfer("Error")]
    await office.follow()
    assert office.rows("out")[0].status == "delivered"


@pytest.mark.parametrize(
    "other",
    [
        transfer("Error", direction="receive"),
        transfer("Error", is_receipt=True),
        transfer("Error", file_name="850_58.edi"),
    ],
)
async def test_transfers_of_other_things_do_not_count(office: Office, other: Transfer) -> None:
    office.order()
    office.drop(b"", FILE, "upload/850")
    office.cleo.shown = [other]
    assert await office.follow() == []
    assert office.rows("out")[0].status == "uploaded"


async def test_a_name_that_cleo_made_unique_is_still_ours(office: Office) -> None:
    office.order()
    office.cleo.shown = [transfer("Success", file_name="850_57.2.edi")]
    await office.follow()
    assert office.rows("out")[0].status == "delivered"


async def test_a_transfer_on_its_way_was_picked_up(office: Office) -> None:
    office.order()
    office.cleo.shown = [transfer("In Progress")]
    await office.follow()
    row = office.rows("out")[0]
    assert row.picked_up_at is not None
    assert row.status == "uploaded"


async def test_without_transfers_the_folder_tells(office: Office) -> None:
    office.order()
    office.drop(b"", FILE, "upload/850")
    assert await office.follow() == []
    assert office.rows("out")[0].picked_up_at is None
    office.mailbox.files.clear()
    assert await office.follow() == []
    assert office.rows("out")[0].picked_up_at is not None


async def test_a_file_that_nobody_takes_is_told_once(office: Office) -> None:
    office.order()
    office.drop(b"", FILE, "upload/850")
    office.later(minutes=14)
    assert await office.follow() == []
    office.later(minutes=2)
    alerts = await office.follow()
    assert len(alerts) == 1
    assert FILE in alerts[0]
    assert await office.follow() == []
    office.mailbox.files.clear()
    await office.follow()
    assert office.rows("out")[0].picked_up_at is not None


async def test_overdue_acknowledgments_are_told_once(office: Office) -> None:
    for number in range(57, 65):
        office.order(number, order=f"US001-00000000{number}")
    office.later(hours=25)
    alerts = await office.follow()
    assert len(alerts) == 1
    assert "and 3 more" in alerts[0]
    assert await office.follow() == []


async def test_a_partner_without_997_is_never_overdue(office: Office) -> None:
    office.order(hours=None)
    office.later(hours=1000)
    assert await office.follow() == []


# ---- our acknowledgments


async def test_our_answer_leaves_once(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice())))
    assert await office.send() == []
    assert await office.send() == []
    ((folder, name, _),) = office.mailbox.uploads
    assert (folder, name) == ("upload/997", "997_acme_PSFTUS001_000000201_1_000000001.edi")
    assert office.rows("out")[0].status == "uploaded"
    assert office.statuses("out") == ["not_expected"]


async def test_an_upload_whose_answer_was_lost_is_found(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice())))
    office.mailbox.lose_answer = 1
    await office.send()
    assert office.rows("out")[0].status == "uploading"
    office.later(minutes=3)
    await office.send()
    assert (len(office.mailbox.uploads), office.rows("out")[0].status) == (1, "uploaded")


async def test_an_upload_that_was_passed_on_already_is_found(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice())))
    office.mailbox.lose_answer = 1
    await office.send()
    ((folder, name, _),) = office.mailbox.uploads
    del office.mailbox.files[folder, name]
    office.cleo.shown = [transfer("Success", file_name=name)]
    office.later(minutes=3)
    await office.send()
    assert (len(office.mailbox.uploads), office.rows("out")[0].status) == (1, "uploaded")


async def test_an_upload_that_another_task_has_under_way_is_left_to_it(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice())))
    office.mailbox.lose_upload = 1
    await office.send()
    office.later(seconds=100)
    await office.send()
    assert (len(office.mailbox.uploads), office.rows("out")[0].status) == (1, "uploading")


async def test_an_upload_that_was_lost_goes_again_with_the_same_bytes(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice())))
    office.mailbox.lose_upload = 1
    await office.send()
    office.later(minutes=3)
    await office.send()
    first, second = office.mailbox.uploads
    assert first == second
    assert office.rows("out")[0].status == "uploaded"


async def test_another_file_of_that_name_is_told(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice())))
    office.drop(b"something else", "997_acme_PSFTUS001_000000201_1_000000001.edi", "upload/997")
    alerts = await office.send()
    assert len(alerts) == 1
    assert await office.send() == []


async def test_an_answer_that_cleo_does_not_take_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Rejected("no files of this type")

    monkeypatch.setattr(FakeMailbox, "upload", refuse)
    await office.collect(file(group("IN", 91, invoice())))
    assert "no files of this type" in (await office.send())[0]
    assert await office.send() == []


async def test_all_answers_leave_in_one_run(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_AT_ONCE", 2)
    contents = [file(group("IN", 90 + at, invoice(f"INV-{at}")), number=200 + at) for at in range(1, 6)]
    await office.collect(*contents)
    assert await office.send() == []
    assert len(office.mailbox.uploads) == 5
