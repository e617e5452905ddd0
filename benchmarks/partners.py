"""Many partners, many orders: ``python -m benchmarks.partners [--out FILE] [--only volume,pace,files]``.

One run of the flow ``cleo.purchase_orders`` against the sandbox, each in a process of its own: peak memory
with few and with many orders, documents per second, one upload per interchange, the pace. Then how long it
takes to load 500 partner files, and to parse the DAG file with and without them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from cryptography.fernet import Fernet

from benchmarks.control import Control, Controls
from benchmarks.processes import ROOT, Cost, environment, run
from launcher.connections import sandbox_connections
from sandbox.data.orders import distribution, order_line, schedule
from sandbox.data.size import day

PARTNERS, FEW, MANY, PACED, LINES = 200, 1000, 5000, 150, 5
FILES = 500
FAST = {"concurrent": 8, "per_task": 4, "per_second": 500}
"""More than the sandbox takes, so that nothing waits."""

PARTS = ("volume", "pace", "files")
UPLOAD = "cleo POST /folders/{id}/contents"


def main() -> None:
    """Run the parts asked for, print each as it ends, and write everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.partners")
    parser.add_argument("--out", type=Path, help="write all figures to this JSON file")
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help=",".join(PARTS))
    options = parser.parse_args()
    results: dict[str, Any] = {}
    works: dict[str, Callable[[], dict[str, Any]]] = {"volume": volume, "pace": pace, "files": partner_files}
    for part in options.only:
        results[part] = works[part]()
        print(part, json.dumps(results[part], indent=2), flush=True)
    if options.out:
        options.out.write_text(json.dumps(results, indent=2) + "\n")


def volume(few: int = FEW, many: int = MANY, partners: int = PARTNERS) -> dict[str, Any]:
    """Few and many orders, unthrottled."""
    rows = [_measured(partners, orders, FAST) for orders in (few, many)]
    return {"runs": rows, "memory_ratio": round(rows[1]["peak_mib"] / rows[0]["peak_mib"], 2)}


def pace(orders: int = PACED, partners: int = PARTNERS) -> dict[str, Any]:
    """Some orders at the pace of a tenant that sets nothing."""
    return _measured(partners, orders, None)


def partner_files() -> dict[str, Any]:
    """Seconds to load partner files, and to parse the DAG file with none of them and with all."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bare, full = Path(folder) / "bare", Path(folder) / "full"
        write_tenant(bare, 0, FAST)
        write_tenant(full, FILES, FAST)
        loading = _timed("load", full)
        parsing = {name: _timed("parse", path) for name, path in (("0", bare), (str(FILES), full))}
    ratio = round(parsing[str(FILES)] / parsing["0"], 2)
    return {"files": FILES, "load_s": loading, "parse_s": parsing, "parse_ratio": ratio}


# ---- one run


def _measured(partners: int, orders: int, pace: Mapping[str, int] | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        folder = Path(text)
        tenant = write_tenant(folder, partners, pace)
        with sandbox(partners) as (control, addresses):
            plant(control, partners, orders)
            variables = sandbox_connections(addresses) | {"BENCH_KEY": Fernet.generate_key().decode()}
            _worked(tenant, "partners", variables)
            before = control.get("/calls?last=1")[0]["number"], _uploads(control)
            cost = _worked(tenant, "purchase_orders", variables)
            return _figures(control, orders, cost, *before)


def _uploads(control: Control) -> int:
    counted: int = control.get("/state")["calls"]["per_operation"].get(UPLOAD, 0)
    return counted


def _worked(tenant: Path, flow: str, variables: Mapping[str, str]) -> Cost:
    command = [sys.executable, "-m", "benchmarks.partners_worker", "flow", str(tenant), flow]
    cost = run(command, environment(BENCH_ENVIRONMENT=json.dumps(variables)))
    if cost.status != 0:
        sys.exit(f"{flow} ended with status {cost.status}")
    return cost


def _figures(control: Control, orders: int, cost: Cost, first: int, earlier: int) -> dict[str, Any]:
    control.post("/cleo/settle")
    state, received = control.get("/state"), control.post("/cleo/received", kind="850")
    recent = [one for one in control.get("/calls?last=5000") if one["number"] > first]
    calls, uploads = [one for one in recent if one["system"] == "cleo"], _uploads(control) - earlier
    delivered = {(row["partner"], row["key"]) for row in received if row["status"] == "accepted"}
    if not len(received) == len(delivered) == uploads == orders:
        sys.exit(f"{orders} orders, {uploads} uploads, {len(received)} received, {len(delivered)} different")
    return {
        "orders": orders, "peak_mib": round(cost.peak_mib), "wall_s": round(cost.wall, 1),
        "cpu_s": round(cost.cpu, 1), "orders_per_s": round(orders / cost.wall, 1), "uploads": uploads,
        "partners": len({row["partner"] for row in received}),
        "most_in_flight": state["calls"]["max_in_flight"]["cleo"],
        "most_calls_in_a_second": busiest(calls, 1.0), "most_calls_in_10_seconds": busiest(calls, 10.0),
    }  # fmt: skip


def busiest(calls: list[dict[str, Any]], seconds: float) -> int:
    """The most calls that any span of time held."""
    window: deque[float] = deque()
    most = 0
    for moment in sorted(datetime.fromisoformat(call["time"]).timestamp() for call in calls):
        window.append(moment)
        while moment - window[0] >= seconds:
            window.popleft()
        most = max(most, len(window))
    return most


# ---- the sandbox and what it holds


@contextmanager
def sandbox(partners: int) -> Iterator[tuple[Control, dict[str, str]]]:
    """The sandbox in a process of its own."""
    size = ["--vouchers", "2", "--suppliers", str(partners + 1), "--scenario", "plain"]
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", *size],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            addresses = json.loads(process.stdout.readline())
            yield Control(addresses["control_url"]), addresses
        finally:
            process.terminate()


def plant(control: Controls, partners: int, orders: int) -> None:
    """Partners that take orders and answer nothing, and dispatched orders for them in turn."""
    for number in range(1, partners + 1):
        name, one = partner_name(number), {"qualifier": "ZZ", "id": partner_name(number).upper()}
        control.post("/cleo/add-partner", partner=name.upper(), identities=[one], versions={"004010": ""})
        control.post(
            "/peoplesoft/upsert",
            record="supplier",
            key=["SHARE", vendor(number)],
            values={"VENDOR_STATUS": "A"},
        )
    control.post("/cleo/behave", partner="*", acknowledgment="never", response="never", invoice="never")
    pattern = ["US001", "9999999999"]
    values = {"lines": _lines(), "PO_STATUS": "D", "DISP_METHOD": "PRN"}
    _order(control, pattern, like=["US001", "0000000001"], values=values)
    for unit, number in itertools.product(("US001", "US002"), range(1, 11)):
        control.post("/peoplesoft/delete", record="purchase_order", key=[unit, f"{number:010d}"])
    for number in range(orders):
        key = ["US001", f"{number + 1:010d}"]
        _order(control, key, like=pattern, values={"VENDOR_ID": vendor(number % partners + 1)})
    control.post("/peoplesoft/delete", record="purchase_order", key=pattern)


def _order(control: Controls, key: list[str], **values: Any) -> None:
    control.post("/peoplesoft/upsert", record="purchase_order", key=key, **values)


def _lines() -> list[dict[str, Any]]:
    made = []
    for number in range(1, LINES + 1):
        parts = [distribution(1, "US001", "641000", "10200")]
        row = schedule(10 * number, Decimal("12.50"), parts, shipto="US001", due=day(14))
        made.append(order_line(number, f"Hex bolt M8 x {number}0, zinc", [row]))
    return made


def partner_name(number: int) -> str:
    """Name of a partner; its connection in Cleo and its address are the same in capitals."""
    return f"partner{number:03d}"


def vendor(number: int) -> str:
    """PeopleSoft's id of a partner."""
    return f"{number + 1:010d}"


# ---- the tenant


def write_tenant(folder: Path, partners: int, pace: Mapping[str, int] | None) -> Path:
    """The demo's tenant with so many partner files of its own.

    Returns:
        Its file.
    """
    values = yaml.safe_load((ROOT / "include" / "tenants" / "demo.yaml").read_text())
    options = values["integrations"]["cleo"]["options"]
    options.pop("pace", None)
    options |= {"pace": dict(pace)} if pace else {}
    profiles = folder / "demo" / "partners"
    profiles.mkdir(parents=True)
    for number in range(1, partners + 1):
        (profiles / f"{partner_name(number)}.yaml").write_text(yaml.safe_dump(_profile(number)))
    path = folder / "demo.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def _profile(number: int) -> dict[str, Any]:
    name = partner_name(number)
    return {
        "partner": name,
        "name": f"Partner {number}",
        "vendors": [f"SHARE|{vendor(number)}"],
        "connection": name.upper(),
        "identities": [{"qualifier": "ZZ", "id": name.upper()}],
        "versions": [{"version": "004010"}],
        "documents": {
            "purchase_order": {
                "require": ["DTM*002", "N1*ST"],
                "units": {"EA": "EA", "CS": "CA", "BX": "BX"},
                "terms": {"N30": {"net_days": 30}, "N45": {"net_days": 45}, "IMM": {"net_days": 0}},
            },
            "supplier_invoice": {
                "units": {"EA": "EA", "CA": "CS", "BX": "BX"},
                "charges": {"D240": "freight"},
            },
        },
        "acknowledgment": {"expected": True, "hours": 24},
    }


def _timed(what: str, tenants: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.partners_worker", what, str(tenants)]
    variables = json.dumps({"AIRFLOW__ML_CONNECTOR__TENANTS_PATH": str(tenants)})
    named = environment(BENCH_ENVIRONMENT=variables)
    done = subprocess.run(command, cwd=ROOT, env=named, check=True, capture_output=True, text=True)
    return float(done.stdout.strip().rpartition("\n")[2])


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s altogether")
