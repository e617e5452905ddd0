"""A component interface that keeps its objects in memory, and the documents that are written to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from ml_connector.core.contract import Desired, Found, Intent, Operation, Outcome, Payload
from ml_connector.peoplesoft.soap import Created, Interface, InterfaceName, Message, Updated
from ml_connector.peoplesoft.writers.kinds import NEXT, Kind
from ml_connector.peoplesoft.writers.lookup import ByInterface, OpenInterface
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.target import ComponentTarget

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTLED = NOW - timedelta(hours=1)
JUST_NOW = NOW - timedelta(seconds=10)


@dataclass
class Fake:
    """One component interface.

    Attributes:
        objects: by target id.
        calls: name and values of each call.
        failures: raised by the next writes, one each; None lets one through.
        after: a failure comes after the write was carried out.
        messages: come with the next saves.
        answered: laid over the keys that a save answers.
    """

    kind: Kind
    objects: dict[str, Payload] = field(default_factory=dict)
    calls: list[tuple[str, Payload]] = field(default_factory=list)
    failures: deque[Exception | None] = field(default_factory=deque)
    after: bool = False
    messages: tuple[Message, ...] = ()
    answered: dict[str, str] = field(default_factory=dict)
    defaults: Payload = field(default_factory=dict)
    broken: Exception | None = None
    extra_found: list[Payload] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = InterfaceName(self.kind.interface)

    def put(self, record: Payload) -> str:
        """An object that is there already."""
        shown = {self.kind.status: "A", **deepcopy(record)}
        target_id = self.kind.target_id(shown)
        assert target_id is not None
        self.objects[target_id] = shown
        return target_id

    @property
    def writes(self) -> list[str]:
        return [name for name, _ in self.calls if name in {"create", "update", "update_data"}]

    @property
    def sent(self) -> Payload:
        """What the last write carried."""
        return [values for name, values in self.calls if name in {"create", "update", "update_data"}][-1]

    async def create(self, values: Payload) -> Created:
        self._begin("create", values)
        record = {**values, **self.defaults}
        if record.get(self.kind.generated) == NEXT:
            record[self.kind.generated] = f"{len(self.objects) + 1235:08d}"
        target_id = self.put(record)
        self._end()
        return Created(self.kind.key_values(target_id) | self.answered, self.messages)

    async def update(self, values: Payload) -> Updated:
        return self._change("update", values)

    async def update_data(self, values: Payload) -> Updated:
        return self._change("update_data", values)

    async def get(self, keys: Payload) -> Payload | None:
        self.calls.append(("get", keys))
        if self.broken is not None:
            raise self.broken
        return deepcopy(self.objects.get(self.kind.target_id(keys) or ""))

    async def find(self, values: Payload) -> list[Payload]:
        """By the beginning, as a component search compares."""
        self.calls.append(("find", values))
        if self.broken is not None:
            raise self.broken
        names = {*self.kind.keys, *self.kind.identity}
        rows = [
            {name: str(record[name]) for name in names if name in record}
            for record in self.objects.values()
            if all(
                str(record.get(name, "")).upper().startswith(value.upper()) for name, value in values.items()
            )
        ]
        return rows + self.extra_found

    def _change(self, name: str, values: Payload) -> Updated:
        self._begin(name, values)
        target_id = self.kind.target_id(values) or ""
        self.objects[target_id].update(deepcopy(values))
        self._end()
        return Updated(self.kind.key_values(target_id) | self.answered, self.messages)

    def _begin(self, name: str, values: Payload) -> None:
        self.calls.append((name, values))
        if self.failures and not self.after and (failure := self.failures.popleft()) is not None:
            raise failure

    def _end(self) -> None:
        if self.failures and self.after and (failure := self.failures.popleft()) is not None:
            raise failure


class Steps:
    """A ``Progress`` that remembers."""

    async def step(self, intent: Intent, name: str, value: Any) -> None:
        intent.steps[name] = value

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        for intent, value in done:
            await self.step(intent, name, value)


def opener(fake: Fake) -> OpenInterface:
    async def open_interface() -> Interface:
        return cast(Interface, fake)

    return open_interface


def target(fake: Fake, options: WriterOptions | None = None, *, create: bool = True) -> ComponentTarget:
    chosen, interface = options or WriterOptions(), opener(fake)
    lookup = ByInterface(fake.kind, interface)
    return ComponentTarget(fake.kind, interface, lookup, chosen, now=lambda: NOW, create=create)


async def write(fake: Fake, intent: Intent, options: WriterOptions | None = None) -> Outcome:
    (outcome,) = await target(fake, options).write([intent], Steps())
    return outcome


async def find(fake: Fake, intent: Intent, options: WriterOptions | None = None) -> Found:
    (found,) = await target(fake, options).find([intent])
    return found


def intent(
    body: Payload,
    *,
    key: str = "basware|778812",
    operation: Operation = Operation.CREATE,
    absent: bool = False,
    previous: Payload | None = None,
    **more: Any,
) -> Intent:
    return Intent(
        document_id=1,
        key=key,
        unit="US001",
        operation=operation,
        desired=Desired("removed" if absent else "active", body, absent),
        previous=Desired("active", previous) if previous is not None else None,
        attempt_id="attempt-1",
        **more,
    )


def update(body: Payload, target_id: str, previous: Payload | None = None, **more: Any) -> Intent:
    before = body if previous is None else previous
    return intent(body, operation=Operation.UPDATE, target_id=target_id, previous=before, **more)


def removal(target_id: str | None, **more: Any) -> Intent:
    return intent({}, operation=Operation.REMOVE, target_id=target_id, absent=True, **more)


def voucher(**changed: Any) -> Payload:
    account = {
        "DISTRIB_LINE_NUM": 1,
        "ACCOUNT": "641000",
        "DEPTID": "10200",
        "MERCHANDISE_AMT": Decimal("1250.50"),
    }
    line = {
        "VOUCHER_LINE_NUM": 1, "DESCR": "Office supplies", "MERCHANDISE_AMT": Decimal("1250.50"),
        "DISTRIB_LINE": [account],
    }  # fmt: skip
    return {
        "BUSINESS_UNIT": "US001",
        "INVOICE_ID": "BW-778812",
        "INVOICE_DT": "2026-10-02",
        "VENDOR_ID": "0000000012",
        "GROSS_AMT": Decimal("1250.50"),
        "TXN_CURRENCY_CD": "USD",
        "DESCR254_MIXED": "office",
        "VOUCHER_LINE": [line],
    } | changed


def journal(**changed: Any) -> Payload:
    amounts = [("641000", Decimal("10.00")), ("200000", Decimal("-10.00"))]
    lines = [
        {"JOURNAL_LINE": number, "ACCOUNT": account, "CURRENCY_CD": "USD", "MONETARY_AMOUNT": amount}
        for number, (account, amount) in enumerate(amounts, 1)
    ]
    return {
        "BUSINESS_UNIT": "US001",
        "JOURNAL_DATE": "2026-11-02",
        "LEDGER_GROUP": "ACTUALS",
        "SOURCE": "EXT",
        "DESCR": "settlement",
        "JRNL_LN": lines,
    } | changed


def supplier(**changed: Any) -> Payload:
    address = {"ADDRESS_SEQ_NUM": 1, "EFFDT": "2026-01-01", "ADDRESS1": "1 Main St", "COUNTRY": "USA"}
    return {
        "SETID": "SHARE",
        "NAME1": "Happy Music Supplies",
        "VENDOR_NAME_SHORT": "HAPPY",
        "VENDOR_ADDR": [address],
    } | changed


def order(**changed: Any) -> Payload:
    schedule = {"SCHED_NBR": 1, "QTY_PO": 2, "PRICE_PO": Decimal("5.00"), "MERCHANDISE_AMT": Decimal("10.00")}
    line = {"LINE_NBR": 1, "DESCR254_MIXED": "Paper", "PO_LINE_SHIP": [schedule]}
    return {
        "BUSINESS_UNIT": "US001",
        "PO_REF": "WEB-1",
        "VENDOR_ID": "0000000012",
        "CURRENCY_CD": "USD",
        "PO_LINE": [line],
    } | changed
