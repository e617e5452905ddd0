"""What mapping one document can lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from ml_connector.core.contract import Desired


class CrosswalkKey(NamedTuple):
    """One entry of a crosswalk; equal to the plain tuple of the same two texts."""

    crosswalk: str
    key: str


Crosswalk = Mapping[CrosswalkKey, str] | Mapping[tuple[str, str], str]
"""Target ids by crosswalk and source key."""


@dataclass(slots=True)
class Facts:
    """What is known of a document whatever becomes of it; parts that cannot be read are None.

    Attributes:
        label: what a person calls it, e.g. the invoice number.
        amount: for the totals, as the source holds it.
        currency: ISO 4217.
        party: the business partner's key.
        group: by which reconciliation counts: the mapping's ``status`` field, or else the state wanted.
        reference: one more number by which people search, e.g. the purchase order's.
    """

    label: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    party: str | None = None
    group: str | None = None
    reference: str | None = None


@dataclass(slots=True, kw_only=True)
class Mapped(Facts):
    """The document can be sent; where ``hold`` gives a reason, not before a person releases it."""

    desired: Desired
    hold: str | None = None


@dataclass(slots=True, kw_only=True)
class Waiting(Facts):
    """An entry of a crosswalk is missing; ``field`` is the target's field that needs it."""

    crosswalk: str
    key: str
    field: str


@dataclass(slots=True, kw_only=True)
class Refused(Facts):
    """The document breaks a rule of the mapping; ``field`` is the source's where one is at fault."""

    reason: str
    field: str | None = None
    value: Any = None
    expected: str | None = None


@dataclass(slots=True, kw_only=True)
class Hold(Facts):
    """The mapping wants a person to decide."""

    reason: str


Result = Mapped | Waiting | Refused | Hold


class Refusal(Exception):
    """Carries a refusal from the place where it is noticed up to the document.

    The converters know value and expectation, the field's closure adds the field, and the loops
    over rows add which row it was.
    """

    def __init__(
        self, reason: str, *, value: Any = None, expected: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.value, self.expected, self.field = reason, value, expected, field
        self.rows: list[str] = []
        self.collection: str | None = None  # the collection that is none, so that it has no rows

    def at(self, field: str, target: str | None = None) -> Refusal:
        """Add the field's name, unless a place further in has done so."""
        if self.field is None:
            self.field = field
            named = f"{field} (for {target})" if target and target != field else field
            self.reason = f"{named} {self.reason}"
        return self

    def text(self) -> str:
        """The reason with the rows in which it was found."""
        return f"{self.reason} ({', '.join(self.rows)})" if self.rows else self.reason


class Missing(Exception):
    """A crosswalk has no entry for a key."""

    def __init__(self, crosswalk: str, key: str, field: str) -> None:
        super().__init__(crosswalk, key, field)
        self.crosswalk, self.key, self.field = crosswalk, key, field
