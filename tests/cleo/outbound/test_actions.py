"""Routes with an action of Cleo: run once after the uploads, and what its answer says counts."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.core.errors import ConfigurationError, RateLimited
from ml_connector.core.http.transport import Interrupted
from ml_connector.core.ledger import actions
from ml_connector.core.state.store import Store
from tests.cleo.fake import FakeCleo, action, said
from tests.cleo.support import connected

from .support import Site, order, profile

RUN = r"POST /api/actions/.*/run"


@pytest.fixture
def fake() -> FakeCleo:
    made = FakeCleo()
    made.actions = [action("send", "ACME")]
    return made


def sending(state: Store, **changed: Any) -> Site:
    rules = {"purchase_order": {"action": "send"}}
    more = {"connection": "ACME", "documents": rules, "acknowledgment": {"expected": False}} | changed
    return Site(state, profile("acme", **more))


def ended(result: str, *messages: str) -> dict[str, Any]:
    return {"status": "completed", "result": result, "messages": list(messages)}


async def run(site: Site, fake: FakeCleo, state: Store) -> dict[str, Any]:
    async with connected(fake, state) as cleo:
        site.cleo = cleo
        return await site.run()


async def test_an_action_runs_once_for_all_files_of_a_batch(fake: FakeCleo, state: Store) -> None:
    fake.runs = [ended("success")]
    site = sending(state)
    for number in range(1, 6):
        site.put(str(number), order(number=number, terms=None))
    assert (await run(site, fake, state))["created"] == 5
    assert fake.calls(RUN) == 1
    assert len(fake.files) == 5


async def test_a_failed_action_fails_its_document_and_uploads_nothing_twice(
    fake: FakeCleo, state: Store
) -> None:
    fake.runs = [ended("error", 'Result: "Error" connection refused'), ended("success")]
    site = sending(state)
    site.put("1", order(terms=None))
    assert (await run(site, fake, state))["failed"] == 1
    assert "connection refused" in site.row("1").reason
    fake.files.clear()  # Cleo has taken the file away in the meantime
    site.clock.advance(minutes=6)
    assert (await run(site, fake, state))["created"] == 1
    assert fake.files == {}
    assert fake.calls(RUN) == 2
    assert len(site.sent("1")) == 1


async def test_an_action_in_doubt_is_run_again_only_by_a_person(fake: FakeCleo, state: Store) -> None:
    fake.runs = [ended("success"), ended("success")]
    fake.fault(RUN, Interrupted("reset", "the connection was cut"))
    site = sending(state)
    site.put("1", order(terms=None))
    assert (await run(site, fake, state))["in_doubt"] == 1
    fake.files.clear()
    before = fake.calls(RUN)
    for _ in range(3):
        site.clock.advance(seconds=61)
        await run(site, fake, state)
    assert (site.row("1").status, fake.calls(RUN)) == ("held", before)
    assert "whether action send has run" in site.row("1").reason
    with state.write() as tx:
        actions.replay(tx, site.context.scope, [site.row("1").key])
    await run(site, fake, state)
    assert (site.row("1").status, fake.calls(RUN)) == ("loaded", before + 1)
    assert fake.files == {}


async def test_an_action_that_cleo_refuses_fails_its_own_documents(fake: FakeCleo, state: Store) -> None:
    fake.fault(RUN, said("this action cannot be run so", 400))
    site = Site(
        state,
        profile("acme", connection="ACME", documents={"purchase_order": {"action": "send"}}),
        profile("globex", documents={"purchase_order": {}}, acknowledgment={"expected": False}),
    )
    site.put("1", order(terms=None))
    site.put("2", order("globex", 8, terms=None))
    await run(site, fake, state)
    assert (site.row("1").status, site.row("2").status) == ("failed", "loaded")
    assert "cannot be run so" in site.row("1").reason


async def test_a_route_without_a_connection_is_a_mistake_of_the_file(fake: FakeCleo, state: Store) -> None:
    site = sending(state, connection=None)
    site.put("1", order(terms=None))
    with pytest.raises(ConfigurationError, match="connection"):
        await run(site, fake, state)


async def test_an_unknown_action_stops_the_flow(fake: FakeCleo, state: Store) -> None:
    fake.actions = []
    site = sending(state)
    site.put("1", order(terms=None))
    with pytest.raises(ConfigurationError, match="send"):
        await run(site, fake, state)
    assert site.row("1").status == "ready"


async def test_waiting_for_a_slow_cleo_counts_as_nothing(fake: FakeCleo, state: Store) -> None:
    fake.fault(r"POST /api/folders/.*/contents", said("slow down", 429, Retry_After="600"))
    site = sending(state, documents={"purchase_order": {}})
    site.put("1", order(terms=None))
    with pytest.raises(RateLimited):
        await run(site, fake, state)
    assert site.row("1").attempts == 0
