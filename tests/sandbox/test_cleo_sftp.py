"""The mailbox over SFTP: the same folders and rights, files that grow while they are written."""

from __future__ import annotations

import asyncssh
import pytest

from sandbox.server import Sandbox

from .cleo_client import MAILBOX, Tenant, order_850, sftp

UPLOAD = "/upload/850"


async def test_an_upload_gets_its_name_when_it_is_whole(sandbox: Sandbox, tenant: Tenant) -> None:
    content = order_850()
    async with sftp(sandbox) as client:
        assert sorted(await client.listdir("/")) == ["download", "upload"]
        async with client.open(f"{UPLOAD}/a.edi.tmp", "wb") as file:
            await file.write(content)
        await tenant.control("settle")
        assert await client.listdir(UPLOAD) == ["a.edi.tmp"], "a part is left alone"
        await client.rename(f"{UPLOAD}/a.edi.tmp", f"{UPLOAD}/a.edi")
        assert (await client.stat(f"{UPLOAD}/a.edi")).size == len(content)
        await tenant.control("settle")
        assert await client.listdir(UPLOAD) == []
    (row,) = await tenant.control("received", partner="ACME")
    assert (row["status"], row["file"]) == ("accepted", "a.edi")


async def test_a_file_under_its_own_name_may_be_taken_half_written(sandbox: Sandbox, tenant: Tenant) -> None:
    content = order_850()
    async with sftp(sandbox) as client:
        async with client.open(f"{UPLOAD}/a.edi", "wb") as file:
            await file.write(content[:300])
            await tenant.control("settle")
            await file.write(content[300:])
        assert await client.listdir(UPLOAD) == []
    (taken,) = await tenant.control("taken")
    assert len(taken["content"]) == 300
    assert "EDI could not be read" in taken["problems"][0]


async def test_rights(sandbox: Sandbox, tenant: Tenant) -> None:
    await tenant.control("drop", folder="810", name="a.edi", content="for us")
    async with sftp(sandbox) as client:
        async with client.open("/download/810/a.edi", "rb") as file:
            content: bytes = await file.read()
        assert content == b"for us"
        for path in ("/download/810/b.edi", "/download/b.edi"):
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await client.open(path, "wb")
        async with client.open(f"{UPLOAD}/c.edi", "wb") as file:
            await file.write(b"x")
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await client.open(f"{UPLOAD}/c.edi", "rb")
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await client.remove(f"{UPLOAD}/c.edi")
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await client.rename(f"{UPLOAD}/c.edi", f"{UPLOAD}/d.edi")
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            await client.mkdir("/upload/new")
        await client.remove("/download/810/a.edi")
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await client.stat("/download/810/a.edi")
    assert await tenant.names("download/810") == []


async def test_names_are_not_used_twice(sandbox: Sandbox) -> None:
    async with sftp(sandbox) as client:
        for content in (b"one", b"two"):
            async with client.open(f"{UPLOAD}/a.edi.tmp", "wb") as file:
                await file.write(content)
            if content == b"one":
                await client.rename(f"{UPLOAD}/a.edi.tmp", f"{UPLOAD}/a.edi")
        with pytest.raises(asyncssh.SFTPFailure):
            await client.rename(f"{UPLOAD}/a.edi.tmp", f"{UPLOAD}/a.edi")
        with pytest.raises(asyncssh.SFTPFailure):
            await client.posix_rename(f"{UPLOAD}/a.edi.tmp", f"{UPLOAD}/a.edi")
        with pytest.raises(asyncssh.SFTPFailure):
            await client.open(f"{UPLOAD}/a.edi", "wb")
        with pytest.raises(asyncssh.SFTPFailure):
            await client.open(f"{UPLOAD}/a.exe", "wb")
        await client.remove(f"{UPLOAD}/a.edi.tmp")
        assert await client.listdir(UPLOAD) == ["a.edi"]


async def test_log_in_by_key(sandbox: Sandbox, tenant: Tenant) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    only_key = {"password": None, "client_keys": [key]}
    with pytest.raises(asyncssh.PermissionDenied):
        async with sftp(sandbox, **only_key):
            pass
    await tenant.control("authorize-key", public_key=key.export_public_key().decode())
    async with sftp(sandbox, **only_key) as client:
        assert "850" in await client.listdir("/upload")
    sandbox.cleo.switches.change({"sftp_login": "password"})
    with pytest.raises(asyncssh.PermissionDenied):
        async with sftp(sandbox, **only_key):
            pass


async def test_log_in_by_password(sandbox: Sandbox) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        async with sftp(sandbox, password="wrong"):
            pass
    with pytest.raises(asyncssh.PermissionDenied):
        async with sftp(sandbox, username="nobody"):
            pass
    sandbox.cleo.switches.change({"sftp_login": "key"})
    with pytest.raises(asyncssh.PermissionDenied):
        async with sftp(sandbox):
            pass


async def test_the_host_proves_itself(sandbox: Sandbox) -> None:
    host, port = sandbox.addresses["cleo_sftp"].split(":")
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    known = asyncssh.import_known_hosts(f"[{host}]:{port} {other}")
    login = {"username": MAILBOX[0], "password": MAILBOX[1], "client_keys": None, "config": None}
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await asyncssh.connect(host, int(port), known_hosts=known, agent_path=None, **login)


@pytest.mark.parametrize(("kind", "named"), [("reset", False), ("lost", True)])
async def test_a_connection_may_break_at_the_rename(sandbox: Sandbox, kind: str, named: bool) -> None:
    sandbox.faults.add(system="cleo", kind=kind, operation="SFTP rename")
    async with sftp(sandbox) as client:
        async with client.open(f"{UPLOAD}/a.edi.tmp", "wb") as file:
            await file.write(b"x")
        with pytest.raises((asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost)):
            await client.rename(f"{UPLOAD}/a.edi.tmp", f"{UPLOAD}/a.edi")
    async with sftp(sandbox) as client:
        assert await client.listdir(UPLOAD) == ["a.edi" if named else "a.edi.tmp"]


async def test_planned_failures(sandbox: Sandbox, tenant: Tenant) -> None:
    await tenant.control("drop", folder="810", name="a.edi", content="for us")
    path = "/download/810/a.edi"
    async with sftp(sandbox) as client:
        sandbox.faults.add(system="cleo", kind="error", operation="SFTP open")
        with pytest.raises(asyncssh.SFTPFailure):
            await client.open(path, "rb")
        sandbox.faults.add(system="cleo", kind="error", operation="SFTP read")
        async with client.open(path, "rb") as file:
            with pytest.raises(asyncssh.SFTPFailure):
                await file.read()
        sandbox.faults.add(system="cleo", kind="error", operation="SFTP remove")
        with pytest.raises(asyncssh.SFTPFailure):
            await client.remove(path)
        await client.remove(path)


async def test_stopping_ends_every_connection(sandbox: Sandbox) -> None:
    async with sftp(sandbox) as client:
        await sandbox.cleo_sftp.stop()
        with pytest.raises((asyncssh.Error, OSError)):
            await client.listdir("/")
