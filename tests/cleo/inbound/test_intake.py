"""Files from Cleo's folders: kept once, answered once, removed last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ml_connector.cleo.inbound.filing import Origin
from ml_connector.cleo.inbound.intake import Intake
from ml_connector.cleo.mailbox.protocol import FileGone, RemoteFile
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger.retention import purge

from .support import ACME, GLOBEX, Office, acknowledgment, file, group, invoice, profile, tenant

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


# ---- quarantine, and what came again


async def test_what_is_refused_and_comes_again_is_assessed_again(office: Office) -> None:
    await office.collect(INVOICE)
    changed = file(group("IN", 92, invoice("INV-2")))
    assert len(await office.collect(changed)) == 1
    assert await office.collect(changed) == []
    office.later(days=400)
    assert await office.collect(changed) == []
    assert [row.status for row in office.rows()] == ["taken", "refused", "taken"]
    assert office.mailbox.files == {}


async def test_the_right_environment_ends_the_quarantine(office: Office) -> None:
    content = file(group("IN", 91, invoice()), usage="P")
    await office.collect(content)
    assert await office.collect(content) == []
    office.config = tenant(environment="production")
    assert await office.collect() == []
    assert [row.status for row in office.rows()] == ["quarantined", "taken"]
    assert office.said()[0] == "AK1*IN*91"


async def test_our_own_identity_ends_the_quarantine(office: Office) -> None:
    await office.collect(file(group("IN", 91, invoice()), receiver=("ZZ", "PSFTNEW")))
    office.options = {"identities": {"US001": {"qualifier": "ZZ", "id": "PSFTNEW"}}}
    assert await office.collect() == []
    assert [row.status for row in office.rows()] == ["quarantined", "taken"]


async def test_an_acknowledgment_that_came_before_its_group_was_known(office: Office) -> None:
    said = file(group("FA", 1, acknowledgment("PO", 57, end="AK9*A*1*1*1")))
    assert len(await office.collect(said)) == 1
    assert await office.collect(said) == []
    office.order(57)
    assert await office.collect(said) == []
    assert office.statuses("out") == ["acknowledged"]


async def test_a_file_that_never_is_as_it_is_listed_is_told_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def download(_: RemoteFile) -> bytes:
        raise FileGone("it has another size")

    monkeypatch.setattr(office.mailbox, "download", download)
    assert await office.collect(INVOICE) == [], "it may be being written"
    office.later(hours=1)
    (alert,) = await office.collect()
    assert "is left in its folder" in alert
    assert await office.collect() == []


async def test_a_file_that_breaks_us_is_set_aside_and_the_others_are_taken(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Intake.keep

    def breaks(self: Intake, origin: Origin, data: bytes) -> list[str]:
        if origin.name == "a.edi":
            raise RuntimeError("SECRET 1250.00")
        return keep(self, origin, data)

    monkeypatch.setattr(Intake, "keep", breaks)
    office.drop(INVOICE, "a.edi")
    office.drop(file(group("IN", 92, invoice("INV-2")), number=202), "b.edi")
    (alert,) = await office.collect()
    assert "SECRET" not in alert
    assert [row.status for row in office.rows()] == ["quarantined", "taken"]
    assert office.mailbox.files == {}
    monkeypatch.undo()
    assert await office.collect(INVOICE) == []
    assert [row.key for row in office.sets()] == ["acme|INV-2|2026-11-02", "acme|INV-1001|2026-11-02"]


# ---- texts of others


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"ST*810*0001", b"ST*810*00\x0001", id="set number"),
        pytest.param(b"ST*810*0001", b"ST*810*" + b"1" * 40, id="long set number"),
        pytest.param(b"ST*810*", b"ST*" + b"8" * 40 + b"*", id="long set code"),
        pytest.param(b"GS*IN", b"GS*I\x00", id="group code"),
        pytest.param(b"GS*IN", b"GS*INVOICES", id="long group code"),
        pytest.param(b"123456789      ", b"12345678\x00      ", id="sender"),
        pytest.param(b"INV-1001", b"INV\x001001", id="invoice number"),
        pytest.param(b"INV-1001", b"INV" * 300, id="long invoice number"),
        pytest.param(b"US001-0000000007", b"US001\x007", id="order"),
    ],
)
async def test_texts_that_no_database_stores_do_not_stop_the_others(
    office: Office, old: bytes, new: bytes
) -> None:
    office.drop(INVOICE.replace(old, new, 1), "a.edi")
    office.drop(file(group("IN", 99, invoice("INV-7")), number=299), "y" * 300 + ".edi")
    await office.collect()
    assert office.mailbox.files == {}
    assert len(office.rows()) == 2
    assert [row.status for row in office.rows()][1] == "taken"
    assert "failed to process" not in (office.rows()[0].reason or "")


async def test_an_answer_with_a_reference_that_no_database_stores(office: Office) -> None:
    response = ["855", "BAK*00*AC*US001-\x00*20261120", "PO1*1*1*EA*1", "CTT*1"]
    alerts = await office.collect(file(group("PR", 1, response)))
    assert len(alerts) == 1
    assert "failed to process" not in alerts[0]


async def test_few_sentences_about_one_interchange(office: Office) -> None:
    broken = ["810", "BIG*20261102*X", "N1*AA*B*ZZ*1"]
    alerts = await office.collect(file(group("IN", 91, *([broken] * 30))))
    assert len(alerts) == 6
    assert alerts[-1].startswith("25 more about download/other/")


# ---- groups


async def test_a_document_among_acknowledgments_is_rejected_and_told(office: Office) -> None:
    await office.collect(file(group("FA", 2, invoice())))
    assert office.statuses() == ["rejected"]
    assert office.said()[0] == "AK1*FA*2"


async def test_an_acknowledgment_is_never_acknowledged_wherever_it_stands(office: Office) -> None:
    (alert,) = await office.collect(file(group("PO", 1, acknowledgment("PO", 57, end="AK9*A*1*1*1"))))
    assert "ask for another one" in alert
    assert office.replies() == []


async def test_groups_of_two_partners_in_one_interchange(office: Office) -> None:
    office.profiles = [
        profile(name, ACME, vendor, identities=[{"qualifier": "01", "id": "123456789", "group_id": division}])
        for name, vendor, division in (("acme", "SHARE|2", "DIVA"), ("beta", "SHARE|3", "DIVB"))
    ]
    one = group("IN", 1, invoice(), sender="DIVA")
    assert await office.collect(file(one, group("IN", 2, invoice(), sender="DIVB"))) == []
    assert [(row.partner, row.key) for row in office.sets()] == [
        ("acme", "acme|INV-1001|2026-11-02"), ("beta", "beta|INV-1001|2026-11-02"),
    ]  # fmt: skip
    assert sorted(reply.groups[0].header[3] for reply in office.replies()) == ["DIVA", "DIVB"]
    (alert,) = await office.collect(file(group("IN", 3, invoice(), sender="DIVC"), number=203))
    assert "no partner's file, or more than one" in alert


# ---- the flow that carries invoices on


async def test_invoices_wait_for_a_flow_that_is_off_and_that_is_told_once(office: Office) -> None:
    office.config = tenant(integrations={"cleo": {"flows": {"supplier_invoices": {"enabled": False}}}})
    (alert,) = await office.collect(INVOICE)
    assert "is switched off" in alert
    assert await office.collect(file(group("IN", 92, invoice("INV-2")), number=202)) == []
    office.later(days=1000)
    purge(office.store, timedelta(days=400))
    assert all(office.data(row)["invoice"] for row in office.sets())
