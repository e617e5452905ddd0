"""Orders that change while a 997 is outstanding, and what is known of orders that others sent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cleo.connect import Cleo
from ml_connector.core.errors import InDoubt, Unavailable
from ml_connector.core.ledger import flows, retention
from ml_connector.core.ledger.exchange import answers, control_numbers, outbound
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.stages.reconcile import confirm
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.store import Store
from tests.state import migrated

from .support import Site, order, order_line, profile


@pytest.fixture
def site(state: Store) -> Site:
    return Site(state)


@pytest.fixture
def empty_state(tmp_path: Path) -> Iterator[Store]:
    database = migrated(tmp_path / "second.db")
    with Store(database, Cipher(), actor="test") as opened:
        yield opened


async def confirmed(site: Site) -> Settler:
    settler = Settler(site.context)
    await confirm(site.context, settler)
    return settler


def cancel(site: Site, key: str = "1", **changed: Any) -> None:
    site.put(key, order(**changed), state="canceled", absent=True)


def codes(site: Site, key: str = "1") -> list[str]:
    return [one.set_code for one in site.sent(key)]


def purpose(site: Site, key: str = "1") -> str:
    (segment,) = site.segments(key, "BCH")
    return segment[1]


class Api:
    """A Cleo that shows the transfers of these files."""

    def __init__(self, *names: str) -> None:
        self.names = names

    async def transfers(self, since: Any) -> list[Any]:
        return [type("Transfer", (), {"file_name": name}) for name in self.names]

    async def transfers_of(self, name: str) -> list[str]:
        return [one for one in self.names if one == name]


# ---- a 997 that does not come


async def test_a_cancellation_does_not_wait_for_a_997(store: Store) -> None:
    site = Site(store)
    site.put("1", order())
    await site.run()
    cancel(site)
    await site.run()
    assert codes(site) == ["850"]
    (alert,) = (await confirmed(site)).alerts
    assert "no 997 yet" in alert
    await site.run()
    assert (codes(site), purpose(site)) == (["850", "860"], "01")


@pytest.mark.parametrize("stuck", ["overdue", "unclear", "failed"])
async def test_a_change_waits_until_the_997_is_overdue_or_cannot_come(site: Site, stuck: str) -> None:
    site.put("1", order())
    await site.run()
    site.put("1", order(terms="D210"))
    await site.run()
    assert (await confirmed(site)).alerts == []
    assert site.row("1").status == "accepted"
    (sent,) = site.sent("1")
    with site.store.write() as tx:
        if stuck == "unclear":
            answers.acknowledge(tx, sent.set_id, "unclear", "it names another group")
        elif stuck == "failed":
            outbound.failed(tx, sent.interchange_id, "it is disabled")
    if stuck == "overdue":
        site.clock.advance(hours=25)
    (alert,) = (await confirmed(site)).alerts
    assert sent.file_name in alert
    await site.run()
    assert codes(site) == ["850", "860"]


async def test_an_answer_that_says_nothing_is_told_as_that(site: Site) -> None:
    site.put("1", order())
    await site.run()
    with site.store.write() as tx:
        answers.acknowledge(tx, site.sent("1")[0].set_id, "unclear", "it names another group")
    await confirmed(site)
    assert "without saying what became of it: it names another group" in site.row("1").reason


# ---- what may have left


async def broken_off(site: Site) -> None:
    """Not seen at Cleo, and no second upload came about."""
    site.box.failures.extend([Unavailable("down")] * 4)
    for _ in range(3):
        site.clock.advance(seconds=61)
        with contextlib.suppress(Unavailable):
            await site.run()
    site.box.failures.clear()
    assert site.row("1").status == "ready"


async def test_what_may_have_left_is_cancelled_and_not_forgotten(site: Site) -> None:
    site.box.failures.append(InDoubt("no answer"))
    site.put("1", order("initech"))
    await site.run()
    await broken_off(site)
    assert site.row("1").target_id is None
    site.box.failures.clear()
    cancel(site, partner="initech")
    await site.run()
    await site.run()
    assert codes(site) == ["850", "860"]
    assert [name[:3] for name in site.box.uploads] == ["850", "860"]


async def test_an_answer_proves_that_the_file_has_arrived(site: Site) -> None:
    site.box.failures.append(InDoubt("no answer"))
    site.put("1", order())
    await site.run()
    with site.store.write() as tx:
        answers.acknowledge(tx, site.sent("1")[0].set_id, "acknowledged")
    assert site.sent("1")[0].left
    site.clock.advance(seconds=61)
    await site.run()
    assert (site.row("1").status, site.box.uploads) == ("loaded", [])


async def test_a_rejection_that_overtakes_the_upload_sends_nothing_again(site: Site) -> None:
    site.box.failures.append(InDoubt("no answer"))
    site.put("1", order())
    await site.run()
    await broken_off(site)
    with site.store.write() as tx:
        answers.acknowledge(tx, site.sent("1")[0].set_id, "rejected", "no such code")
    await site.run()
    assert (site.row("1").status, site.box.uploads) == ("rejected", [])
    assert codes(site) == ["850"]


async def test_a_997_is_expected_as_it_was_agreed_when_the_order_was_written(site: Site) -> None:
    site.box.failures.append(InDoubt("no answer"))
    site.box.stored = True
    site.put("1", order())
    await site.run()
    site.directory = type(site.directory)([profile("acme", acknowledgment={"expected": False})])
    site.clock.advance(seconds=61)
    await site.run()
    assert (site.row("1").status, site.sent("1")[0].set_status) == ("accepted", "sent")


# ---- lines of nothing, and numbers of changes


async def test_a_line_of_quantity_zero_is_deleted_and_never_one_piece(site: Site) -> None:
    lines = [order_line("1", "10001", "10", "2.50"), order_line("2", "10002", "5", "12.34")]
    site.put("1", order("initech", lines=lines))
    await site.run()
    nothing = order_line("2", "10002", "0", "12.34")
    site.put("1", order("initech", lines=[lines[0], nothing]))
    await site.run()
    (line,) = site.segments("1", "POC")
    assert line[1:3] == ("2", "DI")
    site.put("2", order("initech", 8, lines=[nothing]))
    await site.run()
    assert site.row("2").status == "rejected"
    assert "quantity of 0" in site.row("2").reason


async def test_a_line_by_amount_is_still_one_piece(site: Site) -> None:
    line = order_line("1", "10001", "10", "2.50") | {"quantity": None, "schedules": []}
    site.put("1", order("initech", lines=[line]))
    await site.run()
    (found,) = site.segments("1", "PO1")
    assert (found[2], found[4].rstrip("0").rstrip(".")) == ("1", "25")


async def test_changes_are_numbered_by_those_that_left(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    found = []
    for terms in ("D210", "N30", None):
        site.put("1", order("initech", terms=terms))
        await site.run()
        (segment,) = site.segments("1", "BCH")
        found.append(segment[5])
    assert found == ["1", "2", "3"]


# ---- cancellations by what is known


async def test_an_order_is_cancelled_though_its_partner_takes_no_more_orders(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.directory = type(site.directory)([profile("initech", documents={})])
    cancel(site, partner="initech")
    await site.run()
    assert (codes(site), purpose(site)) == (["850", "860"], "01")


async def test_an_order_is_cancelled_though_its_partners_file_has_another_name(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    renamed = profile("initech").model_copy(update={"partner": "initech2"})
    site.directory = type(site.directory)([renamed])
    cancel(site, partner="initech")
    await site.run()
    assert (codes(site), purpose(site)) == (["850", "860"], "01")


async def test_an_old_order_is_cancelled_after_its_content_was_removed(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.clock.advance(days=500)
    assert retention.purge(site.store, timedelta(days=400))["payloads"] > 0
    assert set(site.sent("1")[0].data) == {"kept"}
    cancel(site, partner="initech")
    await site.run()
    assert (codes(site), purpose(site)) == (["850", "860"], "01")


# ---- orders that this ledger did not send


async def adopted(site: Site, second: Site) -> None:
    site.put("1", order())
    await site.run()
    second.box.files = dict(site.box.files)
    second.put("1", order())
    counts = await second.run()
    assert counts["adopted"] == 1
    assert "counts as sent" in counts["alerts"][0]


async def test_an_adopted_order_can_be_cancelled(site: Site, empty_state: Store) -> None:
    second = Site(empty_state)
    await adopted(site, second)
    cancel(second)
    await second.run()
    assert (codes(second), purpose(second)) == (["860"], "01")


async def test_a_change_of_an_adopted_order_tells_all_lines(site: Site, empty_state: Store) -> None:
    second = Site(empty_state)
    await adopted(site, second)
    second.put("1", order(lines=[order_line("1", "10001", "9", "2.50"), order_line("3", "10003", "1", "1")]))
    await second.run()
    assert [line[1:3] for line in second.segments("1", "POC")] == [("1", "CA"), ("3", "CA"), ("2", "DI")]


async def test_numbers_go_on_behind_those_of_files_that_were_found(site: Site, empty_state: Store) -> None:
    second = Site(empty_state)
    second.cleo = Cleo(second.box, Api("850_acme_US001_0000000007_1_000000041.edi"))  # type: ignore[arg-type]
    second.put("1", order())
    second.put("2", order(number=8))
    await second.run()
    (sent,) = second.sent("2")
    assert (sent.number, sent.group_number) == (42, 42)


@pytest.mark.parametrize("shown", [True, False])
async def test_after_a_restore_nothing_is_told_twice(site: Site, shown: bool) -> None:
    site.put("1", order("initech"))
    await site.run()
    with site.store.write() as tx:
        flows.forget_adoption(tx)
        control_numbers.advance(tx, by=1000, reason="restored")
    told = Api("860_initech_US001_0000000007_2_000000002.edi")
    site.cleo = Cleo(site.box, told if shown else None)  # type: ignore[arg-type]
    cancel(site, partner="initech")
    await site.run()
    row = site.row("1")
    assert (row.status, codes(site)) == ("held", ["850"])
    assert ("860_initech" if shown else "shows no transfers") in row.reason
