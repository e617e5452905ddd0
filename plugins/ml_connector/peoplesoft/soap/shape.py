"""The properties that an operation takes or answers, as its description says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from lxml import etree

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.peoplesoft.soap.names import InterfaceName
from ml_connector.peoplesoft.soap.values import to_decimal, to_text
from ml_connector.peoplesoft.soap.xml import local, text

_NEARBY = 5


class UnknownProperty(ConfigurationError):
    """The description has no such property."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property or collection.

    Attributes:
        name: the site's.
        required: a message without it is no valid one.
        many: may stand several times.
        decimal: a number with a fraction.
        wrapped: zeep wants the text below ``_value_1`` (a complex type with simple content).
        parts: properties inside, of a collection; empty for a leaf.
    """

    name: str
    required: bool = False
    many: bool = False
    decimal: bool = False
    wrapped: bool = False
    parts: Mapping[str, Property] | None = None


Shape = Mapping[str, Property]


class Converter:
    """Values under our names to the site's and back, for one component interface."""

    def __init__(self, name: InterfaceName) -> None:
        self._name = name

    def to_site(self, values: Payload, shape: Shape, path: str = "") -> dict[str, Any]:
        """What zeep takes: in any order, since the description gives the order. Blanks are left out.

        Raises:
            UnknownProperty: a value has no property; nearby names are listed.
            Rejected: a required property has no value.
        """
        collection = path.rpartition(".")[2]
        row: dict[str, Any] = {}
        for ours, value in values.items():
            if value is None or value in ("", []):
                continue
            place = f"{path}.{ours}" if path else ours
            site = self._name.site(collection, ours)
            if site not in shape:
                raise self._unknown(place, site, shape)
            converted = self._value(value, shape[site], place)
            if converted not in ("", []):
                row[site] = converted
        if row or not path:
            self._check_required(row, shape, path, collection)
        return row

    def from_site(self, element: etree._Element, shape: Shape, path: str = "") -> Payload:
        """An answer under our names: text trimmed, collections as lists, decimals as ``Decimal``.

        Raises:
            ContractChanged: a number is none.
        """
        collection = path.rpartition(".")[2]
        payload: Payload = {}
        for part in element:
            site = local(part)
            known = shape.get(site)
            ours = self._name.ours(collection, site)
            place = f"{path}.{ours}" if path else ours
            if len(part) or (known is not None and known.parts is not None):
                below = known.parts if known is not None and known.parts is not None else {}
                payload.setdefault(ours, []).append(self.from_site(part, below, place))
            else:
                found = text(part)
                payload[ours] = to_decimal(place, found) if found and known and known.decimal else found
        return payload

    def _value(self, value: Any, known: Property, place: str) -> Any:
        if known.parts is not None:
            return self._rows(value, known, place)
        written = to_text(place, value)
        return {"_value_1": written} if written and known.wrapped else written

    def _rows(self, value: Any, known: Property, place: str) -> Any:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise ConfigurationError(f"{place} is a collection", expected="a list of objects")
        rows = [row for row in (self.to_site(row, known.parts or {}, place) for row in value) if row]
        if known.many:
            return rows
        if len(rows) > 1:
            raise Rejected(f"{self._name.name} takes one {place} and there are {len(rows)}", field=place)
        return rows[0] if rows else []

    def _check_required(self, row: Mapping[str, Any], shape: Shape, path: str, collection: str) -> None:
        missing = [self._name.ours(collection, known.name) for known in shape.values()
                   if known.required and known.name not in row]  # fmt: skip
        if missing:
            place = f"{path}.{missing[0]}" if path else missing[0]
            raise Rejected(f"component interface {self._name.name} requires a value", field=place)

    def _unknown(self, place: str, site: str, shape: Shape) -> UnknownProperty:
        nearby = _nearby(site, shape)
        known = f"nearby: {', '.join(nearby)}" if nearby else f"it has {', '.join(list(shape)[:20])}"
        return UnknownProperty(
            f"service {self._name.file} has no property {site} for {place} ({known}). Name it under "
            "properties of the component interface in the tenant file, or have it added to "
            f"{self._name.name} and its WSDL provided again"
        )


def _nearby(site: str, names: Iterable[str]) -> list[str]:
    """Names that hold the wanted one, as ``KEYPROP_X`` holds ``X``, then those spelled like it."""
    known = list(names)
    holding = [name for name in known if site in name or name in site]
    close = get_close_matches(site, known, n=_NEARBY, cutoff=0.6)
    return list(dict.fromkeys([*holding, *close]))[:_NEARBY]
