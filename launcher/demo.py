"""``make demo``: the sandbox, a real Airflow, two days of work, and what came of it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launcher.airflow import Airflow
from launcher.boards import Boards
from launcher.connections import sandbox_connections
from launcher.environment import REPOSITORY, airflow_environment, server_environment
from launcher.home import Home
from launcher.invoices import Invoices
from launcher.partners import Partners
from launcher.payments import Payments
from launcher.processes import Service, wait_until
from launcher.report import Report, print_changes

DAGS = (
    "peoplesoft_bill__demo", "peoplesoft_cleo__demo", "peoplesoft_monday__demo", "peoplesoft_basware__demo",
)  # fmt: skip
EVENTS = "bill_events__demo"
FROM_BASWARE = "basware_events__demo"
FROM_PARTNERS = "cleo_events__demo"
_ENDED = ("success", "failed")
_TOLD = {"success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry"}


def main(*, leave: bool, vouchers: int) -> int:
    """Exit status 0 only if every flow of both runs reconciled.

    Args:
        leave: stop by itself at the end; otherwise the UI stays up until Ctrl-C.
        vouchers: size of the sandbox.
    """
    began = time.monotonic()
    with demonstration(
        vouchers, say=lambda text: print(f"[{time.monotonic() - began:4.0f} s] {text}", flush=True)
    ) as demo:
        demo.make_boards()
        days = [
            demo.day("First run: everything is new"),
            demo.day("Subscribe to the events of BILL and Basware", [EVENTS, FROM_BASWARE]),
            demo.events("BILL pays: its webhooks start the settlement", demo.payments.make),
            demo.collect("Suppliers answer orders and send invoices", demo.partners.answer),
            demo.invoiced(
                "Invoices are approved in Basware: its notifications start the run", demo.invoices.approve
            ),
            demo.invoiced("One is corrected there, and transferred again", demo.invoices.correct),
        ]
        for line in demo.invoices.pay():
            print(f"  {line}")
        print_changes(demo.change())
        days += [
            demo.day("Second run: what changed since"),
            demo.events("A payment fails after it was settled: reversed", demo.payments.fail),
            demo.collect("Goods arrive, and with them the match of an invoice", demo.partners.deliver),
            demo.day("What was paid is told to Basware", [DAGS[3]]),
            demo.answered_once(),
            demo.sent_once(),
            demo.written_once(),
        ]
        succeeded = all(days)
        print(
            "\nEvery flow reconciled." if succeeded else "\nNot every flow reconciled: see above.", flush=True
        )
        if not leave:
            demo.stay()
    return 0 if succeeded else 1


@contextmanager
def demonstration(
    vouchers: int, say: Callable[[str], None], settings: Mapping[str, str] | None = None
) -> Iterator[Demonstration]:
    """Sandbox and Airflow in a fresh folder, both gone afterwards; the folder stays after a failure.

    Args:
        vouchers: size of the sandbox.
        say: prints one line.
        settings: more environment for Airflow.
    """
    folder = Path(tempfile.mkdtemp(prefix="ml-connector-demo-"))
    services: list[Service] = []
    airflow: Airflow | None = None
    try:
        say("starting the sandbox: PeopleSoft, BILL, Monday.com, Basware, and Cleo with trading partners")
        addresses = _start_sandbox(folder, vouchers, services)
        home = Home(folder)
        home.prepare()
        environment = airflow_environment(home, home.airflow, inherit=False) | server_environment()
        environment |= {
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            **sandbox_connections(addresses),
            **(settings or {}),
        }
        airflow = Airflow(environment, folder / "airflow.log")
        say("creating the databases and pools")
        airflow.prepare()
        say("starting Airflow: api-server, scheduler, dag-processor, triggerer")
        airflow.start()
        user, password = airflow.login()
        say(f"Airflow is up: {airflow.address}  user {user}  password {password}")
        yield Demonstration(airflow, addresses["control_url"], folder, say)
    finally:
        say("stopping everything that was started")
        if airflow is not None:
            airflow.stop()
        for service in services:
            service.stop()
        if sys.exc_info()[0] in (None, KeyboardInterrupt):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say(f"logs are in {folder}")


def _start_sandbox(folder: Path, vouchers: int, services: list[Service]) -> dict[str, str]:
    ready = folder / "sandbox.json"
    words = [
        sys.executable,
        "-m",
        "sandbox",
        "--scenario",
        "demo",
        "--vouchers",
        str(vouchers),
        "--ready-file",
        str(ready),
    ]
    home = Home(folder)
    home.prepare()
    environment = airflow_environment(home, home.airflow, inherit=False)
    services.append(Service("the sandbox", words, environment, folder / "sandbox.log", REPOSITORY))
    addresses: dict[str, str] = {}

    def listening() -> bool:
        text = ready.read_text(encoding="utf-8") if ready.exists() else ""
        if text.endswith("\n"):
            addresses.update(json.loads(text))
        return bool(addresses)

    wait_until(listening, services, "the sandbox listening", seconds=60)
    return addresses


class Demonstration:
    """Runs days of work and reports them.

    Args:
        airflow: running.
        control: address of the sandbox's control endpoint.
        folder: where everything is kept, for commands in another terminal.
        say: prints one line.
    """

    def __init__(self, airflow: Airflow, control: str, folder: Path, say: Callable[[str], None]) -> None:
        self.airflow, self.folder = airflow, folder
        self._control, self._say = control, say
        self.payments, self.partners = Payments(self.control), Partners(self.control)
        self.boards, self.invoices = Boards(airflow, self.control), Invoices(self.control)

    def day(self, title: str, dags: Sequence[str] = DAGS) -> bool:
        """Run DAGs once, every integration's by default; True when every flow reconciled."""
        good = True
        for dag_id in dags:
            self.airflow.wait_for_dag(dag_id)
            self._say(f"{title} ({dag_id})")
            good &= self._report(title, dag_id, self.airflow.trigger(dag_id))
        return good

    def events(self, title: str, happen: Callable[[], list[str]]) -> bool:
        """Let something happen in BILL, and wait for the run that its webhooks start."""
        return self._woken(title, EVENTS, happen, self.payments.all_delivered)

    def invoiced(self, title: str, happen: Callable[[], list[str]]) -> bool:
        """Let something happen in Basware, wait for the run that it starts, and for what P2P says then."""
        good = self._woken(title, FROM_BASWARE, happen, self.invoices.all_delivered)
        self.invoices.decide()
        return good & self.day("P2P has decided on the answers", [FROM_BASWARE])

    def _woken(
        self, title: str, dag_id: str, happen: Callable[[], list[str]], delivered: Callable[[], bool]
    ) -> bool:
        before = {run["dag_run_id"] for run in self.airflow.runs(dag_id)}
        self._say(f"{title} ({dag_id})")
        for line in happen():
            self._say(f"  {line}")
        wait_until(delivered, [self.airflow.service], "the webhooks being delivered")
        runs: list[str] = []

        def settled() -> bool:
            """Several runs may share the events; the last one ends when none waits any more."""
            new = [item for item in self.airflow.runs(dag_id) if item["dag_run_id"] not in before]
            runs[:] = [item["dag_run_id"] for item in new]
            ended = bool(new) and all(item["state"] in _ENDED for item in new)
            return ended and not any(item["events_waiting"] for item in self.airflow.answer("status"))

        wait_until(settled, [self.airflow.service], f"a run of {dag_id} starting by itself", seconds=180)
        return self._report(title, dag_id, runs[-1])

    def collect(self, title: str, happen: Callable[[], list[str]]) -> bool:
        """Let something happen at the trading partners, and collect what they sent."""
        for line in happen():
            self._say(f"  {line}")
        return self.day(title, [FROM_PARTNERS])

    def answered_once(self) -> bool:
        """Whether no invoice of Basware has two vouchers; says so."""
        doubled, statuses = self.invoices.doubled(), self.invoices.statuses()
        self._say(
            f"  invoices in Basware: {', '.join(f'{n} {name}' for name, n in sorted(statuses.items()))}"
        )
        self._say(f"  invoices answered with more than one voucher: {doubled}")
        return doubled == 0

    def sent_once(self) -> bool:
        """Whether no partner got a document twice; says so."""
        twice = self.partners.received_twice()
        self._say(f"  documents that a partner received more than once: {twice}")
        return twice == 0

    def make_boards(self) -> None:
        """Have the command `provision` make the boards at Monday.com."""
        made = self.boards.make()
        self._say(f"Made the boards at Monday.com: {len(made)} boards, groups and columns")

    def written_once(self) -> bool:
        """Whether no document stands on a board twice; says so."""
        copies = self.boards.copies()
        self._say(f"  documents that stand on a board more than once: {copies}")
        return copies == 0

    def _report(self, title: str, dag_id: str, run_id: str) -> bool:
        state, tasks = self._follow(dag_id, run_id)
        report = Report.collect(self.airflow, dag_id, run_id, tasks)
        report.print(title)
        return state == "success" and report.reconciled

    def change(self) -> list[str]:
        """Move the sandbox to its second day; says what changed."""
        changes: list[str] = self.control("POST", "/scenario/changes", {})
        return changes

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the sandbox's control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._control}{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            return json.load(response)

    def stay(self) -> None:
        """Leave the UI up until Ctrl-C."""
        user, password = self.airflow.login()
        print(
            f"\nThe Airflow UI stays up: {self.airflow.address}  user {user}  password {password}\n"
            "In another terminal, ask it: "
            f"ML_CONNECTOR_HOME={self.folder} make airflow ARGS='ml-connector records --open'\n"
            "Ctrl-C ends it.",
            flush=True,
        )
        try:
            self.airflow.service.wait()
        except KeyboardInterrupt:
            print()

    def _follow(self, dag_id: str, run_id: str) -> tuple[str, dict[str, str]]:
        """Say each task's end as it comes; the run's state and those of its tasks come back."""
        shown: dict[str, str] = {}
        outcome: dict[str, Any] = {}

        def ended() -> bool:
            outcome["tasks"] = tasks = self.airflow.tasks(dag_id, run_id)
            for name, state in tasks.items():
                if state in _TOLD and shown.get(name) != state:
                    shown[name] = state
                    self._say(f"  {name:28} {state}{self._counts(dag_id, run_id, name, state)}")
            outcome["state"] = self.airflow.run_state(dag_id, run_id)
            return outcome["state"] in _ENDED

        wait_until(ended, [self.airflow.service], f"run {run_id} ending", seconds=900)
        return outcome["state"], self.airflow.tasks(dag_id, run_id)

    def _counts(self, dag_id: str, run_id: str, task_id: str, state: str) -> str:
        if state != "success":
            return ""
        value = self.airflow.xcom(dag_id, run_id, task_id) or {}
        numbers = {
            name: count
            for name, count in value.items()
            if isinstance(count, int) and count and name != "alerts"
        }
        return "  " + ", ".join(f"{count} {name}" for name, count in numbers.items()) if numbers else ""
