"""Files from Cleo's folders: kept once, answered once, removed last."""

from __future__ import annotations

import pytest

from ml_connector.core.errors import ConfigurationError

from .support import ACME, GLOBEX, Office, acknowledgment, file, group, invoice, profile

INVOICE = file(group("IN", 91, invoice()))


async def test_an_invoice_is_kept_answered_and_removed(office: Office) -> None:
    assert await office.collect(INVOICE) == []
    assert office.mailbox.files == {}
    (row,) = office.rows()
    assert (row.status, row.partner, row.number, row.sender) == ("taken", "acme", 201, "01:123456789")
    (one,) = office.sets()
    assert (one.status, one.key) == ("taken", "acme|INV-1001|2026-11-02")
    assert (one.flow, one.reference) == ("cleo.supplier_invoices", "US001-0000000007")
    assert office.said() == ["AK1*IN*91", "AK2*810*0001", "AK5*A", "AK9*A*1*1*1"]


async def test_the_answer_goes_back_with_sides_changed_and_the_test_flag_copied(office: Office) -> None:
    await office.collect(INVOICE)
    (reply,) = office.replies()
    assert [text.strip() for text in reply.header[5:9]] == ["ZZ", "PSFTUS001", "01", "123456789"]
    assert (reply.header[13], reply.header[15]) == ("000000001", "T")
    assert reply.groups[0].header[1:4] == ("FA", "PSFTUS001", "123456789")


async def test_a_task_killed_before_the_removal_only_removes(office: Office) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    office.mailbox.on_remove = killed
    with pytest.raises(KeyboardInterrupt):
        await office.collect(INVOICE)
    assert len(office.mailbox.files) == 1
    office.mailbox.on_remove = None
    assert await office.collect() == []
    assert office.mailbox.files == {}
    assert (len(office.rows()), len(office.rows("out"))) == (1, 1)


async def test_a_task_killed_before_the_commit_leaves_everything_as_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ml_connector.core.ledger.exchange.outbound.keep", killed)
    with pytest.raises(KeyboardInterrupt):
        await office.collect(INVOICE)
    monkeypatch.undo()
    assert (office.rows(), len(office.mailbox.files)) == ([], 1)
    await office.collect()
    assert (office.statuses(), office.mailbox.files) == (["taken"], {})
    assert office.replies()[0].header[13] == "000000001"  # the number was not used up


async def test_two_interchanges_in_one_file_stand_for_themselves(office: Office) -> None:
    broken = INVOICE.replace(b"IEA*1*000000201", b"IEA*2*000000201")
    good = file(group("IN", 92, invoice("INV-1002")), number=202)
    alerts = await office.collect(broken + b"\r\n" + good)
    assert [row.status for row in office.rows()] == ["refused", "taken"]
    assert "IEA01 is wrong" in alerts[0]
    assert "TA1*000000201*261120*0915*R*021" in office.said()
    assert "AK1*IN*92" in office.said()


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte order mark"),
        pytest.param(lambda data: data.replace(b"~", b"\n"), id="line feeds as terminators"),
        pytest.param(lambda data: data.replace(b"~", b"~\r\n"), id="line ends behind terminators"),
        pytest.param(lambda data: data.rstrip(b"~"), id="no last terminator"),
        pytest.param(lambda data: data.replace(b"*", b"|"), id="bars between elements"),
    ],
)
async def test_the_form_of_a_file_does_not_matter(office: Office, shape: object) -> None:
    assert callable(shape)
    assert await office.collect(shape(INVOICE)) == []
    assert office.statuses() == ["taken"]


async def test_a_rejected_set_does_not_stop_its_neighbours(office: Office) -> None:
    bad = invoice("INV-1", lines=["IT1*1*100*EACH*12.5*PE*BP*10004"])
    alerts = await office.collect(file(group("IN", 91, bad, invoice("INV-2"))))
    assert office.statuses() == ["rejected", "taken"]
    assert "AK4*3**5*EACH" in office.said()
    assert office.said()[-1] == "AK9*P*2*2*1"
    assert len(alerts) == 1
    assert "EACH" not in alerts[0]


async def test_a_wrong_count_of_segments_is_rejected(office: Office) -> None:
    await office.collect(INVOICE.replace(b"SE*7*", b"SE*9*"))
    assert office.statuses() == ["rejected"]
    assert "AK5*R*4" in office.said()


async def test_mixed_groups_get_one_answer_each(office: Office) -> None:
    office.order()
    response = ["855", "BAK*00*AD*US001-0000000007*20261120"]
    await office.collect(file(group("IN", 91, invoice()), group("PR", 12, response)))
    assert [line for line in office.said() if line.startswith("AK1")] == ["AK1*IN*91", "AK1*PR*12"]
    assert len(office.replies()) == 1


async def test_kinds_that_nothing_reads_are_rejected_as_not_supported(office: Office) -> None:
    order = ["850", "BEG*00*SA*4711**20261120", "PO1*1*1*EA*1*PE*BP*1", "CTT*1"]
    await office.collect(file(group("PO", 5, order)))
    assert office.statuses() == ["rejected"]
    assert "AK5*R*1" in office.said()


async def test_invoices_that_were_not_agreed_are_rejected(office: Office) -> None:
    office.profiles = [profile("acme", ACME, "SHARE|0000000002", documents={"purchase_order": {}})]
    alerts = await office.collect(INVOICE)
    assert office.statuses() == ["rejected"]
    assert "supplier_invoice" in alerts[0]


async def test_the_same_number_with_other_content_is_refused(office: Office) -> None:
    await office.collect(INVOICE)
    alerts = await office.collect(file(group("IN", 92, invoice("INV-2"))))
    assert [row.status for row in office.rows()] == ["taken", "refused"]
    assert "used before" in alerts[0]
    assert "TA1*000000201*261120*0915*R*025" in office.said()


async def test_numbers_begin_anew_after_a_year(office: Office) -> None:
    await office.collect(INVOICE)
    office.later(days=400)
    await office.collect(file(group("IN", 92, invoice("INV-2"))))
    assert office.statuses() == ["taken", "taken"]


async def test_a_refused_interchange_may_come_again_corrected(office: Office) -> None:
    await office.collect(INVOICE.replace(b"IEA*1*", b"IEA*2*"))
    await office.collect(INVOICE)
    assert [row.status for row in office.rows()] == ["refused", "taken"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(file(group("IN", 91, invoice()), sender=GLOBEX), "no partner's file", id="sender"),
        pytest.param(
            file(group("IN", 91, invoice()), receiver=("ZZ", "SOMEBODY")), "none of our", id="receiver"
        ),
        pytest.param(file(group("IN", 91, invoice()), usage="P"), "ISA15 is 'P'", id="usage"),
    ],
)
async def test_what_is_not_ours_waits_in_quarantine_unanswered(
    office: Office, content: bytes, word: str
) -> None:
    alerts = await office.collect(content)
    assert len(alerts) == 1
    assert word in alerts[0]
    (row,) = office.rows()
    assert row.status == "quarantined"
    assert row.content is not None
    assert (office.replies(), office.mailbox.files) == ([], {})


async def test_a_partner_file_that_names_the_sender_ends_the_quarantine(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice()), sender=GLOBEX))
    assert await office.collect() == []
    office.profiles.append(profile("globex", GLOBEX, "SHARE|0000000003"))
    assert await office.collect() == []
    assert [row.status for row in office.rows()] == ["quarantined", "taken"]
    assert [row.key for row in office.sets()] == ["globex|INV-1001|2026-11-02"]
    assert await office.collect() == []
    assert len(office.rows()) == 2


@pytest.mark.parametrize("content", [b'{"icn": "000000201"}', b"", b"ISA*00*too short~", b"\x00\xff" * 40])
async def test_what_is_no_x12_is_kept_and_told(office: Office, content: bytes) -> None:
    alerts = await office.collect(content)
    assert len(alerts) == 1
    assert "is no X12" in alerts[0]
    (row,) = office.rows()
    assert (row.status, row.number) == ("quarantined", None)
    assert office.mailbox.files == {}


async def test_a_file_too_large_is_left_and_told_once(office: Office) -> None:
    office.drop(b"x", "large.edi")
    office.mailbox.sizes["download/other", "large.edi"] = 60 * 1024 * 1024
    alerts = await office.collect()
    assert "left in its folder" in alerts[0]
    assert await office.collect() == []
    assert len(office.mailbox.files) == 1


async def test_a_missing_folder_stops_after_the_others_were_read(office: Office) -> None:
    office.mailbox.missing = {"download/997"}
    with pytest.raises(ConfigurationError, match="download/997"):
        await office.collect(INVOICE)
    assert office.statuses() == ["taken"]


async def test_a_ta1_is_given_where_it_is_asked_for(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice()), wants_ta1=True))
    assert "TA1*000000201*261120*0915*A*000" in office.said()
    assert "AK1*IN*91" in office.said()


async def test_acknowledgments_are_never_acknowledged(office: Office) -> None:
    office.order()
    said = acknowledgment("PO", 57, end="AK9*A*1*1*1")
    await office.collect(file(group("FA", 700, said), wants_ta1=True))
    assert office.replies() == []
    await office.collect(file(group("FA", 701, said), group("IN", 91, invoice()), number=202))
    assert [line for line in office.said() if line.startswith("AK1")] == ["AK1*IN*91"]


async def test_a_partner_that_wants_no_answer_gets_none(office: Office) -> None:
    office.profiles = [profile("acme", ACME, "SHARE|0000000002", acknowledgment={"send": False})]
    await office.collect(INVOICE)
    assert (office.replies(), office.statuses()) == ([], ["taken"])


async def test_accepted_sets_are_left_out_where_the_partner_wants_errors_only(office: Office) -> None:
    office.profiles = [profile("acme", ACME, "SHARE|0000000002", acknowledgment={"detail": "errors_only"})]
    await office.collect(INVOICE)
    assert office.said() == ["AK1*IN*91", "AK9*A*1*1*1"]


async def test_answers_are_written_as_the_partner_wants_them(office: Office) -> None:
    office.profiles = [
        profile("acme", ACME, "SHARE|0000000002", delimiters={"element": "|"}, line_end="CRLF")
    ]
    await office.collect(INVOICE)
    assert office.replies()[0].delimiters.element == "|"
