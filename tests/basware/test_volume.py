"""Few calls for each record, and no more memory for many than for few.

The figures of 5,000 invoices and of 100,000 vendors stand in docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.basware import grown, master_data, sweep

INVOICES, FEW_INVOICES = 120, 20
VENDORS, FEW_VENDORS, CHANGED = 1200, 200, 100
GROWN = 1.1
"""A run of few takes some 200 MiB, nearly all of them for Python's modules."""

INVOICE = "basware {} /v1/accountingDocuments{}"


def asked(row: dict[str, Any], operation: str) -> int:
    """Calls of an operation."""
    return int(row["by_operation"].get(operation, 0))


async def test_an_invoice_takes_two_calls_and_its_part_of_some_lists() -> None:
    new, decided, unchanged = await asyncio.to_thread(sweep, INVOICES)
    for action in ("acknowledge", "transferResponses"):
        assert asked(new, INVOICE.format("POST", f"/{{invoiceId}}/{action}")) == INVOICES
    assert asked(new, "peoplesoft SOAP CI_AP_VOUCHER_C") == INVOICES
    assert new["writes"] == 2 * INVOICES
    # A few are looked at one by one before a list is asked for.
    assert asked(new, INVOICE.format("GET", "/{invoiceId}")) <= 10
    assert new["calls"] + decided["calls"] <= 2 * INVOICES + 40
    assert (decided["writes"], unchanged["writes"]) == (0, 0)
    assert unchanged["calls"] <= 10
    few = await asyncio.to_thread(sweep, FEW_INVOICES, first_only=True)
    assert grown([*few, new]) <= GROWN


async def test_vendors_go_two_hundred_at_a_time_and_only_when_they_changed() -> None:
    new, decided, unchanged, changed = await asyncio.to_thread(master_data, VENDORS, CHANGED)
    posts = "basware POST /v1/vendors"
    assert asked(new, posts) == VENDORS // 200
    # Two hundred are read back one by one before the list is asked for.
    assert new["calls"] + decided["calls"] <= 200 + 50
    assert (unchanged["calls"], unchanged["writes"]) == (0, 0)
    assert (asked(changed, posts), changed["writes"]) == (1, 1)
    few = await asyncio.to_thread(master_data, FEW_VENDORS, 0, first_only=True)
    assert grown([*few, new]) <= GROWN
