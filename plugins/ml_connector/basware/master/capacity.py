"""What the generic lists of Basware hold: so many columns of each type, and so long a text.

Documented in the vendor's OpenAPI (description of ``/v1/lists/{listKey}``). Which list and which column
mean what is set up in P2P by the customer, so a tenant names them.
"""

from __future__ import annotations

from dataclasses import dataclass

LONG, SHORT = 250, 50
LISTS = r"(ACC_LIST_([1-9]|[12][0-9]|3[0-5])|INV_LIST_([1-9]|1[0-9]|20)|CUST_RESOLVER_[1-5])"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Columns of a list by type, and the characters that one of its texts may have."""

    texts: int
    numbers: int = 0
    dates: int = 0
    length: int = LONG

    def holds(self, column: str) -> bool:
        """Whether the list has a column, e.g. ``text_2``."""
        kind, _, number = column.partition("_")
        count = {"text": self.texts, "number": self.numbers, "dateValue": self.dates}.get(kind, 0)
        return number.isdigit() and 1 <= int(number) <= count

    def columns(self) -> str:
        """The columns in words."""
        counts = (("text", self.texts), ("number", self.numbers), ("dateValue", self.dates))
        return ", ".join(f"{kind}_1 to {kind}_{count}" for kind, count in counts if count)


_KINDS = {
    "ACC_LIST": (
        (10, Capacity(5, 3)),
        (20, Capacity(5, 3, length=SHORT)),
        (30, Capacity(10, 5, 5)),
        (35, Capacity(25, 10, 10)),
    ),
    "INV_LIST": ((10, Capacity(5)), (20, Capacity(10, 5, 5))),
    "CUST_RESOLVER": ((5, Capacity(15, 15, 15)),),
}


def capacity(key: str) -> Capacity:
    """What a list holds.

    Args:
        key: of the list, e.g. ``ACC_LIST_11``.

    Raises:
        KeyError: Basware has no such list.
    """
    family, _, number = key.rpartition("_")
    for last, found in _KINDS[family]:
        if int(number) <= last:
            return found
    raise KeyError(key)
