"""Checking the audit trail: names the first bad event, and what is wrong with it.

What a chain's own numbers cannot show - everything of it removed, links included - is shown by the
heads that tasks returned to Airflow: they can be handed in as anchors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from ml_connector.core.audit.trail import GENESIS, Event, event_hash, link_hash
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.schema import audit_chain, audit_event, audit_head


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the trail; ``number`` is the event's, None for a chain as a whole."""

    chain: str
    number: int | None
    text: str

    def __str__(self) -> str:
        place = f"chain {self.chain}" + (f", event {self.number}" if self.number is not None else "")
        return f"{place}: {self.text}"


@dataclass(slots=True)
class Verification:
    """Result of a verification; ``faults`` are in the order of the register."""

    chains: int = 0
    events: int = 0
    open_chains: int = 0
    purged_chains: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def verify(connection: Connection, anchors: Iterable[str] = ()) -> Verification:
    """Walk through the register and every chain.

    Args:
        anchors: heads ``chain:events:hash`` that were kept elsewhere.
    """
    result = Verification()
    links: dict[str, dict[str, AnyRow]] = {}
    result.faults += _check_register(connection, links)
    heads = {row.chain: row for row in connection.execute(select(audit_head))}
    reached: dict[tuple[str, int], str] = {}
    wanted = {
        (chain, int(events)): digest for chain, events, digest in (anchor.split(":") for anchor in anchors)
    }
    for chain in _chains(connection, links, heads):
        _check_chain(
            connection,
            chain,
            result,
            links=links.get(chain, {}),
            head=heads.get(chain),
            wanted=wanted,
            reached=reached,
        )
    for (chain, number), digest in wanted.items():
        if reached.get((chain, number)) != digest and "purge" not in links.get(chain, {}):
            result.faults.append(Fault(chain, number, "the head that Airflow keeps is not in the trail"))
    return result


def _check_register(connection: Connection, links: dict[str, dict[str, AnyRow]]) -> Iterator[Fault]:
    previous, number = GENESIS, 0
    for row in connection.execute(select(audit_chain).order_by(audit_chain.c.number)):
        links.setdefault(row.chain, {})[row.kind] = row
        number += 1
        if row.number != number or row.previous != previous:
            yield Fault(row.chain, None, f"the register is broken before its link {row.number}")
        elif link_hash(dict(row._mapping)) != row.hash:
            yield Fault(row.chain, None, f"link {row.number} of the register was changed")
        previous, number = row.hash, row.number


def _chains(connection: Connection, links: dict[str, Any], heads: dict[str, Any]) -> Sequence[str]:
    """All chains: those of the register in its order, then those that only events or heads know."""
    known = list(links)
    loose = set(connection.scalars(select(audit_event.c.chain).distinct())) | set(heads)
    return known + sorted(loose - set(known))


def _check_chain(
    connection: Connection,
    chain: str,
    result: Verification,
    *,
    links: dict[str, AnyRow],
    head: AnyRow | None,
    wanted: dict[tuple[str, int], str],
    reached: dict[tuple[str, int], str],
) -> None:
    result.chains += 1
    if "purge" in links:
        result.purged_chains += 1
        return
    if "open" not in links:
        result.faults.append(Fault(chain, None, "its opening is not in the register"))
    number, digest, fault = 0, GENESIS, None
    for row in connection.execute(
        select(audit_event).where(audit_event.c.chain == chain).order_by(audit_event.c.number)
    ):
        fault = _check_event(row, number, digest)
        if fault is not None:
            result.faults.append(fault)
            return
        number, digest = row.number, row.hash
        if (chain, number) in wanted:
            reached[chain, number] = digest
    result.events += number
    for name, end in (("its own head", head), ("its closing link", links.get("close"))):
        if end is not None and (end.events, end.head) != (number, digest):
            text = (
                f"ends here, but {name} says that it has {end.events} events: the tail was cut off or added"
            )
            result.faults.append(Fault(chain, number, text))
            return
    if head is None:
        result.faults.append(Fault(chain, None, "its head is gone"))
    result.open_chains += "close" not in links


def _check_event(row: AnyRow, number: int, digest: str) -> Fault | None:
    if row.number != number + 1:
        return Fault(row.chain, number + 1, f"is missing; the next one is {row.number}")
    event = Event(row.kind, {}, row.tenant, row.flow, row.document_id)
    if event_hash(digest, row.number, row.at, event, row.data) != row.hash:
        return Fault(row.chain, row.number, "was changed, swapped or inserted")
    return None
