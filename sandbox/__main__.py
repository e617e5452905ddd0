"""`python -m sandbox`: start all simulators and print where they listen, as one line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
from pathlib import Path

from .data import Size
from .server import SCENARIOS, Sandbox


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    for name in ("peoplesoft", "bill", "cleo", "cleo-sftp", "monday", "basware", "control"):
        parser.add_argument(f"--{name}-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--vouchers", type=int, default=200)
    parser.add_argument("--suppliers", type=int, default=None)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=90, help="vouchers are entered over so many days")
    parser.add_argument("--closed-percent", type=int, default=4, help="vouchers paid by PeopleSoft")
    parser.add_argument("--scenario", choices=SCENARIOS, default="demo")
    parser.add_argument("--gateway", default="/PSIGW", help="path of PeopleSoft's gateway")
    parser.add_argument("--bill-prefix", default="/connect", help="path under which BILL's API lies")
    parser.add_argument("--bill-events-prefix", help="path of its webhook management: /connect-events")
    parser.add_argument("--ready-file", type=Path, help="gets the same line once everything listens")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    size = Size(options.vouchers, options.suppliers, options.seed, options.days, options.closed_percent)
    sandbox = Sandbox(
        size,
        scenario=options.scenario,
        host=options.host,
        peoplesoft_port=options.peoplesoft_port,
        bill_port=options.bill_port,
        control_port=options.control_port,
        cleo_port=options.cleo_port,
        cleo_sftp_port=options.cleo_sftp_port,
        monday_port=options.monday_port,
        basware_port=options.basware_port,
        gateway=options.gateway,
        bill_prefix=options.bill_prefix,
        bill_events_prefix=options.bill_events_prefix,
    )
    gc.collect()
    gc.freeze()  # the data stays for the whole run: looking through it over and over doubles a page's cost
    gc.set_threshold(100_000, 20, 100)
    async with sandbox:
        line = json.dumps(sandbox.addresses)
        print(line, flush=True)
        if options.ready_file is not None:
            options.ready_file.write_text(line + "\n", encoding="utf-8")
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
