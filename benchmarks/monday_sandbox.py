"""The sandbox with invoices of three lines each: ``python -m benchmarks.monday_sandbox VOUCHERS PLAN FILE``.

Prints its addresses, and writes the vouchers to a file for the contestant. The limits are those of the
plan for a personal token; the board of lines takes what there is.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from pathlib import Path

from sandbox.data import Size, vouchers
from sandbox.data.size import UNITS
from sandbox.server import Sandbox

SUPPLIERS = 25


def make(count: int, plan: str, file: Path) -> Sandbox:
    """A sandbox with its data."""
    always = {"LINE_COUNTS": (3,), "PART_COUNTS": (1,), "STATES": (("P", "A", "P"),)}
    vars(vouchers).update(always)
    sandbox = Sandbox(Size(count, SUPPLIERS, closed_percent=0), scenario="plain")
    sandbox.monday.switches.change({"plan": plan, "items_limit": 4 * count + 1000})
    made = [
        sandbox.peoplesoft.voucher(unit, f"{number:08d}")
        for unit in UNITS
        for number in range(1, sandbox.size.of_unit(unit) + 1)
    ]
    file.write_text(json.dumps(made, default=str))
    del made
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    return sandbox


async def serve(sandbox: Sandbox) -> None:
    """Until it is terminated."""
    async with sandbox:
        print(json.dumps(sandbox.addresses), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(make(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))
