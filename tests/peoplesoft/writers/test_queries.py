"""Looking up by query: by natural key, then by number, and what an answer does not prove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ml_connector.core.config import Dataset
from ml_connector.core.contract import Payload, Verdict
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import HandlerTransport, Redactor, Request, Response, Retry
from ml_connector.peoplesoft.query import QueryService, make_client
from ml_connector.peoplesoft.reader import PeopleSoftSource
from ml_connector.peoplesoft.writers.finder import Finder
from ml_connector.peoplesoft.writers.kinds import JOURNAL, PURCHASE_ORDER, SUPPLIER, VOUCHER, Kind
from ml_connector.peoplesoft.writers.lookup import CANDIDATES, ByInterface, Matches
from ml_connector.peoplesoft.writers.options import WriterOptions
from ml_connector.peoplesoft.writers.queries import ROWS, ByQuery, Question
from tests.peoplesoft.support import SETTINGS, TENANT, envelope, shipped

from .support import NOW, Fake, intent, opener, order, supplier, voucher

Rows = list[dict[str, Any]]

BY_INVOICE = "ML_AP_VOUCHER_BY_INVOICE"
NATURAL = {"BUSINESS_UNIT": "US001", "VENDOR_ID": "0000000012", "INVOICE_ID": "BW-1"}


@dataclass
class Queries:
    """A gateway that answers each query from a list of rows, all of them unless ``fits`` says otherwise."""

    rows: dict[str, Rows]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fits: Callable[[dict[str, Any], dict[str, str]], bool] = lambda row, prompts: all(
        str(row.get(f"A.{name}", value)) == value for name, value in prompts.items()
    )

    async def answer(self, request: Request) -> Response:
        parts = urlsplit(request.target)
        params = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        names, values = params["prompt_uniquepromptname"], params["prompt_fieldvalue"]
        prompts = dict(zip(names.split(","), values.split(","), strict=True))
        query = unquote(parts.path.split("/")[-3])
        self.asked.append((query, prompts))
        found = [row for row in self.rows.get(query, []) if self.fits(row, prompts)]
        return envelope(found[: int(params["maxrows"])])

    @property
    def service(self) -> QueryService:
        client = make_client(SETTINGS, transport=HandlerTransport(self.answer), retry=Retry(attempts=1))
        return QueryService(client, Redactor())


def by_query(
    kind: Kind, queries: Queries, fake: Fake | None = None, service: QueryService | None = None
) -> ByQuery:
    used = service or queries.service
    source = PeopleSoftSource(shipped(kind.dataset), TENANT, used, clock=lambda: NOW)
    question = Question(shipped(kind.search), TENANT, used, lambda: NOW)
    return ByQuery(kind, source, question, ByInterface(kind, opener(fake or Fake(kind))))


def voucher_row(number: str = "00000001", **changed: Any) -> dict[str, Any]:
    row = {
        "A.BUSINESS_UNIT": "US001", "A.VOUCHER_ID": number, "A.INVOICE_ID": "BW-1",
        "A.INVOICE_DT": "2026-10-02", "A.VENDOR_SETID": "SHARE", "A.VENDOR_ID": "0000000012",
        "A.VOUCHER_STYLE": "REG", "A.GROSS_AMT": "1250.5", "A.TXN_CURRENCY_CD": "USD",
        "A.DUE_DT": "2026-11-01", "A.PYMNT_TERMS_CD": "N30", "A.ENTRY_STATUS": "P", "A.APPR_STATUS": "A",
        "A.POST_STATUS_AP": "U", "A.MATCH_STATUS_VCHR": "N", "A.CLOSE_STATUS": "O",
        "A.ENTERED_DT": "2026-10-03", "A.DESCR254_MIXED": "office", "B.VOUCHER_LINE_NUM": "1",
        "B.DESCR": "Office supplies", "B.MERCHANDISE_AMT": "1250.5", "C.DISTRIB_LINE_NUM": "1",
        "C.ACCOUNT": "641000", "C.DEPTID": "10200", "C.MERCHANDISE_AMT": "1250.5", "D.PYMNT_CNT": "",
    }  # fmt: skip
    return row | {f"A.{name}": value for name, value in changed.items()}


def site(*rows: dict[str, Any]) -> Queries:
    return Queries({BY_INVOICE: list(rows), "ML_AP_VOUCHER_KEY": list(rows)})


async def matching(queries: Queries, natural: Payload | None = None) -> Matches:
    return await by_query(VOUCHER, queries).matching(natural or NATURAL)


async def test_found_objects_are_read_whole_and_renamed() -> None:
    queries = site(voucher_row())
    found = await matching(queries)
    (record,) = found.records.values()
    assert list(found.records) == ["US001|00000001"]
    assert record["VOUCHER_LINE"][0]["DISTRIB_LINE"][0]["ACCOUNT"] == "641000"
    assert queries.asked == [
        (BY_INVOICE, NATURAL),
        ("ML_AP_VOUCHER_KEY", {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "00000001"}),
    ]
    body = voucher(INVOICE_ID="BW-1")
    finder = Finder(VOUCHER, by_query(VOUCHER, queries), WriterOptions(), lambda: NOW)
    assert (await finder.by_natural_key(intent(body))).verdict is Verdict.EQUAL
    changed = intent(body | {"DESCR254_MIXED": "other"})
    assert (await finder.by_natural_key(changed)).verdict is Verdict.DIFFERENT


async def test_a_number_is_asked_for_in_capitals_and_as_it_was_sent() -> None:
    queries = site()
    await matching(queries, NATURAL | {"INVOICE_ID": "Bw-1"})
    assert [prompts["INVOICE_ID"] for _, prompts in queries.asked] == ["BW-1", "Bw-1"]


async def test_several_of_one_number() -> None:
    found = await matching(site(voucher_row(), voucher_row("00000002", ENTRY_STATUS="X")))
    assert sorted(found.records) == ["US001|00000001", "US001|00000002"]


@pytest.mark.parametrize("ours", [True, False])
async def test_a_query_that_lost_a_criterion_proves_no_absence(ours: bool) -> None:
    others = [voucher_row(f"{number:08d}", INVOICE_ID=f"BW-{number}") for number in range(2, 9)]
    queries = site(*others, *([voucher_row()] if ours else []))
    queries.fits = lambda row, prompts: (
        "VOUCHER_ID" not in prompts or row["A.VOUCHER_ID"] == prompts["VOUCHER_ID"]
    )
    found = await matching(queries)
    assert list(found.records) == (["US001|00000001"] if ours else [])
    assert "lost a criterion" in str(found.doubt)
    finder = Finder(VOUCHER, by_query(VOUCHER, queries), WriterOptions(), lambda: NOW)
    verdict = (await finder.by_natural_key(intent(voucher(INVOICE_ID="BW-1")))).verdict
    assert verdict is (Verdict.EQUAL if ours else Verdict.UNSURE)


async def test_an_answer_that_is_full_is_unclear() -> None:
    queries = site(*(voucher_row(PO_ID=number) for number in range(ROWS + 5)))
    found = await matching(queries)
    assert list(found.records) == ["US001|00000001"]
    assert "there may be more" in str(found.unclear)


async def test_more_of_one_number_than_anybody_reads_are_unclear() -> None:
    queries = site(*(voucher_row(f"{number:08d}") for number in range(CANDIDATES + 1)))
    found = await matching(queries)
    assert (found.records, found.unclear) == ({}, f"PeopleSoft has {CANDIDATES + 1} vouchers under this key")
    assert len(queries.asked) == 1


async def test_an_answer_as_long_as_the_users_row_limit_is_unclear() -> None:
    queries = site(voucher_row(), voucher_row("00000002"))
    service = queries.service
    service.row_cap = 2
    found = await by_query(VOUCHER, queries, service=service).matching(NATURAL)
    assert "there may be more" in str(found.unclear)


async def test_a_row_that_cannot_be_read_is_unclear() -> None:
    found = await matching(site(voucher_row(INVOICE_DT="20210431")))
    assert "INVOICE_DT" in str(found.unclear)
    finder = Finder(
        VOUCHER, by_query(VOUCHER, site(voucher_row(INVOICE_DT="20210431"))), WriterOptions(), lambda: NOW
    )
    assert (await finder.by_natural_key(intent(voucher(INVOICE_ID="BW-1")))).verdict is Verdict.FOREIGN


async def test_a_voucher_that_its_own_query_does_not_show_is_unclear() -> None:
    queries = Queries({BY_INVOICE: [voucher_row()], "ML_AP_VOUCHER_KEY": []})
    found = await matching(queries)
    assert (
        found.unclear
        == "voucher US001|00000001 is there, but cannot be read: its own query does not answer it"
    )


@pytest.mark.parametrize(
    ("kind", "body", "natural"),
    [
        (VOUCHER, voucher(INVOICE_ID="A,1"), {"INVOICE_ID": "A,1"}),
        (SUPPLIER, supplier(NAME1="Acme, Inc."), {"NAME1": "Acme, Inc."}),
        (PURCHASE_ORDER, order(PO_REF="1,2"), {"PO_REF": "1,2"}),
    ],
)
async def test_what_no_prompt_can_hold_is_asked_over_the_interface(
    kind: Kind, body: Payload, natural: Payload
) -> None:
    fake, queries = Fake(kind), Queries({})
    there = fake.put(body | {kind.generated: "00000009"})
    found = await by_query(kind, queries, fake).matching(kind.natural("key", body) | natural)
    assert (list(found.records), queries.asked) == ([there], [])


async def test_a_number_may_hold_the_character_that_separates_keys() -> None:
    queries = site(voucher_row(INVOICE_ID="A|1"))
    found = await matching(queries, NATURAL | {"INVOICE_ID": "A|1"})
    assert list(found.records) == ["US001|00000001"]


async def test_unreadable_objects_are_told_apart_from_missing_ones() -> None:
    queries = Queries({"ML_AP_VOUCHER_KEY": [voucher_row(GROSS_AMT="x")]})
    read = await by_query(VOUCHER, queries).read(["US001|00000001", "US001|00000002"])
    assert read.records == {}
    assert list(read.unreadable) == ["US001|00000001"]


async def test_journals_of_one_number_come_with_their_dates() -> None:
    head = {
        "A.BUSINESS_UNIT": "US001", "A.JOURNAL_ID": "J1", "A.LEDGER_GROUP": "ACTUALS",
        "A.FISCAL_YEAR": "2026", "A.ACCOUNTING_PERIOD": "11", "A.SOURCE": "EXT",
        "A.JRNL_HDR_STATUS": "V", "A.DESCR": "x",
        "B.JOURNAL_LINE": "1", "B.LEDGER": "ACTUALS", "B.ACCOUNT": "641000", "B.DEPTID": "",
        "B.MONETARY_AMOUNT": "5",
        "B.CURRENCY_CD": "USD",
    }  # fmt: skip
    rows: Rows = [
        head | {"A.JOURNAL_DATE": f"2026-11-0{day}", "A.UNPOST_SEQ": seq}
        for day, seq in ((1, 0), (2, 0), (2, 1))
    ]
    found = await by_query(JOURNAL, Queries({"ML_GL_JOURNAL_KEY": rows})).matching(
        {"BUSINESS_UNIT": "US001", "JOURNAL_ID": "J1"}
    )
    assert sorted(found.records) == [
        "US001|J1|2026-11-01|0",
        "US001|J1|2026-11-02|0",
        "US001|J1|2026-11-02|1",
    ]
    assert found.records["US001|J1|2026-11-01|0"]["JRNL_LN"][0]["ACCOUNT"] == "641000"


def changed(prompts: dict[str, str] | None) -> Dataset:
    made = shipped("vouchers_by_invoice")
    query = made.queries.by_key
    assert query is not None
    by_key = query.model_copy(update={"prompts": prompts}) if prompts is not None else None
    return made.model_copy(update={"queries": made.queries.model_copy(update={"by_key": by_key})})


@pytest.mark.parametrize(("prompts", "words"), [(None, "no by_key query"), ({"X": "since"}, "wants since")])
async def test_a_dataset_that_cannot_be_asked(prompts: dict[str, str] | None, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        await Question(changed(prompts), TENANT, site().service, lambda: NOW).ask(NATURAL)


async def test_a_query_may_want_the_unit_and_the_day() -> None:
    queries = site(voucher_row())
    dataset = changed({"BUSINESS_UNIT": "unit", "AS_OF": "today", "INVOICE_ID": "key.INVOICE_ID"})
    answer = await Question(dataset, TENANT, queries.service, lambda: NOW).ask(NATURAL)
    assert len(answer.documents) == 1
    assert queries.asked[0][1] == {"BUSINESS_UNIT": "US001", "AS_OF": "2026-11-20", "INVOICE_ID": "BW-1"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vouchers_by_invoice", VOUCHER),
        ("purchase_orders_by_reference", PURCHASE_ORDER),
        ("suppliers_by_name", SUPPLIER),
    ],
)
def test_the_shipped_look_ups_ask_for_the_natural_key(name: str, kind: Kind) -> None:
    dataset = shipped(name)
    assert (kind.search, dataset.key) == (name, kind.identity)
    assert kind.generated in dataset.children[str(kind.found)].fields
    assert set(kind.collections) <= set(_collections(shipped(kind.dataset)))
    assert shipped(kind.dataset).key == kind.keys


def _collections(level: Any) -> Sequence[str]:
    return [name for child, below in level.children.items() for name in (child, *_collections(below))]
