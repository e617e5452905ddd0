"""What a tenant may set under ``integrations.monday.options``.

Boards, groups and columns are the customer's: each is named by id or by title. What Monday does not
document is an option, so that an account that behaves otherwise needs no new release.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ml_connector.core.config.values import Duration, Model, Name, Switch, Text, wrong
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.template import GONE, KEY, LINK

ColumnNames = dict[Name, Text]
"""Column by field of the mapping: its id or its title."""

Seconds = Annotated[float, Field(ge=0)]


class Gone(Model):
    """What becomes of an item whose document is cancelled, deleted or out of the selection.

    ``mark`` sets a checkbox, or a label of a status column, and may move the item to a group;
    ``archive`` and ``delete`` do that to the item with its lines.
    """

    do: Literal["mark", "archive", "delete"] = "mark"
    column: Text = GONE
    label: Text | None = None
    group: Text | None = None


class Lines(Model):
    """Where the lines of a document go.

    ``board``: items of a board of their own, connected with the document's item. They can be imported in
    bulk. ``subitems``: below the document's item; one by one, and archived together with it.
    """

    into: Literal["board", "subitems"] = "board"
    board: Text | None = None
    group: Text | None = None
    key: Text = KEY
    link: Text = LINK
    columns: ColumnNames | None = None

    @model_validator(mode="after")
    def _has_board(self) -> Self:
        if (self.into == "board") != (self.board is not None):
            raise wrong("a board for lines that go into one, and none for subitems")
        return self


class BoardOptions(Model):
    """One board and what is written to it.

    Attributes:
        board: id or title.
        workspace: id or name, for boards that are to be made and titles that several workspaces have.
        group: where new items go; the topmost where none is named.
        key: the text column that holds the natural key.
        columns: which columns are written; without it, those of the template. Nothing else is touched.
        gone: what becomes of an item whose document is gone.
        lines: where lines go; nowhere without it.
        edits: a mapped value that somebody changed on the board, or an item that somebody removed:
            ``report`` it, or ``write`` PeopleSoft's value again.
    """

    board: Text
    workspace: Text | None = None
    group: Text | None = None
    key: Text = KEY
    columns: ColumnNames | None = None
    gone: Gone = Gone()
    lines: Lines | None = None
    edits: Literal["report", "write"] = "report"


class InvoiceBoard(BoardOptions):
    """The board of invoices; its items move between two groups when they are paid, or not any more."""

    paid_group: Text | None = None
    open_group: Text | None = None

    @model_validator(mode="after")
    def _both_groups(self) -> Self:
        if (self.paid_group is None) != (self.open_group is None):
            raise wrong("paid_group together with open_group: a voided payment moves the item back")
        return self


class LabelColumn(Model):
    """A dropdown column whose labels are the documents, instead of a board of them."""

    board: Literal["invoices", "purchase_orders"]
    lines: Switch = False
    column: Text


class ReferenceBoard(Model):
    """Suppliers or accounts: items of a board, or labels of a dropdown column."""

    board: BoardOptions | None = None
    labels: LabelColumn | None = None

    @model_validator(mode="after")
    def _one_only(self) -> Self:
        if (self.board is None) == (self.labels is None):
            raise wrong("exactly one of board and labels")
        return self


class Boards(Model):
    """The tenant's boards by flow; a flow without a board does not run."""

    suppliers: ReferenceBoard | None = None
    gl_accounts: ReferenceBoard | None = None
    invoices: InvoiceBoard | None = None
    purchase_orders: BoardOptions | None = None


class Bulk(Model):
    """When the bulk import is used, and how long it is waited for.

    Attributes:
        from_items: that many items of one kind or more in one go; 0 switches it off.
        batch: documents that are written together at most.
        items_per_hour: created and updated items that the account may import (documented: 19,000).
        poll_seconds: between two questions whether it is done (documented: about 10).
        wait_seconds: how long a load waits; later runs ask what became of the rest.
    """

    from_items: Annotated[int, Field(ge=0, strict=True)] = 200
    batch: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 2500
    items_per_hour: Annotated[int, Field(ge=0, le=19_000, strict=True)] = 19_000
    poll_seconds: Seconds = 10.0
    wait_seconds: Seconds = 600.0


class MondayOptions(Model):
    """Options of the Monday.com integration.

    Attributes:
        limits: what the account's plan allows.
        boards: where each kind of document goes.
        batch: items that one call writes at most (recommended: 10 to 25; 60 seconds are the limit).
        mutation_points: what one write costs of the complexity budget (documented: 10,000).
        settle_seconds: "not found" is believed so long after a call left; a search may lag behind.
        keys_per_lookup: items that one look-up asks for.
        read_back_pages: pages that one reconciliation spends on what it did not touch.
        read_back_every: how often all of that is read back; what was touched is, in every run.
    """

    limits: ApiLimits = ApiLimits()
    boards: Boards = Boards()
    bulk: Bulk = Bulk()
    batch: Annotated[int, Field(ge=1, le=100, strict=True)] = 25
    mutation_points: Annotated[int, Field(ge=1, strict=True)] = 10_000
    settle_seconds: Seconds = 60.0
    keys_per_lookup: Annotated[int, Field(ge=1, le=400, strict=True)] = 100
    read_back_pages: Annotated[int, Field(ge=1, strict=True)] = 40
    read_back_every: Duration = timedelta(days=1)

    def items_of(self, flow: str) -> BoardOptions | None:
        """The board of a flow's items; None where it has none."""
        found = getattr(self.boards, flow)
        return found.board if isinstance(found, ReferenceBoard) else found
