"""Boards of the simulator's account, documents on their way to them, and a ledger that remembers."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ml_connector.core import codec
from ml_connector.core.contract import Desired, Intent, Operation, Outcome, Payload, Verdict
from ml_connector.core.http import AiohttpTransport, Request, Response
from ml_connector.monday import connect as connecting
from ml_connector.monday.api import MondayApi
from ml_connector.monday.budgets import Budgets
from ml_connector.monday.items import Items
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.session import PersonalToken
from ml_connector.monday.settings import MondaySettings
from ml_connector.monday.template import BOARDS, GONE, KEY, LINK, TemplateColumn, column_id
from sandbox.control import monday as control
from sandbox.credentials import MONDAY_TOKEN
from sandbox.data import Size
from sandbox.monday.labels import COLOURS
from sandbox.monday.model import Board, Column, Item
from sandbox.server import Sandbox

WRITE = "mutation WriteItems"
ITEM_FIELDS = (
    "voucher", "amount", "invoice_date", "approval", "description", "payment_status", "paid_amount",
    "paid_on", "payment_reference",
)  # fmt: skip
LINE_FIELDS = ("description", "amount", "quantity")
UNLIMITED = {"plan": "enterprise", "minute_complexity": 10**9, "items_limit": 100_000}


class Recorder:
    """A transport that keeps what was sent over it, the answer aside."""

    def __init__(self, connections: int) -> None:
        self._inner = AiohttpTransport(connections=connections)
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        return await self._inner.send(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class Steps:
    """A ``Progress`` that remembers, and how many writes and files had left by then."""

    account: Account | None = None
    made: list[tuple[str, str, Any]] = field(default_factory=list)
    writes: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    async def step(self, intent: Intent, name: str, value: Any) -> None:
        await self.steps([(intent, value)], name)

    async def steps(self, done: Sequence[tuple[Intent, Any]], name: str) -> None:
        for intent, value in done:
            intent.steps[name] = value
            self.made.append((intent.key, name, value))
            if self.account is not None:
                self.writes.append(len(self.account.keys))
                self.files.append(len(self.account.files))


@dataclass
class Account:
    """An account of the simulator, a client for it, and what stands behind the API."""

    sandbox: Sandbox
    api: MondayApi
    transport: Recorder
    pauses: list[float] = field(default_factory=list)

    @property
    def held(self) -> Any:
        return self.sandbox.monday.store

    @property
    def switches(self) -> Any:
        return self.sandbox.monday.switches

    @property
    def keys(self) -> list[str]:
        """The keys of all writes that left, repetitions included."""
        found = (request.headers.get("Idempotency-Key") for request in self.transport.sent)
        return [key for key in found if key is not None]

    @property
    def bodies(self) -> list[Any]:
        """What was sent to the API, decoded."""
        return [codec.decode(one.body or b"") for one in self.transport.sent if one.method == "POST"]

    @property
    def files(self) -> list[list[dict[str, str]]]:
        """The files of imports, row by row."""
        sent = [one.body or b"" for one in self.transport.sent if one.method == "PUT"]
        return [list(csv.DictReader(io.StringIO(file.decode(), newline=""))) for file in sent]

    def documents(self, name: str) -> list[str]:
        """The texts that were sent under an operation's name."""
        return [body["query"] for body in self.bodies if body["operationName"] == name]

    def variables(self, name: str) -> list[dict[str, Any]]:
        """The variables that were sent under an operation's name."""
        return [body["variables"] for body in self.bodies if body["operationName"] == name]

    def calls(self, operation: str = WRITE) -> int:
        return int(self.sandbox.calls.per_operation[f"monday {operation}"])

    def fault(self, kind: str, operation: str = WRITE, **more: Any) -> None:
        self.sandbox.faults.add(system="monday", kind=kind, operation=operation, **more)

    def now(self) -> datetime:
        return self.sandbox.clock.now()

    async def pass_time(self, seconds: float) -> None:
        self.sandbox.clock.advance(seconds)
        await asyncio.sleep(0)

    # ---- boards

    def board(
        self, title: str, columns: Mapping[str, TemplateColumn | str] | None = None, *,
        groups: Sequence[str] = ("Open",), key: bool = True,
    ) -> Board:  # fmt: skip
        """A board with a key column, a mark, and these columns by id: a type, or one of the template."""
        board: Board = self.held.create_board(title, "public")
        board.groups.clear()
        for place, group in enumerate(groups):
            self.held.add_group(board, group, place=place)
        if key:
            self.columns(board, {KEY: "text", GONE: "checkbox"})
        self.columns(board, columns or {})
        return board

    def columns(self, board: Board, columns: Mapping[str, TemplateColumn | str]) -> None:
        for name, column in columns.items():
            made = column if isinstance(column, TemplateColumn) else TemplateColumn(name, column)
            self.column(board, name, made.title, made.type, made.labels)

    def column(
        self, board: Board, name: str, title: str, type_: str, labels: Sequence[str] = (), **defaults: Any
    ) -> Column:
        """A column as a person adds one; ids of status labels are none of their positions."""
        if type_ == "status" and labels:
            ids = [number for number in COLOURS.values() if number > 5]
            defaults["labels"] = {
                str(number): label for number, label in zip(ids, reversed(labels), strict=False)
            }
        elif type_ == "dropdown":
            defaults["labels"] = [{"label": label} for label in labels]
        board.reserved.discard(name)
        body = {"board": board.id, "title": title, "type": type_, "id": name}
        self.person("add-column", **body, defaults=defaults or None)
        return board.columns[name]

    def connected(self, board: Board, name: str, title: str, *others: Board) -> Column:
        """A column that connects a board with others."""
        return self.column(
            board,
            name,
            title,
            "board_relation",
            boardIds=[other.id for other in others],
            allowMultipleItems=True,
        )

    def subitems(self, board: Board) -> Board:
        """The hidden board of a board's subitems, with the columns that a team gave it."""
        self.person("add-column", board=board.id, title="Subitems", type="subtasks", id=None)
        assert board.subitem_board is not None
        return board.subitem_board

    def invoices(
        self, lines: str | None = None, *, groups: Sequence[str] = ("Open", "Paid", "Cancelled"), **more: str
    ) -> Board:
        """The board of invoices, and where their lines go: ``board``, ``subitems`` or nowhere."""
        template = BOARDS["invoices"]
        columns: dict[str, TemplateColumn | str] = {column_id(f): template.columns[f] for f in ITEM_FIELDS}
        board = self.board("Invoices", {**columns, **more}, groups=groups)
        below = {column_id(f): template.lines[f] for f in LINE_FIELDS}
        if lines == "subitems":
            self.columns(self.subitems(board), {KEY: "text", **below})
        elif lines == "board":
            made = self.board("Invoice lines", below, groups=("Lines",))
            self.connected(made, LINK, "Document", board)
        return board

    # ---- what stands there

    def items(self, title: str = "Invoices") -> list[Item]:
        """Active items of a board, the oldest first."""
        found = self.board_of(title)
        return sorted(found.listed(), key=lambda item: item.id)

    def lines(self, document: str, title: str = "Invoice lines") -> dict[str, Item]:
        """Active lines of a document by the last part of their keys."""
        found = [item for item in self.items(title) if str(item.data(KEY) or "").startswith(f"{document}|")]
        keys = [str(item.data(KEY)).rpartition("|")[2] for item in found]
        assert len(set(keys)) == len(keys), f"a line of {document} stands there twice"
        return dict(zip(keys, found, strict=True))

    def board_of(self, title: str) -> Board:
        (found,) = [board for board in self.held.boards.values() if board.name == title]
        assert isinstance(found, Board)
        return found

    def item(self, item_id: str | None) -> Item:
        found = self.held.items[int(item_id or 0)]
        assert isinstance(found, Item)
        return found

    def by_key(self, key: str, title: str = "Invoices") -> list[Item]:
        return [item for item in self.items(title) if item.data(KEY) == key]

    def shown(self, item_id: str | None) -> dict[str, Any]:
        """An item as people see it: name, state, group, and texts by column."""
        item = self.item(item_id)
        rows = control.board(self.sandbox.monday, {"board": item.board.id, "state": "all"})["items"]
        (found,) = [row for row in rows if row["id"] == str(item.id)]
        assert isinstance(found, dict)
        return found

    def move_away(self, item_id: str | None, other: Board) -> None:
        """A person moves an item to another board; it keeps its id."""
        item = self.item(item_id)
        item.board.forget(item)
        item.board.active -= 1
        del item.board.items[item.id], item.group.items[item.id]
        item.board, item.group = other, other.top_group
        other.items[item.id] = item.group.items[item.id] = item
        other.active += 1
        other.remember(item)

    def edit(self, item_id: str | None, **values: Any) -> None:
        """A person changes cells; None empties one."""
        self.person("edit", item=item_id, values=values)

    def retire(self, item_id: str | None, how: str) -> None:
        """A person archives or deletes an item."""
        self.person(how, item=item_id)

    def person(self, action: str, **body: Any) -> Any:
        """What a person does on a board."""
        return control.OPERATIONS[action](self.sandbox.monday, body)


@asynccontextmanager
async def opened(limits: Mapping[str, Any] | None = None) -> AsyncIterator[Account]:
    """An empty account, and a client on the sandbox's clock: sleeping moves it."""
    checked = ApiLimits.model_validate({"plan": "enterprise", "concurrency": 1} | dict(limits or {}))
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as sandbox:
        sandbox.monday.switches.change(UNLIMITED)
        pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            sandbox.clock.advance(seconds)
            await asyncio.sleep(0)

        transport = Recorder(4)
        settings = MondaySettings(base_url=sandbox.monday_url, api_token=MONDAY_TOKEN)
        parts = connecting._Parts(settings, checked, sandbox.clock.now, sleep, transport)
        budgets = Budgets(10**9, clock=sandbox.clock.now, sleep=sleep)
        api = parts.api(PersonalToken(MONDAY_TOKEN), budgets=budgets)
        try:
            yield Account(sandbox, api, transport, pauses)
        finally:
            await api.aclose()


# ---- options


def options(
    lines: str | None = None, *, bulk: int = 0, columns: Any = ITEM_FIELDS, **more: Any
) -> MondayOptions:
    """Options of a tenant with a board of invoices; ``more`` is of that board, but for those of the top.

    Args:
        columns: by field, or fields whose columns have the template's ids; None leaves it to the template.
    """
    below: dict[str, Any] = {"into": lines, "columns": {name: column_id(name) for name in LINE_FIELDS}}
    if lines == "board":
        below["board"] = "Invoice lines"
    top = {name: more.pop(name) for name in ("batch", "keys_per_lookup", "settle_seconds") if name in more}
    waiting = {"poll_seconds": 1, "wait_seconds": 30, **more.pop("waiting", {})}
    if not isinstance(columns, dict | None):
        columns = {name: column_id(name) for name in columns}
    board = {"board": "Invoices", "columns": columns} | more
    return MondayOptions.model_validate(
        {
            "limits": {"plan": "enterprise"},
            "bulk": {"from_items": bulk, **waiting},
            "boards": {"invoices": board | ({"lines": below} if lines else {})},
            **top,
        }
    )


def invoices(account: Account, lines: str | None = None, **more: Any) -> Items:
    """The target of invoices."""
    extra = {name: more.pop(name) for name in ("create", "imported") if name in more}

    async def sleep(seconds: float) -> None:
        await account.pass_time(seconds)

    return Items(account.api, options(lines, **more), "invoices", sleep=sleep, **extra)


# ---- documents


def line(number: int, amount: str = "5.25", **columns: Any) -> Payload:
    text = f"{number} Paper"
    return {"key": f"{number}-1", "name": text, "columns": {"amount": Decimal(amount), **columns}}


def body(number: int = 1, *, lines: Sequence[Payload] | int = 0, **columns: Any) -> Payload:
    """What an invoice shall be; a column that is None is left out, as the mapping does it."""
    values = {"voucher": f"{number:08d}", "amount": Decimal("10.50"), "invoice_date": "2026-10-01",
              "approval": "Approved"}  # fmt: skip
    made = {name: value for name, value in {**values, **columns}.items() if value is not None}
    below = [line(place) for place in range(1, lines + 1)] if isinstance(lines, int) else list(lines)
    return {"name": f"INV-{number}", "columns": made} | ({"lines": below} if below else {})


def key_of(number: int) -> str:
    return f"US001|{number:08d}"


def create(number: int = 1, wanted: Payload | None = None, **more: Any) -> Intent:
    """A document that was never sent."""
    desired = Desired("active", wanted if wanted is not None else body(number, **more))
    return Intent(number, key_of(number), "US001", Operation.CREATE, desired, uuid.uuid4().hex)


def update(before: Intent, target_id: str | None, wanted: Payload | None = None, **more: Any) -> Intent:
    """The same document with another content; ``before`` was written."""
    number = before.document_id
    desired = Desired("active", wanted if wanted is not None else body(number, **more))
    return Intent(
        number, before.key, "US001", Operation.UPDATE, desired, uuid.uuid4().hex, previous=before.desired,
        target_id=target_id,
    )  # fmt: skip


def removal(before: Intent, target_id: str | None) -> Intent:
    """The document is cancelled."""
    return Intent(
        before.document_id, before.key, "US001", Operation.REMOVE, Desired("gone", {}, absent=True),
        uuid.uuid4().hex, previous=before.desired, target_id=target_id,
    )  # fmt: skip


def again(intent: Intent, outcome: Outcome | None = None) -> Intent:
    """The next attempt at a document that was not done: what the ledger kept of the one before."""
    stands = outcome is not None and outcome.stands
    target_id = outcome.target_id if outcome is not None and stands else intent.target_id
    operation = (
        intent.operation if intent.operation is Operation.REMOVE or target_id is None else Operation.UPDATE
    )
    return Intent(
        intent.document_id, intent.key, intent.unit, operation, intent.desired, uuid.uuid4().hex,
        previous=intent.previous, target_id=target_id, steps=dict(intent.steps),
    )  # fmt: skip


def doubtful(intent: Intent, account: Account, *, ago: float = 0.0) -> Intent:
    """The same attempt, whose request may have left until then."""
    intent.attempted_at = account.now() - timedelta(seconds=ago)
    return intent


async def written(target: Any, *intents: Intent, steps: Steps | None = None) -> list[Outcome]:
    """What became of documents, in their order."""
    outcomes = {outcome.key: outcome for outcome in await target.write(list(intents), steps or Steps())}
    return [outcomes[intent.key] for intent in intents]


async def loaded(target: Any, *intents: Intent) -> list[str]:
    """Write documents of which nothing is to go wrong; the ids of their items."""
    outcomes = await written(target, *intents)
    assert {outcome.result for outcome in outcomes} == {"loaded"}, outcomes
    return [str(outcome.target_id) for outcome in outcomes]


async def verdict(target: Any, intent: Intent) -> Verdict:
    """What a look-up says of one document."""
    (found,) = await target.find([intent])
    return Verdict(found.verdict)


def results(outcomes: Sequence[Outcome]) -> dict[str, int]:
    return dict(Counter(outcome.result for outcome in outcomes))


def values_of(variables: Mapping[str, Any], alias: int = 0) -> dict[str, Any]:
    """The values of columns that an alias of a batch carried."""
    found = json.loads(variables[f"a{alias}_values"])
    assert isinstance(found, dict)
    return found
