"""What a read of a whole interface found, by external code, without holding it in memory.

A hundred thousand vendors with their bank accounts belong neither into memory nor, readable, onto a disk:
the file is encrypted with a key that nobody keeps, and has no name.
"""

from __future__ import annotations

import weakref
from tempfile import SpooledTemporaryFile

from cryptography.fernet import Fernet

from ml_connector.core import codec
from ml_connector.core.contract import Payload

IN_MEMORY = 4 * 1024 * 1024
"""Bytes up to which there is no file at all."""


class Spool:
    """Records by external code."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with this object
        self._cipher = Fernet(Fernet.generate_key())
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0
        self.close = weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._places)

    def put(self, code: str, record: Payload) -> None:
        """Keep a record; a later one of the same code takes its place."""
        data = self._cipher.encrypt(codec.encode(record))
        self._file.seek(self._end)
        self._file.write(data)
        self._places[code] = (self._end, len(data))
        self._end += len(data)

    def get(self, code: str) -> Payload | None:
        """A record; None where there was none."""
        place = self._places.get(code)
        if place is None:
            return None
        self._file.seek(place[0])
        found: Payload = codec.decode(self._cipher.decrypt(self._file.read(place[1])))
        return found
