"""Failures, named by what to do about them rather than by where they came from.

A hook translates every answer of its system into one of these classes: by error code first,
by status second, by body text last. Stages and Airflow's retry policy look at the class only.

=====================  ==============================================  =================
class                  meaning                                         what follows
=====================  ==============================================  =================
ConfigurationError     wrong node, unknown query, bad mapping          fail at once
AuthenticationError    credentials refused                             fail at once
NotActivated           the other side must switch something on         fail at once
ContractChanged        a column vanished, another API version          fail at once
RateLimited            asked too often; carries ``retry_after``        flow waits
Unavailable            outage; nothing was executed                    flow waits
InDoubt                sent, no answer: it may have been executed      look up first
Rejected               the business said no to one document            that document only
=====================  ==============================================  =================
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of all failures the product raises on purpose.

    The text is written for the person who reads it in the morning: what happened, to what, and
    what to do now. It must never hold a secret or a bank detail.
    """


class ConfigurationError(ConnectorError):
    """A setting is wrong. Repeating the call cannot help.

    Args:
        message: the sentence to show.
        file: the file in which the mistake stands, if it stands in one.
        line: line number, from 1.
        field: dotted path of the field.
        expected: what would have been right.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        field: str | None = None,
        expected: str | None = None,
    ) -> None:
        place = ":".join(str(part) for part in (file, line) if part is not None)
        parts = [part for part in (place, field) if part]
        text = f"{': '.join(parts)}: {message}" if parts else message
        super().__init__(f"{text} (expected: {expected})" if expected else text)
        self.file, self.line, self.field, self.expected = file, line, field, expected


class AuthenticationError(ConnectorError):
    """Credentials were refused. Never repeated: both sides lock accounts after a few failures."""


class NotActivated(ConnectorError):
    """The other side answers, but what was called is not switched on or not granted.

    Args:
        message: the sentence to show, ending with what an administrator must do.
        operation: name of the service operation or permission concerned.
    """

    def __init__(self, message: str, *, operation: str) -> None:
        super().__init__(message)
        self.operation = operation


class ContractChanged(ConnectorError):
    """The other side no longer speaks as agreed: a column vanished, another version answered."""


class RateLimited(ConnectorError):
    """Asked too often. The request was certainly not executed.

    Args:
        retry_after: seconds until a repetition makes sense.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ConnectorError):
    """An outage: connection refused, maintenance page, 5xx on a read. Nothing was executed."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InDoubt(ConnectorError):
    """A write left and no answer came back that settles it: time-out, reset, 5xx."""


class Rejected(ConnectorError):
    """The business rules of one side refuse one document.

    Args:
        reason: the refusal in plain words.
        field: the field at fault, where known.
        value: the offending value, where it is no secret.
        code: the other side's error code, where it has one.
    """

    def __init__(
        self, reason: str, *, field: str | None = None, value: object = None, code: str | None = None
    ) -> None:
        shown = f" (value: {value!r})" if value is not None else ""
        super().__init__(f"{field}: {reason}{shown}" if field else f"{reason}{shown}")
        self.reason, self.field, self.value, self.code = reason, field, value, code


class GuardTripped(ConnectorError):
    """A safety limit stopped the flow until a person confirms, e.g. too many removals in one run."""


class Repeated(ConnectorError):
    """Equal errors in a row: the flow stops because the fault is not in the documents."""
