"""Monday's refusals: entries of `errors` in an answer, mostly with HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .kinds import KINDS

if TYPE_CHECKING:
    from .model import Column


class MondayError(Exception):
    """One entry of `errors`.

    Attributes:
        code: `extensions.code`; a few refusals have none.
        status: `extensions.status_code`.
        http: HTTP status of the whole answer; 200 for what a field refuses.
        extra: more of `extensions`.
        retry: seconds for `Retry-After` and `extensions.retry_in_seconds`.
        after: seconds for the header alone.
    """

    def __init__(
        self,
        code: str | None,
        message: str,
        *,
        status: int | None = None,
        http: int = 200,
        data: Any = None,
        extra: Mapping[str, Any] | None = None,
        retry: int | None = None,
        after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.http = code, message, status, http
        self.data, self.extra, self.retry = data, dict(extra or {}), retry
        self.after = retry if after is None else after

    def entry(self) -> dict[str, Any]:
        """The entry without a path."""
        extensions: dict[str, Any] = {} if self.code is None else {"code": self.code}
        if self.data is not None:
            extensions["error_data"] = self.data
        if self.status is not None:
            extensions["status_code"] = self.status
        if self.retry is not None:
            extensions["retry_in_seconds"] = self.retry
        return {"message": self.message, "extensions": extensions | self.extra}


def refused(code: str, message: str, status: int = 200, **data: Any) -> MondayError:
    """What a field refuses: HTTP 200, null for the field."""
    return MondayError(code, message, status=status, data=data)


def bad_argument(message: str, **data: Any) -> MondayError:
    """An argument that cannot be."""
    return refused("InvalidArgumentException", message, **data)


def no_board(board_id: Any) -> MondayError:
    """There is no such board."""
    message = "The board does not exist. Please check your board ID and try again"
    return refused("InvalidBoardIdException", message, board_id=board_id)


def no_item(item_id: Any) -> MondayError:
    """There is no such item, or it is not active any more."""
    return refused("InvalidItemIdException", "Item not found", item_id=item_id)


def no_group(group_id: Any) -> MondayError:
    """There is no such group on the board."""
    return refused("InvalidGroupIdException", "Group not found", group_id=group_id)


def no_column(column_id: Any) -> MondayError:
    """There is no such column on the board."""
    message = f"This column ID doesn't exist for the board: {column_id}"
    return refused("InvalidColumnIdException", message, column_id=column_id)


def invalid(column: Column, raw: Any, message: str = "", code: str | None = None) -> MondayError:
    """A value that the column does not take."""
    data: dict[str, Any] = {
        "column_id": column.id,
        "column_name": column.title,
        "column_type": KINDS[column.type].inner,
        "column_value": str(raw),
    }
    if code is not None:
        data["column_validation_error_code"] = code
    text = message or "invalid value, please check our API documentation for the correct data structure"
    return refused("ColumnValueException", text, **data)
