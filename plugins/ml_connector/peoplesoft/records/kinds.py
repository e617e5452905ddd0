"""The two records, as data. docs/peoplesoft.md recommends how a site makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml_connector.core.config import InterfaceKind
from ml_connector.core.contract import Payload, join_key
from ml_connector.core.errors import Rejected


@dataclass(frozen=True)
class RecordKind:
    """One record.

    Attributes:
        name: key under ``component_interfaces`` of a tenant file, and under ``records`` of its options.
        noun: for people.
        interface: component interface where the tenant names none.
        keys: properties that make the target id, e.g. ``US001|PO|0000000007``.
        fields: the others, in the order in which a file holds them.
    """

    name: InterfaceKind
    noun: str
    interface: str
    keys: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys and fields."""
        return self.keys + self.fields

    def target_id(self, values: Mapping[str, Any]) -> str:
        """The keys as one text.

        Raises:
            Rejected: one of them is blank, or would be taken for two.
        """
        parts = [str(values.get(name) or "").strip() for name in self.keys]
        for name, part in zip(self.keys, parts, strict=True):
            if not part or "|" in part:
                raise Rejected("is a key: it must not be blank and must not hold |", field=name, value=part)
        return join_key(*parts)

    def key_values(self, target_id: str) -> Payload:
        """Inverse of :meth:`target_id`."""
        return dict(zip(self.keys, target_id.split("|"), strict=True))


ORDER_STATUS = RecordKind(
    name="order_status",
    noun="status record",
    interface="ML_EDI_STATUS",
    keys=("BUSINESS_UNIT", "EDI_DOC_TYPE", "EDI_DOC_ID"),
    fields=(
        "EDI_SET_CODE", "EDI_PARTNER", "EDI_REFERENCE", "EDI_STATUS", "EDI_REASON", "EDI_RESPONSE",
        "EDI_RESP_REASON", "EDI_PROMISED_DT", "EDI_CONTROL", "EDI_FILE_NAME", "EDI_SENT_DTTM",
        "EDI_DELIV_DTTM", "EDI_ACKN_DTTM", "EDI_RESP_DTTM",
    ),
)  # fmt: skip

TRADING_PARTNER = RecordKind(
    name="trading_partner",
    noun="partner record",
    interface="ML_EDI_PARTNER",
    keys=("EDI_CONNECTION",),
    fields=(
        "EDI_CONN_TYPE", "EDI_ENABLED", "EDI_READY", "EDI_REASON", "EDI_ENDPOINT", "EDI_PARTNER", "SETID",
        "VENDOR_ID",
    ),
)  # fmt: skip


def fields_of(body: Payload) -> Payload:
    """The record's properties in a document's body; none in that of one that shall be gone."""
    fields: Payload = body.get("fields") or {}
    return fields
