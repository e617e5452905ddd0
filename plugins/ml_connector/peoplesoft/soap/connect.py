"""Puts settings and shared state together into component interfaces that can be called."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.http import AiohttpTransport, Client, Retry, Transport
from ml_connector.core.limits import Gate, Slots
from ml_connector.core.state.store import Store
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap.auth import SoapAuth
from ml_connector.peoplesoft.soap.cache import StoredWsdlCache, WsdlCache
from ml_connector.peoplesoft.soap.documents import connector_url
from ml_connector.peoplesoft.soap.interfaces import ComponentInterfaces, classify, soap_redactor

SLOTS = 4  # behind the gateway stand few server processes; two to four calls at a time are polite


def make_client(
    settings: PeopleSoftSettings,
    *,
    transport: Transport | None = None,
    gate: Gate | None = None,
    retry: Retry | None = None,
) -> Client:
    """A client for the SOAP services of the gateway; the caller closes it.

    Raises:
        ConfigurationError: the connection has no OPRID and password, which SOAP needs even where
            REST uses OAuth 2.
    """
    if not settings.login or not settings.password:
        raise ConfigurationError(
            "component interfaces are called over SOAP, without OAuth 2: login and password are missing",
            field="login",
            expected="OPRID and password of the integration user",
        )
    return Client(
        connector_url(settings),
        auth=SoapAuth(settings.login, settings.password, wsse=settings.soap_auth == "wsse"),
        transport=transport or AiohttpTransport(verify=settings.verify),
        gate=gate,
        classify=classify,
        retry=retry or Retry(attempts=3),
        timeout=settings.timeout,
        redactor=soap_redactor(settings),
    )


@asynccontextmanager
async def connect(
    settings: PeopleSoftSettings,
    store: Store,
    *,
    slots: int = SLOTS,
    wanted: int | None = None,
    transport: Transport | None = None,
    wsdl_cache: WsdlCache | None = None,
) -> AsyncIterator[ComponentInterfaces]:
    """Component interfaces of one database, sharing calls in flight and descriptions with all workers.

    Args:
        settings: of the connection.
        store: the state database.
        slots: calls in flight over all processes.
        wanted: how many of them this task uses; all where None.
        transport: replaceable in tests.
        wsdl_cache: the state database where None.
    """
    held = Slots(
        store.database, pool_name(settings), total=slots, wanted=wanted or slots,
        margin=settings.timeout + 10, lease=settings.timeout + 180,
    )  # fmt: skip
    gate = Gate(held)
    client = make_client(settings, transport=transport, gate=gate)
    try:
        yield ComponentInterfaces(settings, client, wsdl_cache or StoredWsdlCache(store))
    finally:
        await client.aclose()
        await gate.aclose()


def pool_name(settings: PeopleSoftSettings) -> str:
    """Names the calls in flight to one database."""
    place = f"{settings.base_url}{settings.gateway_path}"
    return f"peoplesoft:{hashlib.sha256(place.encode()).hexdigest()[:12]}:{settings.node}"
