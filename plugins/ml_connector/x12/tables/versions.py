"""Which table serves for which version."""

from __future__ import annotations

from ml_connector.x12.tables import Table, load


def release(version: str) -> str:
    """The six digits that a GS08 begins with (``004010VICS``), or nothing."""
    digits = version[:6]
    return digits if len(digits) == 6 and digits.isascii() and digits.isdigit() else ""


def is_old(version: str) -> bool:
    """Whether it is older than the oldest table: six-digit dates, other dependences of elements."""
    return "" < release(version) < "004"


def exact(version: str) -> bool:
    """Whether the table is made for this version or for a near one of the same release."""
    return release(version)[:4] in {"0040", "0050"}


def table_for(version: str) -> Table:
    """The table that comes closest to a GS08."""
    return load("005010" if release(version) >= "005" else "004010")
