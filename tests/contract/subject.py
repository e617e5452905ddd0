"""What the contract's tests ask of a system and its simulator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal

from ml_connector.core.contract import Payload, Target
from ml_connector.core.state.store import Store

BANK_ACCOUNT = "99887766554433"
"""Stands in source documents, and in bodies where the target takes bank details."""


class Subject(ABC):
    """One target and the simulator behind it.

    Attributes:
        flow: its flow.
        page: objects that one page of the system's lists holds at most.
        settle: seconds after which "not found" can be believed; late commits and lag are shorter.
        narrow: it is looked up by a filter, so an ignored filter makes an absence worthless.
        states: what it calls an object that is there, and one that is not.
        bulk: several creates travel in one call; otherwise each is a call of its own.
    """

    flow: str
    page: int
    settle: float = 60.0
    narrow: bool
    states: tuple[str, str] = ("active", "archived")
    bulk: bool = True

    @property
    @abstractmethod
    def secrets(self) -> dict[str, str]:
        """What must appear nowhere, by what it is; the logins of now included."""

    @abstractmethod
    def open(self, store: Store, *, batches: bool = True) -> AbstractAsyncContextManager[Target]:
        """A target as each task opens one; with ``batches`` off, each create is a call of its own."""

    @abstractmethod
    def body(self, number: int) -> Payload:
        """A valid document; each number another one."""

    @abstractmethod
    def changed(self, body: Payload) -> Payload:
        """The same document with another content that is no part of its key."""

    @abstractmethod
    def guilty(self, number: int) -> Payload:
        """A document that the system refuses, whatever stands beside it."""

    def amount(self, body: Payload) -> Decimal | None:
        """The money amount of a body, where it has one."""
        return None

    @abstractmethod
    def key(self, thing: Payload) -> str:
        """Natural key of a body, or of an object in the system."""

    @abstractmethod
    def living(self) -> list[Payload]:
        """Objects in the system, without archived ones."""

    @abstractmethod
    def writes(self) -> int:
        """Calls that changed something or tried to, since the start."""

    @abstractmethod
    def now(self) -> datetime:
        """The time in the simulator."""

    @abstractmethod
    async def pass_time(self, seconds: float) -> None:
        """Let time pass; what was to happen meanwhile has happened."""

    # ---- what goes wrong

    @abstractmethod
    def lose_answer(self, skip: int = 0) -> None:
        """The next write is carried out, its answer is lost."""

    @abstractmethod
    def commit_late(self, seconds: float) -> None:
        """The next write times out and is carried out so many seconds later."""

    @abstractmethod
    def never_arrive(self) -> None:
        """The next write breaks off before anything is carried out, and nobody can tell."""

    @abstractmethod
    def limit_rate(self, skip: int = 0) -> float:
        """The next write is refused as one too many; returns the seconds until more are allowed."""

    @abstractmethod
    def expire_login(self, skip: int = 0) -> None:
        """The login ends before the next write."""

    @abstractmethod
    def lag(self, seconds: float) -> None:
        """Lists and searches show new objects so much later."""

    @abstractmethod
    def ignore_filters(self) -> None:
        """Lists answer everything, until :meth:`heal`."""

    @abstractmethod
    def heal(self) -> None:
        """No more faults."""

    @abstractmethod
    def repeat_secrets(self, kind: str) -> None:
        """The next write is answered with an error that repeats secrets.

        Args:
            kind: ``refusal``, ``outage`` or ``login``.
        """
