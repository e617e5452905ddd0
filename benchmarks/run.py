"""Measure the product beside other engines: ``python -m benchmarks.run [--out FILE] [--only speed,faults]``.

All contestants of one table run in turn on the same machine; only their ratios mean anything
elsewhere. BullMQ takes part where ``BULLMQ_DIR`` names the folder that has ``node_modules/bullmq``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

from benchmarks import faults, memory, speed
from benchmarks.arena import bench_folder
from benchmarks.contestants import contestants

PARTS = ("speed", "faults", "memory")


def main() -> None:
    """Run the parts asked for, print each as it ends, and write everything."""
    options = _options()
    folder = bench_folder()
    results: dict[str, Any] = {"machine": _machine()}
    with contestants(folder) as engines:
        if "speed" in options.only:
            results["speed"] = []
            for delay in options.delay:
                repetitions = options.repetitions if delay == 0 else 1
                results["speed"].append(speed.measure(folder, engines, delay, repetitions))
                _print_speed(results["speed"][-1])
        if "faults" in options.only:
            results["faults"] = faults.measure(folder, engines)
            _print_rows(results["faults"])
    if "memory" in options.only:
        results["memory"] = memory.measure(folder)
        _print_rows([results["memory"]])
    if options.out:
        options.out.write_text(json.dumps(results, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    parser.add_argument("--only", type=_parts, default=PARTS, help="of speed,faults,memory")
    parser.add_argument("--delay", type=_numbers, default=[0, 10], help="the server's delay in ms, e.g. 0,10")
    parser.add_argument("--repetitions", type=int, default=5, help="without delay; with delay it is one")
    return parser.parse_args()


def _parts(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))} is not one of {', '.join(PARTS)}")
    return chosen


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version(),
        "load": [round(value, 1) for value in os.getloadavg()],
    }  # fmt: skip


def _print_speed(result: dict[str, Any]) -> None:
    print(f"\n{result['delay_ms']} ms delay, median of {result['repetitions']}")
    _print_rows([{"contestant": name, **figures} for name, figures in result["figures"].items()])
    for name, ratio in result["ratios"].items():
        print(f"  records/s of ml-connector : {name} = {ratio}")


def _print_rows(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print("  " + "  ".join(f"{name} {value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
