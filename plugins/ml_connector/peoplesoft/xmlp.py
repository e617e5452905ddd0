"""Reading XMLP answers of Query Access Services and bare ``IBResponse`` documents.

A document type declaration ends the reading at once, so that no entity is ever declared or
fetched (the SOAP connector's own history: CVE-2017-3548). Names are compared without namespace:
faults and answers use different prefixes for the same elements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

Row = dict[str, object]


class UnusableXml(ValueError):
    """No well-formed document, or one with a document type declaration."""


@dataclass(slots=True)
class XmlAnswer:
    """What was found.

    Attributes:
        root: local name of the outermost element.
        rows: of an XMLP result; the row number is left out.
        numrows: as announced.
        texts: text of every other element by local name, the last one of each.
        error: an ``IBResponse`` says that it is an error.
    """

    root: str = ""
    rows: list[Row] = field(default_factory=list)
    numrows: int | None = None
    texts: dict[str, str] = field(default_factory=dict)
    error: bool = False


class _Reader:
    def __init__(self) -> None:
        self.answer = XmlAnswer()
        self._row: Row | None = None
        self._text: list[str] = []
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self._depth += 1
        if self._depth == 1:
            self.answer.root = local
        if local == "query" and attributes.get("numrows", "").isdecimal():
            self.answer.numrows = int(attributes["numrows"])
        elif local == "row" and self._row is None:
            self._row = {}
            self.answer.rows.append(self._row)
        elif local == "IBResponse":
            self.answer.error = attributes.get("type") == "error"
        self._text.clear()

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        self._depth -= 1
        if local == "row":
            self._row = None
        elif self._row is not None:
            self._row[local] = "".join(self._text)
        elif text := "".join(self._text).strip():
            self.answer.texts[local] = text
        self._text.clear()


def _refuse(*_: object) -> None:
    raise UnusableXml("the document has a document type declaration")


def parse_xml(data: bytes) -> XmlAnswer:
    """Read one document.

    Raises:
        UnusableXml: not well-formed, cut off, or with a document type declaration.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnusableXml(f"not well-formed: {expat.ErrorString(error.code)}") from None
    return reader.answer
