"""The 810s of the partners: exact, wrong in business, wrong on the wire."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.cleo.partners import x12
from sandbox.cleo.partners.judge import footing

from . import x12_oracles
from .cleo_client import Tenant, order_850

NUMBER = "US001-0000000007"
SOUND = (
    "exact", "price", "quantity", "part", "freight", "tax", "discount", "credit", "negative_credit",
    "wrong_order", "no_order", "no_line", "wrong_line", "header_only", "other_currency",
    "freight tax discount",
)  # fmt: skip


async def _bill(tenant: Tenant, words: str) -> str:
    """An order, and its invoice written in this way."""
    await tenant.control("behave", partner="ACME", invoice=words)
    await tenant.order()
    (text,) = await tenant.received_by_us("810")
    return text


def _set(text: str) -> x12.Set:
    (found,) = x12.read(text.encode())
    (item,) = found.groups[0].sets
    return item


async def test_the_exact_invoice(tenant: Tenant) -> None:
    item = _set(await _bill(tenant, "exact"))
    assert item.value("BIG", 2) == f"INV-{NUMBER}"
    assert (item.value("BIG", 3), item.value("BIG", 4), item.value("BIG", 7)) == ("20261119", NUMBER, "DI")
    assert item.all("IT1") == [
        ["IT1", "1", "10", "EA", "12.5", "", "BP", "10001", "VP", "AC-77"],
        ["IT1", "2", "4", "BX", "80", "", "BP", "10044", "VP", "AC-91"],
    ]
    assert (item.value("TDS", 1), item.value("CUR", 2), item.value("REF", 2)) == (
        "44500",
        "USD",
        "0000000002",
    )
    (sent,) = [row for row in await tenant.control("sent") if row["invoice"]]
    assert (sent["invoice"], sent["order"], sent["total"]) == (f"INV-{NUMBER}", NUMBER, "445.00")
    assert sent["interchange"] in sent["file"]


@pytest.mark.parametrize("words", SOUND)
async def test_what_is_wrong_in_business_is_sound_x12(tenant: Tenant, facts: Path, words: str) -> None:
    text = await _bill(tenant, words)
    assert x12_oracles.checked(facts, text.encode()) == []
    assert x12_oracles.envelope_errors(text) == []
    if words != "header_only":
        assert Decimal(_set(text).value("TDS", 1)) / 100 == footing(_set(text))


@pytest.mark.parametrize(
    ("words", "segment", "number", "value"),
    [
        ("price", "IT1", 4, "13.75"),
        ("quantity", "IT1", 2, "11"),
        ("part", "IT1", 2, "5"),
        ("freight", "SAC", 5, "1500"),
        ("tax", "TXI", 2, "36.71"),
        ("discount", "SAC", 5, "890"),
        ("credit", "BIG", 7, "CR"),
        ("negative_credit", "TDS", 1, "-44500"),
        ("wrong_order", "BIG", 4, "US001-9999999999"),
        ("no_order", "BIG", 4, ""),
        ("no_line", "IT1", 1, ""),
        ("wrong_line", "IT1", 1, "999"),
        ("dollars", "TDS", 1, "445"),
        ("each", "IT1", 3, "EACH"),
        ("bad_total", "TDS", 1, "54500"),
        ("header_only", "CTT", 1, "0"),
        ("other_currency", "CUR", 2, "EUR"),
    ],
)
async def test_each_mistake(tenant: Tenant, words: str, segment: str, number: int, value: str) -> None:
    assert _set(await _bill(tenant, words)).value(segment, number) == value


async def test_an_invoice_that_comes_again(tenant: Tenant) -> None:
    await tenant.order()
    for words in ("duplicate", "same_number", "again"):
        await tenant.control("send", partner="ACME", kind="810", order=NUMBER, **{"as": words})
    sent = [row for row in await tenant.control("sent") if row["invoice"]]
    first, duplicate, same, again = sent
    assert duplicate["invoice"] == first["invoice"]
    assert duplicate["interchange"] != first["interchange"]
    assert (same["interchange"], same["invoice"]) == (duplicate["interchange"], f"{first['invoice']}-2")
    texts = await tenant.received_by_us("810")
    assert (len(texts), len(set(texts)), again["invoice"]) == (5, 4, f"{first['invoice']}-3")


async def test_many_invoices_for_one_order(tenant: Tenant) -> None:
    await tenant.order()
    for _ in range(11):
        await tenant.control("send", partner="ACME", kind="810", order=NUMBER)
    numbers = [row["invoice"] for row in await tenant.control("sent") if row["invoice"]]
    assert (len(set(numbers)), numbers[1], numbers[-1]) == (12, f"INV-{NUMBER}-2", "INV-S001-0000000007-12")
    assert max(map(len, numbers)) == 22


async def test_twice_is_a_duplicate_under_new_numbers(tenant: Tenant) -> None:
    await tenant.control("behave", partner="ACME", invoice="twice", response="twice")
    await tenant.order()
    sent = [row for row in await tenant.control("sent") if row["invoice"]]
    assert [row["invoice"] for row in sent] == [f"INV-{NUMBER}"] * 2
    assert sent[0]["interchange"] != sent[1]["interchange"]
    assert len(await tenant.received_by_us("855")) == 2


async def test_invoices_late_and_never(tenant: Tenant) -> None:
    await tenant.control("behave", partner="ACME", invoice="late")
    await tenant.upload("upload/850", "a.edi", order_850())
    await tenant.control("advance", seconds=3600)
    assert await tenant.received_by_us("810") == []
    await tenant.control("advance", seconds=30 * 3600)
    assert len(await tenant.received_by_us("810")) == 1
    await tenant.control("behave", partner="ACME", invoice="never")
    tenant.tokens.clear()
    await tenant.order("US001-0000000008", control=232)
    assert len(await tenant.received_by_us("810")) == 1


async def _raw(tenant: Tenant, words: str) -> tuple[str, bytes]:
    """The folder and bytes of an invoice sent by hand."""
    await tenant.order()
    before = set(tenant.sandbox.cleo.files.files)
    await tenant.control("send", partner="ACME", kind="810", order=NUMBER, **{"as": words})
    (new,) = set(tenant.sandbox.cleo.files.files) - before
    file = tenant.sandbox.cleo.files.files[new]
    return file.folder.path, file.content


async def test_files_that_read_well_all_the_same(tenant: Tenant, facts: Path) -> None:
    _, content = await _raw(tenant, "lf bom pipe")
    assert content.startswith(b"\xef\xbb\xbfISA|00|")
    assert content[3 + 105 : 3 + 106] == b"\n"
    assert b"~" not in content
    assert x12_oracles.checked(facts, content) == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("wrong_se", "SE01"),
        ("wrong_ge", "GE01"),
        ("wrong_iea", "IEA01"),
        ("no_se", "SE"),
        ("collapsed", "ISA"),
    ],
)
async def test_broken_envelopes(tenant: Tenant, facts: Path, words: str, fault: str) -> None:
    folder, content = await _raw(tenant, words)
    assert folder == "download/810"
    found = x12_oracles.checked(facts, content)
    assert any(fault in line for line in found), found


async def test_odd_but_seen(tenant: Tenant) -> None:
    _, content = await _raw(tenant, "unterminated")
    assert content.endswith(b"IEA*1*000001004")
    for words, wanted in (
        ("old_repetition", b"*U*00501*"),
        ("indented", b"~\n  ST*"),
        ("non_ascii", b"Gr\xc3\xb6"),
    ):
        before = set(tenant.sandbox.cleo.files.files)
        await tenant.control("send", partner="ACME", kind="810", order=NUMBER, **{"as": words})
        (new,) = set(tenant.sandbox.cleo.files.files) - before
        assert wanted in tenant.sandbox.cleo.files.files[new].content, words


@pytest.mark.parametrize(
    ("words", "shape"), [("two_interchanges", [["PR"], ["IN"]]), ("mixed", [["PR", "IN"]])]
)
async def test_several_documents_in_a_file(
    tenant: Tenant, facts: Path, words: str, shape: list[list[str]]
) -> None:
    folder, content = await _raw(tenant, words)
    assert folder == "download/other"
    found = x12.read(content)
    assert [[group.code for group in one.groups] for one in found] == shape
    assert x12_oracles.checked(facts, content) == []


async def test_an_unknown_order_cannot_be_billed(tenant: Tenant) -> None:
    await tenant.control("send", 400, partner="ACME", kind="810", order="nothing")
    answer: dict[str, Any] = await tenant.control("behave", 400, partner="ACME", invoice="for free")
    assert "invoice knows exact" in answer["error"]
