"""Folders that files are put into for a site's own import; knows Airflow, for its object storage."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from ml_connector.core.errors import ConfigurationError

Result = TypeVar("Result")


class Folder(Protocol):
    """Where the files lie. Methods block, and raise ``OSError`` where the folder does not answer."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file in one piece: nobody sees a part of it."""
        ...

    def names(self) -> list[str]:
        """Files that are there; none where the folder does not exist yet."""
        ...

    def read(self, name: str) -> bytes:
        """A file's content."""
        ...


def open_folder(path: str, *, field: str) -> Folder:
    """The folder behind a path of a tenant file.

    Args:
        field: where the path stands, for errors.

    Raises:
        ConfigurationError: the path is not absolute, or no provider of this installation knows that kind
            of storage.
    """
    parts = urlsplit(path)
    if parts.scheme in {"", "file"}:
        return LocalFolder(_absolute(path, field))
    from airflow.sdk import ObjectStoragePath

    try:
        place = ObjectStoragePath(path)
        _ = place.fs
    except (ValueError, ImportError) as error:
        raise ConfigurationError(
            f"{parts.scheme}:// needs an Airflow provider that is not installed ({type(error).__name__})",
            field=field,
            expected="a path such as file:///data/ml or s3://connection@bucket/ml",
        ) from None
    return ObjectFolder(place)


def _absolute(path: str, field: str) -> Path:
    """Each worker has another working folder, and ``file://data/ml`` names a host ``data``."""
    parts = urlsplit(path)
    place = Path(unquote(parts.path)) if parts.scheme else Path(path)
    if not place.is_absolute() or parts.netloc not in {"", "localhost"}:
        raise ConfigurationError(
            f"{path!r} is no absolute path", field=field, expected="three slashes: file:///data/ml"
        )
    return place


class LocalFolder:
    """A folder that the worker sees as its own, a network share included."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, name: str, content: bytes) -> None:
        """See :class:`Folder`: written beside its place, then moved there."""
        self._path.mkdir(parents=True, exist_ok=True)
        part = self._path / f".{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path / name)

    def names(self) -> list[str]:
        """See :class:`Folder`."""
        return [entry.name for entry in self._path.iterdir()] if self._path.is_dir() else []

    def read(self, name: str) -> bytes:
        """See :class:`Folder`."""
        return (self._path / name).read_bytes()


class ObjectFolder:
    """A folder behind Airflow's object storage; such stores show a file when it is complete.

    Their libraries have errors of their own, whose texts may hold addresses and keys: only the
    kind of error goes on, as an ``OSError``.
    """

    def __init__(self, path: Any) -> None:
        self._path = path

    def write(self, name: str, content: bytes) -> None:
        """See :class:`Folder`."""
        _told(lambda: (self._path / name).write_bytes(content))

    def names(self) -> list[str]:
        """See :class:`Folder`."""
        return _told(lambda: [entry.name for entry in self._path.iterdir()] if self._path.exists() else [])

    def read(self, name: str) -> bytes:
        """See :class:`Folder`."""
        return bytes(_told((self._path / name).read_bytes))


def _told(act: Callable[[], Result]) -> Result:
    try:
        return act()
    except OSError:
        raise
    except Exception as error:
        raise OSError(0, type(error).__name__) from error
