"""Texts that a mapping can write into columns that take nothing but their own labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml_connector.core.config import TenantConfig
from ml_connector.core.config.mapping import Mapping, MappingField
from ml_connector.monday.fields import COLUMNS, LINES
from ml_connector.monday.values import plain


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts by field, with the tenant's value maps.

    Attributes:
        mapping: of the flow; None where it does not run.
        lines: the fields are those of lines.
    """

    tenant: TenantConfig
    mapping: Mapping | None
    lines: bool = False

    def of(self, name: str) -> tuple[list[str] | None, str | None]:
        """All texts of a field, or None where PeopleSoft's data decides; and its value map."""
        field = self._field(name)
        if field is None or self.mapping is None:
            return None, None
        values = [field.const, *field.by_state.values()]
        if field.map is not None:
            own, tenants = self.mapping.value_maps, self.tenant.value_maps
            values = list((own.get(field.map, {}) | tenants.get(field.map, {})).values())
        elif field.kind not in {"const", "by_state"}:
            return None, None
        return [plain(value) for value in (*values, field.default) if value is not None], field.map

    def _field(self, name: str) -> MappingField | None:
        fields = self.mapping.fields if self.mapping is not None else {}
        if self.lines:
            rows = fields.get(LINES)
            fields = rows.fields if rows is not None else {}
        return fields.get(f"{COLUMNS}.{name}")


def in_order(texts: Iterable[str], template: Sequence[str]) -> tuple[str, ...]:
    """Texts, each once: in the template's order, and then those that it does not know."""
    known = dict.fromkeys(texts)
    return (*(text for text in template if text in known), *(text for text in known if text not in template))
