"""The standard methods of a component interface, the same for every component."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

from sandbox.data.size import Record
from sandbox.peoplesoft.state import PeopleSoftState

from .buffer import Merge, completed
from .component import Component
from .edits import Edits
from .interfaces import Interface
from .outcome import Notice, NotSaved

FOUND_MOST = 300
"""Rows a component search returns at most, whatever matches."""


@dataclass(frozen=True)
class Saved:
    """A save that worked: the object, and warnings."""

    record: Record
    warnings: list[Notice] = field(default_factory=list)


@dataclass(frozen=True)
class Methods:
    """The methods of one interface on one database."""

    state: PeopleSoftState
    interface: Interface
    component: Component

    def create(self, given: Record) -> Saved:
        """`Create`. Raises ``NotSaved``."""
        component, edits = self.component, Edits(self.state)
        record = completed(self.interface.level, given, component.rows)
        component.fill(record, edits)
        edits.stop()
        numbered = self.interface.next_key
        asked = str(record.get(numbered) or "NEXT") if numbered else ""
        if asked != "NEXT" and component.get(self.state, record) is not None:
            edits.refuse("The object you tried to add already exists.", 2, numbered)
            edits.stop()
        warnings = component.edit(record, edits)
        edits.stop()
        if asked == "NEXT":
            record[numbered] = component.next_id(self.state, record)
        component.save(self.state, record, None)
        return Saved(record, warnings)

    def get(self, given: Record) -> Record | None:
        """`Get`."""
        return self.component.get(self.state, given)

    def find(self, given: Record) -> list[Record]:
        """`Find`: character fields match by their beginning, or whole where the switch says so."""
        wanted = {name: value for name, value in given.items() if value != ""}
        made: list[Record] = []
        for record in self.component.candidates(self.state, wanted):
            if all(self._matches(record.get(name, ""), value) for name, value in wanted.items()):
                made.append(record)
            if len(made) == FOUND_MOST:
                break
        return made

    def _matches(self, value: object, wanted: object) -> bool:
        if self.state.switches.find_match == "exact" or not isinstance(wanted, str):
            return value == wanted
        return str(value).startswith(wanted)

    def update(self, given: Record, *, add: bool) -> Saved:
        """`Update` (which may add rows) and `Updatedata`. Raises ``NotSaved``."""
        component, edits = self.component, Edits(self.state)
        old = component.get(self.state, given)
        if old is None:
            raise NotSaved([Notice("No rows exist for the specified keys.", 1)])
        component.may_change(old, given, edits)
        edits.stop()
        replace = add and self.state.switches.update_rows == "replace"
        record = Merge(component.rows, add=add, replace=replace).merge(
            self.interface.level, deepcopy(old), given
        )
        warnings = component.edit(record, edits)
        edits.stop()
        component.save(self.state, record, old)
        return Saved(record, warnings)
