"""Service descriptions: where they come from, how long they are kept, and what they must not hold."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest
from aiohttp import web

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    InDoubt,
    NotActivated,
    Rejected,
    Unavailable,
)
from ml_connector.core.http import HandlerTransport, Request, Response
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import InterfaceName, MemoryWsdlCache, StoredWsdlCache, connect, make_client
from ml_connector.peoplesoft.soap.connect import pool_name
from ml_connector.peoplesoft.soap.documents import Documents, cache_name
from tests.peoplesoft.soap.gateway import NODE, THING, Gateway, connected, fault, serving, thing
from tests.peoplesoft.soap.wsdls import OUTSIDE, Wsdl

VALUES = {"SETID": "SHARE"}
WSDL = f"/{NODE}/CI_THING.1.wsdl"
QUERY = "?Operation=GetWSDL&wsdl=CI_THING.1"


async def test_the_path_form_comes_first(gateway: Gateway) -> None:
    async with connected(gateway) as interfaces:
        await thing(interfaces)
        await thing(interfaces)
    assert gateway.gets == [WSDL]


async def test_the_query_form_comes_after_a_404(gateway: Gateway) -> None:
    gateway.path_form = False
    gateway.saved()
    async with connected(gateway) as interfaces:
        await (await thing(interfaces)).create(VALUES)
    assert gateway.gets == [WSDL, QUERY]


async def test_imported_schemas_are_fetched_from_the_gateway_that_we_reach() -> None:
    async with serving(Gateway(Wsdl(imported=True))) as gateway:
        gateway.saved()
        async with connected(gateway) as interfaces:
            created = await (await thing(interfaces)).create(VALUES)
    assert created.keys["THING_ID"] == "0007"
    assert sorted(gateway.gets) == sorted([WSDL, *(f"/{NODE}/{name}.xsd" for name in gateway.wsdl.schemas())])


async def test_a_schema_elsewhere_is_not_fetched() -> None:
    async with serving(Gateway(Wsdl(imported=True))) as gateway:
        text = gateway.wsdl.text().replace(OUTSIDE, "http://169.254.169.254/latest")
        gateway.description = web.Response(text=text)
        async with connected(gateway) as interfaces:
            with pytest.raises(ConfigurationError, match="which is not on the gateway"):
                await thing(interfaces)
    assert gateway.gets == [WSDL]


def broken(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")


ENTITY = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            broken(f"{ENTITY}<wsdl:definitions xmlns:wsdl='x'>&x;</wsdl:definitions>"),
            ConfigurationError,
            "document type",
        ),
        (broken("<definitions><oops</definitions>"), ConfigurationError, "not well-formed"),
        (broken("<definitions/>"), ConfigurationError, "CI_THING.1: the service description"),
        (broken("<other/>"), ConfigurationError, "no WSDL came back"),
        (broken(""), ConfigurationError, "no WSDL came back"),
        (fault("Service CI_THING.1 unknown (1,2)", 200), ConfigurationError, "CI-Based Services"),
        (fault("User password failed. (158,45)", 200), AuthenticationError, "refuses the password"),
        (fault("User password failed. (158,45)", 500), AuthenticationError, "refuses the password"),
        (web.Response(status=401), AuthenticationError, "login or password"),
        (web.Response(status=403), NotActivated, "provide its WSDL"),
        (web.Response(status=500), Unavailable, "'Production' also a service"),
        (web.Response(status=302, headers={"Location": "/login"}), ConfigurationError, "answered 302"),
        (web.Response(text="<html>maintenance</html>"), Unavailable, "a web page came back"),
    ],
)
async def test_what_is_no_description(
    gateway: Gateway, answer: web.Response, kind: type[ConnectorError], words: str
) -> None:
    gateway.description = answer
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        with pytest.raises(ConnectorError) as caught:
            await thing(interfaces)
        assert await cache.get(cache_name(gateway.settings(), THING)) is None
    assert type(caught.value) is kind
    assert words in str(caught.value)


async def test_a_service_without_soap_1_1_cannot_be_used(gateway: Gateway) -> None:
    soap12 = gateway.wsdl.text().replace("schemas.xmlsoap.org/wsdl/soap/", "schemas.xmlsoap.org/wsdl/soap12/")
    gateway.description = broken(soap12)
    async with connected(gateway) as interfaces:
        with pytest.raises(ConfigurationError, match=r"SOAP 1\.1"):
            await thing(interfaces)


async def test_a_kept_description_is_not_fetched_again(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    for _ in range(2):
        gateway.saved()
        async with connected(gateway, cache) as interfaces:
            await (await thing(interfaces)).create(VALUES)
    assert gateway.gets == [WSDL]
    assert len(gateway.posted) == 2


async def test_parallel_calls_fetch_a_description_once(gateway: Gateway) -> None:
    async with connected(gateway) as interfaces:
        await asyncio.gather(*(thing(interfaces) for _ in range(5)))
    assert gateway.gets == [WSDL]


async def test_another_node_has_a_description_of_its_own(gateway: Gateway) -> None:
    one, other = gateway.settings(), gateway.settings(node="PSFT_HR")
    assert cache_name(one, THING) != cache_name(other, THING)
    assert cache_name(one, THING) != cache_name(one, InterfaceName("THING", version="2"))
    assert pool_name(one) != pool_name(other)


async def test_a_database_with_other_message_numbers_is_noticed(gateway: Gateway) -> None:
    """A refreshed database has other namespaces: its refusal drops the description, once."""
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    gateway.wsdl = Wsdl(number=777001)
    gateway.saved()
    gateway.saved()
    async with connected(gateway, cache) as interfaces:
        one = await thing(interfaces)
        assert (await one.create(VALUES)).keys["THING_ID"] == "0007"
        assert (await one.create(VALUES)).keys["THING_ID"] == "0007"
    assert gateway.gets == [WSDL, WSDL]
    assert len(gateway.headers) == 3
    gateway.saved()
    async with connected(gateway, cache) as interfaces:
        await (await thing(interfaces)).create(VALUES)
    assert gateway.gets == [WSDL, WSDL]


SCHEMA = "Message does not match its schema (158,10733)"


async def test_a_refused_schema_is_repeated_only_with_another_namespace(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    gateway.wsdl = Wsdl(thing={**gateway.wsdl.thing, "NOTE": "0"})
    gateway.answers.append(fault(SCHEMA))
    async with connected(gateway, cache) as interfaces:
        with pytest.raises(InDoubt):  # it may be the answer that did not match, after a save
            await (await thing(interfaces)).create(VALUES)
    assert len(gateway.headers) == 1


async def test_a_look_up_with_a_refused_schema_is_repeated(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    gateway.wsdl = Wsdl(thing={**gateway.wsdl.thing, "NOTE": "0"})
    gateway.answers.append(fault(SCHEMA))
    gateway.says("Get__CompIntfc__THINGResponse", "<m:SETID>SHARE</m:SETID>")
    async with connected(gateway, cache) as interfaces:
        assert await (await thing(interfaces)).get(VALUES) == {"SETID": "SHARE"}


@pytest.mark.parametrize("status", [503, 404, 200])
async def test_a_refused_schema_stays_in_doubt_whatever_becomes_of_the_description(
    gateway: Gateway, status: int
) -> None:
    async def description(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=Wsdl(number=5, verbs={"G": "Get"}).text())

    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    gateway.description = description
    gateway.answers.append(fault(SCHEMA))
    async with connected(gateway, cache) as interfaces:
        with pytest.raises(InDoubt, match="does not match its schema"):
            await (await thing(interfaces)).create(VALUES)


async def test_another_alias_is_noticed_by_its_missing_routing(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    gateway.wsdl = Wsdl(operation="{service}_NEW_{suffix}")
    gateway.saved()
    async with connected(gateway, cache) as interfaces:
        await (await thing(interfaces)).create(VALUES)
    assert len(gateway.headers) == 2


@pytest.mark.parametrize(
    ("message", "kind"), [("no routing (158,505)", NotActivated), ("parser (159,5)", Rejected)]
)
async def test_what_a_new_description_does_not_mend_is_asked_for_once(
    gateway: Gateway, message: str, kind: type[ConnectorError]
) -> None:
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    async with connected(gateway, cache) as interfaces:
        one = await thing(interfaces)
        for _ in range(3):
            gateway.answers.append(fault(message))
            with pytest.raises(kind):
                await one.create(VALUES)
    assert gateway.gets == [WSDL, WSDL]
    assert len(gateway.headers) == 3


async def test_a_property_that_was_added_since_is_found(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    async with connected(gateway, cache) as interfaces:
        await thing(interfaces)
    gateway.wsdl.thing = {**gateway.wsdl.thing, "NOTE": "0"}
    gateway.saved()
    async with connected(gateway, cache) as interfaces:
        await (await thing(interfaces)).create({"SETID": "SHARE", "NOTE": "new"})
    assert gateway.gets == [WSDL, WSDL]


async def test_a_damaged_cache_entry_is_read_again(gateway: Gateway) -> None:
    cache = MemoryWsdlCache()
    for content in (b"damaged", b"{}", Documents("http://x", {}).pack()):
        await cache.put(cache_name(gateway.settings(), THING), content)
        async with connected(gateway, cache) as interfaces:
            await thing(interfaces)
    assert gateway.gets == [WSDL] * 3


async def test_the_state_database_keeps_a_description_for_a_day(store: Store) -> None:
    cache = StoredWsdlCache(store)
    assert await cache.get("x") is None
    await cache.put("x", b"one")
    await cache.put("x", b"two")
    assert await cache.get("x") == b"two"
    now = store.now()
    store.now = lambda: now + timedelta(hours=23)
    assert await cache.get("x") == b"two"
    store.now = lambda: now + timedelta(hours=25)
    assert await cache.get("x") is None
    store.now = lambda: now
    await cache.drop("x")
    assert await cache.get("x") is None


async def test_a_connection_shares_slots_and_descriptions(gateway: Gateway, store: Store) -> None:
    for _ in range(2):
        gateway.saved()
        async with connect(gateway.settings(), store, slots=2) as interfaces:
            one = await interfaces.interface(THING)
            assert (await one.create(VALUES)).keys["SETID"] == "SHARE"
    assert gateway.gets == [WSDL]


async def test_calls_in_flight_are_limited(gateway: Gateway, store: Store) -> None:
    flying, most = 0, 0

    async def handler(request: Request) -> Response:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.01)
        flying -= 1
        if request.method == "GET":
            return Response(200, body=gateway.wsdl.text().encode())
        text = "<Envelope><Body><R><notification>1</notification></R></Body></Envelope>"
        return Response(200, body=text.encode())

    transport = HandlerTransport(handler)
    async with connect(gateway.settings(), store, slots=2, transport=transport) as interfaces:
        one = await interfaces.interface(THING)
        await one.create(VALUES)
        await asyncio.gather(*(one.create(VALUES) for _ in range(6)))
    assert most == 2


def test_soap_needs_login_and_password_even_with_oauth2() -> None:
    settings = PeopleSoftSettings(
        "https://erp", NODE, auth="oauth2", token_url="https://idp/t", client_id="a", client_secret="b"
    )
    with pytest.raises(ConfigurationError, match="login and password are missing"):
        make_client(settings)


def test_nothing_heavy_is_imported_before_the_first_description() -> None:
    code = (
        "import sys, ml_connector.peoplesoft.soap; "
        "print([name for name in ('zeep', 'lxml', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
