"""Cleo's connections as documents."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.cleo.alignment.profiles import ProfileSource
from ml_connector.cleo.options import CleoOptions
from ml_connector.core.config import find_dataset
from ml_connector.core.contract import Document, KeyAnswer, Scan, Window
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.store import Store
from tests.cleo.alignment.support import DIRECTORY, MAPPINGS, connection, fake_cleo
from tests.cleo.fake import FakeCleo, said
from tests.cleo.support import connected


async def read(fake: FakeCleo, state: Store, **options: Any) -> list[Document]:
    async with connected(fake, state, **options) as cleo:
        source = ProfileSource(cleo, CleoOptions(**options), DIRECTORY)
        pages = [page async for page in source.read(Window("cleo", Scan.FULL))]
    assert [page.last for page in pages] == [True]
    return list(pages[0].documents)


async def ask(fake: FakeCleo, state: Store, *keys: str) -> KeyAnswer:
    async with connected(fake, state) as cleo:
        return await ProfileSource(cleo, CleoOptions(), DIRECTORY).by_key(keys)


async def test_a_connection_brings_its_state_and_the_suppliers_behind_it(state: Store) -> None:
    fake = fake_cleo(
        connection("UMBRELLA", enabled=False),
        connection("ACME", ready=False, notReadyReason="no address", partnerName="ACMEAS2"),
    )
    acme, umbrella = await read(fake, state)
    assert acme.key == "id-ACME"
    assert acme.payload == {
        "id": "id-ACME", "alias": "ACME", "type": "as2", "enabled": "true", "ready": "false",
        "not_ready_reason": "no address", "endpoint": "ACMEAS2", "partner": "acme",
        "vendors": [
            {"vendor": f"SHARE|{id_}", "partner": "acme", "VENDOR_SETID": "SHARE", "VENDOR_ID": id_}
            for id_ in ("0000000002", "0000000012")
        ],
    }  # fmt: skip
    assert (umbrella.payload["enabled"], umbrella.payload["vendors"]) == ("false", [])


async def test_documents_have_the_fields_of_their_dataset(state: Store) -> None:
    dataset = find_dataset("cleo", "profiles", MAPPINGS)
    for document in await read(fake_cleo(), state):
        assert set(document.payload) == {*dataset.fields, *dataset.children}
        for vendor in document.payload["vendors"]:
            assert set(vendor) == set(dataset.children["vendors"].fields)


async def test_pages_of_connections_are_read_to_the_end(state: Store) -> None:
    fake = fake_cleo(*(connection(f"C{number:03}") for number in range(205)))
    found = await read(fake, state)
    assert [one.key for one in found] == [f"id-C{number:03}" for number in range(205)]


async def test_a_connection_that_is_gone_is_absent(state: Store) -> None:
    answer = await ask(fake_cleo(), state, "id-GLOBEX", "id-GONE", "id-ACME", "id-ACME")
    assert [one.key for one in answer.documents] == ["id-ACME", "id-GLOBEX"]
    assert answer.absent == ["id-GONE"]


async def test_connections_that_are_not_shown_are_not_taken_for_gone(state: Store) -> None:
    fake = fake_cleo()
    fake.fault("GET /api/connections", said("Forbidden", 403), times=None)
    with pytest.raises(ConfigurationError, match="Cleo does not show its connections"):
        await read(fake, state)
    with pytest.raises(ConfigurationError, match=r"flows\.profiles\.enabled"):
        await read(fake_cleo(), state, check_connections=False)


async def test_no_event_tells_of_connections(state: Store) -> None:
    async with connected(fake_cleo(), state) as cleo:
        source = ProfileSource(cleo, CleoOptions(), DIRECTORY)
        assert (await source.catch_up()).events == ()
        assert await source.keys_of([]) == {}
