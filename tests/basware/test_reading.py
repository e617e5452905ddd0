"""Pages, empty lists, redirects, files."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.basware import reading
from ml_connector.basware.answers import holds
from ml_connector.basware.api import BaswareApi, Download, ListPage, NotFound, PagingExpired
from ml_connector.core import codec
from ml_connector.core.errors import ConfigurationError, ContractChanged, Rejected, Unavailable
from ml_connector.core.http import Response
from ml_connector.core.state.store import Store

from .support import BASE, STORAGE, Basware, answer, connected, redirect

INVOICES = "/v1/accountingDocuments"
QUERY = {"ProcessingStatus": "WaitingForTransfer", "pageSize": "100"}
CONTINUATION = "x-amz-meta-continuationtoken"
EMPTY = answer(None, 404)


def invoices(*ids: str, token: str = "") -> Response:
    headers: dict[str, Any] = {"X_amz_meta_continuationToken": token} if token else {}
    return answer({"accountingDocuments": [{"invoiceId": name} for name in ids]}, **headers)


async def everything(api: BaswareApi) -> list[str]:
    return [row["invoiceId"] async for rows in api.pages(INVOICES, QUERY) for row in rows]


# ---- lists


@pytest.mark.parametrize(
    "body",
    [
        {"vendorEntities": [{"externalCode": "1"}]},
        [{"externalCode": "1"}],
        {"requestId": "r", "somethingNew": [{"externalCode": "1"}]},
    ],
)
async def test_a_list_under_any_key_or_none(state: Store, body: Any) -> None:
    async with connected(Basware([answer(body)]), state) as api:
        assert await api.page("/v1/vendors", {}) == ListPage([{"externalCode": "1"}], None)


async def test_the_key_of_the_list_can_be_named(state: Store) -> None:
    body = {"errors": [], "accounts": [{"externalCode": "1"}]}
    async with connected(Basware([answer(body)]), state) as api:
        assert (await api.page("/v1/accounts", {}, wrapper="accounts")).rows == [{"externalCode": "1"}]


@pytest.mark.parametrize("reply", [EMPTY, answer({"accounts": None}), answer({}), answer([])])
async def test_an_empty_list(state: Store, reply: Response) -> None:
    async with connected(Basware([reply]), state) as api:
        assert await api.page("/v1/accounts", {}) == ListPage([], None)
        assert [rows async for rows in api.pages("/v1/accounts", {}) if rows] == []


@pytest.mark.parametrize("body", ["text", {"a": "b"}, {"accounts": ["b"]}, [1], 7])
async def test_no_list_at_all(state: Store, body: Any) -> None:
    async with connected(Basware([answer(body)]), state) as api:
        with pytest.raises(ContractChanged, match=r"/v1/accounts"):
            await api.page("/v1/accounts", {})


async def test_a_web_page_is_no_empty_list(state: Store) -> None:
    page = Response(404, {"Content-Type": "text/html"}, b"<html>")
    async with connected(Basware([page]), state) as api:
        with pytest.raises(ConfigurationError, match="host"):
            await api.page("/v1/accounts", {})


async def test_amounts_are_exact(state: Store) -> None:
    body = b'{"accountingDocuments":[{"netSum":1000.10,"taxSum1":0.1,"grossSum":1E3}]}'
    async with connected(Basware([Response(200, {}, body)]), state) as api:
        (row,) = (await api.page(INVOICES, {})).rows
    assert [str(row[name]) for name in ("netSum", "taxSum1")] == ["1000.10", "0.1"]
    assert isinstance(row["grossSum"], Decimal | int)


async def test_the_next_page_is_asked_for_in_a_header_with_the_same_query(state: Store) -> None:
    basware = Basware([invoices("1", token="t-1"), invoices("2", token="t-2"), invoices("3")])
    async with connected(basware, state) as api:
        assert await everything(api) == ["1", "2", "3"]
    assert [request.headers.get(CONTINUATION) for request in basware.seen] == [None, "t-1", "t-2"]
    assert all(dict(request.params) == QUERY for request in basware.seen)


@pytest.mark.parametrize("at_redirect", ["t-1", "", "another"])
@pytest.mark.parametrize("at_end", ["t-1", ""])
async def test_the_token_may_be_on_the_redirect_or_on_the_answer(
    state: Store, at_redirect: str, at_end: str
) -> None:
    basware = Basware([redirect(token=at_redirect), invoices("1", token=at_end)])
    async with connected(basware, state) as api:
        page = await api.page(INVOICES, QUERY)
    assert page.token == (at_end or at_redirect or None)


async def test_a_short_page_is_no_end_and_an_empty_one_neither(state: Store) -> None:
    basware = Basware([invoices("1", token="t-1"), invoices(token="t-2"), invoices("2")])
    async with connected(basware, state) as api:
        assert await everything(api) == ["1", "2"]


async def test_a_list_that_runs_in_circles(state: Store) -> None:
    async with connected(Basware([invoices("1", token="t-1")]), state) as api:
        with pytest.raises(ContractChanged, match="before"):
            await everything(api)


@pytest.mark.parametrize("status", [400, 404])
async def test_an_expired_page_says_so(state: Store, status: int) -> None:
    async with connected(Basware([answer(None, status)]), state) as api:
        with pytest.raises(PagingExpired) as caught:
            await api.page(INVOICES, QUERY, "t-1")
    assert caught.value.status == status


@pytest.mark.parametrize("status", [400, 404])
async def test_reading_begins_again_once(state: Store, status: int) -> None:
    gone = answer(None, status)
    basware = Basware([invoices("1", token="t-1"), gone, invoices("1", token="t-2"), invoices("2")])
    async with connected(basware, state) as api:
        assert await everything(api) == ["1", "1", "2"]
    assert [request.headers.get(CONTINUATION) for request in basware.seen] == [None, "t-1", None, "t-2"]


async def test_reading_does_not_begin_again_for_ever(state: Store) -> None:
    first = invoices("1", token="t-1")
    basware = Basware([first, answer(None, 400), first, answer(None, 400)])
    async with connected(basware, state) as api:
        with pytest.raises(PagingExpired):
            await everything(api)
    assert len(basware.seen) == 4


async def test_a_page_that_is_never_there_is_the_end(state: Store) -> None:
    first = invoices("1", token="t-1")
    async with connected(Basware([first, EMPTY, first, EMPTY]), state) as api:
        assert await everything(api) == ["1", "1"]


async def test_pages_that_expire_while_they_are_worked_on(
    state: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_FRESH", 0.0)
    first = invoices("1", token="t-1")
    async with connected(Basware([first, EMPTY, first, EMPTY]), state) as api:
        with pytest.raises(PagingExpired):
            await everything(api)


async def test_a_refused_filter_is_no_expired_page(state: Store) -> None:
    async with connected(Basware([answer({"message": "pageSize"}, 400)]), state) as api:
        with pytest.raises(Rejected, match="pageSize"):
            await everything(api)


# ---- single objects


@pytest.mark.parametrize(
    "body",
    [
        {"accountingDocuments": [{"invoiceId": "1", "codingRows": [{}]}]},
        {"accountingDocuments": [{"invoiceId": "1", "codingRows": [{}]}], "hasErrors": False},
        {"invoiceId": "1", "codingRows": [{}]},
        [{"invoiceId": "1", "codingRows": [{}]}],
        {"whatever": [{"invoiceId": "1", "codingRows": [{}]}]},
    ],
)
async def test_one_object_in_any_wrapping(state: Store, body: Any) -> None:
    async with connected(Basware([answer(body)]), state) as api:
        assert await api.one(f"{INVOICES}/1") == {"invoiceId": "1", "codingRows": [{}]}


@pytest.mark.parametrize("reply", [EMPTY, answer({"accountingDocuments": []}), answer([])])
async def test_no_object(state: Store, reply: Response) -> None:
    async with connected(Basware([reply]), state) as api:
        assert await api.one(f"{INVOICES}/1") is None


@pytest.mark.parametrize(
    "body", ["x", [{"a": 1}, {"a": 2}], {"accountingDocuments": [{}, {}]}, {"users": [1]}]
)
async def test_something_other_than_one_object(state: Store, body: Any) -> None:
    async with connected(Basware([answer(body)]), state) as api:
        with pytest.raises(ContractChanged):
            await api.one(f"{INVOICES}/1")


async def test_the_vendors_samples_are_understood(state: Store, facts: Path) -> None:
    def sample(name: str) -> Response:
        return Response(200, {}, (facts / "samples" / f"{name}.json").read_bytes())

    names = [
        "accounts_get_list_200", "costCenters_get_list_200", "lists_ACC_LIST_21_get_200", "tasks_get_200",
        "vendors_get_list_200_documented", "vendors_get_list_200_observed_bare_array",
        "subscriptions_get_response_200", "errorFeedbacks_get_200",
    ]  # fmt: skip
    for name in names:
        async with connected(Basware([sample(name)]), state) as api:
            assert len((await api.page("/v1/any", {})).rows) == 1
    async with connected(Basware([sample("accountingDocuments_get_one_200")]), state) as api:
        found = await api.one(f"{INVOICES}/1")
    assert found is not None
    assert codec.encode(found["netSum"]) == b"1000"


# ---- redirects


async def test_credentials_and_headers_of_amazon_stay_behind(state: Store) -> None:
    basware = Basware([redirect(token="t-1"), invoices("1"), redirect(), invoices("2")])
    async with connected(basware, state) as api:
        assert await everything(api) == ["1", "2"]
    hops = [request for request in basware.seen if request.url.startswith("https://bucket")]
    assert len(hops) == 2
    for hop in hops:
        assert (hop.method, hop.url, hop.body) == ("GET", STORAGE, None)
        assert not [
            name for name in hop.headers if name.lower() == "authorization" or name.lower().startswith("x-")
        ]


@pytest.mark.parametrize(
    ("location", "fetched"),
    [
        ("/_presigned/1?X-Amz-Signature=abc", f"{BASE}/_presigned/1?X-Amz-Signature=abc"),
        ("https://api.basware.com/_presigned/2", f"{BASE}/_presigned/2"),
        (f"{STORAGE}#part", STORAGE),
    ],
)
async def test_where_a_redirect_may_lead(state: Store, location: str, fetched: str) -> None:
    basware = Basware([redirect(location), invoices("1")])
    async with connected(basware, state) as api:
        assert (await api.page(INVOICES, {})).rows == [{"invoiceId": "1"}]
    assert basware.seen[-1].url == fetched
    assert basware.authorizations()[-1] is None


@pytest.mark.parametrize(
    ("location", "kind", "words"),
    [
        ("https://evil.example/x?sig=s3cret-signature", ConfigurationError, "redirect_hosts: .*evil.example"),
        ("http://bucket.s3.amazonaws.com/x?sig=s3cret-signature", ContractChanged, "over http"),
        ("https://api.basware.com@evil.example/s3cret", ContractChanged, "no usable address"),
        ("https://h:port/s3cret", ContractChanged, "no usable address"),
        ("", ContractChanged, "no usable address"),
        ("ftp://bucket.s3.amazonaws.com/s3cret", ContractChanged, "over ftp"),
        ("file:///etc/passwd", ContractChanged, "no usable address"),
    ],
)
async def test_where_it_may_not_lead(state: Store, location: str, kind: type[Exception], words: str) -> None:
    basware = Basware([redirect(location)])
    async with connected(basware, state) as api:
        with pytest.raises(kind, match=words) as caught:
            await api.page(INVOICES, {})
    assert "s3cret" not in str(caught.value)
    assert len(basware.seen) == 1


async def test_a_second_redirect_is_not_followed(state: Store) -> None:
    basware = Basware([redirect()])
    async with connected(basware, state) as api:
        with pytest.raises(ContractChanged, match="yet another") as caught:
            await api.page(INVOICES, {})
    assert len(basware.seen) == 2
    assert "s3cret" not in str(caught.value)


async def test_an_expired_address_is_asked_for_again_once(state: Store) -> None:
    basware = Basware([redirect(), Response(403, {}, b"<Error>"), redirect(), invoices("1")])
    async with connected(basware, state) as api:
        assert (await api.page(INVOICES, {})).rows == [{"invoiceId": "1"}]
    refused = Basware([redirect(), Response(403), redirect(), Response(403)])
    async with connected(refused, state) as api:
        with pytest.raises(Unavailable, match="403") as caught:
            await api.page(INVOICES, {})
    assert "s3cret" not in str(caught.value)


async def test_what_is_gone_from_the_storage_is_no_empty_list(state: Store) -> None:
    basware = Basware([redirect(), Response(404)])
    async with connected(basware, state) as api:
        with pytest.raises(Unavailable, match="404"):
            await api.page(INVOICES, {})


async def test_a_simulator_without_tls_may_redirect_without(state: Store) -> None:
    base = "http://127.0.0.1:8080/basware"
    basware = Basware([redirect("http://127.0.0.1:8080/_presigned/1"), invoices("1")])
    async with connected(basware, state, base_url=base, token_url="") as api:
        assert (await api.page(INVOICES, {})).rows == [{"invoiceId": "1"}]


# ---- files


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="invoice 1.pdf"', "invoice 1.pdf"),
        ("attachment; filename*=UTF-8''Rechnung%20%C3%84.pdf", "Rechnung Ä.pdf"),
        (r'attachment; filename="..\\..\\etc/passwd"', "passwd"),
        ('attachment; filename=".."', None),
        ("attachment", None),
        ("", None),
    ],
)
async def test_a_file(state: Store, disposition: str, name: str | None) -> None:
    headers = {"Content-Type": "application/PDF; v=1"} | (
        {"Content-Disposition": disposition} if disposition else {}
    )
    basware = Basware([redirect(), Response(200, headers, b"%PDF")])
    async with connected(basware, state) as api:
        assert await api.download(f"{INVOICES}/1/attachments/2", 4) == Download(
            b"%PDF", "application/pdf", name
        )


async def test_a_file_that_is_too_large_or_not_there(state: Store) -> None:
    async with connected(Basware([Response(200, {}, b"12345")]), state) as api:
        with pytest.raises(Rejected, match="5 bytes"):
            await api.download(f"{INVOICES}/1/attachments/2", 4)
    async with connected(Basware([EMPTY]), state) as api:
        with pytest.raises(NotFound):
            await api.download(f"{INVOICES}/1/attachments/2", 4)


# ---- comparing what is there with what was sent


@pytest.mark.parametrize(
    ("there", "sent", "equal"),
    [
        ({"a": "1", "lastUpdated": "x"}, {"a": "1"}, True),
        ({"a": "1"}, {"a": "1", "b": None, "c": []}, True),
        ({"a": Decimal("1.0")}, {"a": 1}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": "01"}, {"a": "1"}, False),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}]}, False),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, True),
        ({"a": "1"}, {"a": {"b": "1"}}, False),
        ({}, {"a": "1"}, False),
    ],
)
def test_what_counts_as_there(there: Any, sent: Any, equal: bool) -> None:
    assert holds(there, sent) is equal


def test_a_page_shows_no_bank_details() -> None:
    assert not re.search("DE89", repr(ListPage([{"iban": "DE89370400440532013000"}], "t-1")))
