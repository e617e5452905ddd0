"""What an operation gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.faults import Fault
from sandbox.jsonio import decode

from . import paging
from .errors import invalid
from .paging import Query

if TYPE_CHECKING:
    from .state import BaswareState

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        where: the path that was called.
        path: its variable parts.
        params: the query.
        raw: the body.
    """

    state: BaswareState
    where: str
    path: Mapping[str, str]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    faults: Sequence[Fault]

    def json(self) -> Any:
        """The body. Raises ``BaswareError`` with 400."""
        try:
            return decode(self.raw)
        except ValueError:
            raise invalid("The body is not JSON.") from None

    def page(self, rows: Sequence[T | None], query: Query[T]) -> tuple[list[T], str | None]:
        """A page of a list, and the token of the next one."""
        return self.state.pages.page(rows, query, self.headers.get(paging.ASKED))

    def query(self) -> str:
        """What must be the same on every page."""
        return paging.where(self.where, self.params)

    def size(self, default: int, most: int) -> int:
        """Rows on a page."""
        planned = [fault.rows for fault in self.faults if fault.kind == "short_page"]
        return min([paging.size(self.params, default, most), *planned])


@dataclass(frozen=True)
class Answer:
    """What goes back.

    Attributes:
        value: the body as JSON, unless there is `content`.
        token: of the next page.
        redirect: whether it is fetched from a pre-signed address.
        request_id: by which requestStatus knows the write.
    """

    value: Any = None
    status: int = 200
    token: str | None = None
    redirect: bool = False
    request_id: str = ""
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
