"""Imported records: what stands in the API layer, and apart from it what P2P has taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import moments
from .errors import not_found
from .requests import Item
from .resources import ALL, Resource

Value = Mapping[str, Any]


@dataclass(slots=True)
class Record:
    """One record of the API layer; its value is replaced, never changed.

    Attributes:
        posted: when it was last sent, in seconds of the sandbox clock.
        pending: what P2P has not looked at yet.
    """

    code: str
    value: Value
    updated: datetime
    posted: float
    pending: Item | None = None

    def shown(self) -> dict[str, Any]:
        """As the API answers it."""
        return {**self.value, "lastUpdated": moments.written(self.updated)}

    def of_company(self, company: str) -> bool:
        """Whether it is valid for a company."""
        return any(row["companyCode"] == company for row in self.value.get("companies", ()))


class Table:
    """The records of one resource, in the order in which they first came."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.rows: dict[str, Record] = {}
        self.order: list[Record | None] = []
        self._places: dict[str, int] = {}
        self.p2p: dict[str, Value] = {}

    def put(self, record: Record) -> None:
        """Add a record, or keep its place when it was there."""
        if (place := self._places.get(record.code)) is None:
            self._places[record.code] = len(self.order)
            self.order.append(record)
        else:
            self.order[place] = record
        self.rows[record.code] = record

    def find(self, code: str) -> Record:
        """One record. Raises ``BaswareError`` with 404."""
        if (record := self.rows.get(code)) is None:
            raise not_found()
        return record

    def drop(self, code: str) -> None:
        """Take a record out of the API layer; P2P keeps it."""
        del self.rows[code]
        self.order[self._places.pop(code)] = None


class Store:
    """All tables by key: `vendors`, `lists/ACC_LIST_1` and so on."""

    def __init__(self) -> None:
        self.tables = {resource.key: Table(resource) for resource in ALL}

    def table(self, key: str) -> Table:
        """One table. Raises ``BaswareError`` with 404."""
        if (table := self.tables.get(key)) is None:
            raise not_found()
        return table
