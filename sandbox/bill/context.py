"""What a handler of the BILL simulator works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Fault

from .errors import BillError, core, invalid
from .schema import Fields, validate
from .session import Session
from .store import Store
from .switches import BillSwitches

BULK_LIMITS = {"vendors": 20, "bills": 100, "vendor-credits": 50, "payments": 50, "classifications": 50}


@dataclass(frozen=True)
class Context:
    """One call: the organization's store, the session, the decoded body and the parameters."""

    store: Store
    switches: BillSwitches
    session: Session
    body: Any
    path: Mapping[str, str]
    params: Mapping[str, str]
    faults: Sequence[Fault]
    in_bulk: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def validate(self, bodies: Sequence[Any], fields: Fields, *, partial: bool = False) -> None:
        """Check bodies field by field. Raises ``BillError`` with one entry per fault."""
        unknown = self.switches.unknown_fields == "refuse"
        found = [
            (position, error)
            for position, body in enumerate(bodies)
            if (error := validate(body, fields, partial=partial, refuse_unknown=unknown)) is not None
        ]
        if not found:
            return
        if not self.in_bulk:
            raise found[0][1]
        raise invalid(
            *(f"[{position}].{entry['message']}" for position, error in found for entry in error.entries)
        )

    def members(self, kind: str) -> list[Any]:
        """The members of a bulk request, their number checked."""
        if not isinstance(self.body, list):
            raise invalid("Cannot construct instance of `List`: an array is expected")
        limit = BULK_LIMITS[kind]
        if not 1 <= len(self.body) <= limit:
            raise invalid(f"{kind}: size must be between 1 and {limit}")
        return self.body

    def ids(self, kind: str) -> list[str]:
        """The ids of a bulk archive or restore."""
        ids = [part for part in self.params.get("ids", "").split(",") if part]
        if not 1 <= len(ids) <= BULK_LIMITS[kind]:
            raise invalid(f"ids: size must be between 1 and {BULK_LIMITS[kind]}")
        return ids

    def fault(self, kind: str) -> Fault | None:
        """The fault of this kind that strikes the call."""
        return next((fault for fault in self.faults if fault.kind == kind), None)


def refuse_reference(field: str, value: str) -> BillError:
    """A reference to something that is not there, or archived; which code BILL gives is not documented."""
    return core("BDC_1119", f"{field}, {value}")
