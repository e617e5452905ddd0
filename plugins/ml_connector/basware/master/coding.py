"""Coding data as records of Basware, and back: accounts, cost centres, tax codes, terms, lists, projects.

The body of a document has Basware's own field names but for these: ``name`` becomes the translations,
``companies`` (codes separated by blanks) and ``inherit`` the companies, ``languages`` says in which
languages, and days become times. ``list`` names the list that holds the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ml_connector.basware.master.codes import unmarked
from ml_connector.basware.master.translations import ENGLISH, read_translations, translations
from ml_connector.core.contract import Payload

_OURS = ("name", "languages", "companies", "inherit", "list")
_SERVER = ("externalCode", "lastUpdated", "companies")


@dataclass(frozen=True, slots=True)
class Coding:
    """How a kind of coding data looks in Basware.

    Attributes:
        code: the field of the business code.
        names: the field of the translations; None where descriptions are plain texts.
        days: fields that hold a date; the API wants times.
        inherits: its companies say whether the units below them inherit.
    """

    code: str
    names: str | None = None
    days: frozenset[str] = frozenset()
    inherits: bool = False

    def record(self, code: str, body: Payload, *, active: bool) -> Payload:
        """The record of a document.

        Args:
            code: external code.
        """
        record: Payload = {"externalCode": code}
        for name, value in body.items():
            if name not in _OURS and value is not None:
                record[name] = f"{value}T00:00:00Z" if name in self.days else value
        if self.names is not None:
            wanted = body.get("languages") or ENGLISH
            record[self.names] = translations(
                str(body.get("name") or body[self.code]), str(body[self.code]), wanted
            )
        return record | {"companies": self._companies(body, active=active)}

    def _companies(self, body: Payload, *, active: bool) -> list[Payload]:
        more = {"inherit": bool(body.get("inherit"))} if self.inherits else {}
        codes = sorted(set(str(body.get("companies") or "").split()))
        return [{"companyCode": code, **more, "active": active} for code in codes]

    def body(self, record: Payload) -> Payload:
        """The body of a record: what the product owns of it, comparable with what was sent."""
        body = {name: self._value(name, value) for name, value in record.items()
                if name not in _SERVER and name != self.names and value not in (None, "", [])}  # fmt: skip
        if self.names is not None:
            code = str(record.get(self.code) or "")
            body["name"], body["languages"] = read_translations(record.get(self.names), code)
        active = self.is_active(record)
        rows = [row for row in record.get("companies") or () if bool(row.get("active")) == active]
        body["companies"] = " ".join(sorted(str(row["companyCode"]) for row in rows))
        if self.inherits:
            body["inherit"] = all(bool(row.get("inherit")) for row in rows)
        return body

    def _value(self, name: str, value: Any) -> Any:
        if name in self.days:
            return str(value)[:10]
        return unmarked(value) if isinstance(value, str) else value

    def is_active(self, record: Payload) -> bool:
        """Whether any company may use it; a record without companies is everybody's."""
        rows = record.get("companies") or ()
        return not rows or any(bool(row.get("active")) for row in rows)

    def companies_of(self, record: Payload) -> list[tuple[str, bool]]:
        """Company codes of a record, each with whether it may use the record."""
        return [(str(row["companyCode"]), bool(row.get("active"))) for row in record.get("companies") or ()]

    def switched_off(self, record: Payload) -> Payload:
        """The record as it stands in Basware, for nobody's use any more."""
        kept = {name: value for name, value in record.items() if name != "lastUpdated" and value is not None}
        rows = [{**row, "active": False} for row in record.get("companies") or ()]
        return kept | {"companies": rows}
