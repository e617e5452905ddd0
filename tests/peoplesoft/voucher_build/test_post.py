"""Handing in: what the answers of the listening connector and of a REST service mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from ml_connector.core import codec
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import HandlerTransport, Request, Response
from ml_connector.core.http.transport import Interrupted, NotSent
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.voucher_build.message import staged
from ml_connector.peoplesoft.voucher_build.post import make_client, make_poster
from ml_connector.peoplesoft.writers.options import VoucherBuildOptions
from tests.peoplesoft.writers.support import voucher

SECRET, NODE_SECRET = "opensesame", "node-secret"
OK = b'<?xml version="1.0"?><IBResponse type="success"><StatusCode>0</StatusCode></IBResponse>'


def settings(**extra: str) -> PeopleSoftSettings:
    return PeopleSoftSettings.from_connection(
        host="https://erp.example.com/proxy",
        login="ML",
        password=SECRET,
        extra={"node": "PSFT_EP", "requesting_node": "ML_CONNECTOR", "node_password": NODE_SECRET} | extra,
    )


def error(message: str) -> bytes:
    return (
        '<?xml version="1.0"?><IBResponse type="error"><DefaultTitle>Broker Response</DefaultTitle>'
        f"<StatusCode>20</StatusCode><DefaultMessage><![CDATA[{message}]]></DefaultMessage></IBResponse>"
    ).encode()


class Gateway:
    """Answers every request alike and keeps the last one."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    async def handle(self, request: Request) -> Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def post(self, way: str = "async", **extra: str) -> None:
        used = settings(**extra)
        async with make_client(used, transport=HandlerTransport(self.handle)) as client:
            poster = make_poster(used, client, VoucherBuildOptions.model_validate({"way": way}))
            await poster.post(staged(voucher(), "B0778812", "ml:1"))


async def test_the_request_to_the_listening_connector() -> None:
    gateway = Gateway(Response(200, {}, OK))
    await gateway.post()
    (request,) = gateway.requests
    assert request.url == "https://erp.example.com/proxy/PSIGW/HttpListeningConnector"
    root = etree.fromstring(request.body or b"")
    assert root.findtext("ExternalOperationName") == "VOUCHER_BUILD.VERSION_1"
    assert root.findtext("From/RequestingNode") == "ML_CONNECTOR"
    assert root.findtext("From/Password") == NODE_SECRET
    assert root.findtext("To/DestinationNode") == "PSFT_EP"
    assert (request.method, request.idempotent) == ("POST", False)
    assert NODE_SECRET not in repr(request)


async def test_the_request_to_the_rest_service() -> None:
    gateway = Gateway(Response(200, {}, b'{"Status": "Success"}'))
    await gateway.post("rest")
    (request,) = gateway.requests
    path = "/proxy/PSIGW/RESTListeningConnector/PSFT_EP/VoucherBuild.v1"
    assert request.url == f"https://erp.example.com{path}"
    body = codec.decode(request.body or b"")
    assert body["RequestBody"][0]["OF_VCHR_IMPORT_STG"][0]["VCHR_HDR_STG"][0]["INVOICE_ID"] == "BW-778812"


async def test_a_message_needs_a_requesting_node() -> None:
    with pytest.raises(ConfigurationError, match="requesting_node"):
        await Gateway(Response(200, {}, OK)).post(requesting_node="")
    await Gateway(Response(200, {}, b'{"Status": "Success"}')).post("rest", requesting_node="")


Expected = tuple[Response | Exception, type[ConnectorError]]

ANYWHERE: list[Expected] = [
    (Response(401), AuthenticationError),
    (Response(403), NotActivated),
    (Response(404), ConfigurationError),
    (Response(302, {"Location": "https://sso.example.com/?x"}), ConfigurationError),
    (Response(400, {}, b"bad"), ConfigurationError),
    (Response(413), Rejected),
    (Response(429, {"Retry-After": "5"}), RateLimited),
    (Response(500), InDoubt),
    (Response(502, {}, b"<html>bad gateway</html>"), InDoubt),
    (Response(503), InDoubt),
    (Response(504), InDoubt),
    (Response(200), InDoubt),
    (Response(200, {"Content-Type": "text/html"}, b"<html><form>sign in</form></html>"), InDoubt),
    (Interrupted("timeout", "no answer in time"), InDoubt),
    (Interrupted("reset", "the connection broke off"), InDoubt),
    (NotSent("refused", "no connection"), Unavailable),
    (NotSent("tls", "not trusted"), ConfigurationError),
]
BY_MESSAGE: list[Expected] = [
    (Response(200, {}, OK[:40]), InDoubt),
    (Response(500, {}, OK), InDoubt),
    (Response(200, {}, b"<IBOther/>"), InDoubt),
    (Response(200, {}, error("User password failed. (158,45)")), AuthenticationError),
    (Response(500, {}, error("UserName not defined in database. (158,55)")), AuthenticationError),
    (
        Response(
            200, {}, error("User ML not authorized to invoke Service Operation VOUCHER_BUILD. (158,536)")
        ),
        NotActivated,
    ),
    (Response(200, {}, error("Unable to find a Routing (158,505)")), NotActivated),
    (Response(200, {}, error("External System Contact Error (158,10721)")), Unavailable),
    (Response(200, {}, error("XML parser error (159,5)")), Rejected),
    (Response(200, {}, error("Node ML_CONNECTOR is not defined. (158,31)")), ConfigurationError),
    (Response(200, {}, error("The queue is paused. (158,9999)")), Unavailable),
    (Response(200, {}, error("")), Unavailable),
]
BY_REST: list[Expected] = [
    (Response(200, {}, b'{"Status": "Fail", "Message": "INVOICE_ID is missing"}'), Rejected),
    (Response(200, {}, b'{"Status": "error"}'), Rejected),
    (Response(200, {}, b"{}"), InDoubt),
    (Response(200, {}, b"[]"), InDoubt),
    (Response(200, {}, b'{"Sta'), InDoubt),
    (Response(200, {}, b'{"Status": "Queued for tomorrow"}'), InDoubt),
]


@pytest.mark.parametrize(
    ("way", "answer", "failure"),
    [
        *(("async", *expected) for expected in ANYWHERE + BY_MESSAGE),
        *(("rest", *expected) for expected in ANYWHERE + BY_REST),
    ],
)
async def test_what_an_answer_means(way: str, answer: Response | Exception, failure: type[Exception]) -> None:
    gateway = Gateway(answer)
    with pytest.raises(failure) as raised:
        await gateway.post(way)
    assert type(raised.value) is failure
    assert len(gateway.requests) == 1  # nothing is repeated behind the ledger's back


async def test_words_of_peoplesofts_are_passed_on() -> None:
    with pytest.raises(Rejected) as raised:
        await Gateway(Response(200, {}, b'{"Status": "Fail", "Message": "INVOICE_ID is missing"}')).post(
            "rest"
        )
    assert raised.value.reason == "INVOICE_ID is missing"
    with pytest.raises(ConfigurationError, match="requesting_node and node_password"):
        await Gateway(Response(200, {}, error("Password of node ML_CONNECTOR is wrong (158,32)"))).post()


@pytest.mark.parametrize("way", ["async", "rest"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda said: Response(200, {}, error(f"{said} (158,9999)")),
        lambda said: Response(200, {}, codec.encode({"Status": "Fail", "Message": said})),
        lambda said: Response(400, {}, said.encode()),
        lambda said: Response(500, {}, said.encode()),
    ],
)
async def test_no_failure_shows_a_secret(way: str, answer: Callable[[str], Response]) -> None:
    said = f"<Password>{NODE_SECRET}</Password> and {SECRET} are wrong"
    with pytest.raises(ConnectorError) as raised:
        await Gateway(answer(said)).post(way)
    shown: Any = f"{raised.value!s} {raised.value!r}"
    assert NODE_SECRET not in shown
    assert SECRET not in shown
