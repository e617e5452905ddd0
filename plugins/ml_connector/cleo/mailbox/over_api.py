"""The mailbox over REST. Cleo publishes that folders, files and links exist, and little of their form.

So everything is found by name and followed by links; ``folders_path`` and ``files_path`` of the
connection serve where links are missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC

from ml_connector.cleo.errors import NotFound, Taken
from ml_connector.cleo.links import Record, link
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
from ml_connector.cleo.moments import parse_moment
from ml_connector.cleo.rest import Rest
from ml_connector.core import codec
from ml_connector.core.errors import ContractChanged, InDoubt, NotActivated
from ml_connector.core.http import Request, quote_segment

Rows = list[Record]


class ApiMailbox:
    """Folders and files of one user. See :class:`~ml_connector.cleo.mailbox.protocol.Mailbox`.

    Args:
        rest: of the mailbox user.
        folders_path: where folders are listed.
        files_path: where a file without links is found by its id.
        upload_type: content type of uploads.
        upload_timeout: seconds for an upload or a download.
        folder_types: words by which Cleo tells a folder from a file.
    """

    def __init__(
        self,
        rest: Rest,
        *,
        folders_path: str,
        files_path: str,
        upload_type: str,
        upload_timeout: float,
        folder_types: Collection[str],
    ) -> None:
        self._rest = rest
        self._folder_types = frozenset(word.lower() for word in folder_types)
        self._folders_path, self._files_path = folders_path, files_path
        self._upload_type, self._upload_timeout = upload_type, upload_timeout
        self._contents: dict[str, str] = {}

    async def folders(self) -> Names:
        """Names of the folders at the top, as the user sees them."""
        return sorted("/".join(_path(row)) or _name(row) for row in await self._top())

    async def list(self, folder: str) -> Files:
        """Files of a folder by name."""
        rows = await self._rows(folder)
        files = [self._file(folder, row) for row in rows if not self._is_folder(row) and _name(row)]
        return sorted(files, key=lambda file: file.name)

    async def upload(self, folder: str, name: str, content: bytes) -> None:
        """Store a new file in one call; Cleo shows it to its flows only when it is complete."""
        try:
            await self._upload(folder, checked_name(name), content)
        except NotFound:  # the folder was made anew, or moved
            self._contents.pop(folder, None)
            try:
                await self._upload(folder, name, content)
            except NotFound as error:
                raise NoSuchFolder(
                    f"Cleo shows folder {folder} and takes no files at its address: {error}",
                    field="integrations.cleo.options.folders",
                ) from None

    async def download(self, file: RemoteFile) -> bytes:
        """The content, as long as it was listed. It may be a web page, where its size is known."""
        path = file.content_link or f"{file.link}/content"
        request = Request("GET", path, headers={"Accept": "*/*"}, timeout=self._upload_timeout)
        right = f"download from folder {file.folder}"
        try:
            response = await self._rest.call(
                request, f"downloading {file.name}", right, pages=file.size is not None
            )
        except NotFound:
            raise FileGone(f"{file.name} is no longer in {file.folder} at Cleo: it was taken") from None
        if file.size is not None and len(response.body) != file.size:
            raise FileGone(
                f"{file.name} in {file.folder} at Cleo was listed with {file.size} bytes and holds "
                f"{len(response.body)}: it is still being written"
            )
        return response.body

    async def remove(self, file: RemoteFile) -> None:
        """Remove a file; one that is gone already is fine."""
        request = Request("DELETE", file.link, headers={"Accept": "application/json"}, idempotent=True)
        try:
            await self._rest.call(request, f"removing {file.name}", f"delete in folder {file.folder}")
        except NotFound:
            return

    async def aclose(self) -> None:
        """Close the connections."""
        await self._rest.aclose()

    # ---- uploads

    async def _upload(self, folder: str, name: str, content: bytes) -> None:
        request = Request(
            "POST",
            await self._contents_of(folder),
            headers={
                "Content-Type": self._upload_type,
                "Content-Disposition": f'attachment; filename="{name}"',
                "Accept": "application/json",
            },
            body=content,
            timeout=self._upload_timeout,
        )
        try:
            response = await self._rest.call(request, f"uploading {name}", f"upload to folder {folder}")
        except Taken:
            raise FileExists(folder, name, await self._size(folder, name)) from None
        stored = _stored_size(response.body)
        if stored is not None and stored != len(content):
            raise InDoubt(f"Cleo says that it stored {stored} of the {len(content)} bytes of {folder}/{name}")

    async def _size(self, folder: str, name: str) -> int | None:
        """Bytes of a file that is there; a mailbox may let its user upload and not look."""
        try:
            files = await self.list(folder)
        except NotActivated:
            return None
        return next((file.size for file in files if file.name == name), None)

    # ---- finding folders

    async def _rows(self, folder: str) -> Sequence[Record]:
        """What a folder holds; looked for once more where its address no longer answers."""
        known = folder in self._contents
        try:
            return await self._read(await self._contents_of(folder), folder)
        except NotFound:
            if not known:
                raise NoSuchFolder(f"folder {folder} of the mailbox at Cleo vanished") from None
        self._contents.pop(folder)
        return await self._rows(folder)

    async def _contents_of(self, folder: str) -> str:
        """Address of a folder's contents."""
        if folder not in self._contents:
            self._contents[folder] = self._contents_path(await self._found(folder))
        return self._contents[folder]

    async def _found(self, folder: str) -> Record:
        """The folder: by its whole path at the top, else name by name from there."""
        parts, top = folder_parts(folder), await self._top()
        for count in range(len(parts), 0, -1):
            here = _by_path(top, parts[:count]) or (_by_usage(top, parts[0]) if count == 1 else None)
            if here is not None:
                break
        else:
            raise self._missing(folder, parts[0], top)
        for part in parts[count:]:
            rows = await self._read(self._contents_path(here), folder)
            rows = [row for row in rows if self._is_folder(row) or row.get("size") is None]
            here = next((row for row in rows if _name(row) == part), None)
            if here is None:
                raise self._missing(folder, part, rows)
        return here

    async def _top(self) -> Rows:
        rows: Rows = []
        async for page in self._rest.pages(self._folders_path, "listing the folders", "folders (view)"):
            rows += page
        return rows

    async def _read(self, path: str, folder: str) -> Rows:
        rows: Rows = []
        right = f"list folder {folder}"
        async for page in self._rest.pages(path, f"listing folder {folder}", right):
            rows += page
        return rows

    def _contents_path(self, folder: Record) -> str:
        href = link(folder, "contents")
        if href is not None:
            return self._rest.resolve(href)
        return f"{self._folders_path}/{_id(folder)}/contents"

    def _is_folder(self, row: Record) -> bool:
        meta = row.get("meta")
        named = meta.get("resourceType") if isinstance(meta, dict) else None
        words = {str(word).lower() for word in (row.get("type"), named)}
        return bool(words & self._folder_types) or link(row, "contents") is not None

    def _file(self, folder: str, row: Record) -> RemoteFile:
        own, content = link(row, "self"), link(row, "content")
        size = row.get("size")
        return RemoteFile(
            folder=folder,
            name=_name(row),
            size=size if isinstance(size, int) and not isinstance(size, bool) else None,
            modified=parse_moment(row.get("modified"), UTC),
            link=self._rest.resolve(own) if own else f"{self._files_path}/{_id(row)}",
            content_link=self._rest.resolve(content) if content else None,
        )

    @staticmethod
    def _missing(folder: str, part: str, rows: Sequence[Record]) -> NoSuchFolder:
        shown = ", ".join(sorted(map(_name, rows))[:20]) or "none"
        return NoSuchFolder(
            f"the mailbox at Cleo shows no folder {part!r} on the way to {folder!r}; it shows: {shown}. Have "
            "it made in Cleo, or name another",
            field="integrations.cleo.options.folders",
        )


def _name(row: Record) -> str:
    return str(row.get("name") or "")


def _id(row: Record) -> str:
    found = row.get("id")
    if not found:
        raise ContractChanged(f"{_name(row)!r} at Cleo has neither links nor an id")
    return quote_segment(str(found))


def _path(row: Record) -> tuple[str, ...]:
    return tuple(part for part in str(row.get("path") or "").replace("\\", "/").split("/") if part)


def _by_path(rows: Sequence[Record], parts: tuple[str, ...]) -> Record | None:
    exact = next((row for row in rows if _path(row) == parts), None)
    if exact is not None or len(parts) > 1:
        return exact
    return next((row for row in rows if _name(row) == parts[0]), None)


def _by_usage(rows: Sequence[Record], usage: str) -> Record | None:
    """The one folder that is for this: what it is called is up to the tenant."""
    found = [row for row in rows if row.get("usage") == usage]
    return found[0] if len(found) == 1 else None


def _stored_size(body: bytes) -> int | None:
    """What Cleo says about a file that it stored; many answers say nothing."""
    try:
        answer = codec.decode(body)
    except ValueError:
        return None
    size = answer.get("size") if isinstance(answer, dict) else None
    return size if isinstance(size, int) and not isinstance(size, bool) else None
