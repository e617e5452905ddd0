"""The mailbox over REST: folders, rights, names, pick-up times; and the API Provider."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import credentials
from sandbox.cleo.files import allowed
from sandbox.server import Sandbox

from .cleo_client import Tenant, order_850
from .clients import Answer, request


async def test_folders_are_found_through_their_links(tenant: Tenant, sandbox: Sandbox) -> None:
    tops = await tenant.rows("/api/folders")
    assert [(row["path"], row["permissions"]) for row in tops] == [
        ("/upload", ["upload"]),
        ("/download", ["download", "delete"]),
    ]
    inside = await tenant.rows(await tenant.contents("upload"))
    assert [row["path"] for row in inside if row["type"] == "folder"] == [
        f"/upload/{name}" for name in ("850", "860", "810", "997", "vendor", "cost")
    ]
    sandbox.cleo.switches.change({"folder_listing": "flat"})
    assert {"/upload", "/upload/850", "/download/997"} <= {
        row["path"] for row in await tenant.rows("/api/folders")
    }
    assert (await tenant.get(tops[0]["_links"]["self"]["href"])).json["name"] == "upload"


async def test_what_comes_for_us_is_read_and_removed(tenant: Tenant) -> None:
    await tenant.control("drop", folder="810", name="a.edi", content="one")
    await tenant.control("drop", folder="810", name="a.edi", content_base64="77u/dHdv")
    rows = await tenant.rows(await tenant.contents("download/810"))
    assert [(row["name"], row["size"]) for row in rows] == [("a.1.edi", 6), ("a.edi", 3)]
    assert await tenant.download(rows[0]) == b"\xef\xbb\xbftwo"
    answer = await tenant.get(rows[0]["_links"]["content"]["href"])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.1.edi"'
    href = rows[0]["_links"]["self"]["href"]
    assert (await tenant.get(href)).json["path"] == "/download/810/a.1.edi"
    who = (credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD)
    assert (await tenant.call("DELETE", href, who=who)).status == 204
    assert (await tenant.call("DELETE", href, who=who)).status == 404
    assert await tenant.names("download/810") == ["a.edi"]


async def test_uploads_can_be_listed_but_not_read_or_removed(tenant: Tenant, sandbox: Sandbox) -> None:
    stored = await tenant.upload("upload/850", "a.edi", order_850())
    assert (stored.status, stored.json["size"]) == (201, len(order_850()))
    assert await tenant.names("upload/850") == ["a.edi"]
    assert (await tenant.get(stored.json["_links"]["content"]["href"])).status == 403
    who = (credentials.CLEO_MAILBOX, credentials.CLEO_MAILBOX_PASSWORD)
    assert (await tenant.call("DELETE", stored.json["_links"]["self"]["href"], who=who)).status == 403
    href = await tenant.contents("upload/850")
    sandbox.cleo.switches.change({"list_upload": False})
    assert (await tenant.get(href)).status == 403
    assert (await tenant.upload("", "b.edi", b"x", href=href)).status == 201


async def test_a_download_folder_takes_nothing(tenant: Tenant) -> None:
    answer = await tenant.upload("download/810", "a.edi", b"x")
    assert (answer.status, answer.json) == (
        403,
        {"message": "Not permitted: upload in folder /download/810."},
    )


async def test_names_are_not_used_twice(tenant: Tenant, sandbox: Sandbox) -> None:
    href = await tenant.contents("upload/850")
    assert (await tenant.upload("", "a.edi", b"one", href=href)).status == 201
    again = await tenant.upload("", "a.edi", b"other", href=href)
    assert (again.status, again.json) == (409, {"message": "File already exists."})
    assert (await tenant.upload("", "a.edi", b"other", href=f"{href}?overwrite=true")).status == 409
    sandbox.cleo.switches.change({"overwrite": True})
    assert (await tenant.upload("", "a.edi", b"other", href=f"{href}?overwrite=true")).status == 201
    (file,) = await tenant.control("files", folder="upload/850")
    assert file["content"] == "other"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Disposition": None}, 400),
        ({"Content_Disposition": 'inline; filename="a.edi"'}, 400),
        ({"Content_Disposition": "attachment"}, 400),
        ({"Content_Disposition": 'attachment; filename="../a.edi"'}, 400),
        ({"Content_Disposition": 'attachment; filename="a.exe"'}, 415),
        ({"Content_Type": "application/edi-x12; charset=us-ascii"}, 201),
    ],
)
async def test_uploads_are_checked(tenant: Tenant, changed: dict[str, Any], status: int) -> None:
    assert (await tenant.upload("upload/850", "a.edi", b"x", **changed)).status == status


def test_allowed_types() -> None:
    assert allowed("A.EDI", "*.edi; *.txt")
    assert allowed("850_1.dat", r"*.edi,[850_\d+\.dat]")
    assert not allowed("x850_1.dat", r"*.edi,[850_\d+\.dat]")
    assert allowed("anything", "")


async def test_new_files_may_show_late(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"list_lag_seconds": 60})
    await tenant.control("drop", folder="997", name="a.edi", content="x")
    assert await tenant.names("download/997") == []
    sandbox.clock.advance(61)
    assert await tenant.names("download/997") == ["a.edi"]


async def test_pick_up_takes_what_has_waited(tenant: Tenant, sandbox: Sandbox) -> None:
    stored = await tenant.upload("upload/vendor", "vendors.csv", b"a,b")
    assert await tenant.control("taken") == []
    sandbox.clock.advance(6)
    assert await tenant.names("upload/vendor") == []
    (taken,) = await tenant.control("taken", folder="upload/vendor")
    assert (taken["name"], taken["content"], taken["problems"]) == ("vendors.csv", "a,b", [])
    assert (await tenant.get(stored.json["_links"]["self"]["href"])).status == 404


async def test_pick_up_can_stand_still(tenant: Tenant, sandbox: Sandbox) -> None:
    sandbox.cleo.switches.change({"pickup": "stopped"})
    await tenant.order()
    sandbox.clock.advance(1800)
    assert len(await tenant.names("upload/850")) == 1
    sandbox.cleo.switches.change({"pickup": "running"})
    assert await tenant.names("upload/850") == []


async def test_documents_for_the_api_provider(tenant: Tenant, sandbox: Sandbox) -> None:
    async def post(body: Any, token: str = credentials.CLEO_API_TOKEN, path: str = "/provider") -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{sandbox.cleo_url}{path}/invoices/initech"
        return await request(tenant.http, "POST", url, body, headers=headers)

    answer = await post({"number": "A-1", "total": 12.5})
    assert (answer.status, answer.json) == (200, {"id": "1", "status": "accepted"})
    assert (await post({}, token="wrong")).status == 401
    assert (await post(None)).status == 415
    (posted,) = await tenant.control("posted")
    assert (posted["endpoint"], posted["payload"]) == ("invoices/initech", {"number": "A-1", "total": 12.5})
    sandbox.cleo.switches.change({"provider_path": "/tenant/api", "provider_status": 202})
    assert (await post({})).status == 404
    assert (await post({}, path="/tenant/api")).status == 202
    assert sandbox.addresses["cleo_provider_url"] == f"{sandbox.cleo_url}/tenant/api"
