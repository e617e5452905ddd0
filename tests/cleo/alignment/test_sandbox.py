"""The alignment against the simulator, over sockets: files by both ways, and the connections of the demo."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cleo.alignment.profiles import ProfileSource
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import open_directory
from ml_connector.core.config import load_tenant
from ml_connector.core.contract import Scan, Window
from ml_connector.core.stages.reconcile import Unreconciled
from ml_connector.core.state.store import Store
from sandbox.data import Size
from sandbox.server import Sandbox
from tests.cleo.alignment.support import Run, department, supplier
from tests.cleo.test_sandbox import connected

OPTIONS = CleoOptions()
DIRECTORY = open_directory(load_tenant(Path(__file__).parents[3] / "include/tenants/demo.yaml"), OPTIONS)
WAYS = pytest.mark.parametrize("way", ["api", "sftp"])


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(Size(vouchers=1, suppliers=1), scenario="plain") as running:
        running.cleo.switches.pickup = "stopped"
        yield running


def files(sandbox: Sandbox, folder: str) -> list[tuple[str, Any]]:
    found = [one for one in sandbox.cleo.files.files.values() if one.folder.path == folder]
    return [(file.name, json.loads(file.content)) for file in found]


@WAYS
async def test_the_demos_partners_have_their_connections_and_umbrella_has_no_supplier(
    sandbox: Sandbox, state: Store, way: str
) -> None:
    run = Run(state, directory=DIRECTORY, connect=lambda: connected(sandbox, state, way))
    run.source.put(*(supplier(number) for number in (2, 3, 4, 5, 6)))
    with pytest.raises(Unreconciled, match=r"1 difference.*surplus UMBRELLA"):
        await run.all()
    ((name, file),) = files(sandbox, "upload/vendor")
    assert name == "vendors_demo_000000001.json"
    assert [vendor["partner"] for vendor in file["vendors"]] == ["acme", "globex", "initech", "northwind"]
    assert sorted(run.crosswalk().values()) == ["acme", "globex", "initech", "northwind"]
    assert (await run.all())["unexplained"] == 0
    assert len(files(sandbox, "upload/vendor")) == 1


@WAYS
async def test_cost_objects_go_to_their_folder(sandbox: Sandbox, state: Store, way: str) -> None:
    run = Run(state, flow="cleo.cost_objects", connect=lambda: connected(sandbox, state, way))
    run.source.put(department(10100))
    assert (await run.all())["unexplained"] == 0
    assert [name for name, _ in files(sandbox, "upload/cost")] == ["cost_objects_demo_000000001.json"]


async def test_every_connection_becomes_a_document(sandbox: Sandbox, state: Store) -> None:
    async with connected(sandbox, state) as cleo:
        source = ProfileSource(cleo, OPTIONS, DIRECTORY)
        (page,) = [page async for page in source.read(Window("cleo", Scan.FULL))]
    found = {document.payload["alias"]: document.payload["partner"] for document in page.documents}
    expected = {name.upper(): name for name in ("acme", "globex", "initech", "northwind")}
    assert found == expected | {"UMBRELLA": None}
