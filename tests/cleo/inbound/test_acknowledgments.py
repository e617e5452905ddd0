"""What partners' 997s and TA1s do to what we sent."""

from __future__ import annotations

import pytest

from .support import Office, acknowledgment, file, group


def answer(*said: str, end: str, number: int = 900, group_number: int = 57, code: str = "PO") -> bytes:
    return file(group("FA", number, acknowledgment(code, group_number, *said, end=end)), number=number)


ACCEPTED = answer("AK2*850*0001", "AK5*A", end="AK9*A*1*1*1")
REJECTED = answer(
    "AK2*850*0001", "AK3*PO1*4**8", "AK4*3*355*7*EACH", "AK5*R*5", end="AK9*R*1*1*0", number=901
)


@pytest.mark.parametrize(
    ("said", "end", "status"),
    [
        pytest.param(["AK2*850*0001", "AK5*A"], "AK9*A*1*1*1", "acknowledged", id="accepted"),
        pytest.param(["AK2*850*1", "AK5*A"], "AK9*A*1*1*1", "acknowledged", id="number without zeros"),
        pytest.param(
            ["AK2*850*0001", "AK5*E*5"], "AK9*E*1*1*1", "acknowledged_with_errors", id="with errors"
        ),
        pytest.param([], "AK9*A*1*1*1", "acknowledged", id="without AK2, accepted"),
        pytest.param([], "AK9*E*1*1*1", "acknowledged_with_errors", id="without AK2, with errors"),
        pytest.param([], "AK9*R*1*1*0", "rejected", id="without AK2, rejected"),
        pytest.param([], "AK9*X*1*1*0", "rejected", id="without AK2, security"),
        pytest.param(["AK2*850*0001", "AK5*M*5"], "AK9*R*1*1*0", "rejected", id="security rejection"),
        pytest.param(["AK2*850*0001"], "AK9*P*1*1*0", "unclear", id="AK5 missing"),
    ],
)
async def test_every_kind_of_997(office: Office, said: list[str], end: str, status: str) -> None:
    office.order()
    await office.collect(answer(*said, end=end))
    assert office.statuses("out") == [status]
    assert office.statuses() == ["taken"]


async def test_a_997_without_errors_tells_nobody(office: Office) -> None:
    office.order()
    assert await office.collect(ACCEPTED) == []


async def test_a_rejection_says_in_words_what_the_partner_found(office: Office) -> None:
    office.order()
    alerts = await office.collect(REJECTED)
    (row,) = office.sets("out")
    assert "segment 4 (PO1), element 03, is a code that the partner does not know" in row.reason
    assert len(alerts) == 1
    assert "US001-0000000007" in alerts[0]
    assert any("'LB'" in line for line in office.data(row)["acknowledgment"]["errors"])
    (event,) = office.events("acknowledged")
    assert event.document_id == row.document_id
    assert b"LB" not in event.data


async def test_a_group_taken_in_part(office: Office) -> None:
    office.order(sets=3)
    said = ["AK2*850*0002", "AK3*BEG*2**8", "AK5*R*5"]
    await office.collect(answer(*said, end="AK9*P*3*3*2"))
    assert office.statuses("out") == ["acknowledged", "rejected", "acknowledged"]


async def test_a_part_that_does_not_add_up_leaves_the_others_unclear(office: Office) -> None:
    office.order(sets=3)
    alerts = await office.collect(answer("AK2*850*0002", "AK5*R*5", end="AK9*P*3*3*1"))
    assert office.statuses("out") == ["unclear", "rejected", "unclear"]
    assert len(alerts) == 3


async def test_counts_that_contradict_are_told(office: Office) -> None:
    office.order()
    alerts = await office.collect(answer(end="AK9*A*2*2*2"))
    assert "counts 2 sets" in alerts[0]
    assert office.statuses("out") == ["unclear"]


async def test_an_unclear_answer_is_settled_by_a_clear_one(office: Office) -> None:
    office.order()
    await office.collect(answer(end="AK9*A*2*2*2"))
    assert await office.collect(answer("AK2*850*0001", "AK5*A", end="AK9*A*1*1*1", number=901)) == []
    assert office.statuses("out") == ["acknowledged"]


async def test_the_same_answer_again_changes_nothing(office: Office) -> None:
    office.order()
    await office.collect(ACCEPTED)
    again = answer("AK2*850*0001", "AK5*A", end="AK9*A*1*1*1", number=905)
    assert await office.collect(again) == []
    assert office.statuses("out") == ["acknowledged"]
    assert len(office.events("acknowledged")) == 1


@pytest.mark.parametrize("order", [[ACCEPTED, REJECTED], [REJECTED, ACCEPTED]])
async def test_answers_that_contradict_leave_the_worse_one_and_tell(
    office: Office, order: list[bytes]
) -> None:
    office.order()
    await office.collect(order[0])
    alerts = await office.collect(order[1])
    assert office.statuses("out") == ["rejected"]
    assert len(alerts) == 1
    assert "the worse counts" in alerts[0]


async def test_an_answer_to_nothing_waits_in_quarantine(office: Office) -> None:
    office.order()
    alerts = await office.collect(answer(end="AK9*A*1*1*1", group_number=99))
    assert office.statuses() == ["quarantined"]
    assert office.rows()[0].status == "quarantined"
    assert office.statuses("out") == ["sent"]
    assert "PO 99" in alerts[0]


async def test_an_answer_that_cannot_be_read_is_told(office: Office) -> None:
    office.order()
    alerts = await office.collect(answer("AK2*850*0001", "AK5*A", end="AK9**1*1*1"))
    assert office.statuses() == ["quarantined"]
    assert len(alerts) == 1


async def test_an_answer_that_was_cut_off_is_not_believed(office: Office) -> None:
    office.order()
    await office.collect(ACCEPTED.replace(b"SE*6*0001~", b""))
    assert office.statuses("out") == ["sent"]


async def test_ids_that_differ_in_the_envelope_still_find_the_only_open_group(office: Office) -> None:
    office.order()
    said = acknowledgment("PO", 57, end="AK9*A*1*1*1")
    await office.collect(file(group("FA", 9, said), number=9, receiver=("ZZ", "PSFTUS002")))
    assert office.statuses("out") == ["acknowledged"]


async def test_a_late_answer_counts_and_its_lateness_stays(office: Office) -> None:
    office.order(hours=4)
    office.later(hours=5)
    assert any("has not acknowledged" in line for line in await office.follow())
    assert await office.follow() == []
    assert await office.collect(ACCEPTED) == []
    assert office.statuses("out") == ["acknowledged"]
    assert office.rows("out")[0].alerted_at is not None


async def test_an_answer_overtakes_the_note_of_the_upload(office: Office) -> None:
    office.order(uploaded=False)
    await office.collect(ACCEPTED)
    assert office.statuses("out") == ["acknowledged"]


async def test_a_ta1_refuses_a_whole_interchange(office: Office) -> None:
    office.order(sets=2)
    alerts = await office.collect(
        file(["TA1*000001057*261120*0915*R*020"], number=5).replace(b"IEA*1", b"IEA*0")
    )
    assert office.statuses("out") == ["rejected", "rejected"]
    assert "the test indicator is invalid" in alerts[0]


async def test_a_ta1_that_accepts_says_that_it_arrived(office: Office) -> None:
    office.order()
    content = file(["TA1*000001057*261120*0915*A*000"], number=5).replace(b"IEA*1", b"IEA*0")
    assert await office.collect(content) == []
    assert (office.rows("out")[0].status, office.statuses("out")) == ("delivered", ["sent"])


async def test_a_ta1_for_nothing_is_told(office: Office) -> None:
    content = file(["TA1*000000009*261120*0915*A*000"], number=5).replace(b"IEA*1", b"IEA*0")
    assert "no such one was sent" in (await office.collect(content))[0]
