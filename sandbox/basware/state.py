"""All that the Basware simulator holds."""

from __future__ import annotations

from typing import Any

from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.gauge import Gauge

from . import feedback
from .cleanups import Cleanups
from .documents.archive import Archive
from .documents.machine import Machine
from .documents.model import Document
from .feedback import Feedback
from .identity import Identity
from .imports import Imports
from .links import Links
from .p2p import P2P
from .pace import Pace
from .paging import Pages
from .push.center import Push
from .push.subscriptions import DOCUMENT_STATES
from .requests import Request, Requests
from .store import Store
from .switches import BaswareSwitches
from .worker import Worker


class BaswareState:
    """Invoices, imported records, P2P and notifications; may be inspected and changed by tests.

    Attributes:
        most_in_flight: requests that were worked on at the same time.
        processed: second stages that happened, to wait for.
    """

    def __init__(self, clock: Clock, faults: FaultBook) -> None:
        self.clock = clock
        self.switches = BaswareSwitches()
        self.push = Push(self.switches, clock, faults)
        self.worker = Worker(clock, lambda: self.requests.next_due, self.work)
        self.in_flight = 0
        self.processed = Gauge()
        self.load()

    def load(self) -> None:
        """As at the start: P2P is set up, and there are no records and no invoices."""
        self.push.load()
        self.processed.change(-self.processed.value)
        self.identity = Identity(self.switches, self.clock)
        self.store = Store()
        self.p2p = P2P(self.switches, self.store)
        self.requests = Requests(self.switches, self.clock, self._processed, self.worker.wake)
        self.feedbacks: list[Feedback] = []
        self.pace = Pace(self.switches, self.clock)
        self.imports = Imports(self)
        self.cleanups = Cleanups()
        self.documents = Archive(self.clock)
        self.machine = Machine(self, self.announce)
        self.pages = Pages(self.switches, self.clock)
        self.links = Links(self.switches, self.clock)
        self.most_in_flight = 0

    def start(self) -> None:
        """Begin to process and to notify; needs a running event loop."""
        self.worker.start()
        self.push.dispatcher.start()

    async def close(self) -> None:
        """Process and send nothing more."""
        await self.worker.close()
        await self.push.dispatcher.close()

    def work(self) -> int:
        """Let second stages happen that are due; returns how many did."""
        return self.requests.work()

    def _processed(self, request: Request) -> None:
        self.feedbacks += feedback.of(request)
        self.push.notify("RequestStatus", request.status, request.id)
        self.processed.change(1)

    def announce(self, document: Document) -> int:
        """Notify of an invoice that waits for the caller; returns how many subscriptions want it."""
        if document.status not in DOCUMENT_STATES:
            return 0
        return self.push.notify("AccountingDocuments", document.status, document.id)

    def add(self, body: dict[str, Any], *, notify: bool = True) -> Document:
        """Offer an invoice; see ``documents.make.document``."""
        document = self.documents.add(body, self.p2p.configuration.companies)
        if notify:
            self.announce(document)
        return document

    def enter(self) -> None:
        """A request begins."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def leave(self) -> None:
        """A request ends."""
        self.in_flight -= 1

    def counts(self) -> dict[str, Any]:
        """How much there is of everything, and what should not be there at all."""
        self.work()
        tables = {key: table for key, table in self.store.tables.items() if table.rows or table.p2p}
        return {
            "documents": len(self.documents.rows),
            "statuses": self.documents.by_status(),
            "duplicates": list(self.documents.duplicates()),
            "records": {key: len(table.rows) for key, table in tables.items()},
            "p2p": {key: len(table.p2p) for key, table in tables.items()},
            "requests": len(self.requests.order),
            "feedbacks": len(self.feedbacks),
            "gap_violations": sum(self.pace.violations.values()),
            "gap_violations_by": dict(self.pace.violations),
            "tokens_issued": self.identity.issued,
            "max_in_flight": self.most_in_flight,
            "push": self.push.counts(),
        }
