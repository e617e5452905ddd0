"""All that the BILL simulator holds."""

from __future__ import annotations

from sandbox.clock import Clock
from sandbox.faults import FaultBook

from .session import ORGANIZATIONS, Limits, Sessions
from .store import Store
from .switches import BillSwitches
from .webhooks.center import Webhooks


class BillState:
    """All organizations, sessions, webhooks and switches; may be inspected and changed by tests."""

    def __init__(self, clock: Clock, faults: FaultBook) -> None:
        self.clock = clock
        self.switches = BillSwitches()
        self.webhooks = Webhooks(self.switches, clock, faults)
        self.load()

    def load(self) -> None:
        """Begin empty."""
        self.sessions = Sessions(self.switches, self.clock)
        self.limits = Limits(self.switches, self.clock)
        self.organizations = {name: Store(self.clock) for name in ORGANIZATIONS}
        self.webhooks.load(self.organizations)

    @property
    def store(self) -> Store:
        """The first organization, the one most tests use."""
        return self.organizations[ORGANIZATIONS[0]]
