"""Invoices and vendors of Basware: ``python -m benchmarks.basware [--out FILE] [--only invoices,vendors]``.

The sandbox keeps a minute between a write and P2P's decision, and five seconds between two writes to one
invoice; the product keeps its own pace of five requests a second. It waits by the sandbox's clock, which
waiting moves: an hour of it takes some real minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.fernet import Fernet

from benchmarks.control import Control
from benchmarks.processes import ROOT, Cost, environment, run
from launcher.connections import sandbox_connections
from tests.flows.sandbox_time import SandboxTime

INVOICES, FEW_INVOICES = 5_000, 1_000
VENDORS, FEW_VENDORS, CHANGED = 100_000, 20_000, 500
SMALL = (60, 400, 50)
PARTS = ("invoices", "vendors")
BACK, MASTER = ("invoices", "transfers"), ("payment_terms", "vendors")
SUPPLIERS, STANDING = 40, 2
"""Whom the invoices come from, and vouchers that were there before."""

A_WHILE, ROUNDS = 300.0, 4
"""Seconds between two runs, and after how many P2P ought to have decided on everything."""

REDIRECTED = "basware GET /_presigned/{id}"
"""The second half of a read: it goes to the storage, and the pace does not count it."""

Row = dict[str, Any]


def main() -> None:
    """Measure, print the tables and write everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.basware")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help=",".join(PARTS))
    parser.add_argument("--small", action="store_true", help="a smoke run of a few records")
    options = parser.parse_args()
    found: Row = {}
    for part in options.only:
        found[part] = PARTS_OF[part](small=options.small)
        print(table(found[part]["rows"]), flush=True)
        print(json.dumps({name: value for name, value in found[part].items() if name != "rows"}), flush=True)
    if options.out:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


def invoices(*, small: bool = False) -> Row:
    """Few and many invoices."""
    if small:
        return {"rows": sweep(SMALL[0])}
    rows = [*sweep(FEW_INVOICES), *sweep(INVOICES)]
    return {"rows": rows, "memory_ratio": grown(rows)}


def vendors(*, small: bool = False) -> Row:
    """Few and many vendors."""
    if small:
        return {"rows": master_data(SMALL[1], SMALL[2])}
    rows = [*master_data(FEW_VENDORS, CHANGED), *master_data(VENDORS, CHANGED)]
    return {"rows": rows, "memory_ratio": grown(rows)}


PARTS_OF = {"invoices": invoices, "vendors": vendors}


def grown(rows: list[Row]) -> float:
    """Memory of the largest first run as a multiple of that of the smallest."""
    first = [row for row in rows if row["run"] == "new"]
    ordered = sorted(first, key=lambda row: int(row["records"]))
    return float(round(ordered[-1]["peak_mib"] / ordered[0]["peak_mib"], 2))


# ---- the runs


def sweep(count: int, *, first_only: bool = False) -> list[Row]:
    """Approved invoices become vouchers, Basware hears of each, and then there is nothing to do."""
    with scene(count, SUPPLIERS) as stage:
        made = [stage.run("new", "back", BACK, count)]
        if first_only:
            return made
        while not stage.transferred(count):
            if len(made) > ROUNDS:
                sys.exit(f"P2P has not decided on everything: {stage.state()['statuses']}")
            made.append(stage.later("decided", "back", BACK, count))
        made.append(stage.later("unchanged", "back", BACK, count))
        stage.check_vouchers(count)
        return made


def master_data(count: int, changed: int, *, first_only: bool = False) -> list[Row]:
    """Suppliers become vendors; then none, and then some of them are changed."""
    with scene(0, count) as stage:
        made = [stage.run("new", "out", MASTER, count)]
        if first_only:
            return made
        made += [stage.later(what, "out", MASTER, count) for what in ("decided", "unchanged")]
        stage.change(changed)
        made.append(stage.later("changed", "out", MASTER, changed))
        stage.advance(A_WHILE)
        stage.check_vendors(count, changed)
        return made


@dataclass
class Scene:
    """A sandbox with data, and what is measured of those who work with it."""

    folder: Path
    control: Control
    clock: SandboxTime
    variables: Mapping[str, str]

    def run(self, what: str, direction: str, flows: tuple[str, ...], records: int) -> Row:
        """One run of these flows, in a process of its own."""
        cost = self._process(direction, flows)
        stages: list[Row] = json.loads((self.folder / "stages.json").read_text())
        calls: Counter[str] = Counter()
        for stage in stages:
            calls.update(stage["calls"])
        basware = {name: count for name, count in calls.items() if name.startswith("basware ")}
        asked = sum(count for name, count in basware.items() if name != REDIRECTED)
        minutes = sum(stage["minutes"] for stage in stages)
        return {
            "run": what, "records": records, "minutes": round(minutes, 1), "calls": asked,
            "calls_per_record": round(asked / records, 4), "writes": writes(basware),
            "calls_per_second": round(asked / (60 * minutes), 2) if minutes else None,
            "cpu_s": round(cost.cpu, 1), "wall_s": round(cost.wall, 1), "peak_mib": round(cost.peak_mib),
            "by_operation": dict(sorted(calls.items())), "stages": stages,
        }  # fmt: skip

    def later(self, what: str, direction: str, flows: tuple[str, ...], records: int) -> Row:
        """The same after a while, in which P2P decides."""
        self.advance(A_WHILE)
        return self.run(what, direction, flows, records)

    def _process(self, direction: str, flows: tuple[str, ...]) -> Cost:
        command = [sys.executable, "-m", "benchmarks.basware_stages", direction, str(self.folder)]
        cost = run([*command, ",".join(flows)], environment(**self.variables), patience=7200.0)
        if cost.status != 0:
            sys.exit(f"{direction} {','.join(flows)} ended with status {cost.status}")
        return cost

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)

    def state(self) -> Row:
        """What Basware holds."""
        found: Row = self.control.get("/state")["basware"]
        return found

    def transferred(self, count: int) -> bool:
        """Whether P2P has every voucher, and no request came too close to another."""
        found = self.state()
        if found["duplicates"] or found["gap_violations"]:
            sys.exit(f"vouchers twice, or writes too close: {found}")
        return bool(found["statuses"] == {"Transferred": count})

    def check_vouchers(self, count: int) -> None:
        """Each invoice has one voucher, and PeopleSoft no more than those."""
        told = self.control.post("/basware/documents", status="Transferred")
        named = {(row["companyCode"], row["voucherNumber1"]) for row in told}
        counts = self.control.get("/state")["peoplesoft"]
        made = sum(n for name, n in counts.items() if name.startswith("voucher ")) - STANDING
        if not len(told) == len(named) == made == count:
            sys.exit(f"{count} invoices, {len(told)} answered with {len(named)} vouchers, {made} made")

    def change(self, count: int) -> None:
        """Suppliers that were approved all the time get another name."""
        for number in suppliers_evenly(count, self.state()["records"]["vendors"]):
            key = ["SHARE", f"{number:010d}"]
            self.control.post("/peoplesoft/upsert", record="supplier", key=key, values={"NAME1": "Renamed"})

    def check_vendors(self, count: int, changed: int) -> None:
        """P2P took everything, and the changes."""
        found = self.state()
        if found["records"]["vendors"] != found["p2p"]["vendors"] or found["p2p"]["vendors"] > count:
            sys.exit(f"{count} suppliers: {found}")
        renamed = 0
        for number in suppliers_evenly(changed, found["records"]["vendors"]):
            body = {"resource": "vendors", "externalCode": f"SHARE-{number:010d}"}
            (row,) = self.control.post("/basware/records", **body)
            renamed += row["p2p"]["name"] == "Renamed"
        if renamed != changed:
            sys.exit(f"{renamed} of {changed} vendors were renamed")


def suppliers_evenly(count: int, of: int) -> list[int]:
    """Numbers of suppliers, evenly over all but those that are switched off in PeopleSoft."""
    usable = [number for number in range(1, of + 1) if number % 17 and number % 19]
    return usable[:: max(1, len(usable) // count)][:count]


def writes(calls: Mapping[str, int]) -> int:
    """Calls that change something."""
    return sum(count for name, count in calls.items() if " POST " in name and not name.endswith("/tokens"))


# ---- the sandbox and the tenant


@contextmanager
def scene(approved: int, suppliers: int) -> Iterator[Scene]:
    """A sandbox in a process of its own, and a tenant without a state."""
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        folder = Path(text)
        command = ["benchmarks.basware_sandbox", str(approved), str(suppliers)]
        with subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                addresses = json.loads(process.stdout.readline())
                write_tenant(folder)
                control, clock = addresses["control_url"], folder / "clock"
                yield Scene(folder, Control(control), SandboxTime(control, clock), _variables(addresses))
            finally:
                process.terminate()


def _variables(addresses: Mapping[str, str]) -> dict[str, str]:
    return {
        "BENCH_ENVIRONMENT": json.dumps(sandbox_connections(dict(addresses))),
        "BENCH_KEY": Fernet.generate_key().decode(),
        "BENCH_CONTROL": addresses["control_url"],
    }


def write_tenant(folder: Path) -> None:
    """The demo's tenant at the pace of one that sets nothing, without a receiver for notifications."""
    values = yaml.safe_load((ROOT / "include" / "tenants" / "demo.yaml").read_text())
    given = values["integrations"]["basware"]["options"]
    given.pop("requests_per_second", None)
    given["webhooks"] = {"subscribe": False}
    (folder / "demo.yaml").write_text(yaml.safe_dump(values))


def table(rows: list[Row]) -> str:
    """What was measured, for people."""
    names = ("run", "records", "minutes", "calls", "calls_per_record", "writes", "calls_per_second", "cpu_s",
             "wall_s", "peak_mib")  # fmt: skip
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines
    )


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s altogether")
