"""Acknowledges invoices and answers them. No two writes to one invoice come close to each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ml_connector.basware.answers import request_id
from ml_connector.basware.calls import Calls
from ml_connector.basware.errors import ApiRefusal, Conflict, Duplicate, NotAllowed, NotFound, says_it_exists
from ml_connector.core.contract import Payload
from ml_connector.core.errors import InDoubt
from ml_connector.core.http import Response, quote_segment
from ml_connector.core.ledger.spacing import Spacing

INVOICES = "accountingDocuments"

ResponseKind = Literal["transferResponses", "paymentResponses"]


class Acknowledgment(StrEnum):
    """What became of an acknowledgment."""

    DONE = "done"  #: the invoice is in transfer now
    ALREADY = "already"  #: it was acknowledged before, or is past that
    UNKNOWN = "unknown"  #: there is no such invoice


@dataclass(frozen=True, slots=True)
class Receipt:
    """A response that the API took; P2P decides later, under this id of the request."""

    request_id: str


class InvoiceWriter:
    """Writes to invoices.

    Args:
        calls: sends.
        spacing: keeps writes to one invoice apart.
    """

    def __init__(self, calls: Calls, spacing: Spacing) -> None:
        self._calls, self._spacing = calls, spacing

    async def acknowledge(self, invoice_id: str) -> Acknowledgment:
        """See :meth:`BaswareApi.acknowledge`."""
        path = f"/v1/{INVOICES}/{quote_segment(invoice_id)}/acknowledge"
        async with self._spacing.apart([_record(invoice_id)]):
            try:
                await self._calls.write(path)
            except NotAllowed:
                return Acknowledgment.ALREADY
            except NotFound:
                return Acknowledgment.UNKNOWN
        return Acknowledgment.DONE

    async def respond(self, invoice_id: str, kind: ResponseKind, body: Payload) -> Receipt:
        """See :meth:`BaswareApi.respond`."""
        path = f"/v1/{INVOICES}/{quote_segment(invoice_id)}/{kind}"
        async with self._spacing.apart([_record(invoice_id)]):
            try:
                response = await self._calls.write(path, body)
            except NotFound:
                raise
            except ApiRefusal as refusal:
                if isinstance(refusal, Conflict) or any(map(says_it_exists, refusal.problems)):
                    raise _duplicate(refusal) from None
                raise
        return Receipt(named_request(path, response))


def named_request(path: str, response: Response) -> str:
    """The id under which the second stage is found.

    Raises:
        InDoubt: the answer names none, so what P2P decides could not be followed.
    """
    found = request_id(response)
    if found is None:
        raise InDoubt(
            f"POST {path}: it was probably executed, but the answer names no request (header "
            "x-amzn-RequestId; a proxy may remove it)"
        )
    return found


def _record(invoice_id: str) -> str:
    return f"{INVOICES}/{invoice_id}"


def _duplicate(refusal: ApiRefusal) -> Duplicate:
    return Duplicate(
        refusal.reason,
        code=refusal.code or "CONFLICT_IN_POST",
        field="externalCode",
        problems=refusal.problems,
    )
