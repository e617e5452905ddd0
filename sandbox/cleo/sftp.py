"""The same mailbox over SFTP: password or key, the same rights, files that grow while written."""

from __future__ import annotations

import stat
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, cast

import asyncssh

from sandbox.faults import FaultBook

from .errors import CleoError
from .files import File, Folder
from .identity import MAILBOX
from .state import CleoState

SYSTEM = "cleo"
FAULTS = frozenset({"error", "reset", "lost"})
T = TypeVar("T")
WRITE = asyncssh.FXF_WRITE
EXCLUSIVE, TRUNCATE, APPEND = asyncssh.FXF_EXCL, asyncssh.FXF_TRUNC, asyncssh.FXF_APPEND


class Handle:
    """An open file."""

    def __init__(self, file: File, writing: bool) -> None:
        self.file, self.writing = file, writing


def _handle(file_obj: object) -> Handle:
    return cast(Handle, file_obj)


class MailboxServer(asyncssh.SFTPServer):
    """SFTP operations on the folder store."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], state: CleoState, book: FaultBook) -> None:
        super().__init__(channel)
        self._state, self._book = state, book

    def _served(self, operation: str, work: Callable[[], T]) -> T:
        """Do it with the planned faults `error` and `reset` before, `lost` behind it."""
        faults = {fault.kind for fault in self._book.take(SYSTEM, f"SFTP {operation}", FAULTS)}
        if "error" in faults:
            raise asyncssh.SFTPFailure("Planned failure")
        result = work() if "reset" not in faults else None
        if faults:
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("Planned loss of the connection")
        return cast(T, result)

    def _place(self, path: bytes) -> tuple[Folder | None, str]:
        """The folder a path lies in, and the last part of the path."""
        parts = [part for part in path.decode("utf-8", "replace").split("/") if part not in ("", ".")]
        if not parts:
            return None, ""
        return self._state.files.folders.get("/".join(parts[:-1])), parts[-1]

    def _folder(self, path: bytes) -> Folder | None:
        parts = [part for part in path.decode("utf-8", "replace").split("/") if part not in ("", ".")]
        return self._state.files.folders.get("/".join(parts))

    def _file(self, path: bytes) -> File:
        self._state.work()
        folder, name = self._place(path)
        found = self._state.files.named(folder, name) if folder is not None else None
        if found is None:
            raise asyncssh.SFTPNoSuchFile("No such file")
        return found

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open for reading in a download folder, or for writing in an upload folder."""
        return self._served("open", lambda: self._open(path, pflags))

    def _open(self, path: bytes, pflags: int) -> Handle:
        if not pflags & (WRITE | APPEND):
            file = self._file(path)
            self._need(file.folder, "download")
            return Handle(file, writing=False)
        return Handle(self._writable(path, pflags), writing=True)

    def _writable(self, path: bytes, pflags: int) -> File:
        self._state.work()
        folder, name = self._place(path)
        if folder is None:
            raise asyncssh.SFTPNoSuchFile("No such folder")
        self._need(folder, "upload")
        files = self._state.files
        old = files.named(folder, name)
        if old is not None and pflags & EXCLUSIVE:
            raise asyncssh.SFTPFailure("File already exists")
        if old is not None and old.partial and not pflags & TRUNCATE:
            return old
        return self._allowed(
            lambda: files.store(folder, name, b"", owner=MAILBOX.username, overwrite=True),
            lambda: files.check_name(name, whole=False),
        )

    def _allowed(self, work: Callable[[], File], *checks: Callable[[], None]) -> File:
        try:
            for check in checks:
                check()
            return work()
        except CleoError as error:
            raise asyncssh.SFTPFailure(error.message) from error

    def _need(self, folder: Folder, right: str) -> None:
        if right not in self._state.files.rights(folder):
            raise asyncssh.SFTPPermissionDenied("Permission denied")

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Bytes of a file in a download folder."""
        return self._served("read", lambda: _handle(file_obj).file.content[offset : offset + size])

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Bytes into a file; pick-up may take it before the last ones."""
        return self._served("write", lambda: self._write(file_obj, offset, data))

    def _write(self, file_obj: object, offset: int, data: bytes) -> int:
        file = _handle(file_obj).file
        if not _handle(file_obj).writing:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        content = file.content.ljust(offset, b"\0")
        file.content = content[:offset] + data + content[offset + len(data) :]
        return len(data)

    def close(self, file_obj: object) -> None:
        """The file is as whole as it will get."""
        if _handle(file_obj).writing:
            _handle(file_obj).file.modified = self._state.clock.now()
        self._state.work()

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """What a path is."""
        if not path.strip(b"/.") or self._folder(path) is not None:
            return self._folder_attrs()
        return self._attrs(self._file(path))

    lstat = stat

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """What an open file is."""
        return self._attrs(_handle(file_obj).file)

    @staticmethod
    def _attrs(file: File) -> asyncssh.SFTPAttrs:
        moment = int(file.modified.timestamp())
        mode = stat.S_IFREG | (0o200 if file.folder.usage == "upload" else 0o400)
        return asyncssh.SFTPAttrs(
            size=len(file.content), permissions=mode, uid=0, gid=0, atime=moment, mtime=moment
        )

    @staticmethod
    def _folder_attrs() -> asyncssh.SFTPAttrs:
        moment = int(time.time())
        return asyncssh.SFTPAttrs(
            size=0, permissions=stat.S_IFDIR | 0o755, uid=0, gid=0, atime=moment, mtime=moment
        )

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """The folders and files in a folder."""
        self._state.work()
        for name, attrs in self._served("list", lambda: self._inside(path)):
            yield asyncssh.SFTPName(name.encode(), attrs=attrs)

    def _inside(self, path: bytes) -> list[tuple[str, asyncssh.SFTPAttrs]]:
        files = self._state.files
        if not path.strip(b"/."):
            tops = (folder for folder in files.folders.values() if "/" not in folder.path)
            return [(top.path, self._folder_attrs()) for top in tops]
        folder = self._folder(path)
        if folder is None:
            raise asyncssh.SFTPNoSuchFile("No such folder")
        if folder.usage == "upload" and not self._state.switches.list_upload:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        below = [(child.name, self._folder_attrs()) for child in files.children(folder)]
        return below + [(file.name, self._attrs(file)) for file in files.inside(folder)]

    def remove(self, path: bytes) -> None:
        """Delete a file of a download folder, or a part of an upload."""
        self._served("remove", lambda: self._remove(path))

    def _remove(self, path: bytes) -> None:
        file = self._file(path)
        if not (file.folder.usage == "upload" and file.partial):
            self._need(file.folder, "delete")
        self._state.files.remove(file)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Give an upload its real name; the only rename there is. A taken name is a failure."""
        self._served("rename", lambda: self._rename(oldpath, newpath))

    def _rename(self, oldpath: bytes, newpath: bytes) -> None:
        file = self._file(oldpath)
        folder, name = self._place(newpath)
        if folder is None:
            raise asyncssh.SFTPNoSuchFile("No such folder")
        if not file.partial:
            raise asyncssh.SFTPPermissionDenied("Permission denied")
        self._need(folder, "upload")
        self._allowed(lambda: self._renamed(file, folder, name), lambda: self._state.files.check_name(name))
        self._state.work()

    def _renamed(self, file: File, folder: Folder, name: str) -> File:
        self._state.files.rename(file, folder, name)
        return file

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """The same: it does not replace a file either."""
        self.rename(oldpath, newpath)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Times and modes are taken without a word."""
        self._file(path)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """The same."""

    def realpath(self, path: bytes) -> bytes:
        """A path from the root of the mailbox."""
        parts: list[bytes] = []
        for part in path.split(b"/"):
            if part == b"..":
                parts = parts[:-1]
            elif part not in (b"", b"."):
                parts.append(part)
        return b"/" + b"/".join(parts)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Folders are set up by Cleo's staff."""
        raise asyncssh.SFTPPermissionDenied("Permission denied")

    def rmdir(self, path: bytes) -> None:
        """The same."""
        raise asyncssh.SFTPPermissionDenied("Permission denied")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """There are no links."""
        raise asyncssh.SFTPPermissionDenied("Permission denied")

    link = symlink


class Login(asyncssh.SSHServer):
    """Password and key of the mailbox user."""

    def __init__(self, state: CleoState, connected: set[asyncssh.SSHServerConnection]) -> None:
        self._state, self._connected = state, connected
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Somebody connected."""
        self._connection = conn
        self._connected.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """And went away."""
        if self._connection is not None:
            self._connected.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Nobody gets in without proof."""
        return True

    def password_auth_supported(self) -> bool:
        """Whether a password is proof."""
        return self._state.switches.sftp_login in ("both", "password")

    def public_key_auth_supported(self) -> bool:
        """Whether a key is proof."""
        return self._state.switches.sftp_login in ("both", "key")

    def validate_password(self, username: str, password: str) -> bool:
        """Check the password."""
        return (username, password) == (MAILBOX.username, MAILBOX.password)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Check the key against those that the control endpoint was given."""
        shown = key.export_public_key("openssh").split()[:2]
        return username == MAILBOX.username and shown in self._state.authorized_keys


class SftpServer:
    """Listens on a port of its own; the host key lives as long as the process."""

    def __init__(self, state: CleoState, book: FaultBook) -> None:
        self._state, self._book = state, book
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._listener: asyncssh.SSHAcceptor | None = None
        self._connected: set[asyncssh.SSHServerConnection] = set()
        self.address = ""

    @property
    def host_key(self) -> str:
        """The public key as in a known_hosts file, without the host."""
        return self._key.export_public_key("openssh").decode().strip()

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        factory: Any = lambda channel: MailboxServer(channel, self._state, self._book)  # noqa: E731
        self._listener = await asyncssh.listen(
            host,
            port,
            server_factory=lambda: Login(self._state, self._connected),
            server_host_keys=[self._key],
            sftp_factory=factory,
            allow_scp=False,
        )
        self.address = f"{host}:{self._listener.get_port()}"

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._listener is not None:
            self._listener.close()
            for connection in list(self._connected):
                connection.abort()
            await self._listener.wait_closed()
            self._listener = None
