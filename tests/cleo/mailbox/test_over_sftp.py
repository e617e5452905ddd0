from __future__ import annotations

import asyncio
import contextlib
import importlib.machinery
import importlib.util
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from ml_connector.cleo.mailbox import FileExists, FileGone, NoSuchFolder
from ml_connector.cleo.mailbox.host_keys import HostKeys
from ml_connector.cleo.mailbox.over_sftp import SftpMailbox
from ml_connector.cleo.mailbox.sftp_session import SftpSession
from ml_connector.cleo.options import Timeouts
from ml_connector.cleo.settings import SftpSettings
from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    InDoubt,
    NotActivated,
    Unavailable,
)
from ml_connector.core.fence import fenced

from .sftp_server import Server, sftp_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with sftp_server(tmp_path / "box") as running:
        yield running


def sftp(server: Server, **changed: Any) -> SftpSettings:
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": server.port, "username": "box", "password": "s3cret-sftp",
        "host_key": server.fingerprint,
    }  # fmt: skip
    return SftpSettings(**values | changed)


@asynccontextmanager
async def opened(server: Server, *, seconds: float = 10.0, **changed: Any) -> AsyncIterator[SftpMailbox]:
    session = SftpSession(sftp(server, **changed), Timeouts(connect=5, read=5))
    mailbox = SftpMailbox(session, timeout=seconds)
    try:
        yield mailbox
    finally:
        await mailbox.aclose()


# ---- the way of a file


async def test_a_file_goes_up_comes_down_and_goes_away(server: Server) -> None:
    content = b"ISA*00*\x00\xff~\r\n" * 5000
    before = datetime.now(UTC).replace(microsecond=0)
    async with opened(server) as mailbox:
        assert await mailbox.folders() == ["download", "upload"]
        await mailbox.upload("upload/850", "850_1.edi", content)
        (found,) = await mailbox.list("upload/850")
        assert (found.folder, found.name, found.size) == ("upload/850", "850_1.edi", len(content))
        assert found.modified is not None
        assert found.modified >= before
        assert await mailbox.download(found) == content
        await mailbox.remove(found)
        await mailbox.remove(found)
        assert await mailbox.list("upload/850") == []
    assert server.mood.logins == 1


async def test_a_file_appears_only_when_it_is_complete(server: Server) -> None:
    async with opened(server) as mailbox:
        await mailbox.upload("upload/850", "a.edi", b"ISA")
    wanted = [step for step in server.mood.made if step in {"write", "data", "rename"}]
    assert wanted == ["write", "data", "rename"]
    assert server.files("upload/850") == {"a.edi": b"ISA"}


async def test_a_listing_leaves_out_folders_and_unfinished_files(server: Server) -> None:
    folder = server.root / "download/997"
    for name in ("b.edi", "a.edi", "c.edi.tmp", ".hidden"):
        (folder / name).write_bytes(b"x")
    (folder / "old").mkdir()
    async with opened(server) as mailbox:
        assert [file.name for file in await mailbox.list("download/997")] == ["a.edi", "b.edi"]


async def test_what_an_earlier_try_left_behind_is_overwritten(server: Server) -> None:
    (server.root / "upload/850/a.edi.tmp").write_bytes(b"x" * 1000)
    async with opened(server) as mailbox:
        await mailbox.upload("upload/850", "a.edi", b"ISA")
    assert server.files("upload/850") == {"a.edi": b"ISA"}


async def test_what_is_left_behind_blocks_nothing_where_nothing_is_overwritten(server: Server) -> None:
    server.mood.overwrites = False
    async with opened(server) as mailbox:
        server.mood.drops_at = "data"
        with pytest.raises(Unavailable):
            await mailbox.upload("upload/850", "a.edi", b"ISA")
        server.mood.drops_at = None
        assert list(server.files("upload/850")) == ["a.edi.tmp"]
        await mailbox.upload("upload/850", "a.edi", b"ISA")
    assert server.files("upload/850") == {"a.edi": b"ISA"}


async def test_what_is_left_behind_may_stay(server: Server) -> None:
    (server.root / "upload/850/a.edi.tmp").write_bytes(b"x" * 1000)
    server.mood.overwrites, server.mood.denied = False, {"remove"}
    async with opened(server) as mailbox:
        await mailbox.upload("upload/850", "a.edi", b"ISA")
        assert [file.name for file in await mailbox.list("upload/850")] == ["a.edi"]
    assert server.files("upload/850")["a.edi"] == b"ISA"


async def test_a_name_that_is_taken_is_not_overwritten(server: Server) -> None:
    (server.root / "upload/850/a.edi").write_bytes(b"12345")
    async with opened(server) as mailbox:
        with pytest.raises(FileExists) as caught:
            await mailbox.upload("upload/850", "a.edi", b"ISA")
    assert caught.value.size == 5
    assert server.files("upload/850") == {"a.edi": b"12345"}


async def test_parallel_calls_share_one_connection(server: Server) -> None:
    async with opened(server) as mailbox:
        await asyncio.gather(*(mailbox.upload("upload/850", f"{number}.edi", b"ISA") for number in range(10)))
    assert len(server.files("upload/850")) == 10
    assert server.mood.logins == 1


# ---- who is there


@pytest.mark.parametrize("form", ["fingerprint", "known_host", "public_key", "several"])
async def test_the_server_is_known_by_its_key(server: Server, form: str) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    public = server.host_key.export_public_key().decode()
    text = {
        "fingerprint": server.fingerprint,
        "known_host": server.known_host,
        "public_key": public,
        "several": f"# old and new\nsftp.example.com {other}\n{server.known_host}\n",
    }[form]
    async with opened(server, host_key=text) as mailbox:
        assert await mailbox.folders() == ["download", "upload"]


@pytest.mark.parametrize("form", ["fingerprint", "key"])
async def test_another_server_gets_no_password(server: Server, form: str) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    text = other.get_fingerprint() if form == "fingerprint" else other.export_public_key().decode()
    async with opened(server, host_key=text) as mailbox:
        with pytest.raises(ConfigurationError, match="sftp_host_key") as caught:
            await mailbox.folders()
    assert server.fingerprint in str(caught.value)
    assert server.mood.logins == 0


async def test_a_key_of_another_kind_is_explained(server: Server) -> None:
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    async with opened(server, host_key=other) as mailbox:
        with pytest.raises(ConfigurationError, match="sftp_host_key"):
            await mailbox.folders()
    assert server.mood.logins == 0


async def test_any_server_is_believed_only_on_demand(server: Server) -> None:
    async with opened(server, host_key=None, verify=False) as mailbox:
        assert await mailbox.folders() == ["download", "upload"]
    async with opened(server, host_key=None) as mailbox:
        with pytest.raises(ConfigurationError, match="sftp_host_key"):
            await mailbox.folders()


@pytest.mark.parametrize(
    "text", ["nonsense", "@cert-authority * ssh-ed25519 AAAA", "# nothing", "SHA256:short"]
)
def test_a_host_key_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ConfigurationError, match="sftp_host_key"):
        HostKeys.parse(text)


# ---- who we are


@pytest.mark.parametrize("changed", [{"password": "s3cret-wrong"}, {"username": "other"}])
async def test_refused_credentials_are_never_tried_again(server: Server, changed: dict[str, Any]) -> None:
    async with opened(server, **changed) as mailbox:
        for _ in range(3):
            with pytest.raises(AuthenticationError, match="refused user") as caught:
                await mailbox.folders()
            assert "s3cret" not in str(caught.value)
    assert server.mood.logins == 1


@pytest.mark.parametrize("passphrase", [None, "s3cret-phrase"])
async def test_a_private_key_logs_in(tmp_path: Path, passphrase: str | None) -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    text = key.export_private_key("pkcs8-pem", passphrase=passphrase).decode()
    async with sftp_server(tmp_path / "box", password=None, user_key=key) as server:
        async with opened(server, password=passphrase, key=text) as mailbox:
            assert await mailbox.folders() == ["download", "upload"]
        async with opened(server, password=None, key=_other_key()) as mailbox:
            with pytest.raises(AuthenticationError):
                await mailbox.folders()


def _other_key() -> str:
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


async def test_a_passphrase_is_never_offered_to_the_server(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    text = key.export_private_key("pkcs8-pem", passphrase="s3cret-phrase").decode()
    other = asyncssh.generate_private_key("ssh-ed25519")
    async with sftp_server(tmp_path / "box", user_key=other) as server:
        server.mood.asks = True
        async with opened(server, password="s3cret-phrase", key=text) as mailbox:
            with pytest.raises(AuthenticationError):
                await mailbox.folders()
    assert server.mood.given == []


@pytest.mark.parametrize(
    ("wrong", "password", "words"),
    [
        ("no key", "s3cret-other", "sftp_key: this is no private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n", None, "sftp_key: this is no private key"),
        ("encrypted", "s3cret-other", "sftp_password: .* it is not sftp_password"),
        ("encrypted", None, "sftp_password: .* sftp_password is empty"),
    ],
)
async def test_a_private_key_that_cannot_be_read_is_told(
    server: Server, wrong: str, password: str | None, words: str
) -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    pem = key.export_private_key("pkcs8-pem", passphrase="s3cret-x").decode()
    with pytest.raises(ConfigurationError, match=words) as caught:
        SftpSession(sftp(server, key=pem if wrong == "encrypted" else wrong, password=password), Timeouts())
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("installed", [False, True])
def test_a_missing_package_is_not_a_wrong_passphrase(
    server: Server, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    """Keys in OpenSSH form with a passphrase need bcrypt."""
    spec = importlib.machinery.ModuleSpec("bcrypt", None) if installed else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)

    def encrypted(*_: object) -> None:
        raise asyncssh.KeyEncryptionError("Incorrect passphrase")

    monkeypatch.setattr(asyncssh, "import_private_key", encrypted)
    text = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----"
    words = "it is not sftp_password" if installed else "bcrypt is not installed.*PEM form"
    with pytest.raises(ConfigurationError, match=words):
        SftpSession(sftp(server, key=text, password="s3cret-x"), Timeouts())


async def test_logs_are_not_flooded(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(server) as mailbox:
        await mailbox.folders()
    assert [one for one in caplog.records if one.name.startswith("asyncssh")] == []


# ---- what goes wrong


async def test_a_missing_folder_is_named(server: Server) -> None:
    async with opened(server) as mailbox:
        with pytest.raises(NoSuchFolder, match="'upload/860'"):
            await mailbox.list("upload/860")
        with pytest.raises(NoSuchFolder, match="'upload/860'"):
            await mailbox.upload("upload/860", "a.edi", b"ISA")
    (server.root / "upload/860").write_bytes(b"a file")
    async with opened(server) as mailbox:
        with pytest.raises((NoSuchFolder, Unavailable)):
            await mailbox.list("upload/860")


@pytest.mark.parametrize(
    ("operation", "right"),
    [
        ("list", "list folder upload/850"), ("write", "upload to"), ("rename", "rename in"),
        ("read", "download from folder"), ("remove", "delete in folder"),
    ],
)  # fmt: skip
async def test_a_missing_right_is_named(server: Server, operation: str, right: str) -> None:
    async with opened(server) as mailbox:
        await mailbox.upload("upload/850", "old.edi", b"ISA")
        (file,) = await mailbox.list("upload/850")
        server.mood.denied = {operation}
        calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "list": lambda: mailbox.list("upload/850"),
            "write": lambda: mailbox.upload("upload/850", "a.edi", b"ISA"),
            "rename": lambda: mailbox.upload("upload/850", "a.edi", b"ISA"),
            "read": lambda: mailbox.download(file),
            "remove": lambda: mailbox.remove(file),
        }
        with pytest.raises(NotActivated, match=right):
            await calls[operation]()


async def test_a_file_that_vanished_is_told(server: Server) -> None:
    (server.root / "download/997/a.edi").write_bytes(b"ISA")
    async with opened(server) as mailbox:
        (found,) = await mailbox.list("download/997")
        (server.root / "download/997/a.edi").unlink()
        with pytest.raises(FileGone, match="no longer in download/997"):
            await mailbox.download(found)


async def test_a_file_that_grows_is_left_for_later(server: Server) -> None:
    (server.root / "download/997/a.edi").write_bytes(b"ISA")
    async with opened(server) as mailbox:
        (found,) = await mailbox.list("download/997")
        (server.root / "download/997/a.edi").write_bytes(b"ISA*00")
        with pytest.raises(FileGone, match="still being written"):
            await mailbox.download(found)


async def test_a_break_before_the_rename_stored_nothing(server: Server) -> None:
    async with opened(server) as mailbox:
        await mailbox.folders()
        server.mood.drops_at = "data"
        with pytest.raises(Unavailable):
            await mailbox.upload("upload/850", "a.edi", b"ISA")
        server.mood.drops_at = None
        assert await mailbox.list("upload/850") == []
        await mailbox.upload("upload/850", "a.edi", b"ISA")
    assert server.files("upload/850") == {"a.edi": b"ISA"}


@pytest.mark.parametrize("after", [False, True])
async def test_a_break_at_the_rename_is_in_doubt(server: Server, after: bool) -> None:
    async with opened(server) as mailbox:
        server.mood.drops_at, server.mood.after = "rename", after
        with pytest.raises(InDoubt):
            await mailbox.upload("upload/850", "a.edi", b"ISA")
        server.mood.drops_at = None
        assert len(await mailbox.list("upload/850")) == (1 if after else 0)


async def test_a_rename_that_is_never_answered_is_in_doubt(server: Server) -> None:
    async with opened(server, seconds=0.5) as mailbox:
        await mailbox.folders()
        server.mood.hangs_at = "rename"
        with pytest.raises(InDoubt, match="no answer in time"):
            await mailbox.upload("upload/850", "a.edi", b"ISA")


async def test_a_listing_that_is_never_answered_is_an_outage(server: Server) -> None:
    async with opened(server, seconds=0.5) as mailbox:
        await mailbox.folders()
        server.mood.hangs_at = "list"
        with pytest.raises(Unavailable, match="no answer in time"):
            await mailbox.list("upload/850")


async def test_a_file_that_arrived_in_part_is_not_sent_on(server: Server) -> None:
    async with opened(server) as mailbox:
        server.mood.short = True
        with pytest.raises(Unavailable, match="stored 2 of 3 bytes"):
            await mailbox.upload("upload/850", "a.edi", b"ISA")
    assert "a.edi" not in server.files("upload/850")


async def test_a_connection_that_broke_off_is_opened_anew(server: Server) -> None:
    async with opened(server) as mailbox:
        await mailbox.folders()
        server.drop()
        with contextlib.suppress(Unavailable):  # may notice the break only by its own failure
            await mailbox.folders()
        assert await mailbox.folders() == ["download", "upload"]
    assert server.mood.logins == 2


async def test_a_server_that_is_not_there_is_an_outage(server: Server, unused_tcp_port: int) -> None:
    away = replace(sftp(server), port=unused_tcp_port)
    mailbox = SftpMailbox(SftpSession(away, Timeouts(connect=5, read=5)), timeout=5)
    with pytest.raises(Unavailable, match=f"no SFTP connection to 127.0.0.1:{unused_tcp_port}"):
        await mailbox.folders()


@pytest.mark.parametrize("step", ["upload", "remove"])
async def test_a_task_that_lost_its_claim_changes_nothing(server: Server, step: str) -> None:
    def lost() -> None:
        raise RuntimeError("the claim is lost")

    (server.root / "upload/850/old.edi").write_bytes(b"ISA")
    async with opened(server) as mailbox:
        (old,) = await mailbox.list("upload/850")
        with fenced(lost), pytest.raises(RuntimeError, match="lost"):
            await (mailbox.remove(old) if step == "remove" else mailbox.upload("upload/850", "a.edi", b"x"))
    assert server.files("upload/850") == {"old.edi": b"ISA"}
