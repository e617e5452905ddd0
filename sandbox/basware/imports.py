"""The first stage of an import: arrays that overwrite, patches that keep what they do not name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.faults import Fault

from . import moments
from .errors import BaswareError, Entry, conflict, invalid, schema_entry
from .requests import EXPIRED, UNCHANGED, Item, Request, Verdict
from .resources import Resource
from .shapes import compact
from .store import Record, Table, Value

if TYPE_CHECKING:
    from .state import BaswareState

Faults = Sequence[Fault]


class Imports:
    """Writes to the tables of a state."""

    def __init__(self, state: BaswareState) -> None:
        self._state = state

    def post(
        self, table: Table, body: Any, faults: Faults
    ) -> tuple[Request, list[dict[str, Any]], list[Entry]]:
        """Import an array: the request, the records as they stand now, and what was left out.

        Raises ``BaswareError`` with 400 or 409; then nothing was imported.
        """
        records = _array(table.resource, body)
        checked = [(record, self._errors(table.resource, record)) for record in records]
        errors = [entry for _, found in checked for entry in found]
        good = [record for record, found in checked if not found]
        if not good or (errors and not self._state.switches.partial_batches):
            raise BaswareError(400, errors)
        _no_twins(good)
        request, stored = self._store(table, good, "POST", faults)
        return request, [record.shown() for record in stored], errors

    def patch(self, table: Table, code: str, body: Any, faults: Faults) -> tuple[Request, dict[str, Any]]:
        """Change one record: the request, and the record. Raises ``BaswareError`` with 400 or 404."""
        if not isinstance(body, dict):
            raise invalid("The body must be one record.")
        if body.get("externalCode", code) != code:
            message = "The externalCode is not that of the address."
            raise BaswareError(400, [Entry(code, "VALIDATION", "EXTERNAL_CODE_MISMATCH", message)])
        record = table.find(code)
        changes = {name: value for name, value in body.items() if value is not None}
        checked = {**record.value, **changes} if self._state.switches.partial_patches else changes
        if errors := self._errors(table.resource, checked):
            raise BaswareError(400, errors)
        request, stored = self._store(table, [{**record.value, **changes}], "PATCH", faults)
        return request, stored[0].shown()

    def _errors(self, resource: Resource, record: Any) -> list[Entry]:
        strict = self._state.switches.unknown_fields == "refuse"
        found = list(resource.shape.problems(record, "", strict=strict))
        if resource.name == "paymentTerms" and isinstance(record, dict):
            rules = bool(record.get("paymentTermDiscountRules"))
            if rules is not (record.get("cashDueDateCalc") == 2):
                found.append("paymentTermDiscountRules stand if, and only if, cashDueDateCalc is 2.")
        code = _code(record)
        return [schema_entry(code if isinstance(code, str) else None, message) for message in found]

    def _store(
        self, table: Table, records: list[dict[str, Any]], operation: str, faults: Faults
    ) -> tuple[Request, list[Record]]:
        stored = [self._put(table, record) for record in records]
        items = [record.pending for record in stored if record.pending is not None]
        spoil(items, faults)
        resource = table.resource
        request = self._state.requests.open(
            resource.entity,
            operation,
            items,
            version=resource.version,
            list_key=resource.list_key,
            later=delay(faults),
        )
        return request, stored

    def _put(self, table: Table, record: dict[str, Any]) -> Record:
        state, code = self._state, record["externalCode"]
        value = compact(table.resource.shape.known(record))
        value.pop("lastUpdated", None)
        now, before = state.clock.seconds(), table.rows.get(code)
        if before is not None:
            state.pace.violated(before.posted, table.resource.key)
        item = Item(code, value)
        if before is not None and before.value == value:
            item.settle(UNCHANGED)
        else:
            self._expire(before, now)
            item.work = partial(state.p2p.take, table, code, value)
        made = Record(code, value, moments.cut(state.clock.now()), now, item)
        table.put(made)
        return made

    def _expire(self, before: Record | None, now: float) -> None:
        """The older of two versions that were sent almost at once is not looked at any more."""
        within = float(self._state.switches.expired_within_seconds)
        if before is None or before.pending is None or now - before.posted >= within:
            return
        if before.pending.work is not None:
            before.pending.settle(EXPIRED)


def _array(resource: Resource, body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise invalid("The body must be an array of records.")
    if not 1 <= len(body) <= resource.most:
        raise invalid(f"The array must have 1 to {resource.most} records.")
    return body


def _code(record: Any) -> Any:
    return record.get("externalCode") if isinstance(record, Mapping) else None


def _no_twins(records: Sequence[Value]) -> None:
    counted = Counter(record["externalCode"] for record in records)
    for code, times in counted.items():
        if times > 1:
            raise conflict("Duplicate externalCode.", code)


def delay(faults: Faults) -> float:
    """Seconds that the second stage takes longer."""
    return sum(fault.seconds for fault in faults if fault.kind == "process_later")


def spoil(items: Sequence[Item], faults: Faults) -> None:
    """Let P2P decide otherwise about the first items."""
    for fault in faults:
        if fault.kind == "verdict":
            status = fault.value or "Error"
            kind = status if status in {"Warning", "RecordExpired"} else "Error"
            message, category = fault.message or "Planned verdict.", fault.code or "DataValidation"
            for item in items[: fault.rows]:
                item.settle(Verdict(status, ((kind, message, category),)))
