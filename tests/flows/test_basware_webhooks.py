"""Notifications only wake: whatever becomes of them, the same vouchers are made as by looking alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ml_connector.basware.flows import verifier
from ml_connector.basware.upkeep import receiver_url
from ml_connector.console.receiver import MakeVerifier
from ml_connector.core.state.schema import inbox
from ml_connector.core.state.store import Store
from ml_connector.core.webhooks import Verifier
from tests.flows.basware import BaswareWorld, basware_world
from tests.flows.receiver import serving

A_DAY = 86_400.0
WAITING = "WEBHOOK AccountingDocuments WaitingForTransfer"
OTHERS = "OTHER1"
"""A company of the same account that is another deployment's."""


@dataclass(frozen=True)
class OneTenant:
    """An installation with the world's tenant and nothing else."""

    world: BaswareWorld

    def addresses(self) -> Mapping[tuple[str, str], MakeVerifier]:
        """Basware may deliver for the tenant."""
        return {("basware", self.world.runner.tenant.tenant): self._verifier}

    def open_store(self) -> Store:
        """The world's state."""
        return self.world.runner.store("webhooks")

    def _verifier(self, store: Store) -> Verifier:
        return verifier(self.world.runner.tenant, store)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaswareWorld]:
    """Basware is subscribed to, and knows where to send."""
    async with basware_world(tmp_path, monkeypatch) as made, serving(OneTenant(made)) as base_url:
        url = receiver_url(base_url, made.runner.tenant.tenant)
        made.options(webhooks={"subscribe": True, "url": url})
        await made.back("invoices")
        assert len(made.p2p("subscriptions")) == 2
        yield made


async def delivered(world: BaswareWorld, count: int) -> None:
    """Wait until Basware has handed over so many notifications more."""
    gauge = world.sandbox.basware.push.dispatcher.delivered
    async with asyncio.timeout(30):
        await gauge.reach(count)


def waiting(world: BaswareWorld) -> list[Any]:
    """Notifications that nobody has taken up."""
    with world.runner.database.read() as connection:
        rows = connection.execute(select(inbox)).all()
    return [row for row in rows if row.closed_at is None]


def only_events(world: BaswareWorld, patch: pytest.MonkeyPatch) -> None:
    """Basware's lists show nothing: what is made, is made because of a notification."""
    patch.setattr("ml_connector.basware.invoices.source._queries", lambda _: [])


async def test_an_invoice_is_fetched_because_of_its_notification(
    world: BaswareWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.sandbox.basware.push.dispatcher.delivered.value
    only_events(world, monkeypatch)
    world.approve("BW-1")
    await delivered(world, before + 1)
    assert len(waiting(world)) == 1
    results = await world.back()
    assert results["invoices"]["extract"]["events"] == 1
    assert not waiting(world)
    await world.settle()
    assert world.numbers() == ["BW-1"]
    world.in_step()


@pytest.mark.parametrize("trouble", ["drop", "duplicate", "reorder"])
async def test_lost_doubled_and_mixed_up(world: BaswareWorld, trouble: str) -> None:
    before = world.sandbox.basware.push.dispatcher.delivered.value
    rule = world.fault(trouble, WAITING, count=None, rows=3)
    numbers = [f"BW-{number}" for number in range(1, 7)]
    for number in numbers:
        world.approve(number)
    assert rule.struck == 6
    await delivered(world, before + {"drop": 0, "duplicate": 18, "reorder": 6}[trouble])
    if trouble == "duplicate":
        assert len(waiting(world)) == 6, "one task is one event, however often it comes"
    await world.settle()
    assert world.numbers() == numbers
    world.in_step()
    assert not waiting(world)


async def test_lost_for_a_day_and_found_in_the_history(
    world: BaswareWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the lists show it nor did a notification come: Basware's own history names it."""
    world.fault("drop", WAITING, count=None)
    for number in range(3):
        world.approve(f"BW-{number}")
    world.sandbox.clock.advance(A_DAY / 2)
    only_events(world, monkeypatch)
    results = await world.back()
    assert results["invoices"]["extract"]["missed"] >= 3
    await world.settle()
    assert world.numbers() == ["BW-0", "BW-1", "BW-2"]
    world.in_step()


async def test_a_notification_that_comes_before_its_invoice_shows(world: BaswareWorld) -> None:
    before = world.sandbox.basware.push.dispatcher.delivered.value
    lists = "GET /v1/accountingDocuments*"
    world.approve("BW-1")
    await delivered(world, before + 1)
    world.fault("error", lists, status=404, count=None)
    await world.back()
    assert not waiting(world), "it was taken up, and found nothing"
    world.sandbox.faults.clear()
    await world.settle()
    assert world.numbers() == ["BW-1"]
    world.in_step()


async def test_late_notifications_of_what_was_done_change_nothing(world: BaswareWorld) -> None:
    invoice = world.approve("BW-1")
    await world.settle()
    before = world.sandbox.basware.push.dispatcher.delivered.value
    calls = world.sandbox.calls.per_operation
    writes = {name: number for name, number in calls.items() if " POST /v1/acc" in name}
    for _ in range(3):
        world.p2p("notify", invoiceId=invoice)
        world.p2p(
            "notify", taskType="AccountingDocuments", taskSubType="WaitingForTransfer", documentId=invoice
        )
    world.p2p("notify", taskType="AccountingDocuments", taskSubType="WaitingForTransfer", documentId="f" * 32)
    await delivered(world, before + 4)
    await world.settle()
    assert {name: number for name, number in calls.items() if " POST /v1/acc" in name} == writes
    assert world.numbers() == ["BW-1"]
    assert world.statuses("invoices") == {invoice: "loaded"}
    world.in_step()


async def test_another_deployments_company_is_left_alone(world: BaswareWorld) -> None:
    world.p2p("configure", companies=["US001", "US002", OTHERS])
    before = world.sandbox.basware.push.dispatcher.delivered.value
    theirs = world.approve("THEIRS", companyCode=OTHERS)
    ours = world.approve("OURS", companyCode="US002")
    await delivered(world, before + 2)
    await world.settle()
    assert world.numbers() == ["OURS"]
    assert world.invoice(theirs)["processingStatus"] == "WaitingForTransfer"
    assert set(world.statuses("invoices")) == {ours}
    assert not waiting(world)
