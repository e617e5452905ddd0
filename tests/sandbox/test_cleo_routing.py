"""Pick-up, splitting, routing, transfers, events and messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.cleo.state import CleoState
from sandbox.clock import Clock
from sandbox.server import Sandbox

from .cleo_client import Tenant, interchange, order_850

UNROUTABLE = order_850("US001-0000000009", control=900, receiver=("01", "999999999"))


@given(st.data())
def test_nothing_that_is_uploaded_breaks_cleo_or_a_partner(data: st.DataObject) -> None:
    content = bytearray(order_850())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 30))
        content[at : at + length] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"*", b"~", b"ISA", b"**"])
        )
    state = CleoState(Clock())
    state.files.store(state.files.folders["upload/850"], "a.edi", bytes(content), owner="us")
    state.settle()
    (taken,) = state.router.taken
    known = {row.status for row in state.partners.received}
    assert known <= {"accepted", "rejected", "refused"}
    assert known or taken.problems, "it is delivered, or somebody hears about it"
    assert state.settle() == 0


async def _upload(tenant: Tenant, name: str, content: bytes, folder: str = "850") -> None:
    answer = await tenant.upload(f"upload/{folder}", name, content)
    assert answer.status == 201, answer.body
    await tenant.control("settle")


async def test_a_file_is_split_and_each_interchange_routed(tenant: Tenant) -> None:
    other = order_850(
        "US001-0000000008",
        control=5,
        receiver=("ZZ", "GLOBEX"),
        group_id="GLOBEXPO",
        version="005010",
        component=":",
    )
    await _upload(tenant, "two.edi", order_850() + other)
    rows = await tenant.control("received")
    assert [(row["partner"], row["key"], row["status"]) for row in rows] == [
        ("ACME", "US001-0000000007", "accepted"),
        ("GLOBEX", "US001-0000000008", "accepted"),
    ]
    sent = await tenant.rows("/api/transfers", filter='direction eq "send" and origName eq "two.edi"')
    assert [(row["host"], row["status"], row["documentID"]) for row in sent] == [
        ("ACME", "Success", "000000231"),
        ("GLOBEX", "Success", "000000005"),
    ]


async def test_an_unroutable_interchange_fails_the_transfer_but_not_the_others(tenant: Tenant) -> None:
    await _upload(tenant, "two.edi", UNROUTABLE + order_850())
    (row,) = await tenant.rows("/api/transfers", filter='host eq "mailbox"')
    assert row["status"] == "Error"
    assert row["resultText"] == "interchange 000000900 could not be routed to 01:999999999"
    sent = await tenant.rows("/api/transfers", filter='direction eq "send"')
    assert [(row["documentID"], row["status"]) for row in sent] == [
        ("000000900", "Error"),
        ("000000231", "Success"),
    ]
    assert [row["key"] for row in await tenant.control("received")] == ["US001-0000000007"]


async def test_a_number_is_delivered_once(tenant: Tenant, sandbox: Sandbox) -> None:
    await _upload(tenant, "a.edi", order_850())
    await _upload(tenant, "b.edi", order_850("US001-0000000008"))
    assert [row["key"] for row in await tenant.control("received")] == ["US001-0000000007"]
    found = await tenant.control("duplicates")
    assert found["cleo"] == [{"partner": "ACME", "interchange": "000000231", "file": "b.edi"}]
    (issue,) = [row for row in await tenant.control("messages") if row["issue"]]
    assert (issue["interchangeControlNumber"], issue["issue"]) == ("000000231", "Open")
    sandbox.clock.advance(91 * 86_400)
    tenant.tokens.clear()
    await _upload(tenant, "c.edi", order_850("US001-0000000009"))
    last = (await tenant.control("received"))[-1]
    assert (last["status"], last["reasons"]) == ("refused", ["another interchange had the number 000000231"])


async def test_without_the_check_the_partner_refuses_a_repeated_number(
    tenant: Tenant, sandbox: Sandbox
) -> None:
    sandbox.cleo.switches.change({"duplicate_check": False})
    await _upload(tenant, "a.edi", order_850())
    await _upload(tenant, "b.edi", order_850())
    await _upload(tenant, "c.edi", order_850("US001-0000000008"))
    refused = (await tenant.control("duplicates"))["refused"]
    assert [row["reasons"] for row in refused] == [
        ["interchange 000000231 came before, byte for byte"],
        ["another interchange had the number 000000231"],
    ]
    reports = [text for text in await tenant.received_by_us("997") if "TA1*" in text]
    assert len(reports) == 1, "only the other bytes are reported"
    assert "TA1*000000231*261120*0915*R*025~" in reports[0]


async def test_what_is_no_x12_is_an_error(tenant: Tenant) -> None:
    await _upload(tenant, "a.edi", b"hello")
    await _upload(tenant, "b.edi", order_850()[:-20])
    (first, second) = await tenant.control("taken")
    assert first["problems"] == ["EDI could not be read: byte 0: ISA is expected, not 'hel'"]
    assert "IEA is missing" in second["problems"][0]
    events = await tenant.rows("/api/events", filter='type eq "Result" and text sw "EDI"')
    assert len(events) == 2


async def test_receipts_may_take_a_while(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"receipt_seconds": 300, "pickup_delay": 0})
    await tenant.upload("upload/850", "a.edi", order_850())
    (row,) = await tenant.rows("/api/transfers", filter='direction eq "send"')
    assert row["status"] == "Receipt Pending"
    sandbox.clock.advance(301)
    (row,) = await tenant.rows("/api/transfers", filter='direction eq "send"')
    assert row["status"] == "Success"


async def test_messages_follow_the_acknowledgment(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"track_acknowledgments": True})
    await tenant.order()
    await tenant.control("behave", partner="ACME", acknowledgment="reject")
    await tenant.order("US001-0000000008", control=232)
    await tenant.control("behave", partner="ACME", acknowledgment="never")
    await tenant.order("US001-0000000009", control=233)
    states = {
        row["interchangeControlNumber"]: row["functionalAck"]
        for row in await tenant.control("messages")
        if row["direction"] == "Outbound"
    }
    assert states == {"000000231": "Success", "000000232": "Error", "000000233": "NotReceived"}
    sent = await tenant.rows("/api/transfers", filter='direction eq "send"')
    assert [row.get("ackStatus") for row in sent] == ["Accepted", "Rejected", None]


async def test_our_acknowledgments_reach_the_partner(tenant: Tenant) -> None:
    await tenant.order()
    invoice = next(row for row in await tenant.control("sent") if row["invoice"])
    body = [f"AK1*IN*{invoice['groups'][0]}", "AK2*810*0001", "AK5*A", "AK9*A*1*1*1"]
    await _upload(tenant, "997.edi", interchange("FA", [body], control=300), "997")
    invoice = next(row for row in await tenant.control("sent") if row["invoice"])
    assert invoice["acknowledged"] == ["A"]
    group = invoice["groups"][0]
    wrong = {
        "there is no group IN 77 to acknowledge": ["AK1*IN*77", "AK9*A*1*1*1"],
        f"there is no group PR {group} to acknowledge": [f"AK1*PR*{group}", "AK9*A*1*1*1"],
        "AK9 says ['1', '1', '0'], and AK5 ['1', '1', '1']": [*body[:3], "AK9*A*1*1*0"],
        "AK9 at segment 3: code 8 (element 1 code 1)": [body[0], "AK9**1*1*1"],
        "AK2 at segment 4: code 7": [body[0], "AK9*A*1*1*1", "AK2*810*0001"],
    }
    for control, (reason, lines) in enumerate(wrong.items(), 301):
        await _upload(tenant, f"{control}.edi", interchange("FA", [lines], control=control), "997")
        last = (await tenant.control("received", kind="997"))[-1]
        assert last["status"] == "refused"
        assert reason in last["reasons"]
    assert len(await tenant.received_by_us("997")) == 1, "nobody acknowledges an acknowledgment"


async def test_our_reports_reach_the_partner(tenant: Tenant) -> None:
    lines = order_850(control=9).decode().split("~\n")
    content = "~\n".join([lines[0], "TA1*000001003*261120*0915*R*025", "IEA*0*000000009", ""]).encode()
    await _upload(tenant, "ta1.edi", content, "997")
    (row,) = await tenant.control("received")
    assert (row["kind"], row["key"], row["summary"]) == ("TA1", "000001003", {"code": "R", "note": "025"})


async def test_one_folder_for_all(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"download_layout": "flat"})
    await tenant.order()
    assert sorted(name.partition("_")[0] for name in await tenant.names("download")) == ["810", "855", "997"]


async def test_a_reset_begins_anew(tenant: Tenant, sandbox: Sandbox) -> None:
    await tenant.order()
    await tenant.control("behave", partner="ACME", acknowledgment="never")
    before = (await tenant.connection("ACME"))["id"]
    sandbox.cleo.switches.change({"pickup": "stopped"})
    sandbox.reset()
    assert {name: count for name, count in sandbox.cleo.counts().items() if count} == {}
    tenant.tokens.clear()
    assert (await tenant.connection("ACME"))["id"] == before
    await tenant.order()
    assert [row["kinds"] for row in await tenant.control("sent")] == [["997"], ["855"], ["810"]]
