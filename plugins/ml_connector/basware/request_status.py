"""What P2P made of a write that the API had accepted: the second stage.

A write is accepted by status 200 and carried out minutes later. What became of each record stands under
the id of the request; without an entry of its own, a record is not decided.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ml_connector.basware.reading import Reader
from ml_connector.core.contract import Payload
from ml_connector.core.http import quote_segment

PATH = "/v1/requestStatus"
P2P = "P2P"

_RANK = ("Error", "RecordExpired", "Unpublished", "InProgress", "Warning", "Success", "NotProcessed")
"""A record may pass several modules: the first of these that one of them says counts."""


class ItemError(NamedTuple):
    """One remark on a record: ``DataValidation`` is for the customer to mend, ``Technical`` for Basware."""

    type: str
    category: str
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one record.

    Attributes:
        status: ``InProgress``, ``NotProcessed`` (nothing had changed), ``Warning``, ``Success``, ``Error``,
            ``RecordExpired`` (a later version was sent) or ``Unpublished``.
        errors: why.
        parent: of a response, the invoice's id.
    """

    status: str
    errors: tuple[ItemError, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """What became of one request.

    Attributes:
        request_id: as the write's answer named it.
        status: ``InProgress``, ``Success``, ``Error``, ``AcknowledgedSuccess`` or ``AcknowledgedError``.
        entity_type: ``Vendor``, ``TransferResponse`` and so on.
        items: by external code, as P2P decided.
        last_updated: as Basware writes it.
    """

    request_id: str
    status: str
    entity_type: str
    items: Mapping[str, Item] = field(default_factory=dict)
    last_updated: str | None = None

    @property
    def decided(self) -> bool:
        """Nothing is under way any more."""
        return self.status != "InProgress" and all(i.status != "InProgress" for i in self.items.values())


class RequestStatuses:
    """Asks for results of the second stage.

    Args:
        reader: reads.
        clean: takes secrets and bank accounts out of P2P's words.
    """

    def __init__(self, reader: Reader, clean: Callable[[str], str] = str) -> None:
        self._reader, self._clean = reader, clean

    async def one(self, request_id: str) -> RequestStatus | None:
        """One request with all its records; None where Basware does not know it, or not yet."""
        path = f"{PATH}/{quote_segment(request_id)}"
        found = await self._reader.one(path, {"system": P2P, "ignoreSuccessfulItems": "false"})
        return None if found is None else status_of(found, request_id, self._clean)

    async def list(
        self,
        *,
        status: str | None = None,
        entity_type: str | None = None,
        since: str | None = None,
        ignore_successful: bool = True,
    ) -> AsyncIterator[list[RequestStatus]]:
        """Requests in pages."""
        query = {
            # The list spells this parameter with a double l, the single request does not.
            "ignoreSuccessfullItems": str(ignore_successful).lower(),
            "system": P2P,
            "pageSize": "500",
        }
        given = {"status": status, "entityType": entity_type, "lastUpdated": since}
        query |= {name: value for name, value in given.items() if value}
        async for page in self._reader.pages(PATH, query, wrapper="requestStatus"):
            yield [status_of(row, "", self._clean) for row in page]


def status_of(row: Payload, request_id: str, clean: Callable[[str], str] = str) -> RequestStatus:
    """One entry; its items are those of P2P."""
    items: dict[str, Item] = {}
    for system in _objects(row.get("systems")):
        if str(system.get("system") or P2P).upper() != P2P:
            continue
        for raw in _objects(system.get("items")):
            code = raw.get("externalCode")
            if isinstance(code, str):
                items[code] = _merged(items.get(code), _item(raw, clean))
    stamp = row.get("lastUpdated")
    return RequestStatus(
        str(row.get("requestId") or request_id),
        str(row.get("requestStatus") or "InProgress"),
        str(row.get("entityType") or ""),
        items,
        stamp if isinstance(stamp, str) else None,
    )


def _item(raw: Payload, clean: Callable[[str], str]) -> Item:
    errors = tuple(
        ItemError(
            str(error.get("type") or ""),
            str(error.get("category") or ""),
            clean(str(error.get("message") or "")),
        )
        for error in _objects(raw.get("errors"))
    )
    parent = raw.get("parentExternalCode")
    return Item(str(raw.get("status") or "InProgress"), errors, parent if isinstance(parent, str) else None)


def _merged(first: Item | None, second: Item) -> Item:
    """One record as two modules see it."""
    if first is None:
        return second
    leading = min(first, second, key=lambda item: _rank(item.status))
    return Item(leading.status, (*first.errors, *second.errors), first.parent or second.parent)


def _rank(status: str) -> int:
    """A status that is not known is not a success."""
    return _RANK.index(status) if status in _RANK else 0


def _objects(value: Any) -> list[Payload]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
