"""An account of the simulator, a client for it, and tenants whose boards stand there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_connector.core.config import TenantConfig
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from ml_connector.monday.api import MondayApi
from ml_connector.monday.connect import connect
from ml_connector.monday.inspection import compare
from ml_connector.monday.limits import ApiLimits
from ml_connector.monday.making import Maker
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.provision import make
from ml_connector.monday.settings import MondaySettings
from ml_connector.monday.wanted import mappings_of, wanted
from sandbox.credentials import MONDAY_TOKEN
from sandbox.data import Size
from sandbox.monday.model import Board, Column
from sandbox.server import Sandbox
from tests.environment import REPOSITORY
from tests.state import migrated

MAPPINGS = REPOSITORY / "include" / "mappings"
TENANT: dict[str, Any] = {
    "tenant": "acme",
    "environment": "test",
    "time_zone": "America/New_York",
    "start": "2026-01-01",
    "connections": {"peoplesoft": "ps_1", "monday": "monday_1"},
    "business_units": ["US001"],
    "setids": ["SHARE"],
}
ALL: dict[str, Any] = {
    "suppliers": {"board": {"board": "Suppliers"}},
    "gl_accounts": {"board": {"board": "GL accounts"}},
    "invoices": {
        "board": "Invoices", "open_group": "Open", "paid_group": "Paid", "gone": {"group": "Cancelled"},
        "lines": {"board": "Invoice lines"},
    },
    "purchase_orders": {"board": "Orders", "lines": {"into": "subitems"}},
}  # fmt: skip
"""Every kind of board."""


def tenant(**changed: Any) -> TenantConfig:
    """A tenant; ``flows`` are those of the integration."""
    flows = changed.pop("flows", {})
    values = TENANT | {"integrations": {"monday": {"flows": flows}}} | changed
    return TenantConfig.model_validate(values)


def options(boards: Mapping[str, Any] | None = None, **changed: Any) -> MondayOptions:
    """Options; all boards unless some are named."""
    return MondayOptions.model_validate({"boards": ALL if boards is None else boards} | changed)


@dataclass
class Account:
    """The account as a test sees it."""

    sandbox: Sandbox
    api: MondayApi
    store: Store

    async def provision(
        self, chosen: MondayOptions, acme: TenantConfig | None = None, *, dry_run: bool = False
    ) -> list[str]:
        """What the command does, and what it says."""
        acme = acme or tenant()
        needs = wanted(acme, chosen, mappings_of(acme, chosen, [MAPPINGS]))
        return await make(Maker(self.api, self.store, acme.tenant, dry_run), needs)

    async def inspect(self, chosen: MondayOptions, acme: TenantConfig | None = None) -> list[str]:
        """Everything that does not fit."""
        acme = acme or tenant()
        return await compare(self.api, chosen, wanted(acme, chosen, mappings_of(acme, chosen, [MAPPINGS])))

    def board(self, title: str) -> Board:
        """A board by title."""
        (found,) = [board for board in self.sandbox.monday.store.boards.values() if board.name == title]
        return found

    def titles(self) -> list[str]:
        """All boards in the order in which they were made, those of subitems too."""
        return [board.name for board in self.sandbox.monday.store.boards.values()]

    def groups(self, title: str) -> list[str]:
        """Groups of a board from the top."""
        return [group.title for group in self.board(title).groups.values()]

    def make_board(self, title: str, **columns: str) -> Board:
        """A board as a person makes one; types by the columns' ids, which are their titles as well."""
        store = self.sandbox.monday.store
        board = store.create_board(title, "public")
        board.top_group.title = "Team"
        for name, kind in columns.items():
            self.add(board, name, kind)
        return board

    def add(self, board: Board, name: str, kind: str, **more: Any) -> Column:
        """A column as a person adds one."""
        column = Column(name, name, kind, board, "", **more)
        return self.sandbox.monday.store.add_column(board, column)

    @property
    def calls(self) -> int:
        """Calls of the day so far."""
        return int(self.sandbox.monday.counts()["calls_today"])


@asynccontextmanager
async def opened(folder: Path, limits: ApiLimits | None = None) -> AsyncIterator[Account]:
    """A sandbox with an empty account, and a client as tasks have it."""
    database = migrated(folder / "state.db")
    size = Size(vouchers=1, suppliers=1)
    async with Sandbox(size) as sandbox:
        with Store(database, Cipher([]), actor="test") as store:
            settings = MondaySettings(base_url=sandbox.monday_url, api_token=MONDAY_TOKEN)
            async with connect(settings, limits or ApiLimits(), store) as api:
                yield Account(sandbox, api, store)
    database.close()
