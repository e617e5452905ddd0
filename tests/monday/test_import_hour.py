"""What the account may import in an hour: filled, never exceeded by us, and no document's fault."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ml_connector.core.contract import Intent
from ml_connector.core.limits import Quota
from ml_connector.monday.items import Items
from ml_connector.monday.limits import ImportHour
from ml_connector.monday.template import KEY
from tests.state import migrated

from . import boards
from .boards import Account, create, invoices, key_of, loaded, update

START = "mutation StartImport"
FROM = 3
"""Items that are imported here, instead of 200."""


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    async with boards.opened() as opened:
        yield opened


@pytest.fixture
def hour(account: Account, tmp_path: Path) -> Quota:
    """Ten items an hour."""
    database = migrated(tmp_path / "state.db")
    return Quota(database, "imported", ImportHour(10, block=1), clock=account.api.now)


def target(account: Account, hour: Quota, lines: str | None = None) -> Items:
    return invoices(account, lines, bulk=FROM, imported=hour)


def creates(count: int, lines: int = 0) -> list[Intent]:
    """Documents that were claimed together, so that they share their attempt."""
    made = [create(number, lines=lines) for number in range(1, count + 1)]
    for intent in made:
        intent.attempt_id = "one attempt"
    return made


def keys(account: Account, title: str = "Invoices") -> list[str]:
    return sorted(str(item.data(KEY)) for item in account.items(title))


async def test_what_has_room_is_imported_and_the_rest_goes_in_batches(account: Account, hour: Quota) -> None:
    account.invoices()
    await loaded(target(account, hour), *creates(16))
    assert [len(file) for file in account.files] == [8]
    assert keys(account) == [key_of(number) for number in range(1, 17)]


async def test_lines_share_the_hour_with_items_and_those_of_one_document_stay_together(
    account: Account, hour: Quota
) -> None:
    account.invoices("board")
    await loaded(target(account, hour, "board"), *creates(4, lines=3))
    assert [len(file) for file in account.files] == [4, 6]
    assert [len(account.lines(key_of(number))) for number in (1, 2, 3, 4)] == [3] * 4


async def test_two_files_of_one_attempt_are_two_imports(account: Account, hour: Quota) -> None:
    """Under one key the second would be answered with the job of the first, whose file is taken already."""
    account.invoices()
    one = target(account, hour)
    first, second = creates(8)[:4], creates(8)[4:]
    ids = await loaded(one, *first) + await loaded(one, *second)
    assert account.calls(START) == 2
    assert {str(item.id): str(item.data(KEY)) for item in account.items()} == {
        item: intent.key for item, intent in zip(ids, first + second, strict=True)
    }


async def test_nothing_is_asked_below_items_that_an_import_made(account: Account, hour: Quota) -> None:
    account.invoices("board")
    await loaded(target(account, hour, "board"), *creates(4, lines=1))
    assert account.calls("query Matching") == 0


async def test_the_hour_begins_with_its_first_import(account: Account, hour: Quota) -> None:
    account.invoices()
    one = target(account, hour)
    ids = await loaded(one, *(first := creates(8)))
    for passed, files in ((3000.0, 1), (800.0, 1), (101.0, 2)):
        await account.pass_time(passed)
        first = [update(before, item, amount=passed) for before, item in zip(first, ids, strict=True)]
        await loaded(one, *first)
        assert len(account.files) == files, passed


def test_an_hour_is_no_full_hour_of_the_clock() -> None:
    now = datetime(2026, 11, 20, 16, 59, tzinfo=UTC)
    assert ImportHour(19_000).end(now) - now > timedelta(hours=1)


async def test_lines_that_others_left_no_room_for_go_in_batches_and_the_hour_is_over(
    account: Account, hour: Quota
) -> None:
    account.invoices("board")
    account.switches.ingest_items_per_hour = 6
    await loaded(target(account, hour, "board"), *creates(3, lines=2))
    assert [len(file) for file in account.files] == [3, 6]
    assert account.calls() == 1, "the three lines that were left out, and no others again"
    assert [len(account.lines(key_of(number))) for number in (1, 2, 3)] == [2] * 3
    assert not await hour.try_take(1)
    await account.pass_time(3601)
    assert await hour.try_take(1)
