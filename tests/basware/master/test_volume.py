"""Calls and memory of many records; a hundred thousand vendors differ in nothing but their number."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ml_connector.basware.master.kinds import kind_of
from ml_connector.basware.master.presence import Presence
from sandbox.data.suppliers import address, location, supplier
from sandbox.peoplesoft.tables import SortedTable

from .scene import Scene, options

PLACE = ("Boston", "MA", "02110", "USA")


def many(scene: Scene, count: int) -> None:
    """PeopleSoft has so many suppliers."""
    made = []
    for number in range(1, count + 1):
        record = supplier(number, f"Vendor {number}")
        record["addresses"] = [address(PLACE, f"{number} Main St")]
        record["locations"] = [location("N30")]
        made.append(record)
    scene.sandbox.peoplesoft.suppliers = SortedTable(("SETID", "VENDOR_ID"), made)


async def test_calls_for_a_thousand_vendors(scene: Scene) -> None:
    """100,000 vendors: 500 posts, 500 questions, two lists of 200 pages, and 200 looked up singly."""
    many(scene, 1000)
    await scene.run("payment_terms")
    await scene.run("vendors")
    assert set(scene.statuses("vendors").values()) == {"loaded"}
    assert scene.calls("POST /v1/vendors") == 5
    assert scene.calls("GET /v1/requestStatus/") == 1 + 5
    assert scene.calls("GET /v1/vendors/{externalCode}") == 200
    # One before the first create, which finds nothing; then the list, once for what was sent and once for
    # what else may be there.
    assert scene.calls("GET /v1/vendors") - 200 <= 1 + 2 * 2


class Listing:
    """An interface that lists so many vendors, without a network."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def pages(self, path: str, query: dict[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        shape = kind_of("vendors", options().master).shape
        body: dict[str, Any] = {
            "name": "Vendor of everything", "companies": "US001 US002", "inherit": True, "currency": "USD",
            "addresses": [{"number": 1, "line1": "1 Main Street", "city": "Boston", "country": "US"}],
            "bank_accounts": [{"bban": "000123456789"}],
        }  # fmt: skip
        for start in range(0, self.count, 500):
            numbers = range(start, start + 500)
            yield [
                shape.record(f"SHARE-{number:010d}", body | {"vendorCode": f"{number:010d}"}, active=True)
                for number in numbers
            ]


@pytest.mark.parametrize("count", [20_000])
async def test_a_list_is_not_kept_in_memory(count: int) -> None:
    presence = Presence(Listing(count), kind_of("vendors", options().master), singly=0)  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        found = await presence.known(["SHARE-0000000007", "SHARE-9999999999"])
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        presence.close()
    assert [held.body["vendorCode"] for held in found.values()] == ["0000000007"]
    assert kept / count < 400  # bytes: the code and its place in the file
