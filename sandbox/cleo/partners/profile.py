"""The trading partners: who they are, what they take, how they write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .x12 import Address, Marks

PLAIN = Marks()


@dataclass
class Partner:
    """One trading partner.

    Attributes:
        name: as its connection in Cleo is called.
        identities: its addresses; the first one is used where an answer has no order to go by.
        versions: version -> first day it may be used; an empty day is always.
        marks: the only delimiters it reads, and those it writes.
        line_end: what it writes behind a segment; when reading it does not care.
        takes: transaction sets it is set up for; 997 goes without saying.
        requires: segments it wants by set, `REF*IA` with the first element.
        units: units of measure it knows.
    """

    name: str
    title: str
    identities: tuple[Address, ...]
    versions: dict[str, str]
    marks: Marks = PLAIN
    line_end: str = ""
    takes: tuple[str, ...] = ("850", "860", "810")
    requires: dict[str, tuple[str, ...]] = field(default_factory=dict)
    units: tuple[str, ...] = ("EA", "CA", "BX")
    acknowledgment: str = "accept"
    response: str = "accept"
    invoice: str = "exact"

    def allows(self, version: str, days: tuple[str, ...]) -> bool:
        """Whether a version may be used on one of these days (CCYYMMDD)."""
        first = self.versions.get(version)
        if first is None:
            return False
        later = [other for other in self.versions.values() if other > first]
        end = min(later, default="99999999")
        return any(first <= day < end for day in days)


def _address(qualifier: str, ident: str, group_id: str = "") -> Address:
    return Address(qualifier, ident, group_id or ident)


PARTNERS = (
    Partner(
        "ACME",
        "ACME INDUSTRIAL SUPPLY",
        (_address("01", "123456789"),),
        {"004010": ""},
        requires={"850": ("REF*IA", "DTM*002", "N1*ST")},
        units=("EA", "CA", "BX", "GA", "MR", "LT", "TN"),
    ),
    Partner(
        "GLOBEX",
        "GLOBEX CORPORATION",
        (_address("ZZ", "GLOBEX", "GLOBEXPO"),),
        {"005010": ""},
        marks=Marks("*", ":", "~", "^"),
        line_end="\n",
        takes=("850", "810"),
    ),
    Partner(
        "INITECH",
        "INITECH",
        (_address("12", "5551234567"),),
        {"004010": ""},
        marks=Marks("|", ">", "~", "U"),
        line_end="\r\n",
        takes=("850", "860"),
        acknowledgment="never",
    ),
    Partner(
        "NORTHWIND",
        "NORTHWIND TRADERS",
        (_address("01", "222222222"), _address("01", "222222223")),
        {"004010": "", "005010": "20270101"},
    ),
)


def partners() -> dict[str, Partner]:
    """Fresh copies by name."""
    return {
        partner.name: replace(partner, versions=dict(partner.versions), requires=dict(partner.requires))
        for partner in PARTNERS
    }
