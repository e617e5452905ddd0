"""The mailbox: folders with rights, and the files in them. REST and SFTP work on the same store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from sandbox.clock import Clock

from .errors import CleoError, forbidden, not_found
from .ids import Ids
from .switches import CleoSwitches

UPLOADS = ("850", "860", "810", "997", "vendor", "cost")
DOWNLOADS = ("997", "855", "810", "824", "other")
PART_ENDINGS = (".tmp", ".part", ".filepart")
BAD_NAME = re.compile(r"[\x00-\x1f/\\]|^\.{1,2}$|^$")
RIGHTS = {"upload": ["upload"], "download": ["download", "delete"]}


@dataclass
class Folder:
    """A folder, named by its whole path without a leading slash."""

    id: str
    path: str

    @property
    def usage(self) -> str:
        """`upload` or `download`, by the folder at the top."""
        return self.path.partition("/")[0]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass
class File:
    """A file; its content may still grow while an SFTP client writes it."""

    id: str
    folder: Folder
    name: str
    content: bytes
    modified: datetime
    owner: str = "cleo"

    @property
    def partial(self) -> bool:
        """Whether its name says that it is not whole yet; pick-up leaves such files alone."""
        return self.name.endswith(PART_ENDINGS)


class FolderStore:
    """All folders and files of the mailbox."""

    def __init__(self, switches: CleoSwitches, clock: Clock, ids: Ids) -> None:
        self._switches, self._clock, self._ids = switches, clock, ids
        self.folders: dict[str, Folder] = {}
        self.files: dict[str, File] = {}
        self._inside: dict[str, dict[str, File]] = {}
        for top, names in (("upload", UPLOADS), ("download", DOWNLOADS)):
            for path in (top, *(f"{top}/{name}" for name in names)):
                self.folders[path] = Folder(ids.next("folder"), path)
                self._inside[path] = {}

    def rights(self, folder: Folder) -> list[str]:
        """What the mailbox user may do there."""
        more = ["overwrite"] if folder.usage == "upload" and self._switches.overwrite else []
        return [*RIGHTS[folder.usage], *more]

    def need(self, folder: Folder, right: str) -> None:
        """Raise ``CleoError`` (403) unless the mailbox user has the right."""
        if right not in self.rights(folder):
            raise forbidden(f"{right} in folder /{folder.path}")

    def folder(self, folder_id: str) -> Folder:
        """A folder by its id. Raises ``CleoError`` (404)."""
        found = next((folder for folder in self.folders.values() if folder.id == folder_id), None)
        if found is None:
            raise not_found()
        return found

    def children(self, folder: Folder) -> list[Folder]:
        """The folders right below one."""
        return [other for other in self.folders.values() if other.path.rpartition("/")[0] == folder.path]

    def inside(self, folder: Folder) -> list[File]:
        """Its files by name; those younger than the lag are not shown yet."""
        latest = self._clock.now() - timedelta(seconds=self._switches.list_lag_seconds)
        files = self._inside[folder.path].values()
        return sorted((file for file in files if file.modified <= latest), key=lambda file: file.name)

    def waiting(self) -> Iterator[File]:
        """Whole files in upload folders."""
        for path, files in self._inside.items():
            if path.startswith("upload"):
                yield from (file for file in list(files.values()) if not file.partial)

    def file(self, file_id: str) -> File:
        """A file by its id. Raises ``CleoError`` (404)."""
        found = self.files.get(file_id)
        if found is None:
            raise not_found()
        return found

    def named(self, folder: Folder, name: str) -> File | None:
        """A file by its folder and name."""
        return self._inside[folder.path].get(name)

    def check_name(self, name: str, *, whole: bool = True) -> None:
        """Raise ``CleoError``: 400 for an impossible name, 415 for one that no pattern allows."""
        if BAD_NAME.search(name) or len(name) > 255:
            raise CleoError(400, "Invalid file name.")
        kept = name
        if not whole:
            kept = next((name.removesuffix(end) for end in PART_ENDINGS if name.endswith(end)), name)
        if not allowed(kept, self._switches.allowed_types):
            raise CleoError(415, "File type is not allowed.")

    def store(
        self, folder: Folder, name: str, content: bytes, *, owner: str, overwrite: bool = False
    ) -> File:
        """Put a file there. Raises ``CleoError`` (409) when the name is taken and may not be overwritten."""
        old = self.named(folder, name)
        if old is not None:
            if not old.partial and not (overwrite and "overwrite" in self.rights(folder)):
                raise CleoError(409, "File already exists.")
            self.remove(old)
        file = File(self._ids.next("file"), folder, name, content, self._clock.now(), owner)
        self.files[file.id] = file
        self._inside[folder.path][name] = file
        return file

    def drop(self, path: str, name: str, content: bytes) -> File:
        """Cleo puts a file into a download folder; a taken name gets `.1`, `.2` before its ending."""
        folder, stem, dot, ending = self.folders[path], *name.rpartition(".")
        number, free = 0, name
        while self.named(folder, free) is not None:
            number += 1
            free = f"{stem}.{number}{dot}{ending}" if dot else f"{ending}.{number}"
        return self.store(folder, free, content, owner="cleo")

    def rename(self, file: File, folder: Folder, name: str) -> None:
        """Another name for a file. Raises ``CleoError`` (409) when it is taken."""
        old = self.named(folder, name)
        if old is not None and old is not file:
            if "overwrite" not in self.rights(folder):
                raise CleoError(409, "File already exists.")
            self.remove(old)
        del self._inside[file.folder.path][file.name]
        file.folder, file.name, file.modified = folder, name, self._clock.now()
        self._inside[folder.path][name] = file

    def remove(self, file: File) -> None:
        """Take a file away."""
        if self.files.pop(file.id, None) is not None:
            del self._inside[file.folder.path][file.name]


def allowed(name: str, patterns: str) -> bool:
    """Whether a name fits the allowed types: shell patterns, or regular expressions in brackets."""
    wanted = [part.strip() for part in re.split(r"[;,]", patterns) if part.strip()]
    return not wanted or any(
        re.fullmatch(part[1:-1], name) is not None
        if part.startswith("[") and part.endswith("]")
        else fnmatchcase(name.lower(), part.lower())
        for part in wanted
    )
