"""The trading partners: how strictly they read, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.cleo.partners import x12
from sandbox.cleo.partners.behaviour import WORDS, words
from sandbox.server import Sandbox

from . import x12_oracles
from .cleo_client import HEAD, LINES, Tenant, interchange, order_850

NUMBER = "US001-0000000007"
Send = Callable[..., Any]


async def _send(tenant: Tenant, content: bytes, name: str = "a.edi") -> list[dict[str, Any]]:
    answer = await tenant.upload("upload/850", name, content)
    assert answer.status == 201, answer.body
    await tenant.control("settle")
    rows: list[dict[str, Any]] = await tenant.control("received")
    return rows


async def _acknowledgments(tenant: Tenant) -> list[list[x12.Segment]]:
    """The bodies of the 997s that came, without ST and SE."""
    texts = await tenant.received_by_us("997")
    return [
        item.segments[1:-1]
        for text in texts
        for found in x12.read(text.encode())
        for group in found.groups
        for item in group.sets
    ]


async def test_a_good_order_is_acknowledged_confirmed_and_billed(tenant: Tenant, facts: Path) -> None:
    name = await tenant.order()
    (row,) = await tenant.control("received")
    assert (row["partner"], row["kind"], row["status"], row["file"]) == ("ACME", "850", "accepted", name)
    assert (row["interchange"], row["group"], row["set"], row["sender"]) == (
        "000000231", "231", "0001", "ZZ:PSFTUS001",
    )  # fmt: skip
    assert await _acknowledgments(tenant) == [
        [["AK1", "PO", "231"], ["AK2", "850", "0001"], ["AK5", "A"], ["AK9", "A", "1", "1", "1"]]
    ]
    for kind in ("997", "855", "810"):
        (content,) = await tenant.received_by_us(kind)
        assert x12_oracles.checked(facts, content.encode()) == [], kind
        assert x12_oracles.envelope_errors(content) == [], kind
        assert x12_oracles.complaints(content) == [], kind


@pytest.mark.parametrize(
    ("partner", "order"),
    [
        (
            "GLOBEX",
            {"receiver": ("ZZ", "GLOBEX"), "group_id": "GLOBEXPO", "version": "005010", "component": ":"},
        ),
        ("INITECH", {"receiver": ("12", "5551234567"), "element": "|"}),
        ("NORTHWIND", {"receiver": ("01", "222222223")}),
    ],
)
async def test_every_partner_writes_in_its_own_way(
    tenant: Tenant, facts: Path, partner: str, order: dict[str, Any]
) -> None:
    (row,) = await _send(tenant, order_850(**order))
    assert (row["partner"], row["status"], row["reasons"]) == (partner, "accepted", [])
    contents = [text for kind in ("997", "855", "810") for text in await tenant.received_by_us(kind)]
    assert len(contents) == (2 if partner == "INITECH" else 3)
    for content in contents:
        (found,) = x12.read(content.encode())
        assert found.sender == order["receiver"]
        assert found.marks.element == order.get("element", "*")
        assert x12_oracles.checked(facts, content.encode()) == []


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (order_850(lines=("PO1*1*10*EACH*12.5**BP*10001",), tail=("CTT*1",)), ("PO1", "8", "3", "5")),
        (order_850(lines=("PO1*1*ten*EA*12.5**BP*10001",), tail=("CTT*1",)), ("PO1", "8", "2", "6")),
        (order_850(lines=("PO1*1*10*ZZ*12.5**BP*10001",), tail=("CTT*1",)), ("PO1", "8", "3", "7")),
        (order_850(lines=("PO1*1*10*EA*12.5**BP",), tail=("CTT*1",)), ("PO1", "8", "7", "2")),
        (order_850(lines=("PO1*1*10*EA*12.5**",), tail=("CTT*1",)), ("PO1", "8", "6", "6")),
        (order_850(tail=("CTT*3",)), ("CTT", "8", "1", "7")),
        (order_850("X" * 23), ("BEG", "8", "3", "5")),
        (order_850(head=(*HEAD[:3], "DTM*002*20261304", HEAD[4])), ("DTM", "8", "2", "8")),
        (order_850(head=HEAD[:1] + HEAD[2:]), ("REF", "3")),
        (order_850(head=(*HEAD, "ZZZ*1")), ("ZZZ", "1")),
        (order_850(head=(HEAD[1], HEAD[0], *HEAD[2:])), ("CUR", "7")),
        (order_850(head=(HEAD[0], *HEAD)), ("CUR", "5")),
        (order_850(lines=()), ("PO1", "3")),
        (order_850(head=(*HEAD, "N9*L1*X", "MTX**NO")), ("MTX", "1")),
        (order_850(lines=("PO1*1*10*EA*12.5**BP*GRÖSSE",), tail=("CTT*1",)), ("PO1", "8", "7", "6")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
async def test_mistakes_in_a_set_are_rejected(
    tenant: Tenant, content: bytes, wanted: tuple[str, ...]
) -> None:
    (row,) = await _send(tenant, content)
    assert row["status"] == "rejected"
    (body,) = await _acknowledgments(tenant)
    noted = [(segment[1], segment[4]) for segment in body if segment[0] == "AK3"]
    assert wanted[:2] in noted
    if len(wanted) > 2:
        assert wanted[2:] in [(segment[1], segment[3]) for segment in body if segment[0] == "AK4"]
    assert ["AK5", "R", "5"] in body
    assert await tenant.control("orders") == []
    assert await tenant.received_by_us("810") == []


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        (b"SE*14*", b"SE*13*", ["AK5", "R", "4"]),
        (b"SE*14*0001", b"SE*14*0002", ["AK5", "R", "3"]),
        (b"GE*1*231", b"GE*2*231", ["AK9", "R", "2", "1", "0", "5"]),
        (b"GE*1*231", b"GE*1*232", ["AK9", "R", "1", "1", "0", "4"]),
        (b"GS*PO*", b"GS*PC*", ["AK5", "R", "6"]),
        (b"GS*PO*", b"GS*SH*", ["AK9", "R", "1", "1", "0", "1"]),
    ],
)
async def test_counts_and_numbers_must_fit(tenant: Tenant, old: bytes, new: bytes, codes: list[str]) -> None:
    content = order_850()
    assert content.count(old) == 1
    (row,) = await _send(tenant, content.replace(old, new))
    assert row["status"] == "rejected"
    (body,) = await _acknowledgments(tenant)
    assert codes in body


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (order_850().replace(b"IEA*1*", b"IEA*2*"), "021"),
        (order_850().replace(b"IEA*1*000000231", b"IEA*1*000000232"), "001"),
        (order_850(group_id="OTHER"), "024"),
        (order_850(component=":"), "027"),
        (order_850(element="|"), "027"),
        (order_850().replace(b"*X*004010", b"*X*005010"), "017"),
        (order_850().replace(b"*231*X*", b"*0231*X*"), "024"),
        (order_850().replace(b"*T*>", b"*X*>"), "020"),
    ],
    ids=["groups", "trailer", "group id", "component", "element", "version", "zeros", "usage"],
)
async def test_mistakes_in_the_envelope_are_reported(tenant: Tenant, content: bytes, note: str) -> None:
    (row,) = await _send(tenant, content)
    assert (row["status"], row["kind"], len(row["reasons"])) == ("refused", "", 1)
    (text,) = await tenant.received_by_us("997")
    (found,) = x12.read(text.encode())
    assert (found.reports, found.groups, found.note) == (
        [["TA1", "000000231", "261120", "0915", "R", note]], [], "",
    )  # fmt: skip


async def test_a_report_may_be_asked_for(tenant: Tenant) -> None:
    (row,) = await _send(tenant, order_850(report="1"))
    assert row["status"] == "accepted"
    reports = [
        text for text in await tenant.received_by_us("997") if "TA1*000000231*261120*0915*A*000~" in text
    ]
    assert len(reports) == 1


async def test_the_version_changes_on_a_day(tenant: Tenant) -> None:
    north: dict[str, Any] = {"receiver": ("01", "222222222")}
    assert (await _send(tenant, order_850(version="005010", **north)))[-1]["status"] == "rejected"
    (body,) = await _acknowledgments(tenant)
    assert body[-1][1:6] == ["R", "1", "1", "0", "2"]
    await tenant.control("partner", partner="NORTHWIND", versions={"004010": "", "005010": "20261119"})
    fifth = await _send(tenant, order_850(version="005010", control=232, **north), "b.edi")
    assert (fifth[-1]["status"], fifth[-1]["version"]) == ("accepted", "005010")
    fourth = await _send(tenant, order_850(NUMBER + "X", control=233, **north), "c.edi")
    assert fourth[-1]["status"] == "rejected"


@pytest.mark.parametrize(
    ("behaviour", "codes", "status"),
    [
        ("accept", [["A"], ["A", "1", "1", "1"]], "accepted"),
        ("errors", [["E", "5"], ["E", "1", "1", "1"]], "accepted_with_errors"),
        ("reject", [["R", "5"], ["R", "1", "1", "0"]], "rejected"),
        ("partial", [["R", "5"], ["P", "1", "1", "0"]], "rejected"),
        ("group_reject", [["R", "1", "1", "0", "4"]], "rejected"),
        ("without_ak2", [["A", "1", "1", "1"]], "accepted"),
        ("without_ak2 reject", [["R", "1", "1", "0"]], "rejected"),
    ],
)
async def test_acknowledgments_as_wanted(
    tenant: Tenant, facts: Path, behaviour: str, codes: list[list[str]], status: str
) -> None:
    await tenant.control("behave", partner="ACME", acknowledgment=behaviour)
    (row,) = await _send(tenant, order_850())
    assert row["status"] == status
    (body,) = await _acknowledgments(tenant)
    assert [segment[1:] for segment in body if segment[0] in ("AK5", "AK9")] == codes
    if behaviour in ("errors", "reject"):
        assert ["AK3", "N1", "7", "", "8"] in body
        assert ["AK4", "2", "", "7", "US001"] in body
    (text,) = await tenant.received_by_us("997")
    faults = x12_oracles.checked(facts, text.encode())
    assert all("AK9" in fault for fault in faults) if behaviour == "partial" else faults == []


async def test_a_group_accepted_in_part(tenant: Tenant) -> None:
    await tenant.control("behave", partner="ACME", acknowledgment="partial")
    first = order_850().decode().split("ST*850")[1].split("~\n")[1:-4]
    second = [line.replace(NUMBER, "US001-0000000008") for line in first]
    rows = await _send(tenant, interchange("PO", [first, second], control=231))
    assert [(row["key"], row["status"]) for row in rows] == [
        (NUMBER, "accepted"),
        ("US001-0000000008", "rejected"),
    ]
    (body,) = await _acknowledgments(tenant)
    assert body[-1] == ["AK9", "P", "2", "2", "1"]
    assert [order["number"] for order in await tenant.control("orders")] == [NUMBER]


async def test_acknowledgments_late_twice_again_contradicting_and_never(
    tenant: Tenant, sandbox: Sandbox
) -> None:
    counts = {"twice": 2, "again": 2, "contradicting": 2, "unknown_group": 1, "never": 0}
    seen = 0
    for control, (behaviour, count) in enumerate(counts.items(), 300):
        await tenant.control("behave", partner="ACME", acknowledgment=behaviour)
        await tenant.order(f"US001-{control}", control=control)
        bodies = (await _acknowledgments(tenant))[seen:]
        assert len(bodies) == count, behaviour
        seen += count
        if behaviour == "contradicting":
            assert [body[-1][1] for body in bodies] == ["A", "R"]
        if behaviour == "unknown_group":
            assert bodies[0][0] == ["AK1", "PO", "50303"]
    texts = await tenant.received_by_us("997")
    assert len(set(texts)) == len(texts) - 1, "`again` is the same file, `twice` is not"
    await tenant.control("behave", partner="ACME", acknowledgment="late")
    await tenant.upload("upload/850", "late.edi", order_850("US001-400", control=400))
    await tenant.control("advance", seconds=29 * 3600)
    assert len(await _acknowledgments(tenant)) == seen
    await tenant.control("advance", seconds=2 * 3600)
    assert len(await _acknowledgments(tenant)) == seen + 1


@pytest.mark.parametrize(
    ("behaviour", "kind", "codes"),
    [
        ("accept", "AD", [["IA", "10"], ["IA", "4"]]),
        ("change", "AC", [["IQ", "9"], ["IP", "4"]]),
        ("partial", "AC", [["IA", "10"], ["IA", "2"], ["IB", "2"]]),
        ("reject", "RD", [["IR"], ["IR"]]),
    ],
)
async def test_responses(
    tenant: Tenant, facts: Path, behaviour: str, kind: str, codes: list[list[str]]
) -> None:
    await tenant.control("behave", partner="ACME", response=behaviour)
    await tenant.order()
    (text,) = await tenant.received_by_us("855")
    (found,) = x12.read(text.encode())
    item = found.groups[0].sets[0]
    assert (item.value("BAK", 2), item.value("BAK", 3), item.value("BAK", 4)) == (kind, NUMBER, "20261119")
    assert [segment[1:3] for segment in item.all("ACK")] == codes
    assert x12_oracles.checked(facts, text.encode()) == []
    assert len(await tenant.received_by_us("810")) == (0 if behaviour == "reject" else 1)


async def test_a_second_order_under_a_number_is_a_duplicate(tenant: Tenant) -> None:
    await tenant.order()
    await tenant.order(control=232)
    rows = await tenant.control("received", status="duplicate")
    assert [(row["interchange"], row["reasons"]) for row in rows] == [
        ("000000232", [f"850 {NUMBER} came before, in interchange 000000231"])
    ]
    assert (await tenant.control("duplicates"))["documents"][0]["key"] == NUMBER
    assert len(await tenant.received_by_us("810")) == 1
    assert sandbox_counts(await tenant.control("sent")) == {"997": 2, "855": 1, "810": 1}


def sandbox_counts(rows: list[dict[str, Any]]) -> dict[str, int]:
    kinds = [row["kinds"][0] for row in rows]
    return {kind: kinds.count(kind) for kind in kinds}


async def test_changes_and_cancellations(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"invoice_seconds": 3600})

    async def send(body: list[str], control: int, code: str = "PC") -> None:
        content = interchange(code, [body], control=control)
        assert (await tenant.upload("upload/860", f"{control}.edi", content)).status == 201
        await tenant.control("settle", within=120)

    await tenant.upload("upload/850", "a.edi", order_850())
    await tenant.control("settle", within=120)
    change = [
        f"BCH*04*SA*{NUMBER}***20261119",
        "POC*1*QI*12*2*EA",
        "POC*2*DI",
        "POC*3*AI*5**BX*9.5**BP*3",
        "CTT*3",
    ]
    await send(change, 232)
    (order,) = await tenant.control("orders")
    assert [(line["number"], float(line["quantity"]), float(line["price"])) for line in order["lines"]] == [
        ("1", 12, 12.5),
        ("3", 5, 9.5),
    ]
    await send([f"BCH*01*SA*{NUMBER}***20261119"], 233)
    assert (await tenant.control("orders"))[0]["cancelled"] is True
    await send(["BCH*04*SA*NONE***20261119"], 234)
    assert (await tenant.control("received"))[-1]["reasons"] == ["there is no order NONE to change"]
    await tenant.control("settle")
    assert await tenant.received_by_us("810") == [], "a cancelled order is not billed"
    assert {row["status"] for row in await tenant.control("received")} == {"accepted"}


async def test_an_order_may_be_replaced(tenant: Tenant) -> None:
    await tenant.order()
    await tenant.order(control=232, purpose="05", lines=LINES[:1], tail=("CTT*1",))
    (order,) = await tenant.control("orders")
    assert (len(order["lines"]), order["revisions"]) == (1, 1)
    assert await tenant.control("received", status="duplicate") == []


async def test_our_invoices_are_checked_too(tenant: Tenant) -> None:
    def invoice(total: str) -> list[str]:
        return [
            "BIG*20261120*A-1**US001-1",
            "IT1*1*2*EA*12.345**BP*1",
            f"TDS*{total}",
            "SAC*C*D240***500",
            "CTT*1",
        ]

    async def send(total: str, control: int) -> dict[str, Any]:
        content = interchange("IN", [invoice(total)], control=control)
        assert (await tenant.upload("upload/810", f"{control}.edi", content)).status == 201
        await tenant.control("settle")
        row: dict[str, Any] = (await tenant.control("received", kind="810"))[-1]
        return row

    assert (await send("2969", 10))["status"] == "accepted"
    assert (await send("2969", 11))["status"] == "duplicate"
    assert (await send("29.69", 12))["status"] == "rejected"
    assert (await send("29", 13))["status"] == "rejected"
    assert len(await tenant.received_by_us("997")) == 4


@pytest.mark.parametrize(("manner", "code"), [("accept", "TA"), ("errors", "TE"), ("reject", "TR")])
async def test_advice(tenant: Tenant, facts: Path, manner: str, code: str) -> None:
    await tenant.order()
    await tenant.control("send", partner="ACME", kind="824", key=NUMBER, **{"as": manner})
    (text,) = await tenant.received_by_us("824")
    (found,) = x12.read(text.encode())
    (segment,) = found.groups[0].sets[0].all("OTI")
    assert (segment[1:4], segment[8:]) == ([code, "PO", NUMBER], ["231", "0001", "850"])
    assert x12_oracles.checked(facts, text.encode()) == []


async def test_an_acknowledgment_by_hand(tenant: Tenant) -> None:
    await tenant.control("behave", partner="ACME", acknowledgment="never")
    await tenant.order()
    await tenant.control("send", partner="ACME", kind="997", key=NUMBER, **{"as": "reject without_ak2"})
    assert await _acknowledgments(tenant) == [[["AK1", "PO", "231"], ["AK9", "R", "1", "1", "0"]]]
    await tenant.control("send", 400, partner="ACME", kind="997", key="unknown")
    await tenant.control("send", 400, partner="ACME", kind="856", key=NUMBER)
    await tenant.control("behave", 400, partner="ACME", acknowledgment="sing")
    await tenant.control("behave", 400, partner="ACME", mood="good")


def test_words_are_checked() -> None:
    assert words("invoice", "price, lf") == {"price", "lf"}
    for kind, known in WORDS.items():
        assert words(kind, " ".join(known)) == set(known)
    with pytest.raises(ValueError, match="acknowledgment knows"):
        words("acknowledgment", "price")
