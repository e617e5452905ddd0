"""What a mailbox can do, whatever carries it. Folders are named as the tenant names them: ``upload/850``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ml_connector.core.errors import ConfigurationError, Rejected, Unavailable

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file in a folder of the mailbox.

    Attributes:
        folder: as it was asked for.
        name: of the file, without its folder.
        size: bytes, where the mailbox tells it.
        modified: time of the last change, where the mailbox tells it.
        link: how the transport that listed the file finds it again.
        content_link: where its content is, if the transport says that apart.
    """

    folder: str
    name: str
    size: int | None
    modified: datetime | None
    link: str
    content_link: str | None = None


Names = list[str]
Files = list[RemoteFile]


class FileExists(Rejected):
    """A file of this name is there already, and was not overwritten.

    Args:
        folder: in which it lies.
        name: of the file.
        size: bytes of the file that is there; None where the mailbox does not show it.
    """

    def __init__(self, folder: str, name: str, size: int | None) -> None:
        shown = "of unknown size" if size is None else f"of {size} bytes"
        super().__init__(f"{folder} at Cleo holds a file {name} {shown} already, and it is not overwritten")
        self.folder, self.name, self.size = folder, name, size


class FileGone(Unavailable):
    """The file is not as it was listed: another task took it, or it is still being written.

    Nothing is lost: the next listing shows what is there.
    """


class NoSuchFolder(ConfigurationError):
    """The mailbox shows no folder of this name."""


class Mailbox(Protocol):
    """Folders with files. All methods raise the classes of ``core.errors``."""

    async def folders(self) -> Names:
        """Names of the folders at the top, as the login sees them."""
        ...

    async def list(self, folder: str) -> Files:
        """Files of a folder by name, without the folders in it and unfinished uploads.

        Raises:
            NoSuchFolder: the login sees no such folder.
        """
        ...

    async def upload(self, folder: str, name: str, content: bytes) -> None:
        """Store a new file; never overwrite one.

        Raises:
            FileExists: the name is taken.
            InDoubt: it may have been stored.
            NoSuchFolder: the login sees no such folder.
            Rejected: the mailbox does not take this file.
        """
        ...

    async def download(self, file: RemoteFile) -> bytes:
        """The whole content.

        Raises:
            FileGone: it was taken in the meantime, or grows.
        """
        ...

    async def remove(self, file: RemoteFile) -> None:
        """Remove a file; one that is gone already is fine."""
        ...


def checked_name(name: str) -> str:
    """A file name that Cleo's commands and patterns take without quoting, and that is no path.

    Raises:
        ConfigurationError: it has other characters.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a file at Cleo",
            expected="up to 200 letters, digits, points, dashes and underscores",
        )
    return name


def folder_parts(folder: str) -> tuple[str, ...]:
    """The names along the way to a folder.

    Raises:
        ConfigurationError: the path leads upwards or nowhere.
    """
    parts = tuple(part for part in folder.replace("\\", "/").split("/") if part)
    if not parts or any(part in {".", ".."} for part in parts):
        raise ConfigurationError(
            f"{folder!r} is no folder of the mailbox", field="folders", expected="upload/850"
        )
    return parts
