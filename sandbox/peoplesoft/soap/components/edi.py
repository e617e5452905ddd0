"""Two records that this site made for EDI: where an order or invoice stands, and its trading partners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.data.size import Record
from sandbox.peoplesoft.soap.component import Component
from sandbox.peoplesoft.soap.edits import Edits
from sandbox.peoplesoft.soap.interfaces import ML_EDI_PARTNER, ML_EDI_STATUS, Interface
from sandbox.peoplesoft.soap.outcome import Notice
from sandbox.peoplesoft.state import PeopleSoftState

DOCUMENT_TYPES = ("PO", "INV")


class RecordComponent(Component):
    """A component over one record, keyed by what the caller gives."""

    rows: Mapping[str, Record] = {}

    def __init__(self, interface: Interface, table: str) -> None:
        self.ci, self._level, self._table = interface.ci, interface.level, table

    def get(self, state: PeopleSoftState, key: Record) -> Record | None:
        return state.tables[self._table].get(tuple(str(key.get(name, "")) for name in self._level.keys))

    def candidates(self, state: PeopleSoftState, given: Record) -> Iterator[Record]:
        return iter(state.tables[self._table])

    def fill(self, record: Record, edits: Edits) -> None:
        for name in self._level.fields:
            record.setdefault(name, "")

    def may_change(self, old: Record, given: Record, edits: Edits) -> None:
        """Every record may be changed."""

    def edit(self, record: Record, edits: Edits) -> list[Notice]:
        edits.required(record, self._level.keys)
        if "BUSINESS_UNIT" in self._level.keys:
            edits.unit(record["BUSINESS_UNIT"])
        if "EDI_DOC_TYPE" in self._level.keys:
            edits.one_of(record, "EDI_DOC_TYPE", DOCUMENT_TYPES)
        if (
            record.get("VENDOR_ID")
            and edits.state.suppliers.get((record["SETID"], record["VENDOR_ID"])) is None
        ):
            edits.refuse(
                f"Supplier {record['SETID']} {record['VENDOR_ID']} does not exist.", 501, "VENDOR_ID"
            )
        return []

    def next_id(self, state: PeopleSoftState, record: Record) -> str:
        raise LookupError(f"{self.ci} gives no numbers")

    def save(self, state: PeopleSoftState, record: Record, old: Record | None) -> None:
        state.tables[self._table].put(record)


EDI_COMPONENTS = (
    RecordComponent(ML_EDI_STATUS, "edi_status"),
    RecordComponent(ML_EDI_PARTNER, "edi_partner"),
)
