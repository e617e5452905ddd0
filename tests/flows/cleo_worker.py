"""A run of one Cleo flow as a process of its own, which stops itself at a named point.

The product has no hooks for this: the functions around each point are wrapped here, in the process that
is to die.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ml_connector.cleo.inbound.intake import Intake
from ml_connector.cleo.inbound.outbox import Outbox
from ml_connector.cleo.mailbox.over_api import ApiMailbox
from ml_connector.cleo.outbound import rendering
from ml_connector.cleo.outbound import target as outbound_target
from ml_connector.cleo.outbound.target import OutboundTarget
from ml_connector.cleo.outbound.transmit import Transmitter
from ml_connector.core.config.loading import load_tenant
from ml_connector.core.errors import ConnectorError
from ml_connector.core.http import AiohttpTransport, Client, Request
from ml_connector.core.ledger import claims
from ml_connector.core.ledger.exchange import outbound, received
from ml_connector.core.stages import feed
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from tests.flows.dag_file import DagRunner, definitions
from tests.flows.processes import Worker, forked
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

_A_MIB = 1024 if sys.platform != "darwin" else 1024 * 1024
"""Units of the peak memory that the system tells."""

definitions()  # in the server: read once for all processes


@dataclass(frozen=True)
class Order:
    """What the process is to do.

    Attributes:
        connections: ``AIRFLOW_CONN_*``.
        tenant: path of the tenant's file.
        point: a key of ``POINTS``; None to work undisturbed.
        passes: how often the point is passed before the process stops.
        stop: ``KILL`` or ``STOP``.
        small: so many documents per claim and batch.
    """

    connections: dict[str, str]
    tenant: str
    database: str
    key: str
    flow: str
    events: bool = False
    stages: tuple[str, ...] = ("extract", "transform", "load")
    point: str | None = None
    passes: int = 0
    stop: str = "KILL"
    lease: float = 60.0
    small: int = 0


def _uploads(_: object, request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/contents")


def _makes_a_voucher(_: object, request: Request) -> bool:
    return "CI_AP_VOUCHER" in request.headers.get("SOAPAction", "")


def _some(_: Settler, pairs: Any, *__: Any) -> bool:
    return any(outcome.result in ("loaded", "accepted") for _, outcome in pairs)


def _kinds(*kinds: str) -> Callable[..., bool]:
    return lambda _, kept, *__: any(one.set_code in kinds for one in kept.sets)


POINTS: dict[str, Callable[[Point], None]] = {
    # the way out
    "the claim is committed": lambda point: after(feed.Feed, "_claim_block", point, result=bool),
    "a number is allocated": lambda point: after(rendering, "allocate", point),
    "the bytes are kept, not committed": lambda point: after(outbound, "keep", point),
    "the bytes are committed": lambda point: after(OutboundTarget, "_prepare", point),
    "the upload is announced": lambda point: after(Transmitter, "_note_leaving", point),
    "the upload is about to be prepared": lambda point: before(Client, "_once", point, _uploads),
    "the upload is about to leave": lambda point: before(AiohttpTransport, "send", point, _uploads),
    "the upload is answered": lambda point: after_awaiting(AiohttpTransport, "send", point, _uploads),
    "the upload is noted, not committed": lambda point: after(outbound, "uploaded", point),
    "the upload is noted": lambda point: after(Transmitter, "note_uploaded", point),
    "the settlement begins": lambda point: before(Settler, "settle", point, _some),
    "the settlement is written, not committed": lambda point: after(claims, "settle", point),
    "the settlement is committed": lambda point: after(Settler, "settle", point, _some),
    # the way in
    "a file is downloaded": lambda point: after_awaiting(ApiMailbox, "download", point),
    "a file is kept, not committed": lambda point: after(received, "keep", point, _kinds("810")),
    "our answer is kept, not committed": lambda point: after(outbound, "keep", point, _kinds("997")),
    "a file is kept": lambda point: after(Intake, "keep", point),
    "a file is removed": lambda point: after_awaiting(ApiMailbox, "remove", point),
    "our answer is announced": lambda point: after(Outbox, "_leaving", point),
    "our answer is noted, not committed": lambda point: after(outbound, "uploaded", point),
    "our answer is noted": lambda point: after(Outbox, "_sent", point),
    "a voucher is about to be prepared": lambda point: before(Client, "_once", point, _makes_a_voucher),
    "a voucher is about to leave": lambda point: before(AiohttpTransport, "send", point, _makes_a_voucher),
    "a voucher is made": lambda point: after_awaiting(AiohttpTransport, "send", point, _makes_a_voucher),
    "the vouchers are settled, not committed": lambda point: after(claims, "settle_loaded", point),
}


def main(order: Order) -> None:
    """What the process does."""
    os.environ.update(order.connections)
    announce_claims()
    one_write_at_a_time()
    if order.small:
        feed.SMALLEST = feed.LARGEST = outbound_target.BATCH = order.small
    if order.point is not None:
        POINTS[order.point](Point(_stopping(order)))
    try:
        asyncio.run(_work(order))
    except ConnectorError as error:
        say(f"stopped {error}")
        sys.exit(3)
    say(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _A_MIB}")


def _stopping(order: Order) -> OtherOrder:
    return OtherOrder("", "", "", "", order.flow, point=order.point, passes=order.passes, stop=order.stop)


async def _work(order: Order) -> None:
    runner = DagRunner(
        "cleo", load_tenant(Path(order.tenant)), Database(order.database), Cipher([order.key]),
        lease=timedelta(seconds=order.lease), patience=timedelta(0),
    )  # fmt: skip
    say(json.dumps(await runner.run(order.flow, events=order.events, stages=order.stages), default=str))


def worker(order: Order) -> AbstractAsyncContextManager[Worker]:
    """A process; it is gone at the end."""
    return forked(main, order)
