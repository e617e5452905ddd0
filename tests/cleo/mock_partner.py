"""mock-edi as a live trading partner behind the sandbox's Cleo.

The sandbox's own partner keeps still; what Cleo delivered to it is given to mock-edi, and what mock-edi
answers is dropped into our download folders.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mockedi.testing import Mock

Control = Callable[..., Awaitable[Any]]
"""Calls an operation of the sandbox's control endpoint: `await control("received", partner="ACME")`."""
QUIET = {"acknowledgment": "never", "response": "never", "invoice": "never"}
KINDS = ("997", "855", "810")


@dataclass(frozen=True)
class Answer:
    """A document of mock-edi's for us."""

    kind: str
    name: str
    content: str


@dataclass
class MockPartner:
    """One partner of the sandbox, played by mock-edi.

    Attributes:
        partner: its name in the sandbox.
        mock: the running mock; its behaviours are `mock.behaviour("PSFTUS001", "reject-line")`.
        ours: our identity, which is the mock's customer.
        kinds: what is passed on; mock-edi writes shipping notices (856), too.
    """

    partner: str
    mock: Mock
    ours: str
    kinds: tuple[str, ...] = KINDS
    _seen: set[str] = field(default_factory=set)

    def stock(self, sku: str, price: str, unit: str = "EA") -> None:
        """Put an item on sale; mock-edi turns down lines with items that it does not know."""
        connection = self.mock.server.mock.conn
        connection.execute(
            "INSERT OR REPLACE INTO catalog (sku, description, price, uom, in_stock) VALUES (?, ?, ?, ?, ?)",
            (sku, sku, price, unit, 1_000_000),
        )
        connection.commit()

    def answers(self, rows: list[dict[str, Any]]) -> list[Answer]:
        """Give the mock what is new among `received` rows (with content), and collect what it says."""
        for row in rows:
            if row["content"] in self._seen:
                continue
            self._seen.add(row["content"])
            self._sell(row["content"])
            self.mock.send(row["content"])
        self.mock.settle()
        waiting = self.mock.mailbox(leave=False)
        return [
            Answer(row["code"], f"{row['code']}_MOCK_{row['id']}.edi", in_order(row["payload"]))
            for row in waiting
            if row["code"] in self.kinds
        ]

    def _sell(self, content: str) -> None:
        """Stock what an order asks for, at the price that it names."""
        element = content[3]
        for line in content.split(content[105]):
            parts = line.strip().split(element)
            if parts[0] == "PO1":
                pairs = dict(zip(parts[6::2], parts[7::2], strict=False))
                self.stock(pairs.get("VP") or pairs.get("BP", ""), parts[4], parts[3])

    async def exchange(self, control: Control) -> list[Answer]:
        """One round: Cleo picks up, the mock reads and answers, its answers lie ready for us."""
        await control("behave", partner=self.partner, **QUIET)
        await control("settle")
        answers = self.answers(await control("received", partner=self.partner, content=True))
        for answer in answers:
            await control("drop", folder=answer.kind, name=answer.name, content=answer.content)
        return answers

    def exchange_at(self, control_url: str) -> list[Answer]:
        """The same for a sandbox in another thread or process."""
        _call(control_url, "behave", partner=self.partner, **QUIET)
        _call(control_url, "settle")
        answers = self.answers(_call(control_url, "received", partner=self.partner, content=True))
        for answer in answers:
            _call(control_url, "drop", folder=answer.kind, name=answer.name, content=answer.content)
        return answers


def _call(control_url: str, operation: str, **body: Any) -> Any:
    request = urllib.request.Request(
        f"{control_url}/cleo/{operation}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def in_order(content: str) -> str:
    """mock-edi 0.9.0 writes PID and REF of an 855's line behind ACK, and 004010 wants them before it."""
    element, end = content[3], content[105]
    ordered: list[str] = []
    answers: list[str] = []
    for segment in content.split(end):
        name = segment.strip().split(element)[0]
        if name in ("PO1", "CTT", "SE", "N1"):
            ordered, answers = [*ordered, *answers], []
        if name == "ACK" or (answers and name == "DTM"):
            answers.append(segment)
        else:
            ordered.append(segment)
    return end.join([*ordered, *answers])


@contextmanager
def mock_partner(
    partner: str = "ACME",
    address: tuple[str, str] = ("01", "123456789"),
    *,
    ours: tuple[str, str] = ("ZZ", "PSFTUS001"),
    version: str = "004010",
    behaviour: str = "accept",
) -> Iterator[MockPartner]:
    """Start mock-edi as this partner; addresses are qualifier and id."""
    with Mock.start(as2_id=address[1], qualifier=address[0]) as mock:
        customer = {"id": ours[1], "name": "Us", "qualifier": ours[0], "dialect": "X12", "version": version}
        mock.expect("POST", "/_mock/partners", customer | {"behaviour": behaviour}, status=201)
        yield MockPartner(partner, mock, ours[1])
