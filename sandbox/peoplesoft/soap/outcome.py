"""What a method says about its work: notices of a save, and faults of the Integration Broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One entry of `messages`. Numbers and wording are this simulator's own."""

    text: str
    number: int = 0
    type: str = "Error"
    explain: str = ""
    set: int = 7030


class NotSaved(Exception):
    """The object was not saved: notification 0 with these notices."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        super().__init__("; ".join(notice.text for notice in notices))
        self.notices = list(notices)


class BrokerFault(Exception):
    """The Integration Broker refuses the message before a component interface sees it."""

    def __init__(self, set_number: int, number: int, text: str, *parameters: str) -> None:
        super().__init__(text)
        self.number = number
        self.message = f"{text} ({set_number},{number})"
        self.parameters = parameters

    @classmethod
    def wrong_password(cls) -> BrokerFault:
        """The password is wrong."""
        return cls(158, 45, "User password failed.", "ANONYMOUS")

    @classmethod
    def unknown_user(cls, user: str) -> BrokerFault:
        """There is no such user, or it is locked."""
        return cls(158, 55, "UserName not defined in database.", user)

    @classmethod
    def not_authorized(cls, user: str, operation: str) -> BrokerFault:
        """No permission list of the user holds the service operation."""
        text = f"User {user} not authorized to invoke Service Operation {operation}."
        return cls(158, 536, text, user, operation)

    @classmethod
    def no_routing(cls, alias: str) -> BrokerFault:
        """No active service operation answers to this name."""
        text = "Unable to find a Routing corresponding to the incoming request message."
        return cls(158, 505, text, alias)

    @classmethod
    def malformed(cls, line: int, column: int, reason: str) -> BrokerFault:
        """The body is no XML."""
        text = f"Fatal Error: at file Integration Server  line: {line}  column: {column}  message: {reason}"
        return cls(159, 5, f"XML parser error ParseXmlString {text}", "ParseXmlString", text)

    @classmethod
    def invalid(cls, operation: str, reason: str) -> BrokerFault:
        """The body does not match the schema. The number is this simulator's own."""
        return cls(158, 10733, f"Message of {operation} does not match its schema: {reason}", operation)
