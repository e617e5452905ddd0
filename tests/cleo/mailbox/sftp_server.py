"""An SFTP server of this process, on a free port of 127.0.0.1, with the moods of real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh


@dataclass
class Mood:
    """How the server behaves.

    Attributes:
        denied: operations that are not permitted.
        drops_at: operation at which the connection breaks off; ``after``: once it is done.
        hangs_at: operation that is never answered.
        logins: log-ins that were tried.
        made: operations in order.
        overwrites: false: a file that is there cannot be opened for writing.
        asks: keyboard-interactive log-ins are offered, and refused.
        given: secrets that were offered, and how.
    """

    denied: set[str] = field(default_factory=set)
    drops_at: str | None = None
    after: bool = False
    hangs_at: str | None = None
    short: bool = False
    logins: int = 0
    made: list[str] = field(default_factory=list)
    overwrites: bool = True
    asks: bool = False
    given: list[tuple[str, str]] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Server:
    """The running server."""

    port: int
    root: Path
    mood: Mood
    host_key: asyncssh.SSHKey

    @property
    def fingerprint(self) -> str:
        return str(self.host_key.get_fingerprint())

    @property
    def known_host(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key.export_public_key().decode().strip()}"

    def files(self, folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.root / folder).iterdir() if path.is_file()}

    def drop(self) -> None:
        """Break all connections off, as a server does that was restarted."""
        for connection in self.mood.connections:
            connection.abort()


class Login(asyncssh.SSHServer):
    """Lets user ``box`` in."""

    def __init__(self, mood: Mood, password: str | None, key: asyncssh.SSHKey | None) -> None:
        self._mood, self._password, self._key = mood, password, key

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._mood.connections.append(conn)

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return self._password is not None

    def validate_password(self, username: str, password: str) -> bool:
        self._mood.logins += 1
        self._mood.given.append(("password", password))
        return (username, password) == ("box", self._password)

    def kbdint_auth_supported(self) -> bool:
        return self._mood.asks

    def get_kbdint_challenge(self, _username: str, _lang: str, _submethods: str) -> Any:
        return "", "", "", [("Password:", False)]

    def validate_kbdint_response(self, _username: str, responses: Any) -> bool:
        self._mood.given.append(("keyboard-interactive", responses[0]))
        return False

    def public_key_auth_supported(self) -> bool:
        return self._key is not None

    def validate_public_key(self, _username: str, key: asyncssh.SSHKey) -> bool:
        return self._key is not None and key == self._key.convert_to_public()


class Files(asyncssh.SFTPServer):
    """Serves a folder, and misbehaves as told."""

    def __init__(self, channel: Any, root: Path, mood: Mood) -> None:
        super().__init__(channel, chroot=str(root).encode())
        self._mood = mood

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        writes = bool(pflags & asyncssh.FXF_WRITE)
        async with self._step("write" if writes else "read"):
            if writes and not self._mood.overwrites and self._is_there(path):
                raise asyncssh.SFTPFailure("file exists")
            return super().open(path, pflags, attrs)

    def _is_there(self, path: bytes) -> bool:
        return Path(self.map_path(path).decode()).exists()

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        async with self._step("data"):
            kept = data[:-1] if self._mood.short else data
            super().write(file_obj, offset, kept)
            return len(data)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        async with self._step("rename"):
            super().rename(oldpath, newpath)

    async def remove(self, path: bytes) -> None:
        async with self._step("remove"):
            super().remove(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async with self._step("list"):
            pass
        async for entry in super().scandir(path):
            yield entry

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        mood = self._mood
        mood.made.append(name)
        if name in mood.denied:
            raise asyncssh.SFTPPermissionDenied("denied")
        if mood.hangs_at == name:
            await mood.released.wait()
        if mood.drops_at == name and not mood.after:
            self._break()
        yield
        if mood.drops_at == name:
            self._break()

    def _break(self) -> None:
        self.channel.get_connection().abort()
        raise asyncssh.SFTPConnectionLost("gone")


@asynccontextmanager
async def sftp_server(
    root: Path, *, password: str | None = "s3cret-sftp", user_key: asyncssh.SSHKey | None = None
) -> AsyncIterator[Server]:
    """Serve a folder to user ``box``."""
    mood, host_key = Mood(), asyncssh.generate_private_key("ssh-ed25519")
    for folder in ("upload/850", "download/997"):
        (root / folder).mkdir(parents=True)
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        server_factory=lambda: Login(mood, password, user_key),
        sftp_factory=lambda channel: Files(channel, root, mood),
    )
    try:
        yield Server(server.get_port(), root, mood, host_key)
    finally:
        mood.released.set()
        server.close()
        for connection in mood.connections:
            connection.abort()
        await server.wait_closed()
