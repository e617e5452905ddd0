"""What a site answers when a journal is made, the dates of journals, and what people must be told."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.core.errors import ConfigurationError, InDoubt
from ml_connector.peoplesoft.settlement.entries import journal_id
from ml_connector.peoplesoft.settlement.periods import Period
from ml_connector.peoplesoft.soap import Created
from ml_connector.peoplesoft.soap.messages import Message

from .support import World, body, lost, options
from .test_staged_way import Files

V, OTHER = "US001|00000001", "US002|00000009"
CREDITS = [{"voucher": V, "amount": Decimal(30)}]


def keyed_by_the_site(world: World, name: str) -> None:
    """The site replaces one key, and never gives the same number twice."""
    save = world.gl._save

    def own(values: dict[str, Any]) -> Created:
        number = f"{len(world.gl.journals) + 1:010}"
        return save({**values, name: "2026-11-30" if name == "JOURNAL_DATE" else number})

    world.gl._save = own  # type: ignore[method-assign]


# ---- rows of several units


@pytest.mark.parametrize(("before", "after"), [(V, OTHER), (OTHER, V)])
@pytest.mark.parametrize("way", ["journal", "staged"])
async def test_a_voucher_of_another_unit_loses_no_row(
    world: World, tmp_path: Path, way: str, before: str, after: str
) -> None:
    files = Files(tmp_path / "out")
    world.folder, world.choices = files, options(way=way, csv_path=str(files.path))
    await world.put(body("stp01", (before, "100")))
    world.clock.advance(minutes=5)
    await world.put(body("stp01", (after, "100")))
    assert world.rows.settled([before, after]) == {before: {"USD": Decimal(0)}, after: {"USD": Decimal(100)}}
    assert len(world.remembered("stp01")) == 3
    if way == "staged":
        assert len(files.lines()) == 3
    assert await world.reconcile() == {}
    assert world.error is None


# ---- answers


@pytest.mark.parametrize(
    ("changed", "made"),
    [
        # Two are made at once, and either answer may come first.
        ("JOURNAL_ID", r"journal 000000000[12] of US001, dated 2026-11-12"),
        ("JOURNAL_DATE", r"of US001, dated 2026-11-30"),
    ],
)
async def test_a_site_that_gives_keys_of_its_own_stops_the_flow(
    world: World, changed: str, made: str
) -> None:
    save = world.gl._save
    keyed_by_the_site(world, changed)
    for number in range(1, 6):
        world.offer(body(f"stp0{number}"))
    await world.run()
    assert isinstance(world.error, ConfigurationError)
    assert re.search(made, str(world.error))
    assert f"takes {changed} as sent" in str(world.error)
    rows = world.ledger().values()
    assert {row.status for row in rows} == {"conflict", "ready"}
    in_conflict = [row for row in rows if row.status == "conflict"]
    assert len(in_conflict) == len(world.gl.journals) <= world.choices.concurrency
    assert any(re.search(made, row.reason) for row in in_conflict)
    assert {row.conflict_id for row in in_conflict} == {
        f"US001|{one['JOURNAL_ID']}" for one in world.gl.journals
    }
    world.gl._save = save  # type: ignore[method-assign]
    for row in in_conflict:
        world.replay(row.key.partition("|")[2])
    await world.settle_down()
    assert sorted(one["DESCR"] for one in world.gl.journals) == [
        f"BILL stp0{number}" for number in range(1, 6)
    ]
    assert {row.status for row in world.ledger().values()} == {"loaded"}
    assert await world.reconcile() == {}


async def test_a_date_with_a_time_and_missing_keys_are_as_sent(world: World) -> None:
    for given in ({"JOURNAL_DATE": "2026-11-12T00:00:00"}, {}):

        def answer(values: Any, carry_out: Any, given: dict[str, str] = given) -> Created:
            carry_out()
            return Created(given)

        world.gl.faults.append(answer)
        await world.put(body(f"stp0{len(world.gl.journals) + 1}"))
    assert (world.error, len(world.gl.journals)) == (None, 2)


async def test_what_peoplesoft_says_beside_is_told(world: World) -> None:
    world.gl.messages = (Message("Warning", "5010,12", "Journal edit found a suspense line."),)
    counts = await world.put(body())
    (alert,) = counts["alerts"]
    assert "journal" in alert
    assert alert.endswith("of US001 and says: Journal edit found a suspense line.")
    assert world.ledger()["stp01"].status == "loaded"


# ---- dates


async def test_a_reversal_keeps_its_date_when_it_is_sent_again_after_midnight(world: World) -> None:
    late: list[Any] = []

    def hang(values: Any, carry_out: Any) -> object:
        late.append(carry_out)
        raise InDoubt("timeout")

    await world.put(body())
    world.clock.advance(hours=13, minutes=55)  # 23:55 in New York
    world.gl.faults = [hang]
    await world.put(body(), absent=True)
    await world.settle_down()
    assert [one["JOURNAL_DATE"] for one in world.gl.journals] == ["2026-11-12", "2026-11-16"]
    with pytest.raises(Exception, match="already exists"):  # PeopleSoft carries the first call out now
        late[0]()
    assert world.gl.net() == {}


async def test_a_date_whose_period_was_closed_meanwhile_moves_on(world: World) -> None:
    def hang(*_: object) -> object:
        raise InDoubt("timeout")

    world.gl.faults = [hang]
    await world.put(body())
    world.open.periods["US001"] = [Period("2026-12-01", "2026-12-31")]
    await world.settle_down()
    assert [one["JOURNAL_DATE"] for one in world.gl.journals] == ["2026-12-01"]


async def test_a_journal_that_was_made_twice_is_a_conflict(world: World) -> None:
    await world.put(body())
    twin = {**world.gl.journals[0], "JOURNAL_DATE": "2026-11-13"}
    world.gl.journals.append(twin)
    assert list(await world.reconcile()) == ["stp01"]
    await world.put(body(), absent=True)
    row = world.ledger()["stp01"]
    name = journal_id("B", "stp01", "US001", 1)
    assert (row.status, row.conflict_id, len(world.gl.journals)) == ("conflict", f"US001|{name}", 2)
    assert f"journal {name} of US001 was made twice, dated 2026-11-12 and 2026-11-13" in row.reason
    twin["JRNL_HDR_STATUS"] = "D"
    world.replay("stp01")
    await world.settle_down()
    assert world.titles() == ["BILL stp01", "BILL stp01", "BILL stp01 REV"]
    assert world.ledger()["stp01"].status == "loaded"


# ---- vendor credits


@pytest.mark.parametrize("fault", [None, lost])
@pytest.mark.parametrize("way", ["journal", "staged"])
async def test_vendor_credits_close_nothing_and_are_told_once(
    world: World, tmp_path: Path, way: str, fault: Any
) -> None:
    files = Files(tmp_path / "out")
    world.folder = files
    world.choices = options(way=way, csv_path=str(files.path), close_voucher="external")
    world.ap.add(V, "100")
    world.gl.faults = [fault] if fault else []
    if fault:
        files.error = OSError(28, "No space left on device")
    told = (await world.put(body("stp01", (V, "70"), credits=CREDITS)))["alerts"]
    told += (await world.settle_down())["alerts"]
    told += (await world.put(body("stp01", (V, "70"), credits=CREDITS, number="other")))["alerts"]
    told += (await world.run())["alerts"]
    (alert,) = told
    assert alert.endswith(
        f"BILL used vendor credits of 30 USD for voucher {V}: close voucher and credit voucher by hand"
    )
    assert world.ap.status(V) == [("S", "N")]
    assert world.ledger()["stp01"].status == "loaded"
    assert await world.reconcile() == {}


# ---- accounts that were left to people


async def test_accounts_left_to_people_come_from_the_tenant_file_or_hold_the_reversal(
    world: World, tmp_path: Path
) -> None:
    files = Files(tmp_path / "out")
    world.folder = files
    world.choices = options(way="staged", csv_path=str(files.path), accounts={})
    await world.put(body("stp01", (OTHER, "100"), funding_account="bac02"))
    world.choices = options(accounts={})
    await world.put(body("stp01", (OTHER, "100")), absent=True)
    row = world.ledger()["stp01"]
    assert (row.status, world.gl.journals) == ("held", [])
    assert "add settlement.accounts.payables.US002 (or '*')" in row.reason
    world.choices = options()
    world.replay("stp01")
    await world.run()
    assert world.titles("US002") == ["BILL stp01 REV"]
    lines = [(line["ACCOUNT"], line["MONETARY_AMOUNT"]) for line in world.gl.journals[0]["JRNL_LN"]]
    assert lines == [("200000", Decimal(-100)), ("110000", Decimal(100))]
