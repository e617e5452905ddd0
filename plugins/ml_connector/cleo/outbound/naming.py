"""Names of the files that we upload: ``850_acme_US001_0000000007_1_000000123.edi``.

A name has only letters, digits, points and underscores, because Cleo's commands need quotes around
anything else, and the patterns of Cleo's flows often split at ``_``. It follows from what is stored,
so a retry bears the same name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_ODD = re.compile(r"[^A-Za-z0-9.]")
_PART = r"[A-Za-z0-9.]+"
# Cleo puts .1, .2 before the extension where a name is taken on its own side.
_FORM = re.compile(
    rf"(?P<kind>[A-Za-z0-9]+)_(?P<partner>{_PART})_(?P<unit>{_PART})_(?P<document>{_PART})"
    r"_(?P<revision>[0-9]+)_(?P<number>[0-9]{9})(\.[0-9]+)?\.(?P<extension>[a-z]+)"
)
_LONGEST = 40
_MARK = re.compile(r"\.[0-9a-f]{8}$")


@dataclass(frozen=True, slots=True)
class FileName:
    """The parts of a name.

    Attributes:
        kind: code of the transaction set, such as ``850``, or a word such as ``invoice``.
        document: number of the order or invoice, without the business unit.
        revision: 1 for the first file of a document, then 2, 3 and so on.
        number: ISA13, or the number that a file without X12 bears.
    """

    kind: str
    partner: str
    unit: str
    document: str
    revision: int
    number: int
    extension: str = "edi"

    @property
    def prefix(self) -> str:
        """What all files of one kind for one document have in common."""
        return prefix(self.kind, self.partner, self.unit, self.document)

    @property
    def exact(self) -> bool:
        """Whether the number stands there as it is, so that it can be read from the name."""
        return _MARK.search(self.document) is None and _MARK.search(self.unit) is None

    def __str__(self) -> str:
        return f"{self.prefix}{self.revision}_{self.number:09d}.{self.extension}"


def prefix(kind: str, partner: str, unit: str, document: str) -> str:
    """What the names of a document's files begin with, whatever their revision and number."""
    return "".join(f"{plain(part)}_" for part in (kind, partner, unit, document))


def parse(name: str) -> FileName | None:
    """The parts of a name of ours, as they stand there; None for other files."""
    found = _FORM.fullmatch(name)
    if found is None:
        return None
    parts = found.groupdict()
    revision, number = int(parts.pop("revision")), int(parts.pop("number"))
    return FileName(**parts, revision=revision, number=number)


def plain(text: str) -> str:
    """A part of a name. What had to be replaced or cut gets a mark, so that two texts never become one."""
    plain = _ODD.sub(".", text)
    if plain == text and len(plain) <= _LONGEST:
        return plain
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{plain[: _LONGEST - 9]}.{mark}"
