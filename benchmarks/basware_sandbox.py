"""The sandbox with approved invoices: ``python -m benchmarks.basware_sandbox INVOICES SUPPLIERS``.

Prints its addresses. P2P takes a minute over each write, asks for five seconds between two writes to one
invoice, and refuses what comes too soon: the simulator's own strictness.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from decimal import Decimal
from typing import Any

from sandbox.data import Size
from sandbox.data.size import UNITS
from sandbox.data.suppliers import payable, suppliers
from sandbox.server import Sandbox

STANDING, ROWS = 2, 3
PROCESSING = 60.0
"""Seconds from a write to what P2P decides."""


def make(invoices: int, count: int) -> Sandbox:
    """A sandbox with its data."""
    sandbox = Sandbox(Size(STANDING, count), scenario="plain")
    sandbox.basware.switches.change({"processing_seconds": PROCESSING})
    vendors = [row["VENDOR_ID"] for row in payable(suppliers(sandbox.size))]
    for number in range(invoices):
        sandbox.basware.add(_invoice(number, vendors[number % len(vendors)]), notify=False)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    return sandbox


def _invoice(number: int, vendor: str) -> dict[str, Any]:
    rows = [
        {"netTotal": Decimal(100 + number % 900 + row) / 2, "costCenterCode": "10200"}
        for row in range(1, ROWS + 1)
    ]
    values = {
        "invoiceNumber": f"BENCH-{number:06d}",
        "supplierCode": vendor,
        "companyCode": UNITS[number % len(UNITS)],
    }
    return {"values": values, "rows": rows}


async def serve(sandbox: Sandbox) -> None:
    """Until it is terminated."""
    async with sandbox:
        print(json.dumps(sandbox.addresses), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(make(int(sys.argv[1]), int(sys.argv[2]))))
