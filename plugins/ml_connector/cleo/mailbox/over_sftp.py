"""The mailbox over SFTP: for many tenants of Cleo the only way that is documented.

Cleo's pollers may take a file while it is being written, so it is written under another name and
renamed when it is complete.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import asyncssh

from ml_connector.cleo.mailbox.protocol import (
    FileExists,
    FileGone,
    Files,
    Names,
    NoSuchFolder,
    RemoteFile,
    checked_name,
    folder_parts,
)
from ml_connector.cleo.mailbox.sftp_session import SftpSession
from ml_connector.core.errors import ConnectorError, InDoubt, NotActivated, Rejected, Unavailable
from ml_connector.core.fence import pass_fence
from ml_connector.core.http import TooHeavy

UNFINISHED = ".tmp"
_LARGEST = 256 * 1024 * 1024

Gate = Callable[[], AbstractAsyncContextManager[object]]
_BROKEN = (asyncssh.DisconnectError, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, OSError)
_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_UNWANTED = (
    asyncssh.SFTPFailure,
    asyncssh.SFTPInvalidFilename,
    asyncssh.SFTPNoSpaceOnFilesystem,
    asyncssh.SFTPQuotaExceeded,
)
_DENIED = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)
_TAKEN = (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists, *_DENIED)
"""How servers say that a file is there; the older ones have one word for everything."""


class SftpMailbox:
    """Folders and files of one user. See :class:`~ml_connector.cleo.mailbox.protocol.Mailbox`.

    Args:
        session: to the server.
        timeout: seconds for one operation.
        gate: entered for each operation.
    """

    def __init__(self, session: SftpSession, *, timeout: float, gate: Gate = contextlib.nullcontext) -> None:
        self._session, self._timeout, self._gate = session, timeout, gate

    async def folders(self) -> Names:
        """Names of the folders at the top, as the user sees them."""
        async with self._at_work("listing the folders", "list the top folder") as sftp:
            entries = await sftp.readdir(".")
        return sorted(_text(one) for one in entries if _is_folder(one) and not _text(one).startswith("."))

    async def list(self, folder: str) -> Files:
        """Files of a folder by name, without unfinished uploads."""
        path = _folder_path(folder)
        try:
            async with self._at_work(f"listing folder {folder}", f"list folder {folder}") as sftp:
                entries = await sftp.readdir(path)
        except (*_GONE, asyncssh.SFTPNotADirectory):
            raise _no_folder(folder) from None
        files = [_file(folder, path, entry) for entry in entries if not _is_folder(entry)]
        wanted = [file for file in files if not file.name.startswith(".")]
        return sorted(
            (file for file in wanted if not file.name.endswith(UNFINISHED)), key=lambda file: file.name
        )

    async def upload(self, folder: str, name: str, content: bytes) -> None:
        """Write under another name, then rename: before that nothing is there."""
        path = f"{_folder_path(folder)}/{checked_name(name)}"
        what, right = f"uploading {name} to folder {folder}", f"upload to, and rename in, folder {folder}"
        async with self._at_work(what, right) as sftp:
            await _refuse_taken(sftp, path, folder, name)
            pass_fence()
            try:
                with _refusals(what):
                    part = await _write(sftp, path, content)
            except _GONE:
                raise _no_folder(folder) from None
        async with self._at_work(what, right, InDoubt) as sftp:
            pass_fence()
            with _refusals(what):
                await self._rename(sftp, part, path, folder, name)

    async def download(self, file: RemoteFile) -> bytes:
        """The content, as long as it was listed."""
        what, right = f"downloading {file.name}", f"download from folder {file.folder}"
        if file.size is not None and file.size > _LARGEST:
            raise TooHeavy(f"{file.name} in {file.folder} at Cleo is larger than {_LARGEST} bytes")
        try:
            async with self._at_work(what, right) as sftp, sftp.open(file.link, "rb") as opened:
                content: bytes = await opened.read()
        except _GONE:
            raise FileGone(f"{file.name} is no longer in {file.folder} at Cleo: it was taken") from None
        if file.size is not None and len(content) != file.size:
            raise FileGone(
                f"{file.name} in {file.folder} at Cleo was listed with {file.size} bytes and holds "
                f"{len(content)}: it is still being written"
            )
        return content

    async def remove(self, file: RemoteFile) -> None:
        """Remove a file; one that is gone already is fine."""
        what, right = f"removing {file.name}", f"delete in folder {file.folder}"
        with contextlib.suppress(*_GONE):
            async with self._at_work(what, right) as sftp:
                pass_fence()
                await sftp.remove(file.link)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._session.aclose()

    async def _rename(self, sftp: asyncssh.SFTPClient, part: str, path: str, folder: str, name: str) -> None:
        """The one step that makes the file appear; without an answer nobody knows whether it did."""
        try:
            await sftp.rename(part, path)
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists, *_GONE) as error:
            await _refuse_taken(sftp, path, folder, name)
            if isinstance(error, _GONE):
                raise InDoubt(
                    f"{name} was written to folder {folder} and is gone: another task renamed it, or Cleo "
                    "took it before it was complete"
                ) from None
            raise

    @contextlib.asynccontextmanager
    async def _at_work(
        self, what: str, right: str, broken: type[Unavailable | InDoubt] = Unavailable
    ) -> AsyncIterator[asyncssh.SFTPClient]:
        """The client for one operation; what goes wrong is told by class.

        What concerns the file or folder itself (it is not there) passes through. ``broken`` is what it
        means when no answer comes. An operation is ended by giving up its connection: cancelling it would
        wait for the server to close its files.
        """
        expired: list[bool] = []

        def expire() -> None:
            expired.append(True)
            self._session.abort()

        try:
            async with self._gate():
                sftp = await self._session.client()
                watch = asyncio.get_running_loop().call_later(self._timeout, expire)
                try:
                    yield sftp
                finally:
                    watch.cancel()
        except (ConnectorError, *_GONE, asyncssh.SFTPNotADirectory):
            raise
        except _DENIED:
            raise NotActivated(
                f"{what} over SFTP: permission denied. The user lacks a right in Cleo: {right}",
                operation=right,
            ) from None
        except _BROKEN as error:
            why = "no answer in time" if expired else f"the connection broke off ({type(error).__name__})"
            raise broken(f"{what} over SFTP: {why}") from None
        except asyncssh.Error as error:
            raise Unavailable(f"{what} over SFTP failed ({type(error).__name__})") from None


@contextlib.contextmanager
def _refusals(what: str) -> Iterator[None]:
    """A failure without a reason of its own is how servers refuse a file name."""
    try:
        yield
    except _UNWANTED as error:
        raise Rejected(
            f"{what} over SFTP: the server does not take it ({error.reason[:200]}). Its Allowed File "
            f"Types must name this file, also while it is being written as *{UNFINISHED}"
        ) from None


async def _write(sftp: asyncssh.SFTPClient, path: str, content: bytes) -> str:
    """Write a file anew under another name, and make sure that all of it arrived.

    Returns:
        The other name. Where what an earlier try left under the usual one cannot be overwritten, it is a
        new one.
    """
    part = path + UNFINISHED
    try:
        opened = await sftp.open(part, "wb")
    except _TAKEN:
        with contextlib.suppress(asyncssh.SFTPError):
            await sftp.remove(part)
        part = f"{path}.{secrets.token_hex(4)}{UNFINISHED}"
        opened = await sftp.open(part, "wb")
    async with opened:
        await opened.write(content)
    size = await _size(sftp, part)
    if size is not None and size != len(content):
        raise Unavailable(f"the SFTP server stored {size} of {len(content)} bytes; nothing was sent on")
    return part


async def _refuse_taken(sftp: asyncssh.SFTPClient, path: str, folder: str, name: str) -> None:
    """Servers differ in what a rename does to a file that is there; so look first."""
    with contextlib.suppress(*_GONE):
        size = await _size(sftp, path)
        if size is not None:
            raise FileExists(folder, name, size)


async def _size(sftp: asyncssh.SFTPClient, path: str) -> int | None:
    """Bytes of a file; a mailbox may let its user upload and not look."""
    try:
        return (await sftp.stat(path)).size
    except _DENIED:
        return None


def _folder_path(folder: str) -> str:
    return "/".join(folder_parts(folder))


def _no_folder(folder: str) -> NoSuchFolder:
    return NoSuchFolder(
        f"the mailbox at Cleo has no folder {folder!r} over SFTP; have it made, or name another",
        field="integrations.cleo.options.folders",
    )


def _text(entry: asyncssh.SFTPName) -> str:
    name = entry.filename
    return name if isinstance(name, str) else name.decode("utf-8", "replace")


def _is_folder(entry: asyncssh.SFTPName) -> bool:
    """Not a file. Old servers tell it by the mode only."""
    if _text(entry) in {".", ".."}:
        return True
    mode = entry.attrs.permissions
    if mode is not None and stat.S_IFMT(mode):
        return not stat.S_ISREG(mode)
    return entry.attrs.type not in {asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN}


def _file(folder: str, path: str, entry: asyncssh.SFTPName) -> RemoteFile:
    changed = entry.attrs.mtime
    return RemoteFile(
        folder=folder,
        name=_text(entry),
        size=entry.attrs.size,
        modified=None if changed is None else datetime.fromtimestamp(changed, UTC),
        link=f"{path}/{_text(entry)}",
    )
