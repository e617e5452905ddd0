"""Looking up what PeopleSoft has, over the component interface's own Get and Find."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, ContractChanged, Rejected
from ml_connector.peoplesoft.soap import Interface
from ml_connector.peoplesoft.writers.compare import normal
from ml_connector.peoplesoft.writers.kinds import Kind

SEARCH_ROWS = 300
"""A component search shows no more rows (PeopleTools default), and does not say that there are more."""

CANDIDATES = 20
"""More objects of one natural key than these are not read one by one: a person has to look."""

Item = TypeVar("Item")
Result = TypeVar("Result")

OpenInterface = Callable[[], Awaitable[Interface]]


@dataclass(slots=True)
class Read:
    """Objects by target id; ``unreadable`` says what is wrong with those that are there but broken."""

    records: dict[str, Payload] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Matches:
    """Objects with a natural key, by target id.

    Attributes:
        doubt: the look-up does not ask what it should, so an absence proves nothing.
        unclear: about this key it cannot say everything, so a person decides.
    """

    records: dict[str, Payload] = field(default_factory=dict)
    doubt: str | None = None
    unclear: str | None = None


class Lookup(Protocol):
    """Where the writers see what PeopleSoft has, in the names of the component interface."""

    async def read(self, target_ids: Sequence[str]) -> Read:
        """These objects; those that do not exist are missing."""
        ...

    async def matching(self, natural: Mapping[str, str]) -> Matches:
        """Every object with this natural key."""
        ...


async def in_parallel(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], limit: int
) -> list[Result]:
    """Results in the order of the items, so many at a time; the first failure stops the others."""
    gate = asyncio.Semaphore(limit)

    async def one(item: Item) -> Result:
        async with gate:
            return await work(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class ByInterface:
    """Get by key and Find by search keys; what a Find answers is compared here.

    Args:
        interface: opens the component interface; asked when it is first needed.
        parallel: calls in flight.
    """

    def __init__(self, kind: Kind, interface: OpenInterface, *, parallel: int = 2) -> None:
        self._kind = kind
        self._interface = interface
        self._parallel = parallel

    async def read(self, target_ids: Sequence[str]) -> Read:
        """See :class:`Lookup`."""
        read = Read()

        async def one(target_id: str) -> None:
            try:
                record = await self._get(target_id)
            except Rejected as refusal:
                read.unreadable[target_id] = refusal.reason
            else:
                read.records.update({target_id: record} if record is not None else {})

        await in_parallel(dict.fromkeys(target_ids), one, self._parallel)
        return read

    async def matching(self, natural: Mapping[str, str]) -> Matches:
        """See :class:`Lookup`. A Find may match by the beginning, or by less than it was asked."""
        matches = Matches()
        interface = await self._interface()
        ids: list[str] = []
        for asked in spellings(natural):
            try:
                rows = await interface.find(dict(asked))
            except Rejected as refusal:
                matches.unclear = f"PeopleSoft refuses to search: {refusal.reason}"
                continue
            if len(rows) >= SEARCH_ROWS:
                matches.unclear = (
                    f"PeopleSoft's search shows {len(rows)} {self._kind.noun}s, and there may be more"
                )
            for row in rows:
                self._take(row, natural, ids, matches)
        if len(ids) > CANDIDATES:
            matches.unclear = f"PeopleSoft has {len(ids)} {self._kind.noun}s under this key"
            return matches
        read = await self.read(ids)
        matches.records = {key: record for key, record in read.records.items() if has_key(record, natural)}
        for target_id, why in read.unreadable.items():
            matches.unclear = f"{self._kind.noun} {target_id} is there, but cannot be read: {why}"
        return matches

    def _take(self, row: Payload, natural: Mapping[str, str], ids: list[str], matches: Matches) -> None:
        shown = {name: normal(row[name]) for name in natural if name in row}
        if any(not value.startswith(normal(natural[name])) for name, value in shown.items()):
            matches.doubt = f"PeopleSoft's search answered {self._kind.noun}s that were not asked for"
            return
        if any(value != normal(natural[name]) for name, value in shown.items()):
            return  # it only begins alike
        target_id = self._kind.target_id(row)
        if target_id is None:
            matches.doubt = (
                f"PeopleSoft's search answered a {self._kind.noun} without {', '.join(self._kind.keys)}"
            )
        elif target_id not in ids:
            ids.append(target_id)

    async def _get(self, target_id: str) -> Payload | None:
        interface = await self._interface()
        keys = self._kind.key_values(target_id)
        answer = await interface.get(keys)
        if answer is None:
            return None
        record = answer | {name: answer.get(name) or value for name, value in keys.items()}
        if self._kind.target_id(record) != target_id:
            raise ContractChanged(
                f"component interface {interface.name.name} was asked for {target_id} and answered "
                f"{self._kind.target_id(record)}"
            )
        if self._kind.status not in record:
            raise ConfigurationError(
                f"component interface {interface.name.name} does not show {self._kind.status}, so nothing "
                f"says whether a {self._kind.noun} was deleted. Add the property to it, or set read: query",
                field=f"component_interfaces.{self._kind.name}.read",
            )
        return {**{name: [] for name in self._kind.rows}, **record}


def spellings(natural: Mapping[str, str]) -> list[dict[str, str]]:
    """The natural key as PeopleSoft may hold it: in capitals, and as it was sent where that differs."""
    capitals = {name: value.upper() for name, value in natural.items()}
    return [capitals] if capitals == dict(natural) else [capitals, dict(natural)]


def has_key(record: Mapping[str, object], natural: Mapping[str, str]) -> bool:
    """Whether an object has this natural key."""
    return all(normal(record.get(name)) == normal(value) for name, value in natural.items())
