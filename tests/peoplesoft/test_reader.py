"""The source: windows, cursors, stretches of time, look-ups by key."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.core.contract import Document, Page, Scan, Window
from ml_connector.core.errors import ConfigurationError, ContractChanged, Unavailable
from ml_connector.core.http import Response, TooHeavy
from tests.peoplesoft.support import NOW, Row, Site, dataset, order_rows, pages_of, shipped

CHANGES = Window("US001", Scan.CHANGES, since="2026-10-01")


def orders(count: int, **shape: int) -> list[Row]:
    return [row for number in range(1, count + 1) for row in order_rows(number, **shape)]


def documents(pages: list[Page]) -> list[Document]:
    return [item for page in pages for item in page.documents]


def keys(pages: list[Page]) -> list[str]:
    return [item.key for item in documents(pages)]


async def test_a_window_is_read_in_pages_of_whole_documents() -> None:
    site = Site(orders(9, lines=2))
    pages = await pages_of(site.source(), CHANGES)
    assert keys(pages) == [f"US001|{number:08d}" for number in range(1, 10)]
    assert all(len(item.payload["lines"]) == 2 for item in documents(pages))
    assert all(page.source_time == NOW for page in pages)
    assert site.asked[0] == {
        "query": "ML_ORDERS",
        "BU": "US001",
        "FROM_DT": "2026-10-01",
        "THRU_DT": "2099-12-31",
        "ID_OFFSET": "",
        "maxrows": "6",
    }


async def test_until_is_exclusive_and_times_are_taken_in_the_tenants_zone() -> None:
    site = Site(orders(1))
    await pages_of(site.source(), Window("US001", Scan.CHANGES, "2026-10-05T02:00:00+00:00", "2026-10-08"))
    assert (site.asked[0]["FROM_DT"], site.asked[0]["THRU_DT"]) == ("2026-10-04", "2026-10-08")


async def test_an_empty_window_has_one_empty_last_page() -> None:
    (page,) = await pages_of(Site([]).source(), CHANGES)
    assert (page.documents, page.columns, page.source_time) == ([], frozenset(), NOW)


async def test_stamp_and_open_come_with_each_document() -> None:
    rows = [*order_rows(1, STATUS="Closed"), *order_rows(2, STATUS="Open")]
    found = documents(await pages_of(Site(rows).source(), CHANGES))
    assert [(item.stamp, item.open, item.payload["STATUS"]) for item in found] == [
        ("2026-10-02", False, "C"),
        ("2026-10-03", True, "O"),
    ]


async def test_the_open_scan_uses_its_own_query() -> None:
    site = Site(orders(3))
    assert len(keys(await pages_of(site.source(), Window("US001", Scan.OPEN)))) == 3
    assert {asked["query"] for asked in site.asked} == {"ML_ORDERS_OPEN"}


async def test_a_full_scan_falls_back_to_changes_from_the_start_on() -> None:
    site = Site(orders(1))
    await pages_of(site.source(), Window("US001", Scan.FULL, since="2026-01-01"))
    assert (site.asked[0]["query"], site.asked[0]["FROM_DT"]) == ("ML_ORDERS", "2026-01-01")


async def test_a_scan_without_query_is_a_mistake_of_the_dataset() -> None:
    with pytest.raises(ConfigurationError, match="no query for open"):
        await pages_of(Site([]).source(shipped("gl_accounts")), Window("SHARE", Scan.OPEN))


@settings(max_examples=40)
@given(
    sizes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=14),
    cap=st.one_of(st.none(), st.integers(8, 20)),
    stop=st.integers(0, 6),
)
async def test_interrupted_anywhere_it_goes_on_after_the_committed_cursor(
    sizes: list[tuple[int, int]], cap: int | None, stop: int
) -> None:
    rows = [row for number, shape in enumerate(sizes, 1) for row in order_rows(number, shape[0], 1, shape[1])]
    site = Site(rows, cap=cap)
    committed: list[Page] = []
    async for page in site.source().read(CHANGES):
        committed.append(page)
        if len(committed) > stop:
            break
    if not committed[-1].last:
        window = Window("US001", Scan.CHANGES, CHANGES.since, cursor=committed[-1].cursor)
        committed += await pages_of(site.source(), window)
    assert keys(committed) == [f"US001|{number:08d}" for number in range(1, len(sizes) + 1)]
    assert [
        (len(item.payload["lines"]), len(item.payload["notes"])) for item in documents(committed)
    ] == sizes


async def test_a_cursor_of_another_version_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="another version"):
        await pages_of(Site([]).source(), Window("US001", Scan.CHANGES, cursor='{"x":1}'))


async def test_an_unreadable_document_is_named_and_the_others_go_on() -> None:
    rows = [*order_rows(1), *order_rows(2, CHANGED="20210431"), *order_rows(3)]
    (page,) = await pages_of(Site(rows).source(), Window("US001", Scan.OPEN))
    assert [item.key for item in page.documents] == ["US001|00000001", "US001|00000003"]
    assert [(item.key, item.field, item.value) for item in page.rejected] == [
        ("US001|00000002", "CHANGED", "20210431")
    ]


async def test_a_silent_row_cap_is_told_once_and_holds_for_every_dataset(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site(orders(20), cap=4)
    source = site.source(dataset(page={"rows": 10, "minimum": 2, "maximum": 64}))
    with caplog.at_level(logging.WARNING):
        assert len(keys(await pages_of(source, CHANGES))) == 20
        assert len(keys(await pages_of(source, Window("US001", Scan.OPEN)))) == 20
    assert [record.getMessage()[:37] for record in caplog.records] == [
        "PeopleSoft cuts answers at 4 rows wit"
    ]


async def test_a_document_beyond_the_cap_is_named_by_its_key() -> None:
    site = Site([*order_rows(1, lines=9), *order_rows(2)], cap=5)
    pages = await pages_of(site.source(dataset(page={"rows": 6, "minimum": 2, "maximum": 64})), CHANGES)
    assert keys(pages) == ["US001|00000002"]
    (bad,) = [item for page in pages for item in page.rejected]
    assert bad.key == "US001|00000001"
    assert "security profile" in bad.expected


def heavy(site: Site, days: int) -> None:
    """Windows longer than so many days, counted to tomorrow, get no answer."""

    def fail(prompts: dict[str, str]) -> Response | None:
        begin = datetime.fromisoformat(prompts["FROM_DT"])
        end = min(datetime.fromisoformat(prompts["THRU_DT"]), datetime(2026, 10, 11))  # noqa: DTZ001
        return Response(504) if (end - begin).days > days else None

    site.fail = fail


async def test_a_window_that_is_too_heavy_is_halved_and_grows_again() -> None:
    site = Site([row for number in range(1, 9) for row in order_rows(number)])
    heavy(site, days=3)
    pages = await pages_of(site.source(), CHANGES)
    assert sorted(keys(pages)) == sorted({f"US001|{number:08d}" for number in range(1, 9)})
    windows = list(dict.fromkeys((asked["FROM_DT"], asked["THRU_DT"]) for asked in site.asked))
    assert windows[:4] == [
        ("2026-10-01", "2099-12-31"),
        ("2026-10-01", "2026-10-06"),
        ("2026-10-01", "2026-10-03"),
        ("2026-10-03", "2026-10-08"),
    ]
    assert windows[-1][1] == "2099-12-31"


async def test_a_halved_window_goes_on_after_its_cursor() -> None:
    site = Site([row for number in range(1, 9) for row in order_rows(number)])
    heavy(site, days=3)
    whole = await pages_of(site.source(), CHANGES)
    for place, page in enumerate(whole[:-1]):
        window = Window("US001", Scan.CHANGES, CHANGES.since, cursor=page.cursor)
        rest = await pages_of(site.source(), window)
        assert {*keys(whole[: place + 1]), *keys(rest)} == set(keys(whole))


async def test_an_outage_goes_up() -> None:
    site = Site(orders(3))
    site.fail = lambda _: Response(503)
    with pytest.raises(Unavailable):
        await pages_of(site.source(), CHANGES)
    assert len(site.asked) <= 6


async def test_a_query_that_lost_its_unit_is_noticed() -> None:
    rows = [*order_rows(1), *order_rows(2, BUSINESS_UNIT="US002")]
    with pytest.raises(ContractChanged, match=r"asked for US001, the query answered US002\|00000002"):
        await pages_of(Site(rows).source(), CHANGES)


async def test_columns_are_the_datasets_fields() -> None:
    (page, *_) = await pages_of(Site(orders(2)).source(), CHANGES)
    assert {"ID", "lines.AMT", "notes.TEXT"} <= page.columns


ACCOUNT = {
    "A.SETID": "SHARE",
    "A.EFFDT": "1901-01-01",
    "A.EFF_STATUS": "A",
    "A.DESCR": "",
    "A.ACCOUNT_TYPE": "E",
}


def accounts(count: int) -> list[Row]:
    return [ACCOUNT | {"A.ACCOUNT": f"{number:06d}", "A.ID": ""} for number in range(count)]


async def test_a_query_without_offset_prompt_is_read_at_once() -> None:
    site = Site(accounts(2500))
    small = shipped("gl_accounts").model_copy(
        update={"page": dataset(page={"rows": 300, "minimum": 2, "maximum": 400}).page}
    )
    pages = await pages_of(site.source(small), Window("SHARE", Scan.FULL))
    assert len(keys(pages)) == 2500
    assert [asked["maxrows"] for asked in site.asked] == ["401", "1604", "6416"]
    assert max(len(page.documents) for page in pages) == 300
    assert {page.cursor for page in pages} == {None}


async def test_an_answer_as_long_as_the_known_cap_is_not_taken_for_everything() -> None:
    site = Site(orders(20), cap=4)
    source = site.source(dataset(page={"rows": 10, "minimum": 2, "maximum": 64}))
    await pages_of(source, CHANGES)
    other = Site(accounts(30), cap=4)
    reader = other.source(shipped("gl_accounts"))
    reader._service.row_cap = source._service.row_cap
    with pytest.raises(ConfigurationError, match="rows are missing"):
        await pages_of(reader, Window("SHARE", Scan.FULL))


async def test_by_key_reads_exactly_those() -> None:
    rows = [*orders(5), *order_rows(7, CHANGED="x")]
    site = Site(rows)
    wanted = ["US001|00000004", "US001|00000009", "US001|00000001", "US001|00000007", "US001|00000004"]
    answer = await site.source().by_key(wanted)
    assert [item.key for item in answer.documents] == ["US001|00000004", "US001|00000001"]
    assert answer.absent == ["US001|00000009"]
    assert [item.key for item in answer.rejected] == ["US001|00000007"]
    assert len(site.asked) == 4


async def test_by_key_asks_again_for_a_document_larger_than_a_page() -> None:
    site = Site(order_rows(1, lines=30))
    answer = await site.source().by_key(["US001|00000001"])
    assert len(answer.documents[0].payload["lines"]) == 30
    assert [asked["maxrows"] for asked in site.asked] == ["6", "24", "96"]


async def test_by_key_does_not_cut_a_document_at_the_cap() -> None:
    site = Site(order_rows(1, lines=30), cap=8)
    source = site.source()
    source._service.row_cap = 8
    answer = await source.by_key(["US001|00000001"])
    assert (answer.documents, answer.absent) == ([], [])
    assert answer.rejected[0].key == "US001|00000001"


async def test_by_key_runs_a_few_at_a_time() -> None:
    site = Site(orders(9))
    running, most = 0, 0
    answer = site.answer

    async def counted(request: object) -> Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return await answer(request)  # type: ignore[arg-type]

    site.answer = counted  # type: ignore[method-assign]
    source = site.source()
    await source.by_key(["US001|00000001"])  # the password is proven
    await source.by_key([f"US001|{number:08d}" for number in range(1, 10)])
    assert most == 3


async def test_the_first_failure_of_a_look_up_ends_it() -> None:
    site = Site(orders(9))
    site.fail = lambda _: Response(504)
    with pytest.raises(TooHeavy):
        await site.source().by_key([f"US001|{number:08d}" for number in range(1, 10)])
    assert len(site.asked) <= 3


@pytest.mark.parametrize("key", ["00000001", "US001|1|2", ""])
async def test_a_key_of_another_shape_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="is no key of dataset orders"):
        await Site([]).source().by_key([key])


async def test_times_are_asked_for_in_the_databases_zone() -> None:
    site = Site([])
    window = Window("US001", Scan.CHANGES, "2026-10-05T14:22:31.250000+00:00", "2026-10-05T15:00:00.5+00:00")
    await pages_of(site.source(shipped("purchase_orders")), window)
    assert site.asked[0]["FROM_DT"] == "2026-10-05T10:22:31-0400"
    assert site.asked[0]["THRU_DT"] == "2026-10-05T11:00:01-0400"


async def test_a_start_date_is_midnight_in_the_databases_zone() -> None:
    site = Site([])
    await pages_of(site.source(shipped("purchase_orders")), Window("US001", Scan.FULL, "2026-01-01"))
    assert site.asked[0]["FROM_DT"] == "2026-01-01T00:00:00-0500"
    assert datetime.fromisoformat(site.asked[0]["FROM_DT"]) == datetime(2026, 1, 1, 5, tzinfo=UTC)
