"""What each answer of Query Access Services means, and what a person is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    NotActivated,
    RateLimited,
    Unavailable,
)
from ml_connector.core.http import HandlerTransport, Interrupted, Redactor, Request, Response, Retry, TooHeavy
from ml_connector.peoplesoft.probe import probe
from ml_connector.peoplesoft.query import QueryAnswer, QueryCall, QueryService, make_client
from ml_connector.peoplesoft.xmlp import UnusableXml, parse_xml
from tests.peoplesoft.support import SETTINGS, envelope

CALL = QueryCall("ML_X", {"BU": "US001", "ID_OFFSET": ""}, 3)
OK = Response(200, body=b'{"status":"success","data":{"query":{"numrows":0,"rows":[]}}}')


class Gateway:
    """Answers by the first part of the path that fits."""

    def __init__(self, *answers: Response | Exception, prompts: Response | None = None) -> None:
        self.answers = list(answers)
        self.prompts = prompts or Response(404)
        self.sent: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        if "/QueryPrompts.v1/" in request.url:
            return self.prompts
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def service(self) -> QueryService:
        client = make_client(SETTINGS, transport=HandlerTransport(self), retry=Retry(attempts=1))
        return QueryService(client, SETTINGS.redactor())


async def run(*answers: Response | Exception, call: QueryCall = CALL) -> QueryAnswer:
    return await Gateway(*answers).service().run(call)


async def test_the_address_of_a_query() -> None:
    gateway = Gateway(OK)
    await gateway.service().run(QueryCall("ML_X", {"BU": "US001", "FROM_DT": "", "VENDOR": "A B&C"}, 1001))
    assert gateway.sent[0].target == (
        "https://erp.example.com/proxy/PSIGW/RESTListeningConnector/PSFT_EP/ExecuteQuery.v1/PUBLIC/ML_X/JSON/"
        "NONFILE?isconnectedquery=N&maxrows=1001&prompt_uniquepromptname=BU,FROM_DT,VENDOR"
        "&prompt_fieldvalue=US001,,A%20B%26C&json_resp=true"
    )


async def test_a_query_without_prompts_and_a_private_one() -> None:
    gateway = Gateway(OK)
    await gateway.service().run(QueryCall("MINE", maxrows=1, owner="private"))
    assert gateway.sent[0].target.endswith(
        "/PRIVATE/MINE/JSON/NONFILE?isconnectedquery=N&maxrows=1&json_resp=true"
    )


async def test_a_comma_in_a_prompt_is_refused_before_anything_is_sent() -> None:
    gateway = Gateway()
    with pytest.raises(ConfigurationError, match="'Acme, Inc' for prompt NAME has a comma"):
        await gateway.service().run(QueryCall("ML_X", {"NAME": "Acme, Inc"}))
    assert gateway.sent == []


@pytest.mark.parametrize("key", ["queryname=", "queryname"])
async def test_rows_and_the_gateways_clock(key: str) -> None:
    answer = await run(envelope([{"A.ID": "0001"}], numrows=7, **{key: "OTHER"}))
    assert answer.rows == [{"A.ID": "0001"}]
    assert answer.source_time == datetime(2026, 10, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    ['{"numrows":0,"rows":[]}', '{"numrows":0}', '{"rows":null}'],
)
async def test_no_rows(query: str) -> None:
    body = f'{{"status":"success","data":{{"query":{query}}}}}'.encode()
    assert (await run(Response(200, body=body))).rows == []


async def test_one_row_may_come_as_an_object() -> None:
    body = b'\xef\xbb\xbf {"status":"SUCCESS","data":{"query":{"rows":{"attr:rownumber":1,"A":"x"}}}}'
    assert (await run(Response(200, body=body.removeprefix(b"\xef\xbb\xbf")))).rows == [{"A": "x"}]


XMLP = b"""<?xml version="1.0"?>
<QAS_GETQUERYRESULTS_RESP_MSG xmlns="http://example.com/RESP.VERSION_2">
 <query numrows="2" queryname="ML_X" xmlns="http://example.com/XMLP.VERSION_1">
  <row rownumber="1">
   <A.ID><![CDATA[0001]]></A.ID><A.NAME><![CDATA[R&D <x>]]></A.NAME><A.AMT>12.5</A.AMT><A.PO_ID/>
  </row>
  <row rownumber="2"><A.ID><![CDATA[0002]]></A.ID><A.NAME>a</A.NAME><A.AMT>1</A.AMT><A.PO_ID/></row>
 </query>
</QAS_GETQUERYRESULTS_RESP_MSG>"""


async def test_xmlp_is_read_as_well() -> None:
    rows = (await run(Response(200, {"Content-Type": "text/xml"}, XMLP))).rows
    assert rows[0] == {"A.ID": "0001", "A.NAME": "R&D <x>", "A.AMT": "12.5", "A.PO_ID": ""}
    assert len(rows) == 2


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
        b"<a>&undeclared;</a>",
        b"<a><b></a>",
    ],
)
async def test_documents_with_a_type_declaration_or_damage_are_not_read(document: bytes) -> None:
    with pytest.raises(UnusableXml):
        parse_xml(document)
    with pytest.raises((TooHeavy, ContractChanged)):
        await run(Response(200, {"Content-Type": "text/xml"}, document))


def ib(message: str, kind: str = "error") -> bytes:
    return (
        f'<?xml version="1.0"?><IBResponse type="{kind}">'
        "<DefaultTitle>Integration Broker Response</DefaultTitle>"
        f"<StatusCode>20</StatusCode><MessageID>45</MessageID>"
        f"<DefaultMessage><![CDATA[{message}]]></DefaultMessage></IBResponse>"
    ).encode()


SOAP = (
    b'<SOAP-ENV:Envelope xmlns:SOAP-ENV="x"><SOAP-ENV:Body><SOAP-ENV:Fault><detail>'
    + ib("User password failed. (158,45)").split(b"?>")[1]
    + b"</detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
SIGN_IN = b"<html><title>Oracle PeopleSoft Sign-in</title><input type='password' name='pwd'></html>"
MAINTENANCE = b"<!DOCTYPE html><html>Scheduled maintenance. Sign in later"
NO_QUERY = b'{"status":"error","data":{"message":"Query ML_X does not exist"}}'
NO_OBJECTS = b'{"status":"success","data":{"query":{"rows":[1]}}}'
WEBROWSET = (
    b"<QAS_GETQUERYRESULTS_RESP_MSG><webRowSet><data><currentRow><columnValue>1</columnValue></currentRow></data>"
    b"</webRowSet></QAS_GETQUERYRESULTS_RESP_MSG>"
)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("message", "failure", "words"),
    [
        ("User password failed. (158,45)", AuthenticationError, "refuses the password"),
        ("UserName not defined in database. (158,55)", AuthenticationError, "ANONYMOUS"),
        (
            "User ML not authorized to invoke Service Operation QAS_EXECUTEQRY_REST_GET. (158,536)",
            NotActivated,
            "permission list",
        ),
        (
            "Unable to find a Routing corresponding to the incoming request message. (158,505)",
            NotActivated,
            "routing",
        ),
        (
            "Integration Gateway - External System Contact Error (158,10721)",
            Unavailable,
            "application server",
        ),
    ],
)
async def test_messages_of_the_integration_broker(
    status: int, message: str, failure: type[Exception], words: str
) -> None:
    with pytest.raises(failure, match=words):
        await run(Response(status, {"Content-Type": "text/xml"}, ib(message)))


async def test_a_message_about_another_operation_names_that_one() -> None:
    text = "User ML not authorized to invoke Service Operation QAS_OTHER_GET. (158,536)"
    with pytest.raises(NotActivated) as caught:
        await run(Response(200, {}, ib(text)))
    assert caught.value.operation == "QAS_OTHER_GET"


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        (Response(401), AuthenticationError, "query ML_X: PeopleSoft answered 401. Login or password"),
        (Response(403), NotActivated, "activate service operation QAS_EXECUTEQRY_REST_GET"),
        (Response(404), ConfigurationError, "Wrong node"),
        (Response(400, body=b"maxrows missing"), ConfigurationError, "400: maxrows missing"),
        (Response(302, {"Location": "https://sso/x?state=1"}), ConfigurationError, "a redirect to https://sso/x:"),
        (Response(429, {"Retry-After": "5"}), RateLimited, "429"),
        (Response(200), TooHeavy, "empty body"),
        (Response(200, body=b'{"status":"success","data":{"query":{"ro'), TooHeavy, "cut off"),
        (Response(200, body=NO_QUERY), ConfigurationError, "ML_X does not exist"),
        (Response(200, body=b'{"status":"failure"}'), Unavailable, "failure"),
        (Response(200, body=b'{"status":"success","data":{}}'), ContractChanged, "no data.query"),
        (Response(200, body=NO_OBJECTS), ContractChanged, "no list of objects"),
        (Response(200, body=b"plain"), ContractChanged, "neither JSON nor XML"),
        (Response(200, body=b"<other/>"), ContractChanged, "unknown kind"),
        (Response(200, body=SOAP), AuthenticationError, "158,45"),
        (Response(200, {"Content-Type": "text/html"}, SIGN_IN), AuthenticationError, "sign-in page"),
        (Response(200, body=MAINTENANCE), Unavailable, "maintenance or proxy"),
        (Response(200, body=WEBROWSET), ContractChanged, "WEBROWSET"),
        (Response(502), TooHeavy, "502"),
        (Response(503, {}, b"<html>busy</html>"), TooHeavy, "503"),
        (Response(504), TooHeavy, "504"),
        (Response(500, body=b"Query ML_X does not exist"), ConfigurationError, "does not exist"),
        (Response(500, body=b"deadlock detected"), TooHeavy, "deadlock"),
        (Response(500, elapsed=30.0), TooHeavy, "500 without text"),
        (Interrupted("timeout", "no answer in time"), TooHeavy, "no answer in time"),
        (Interrupted("reset", "broke off"), Unavailable, "broke off"),
    ],
)  # fmt: skip
async def test_every_answer_has_its_failure(
    answer: Response | Exception, failure: type[Exception], words: str
) -> None:
    with pytest.raises(failure, match=words) as caught:
        await run(answer)
    assert type(caught.value) is failure
    assert "ML_X" in str(caught.value)


async def test_a_retry_after_is_handed_on() -> None:
    with pytest.raises(TooHeavy) as caught:
        await run(Response(503, {"Retry-After": "120"}))
    assert caught.value.retry_after == 120.0


async def test_an_empty_500_while_the_prompts_are_answered_is_a_missing_permission() -> None:
    gateway = Gateway(Response(500), prompts=Response(200, body=b"{}"))
    with pytest.raises(NotActivated, match="prompts of the same query are answered") as caught:
        await gateway.service().run(CALL)
    assert caught.value.operation == "QAS_EXECUTEQRY_REST_GET"


async def test_an_empty_500_while_another_query_works_is_configuration() -> None:
    gateway = Gateway(OK, Response(500), OK)
    service = gateway.service()
    await service.run(QueryCall("ML_OTHER", {"BU": "1"}, 500))
    with pytest.raises(ConfigurationError, match="while query ML_OTHER works: ML_X does not exist"):
        await service.run(CALL)
    assert "maxrows=1&" in gateway.sent[-1].target


async def test_an_empty_500_while_nothing_works_is_an_outage_that_names_the_other_causes() -> None:
    gateway = Gateway(OK, Response(500), Response(500))
    service = gateway.service()
    await service.run(QueryCall("ML_OTHER", {}, 500))
    with pytest.raises(TooHeavy, match="does query ML_X exist and is it public"):
        await service.run(CALL)


async def test_an_empty_500_of_a_query_that_worked_is_an_outage_at_once() -> None:
    gateway = Gateway(OK, Response(500))
    service = gateway.service()
    await service.run(CALL)
    with pytest.raises(TooHeavy):
        await service.run(CALL)
    assert len(gateway.sent) == 2


async def test_errors_hide_the_password() -> None:
    with pytest.raises(TooHeavy) as caught:
        await run(
            Response(500, body=b"connect ML/opensesame failed, Authorization: Basic TUw6b3BlbnNlc2FtZQ==")
        )
    assert "opensesame" not in str(caught.value)
    assert "TUw6b3Blb" not in str(caught.value)
    assert "opensesame" not in repr(Redactor(["opensesame"]))


@pytest.mark.parametrize(
    ("answer", "good", "words"),
    [
        (OK, True, "Connected to node PSFT_EP as ML: query ML_GL_ACCOUNTS is answered"),
        (Response(401), False, "Login or password"),
        (Response(403), False, "QAS_EXECUTEQRY_REST_GET is not activated or not granted"),
        (Response(404), False, "Wrong node"),
        (Response(429), True, "asks to slow down"),
        (Response(200, {}, SIGN_IN), False, "sign-in page"),
        (Interrupted("timeout", "no answer in time"), False, "no answer in time"),
    ],
)
async def test_the_probe_says_it_in_plain_words(answer: Response | Exception, good: bool, words: str) -> None:
    found, text = await probe(SETTINGS, transport=HandlerTransport(Gateway(answer)))
    assert found is good
    assert words in text
