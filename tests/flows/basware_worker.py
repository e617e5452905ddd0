"""A run of Basware's DAGs as a process of its own, which stops itself at a named point.

The product has no hooks for this: the functions around each point are wrapped here, in the process that
is to die.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ml_connector.basware import flows
from ml_connector.basware.attachments.target import Attachments
from ml_connector.basware.connect import connect
from ml_connector.basware.invoices.known import KnownInvoices
from ml_connector.basware.responses import target as responses
from ml_connector.basware.responses.target import CODE
from ml_connector.basware.responses.verdicts import Verdicts
from ml_connector.core.config import TenantConfig
from ml_connector.core.errors import ConnectorError
from ml_connector.core.http import AiohttpTransport, Client, Request
from ml_connector.core.ledger import claims
from ml_connector.core.ledger.spacing import Spacing
from ml_connector.core.stages import extract, feed, load
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from tests.flows.dag_file import STAGES, DagRunner, definitions
from tests.flows.processes import Worker, forked
from tests.flows.sandbox_time import SandboxTime
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

Sleep = Callable[[float], Awaitable[None]]

definitions()  # in the server: read once for all processes


@dataclass(frozen=True)
class Order:
    """What the process is to do.

    Attributes:
        connections: ``AIRFLOW_CONN_*``.
        flows: the part behind the dot, in the order of the DAG.
        events: of the DAG that events start, or of the main one.
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
    flows: tuple[str, ...] = ()
    events: bool = True
    stages: tuple[str, ...] = STAGES
    point: str | None = None
    passes: int = 0
    stop: str = "KILL"
    lease: float = 60.0
    small: int = 0
    control_url: str = ""
    clock: str = ""


def _posts(ending: str) -> Callable[..., bool]:
    """Whether a request writes to an invoice."""
    return lambda _, request: request.method == "POST" and request.path.endswith(ending)


def _makes_a_voucher(_: object, request: Request) -> bool:
    return "CI_AP_VOUCHER_C" in request.headers.get("SOAPAction", "")


def _has_documents(_: object, __: object, page: Any, *___: Any) -> bool:
    return bool(page.documents)


def _code(_: object, done: Any, name: str) -> bool:
    return name == CODE and bool(done)


def _some(_: Settler, pairs: Any, *__: Any) -> bool:
    return bool(pairs)


def _written(point: Point) -> None:
    """What is loaded is settled apart from the rest."""
    for name in ("settle", "settle_loaded"):
        after(claims, name, point, lambda _, values, *__: bool(values))


_TOLD, _ANSWERED, _PAID = _posts("/acknowledge"), _posts("/transferResponses"), _posts("/paymentResponses")

POINTS: dict[str, Callable[[Point], None]] = {
    "a page is committed": lambda point: after(extract, "_commit_page", point, _has_documents),
    "an acknowledgment is about to be prepared": lambda point: before(Client, "_once", point, _TOLD),
    "an acknowledgment is about to leave": lambda point: before(AiohttpTransport, "send", point, _TOLD),
    "an acknowledgment is answered": lambda point: after_awaiting(AiohttpTransport, "send", point, _TOLD),
    "acknowledgments are noted": lambda point: after(KnownInvoices, "acknowledged", point),
    "the claim is committed": lambda point: after(feed.Feed, "_claim_block", point, result=bool),
    "a voucher is about to be prepared": lambda point: before(Client, "_once", point, _makes_a_voucher),
    "a voucher is about to leave": lambda point: before(AiohttpTransport, "send", point, _makes_a_voucher),
    "a voucher is made": lambda point: after_awaiting(AiohttpTransport, "send", point, _makes_a_voucher),
    "codes are about to be stored": lambda point: before(load._Loader, "steps", point, _code),
    "codes are stored": lambda point: after_awaiting(load._Loader, "steps", point, _code),
    "a moment is reserved": lambda point: after(Spacing, "_reserve", point),
    "a response is about to be prepared": lambda point: before(Client, "_once", point, _ANSWERED),
    "a response is about to leave": lambda point: before(AiohttpTransport, "send", point, _ANSWERED),
    "a response is answered": lambda point: after_awaiting(AiohttpTransport, "send", point, _ANSWERED),
    "a payment is about to leave": lambda point: before(AiohttpTransport, "send", point, _PAID),
    "a payment is answered": lambda point: after_awaiting(AiohttpTransport, "send", point, _PAID),
    "the settlement begins": lambda point: before(Settler, "settle", point, _some),
    "the settlement is written, not committed": _written,
    "the settlement is committed": lambda point: after(Settler, "settle", point, _some),
    "verdicts are known": lambda point: after_awaiting(Verdicts, "of", point),
    "a file is about to be written": lambda point: before(Attachments, "_write", point),
    "a file is written": lambda point: after(Attachments, "_write", point),
}


def wait_by(sleep: Sleep, put: Callable[[object, str, object], None] = setattr) -> None:
    """Have the flows of this process wait for Basware in this way.

    Args:
        put: ``monkeypatch.setattr``, where the process lives on.
    """
    put(flows, "connect", partial(connect, sleep=sleep))


def main(order: Order) -> None:
    """What the process does."""
    os.environ.update(order.connections)
    announce_claims()
    one_write_at_a_time()
    if order.small:
        feed.SMALLEST = feed.LARGEST = responses.BATCH = order.small
    if order.point is not None:
        POINTS[order.point](Point(_stopping(order)))
    try:
        asyncio.run(_work(order))
    except ConnectorError as error:
        say(f"stopped {error}")
        sys.exit(3)


def _stopping(order: Order) -> OtherOrder:
    return OtherOrder("", "", "", "", "", point=order.point, passes=order.passes, stop=order.stop)


async def _work(order: Order) -> None:
    runner = DagRunner(
        "basware", order.tenant, Database(order.database), Cipher([order.key]),
        lease=timedelta(seconds=order.lease), patience=timedelta(0),
    )  # fmt: skip
    time = SandboxTime(order.control_url, Path(order.clock))
    runner.clock = time.now
    wait_by(time.sleep)
    results = await runner.run(*order.flows, events=order.events, stages=order.stages)
    say(json.dumps(results, default=str))


def worker(order: Order) -> AbstractAsyncContextManager[Worker]:
    """A process; it is gone at the end."""
    return forked(main, order)
