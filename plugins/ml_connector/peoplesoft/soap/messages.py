"""What PeopleSoft says about a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One message beside an answer.

    Attributes:
        type: ``Error``, ``Warning`` and the like; sites may write it in other ways.
        code: ``set,number``; blank where PeopleSoft gave none.
        text: in the language of the user.
    """

    type: str
    code: str
    text: str

    @property
    def is_error(self) -> bool:
        """Whether it says why something failed."""
        return self.type.casefold().startswith("err")


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal by the Integration Broker instead of an answer; ``code`` as in :class:`Message`."""

    code: str
    text: str
