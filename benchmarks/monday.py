"""Invoices onto the boards of Monday.com: ``python -m benchmarks.monday [--out FILE] [--small]``.

The sandbox holds to the vendor's limits and both clients wait for them by its clock, which waiting moves:
forty minutes of it take one or two real ones. The product runs as its tasks do; the contestant sends one
mutation for each item.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from cryptography.fernet import Fernet

from benchmarks.control import Control
from benchmarks.processes import ROOT, Cost, environment, run
from launcher.connections import sandbox_connections
from tests.flows.sandbox_time import SandboxTime

PLANS = ("pro", "enterprise")
MANY, FEW, CHANGED, LINES = 10_000, 2_000, 500, 3
SMALL = (300, 30)
HOUR, A_WHILE = 3600.0, 300.0

CREATES_A_MINUTE = 10_000_000 // 10_000
"""Points of a personal token, and of one write."""

IMPORTED_AN_HOUR = 19_000
Row = dict[str, Any]


def main() -> None:
    """Measure, print the tables and write everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monday")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    parser.add_argument("--small", action="store_true", help="a smoke run of 300 invoices on one plan")
    options = parser.parse_args()
    plans, many, changed = (PLANS[:1], *SMALL) if options.small else (PLANS, MANY, CHANGED)
    found: Row = {"rows": [], "times_fewer_calls": {}}
    for plan in plans:
        ours, others = product(plan, many, changed), plain(plan, many, changed)
        found["rows"] += [*ours, *others]
        found["times_fewer_calls"][plan] = calls_ratios(ours, others)
        print(table([*ours, *others]), flush=True)
        print(f"times fewer calls: {found['times_fewer_calls'][plan]}", flush=True)
    if not options.small:
        peaks = {FEW: product(PLANS[0], FEW, 0)[0]["peak_mib"], many: found["rows"][0]["peak_mib"]}
        found["memory"] = {"peak_mib": peaks, "ratio": round(peaks[many] / peaks[FEW], 2)}
        print(f"memory: {found['memory']}")
    if options.out:
        options.out.write_text(json.dumps(found, indent=2) + "\n")


def calls_ratios(ours: list[Row], others: list[Row]) -> Row:
    """By run, and altogether."""
    mine, theirs = ({row["run"]: row["calls"] for row in rows} for rows in (ours, others))
    found = {name: round(count / mine[name], 1) for name, count in theirs.items()}
    return found | {"altogether": round(sum(theirs.values()) / sum(mine.values()), 1)}


# ---- the two clients


def product(plan: str, vouchers: int, changed: int) -> list[Row]:
    """New, unchanged and, unless there are none, changed invoices."""
    with scene(plan, vouchers) as stage:
        made = [stage.product("new", (1 + LINES) * vouchers)]
        stage.check((1 + LINES) * vouchers)
        if not changed:
            return made
        stage.clock.advance(A_WHILE)
        made.append(stage.product("unchanged", 0))
        stage.clock.advance(HOUR)
        amounts = stage.change(changed)
        made.append(stage.product("changed", 2 * changed))
        stage.check((1 + LINES) * vouchers, amounts)
        return made


def plain(plan: str, vouchers: int, changed: int) -> list[Row]:
    """The same for a client of one mutation an item; what did not change it knows by itself."""
    with scene(plan, vouchers) as stage:
        stage.write_boards()
        made = [stage.plain("new", (1 + LINES) * vouchers)]
        stage.check((1 + LINES) * vouchers)
        stage.clock.advance(HOUR)
        amounts = stage.change(changed)
        made.append(stage.plain("changed", 2 * changed))
        stage.check((1 + LINES) * vouchers, amounts)
        return made


@dataclass
class Scene:
    """A sandbox with invoices, and what is measured of those who work with it."""

    plan: str
    folder: Path
    control: Control
    clock: SandboxTime
    variables: Mapping[str, str]
    counted: Row = field(default_factory=dict)

    def product(self, what: str, items: int) -> Row:
        """One run of the flow."""
        return self._measured("ml-connector", what, items, ["benchmarks.monday_worker", "run"])

    def plain(self, what: str, items: int) -> Row:
        """One run of the contestant."""
        return self._measured("one by one", what, items, ["benchmarks.monday_plain", what])

    def _measured(self, who: str, what: str, items: int, command: list[str]) -> Row:
        self._start_of_a_day()
        calls, refused, began = self._calls(), self._refused(), self.clock.seconds()
        cost = self.run(*command)
        minutes = (self.clock.seconds() - began) / 60
        sent = self._calls() - calls
        bound = least_minutes(items)
        return {
            "plan": self.plan, "client": who, "run": what, "items": items, "minutes": round(minutes, 1),
            "items_per_minute": round(items / minutes), "calls": sum(sent.values()),
            "writes": sum(count for name, count in sent.items() if name.startswith("mutation")),
            "calls_per_item": round(sum(sent.values()) / items, 4) if items else None,
            "of_the_limit": round(bound / minutes, 3) if items > CREATES_A_MINUTE else None,
            "refused": sum((self._refused() - refused).values()), "cpu_s": round(cost.cpu, 1),
            "wall_s": round(cost.wall, 1), "peak_mib": round(cost.peak_mib), "by_operation": dict(sent),
        }  # fmt: skip

    def run(self, module: str, work: str) -> Cost:
        """One process, to its end."""
        cost = run([sys.executable, "-m", module, work, str(self.folder)], environment(**self.variables))
        if cost.status != 0:
            sys.exit(f"{module} {work} ended with status {cost.status}")
        return cost

    def _start_of_a_day(self) -> None:
        """New calls, for a first run; those that follow go on in the same day."""
        if not self.counted:
            now = self.clock.now()
            midnight = now.replace(hour=0, minute=5, second=0, microsecond=0) + timedelta(days=1)
            self.clock.advance((midnight - now).total_seconds())
            self.counted = self._calls()

    def _calls(self) -> Counts:
        found = self.control.get("/state")["calls"]["per_operation"]
        kept = {name.removeprefix("monday "): count for name, count in found.items()}
        return Counts({name: n for name, n in kept.items() if name.startswith(("query ", "mutation "))})

    def _refused(self) -> Counts:
        return Counts(self.control.get("/state")["monday"]["refused"])

    def write_boards(self) -> None:
        """Where the contestant's items go."""
        boards = {}
        for name in ("Invoices", "Invoice lines"):
            shown = self.control.post("/monday/board", board=name)
            boards[name] = {"id": shown["id"], "group": shown["groups"][0]["id"]}
        (self.folder / "boards.json").write_text(json.dumps(boards))

    def change(self, count: int) -> dict[str, Decimal]:
        """Invoices, evenly over all, and the first line of each become dearer by one; their new amounts."""
        vouchers = json.loads((self.folder / "vouchers.json").read_text())
        chosen = vouchers[:: len(vouchers) // count][:count]
        for voucher in chosen:
            first = voucher["lines"][0]
            for row, name in ((voucher, "GROSS_AMT"), (first, "MERCHANDISE_AMT"),
                              (first["distributions"][0], "MERCHANDISE_AMT")):  # fmt: skip
                row[name] = str(Decimal(row[name]) + 1)
            values = {"GROSS_AMT": voucher["GROSS_AMT"], "lines": voucher["lines"]}
            key = [voucher["BUSINESS_UNIT"], voucher["VOUCHER_ID"]]
            self.control.post("/peoplesoft/upsert", record="voucher", key=key, values=values)
        (self.folder / "changed.json").write_text(json.dumps(chosen))
        return {f"{one['BUSINESS_UNIT']}|{one['VOUCHER_ID']}": Decimal(one["GROSS_AMT"]) for one in chosen}

    def check(self, items: int, amounts: Mapping[str, Decimal] | None = None) -> None:
        """Everything stands there, once."""
        found = self.control.get("/state")["monday"]
        if found["items"] != items or found["duplicates"]:
            sys.exit(f"{items} items ought to stand there: {found}")
        for item in self.control.post("/monday/board", board="Invoices")["items"] if amounts else ():
            values = item["values"]
            wanted = (amounts or {}).get(values["ps_key"])
            if wanted is not None and Decimal(values["ps_amount"]) != wanted:
                sys.exit(f"{values['ps_key']} shows {values['ps_amount']} instead of {wanted}")


class Counts(dict[str, int]):
    """Calls by operation."""

    def __sub__(self, other: Mapping[str, int]) -> Counts:
        return Counts({name: n - other.get(name, 0) for name, n in self.items() if n > other.get(name, 0)})


def least_minutes(items: int) -> float:
    """In how many minutes so many items can be written at best: import and mutations together."""
    minutes = 0.0
    while items > 0:
        items -= IMPORTED_AN_HOUR
        here = min(60.0, max(0, items) / CREATES_A_MINUTE)
        minutes, items = minutes + here, items - math.ceil(here * CREATES_A_MINUTE)
    return minutes


# ---- the sandbox and the tenant


@contextmanager
def scene(plan: str, vouchers: int) -> Iterator[Scene]:
    """A sandbox in a process of its own, whose boards are made."""
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        folder = Path(text)
        command = ["benchmarks.monday_sandbox", str(vouchers), plan, str(folder / "vouchers.json")]
        with subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                addresses = json.loads(process.stdout.readline())
                yield _provisioned(folder, plan, addresses)
            finally:
                process.terminate()


def _provisioned(folder: Path, plan: str, addresses: dict[str, str]) -> Scene:
    write_tenant(folder, plan)
    variables = {
        "BENCH_ENVIRONMENT": json.dumps(sandbox_connections(addresses)),
        "BENCH_KEY": Fernet.generate_key().decode(), "BENCH_MONDAY": addresses["monday_url"],
        "BENCH_CONTROL": addresses["control_url"],
    }  # fmt: skip
    clock = SandboxTime(addresses["control_url"], folder / "clock")
    made = Scene(plan, folder, Control(addresses["control_url"]), clock, variables)
    made.run("benchmarks.monday_worker", "provision")
    return made


def write_tenant(folder: Path, plan: str) -> None:
    """The demo's tenant with a board of invoices and one of lines."""
    values = yaml.safe_load((ROOT / "include" / "tenants" / "demo.yaml").read_text())
    options = values["integrations"]["monday"]["options"]
    options["limits"] = {"plan": plan}
    options["boards"] = {"invoices": options["boards"]["invoices"]}
    (folder / "demo.yaml").write_text(yaml.safe_dump(values))


def table(rows: list[Row]) -> str:
    """What was measured, for people."""
    names = ("plan", "client", "run", "items", "minutes", "items_per_minute", "of_the_limit", "calls",
             "writes", "calls_per_item", "refused", "cpu_s", "wall_s", "peak_mib")  # fmt: skip
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines
    )


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s altogether")
