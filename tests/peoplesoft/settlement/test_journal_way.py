"""Way ``journal``: every change of a payment's state, and everything that can go wrong with a journal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector.core.errors import Unavailable
from ml_connector.core.ledger import actions
from ml_connector.core.state.schema import document, flow_state, payload, settlement
from ml_connector.peoplesoft.settlement.entries import journal_id
from ml_connector.peoplesoft.settlement.periods import Period

from .support import World, body, lost, never, options, passes, refused

PAID = {("US001", "200000"): Decimal("228.99"), ("US001", "100000"): Decimal("-228.99")}
TWO = (("US001|00000001", "100.00"), ("US002|00000005", "28.99"), ("US001|00000002", "1.01"))


def first(reference: str = "stp01", unit: str = "US001", number: int = 1) -> str:
    return journal_id("B", reference, unit, number)


# ---- states


async def test_a_cleared_payment_becomes_one_journal(world: World) -> None:
    assert (await world.put(body()))["created"] == 1
    assert await world.run() == {"alerts": []}
    (journal,) = world.gl.journals
    assert journal == {
        "BUSINESS_UNIT": "US001",
        "JOURNAL_ID": first(),
        "JOURNAL_DATE": "2026-11-12",
        "UNPOST_SEQ": 0,
        "LEDGER_GROUP": "ACTUALS",
        "SOURCE": "BIL",
        "DESCR": "BILL stp01",
        "JRNL_HDR_STATUS": "V",
        "JRNL_LN": [
            {
                "JOURNAL_LINE": number,
                "LEDGER": "ACTUALS",
                "ACCOUNT": account,
                "DEPTID": "",
                "OPERATING_UNIT": "",
                "CURRENCY_CD": "USD",
                "MONETARY_AMOUNT": amount,
                "FOREIGN_AMOUNT": amount,
                "JRNL_LN_REF": "6112000001",
                "LINE_DESCR": "US001-00000001",
            }
            for number, account, amount in [
                (1, "200000", Decimal("228.99")),
                (2, "100000", Decimal("-228.99")),
            ]
        ],
    }
    row = world.ledger()["stp01"]
    assert (row.status, row.target_id) == ("loaded", f"US001|{first()}")
    (part,) = world.remembered("stp01")
    assert (part.kind, part.voucher, part.amount, part.journal) == (
        "settled", "US001|00000001", Decimal("228.99"), first(),
    )  # fmt: skip


async def test_settled_reversed_and_settled_again(world: World) -> None:
    await world.put(body())
    counts = await world.put(body(), absent=True)
    assert counts["removed"] == 1
    assert "reversed" in counts["alerts"][0]
    assert world.titles() == ["BILL stp01", "BILL stp01 REV"]
    assert world.gl.net() == {}
    assert (await world.put(body()))["updated"] == 1
    assert world.titles() == ["BILL stp01", "BILL stp01 REV", "BILL stp01"]
    assert [one["JOURNAL_ID"] for one in world.gl.journals] == [first(number=number) for number in (1, 2, 3)]
    assert world.gl.net() == PAID
    assert [row.kind for row in world.remembered("stp01")] == ["settled", "reversed", "settled"]
    await world.put(body(), absent=True)
    assert (len(world.gl.journals), world.gl.net()) == (4, {})
    assert world.ledger()["stp01"].target_id == f"US001|{first()}"


async def test_an_entry_is_never_edited(world: World) -> None:
    await world.put(body())
    before = [dict(one) for one in world.gl.journals]
    for absent in (True, False, True):
        await world.put(body(), absent=absent)
        assert world.gl.journals[: len(before)] == before
        before = [dict(one) for one in world.gl.journals]


async def test_what_was_never_settled_is_not_reversed(world: World) -> None:
    await world.put(body(), absent=True)
    assert world.gl.journals == []
    assert world.ledger()["stp01"].status == "excluded"


async def test_a_change_that_is_not_booked_books_nothing(world: World) -> None:
    await world.put(body())
    changed = body(number="P999", payee="Another name", date="2026-11-13")
    assert (await world.put(changed))["updated"] == 1
    assert len(world.gl.journals) == 1


async def test_another_amount_is_taken_back_and_booked_anew(world: World) -> None:
    await world.put(body())
    counts = await world.put(body("stp01", ("US001|00000001", "200.00"), ("US001|00000002", "28.99")))
    assert "what BILL paid has changed" in counts["alerts"][0]
    assert world.titles() == ["BILL stp01", "BILL stp01 REV", "BILL stp01"]
    assert world.gl.net() == PAID
    settled = {row.voucher: row.amount for row in world.remembered("stp01") if row.entry == 3}
    assert settled == {"US001|00000001": Decimal("200.00"), "US001|00000002": Decimal("28.99")}
    assert await world.reconcile() == {}


# ---- several units


async def test_several_units_get_a_balanced_journal_each(world: World) -> None:
    await world.put(body("stp01", *TWO, funding_account="bac02"))
    assert {one["BUSINESS_UNIT"]: one["JOURNAL_ID"] for one in world.gl.journals} == {
        "US001": first(),
        "US002": first(unit="US002"),
    }
    assert world.gl.net() == {
        ("US001", "200000"): Decimal("101.01"),
        ("US001", "100000"): Decimal("-101.01"),
        ("US002", "200000"): Decimal("28.99"),
        ("US002", "110000"): Decimal("-28.99"),
    }
    assert await world.reconcile() == {}
    await world.put(body("stp01", *TWO), absent=True)
    assert (len(world.gl.journals), world.gl.net()) == (4, {})
    assert await world.reconcile() == {}


async def test_a_lost_answer_for_the_second_unit_is_looked_up(world: World) -> None:
    world.gl.faults = [passes, lost]
    assert (await world.put(body("stp01", *TWO)))["in_doubt"] == 1
    await world.settle_down()
    assert len(world.gl.journals) == 2
    assert world.ledger()["stp01"].status == "loaded"
    assert len(world.remembered("stp01")) == 3


async def test_the_second_unit_is_not_booked_twice_while_its_call_may_still_arrive(world: World) -> None:
    world.gl.faults = [passes, never]
    await world.put(body("stp01", *TWO))
    for _ in range(3):
        world.clock.advance(minutes=2)
        await world.run()
        assert len(world.gl.calls) == 2
    world.gl._save(world.gl.calls[1])  # now the call arrives after all
    await world.settle_down()
    assert (len(world.gl.calls), len(world.gl.journals)) == (2, 2)
    assert world.ledger()["stp01"].status == "loaded"


async def test_the_second_unit_is_booked_once_its_call_is_certainly_lost(world: World) -> None:
    world.gl.faults = [passes, never]
    await world.put(body("stp01", *TWO))
    await world.settle_down()
    assert len(world.gl.journals) == 2
    assert world.ledger()["stp01"].status == "loaded"


async def test_a_refusal_for_the_second_unit_waits_for_a_person(world: World) -> None:
    """Were it rejected, a payment that BILL takes back would leave the first journal standing."""
    world.gl.faults = [passes, refused]
    counts = await world.put(body("stp01", *TWO))
    assert "booked in part" in counts["alerts"][0]
    row = world.ledger()["stp01"]
    assert (row.status, row.conflict_id) == ("conflict", f"US001|{first()}")
    assert "Account 200000 is not valid" in row.reason
    world.replay("stp01")
    await world.settle_down()
    assert [one["BUSINESS_UNIT"] for one in world.gl.journals] == ["US001", "US002"]
    assert world.ledger()["stp01"].status == "loaded"


async def test_an_outage_before_the_second_unit_leaves_the_payment_in_doubt(world: World) -> None:
    def outage(*_: object) -> object:
        raise Unavailable("maintenance")

    world.gl.faults = [passes, outage]
    assert (await world.put(body("stp01", *TWO)))["in_doubt"] == 1
    await world.settle_down()
    assert len(world.gl.journals) == 2


async def test_an_outage_before_anything_stops_the_flow(world: World) -> None:
    def outage(*_: object) -> object:
        raise Unavailable("maintenance")

    world.gl.faults = [outage]
    await world.put(body())
    assert isinstance(world.error, Unavailable)
    assert world.ledger()["stp01"].status == "ready"
    await world.run()
    assert len(world.gl.journals) == 1


# ---- killed, doubtful, refused


async def test_killed_between_the_journal_and_its_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("ml_connector.core.ledger.settlements.Settlements.put", die)
        with pytest.raises(Killed):
            await world.put(body())
    assert (len(world.gl.journals), world.remembered("stp01")) == (1, [])
    await world.settle_down()
    assert len(world.gl.journals) == 1
    assert [row.amount for row in world.remembered("stp01")] == [Decimal("228.99")]
    assert world.ledger()["stp01"].status == "loaded"


async def test_a_journal_that_is_there_after_all_is_no_refusal(world: World) -> None:
    """A late commit between look-up and call: PeopleSoft refuses the second one."""

    def late(values: dict[str, object], carry_out: object) -> object:
        world.gl._save(values)
        return world.gl._save(values)

    world.gl.faults = [late]
    assert (await world.put(body()))["created"] == 1
    assert len(world.gl.journals) == 1


async def test_a_look_up_that_does_not_say_everything_books_nothing(world: World) -> None:
    world.gl.doubt = "query ML_GL_JOURNAL_KEY answers what was not asked for"
    await world.put(body())
    assert world.gl.calls == []
    assert "ML_GL_JOURNAL_KEY" in str(world.error)
    world.gl.doubt = None
    await world.run()
    assert len(world.gl.journals) == 1


async def test_a_refused_journal_rejects_the_payment_and_others_go_on(world: World) -> None:
    world.gl.faults = [refused]
    world.offer(body("stp01"))
    world.offer(body("stp02"))
    counts = await world.run()
    assert (counts["rejected"], counts["created"]) == (1, 1)
    (reason,) = [row.reason for row in world.ledger().values() if row.status == "rejected"]
    assert "Account 200000 is not valid for business unit US002." in reason


async def test_a_journal_of_somebody_else_is_a_conflict(world: World) -> None:
    await world.put(body("stp09"))
    (theirs,) = world.gl.journals
    theirs["JOURNAL_ID"] = first("stp01")
    await world.put(body("stp01"))
    row = world.ledger()["stp01"]
    assert (row.status, len(world.gl.journals)) == ("conflict", 1)
    assert "is not ours: its description is 'BILL stp09'" in row.reason


# ---- settings


async def test_a_missing_account_holds_the_payment_and_others_go_on(world: World) -> None:
    world.choices = options(
        accounts={"payables": {"US001": "200000"}, "cash": {"bac01": {"US001": "100000"}}}
    )
    world.offer(body("stp01"))
    world.offer(body("stp02", ("US002|00000001", "1.00")))
    counts = await world.run()
    assert (counts["created"], counts["held"]) == (1, 1)
    assert "add settlement.accounts.payables.US002 (or '*')" in world.ledger()["stp02"].reason
    world.choices = options()
    world.decide(actions.release, ["US001|stp02"])
    await world.run()
    assert world.titles("US002") == ["BILL stp02"]


async def test_nothing_is_booked_where_one_of_two_units_lacks_an_account(world: World) -> None:
    world.choices = options(accounts={"payables": {"US001": "200000"}, "cash": {"*": {"*": "100000"}}})
    await world.put(body("stp01", *TWO))
    assert world.gl.journals == []
    assert world.ledger()["stp01"].status == "held"


async def test_another_currency_than_the_books_is_refused(world: World) -> None:
    await world.put(body(currency="CAD"))
    row = world.ledger()["stp01"]
    assert (row.status, world.gl.journals) == ("rejected", [])
    assert "the books of US001 are in USD" in row.reason


async def test_a_closed_month_is_booked_on_the_first_open_day(world: World) -> None:
    await world.put(body(date="2026-10-28"))
    assert world.gl.journals[0]["JOURNAL_DATE"] == "2026-11-01"


async def test_without_an_open_period_the_payment_is_held(world: World) -> None:
    world.open.periods["US001"] = [Period("2026-10-01", "2026-10-31")]
    await world.put(body())
    row = world.ledger()["stp01"]
    assert (row.status, world.gl.journals) == ("held", [])
    assert "no open accounting period for 2026-11-12 or later (open through: 2026-10-31)" in row.reason
    world.open.periods.clear()
    world.decide(actions.release, ["US001|stp01"])
    await world.run()
    assert len(world.gl.journals) == 1


async def test_a_reversal_is_dated_today_in_the_tenants_time_zone(world: World) -> None:
    await world.put(body())
    world.clock.advance(hours=13)  # the next day in UTC, still the 16th in New York
    await world.put(body(), absent=True)
    assert world.gl.journals[1]["JOURNAL_DATE"] == "2026-11-16"


async def test_a_reversal_uses_the_accounts_of_its_entry(world: World) -> None:
    await world.put(body())
    world.choices = options(accounts={"payables": {"*": "201000"}, "cash": {"*": {"*": "101000"}}})
    await world.put(body(), absent=True)
    assert world.gl.net() == {}


async def test_another_prefix_finds_the_old_journals(world: World) -> None:
    await world.put(body())
    world.choices = options(id_prefix="ML")
    assert await world.reconcile() == {}
    await world.put(body(), absent=True)
    assert (len(world.gl.journals), world.gl.net()) == (2, {})


# ---- what people do in PeopleSoft


@pytest.mark.parametrize("status", ["D", "X"])
async def test_a_deleted_journal_is_drift_and_is_booked_again_when_a_person_says_so(
    world: World, status: str
) -> None:
    await world.put(body())
    world.gl.journals[0]["JRNL_HDR_STATUS"] = status
    assert await world.reconcile() == {"stp01": "changed in the target: state"}
    (record,) = (await world.target().read_back([f"US001|{first()}"])).records
    assert (record.state, record.absent) == (f"journal {first()} was deleted in PeopleSoft", True)
    world.offer(body(number="changed meanwhile"))
    await world.run()
    assert len(world.gl.journals) == 1  # a change by itself books nothing
    row = world.ledger()["stp01"]
    assert row.status == "conflict"
    assert (
        f"journal {first()} of US001 was deleted in PeopleSoft, but BILL still says that it paid"
        in row.reason
    )
    world.decide(actions.create_anew, "US001|stp01")
    await world.settle_down()
    assert [one["JOURNAL_ID"] for one in world.gl.journals] == [first(), first(number=2)]
    assert world.titles() == ["BILL stp01", "BILL stp01"]
    assert world.ledger()["stp01"].status == "loaded"


async def test_a_drifted_payment_is_booked_again_by_a_replay(world: World) -> None:
    await world.put(body())
    world.gl.unpost(world.gl.journals[0])
    assert list(await world.reconcile()) == ["stp01"]
    world.replay("stp01")
    await world.run()
    assert world.titles() == ["BILL stp01", "BILL stp01", "BILL stp01"]
    assert world.gl.journals[2]["JOURNAL_ID"] == first(number=2)
    assert await world.reconcile() == {}


@pytest.mark.parametrize("how", ["deleted", "unposted"])
async def test_what_was_undone_by_hand_needs_no_reversal(world: World, how: str) -> None:
    await world.put(body())
    journal = world.gl.journals[0]
    if how == "deleted":
        journal["JRNL_HDR_STATUS"] = "D"
    else:
        world.gl.unpost(journal)
    calls = len(world.gl.calls)
    counts = await world.put(body(), absent=True)
    assert (counts["removed"], len(world.gl.calls)) == (1, calls)
    assert f"{how} in PeopleSoft, so nothing was left to reverse" in counts["alerts"][0]
    assert await world.reconcile() == {}
    assert (await world.put(body()))["updated"] == 1
    assert world.gl.journals[-1]["JOURNAL_ID"] == first(number=2)


async def test_a_journal_that_cannot_be_seen_is_not_taken_for_deleted(world: World) -> None:
    """Row-level security turns "no access" into no rows: then a reversal must not be forgotten."""
    await world.put(body())
    hidden = list(world.gl.journals)
    world.gl.journals.clear()
    await world.put(body(), absent=True)
    row = world.ledger()["stp01"]
    assert row.status == "conflict"
    assert f"journal {first()} of US001 is not in PeopleSoft any more: deleted, or hidden" in row.reason
    world.gl.journals.extend(hidden)
    world.replay("stp01")
    await world.settle_down()
    assert world.titles() == ["BILL stp01", "BILL stp01 REV"]
    assert world.ledger()["stp01"].status == "loaded"


async def test_a_deleted_journal_needs_no_reversal_when_a_person_says_so(world: World) -> None:
    await world.put(body())
    world.gl.journals.clear()
    await world.put(body(), absent=True)
    world.decide(actions.create_anew, "US001|stp01")
    await world.settle_down()
    row = world.ledger()["stp01"]
    assert (row.status, world.gl.journals) == ("loaded", [])
    await world.put(body())
    assert world.gl.journals[0]["JOURNAL_ID"] == first(number=2)


async def test_a_reversal_without_any_memory_finds_the_entry_by_its_target_id(world: World) -> None:
    """Retention took the payload, and the rows are gone too."""
    await world.put(body())
    with world.store.write() as tx:
        tx.connection.execute(settlement.delete())
        tx.connection.execute(payload.delete())
    await world.put(body(), absent=True)
    assert (world.titles(), world.gl.net()) == (["BILL stp01", "BILL stp01 REV"], {})


async def test_a_journal_that_is_gone_is_missing(world: World) -> None:
    await world.put(body())
    world.gl.journals.clear()
    assert await world.reconcile() == {"stp01": f"its object US001|{first()} is gone from the target"}


async def test_a_changed_journal_is_drift_and_stays_until_a_person_says_so(world: World) -> None:
    await world.put(body())
    for line in world.gl.journals[0]["JRNL_LN"]:
        line["MONETARY_AMOUNT"] /= 2
    assert list(await world.reconcile()) == ["stp01"]
    await world.put(body(number="changed meanwhile"))
    assert len(world.gl.journals) == 1
    assert "somebody changed journal" in world.ledger()["stp01"].reason
    world.decide(actions.create_anew, "US001|stp01")
    await world.settle_down()
    assert world.titles() == ["BILL stp01", "BILL stp01 REV", "BILL stp01"]
    assert world.gl.net() == PAID


async def test_a_journal_with_errors_is_drift_until_it_is_put_right(world: World) -> None:
    await world.put(body())
    world.gl.journals[0]["JRNL_HDR_STATUS"] = "E"
    await world.reconcile()
    assert world.ledger()["stp01"].status == "drifted"
    world.gl.journals[0]["JRNL_HDR_STATUS"] = "P"
    assert await world.reconcile() == {}
    assert world.ledger()["stp01"].status == "loaded"


async def test_a_missing_reversal_is_a_conflict(world: World) -> None:
    await world.put(body())
    await world.put(body(), absent=True)
    await world.put(body())
    del world.gl.journals[1]
    await world.put(body(number="changed"), absent=True)
    assert "do not cancel out any more" in world.ledger()["stp01"].reason
    assert len(world.gl.journals) == 2


# ---- reading back


async def test_reading_back_finds_no_difference(world: World) -> None:
    for number in range(1, 8):
        world.offer(body(f"stp{number:02d}", *TWO))
    await world.run()
    assert await world.reconcile() == {}
    assert world.error is None


async def test_a_journal_of_ours_that_nobody_knows_is_surplus(world: World) -> None:
    await world.put(body())
    stranger = {**world.gl.journals[0], "JOURNAL_ID": "B000000000", "DESCR": "by hand"}
    world.gl.journals.append(stranger)
    await world.reconcile()
    assert "surplus" in str(world.error)
    stranger["SOURCE"] = "ONL"
    await world.reconcile()
    assert world.error is None


async def test_reversals_and_second_units_are_no_surplus(world: World) -> None:
    await world.put(body("stp01", *TWO))
    await world.put(body("stp01", *TWO), absent=True)
    await world.put(body("stp02", *TWO))
    await world.reconcile()
    assert world.error is None


async def test_lines_without_text_are_compared_by_amount(world: World) -> None:
    """A site whose query does not show LINE_DESCR."""
    await world.put(body("stp01", *TWO))
    for journal in world.gl.journals:
        for line in journal["JRNL_LN"]:
            line["LINE_DESCR"] = ""
    assert await world.reconcile() == {}
    await world.put(body("stp01", *TWO), absent=True)
    assert world.gl.net() == {}


async def test_a_lost_ledger_adopts_the_journals_with_their_reversals(world: World) -> None:
    for absent in (False, True, False):
        await world.put(body("stp01", *TWO), absent=absent)
    rows = [(row.entry, row.part, row.kind, row.amount) for row in world.remembered("stp01")]
    forget(world)
    counts = await world.put(body("stp01", *TWO))
    assert (counts["adopted"], len(world.gl.journals)) == (1, 6)
    assert [(row.entry, row.part, row.kind, row.amount) for row in world.remembered("stp01")] == rows
    await world.put(body("stp01", *TWO), absent=True)
    assert world.gl.net() == {}


def forget(world: World) -> None:
    """The state database is lost."""
    with world.store.write() as tx:
        for table in (document, flow_state, settlement):
            tx.connection.execute(table.delete())
