"""A run of one Monday.com flow as a process of its own, which stops itself at a named point.

The product has no hooks for this: the functions around each point are wrapped here, in the process that
is to die.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ml_connector.core.config import TenantConfig
from ml_connector.core.errors import ConnectorError
from ml_connector.core.http import AiohttpTransport, Client, Request
from ml_connector.core.ledger import claims
from ml_connector.core.stages import feed, load
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.monday.bulk import Importer
from tests.flows.dag_file import DagRunner, definitions
from tests.flows.processes import Worker, forked
from tests.flows.sandbox_time import SandboxTime, wait_by
from tests.flows.worker import Order as OtherOrder
from tests.flows.worker import (
    Point,
    after,
    after_awaiting,
    announce_claims,
    before,
    one_write_at_a_time,
    say,
)

definitions()  # in the server: read once for all processes


@dataclass(frozen=True)
class Order:
    """What the process is to do.

    Attributes:
        connections: ``AIRFLOW_CONN_*``.
        point: a key of ``POINTS``; None to work undisturbed.
        passes: how often the point is passed before the process stops.
        stop: ``KILL`` or ``STOP``.
        small: so many documents per claim.
        control_url: of a sandbox whose clock the process goes by.
        clock: file of its ``SandboxTime``.
    """

    connections: dict[str, str]
    tenant: TenantConfig
    database: str
    key: str
    flow: str
    stages: tuple[str, ...] = ("extract", "transform", "load")
    point: str | None = None
    passes: int = 0
    stop: str = "KILL"
    lease: float = 60.0
    small: int = 0
    control_url: str = ""
    clock: str = ""


def _is(operation: str) -> Callable[..., bool]:
    """Whether a request is this operation of the API."""
    name = f'"operationName":"{operation}"'.encode()
    return lambda _, request: request.body is not None and name in request.body


def _is_file(_: object, request: Request) -> bool:
    return request.method == "PUT"


def _step(name: str) -> Callable[..., bool]:
    return lambda _, done, step: step == name and bool(done)


def _some(_: Settler, pairs: Any, *__: Any) -> bool:
    return bool(pairs)


def _written(point: Point) -> None:
    """What is loaded is settled apart from the rest."""
    for name in ("settle", "settle_loaded"):
        after(claims, name, point)


_BATCH, _LABELS, _START = _is("WriteItems"), _is("SetDropdownLabels"), _is("StartImport")

POINTS: dict[str, Callable[[Point], None]] = {
    "the claim is committed": lambda point: after(feed.Feed, "_claim_block", point, result=bool),
    "a batch is about to be prepared": lambda point: before(Client, "_once", point, _BATCH),
    "a batch is about to leave": lambda point: before(AiohttpTransport, "send", point, _BATCH),
    "a batch is answered": lambda point: after_awaiting(AiohttpTransport, "send", point, _BATCH),
    "items are about to be noted": lambda point: before(load._Loader, "steps", point, _step("item")),
    "items are noted": lambda point: after_awaiting(load._Loader, "steps", point, _step("item")),
    "an import is started": lambda point: after_awaiting(AiohttpTransport, "send", point, _START),
    "an import is noted": lambda point: after_awaiting(load._Loader, "steps", point, _step("job")),
    "a file is about to leave": lambda point: before(AiohttpTransport, "send", point, _is_file),
    "a file is sent": lambda point: after_awaiting(AiohttpTransport, "send", point, _is_file),
    "an import is asked for": lambda point: after_awaiting(Importer, "status", point),
    "labels are about to leave": lambda point: before(AiohttpTransport, "send", point, _LABELS),
    "labels are changed": lambda point: after_awaiting(AiohttpTransport, "send", point, _LABELS),
    "the settlement begins": lambda point: before(Settler, "settle", point, _some),
    "the settlement is written, not committed": _written,
    "the settlement is committed": lambda point: after(Settler, "settle", point, _some),
}


def main(order: Order) -> None:
    """What the process does."""
    os.environ.update(order.connections)
    announce_claims()
    one_write_at_a_time()
    if order.small:
        feed.SMALLEST = feed.LARGEST = order.small
    if order.point is not None:
        POINTS[order.point](Point(_stopping(order)))
    try:
        asyncio.run(_work(order))
    except ConnectorError as error:
        say(f"stopped {error}")
        sys.exit(3)


def _stopping(order: Order) -> OtherOrder:
    return OtherOrder("", "", "", "", order.flow, point=order.point, passes=order.passes, stop=order.stop)


async def _work(order: Order) -> None:
    runner = DagRunner(
        "monday", order.tenant, Database(order.database), Cipher([order.key]),
        lease=timedelta(seconds=order.lease), patience=timedelta(0),
    )  # fmt: skip
    if order.clock:
        time = SandboxTime(order.control_url, Path(order.clock))
        runner.clock = time.now
        wait_by(time.sleep)
    say(json.dumps(await runner.run(order.flow, stages=order.stages), default=str))


def worker(order: Order) -> AbstractAsyncContextManager[Worker]:
    """A process; it is gone at the end."""
    return forked(main, order)
