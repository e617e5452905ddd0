"""All that the Cleo simulator holds."""

from __future__ import annotations

from sandbox.clock import Clock

from .agenda import Agenda
from .files import FolderStore
from .identity import Identity
from .ids import Ids
from .partners.center import Partners
from .plant import plant
from .provider import Provider
from .resources import Resources, View
from .routing import Router
from .runs import Runs
from .switches import CleoSwitches


class CleoState:
    """Mailbox, resources, tokens, logs, partners and switches; may be inspected and changed by tests."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.switches = CleoSwitches()
        self.load()

    def load(self) -> None:
        """As at the start."""
        ids = Ids()
        self.agenda = Agenda(self.clock)
        self.identity = Identity(self.switches, self.clock)
        self.resources = Resources(self.switches, ids)
        self.view = View(self.resources, self.switches)
        plant(self.resources)
        self.files = FolderStore(self.switches, self.clock, ids)
        self.provider = Provider(self.switches, self.clock)
        self.router = Router(self.switches, self.clock, self.agenda, self.files, self.resources)
        self.runs = Runs(self.switches, self.agenda, self.resources, self.router)
        self.authorized_keys: list[list[bytes]] = []

    @property
    def partners(self) -> Partners:
        """The trading partners."""
        return self.router.partners

    def work(self) -> int:
        """Let everything happen that is due on the sandbox clock; returns how much that was."""
        done = self.router.pick_up()
        return done + self.agenda.run(self.clock.seconds())

    def settle(self, within: float | None = None) -> int:
        """Let happen what is planned for the next seconds, or all of it, without moving the clock."""
        done = self.router.pick_up(at_once=True)
        return done + self.agenda.run(float("inf") if within is None else self.clock.seconds() + within)

    def counts(self) -> dict[str, int]:
        """How much there is of everything."""
        partners, router = self.partners, self.router
        return {
            "files": len(self.files.files),
            "taken": len(router.taken),
            "posted": len(self.provider.posted),
            "transfers": len(router.log.transfers),
            "received": len(partners.received),
            "sent": len(partners.sent),
            "orders": len(partners.orders),
            "duplicates": len(router.duplicates)
            + sum(row.status in ("refused", "duplicate") for row in partners.received),
            "planned": len(self.agenda),
            "logins": self.identity.logins,
            "runs": self.runs.count,
        }
