"""Running the sandbox: all simulators and the control endpoint on ports of one host."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from .basware.app import BaswareApp
from .basware.state import BaswareState
from .bill.app import BillApp
from .bill.state import BillState
from .calls import Calls
from .cleo.app import CleoApp
from .cleo.sftp import SftpServer
from .cleo.state import CleoState
from .clock import Clock
from .control.app import ControlApp
from .data import Size, scenario
from .faults import FaultBook
from .monday.app import MondayApp
from .monday.state import MondayState
from .peoplesoft.app import PeopleSoftApp
from .peoplesoft.state import PeopleSoftState

T = TypeVar("T")
SCENARIOS = ("demo", "plain")


class Sandbox:
    """All simulators in this process; use it with `async with`.

    Args:
        size: how much data; see ``sandbox.data.Size``.
        scenario: `demo` plants one of each awkward case, `plain` does not.
        host: address to listen on.
        peoplesoft_port: 0 takes a free port.
        bill_port: the same.
        control_port: the same.
        cleo_port: the same.
        cleo_sftp_port: the same.
        monday_port: the same.
        basware_port: the same.
        gateway: path of PeopleSoft's Integration Gateway.
        bill_prefix: path under which BILL's API lies.
        bill_events_prefix: path of BILL's webhook management; by default that of the API and `-events`.
    """

    def __init__(
        self,
        size: Size | None = None,
        *,
        scenario: str = "demo",
        host: str = "127.0.0.1",
        peoplesoft_port: int = 0,
        bill_port: int = 0,
        control_port: int = 0,
        cleo_port: int = 0,
        cleo_sftp_port: int = 0,
        monday_port: int = 0,
        basware_port: int = 0,
        gateway: str = "/PSIGW",
        bill_prefix: str = "/connect",
        bill_events_prefix: str | None = None,
    ) -> None:
        if scenario not in SCENARIOS:
            raise ValueError(f"scenario is one of {', '.join(SCENARIOS)}, not {scenario!r}")
        self.size, self.scenario, self.host = size or Size(), scenario, host
        self._ports = (
            peoplesoft_port, bill_port, control_port, cleo_port, cleo_sftp_port, monday_port, basware_port
        )  # fmt: skip
        self._gateway, self._bill_prefix = gateway, bill_prefix
        self._bill_events_prefix = bill_events_prefix or f"{bill_prefix or '/connect'}-events"
        self._runners: list[web.AppRunner] = []
        self.clock = Clock()
        self.calls = Calls(self.clock)
        self.faults = FaultBook(self.size.seed)
        self.peoplesoft = PeopleSoftState(self.size, self.clock)
        self.bill = BillState(self.clock, self.faults)
        self.cleo = CleoState(self.clock)
        self.cleo_sftp = SftpServer(self.cleo, self.faults)
        self.monday = MondayState(self.clock)
        self.basware = BaswareState(self.clock, self.faults)
        self._plant()
        self.peoplesoft_url = self.bill_url = self.bill_events_url = self.control_url = ""
        self.cleo_url = self.monday_url = self.basware_url = ""

    def _plant(self) -> None:
        if self.scenario == "demo":
            scenario.plant(self.peoplesoft)

    def reset(self) -> None:
        """Everything as at the start; only the clock does not go back."""
        self.faults.clear()
        self.faults.release()
        self.calls.clear()
        self.peoplesoft.switches.reset()
        self.bill.switches.reset()
        self.cleo.switches.reset()
        self.monday.switches.reset()
        self.basware.switches.reset()
        self.peoplesoft.load()
        self.bill.load()
        self.cleo.load()
        self.monday.load()
        self.basware.load()
        self._plant()

    @property
    def addresses(self) -> dict[str, str]:
        """The base URLs, once started."""
        return {
            "peoplesoft_url": self.peoplesoft_url,
            "bill_url": self.bill_url,
            "bill_events_url": self.bill_events_url,
            "cleo_url": self.cleo_url,
            "cleo_provider_url": f"{self.cleo_url}{self.cleo.switches.provider_path}",
            "cleo_sftp": self.cleo_sftp.address,
            "cleo_sftp_host_key": self.cleo_sftp.host_key,
            "monday_url": self.monday_url,
            "basware_url": self.basware_url,
            "control_url": self.control_url,
        }

    async def start(self) -> None:
        """Listen."""
        peoplesoft = PeopleSoftApp(self.peoplesoft, self.faults, self.calls, self._gateway)
        prefixes = (self._bill_prefix, self._bill_events_prefix)
        bill = BillApp(self.bill, self.faults, self.calls, *prefixes)
        cleo = CleoApp(self.cleo, self.faults, self.calls)
        monday = MondayApp(self.monday, self.faults, self.calls)
        basware = BaswareApp(self.basware, self.faults, self.calls)
        self._wires = (peoplesoft.wire, bill.wire, cleo.wire, monday.wire, basware.wire)
        control = ControlApp(self)
        self.peoplesoft_url = await self._listen(peoplesoft.web, self._ports[0])
        address = await self._listen(bill.web, self._ports[1])
        self.bill_url, self.bill_events_url = (f"{address}{prefix}" for prefix in prefixes)
        self.bill.webhooks.dispatcher.start()
        self.cleo_url = await self._listen(cleo.web, self._ports[3])
        await self.cleo_sftp.start(self.host, self._ports[4])
        self.monday_url = await self._listen(monday.web, self._ports[5])
        self.basware_url = await self._listen(basware.web, self._ports[6])
        self.basware.start()
        self.control_url = await self._listen(control.web, self._ports[2])

    async def _listen(self, app: web.Application, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, self.host, port).start()
        return f"http://{self.host}:{runner.addresses[0][1]}"

    async def settled(self) -> None:
        """Wait until every late commit has happened; move the clock first."""
        for wire in self._wires:
            await wire.settled()

    async def stop(self) -> None:
        """Let held answers go, send nothing more and close every port."""
        self.faults.release()
        await self.bill.webhooks.dispatcher.close()
        await self.basware.close()
        await self.cleo_sftp.stop()
        for wire in self._wires:
            await wire.close()
        for runner in reversed(self._runners):
            await runner.cleanup()
        self._runners.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class SandboxThread:
    """The sandbox in a thread of its own, for synchronous tests; use it with `with`.

    Attributes and methods of `sandbox` belong to that thread: read them freely, change them inside
    `call`.
    """

    def __init__(self, make: Callable[[], Sandbox] = Sandbox) -> None:
        self._make = make
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)
        self.sandbox: Sandbox

    def __enter__(self) -> Sandbox:
        self._thread.start()
        self.sandbox = self.run(self._start)
        return self.sandbox

    async def _start(self) -> Sandbox:
        sandbox = self._make()
        await sandbox.start()
        return sandbox

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function in the sandbox's thread and wait for its result."""

        async def coroutine() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(coroutine(), self._loop).result(timeout=60)

    def call(self, work: Callable[[], T]) -> T:
        """Run a function in the sandbox's thread and wait for its result."""

        async def coroutine() -> T:
            return work()

        return self.run(coroutine)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self.sandbox.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
