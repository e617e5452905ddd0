"""From approved invoice to voucher: ``python -m benchmarks.basware_latency [--count 50] [--out FILE]``.

A real Airflow with all its components, started as the demonstration starts it: Basware notifies, the receiver
stores, the watcher wakes the scheduler, and tasks read the invoice, acknowledge it and make the voucher. A
DAG of three empty tasks runs in turn with them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from launcher.demo import FROM_BASWARE, Demonstration, demonstration
from tests.airflow.latency import EMPTY, measure_vouchers, with_empty_dag

VOUCHERS = 20
"""Size of the sandbox's PeopleSoft; the invoices come in addition."""


def main() -> None:
    """Measure, print the figures and write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.basware_latency")
    parser.add_argument("--count", type=int, default=50, help="invoices")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    options = parser.parse_args()
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        settings = with_empty_dag(Path(folder) / "dags")
        with demonstration(VOUCHERS, say, settings) as demo:
            figures = measured(demo, options.count)
    print(json.dumps(figures, indent=2))
    if options.out:
        options.out.write_text(json.dumps(figures, indent=2) + "\n")


def measured(demo: Demonstration, count: int) -> dict[str, Any]:
    """Subscribe to Basware's notifications, then measure."""
    demo.airflow.wait_for_dag(EMPTY)
    if not demo.day("Subscribe to the notifications of Basware", [FROM_BASWARE]):
        raise SystemExit("the first run did not reconcile")
    return measure_vouchers(demo, count).figures()


if __name__ == "__main__":
    main()
