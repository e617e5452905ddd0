"""What stands in Basware's answers: rows, single objects, tokens of the next page, ids of requests.

Lists come under a key of their own or as a bare array, and not always as documented; single objects
come bare or as a list of one. What was empty may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector.core.contract import Payload
from ml_connector.core.errors import ContractChanged
from ml_connector.core.http import Response

CONTINUATION = "x-amz-meta-continuationtoken"
"""Header of an answer and of the next request; names of headers know no case."""

REQUEST_ID = "x-amzn-RequestId"

_WRAPPERS = (
    "accountingDocuments", "requestStatus", "taskStatus", "exportedPurchaseOrders",
    "exportedPurchaseRequisitions", "purchaseOrders", "purchaseGoodsReceipts", "applicationGroups",
)  # fmt: skip
"""Keys under which a single object stands as a list of one."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list.

    Attributes:
        rows: as Basware sent them; numbers with a fraction as ``Decimal``.
        token: asks for the next page, with the same parameters; None at the end. A short page is no end.
    """

    rows: list[Payload] = field(repr=False)
    token: str | None


@dataclass(frozen=True, slots=True)
class Download:
    """A file as it was sent.

    Attributes:
        content: its bytes.
        media_type: what the answer says it is, in small letters.
        name: of the file, where the answer names one.
    """

    content: bytes = field(repr=False)
    media_type: str
    name: str | None = None


def rows_of(answer: Any, wrapper: str | None, path: str) -> list[Payload]:
    """The rows of a list.

    Raises:
        ContractChanged: there is no list of objects in the answer.
    """
    rows = _listed(answer, wrapper)
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise ContractChanged(f"Basware's answer to {path} holds no list of objects")
    return rows


def _listed(answer: Any, wrapper: str | None) -> list[Any] | None:
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return None
    if wrapper is not None and isinstance(answer.get(wrapper), list):
        found: list[Any] = answer[wrapper]
        return found
    lists = [value for value in answer.values() if isinstance(value, list)]
    if lists:
        return lists[0]
    return [] if all(value is None for value in answer.values()) else None


def entity_of(answer: Any, path: str) -> Payload | None:
    """A single object, out of the list of one in which it may stand; None where that list is empty.

    Raises:
        ContractChanged: it is no object, or several.
    """
    found = answer
    if isinstance(answer, dict):
        wrapper = next((name for name in _WRAPPERS if isinstance(answer.get(name), list)), None)
        if wrapper is None and len(answer) == 1:
            wrapper = next((name for name, value in answer.items() if isinstance(value, list)), None)
        if wrapper is not None:
            found = answer[wrapper]
    if isinstance(found, list):
        if not found:
            return None
        found = found[0] if len(found) == 1 else None
    if not isinstance(found, dict):
        raise ContractChanged(f"Basware's answer to {path} is not one object")
    return found


def continuation(*answers: Response) -> str | None:
    """The token of the next page, from the first of these answers that has one."""
    for answer in answers:
        token = answer.header(CONTINUATION).strip()
        if token:
            return token
    return None


def request_id(response: Response) -> str | None:
    """Under which the second stage of a write is found."""
    return response.header(REQUEST_ID).strip() or None


def holds(there: Any, sent: Any) -> bool:
    """Whether what Basware holds is what was sent: fields that it adds do not count, and null is absent."""
    if isinstance(sent, Mapping):
        return isinstance(there, Mapping) and all(holds(there.get(name), sent[name]) for name in sent)
    if isinstance(sent, Sequence) and not isinstance(sent, str):
        if not isinstance(there, list):
            return there is None and not sent
        return len(there) == len(sent) and all(map(holds, there, sent))
    if isinstance(sent, int | Decimal) and not isinstance(sent, bool):
        return isinstance(there, int | Decimal) and not isinstance(there, bool) and there == sent
    return bool(there == sent)
