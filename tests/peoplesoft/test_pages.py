"""Paging by key: whatever the page size, the row cap and the documents' sizes, nothing is lost or cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.config.dataset import PageSize
from ml_connector.core.errors import ContractChanged
from ml_connector.core.http import TooHeavy
from ml_connector.peoplesoft.pages import Backoff, Block, NarrowWindow, Pager, Sizes
from ml_connector.peoplesoft.rows import Identity, Row
from tests.peoplesoft.support import no_sleep


class Query:
    """Documents of given sizes, in key order, behind a silent row cap."""

    def __init__(self, sizes: list[int], cap: int | None = None) -> None:
        self.rows: list[Row] = [
            {"id": f"{number:04d}", "row": row} for number, size in enumerate(sizes, 1) for row in range(size)
        ]
        self.cap = cap
        self.asked: list[tuple[Identity | None, int]] = []
        self.disturb: Callable[[list[Row]], list[Row]] = lambda rows: rows

    async def ask(self, after: Identity | None, maxrows: int) -> list[Row]:
        self.asked.append((after, maxrows))
        found = [row for row in self.rows if after is None or row["id"] > after[0]]
        return self.disturb(found[: min(maxrows, self.cap or maxrows)])


class Reading:
    """A pager over a query, and what came of it."""

    def __init__(self, query: Query, rows: int = 4, minimum: int = 2, maximum: int = 64) -> None:
        self.caps: list[int] = []
        self.pauses: list[float] = []
        self.sizes = Sizes(PageSize(rows=rows, minimum=minimum, maximum=maximum))
        self.pager = Pager(
            query.ask,
            lambda found: [(row["id"],) for row in found],
            self.sizes,
            on_cap=self.caps.append,
            backoff=Backoff(self.sleep, lambda: 1.0),
        )

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def blocks(self, after: Identity | None = None) -> list[Block]:
        blocks = [block async for block in self.pager.blocks(after)]
        assert [block.last for block in blocks] == [False] * (len(blocks) - 1) + [True]
        return blocks


def documents(blocks: list[Block]) -> dict[str, int]:
    """Rows per document; a document must lie in one block."""
    found: dict[str, int] = {}
    for block in blocks:
        inside: dict[str, int] = {}
        for row in block.rows:
            inside[row["id"]] = inside.get(row["id"], 0) + 1
        assert not found.keys() & inside.keys()
        found |= inside
    return found


@given(
    sizes=st.lists(st.integers(1, 12), max_size=30),
    cap=st.one_of(st.none(), st.integers(13, 40)),
    page=st.integers(1, 30),
)
async def test_no_document_is_lost_or_cut(sizes: list[int], cap: int | None, page: int) -> None:
    query = Query(sizes, cap)
    reading = Reading(query, rows=page, minimum=1, maximum=64)
    blocks = await reading.blocks()
    assert documents(blocks) == {f"{number:04d}": size for number, size in enumerate(sizes, 1)}
    assert not any(block.oversize for block in blocks)
    assert len(reading.caps) <= 1
    if reading.caps:
        assert reading.caps == [cap]


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    cap=st.integers(1, 8),
    page=st.integers(1, 30),
)
async def test_a_document_beyond_the_cap_is_named_not_cut(sizes: list[int], cap: int, page: int) -> None:
    sizes = [*sizes, 1]  # something follows, so that the cut can be noticed
    query = Query(sizes, cap)
    blocks = await Reading(query, rows=page, minimum=1).blocks()
    whole = documents(blocks)
    named = {block.oversize[0] for block in blocks if block.oversize}
    for number, size in enumerate(sizes, 1):
        key = f"{number:04d}"
        assert (key in named) != (key in whole)
        assert whole.get(key, size) == size
        assert key in whole or size >= cap


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=20),
    page=st.integers(1, 10),
    stop=st.integers(0, 5),
)
async def test_an_interrupted_read_goes_on_where_it_stopped(sizes: list[int], page: int, stop: int) -> None:
    query = Query(sizes)
    first: list[Block] = []
    async for block in Reading(query, rows=page, minimum=1).pager.blocks(None):
        first.append(block)
        if len(first) > stop:
            break
    if not first[-1].last:
        first += await Reading(query, rows=page, minimum=1).blocks(first[-1].after)
    assert documents(first) == {f"{number:04d}": size for number, size in enumerate(sizes, 1)}


async def test_an_answer_that_is_not_full_is_checked_with_one_small_question() -> None:
    query = Query([1, 2])
    await Reading(query, rows=10).blocks()
    assert query.asked == [(None, 11), (("0001",), 11)]


async def test_an_empty_answer_is_the_end() -> None:
    query = Query([])
    (block,) = await Reading(query).blocks(("0009",))
    assert (block.rows, block.after, block.last) == ([], ("0009",), True)
    assert len(query.asked) == 1


async def test_a_cap_is_announced_once_and_pages_stay_below_it() -> None:
    query = Query([1] * 20, cap=6)
    reading = Reading(query, rows=10)
    assert len(documents(await reading.blocks())) == 20
    assert reading.caps == [6]
    assert {maxrows for _, maxrows in query.asked[3:]} == {6}


async def test_what_is_entered_meanwhile_is_no_cap() -> None:
    query = Query([1, 1])

    def enter(rows: list[Row]) -> list[Row]:
        if len(query.asked) == 1:
            query.rows.append({"id": "0003", "row": 0})
        return rows

    query.disturb = enter
    reading = Reading(query, rows=10)
    assert documents(await reading.blocks()) == {"0001": 1, "0002": 1, "0003": 1}
    assert reading.caps == []


async def test_a_large_document_makes_the_page_grow_for_itself_only() -> None:
    query = Query([1, 1, 30, 1, 1])
    blocks = await Reading(query, rows=2, minimum=1).blocks()
    assert documents(blocks) == {"0001": 1, "0002": 1, "0003": 30, "0004": 1, "0005": 1}
    assert query.asked[-1][1] == 3


async def test_a_document_beyond_the_maximum_is_passed_over_and_named() -> None:
    blocks = await Reading(Query([1, 500, 1]), rows=4, maximum=64).blocks()
    assert documents(blocks) == {"0001": 1, "0003": 1}
    assert [block.oversize for block in blocks if block.oversize] == [("0002",)]


async def test_rows_that_come_again_are_dropped() -> None:
    query = Query([2] * 8)
    last: list[Row] = []

    def repeat(rows: list[Row]) -> list[Row]:
        again, last[:] = last[-3:], rows
        return [*again, *rows]

    query.disturb = repeat
    assert set(documents(await Reading(query, rows=5).blocks())) == {f"{n:04d}" for n in range(1, 9)}


async def test_an_offset_prompt_that_includes_the_key_itself_does_no_harm() -> None:
    query = Query([2] * 6)

    async def ask(after: Identity | None, maxrows: int) -> list[Row]:
        return [row for row in query.rows if after is None or row["id"] >= after[0]][:maxrows]

    query.ask = ask  # type: ignore[method-assign]
    assert documents(await Reading(query, rows=4).blocks()) == {f"{n:04d}": 2 for n in range(1, 7)}


@pytest.mark.parametrize("order", [[2, 1, 3], [1, 2, 1]])
async def test_a_query_that_is_not_in_key_order_is_refused(order: list[int]) -> None:
    query = Query([])
    query.rows = [{"id": f"{number:04d}", "row": place} for place, number in enumerate(order)]
    with pytest.raises(ContractChanged, match="not ordered by its key"):
        await Reading(query, rows=10).blocks()


def struggle(query: Query, bearable: int, error: TooHeavy | None = None) -> None:
    def disturb(rows: list[Row]) -> list[Row]:
        if query.asked[-1][1] > bearable:
            raise error or TooHeavy("no answer in time")
        return rows

    query.disturb = disturb


async def test_pages_shrink_while_the_server_struggles_and_grow_back() -> None:
    query = Query([1] * 60)
    struggle(query, bearable=5)
    reading = Reading(query, rows=16)
    blocks_seen: list[Block] = []
    async for block in reading.pager.blocks(None):
        blocks_seen.append(block)
        if len(blocks_seen) == 3:
            query.disturb = lambda rows: rows
    assert len(documents(blocks_seen)) == 60
    assert [maxrows for _, maxrows in query.asked[:3]] == [17, 9, 5]
    assert reading.sizes.rows == 16
    assert reading.pauses == [1.0, 2.0]


async def test_at_the_minimum_the_error_goes_up_after_three_tries() -> None:
    query = Query([1] * 9)
    struggle(query, bearable=0)
    with pytest.raises(TooHeavy):
        await Reading(query, rows=4, minimum=2).blocks()
    assert [maxrows for _, maxrows in query.asked] == [5, 3, 3, 3]


async def test_failures_that_come_at_once_are_an_outage_however_large_the_page() -> None:
    query = Query([1] * 9)
    struggle(query, bearable=0)
    with pytest.raises(TooHeavy):
        await Reading(query, rows=20000, minimum=1, maximum=20000).blocks()
    assert len(query.asked) == 6


async def test_a_long_retry_after_is_left_to_the_flow() -> None:
    query = Query([1])
    struggle(query, 0, TooHeavy("maintenance", retry_after=600))
    reading = Reading(query)
    with pytest.raises(TooHeavy):
        await reading.blocks()
    assert reading.pauses == []


async def test_a_large_document_that_is_too_heavy_ends_the_read() -> None:
    query = Query([1, 1, 40, 1])
    struggle(query, bearable=20)
    with pytest.raises(TooHeavy):
        await Reading(query, rows=4).blocks()


async def test_a_window_is_narrowed_before_the_page_shrinks() -> None:
    query = Query([1] * 9)
    struggle(query, bearable=0)
    sizes = Sizes(PageSize(rows=8, minimum=2, maximum=64))
    pager = Pager(
        query.ask, lambda rows: [(row["id"],) for row in rows], sizes,
        on_cap=lambda _: None, backoff=Backoff(no_sleep), can_narrow=True,
    )  # fmt: skip
    with pytest.raises(NarrowWindow):
        async for _ in pager.blocks(None):
            pass
    assert sizes.rows == 8
