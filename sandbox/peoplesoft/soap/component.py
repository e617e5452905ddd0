"""What stands behind a component interface: how an object is found, made, edited and saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

from sandbox.data.size import Record
from sandbox.peoplesoft.state import PeopleSoftState

from .edits import Edits
from .outcome import Notice


class Component(ABC):
    """One component.

    Attributes:
        ci: name of its interface in `interfaces.INTERFACES`.
        rows: field values of a new row that gives none, by level.
    """

    ci: str
    rows: Mapping[str, Record]

    @abstractmethod
    def get(self, state: PeopleSoftState, key: Record) -> Record | None:
        """The object with this key, if the user may see it; never change it in place."""

    @abstractmethod
    def candidates(self, state: PeopleSoftState, given: Record) -> Iterator[Record]:
        """Objects among which `Find` compares, in key order; at least all that match."""

    @abstractmethod
    def fill(self, record: Record, edits: Edits) -> None:
        """Give a new object its header defaults, in place."""

    @abstractmethod
    def may_change(self, old: Record, given: Record, edits: Edits) -> None:
        """Refuse changes that the object's status does not allow."""

    @abstractmethod
    def edit(self, record: Record, edits: Edits) -> list[Notice]:
        """Check an object and derive what depends on its fields; returns warnings."""

    @abstractmethod
    def next_id(self, state: PeopleSoftState, record: Record) -> str:
        """The number for an object that asks for NEXT."""

    @abstractmethod
    def save(self, state: PeopleSoftState, record: Record, old: Record | None) -> None:
        """Put it into the database."""
