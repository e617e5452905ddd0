"""Files of invoices: fetched when Basware knows the voucher, kept once and whole in the tenant's folder."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ml_connector.core import codec
from ml_connector.core.state.schema import audit_event
from sandbox.basware.documents.model import Attachment
from tests.flows.basware import BaswareWorld, basware_world
from tests.flows.basware_scene import BACK, Scene, opened

ALL = (*BACK, "attachments")
FILE = "GET /v1/accountingDocuments/{invoiceId}/attachments/{attachmentExternalCode}"
A_DAY = 86_400.0


def pdf(name: str, content: bytes, **more: Any) -> dict[str, Any]:
    return {"name": name, "content": base64.b64encode(content).decode(), **more}


def stored(folder: Path) -> dict[str, bytes]:
    """Files below the folder by their suffix-less path."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaswareWorld]:
    async with basware_world(tmp_path, monkeypatch) as made:
        made.options(attachments={"path": f"file://{tmp_path / 'files'}"})
        yield made


async def runs(world: BaswareWorld, count: int = 4, pause: float = 20.0) -> None:
    for _ in range(count):
        await world.back(*ALL)
        world.sandbox.clock.advance(pause)


def invoice_with(world: BaswareWorld, *files: dict[str, Any]) -> str:
    body = {"values": {"invoiceNumber": "BW-1"}, "attachments": list(files)}
    return str(world.p2p("invoice", **body)["invoiceId"])


async def test_files_are_kept_below_unit_and_voucher(world: BaswareWorld, tmp_path: Path) -> None:
    invoice = invoice_with(
        world, pdf("a b.PDF", b"one" * 999), pdf("../../etc/passwd", b"two", type="text/plain")
    )
    await runs(world)
    (voucher,) = world.vouchers()
    found = stored(tmp_path / "files")
    assert sorted(found.values()) == [b"one" * 999, b"two"]
    place = f"demo/{voucher['BUSINESS_UNIT']}/{voucher['VOUCHER_ID']}/"
    assert all(name.startswith(place) for name in found), found
    assert {Path(name).suffix for name in found} == {".pdf", ""}
    rows = world.rows("attachments")
    assert {row.status for row in rows.values()} == {"loaded"}
    assert {row.target_id for row in rows.values()} == {name.removeprefix("demo/") for name in found}
    assert {key.partition("|")[0] for key in rows} == {invoice}
    with world.runner.database.read() as connection:
        events = connection.execute(select(audit_event).where(audit_event.c.flow == "basware.attachments"))
        said = json.dumps([codec.decode(event.data) for event in events], default=str)
    assert all(row.target_id in said for row in rows.values()), "the trail links the files"
    calls = world.sandbox.calls.per_operation[f"basware {FILE}"]
    await runs(world)
    assert world.sandbox.calls.per_operation[f"basware {FILE}"] == calls == 2


async def test_a_file_that_basware_does_not_give_out_yet_is_tried_again(
    world: BaswareWorld, tmp_path: Path
) -> None:
    invoice_with(world, pdf("a.pdf", b"one"))
    world.switch(attachments_enabled=True)
    world.fault("error", FILE, status=404, count=2)
    await runs(world)
    (row,) = world.rows("attachments").values()
    assert row.status == "failed"
    assert "SendInvoiceAttachments" in row.reason
    for _ in range(3):
        world.sandbox.clock.advance(1200)
        await runs(world, 1)
    assert set(world.statuses("attachments").values()) == {"loaded"}
    assert list(stored(tmp_path / "files").values()) == [b"one"]


async def test_files_that_basware_never_gives_out_keep_nothing_else_waiting(world: BaswareWorld) -> None:
    invoice_with(world, pdf("a.pdf", b"one"))
    world.fault("error", FILE, status=404, count=None)
    for _ in range(12):
        await runs(world, 1, pause=A_DAY / 2)
    assert set(world.statuses("attachments").values()) == {"dead"}
    world.in_step()


async def test_a_file_that_is_too_large_stays_in_basware(world: BaswareWorld, tmp_path: Path) -> None:
    world.options(attachments={"largest_megabytes": 1})
    invoice_with(world, pdf("large.pdf", b"x" * (1024 * 1024 + 1)), pdf("small.pdf", b"small"))
    await runs(world)
    assert list(stored(tmp_path / "files").values()) == [b"small"]
    (row,) = [row for row in world.rows("attachments").values() if row.status != "loaded"]
    assert row.status == "rejected"
    assert "1048577" in row.reason


@pytest.mark.parametrize("allowed", [False, True])
async def test_confidential_files(
    world: BaswareWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    shown = Attachment.shown
    monkeypatch.setattr(
        Attachment, "shown", lambda self: {**shown(self), "isConfidential": self.name == "secret.pdf"}
    )
    world.rules(confidential_files=allowed)
    invoice_with(world, pdf("secret.pdf", b"secret"), pdf("open.pdf", b"open"))
    await runs(world)
    found = sorted(stored(tmp_path / "files").values())
    assert found == ([b"open", b"secret"] if allowed else [b"open"])
    assert sorted(world.statuses("attachments").values()) == (
        ["loaded", "loaded"] if allowed else ["excluded", "loaded"]
    )


@pytest.mark.parametrize("kind", ["truncate", "cut_off", "reset", "lost"])
async def test_a_file_that_arrives_in_part_is_fetched_again(
    world: BaswareWorld, tmp_path: Path, kind: str
) -> None:
    invoice_with(world, pdf("a.pdf", b"one" * 99_999))
    await runs(world, 1)
    rule = world.fault(kind, "GET /_presigned/{id}")
    for _ in range(3):
        await world.back("attachments", tolerant=True)
        await world.back("transfers", tolerant=True)
        world.sandbox.clock.advance(400)
    await world.back("attachments")
    assert rule.struck
    assert list(stored(tmp_path / "files").values()) == [b"one" * 99_999]


async def test_a_folder_that_cannot_be_written_stops_the_flow_and_loses_nothing(
    world: BaswareWorld, tmp_path: Path
) -> None:
    (tmp_path / "files").write_text("a file, no folder")
    invoice_with(world, pdf("a.pdf", b"one"))
    for _ in range(3):
        await world.back(*ALL, tolerant=True)
    assert "folder of attachments" in str(world.runner.errors["basware.attachments.load"])
    (tmp_path / "files").unlink()
    world.sandbox.clock.advance(400)
    await runs(world)
    assert list(stored(tmp_path / "files").values()) == [b"one"]


# ---- killed in between


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    folder = {"path": f"file://{tmp_path / 'files'}"}
    async with opened(tmp_path, monkeypatch, invoices=0, attachments=folder) as made:
        yield made


@pytest.mark.parametrize("point", ["a file is about to be written", "a file is written"])
@pytest.mark.parametrize("half", [False, True])
async def test_killed_while_it_stores(scene: Scene, tmp_path: Path, point: str, half: bool) -> None:
    """A process that dies in the middle of a file leaves a part of it, or nothing."""
    body = {"values": {"invoiceNumber": "BW-1"}}
    files = [pdf("a.pdf", b"one" * 999), pdf("b.pdf", b"two" * 999)]
    scene.world.p2p("invoice", **body, attachments=files)
    await scene.recover()
    await scene.killed(point, flows=("attachments",))
    if half:
        for one in (tmp_path / "files").rglob("*.pdf"):
            one.write_bytes(one.read_bytes()[:100])
    await scene.recover("attachments")
    assert sorted(stored(tmp_path / "files").values()) == [b"one" * 999, b"two" * 999]
    assert set(scene.world.statuses("attachments").values()) == {"loaded"}
