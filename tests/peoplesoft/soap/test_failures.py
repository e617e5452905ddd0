"""Every way in which PeopleSoft, its gateway or something in front of them says no."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    ContractChanged,
    InDoubt,
    NotActivated,
    RateLimited,
    Rejected,
    Unavailable,
)
from ml_connector.core.fence import fenced
from ml_connector.peoplesoft.soap import Interface, MemoryWsdlCache
from ml_connector.peoplesoft.soap.documents import cache_name
from tests.peoplesoft.soap.gateway import (
    PASSWORD,
    THING,
    Answer,
    Gateway,
    connected,
    fault,
    ib_response,
    notified,
    serving,
    thing,
    xml,
)

VALUES = {"SETID": "SHARE"}


async def create(one: Interface) -> object:
    return await one.create(VALUES)


async def get(one: Interface) -> object:
    return await one.get(VALUES)


Use = Callable[[Interface], Any]


async def failure(gateway: Gateway, use: Use, *answers: Answer, **extra: Any) -> ConnectorError:
    """What a call raises when the gateway answers so."""
    gateway.answers.extend(answers)
    async with connected(gateway, **extra) as interfaces:
        with pytest.raises(ConnectorError) as caught:
            await use(await thing(interfaces))
    assert PASSWORD not in str(caught.value)
    return caught.value


def page(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=f"<html><body>{text}</body></html>", content_type="text/html")


@pytest.mark.parametrize("use", [create, get])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        ("User password failed. (158,45)", AuthenticationError, "refuses the password"),
        ("UserName not defined in database. (158,55)", AuthenticationError, "ANONYMOUS node"),
        (
            "User INTUSER not authorized to invoke Service Operation {operation}. (158,536)",
            NotActivated, "activate service operation {operation} with an any-to-local routing",
        ),
        ("Unable to find a Routing corresponding to the request. (158,505)", NotActivated, "permission list"),
        ("XML parser error ParseXmlString Fatal Error (159,5)", Rejected, "could not read our XML"),
        ("Not Authorized (90,6)", NotActivated, "component interface with all its methods"),
    ],
)  # fmt: skip
async def test_faults_by_message_number_whatever_the_status(
    gateway: Gateway, use: Use, status: int, message: str, kind: type[ConnectorError], words: str
) -> None:
    called = "CI_THING_C" if use is create else "CI_THING_G"
    message, words = message.format(operation=called), words.format(operation=called)
    error = await failure(gateway, use, fault(message, status))
    assert type(error) is kind
    assert words in str(error)
    assert message.rstrip(".") in str(error)


@pytest.mark.parametrize(
    ("message", "reading"),
    [
        ("Gateway - External System Contact Error (158,10721)", Unavailable),
        ("User X not authorized to invoke Service Operation CI_OTHER_C. (158,536)", NotActivated),
    ],
)
async def test_a_fault_that_the_component_may_have_met_itself_leaves_a_write_in_doubt(
    gateway: Gateway, message: str, reading: type[ConnectorError]
) -> None:
    """The component may call others, after it has saved."""
    assert type(await failure(gateway, create, fault(message))) is InDoubt
    assert type(await failure(gateway, get, fault(message))) is reading


async def test_the_operation_that_is_not_granted_is_named(gateway: Gateway) -> None:
    named = fault("User X not authorized to invoke Service Operation CI_OTHER_C. (158,536)")
    error = await failure(gateway, get, named)
    assert isinstance(error, NotActivated)
    assert error.operation == "CI_OTHER_C"
    nobody = fault("User ANONYMOUS not authorized to invoke Service Operation CI_THING_C. (158,536)")
    assert "soap_auth of the connection to the other" in str(await failure(gateway, create, nobody))
    error = await failure(gateway, create, fault("nicht berechtigt (158,536)"))
    assert isinstance(error, NotActivated)
    assert error.operation == "CI_THING_C"


@pytest.mark.parametrize(
    "answer",
    [
        fault("anything at all"),
        fault("anything", prefix="env"),
        web.Response(text=ib_response("something else (1,1)"), content_type="text/xml"),
        xml(ib_response("something else (1,1)")),
        web.Response(status=500),
        web.Response(status=500, text="<oops"),
        web.Response(status=503, headers={"Retry-After": "7"}),
        web.Response(status=408),
        web.Response(status=200),
        web.Response(status=200, text="ok"),
        web.Response(status=200, text=ib_response("received", "success")),
        web.Response(status=200, text="<soapenv:Envelope xmlns:soapenv='x'><soapenv:Body><m:Cre"),
        web.Response(status=200, text="<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"),
        web.Response(status=200, text="<Envelope><Body/></Envelope>"),
        page("Please sign in <input type='password'>"),
        page("Down for maintenance"),
        page("Bad gateway", 502),
    ],
)
async def test_an_unsettled_write_is_in_doubt_and_an_unsettled_read_is_not(
    gateway: Gateway, answer: web.Response
) -> None:
    text, status = answer.text or "", answer.status

    def again() -> web.Response:
        return web.Response(status=status, text=text, headers={"Retry-After": "7"})

    written = await failure(gateway, create, again())
    assert type(written) is InDoubt
    assert "looked up before anything is repeated" in str(written)
    assert str(written).startswith("CI_THING_C: ")
    assert isinstance(await failure(gateway, get, again()), Unavailable)


@pytest.mark.parametrize("use", [create, get])
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (web.Response(status=401), AuthenticationError, "soap_auth of the connection"),
        (page("no", 403), NotActivated, "Service Operation Security"),
        (web.Response(status=404), ConfigurationError, "Wrong gateway path or node"),
        (web.Response(status=413), Rejected, "too large"),
        (web.Response(status=405, text="blocked by policy 7"), ConfigurationError, "blocked by policy 7"),
        (web.Response(status=302, headers={"Location": "http://x/y?z=1"}), ConfigurationError, "http://x/y:"),
        (web.Response(status=429, headers={"Retry-After": "9"}), RateLimited, "429"),
    ],
)
async def test_statuses_without_a_message(
    gateway: Gateway, use: Use, answer: web.Response, kind: type[ConnectorError], words: str
) -> None:
    sent = web.Response(status=answer.status, text=answer.text or "", headers=answer.headers)
    error = await failure(gateway, use, sent)
    assert type(error) is kind
    assert words in str(error)


async def test_a_refusal_speaks_in_the_words_of_peoplesoft(gateway: Gateway) -> None:
    told = notified(
        "0",
        ("Warning", "1", "2", "Date is odd"),
        ("Error", "7030", "12", "Duplicate invoice"),
        ("Error", "7030", "13", "Supplier is inactive"),
        ("Error", "7030", "13", "Supplier is inactive"),
    )
    gateway.says("Create__CompIntfc__THINGResponse", told)
    error = await failure(gateway, create)
    assert isinstance(error, Rejected)
    assert (error.reason, error.code) == ("Duplicate invoice; Supplier is inactive; Date is odd", "7030,12")


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        ("<m:notification>0</m:notification>", Rejected, "gave no reason"),
        (notified("0", ("Fehler", "", "", "Nein")), Rejected, "Nein"),
        (notified("0", ("Error", "90", "6", "Not Authorized")), NotActivated, "Component Interfaces"),
    ],
)
async def test_other_refusals(gateway: Gateway, content: str, kind: type[ConnectorError], words: str) -> None:
    gateway.says("Create__CompIntfc__THINGResponse", content, status=500)
    error = await failure(gateway, create)
    assert type(error) is kind
    assert words in str(error)


async def test_a_look_up_that_is_refused_is_no_absence(gateway: Gateway) -> None:
    gateway.says("Get__CompIntfc__THINGResponse", notified("0", ("Error", "2", "3", "Some program failed")))
    error = await failure(gateway, get)
    assert isinstance(error, Rejected)
    assert (error.reason, error.code) == ("Some program failed", "2,3")


async def test_a_fault_may_say_that_there_is_nothing(gateway: Gateway) -> None:
    gateway.answers.append(fault("No rows exist for the specified keys. (91,50)"))
    async with connected(gateway) as interfaces:
        assert await (await thing(interfaces)).get(VALUES) is None
    assert isinstance(await failure(gateway, create, fault("No rows exist for the keys. (91,50)")), InDoubt)


@pytest.mark.parametrize("content", ["", "<m:notification/>", "<m:notification>yes</m:notification>"])
async def test_an_answer_without_a_clear_notification(gateway: Gateway, content: str) -> None:
    gateway.says("Create__CompIntfc__THINGResponse", content)
    assert isinstance(await failure(gateway, create), InDoubt)
    gateway.says("Create__CompIntfc__THINGResponse", content)
    assert isinstance(await failure(gateway, get), ContractChanged)


async def test_a_number_that_is_none_changes_the_contract(gateway: Gateway) -> None:
    gateway.says("Get__CompIntfc__THINGResponse", "<m:AMOUNT>1.250,50</m:AMOUNT>")
    error = await failure(gateway, get)
    assert isinstance(error, ContractChanged)
    assert "AMOUNT: PeopleSoft answered '1.250,50'" in str(error)


async def test_a_late_answer_leaves_a_write_in_doubt(gateway: Gateway) -> None:
    done = asyncio.Event()

    async def late(_: web.Request) -> web.StreamResponse:
        await done.wait()
        return web.Response(status=200)

    error = await failure(gateway, create, late, timeout="0.2")
    assert type(error) is InDoubt
    assert isinstance(await failure(gateway, get, late, timeout="0.2"), Unavailable)
    done.set()


async def test_a_connection_that_breaks_leaves_a_write_in_doubt(gateway: Gateway) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    assert type(await failure(gateway, create, broken)) is InDoubt
    assert isinstance(await failure(gateway, get, broken), Unavailable)


async def test_a_gateway_that_is_not_there_was_not_written_to(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    kept = await cache.get(cache_name(gateway.settings(), THING))
    assert kept is not None
    gateway.url = "http://127.0.0.1:9"
    await cache.put(cache_name(gateway.settings(), THING), kept)
    async with connected(gateway, cache) as interfaces:
        one = await thing(interfaces)
        with pytest.raises(Unavailable, match=r"no connection to 127\.0\.0\.1:9"):
            await one.create(VALUES)


async def test_a_task_that_lost_its_claims_sends_nothing(gateway: Gateway) -> None:
    class Lost(Exception):
        pass

    def check() -> None:
        raise Lost

    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        with fenced(check), pytest.raises(Lost):
            await one.create(VALUES)
    assert gateway.posted == []


@pytest.mark.parametrize("wsse", [False, True])
async def test_a_refused_password_is_sent_once(wsse: bool) -> None:
    async with serving(Gateway(wsse=wsse, password="another")) as gateway, connected(gateway) as interfaces:
        one = await thing(interfaces)
        calls = [one.create(VALUES) for _ in range(5)]
        errors = await asyncio.gather(*calls, return_exceptions=True)
        with pytest.raises(AuthenticationError, match="a moment ago"):
            await one.get(VALUES)
    assert {type(error) for error in errors} == {AuthenticationError}
    assert len(gateway.headers) == 1
    assert PASSWORD not in "".join(map(str, errors))


async def test_a_text_that_quotes_a_refusal_is_none(gateway: Gateway) -> None:
    quoting = fault("PeopleCode error: the log says (158,45) today (2,116)")
    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        gateway.answers.append(quoting)
        with pytest.raises(InDoubt):
            await one.create(VALUES)
        gateway.saved()
        await one.create(VALUES)


async def test_a_password_that_stops_working_stops_all_calls(gateway: Gateway) -> None:
    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        gateway.saved()
        await one.create(VALUES)
        gateway.password = "changed"
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                await one.create(VALUES)
    assert len(gateway.headers) == 2


async def test_an_empty_500_while_other_operations_work_is_configuration(gateway: Gateway) -> None:
    async with connected(gateway) as interfaces:
        one = await thing(interfaces)
        gateway.answers.append(web.Response(status=500))
        with pytest.raises(Unavailable, match="'Production' also a missing permission"):
            await one.get(VALUES)
        gateway.saved()
        await one.create(VALUES)
        gateway.answers.append(web.Response(status=500))
        with pytest.raises(NotActivated, match="CI_THING_G: PeopleSoft answered 500 without text, while"):
            await one.get(VALUES)
        gateway.answers.append(web.Response(status=500))
        with pytest.raises(InDoubt, match="'Production' also a missing permission"):
            await one.update(VALUES)


async def test_the_wrong_node_is_said(gateway: Gateway) -> None:
    gateway.query_form = False
    async with connected(gateway, node="PSFT_HR") as interfaces:
        with pytest.raises(ConfigurationError, match="no description on node PSFT_HR") as caught:
            await thing(interfaces)
    assert "provide its WSDL" in str(caught.value)
