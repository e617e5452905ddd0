"""Whatever breaks off: one interchange for each document, with the same bytes and numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.mailbox.protocol import FileExists
from ml_connector.core.errors import InDoubt, RateLimited, Rejected, Unavailable
from ml_connector.core.ledger.exchange import answers, outbound
from ml_connector.core.stages.outcomes import Settler
from ml_connector.core.stages.reconcile import confirm, reconcile
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.exchange_schema import transaction_set
from ml_connector.core.state.store import Store
from tests.state import migrated

from .support import Box, InvoiceSite, Site, invoice, order, profile


@pytest.fixture
def site(state: Store) -> Site:
    return Site(state)


class Killed(BaseException):
    """The worker is gone: nothing after it is executed."""


def only_file(site: Site) -> tuple[str, bytes]:
    (((_, name), content),) = site.box.files.items()
    return name, content


async def settle(site: Site, runs: int = 3) -> None:
    for _ in range(runs):
        site.clock.advance(seconds=61)
        await site.run()


# ---- uploads that break off


@pytest.mark.parametrize("stored", [True, False])
async def test_a_lost_answer_leads_to_one_file(store: Store, stored: bool) -> None:
    site = Site(store)
    site.box.failures.append(InDoubt("no answer"))
    site.box.stored = stored
    site.put("1", order())
    assert (await site.run())["in_doubt"] == 1
    await settle(site)
    name, content = only_file(site)
    (sent,) = site.sent("1")
    assert (sent.file_name, sent.number) == (name, 1)
    assert outbound.content(site.store, sent.interchange_id) == content
    assert site.row("1").status in ("accepted", "loaded")


async def test_a_file_that_was_picked_up_at_once_is_seen_in_the_transfers(site: Site) -> None:
    class Api:
        async def transfers_of(self, name: str) -> list[str]:
            return [name]

    site.box.failures.append(InDoubt("no answer"))
    site.put("1", order())
    await site.run()
    site.cleo = Cleo(site.box, Api())  # type: ignore[arg-type]
    await settle(site, 1)
    assert site.row("1").status == "accepted"  # it has arrived; its 997 is still to come
    assert site.box.uploads == []


async def test_a_change_in_doubt_goes_again_with_its_own_bytes(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    site.put("1", order("initech", terms="D210"))
    site.box.failures.append(InDoubt("no answer"))
    await site.run()
    assert [one.set_code for one in site.sent("1")] == ["850", "860"]
    await settle(site)
    assert len(site.sent("1")) == len(site.box.uploads) == 2
    assert site.row("1").status == "loaded"


async def test_an_earlier_version_that_may_have_arrived_goes_before_the_change(site: Site) -> None:
    site.put("1", order("initech"))
    site.box.failures.append(InDoubt("no answer"))
    await site.run()
    site.put("1", order("initech", terms="D210"))
    await settle(site)
    assert [one.set_code for one in site.sent("1")] == ["850", "860"]
    assert [name[:3] for name in site.box.uploads] == ["850", "860"]


async def test_what_never_left_is_replaced_by_the_new_version(site: Site) -> None:
    site.box.failures.extend([RateLimited("slow down", retry_after=60)] * 2)
    for number in range(1, 9):
        site.put(str(number), order("initech", number))
    with pytest.raises(RateLimited):
        await site.run()
    waiting = [str(number) for number in range(1, 9) if site.sent(str(number))[0].status == "built"]
    assert len(waiting) >= 5
    site.put(waiting[0], order("initech", int(waiting[0]), terms="D210"))
    await site.run()
    assert [one.set_code for one in site.sent(waiting[0])] == ["850", "850"]
    assert site.sent(waiting[0])[0].status == "failed"
    assert len(site.box.uploads) == 8


async def test_a_rate_limit_leaves_the_others_for_later_with_their_numbers(store: Store) -> None:
    site = Site(store)
    for number in range(1, 31):
        site.put(f"{number:02d}", order(number=number))
    site.box.failures.extend([None, None, RateLimited("slow down", retry_after=60)])
    with pytest.raises(RateLimited):
        await site.run()
    before = {key: site.sent(f"{key:02d}") for key in range(1, 31)}
    await site.run()
    assert len(site.box.uploads) == len(set(site.box.uploads)) == 30
    for key, sent in before.items():
        assert [one.interchange_id for one in site.sent(f"{key:02d}")[: len(sent)]] == [
            one.interchange_id for one in sent
        ]
    numbers = sorted(site.sent(f"{key:02d}")[0].number or 0 for key in range(1, 31))
    assert numbers == list(range(1, 31))


async def test_an_equal_file_that_is_there_is_taken_as_ours(site: Site) -> None:
    site.box.failures.append(FileExists("upload/850", "x", None))
    site.put("1", order())
    assert (await site.run())["accepted"] == 1


async def test_another_file_of_the_same_name_is_for_a_person(site: Site) -> None:
    site.box.failures.append(FileExists("upload/850", "x", 3))
    site.put("1", order())
    assert (await site.run())["conflict"] == 1
    assert "3 bytes" in site.row("1").reason


async def test_a_file_that_cleo_does_not_take_is_tried_again_as_it_is(site: Site) -> None:
    site.box.failures.append(Rejected("type not allowed"))
    site.put("1", order())
    assert (await site.run())["failed"] == 1
    assert "type not allowed" in site.row("1").reason
    site.clock.advance(minutes=6)
    assert (await site.run())["accepted"] == 1
    assert len(site.sent("1")) == 1


# ---- workers that die


@pytest.mark.parametrize("place", ["before", "after", "noted"])
async def test_a_worker_killed_around_the_upload_leaves_one_interchange(
    site: Site, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, uploaded = Box.upload, outbound.uploaded

    async def dies(box: Box, folder: str, name: str, content: bytes) -> None:
        if place == "after":
            await upload(box, folder, name, content)
        raise Killed

    def dies_later(*_: Any, **__: Any) -> None:
        raise Killed

    site.put("1", order())
    with monkeypatch.context() as patch:
        if place == "noted":
            patch.setattr(outbound, "uploaded", dies_later)
        else:
            patch.setattr(Box, "upload", dies)
        with pytest.raises(Killed):
            await site.run()
    assert outbound.uploaded is uploaded
    (kept,) = site.sent("1")
    site.clock.advance(minutes=3)  # the lease of the dead worker ends
    await settle(site)
    (sent,) = site.sent("1")
    assert (sent.interchange_id, sent.number, sent.content_hash) == (
        kept.interchange_id, kept.number, kept.content_hash,
    )  # fmt: skip
    assert len(site.box.uploads) == 1
    assert sent.left


async def test_a_worker_killed_while_it_keeps_takes_no_number(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise Killed

    site.put("1", order())
    with monkeypatch.context() as patch:
        patch.setattr(outbound, "keep", dies)
        with pytest.raises(Killed):
            await site.run()
    assert site.sent("1") == []
    site.clock.advance(minutes=3)
    await settle(site)
    assert [one.number for one in site.sent("1")] == [1]


async def test_many_workers_at_once_give_each_document_its_own_numbers(store: Store) -> None:
    site = Site(store)
    for number in range(1, 61):
        site.put(f"{number:02d}", order(("acme", "globex")[number % 2], number))
    await asyncio.gather(*(site.run() for _ in range(3)))
    sent = [site.sent(f"{number:02d}") for number in range(1, 61)]
    assert {len(one) for one in sent} == {1}
    for partner in ("acme", "globex"):
        numbers = sorted(one.number or 0 for (one,) in sent if one.partner == partner)
        assert numbers == list(range(1, 31))


# ---- go-live and restore


@pytest.fixture
def empty_state(tmp_path: Path) -> Iterator[Store]:
    """State that knows nothing, as after a loss without a backup."""
    database = migrated(tmp_path / "second.db")
    with Store(database, Cipher(), actor="test") as opened:
        yield opened


async def test_what_an_earlier_installation_sent_is_adopted(site: Site, empty_state: Store) -> None:
    site.put("1", order())
    await site.run()
    second = Site(empty_state)
    second.box.files = dict(site.box.files)
    second.put("1", order())
    assert (await second.run())["adopted"] == 1
    assert second.box.uploads == []
    assert second.row("1").target_id == "acme:US001-0000000007"
    assert (await reconcile(second.context))["differences"] == {}
    second.put("1", order(terms="D210"))
    await second.run()
    assert [one.set_code for one in second.sent("1")] == ["860"]


async def test_what_was_picked_up_is_known_from_the_transfers(site: Site, empty_state: Store) -> None:
    class Transfer:
        file_name = "850_acme_US001_0000000007_1_000000001.edi"

    class Api:
        async def transfers(self, since: Any) -> list[Transfer]:
            return [Transfer()]

    second = Site(empty_state)
    second.cleo = Cleo(second.box, Api())  # type: ignore[arg-type]
    second.put("1", order())
    second.put("2", order(number=8))
    counts = await second.run()
    assert (counts["adopted"], counts["accepted"]) == (1, 1)


# ---- acknowledgments


async def confirmed(site: Site) -> Settler:
    ctx = site.context
    settler = Settler(ctx)
    await confirm(ctx, settler)
    return settler


def acknowledge(site: Site, status: str, reason: str | None = None) -> None:
    with site.store.write() as tx:
        answers.acknowledge(tx, site.sent("1")[-1].set_id, status, reason)


@pytest.mark.parametrize(
    ("status", "result"),
    [("acknowledged", "loaded"), ("acknowledged_with_errors", "loaded"), ("rejected", "rejected"),
     ("unclear", "accepted")],
)  # fmt: skip
async def test_the_997_decides(store: Store, status: str, result: str) -> None:
    site = Site(store)
    site.put("1", order())
    await site.run()
    acknowledge(site, status, "segment 4 (CUR): a code that is not known")
    settler = await confirmed(site)
    row = site.row("1")
    assert row.status == result
    assert bool(settler.alerts) == (status == "acknowledged_with_errors")
    if result == "rejected":
        assert "segment 4 (CUR)" in row.reason


async def test_a_late_997_is_told_once(site: Site) -> None:
    site.put("1", order())
    await site.run()
    site.clock.advance(hours=25)
    assert len((await confirmed(site)).alerts) == 1
    assert (await confirmed(site)).alerts == []
    assert "overdue" in site.row("1").reason
    acknowledge(site, "acknowledged")
    await confirmed(site)
    assert site.row("1").status == "loaded"


async def test_a_rejected_order_goes_again_as_a_new_850(site: Site) -> None:
    site.put("1", order())
    await site.run()
    acknowledge(site, "rejected", "bad")
    await confirmed(site)
    site.put("1", order(terms="D210"))
    assert (await site.run())["accepted"] == 1
    assert [(one.set_code, one.number) for one in site.sent("1")] == [("850", 1), ("850", 2)]


async def test_a_rejected_change_counts_from_what_the_supplier_has(site: Site) -> None:
    site.put("1", order())
    await site.run()
    acknowledge(site, "acknowledged")
    await confirmed(site)
    site.put("1", order(terms="D210"))
    await site.run()
    acknowledge(site, "rejected", "bad")
    await confirmed(site)
    site.put("1", order(terms=None))
    await site.run()
    assert [one.set_code for one in site.sent("1")] == ["850", "860", "860"]
    assert site.segments("1", "ITD") == []


async def test_a_rejection_after_an_acceptance_is_found_by_the_reconciliation(site: Site) -> None:
    site.put("1", order("initech"))
    await site.run()
    assert (await reconcile(site.context))["differences"] == {}
    acknowledge(site, "rejected", "their business system refused it")
    with pytest.raises(Exception, match="1 difference"):
        await reconcile(site.context)
    assert site.row("1").status == "drifted"


async def test_files_of_ours_that_no_document_stands_for_are_named(site: Site) -> None:
    site.put("1", order())
    await site.run()
    site.box.files["upload/850", "850_acme_US001_0000000099_1_000000044.edi"] = b"ISA"
    site.box.files["upload/850", "somebody.else.txt"] = b"?"
    with pytest.raises(Exception, match="1 difference"):
        await reconcile(site.context)


async def test_a_folder_that_is_missing_is_no_reason_to_fail_a_reconciliation(site: Site) -> None:
    site.box.missing = ("upload/860",)
    site.put("1", order("initech"))
    await site.run()
    assert (await reconcile(site.context))["differences"] == {}


# ---- guard and limits


async def test_an_outage_sends_nothing_and_counts_nothing(site: Site) -> None:
    site.box.failures.extend([Unavailable("maintenance")] * 2)
    site.put("1", order())
    with pytest.raises(Unavailable):
        await site.run()
    assert (site.row("1").status, site.row("1").attempts) == ("ready", 0)


async def test_invoices_and_orders_share_the_numbers_of_a_partner(state: Store) -> None:
    orders, invoices = Site(state, profile("acme")), InvoiceSite(state, profile("acme"))
    orders.put("1", order())
    await orders.run()
    invoices.put("1", invoice())
    await invoices.run()
    with state.read() as connection:
        (sent,) = outbound.exchanges(connection, state, transaction_set.c.set_code == "810")
    assert (sent.number, sent.group_number, sent.group_code) == (2, 1, "IN")
