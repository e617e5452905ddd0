"""Get and Find of the component interface: a Find may match less, or more, than it was asked."""

from __future__ import annotations

import asyncio

import pytest

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, ContractChanged, Rejected
from ml_connector.peoplesoft.writers.kinds import SUPPLIER, VOUCHER
from ml_connector.peoplesoft.writers.lookup import (
    CANDIDATES,
    SEARCH_ROWS,
    ByInterface,
    Matches,
    in_parallel,
    spellings,
)

from .support import Fake, opener, supplier, voucher

NATURAL = {"BUSINESS_UNIT": "US001", "VENDOR_ID": "0000000012", "INVOICE_ID": "BW-778812"}


async def matching(fake: Fake, natural: dict[str, str] | None = None) -> Matches:
    return await ByInterface(fake.kind, opener(fake)).matching(natural or NATURAL)


async def test_what_only_begins_alike_is_not_asked_for() -> None:
    fake = Fake(VOUCHER)
    ours = fake.put(voucher(VOUCHER_ID="00000001"))
    fake.put(voucher(VOUCHER_ID="00000002", INVOICE_ID="BW-7788129"))
    found = await matching(fake)
    assert (list(found.records), found.doubt, found.unclear) == ([ours], None, None)
    assert [values for name, values in fake.calls if name == "get"] == [VOUCHER.key_values(ours)]


@pytest.mark.parametrize("held", ["bw-778812", "BW-778812"])
async def test_a_number_is_found_in_capitals_and_as_it_was_sent(held: str) -> None:
    fake = Fake(VOUCHER)
    ours = fake.put(voucher(VOUCHER_ID="00000001", INVOICE_ID=held))
    assert list((await matching(fake, NATURAL | {"INVOICE_ID": "bw-778812"})).records) == [ours]


def test_spellings() -> None:
    assert spellings(NATURAL) == [NATURAL]
    small = NATURAL | {"INVOICE_ID": "bw-1"}
    assert spellings(small) == [NATURAL | {"INVOICE_ID": "BW-1"}, small]


async def test_a_search_key_that_the_answer_does_not_show_is_compared_in_the_object() -> None:
    fake = Fake(VOUCHER, extra_found=[{"BUSINESS_UNIT": "US001", "VOUCHER_ID": "00000002"}])
    fake.put(voucher(VOUCHER_ID="00000002", VENDOR_ID="0000000099"))
    found = await matching(fake)
    assert (found.records, found.doubt) == ({}, None)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"BUSINESS_UNIT": "US001", "VOUCHER_ID": "1", "INVOICE_ID": "ZZ"}, "not asked for"),
        ({"BUSINESS_UNIT": "US001", "INVOICE_ID": "BW-778812"}, "without BUSINESS_UNIT, VOUCHER_ID"),
    ],
)
async def test_an_answer_that_does_not_fit_the_question_proves_nothing(row: Payload, words: str) -> None:
    found = await matching(Fake(VOUCHER, extra_found=[row]))
    assert words in str(found.doubt)


async def test_a_search_that_is_full_is_unclear() -> None:
    rows = [
        {"BUSINESS_UNIT": "US001", "VOUCHER_ID": f"{n:08d}", "INVOICE_ID": f"BW-778812{n}"}
        for n in range(SEARCH_ROWS)
    ]
    found = await matching(Fake(VOUCHER, extra_found=rows))
    assert "there may be more" in str(found.unclear)


async def test_more_of_one_number_than_anybody_reads_are_unclear() -> None:
    fake = Fake(VOUCHER)
    for number in range(CANDIDATES + 1):
        fake.put(voucher(VOUCHER_ID=f"{number:08d}"))
    found = await matching(fake)
    assert (found.records, found.unclear) == ({}, f"PeopleSoft has {CANDIDATES + 1} vouchers under this key")
    assert [name for name, _ in fake.calls] == ["find"]


async def test_a_search_that_is_refused_is_unclear() -> None:
    found = await matching(Fake(VOUCHER, broken=Rejected("too many rows")))
    assert found.unclear == "PeopleSoft refuses to search: too many rows"


class Locked(Fake):
    async def get(self, keys: Payload) -> Payload | None:
        raise Rejected("locked")


async def test_an_object_that_is_found_and_cannot_be_read_is_unclear() -> None:
    fake = Locked(VOUCHER)
    fake.put(voucher(VOUCHER_ID="00000001"))
    found = await matching(fake)
    assert found.unclear == "voucher US001|00000001 is there, but cannot be read: locked"


async def test_an_interface_that_does_not_show_the_status_is_of_no_use() -> None:
    fake = Fake(VOUCHER)
    fake.objects["US001|00000001"] = voucher(VOUCHER_ID="00000001")
    with pytest.raises(ConfigurationError, match="does not show ENTRY_STATUS"):
        await ByInterface(VOUCHER, opener(fake)).read(["US001|00000001"])


async def test_an_answer_about_another_object_is_refused() -> None:
    fake = Fake(VOUCHER)
    fake.objects["US001|00000001"] = {"ENTRY_STATUS": "P", **voucher(VOUCHER_ID="00000002")}
    with pytest.raises(ContractChanged, match=r"asked for US001\|00000001"):
        await ByInterface(VOUCHER, opener(fake)).read(["US001|00000001"])


async def test_keys_that_the_answer_leaves_out_are_those_that_were_asked_for() -> None:
    fake = Fake(SUPPLIER)
    fake.objects["SHARE|0000000123"] = {"VENDOR_STATUS": "A", **supplier(SETID="", VENDOR_ADDR=[])}
    read = await ByInterface(SUPPLIER, opener(fake)).read(["SHARE|0000000123", "SHARE|0000000124"])
    (record,) = read.records.values()
    assert (record["SETID"], record["VENDOR_ID"], record["VENDOR_LOC"]) == ("SHARE", "0000000123", [])


async def test_so_many_at_a_time_and_the_first_failure_stops_the_others() -> None:
    running = most = 0
    done: list[int] = []

    async def work(number: int) -> int:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0)
        running -= 1
        if number == 7:
            raise Rejected("seven")
        done.append(number)
        return number

    assert await in_parallel(range(5), work, 2) == [0, 1, 2, 3, 4]
    assert most == 2
    with pytest.raises(Rejected):
        await in_parallel(range(5, 20), work, 2)
    assert 19 not in done
