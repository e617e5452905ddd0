"""What was exchanged with a trading partner for a document, on its page and segment by segment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ml_connector.core.ledger import retention
from ml_connector.core.ledger.exchange import answers, outbound, received
from ml_connector.core.ledger.exchange.control_numbers import Address
from ml_connector.core.ledger.exchange.outbound import NewInterchange, NewSet
from ml_connector.core.ledger.exchange.received import NewReceived
from ml_connector.core.state.schema import document
from tests.console.conftest import Browser, DagPermissions, Site, links, table

KEY = "US001|000001"
ISA = (
    "ISA*00*          *01*OPENSESAME*ZZ*OURS           *ZZ*THEIRS         *261120*1200*U*00401*000000231*0*T"
)
SEGMENTS = (
    f"{ISA}*>",
    "GS*PO*OURS*THEIRS*20261120*1200*231*X*004010",
    "ST*850*0001",
    "BEG*00*SA*US001-000001**20261101",
    "REF*IA*0000000002",
    "REF*11*99887766",
    "N1*VN*Acme & Sons*FI*123121234",
    "SE*6*0001",
    "GE*1*231",
    "IEA*1*000000231",
)


def send(site: Site, content: bytes) -> int:
    """Keep an interchange for the order as the target does, and say that it was uploaded."""
    with site.store() as store, store.write() as tx:
        row_id = tx.connection.scalar(select(document.c.id).where(document.c.key == KEY))
        one = NewSet(
            "850", "PO", 231, "0001", flow="shop.orders", document_id=row_id, key=KEY, document_hash="h",
            reference="US001-000001",
        )  # fmt: skip
        address = Address("acme", "test", "ZZ:OURS", "ZZ:THEIRS")
        new = NewInterchange(address, "theirs", "850_theirs_000001.edi", content, [one], 231)
        (kept,) = outbound.keep(tx, new)
        outbound.uploading(tx, [kept.interchange_id])
        outbound.uploaded(tx, kept.interchange_id, answer_within=timedelta(hours=24))
        return kept.interchange_id


@pytest.fixture
def exchanged(moved: Site) -> Site:
    send(moved, "~".join((*SEGMENTS, "")).encode())
    return moved


def file_of(browser: Browser) -> str:
    (address,) = links(browser.get(f"/documents/acme/shop.orders/{KEY}"), "850_theirs_000001.edi")
    return address


def test_the_story_names_numbers_and_states(exchanged: Site, viewer: Browser) -> None:
    (row,) = table(viewer.get(f"/documents/acme/shop.orders/{KEY}"), "Interchanges")
    assert row[:4] == ["850_theirs_000001.edi", "850 sent", "theirs", "PO 000000231 / 231 / 0001"]
    assert row[5] == "uploaded"
    assert row[6].startswith("sent, due ")


def test_an_interchange_is_shown_segment_by_segment(exchanged: Site, viewer: Browser) -> None:
    rows = table(viewer.get(file_of(viewer)), "Segments")
    assert [row[1] for row in rows] == [segment.partition("*")[0] for segment in SEGMENTS]
    assert rows[3] == ["2", "BEG", "00 * SA * US001-000001 * * 20261101"]
    assert rows[4][0] == "3"


def test_bank_and_tax_numbers_and_passwords_are_hidden(exchanged: Site, viewer: Browser) -> None:
    page = viewer.get(file_of(viewer))
    assert "Acme & Sons" in page.words
    for secret in ("99887766", "123121234", "OPENSESAME"):
        assert secret not in page.text
    rows = {row[1] + row[0]: row[2] for row in table(page, "Segments")}
    assert rows["REF4"] == "11 * ***"
    assert rows["N15"] == "VN * Acme & Sons * FI * ***"


def test_a_payload_that_is_no_x12_is_shown_as_fields(moved: Site, viewer: Browser) -> None:
    send(moved, b'{"invoice":"INV-1","total":12.50,"bank":{"iban":"DE02"}}')
    page = viewer.get(file_of(viewer))
    assert table(page, "Fields") == [["invoice", "INV-1"], ["total", "12.50"], ["bank.iban", "***"]]


def test_after_retention_the_numbers_are_left(exchanged: Site, viewer: Browser) -> None:
    with exchanged.store() as store:
        with store.write() as tx:
            row_id = tx.connection.scalar(select(document.c.id).where(document.c.key == KEY))
            kept = outbound.latest(tx.connection, store, [row_id or 0])[row_id or 0]
            outbound.delivered(tx, [kept.interchange_id])
            answers.acknowledge(tx, kept.set_id, "acknowledged")
        retention.purge(store, timedelta(0))
    page = viewer.get(file_of(viewer))
    assert "Retention removed its content" in page.words
    assert "000000231" in page.words


def test_only_those_who_may_read_the_flow_see_it(exchanged: Site, viewer: Browser) -> None:
    address = file_of(viewer)
    DagPermissions.only["vera"] = "another_dag"
    assert viewer.get(address).status == 404


def test_interchanges_are_listed_and_found(exchanged: Site, viewer: Browser) -> None:
    (row,) = table(viewer.get("/interchanges"), "Interchanges, the newest first")
    assert row[:4] == ["850_theirs_000001.edi", "850 sent", "theirs", "000000231"]
    for found in ("q=231", "q=850_the", "q=theirs", "direction=out", "status=uploaded", "tenant=acme"):
        assert "850_theirs_000001.edi" in viewer.get(f"/interchanges?{found}").text
    for missed in ("q=232", "q=x", "direction=in", "status=quarantined", "tenant=other"):
        assert "No interchange fits" in viewer.get(f"/interchanges?{missed}").words


def test_what_waits_in_quarantine_is_seen_by_those_who_may_read_a_flow(
    exchanged: Site, viewer: Browser
) -> None:
    with exchanged.store() as store, store.write() as tx:
        address = Address("acme", "test", "ZZ:STRANGER", "ZZ:OURS")
        reason = "no partner's file names ZZ:STRANGER"
        new = NewReceived(address, None, "in.edi", b"ISA", status="quarantined", reason=reason)
        assert received.keep(tx, new) is not None
    (row,) = table(viewer.get("/interchanges?status=quarantined"), "Interchanges, the newest first")
    assert (row[0], row[2], row[6]) == ("in.edi", "ZZ:STRANGER", reason)
    (address_of_it,) = links(viewer.get("/interchanges?status=quarantined"), "in.edi")
    assert "It is neither X12 nor JSON" in viewer.get(address_of_it).words
    DagPermissions.only["vera"] = "another_dag"
    assert "No interchange fits" in viewer.get("/interchanges").words
    assert viewer.get(address_of_it).status == 404


def test_an_interchange_that_is_not_there(exchanged: Site, viewer: Browser) -> None:
    assert viewer.get("/interchanges/acme/999").status == 404
    assert viewer.get(file_of(viewer).replace("acme", "other")).status == 404
