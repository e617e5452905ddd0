"""A source and a target in memory, and a flow between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.mapping import Mapping
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.contract import (
    CaughtUp,
    Document,
    Found,
    Intent,
    KeyAnswer,
    Limits,
    Operation,
    Outcome,
    Page,
    Payload,
    Progress,
    Scan,
    TargetPage,
    TargetRecord,
    Verdict,
    Window,
)
from ml_connector.core.mapping import compile_mapping
from ml_connector.core.stages.context import FlowContext, RunParams
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Event

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

TENANT = {
    "tenant": "acme",
    "environment": "test",
    "time_zone": "America/New_York",
    "start": "2026-01-01",
    "connections": {"shop": "shop"},
    "business_units": ["US001"],
    "setids": ["SHARE"],
    "integrations": {"shop": {}},
}

DATASET = {
    "dataset": "orders",
    "system": "erp",
    "unit": "business_unit",
    "key": ["BUSINESS_UNIT", "ORDER_ID"],
    "fields": {
        "BUSINESS_UNIT": {}, "ORDER_ID": {}, "PARTY": {}, "NAME": {}, "AMOUNT": {"type": "amount"},
        "STATUS": {}, "CHANGED": {"type": "date"},
    },
    "change": {"stamp": "CHANGED", "precision": "date", "overlap": "1d"},
    "queries": {
        "changes": {"name": "ORDERS", "prompts": {"U": "unit", "F": "since", "T": "until"}},
        "by_key": {"name": "ORDER", "prompts": {"U": "key.BUSINESS_UNIT", "K": "key.ORDER_ID"}},
    },
    "open_when": {"STATUS": "open"},
    "select": {"STATUS": ["open", "closed"]},
}  # fmt: skip

MAPPING = {
    "mapping": "orders",
    "flow": "shop.orders",
    "dataset": "orders",
    "label": "{NAME}",
    "amount": "AMOUNT",
    "states": [
        {"state": "active", "when": {"STATUS": ["open", "closed"]}},
        {"state": "archived", "absent": True},
    ],
    "fields": {
        "number": {"from": "ORDER_ID", "required": True},
        "name": {"from": "NAME", "required": True, "max_length": 20},
        "amount": {"from": "AMOUNT", "type": "money"},
        "partyId": {"crosswalk": "shop.parties", "key": "{PARTY}", "when": {"PARTY": {"blank": False}}},
    },
}


def order(number: int, **changes: Any) -> Payload:
    """A source document."""
    base = {
        "BUSINESS_UNIT": "US001", "ORDER_ID": f"{number:06d}", "PARTY": "", "NAME": f"Order {number}",
        "AMOUNT": Decimal(f"{number}.25"), "STATUS": "closed", "CHANGED": "2026-11-01",
    }  # fmt: skip
    return base | changes


class MemorySource:
    """Orders by key; counts its pages and can fail before a page."""

    def __init__(self, orders: Sequence[Payload] = (), page: int = 3) -> None:
        self.orders = {f"US001|{item['ORDER_ID']}": item for item in orders}
        self.page = page
        self.pages = 0
        self.windows: list[Window] = []
        self.fail_before_page: int | None = None
        self.hidden_from_reads: set[str] = set()
        self.columns = frozenset(order(1))

    def put(self, *items: Payload) -> None:
        self.orders |= {f"US001|{item['ORDER_ID']}": item for item in items}

    def document(self, key: str) -> Document:
        item = self.orders[key]
        return Document(key, "US001", item, item["CHANGED"], item["STATUS"] == "open")

    async def read(self, window: Window) -> AsyncIterator[Page]:
        self.windows.append(window)
        since = window.since or ""
        keys = sorted(
            key for key, item in self.orders.items()
            if (window.scan is not Scan.CHANGES or item["CHANGED"] >= since)
            and key not in self.hidden_from_reads
        )  # fmt: skip
        keys = [key for key in keys if window.cursor is None or key > window.cursor]
        chunks = [keys[i : i + self.page] for i in range(0, len(keys), self.page)] or [[]]
        for index, chunk in enumerate(chunks):
            self.pages += 1
            if self.fail_before_page == self.pages:
                raise ConnectionError("killed")
            documents = [self.document(key) for key in chunk]
            yield Page(documents, chunk[-1] if chunk else None, index == len(chunks) - 1, self.columns, NOW)

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        there = [self.document(key) for key in keys if key in self.orders]
        return KeyAnswer(there, [key for key in keys if key not in self.orders])


class EventfulSource(MemorySource):
    """Orders that also send events."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.caught = CaughtUp()
        self.asked: list[Sequence[str]] = []
        self.fail: Exception | None = None

    async def catch_up(self) -> CaughtUp:
        return self.caught

    async def keys_of(self, events: Sequence[Event]) -> Map[str, Sequence[str]]:
        concerned = [event for event in events if event.type != "shop.opened"]
        return {event.event_id: [event.body["order"]] for event in concerned}

    async def by_key(self, keys: Sequence[str]) -> KeyAnswer:
        self.asked.append(keys)
        if self.fail is not None:
            raise self.fail
        return await super().by_key(keys)


@dataclass
class MemoryTarget:
    """Orders by id; every fault is a function that a test puts in."""

    limits: Limits = field(default_factory=lambda: Limits(concurrency=3, batch={}, settle=0.0))
    objects: dict[str, Payload] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    writes: list[tuple[str, str]] = field(default_factory=list)
    finds: int = 0
    before_write: Callable[[Sequence[Intent]], Any] | None = None
    after_write: Callable[[Sequence[Intent]], Any] | None = None
    outcome: Callable[[Intent], Outcome | None] = lambda _: None
    lag: int = 0

    def number_of(self, number: str) -> list[str]:
        return [key for key, item in self.objects.items() if item["number"] == number]

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        self.finds += 1
        if self.finds <= self.lag:
            return [Found(intent.key, Verdict.ABSENT) for intent in intents]
        return [self._find(intent) for intent in intents]

    def _find(self, intent: Intent) -> Found:
        number = intent.key.split("|")[1]
        ids = [intent.target_id] if intent.target_id in self.objects else self.number_of(number)
        if not ids:
            return Found(intent.key, Verdict.ABSENT)
        record, target_id = self.objects[ids[0]], ids[0]
        if intent.operation is Operation.REMOVE:
            verdict = Verdict.EQUAL if target_id in self.archived else Verdict.DIFFERENT
        elif record == intent.desired.body:
            verdict = Verdict.EQUAL
        else:
            verdict = (
                Verdict.DIFFERENT
                if record.get("amount") == intent.desired.body["amount"]
                else Verdict.FOREIGN
            )
        return Found(intent.key, verdict, target_id, record)

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        await asyncio.sleep(0)
        if self.before_write:
            self.before_write(intents)
        outcomes = [self._write(intent) for intent in intents]
        if self.after_write:
            self.after_write(intents)
        return outcomes

    def _write(self, intent: Intent) -> Outcome:
        if special := self.outcome(intent):
            return special
        self.writes.append((intent.operation.value, intent.key))
        target_id = intent.target_id or f"T{len(self.objects) + 1:04d}"
        if intent.operation is Operation.REMOVE:
            self.archived.add(target_id)
        else:
            self.archived.discard(target_id)
            self.objects[target_id] = intent.desired.body
        return Outcome(intent.key, "loaded", target_id=target_id)

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        return [
            Outcome(intent.key, "loaded", target_id=receipt["id"])
            for intent, receipt in zip(intents, receipts, strict=True)
        ]

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        wanted = (
            sorted(self.objects)
            if target_ids is None
            else [item for item in target_ids if item in self.objects]
        )
        return TargetPage([self._record(target_id) for target_id in wanted], None)

    def _record(self, target_id: str) -> TargetRecord:
        body = self.objects[target_id]
        state = "archived" if target_id in self.archived else "active"
        return TargetRecord(target_id, None, state, body, body.get("amount"), body.get("name"))


class Clock:
    """A clock that a test moves; it also moves a little by itself."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=10)
        return self.now

    def move(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def flow(store: Store, source: MemorySource, target: MemoryTarget, **changes: Any) -> FlowContext:
    """The flow ``shop.orders``; keyword arguments change tenant, dataset, mapping, params or context."""
    tenant = TenantConfig.model_validate(TENANT | changes.pop("tenant", {}))
    dataset = Dataset.model_validate(DATASET | changes.pop("dataset", {}))
    mapping = Mapping.model_validate(MAPPING | changes.pop("mapping", {}))
    settings = tenant.flow("shop.orders").model_copy(update=changes.pop("settings", {}))
    params = RunParams(**changes.pop("params", {}))
    return FlowContext(
        tenant, mapping.flow, settings, dataset, compile_mapping(mapping, dataset, tenant), store,
        "test run", params, source, target, **changes,
    )  # fmt: skip
