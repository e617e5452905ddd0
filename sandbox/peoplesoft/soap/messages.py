"""Message names: M and six digits that every database draws for itself, so namespaces differ between them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from .interfaces import Interface

SCHEMAS = "http://xmlns.oracle.com/Enterprise/Tools/schemas"


@dataclass(frozen=True)
class MessageName:
    """One message of a service operation."""

    name: str

    @property
    def namespace(self) -> str:
        """Target namespace of its schema."""
        return f"{SCHEMAS}/{self.name}"


def request_name(database: str, interface: Interface, method: str) -> MessageName:
    """The message that carries a request."""
    return MessageName(f"M{_number(database, interface.operation(method))}.V{interface.version}")


def response_name(database: str, interface: Interface, method: str) -> MessageName:
    """The message that carries the answer."""
    return MessageName(f"M{_number(database, interface.operation(method) + ' answer')}.V{interface.version}")


def _number(database: str, what: str) -> int:
    digest = sha256(f"{database} {what}".encode()).digest()
    return 100_000 + int.from_bytes(digest[:8]) % 900_000
