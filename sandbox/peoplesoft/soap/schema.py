"""XML schemas of the messages: one per message, every leaf a type of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from .fields import FIELDS, Field
from .interfaces import Interface, Level
from .messages import MessageName

XSD = "http://www.w3.org/2001/XMLSchema"
NOTICE = ("type", "messagesetnumber", "messagenumber", "messagetext", "explaintext")
SAVED = ("Create", "Update", "Updatedata")
EMPTY = (
    '<xsd:simpleType name="emptyString"><xsd:restriction base="xsd:string"><xsd:length value="0"/>'
    "</xsd:restriction></xsd:simpleType>"
)


@dataclass(frozen=True)
class Types:
    """Writes the types of one interface with the site's names."""

    interface: Interface

    def leaves(self, names: Iterable[str]) -> Iterator[str]:
        """Type definitions of leaf properties, each once."""
        for name in dict.fromkeys(names):
            yield _leaf(self.interface.tag(name), FIELDS[name])

    def element(self, name: str, *, required: bool) -> str:
        """A leaf property inside a sequence."""
        tag = self.interface.tag(name)
        return f'<xsd:element name="{tag}" type="{tag}TypeShape" minOccurs="{int(required)}"/>'

    def collection(self, level: Level) -> Iterator[str]:
        """Types of a collection, innermost first."""
        for child in level.children:
            yield from self.collection(child)
        yield _complex(f"{self.interface.tag(level.name)}ComplexTypeShape", self.content(level, level.keys))

    def content(self, level: Level, required: Iterable[str]) -> str:
        """Properties and collections of a level."""
        wanted = set(required)
        leaves = (self.element(name, required=name in wanted) for name in level.fields)
        tags = [self.interface.tag(child.name) for child in level.children]
        return "".join(leaves) + "".join(
            f'<xsd:element name="{tag}" type="{tag}ComplexTypeShape" minOccurs="0" maxOccurs="unbounded"/>'
            for tag in tags
        )

    def plain(self, names: Iterable[str]) -> str:
        """Optional leaf properties."""
        return "".join(self.element(name, required=False) for name in names)


def request_schema(interface: Interface, method: str, message: MessageName) -> str:
    """Schema of a request."""
    types, level = Types(interface), interface.level
    if method in ("Get", "Find"):
        names = level.keys if method == "Get" else interface.search
        return _schema(message, types.leaves(names), interface.root(method), types.plain(names))
    keys = set(level.keys) - set(interface.optional_keys)
    required = keys - {interface.next_key} if method == "Create" else keys
    return _whole(types, message, interface.root(method), required)


def response_schema(interface: Interface, method: str, message: MessageName) -> str:
    """Schema of an answer."""
    types, root = Types(interface), f"{interface.root(method)}Response"
    if method == "Get":
        return _whole(types, message, root, ())
    row = f"{interface.name}ComplexTypeShape"
    if method == "Find":
        made = [*types.leaves(interface.search), _complex(row, types.plain(interface.search))]
        content = f'<xsd:element name="{interface.name}" type="{row}" minOccurs="0" maxOccurs="unbounded"/>'
        return _schema(message, made, root, content)
    keys = interface.level.keys
    texts = (_text(name) for name in (*NOTICE, "notification"))
    notices = "".join(f'<xsd:element name="{name}" type="{name}TypeShape" minOccurs="0"/>' for name in NOTICE)
    detail = (
        f'<xsd:element name="{interface.name}" type="{row}" minOccurs="0"/>'
        '<xsd:element name="messages" type="messagesComplexTypeShape" minOccurs="0" maxOccurs="unbounded"/>'
    )
    made = [
        *types.leaves(keys),
        *texts,
        _complex("messagesComplexTypeShape", notices),
        _complex(row, types.plain(keys)),
        _complex("detailComplexTypeShape", detail),
    ]
    content = (
        '<xsd:element name="notification" type="notificationTypeShape"/>'
        '<xsd:element name="detail" type="detailComplexTypeShape" minOccurs="0"/>'
    )
    return _schema(message, made, root, content)


@lru_cache(maxsize=256)
def validator(interface: Interface, method: str, message: MessageName) -> Any:
    """The compiled schema of a request."""
    return etree.XMLSchema(etree.fromstring(request_schema(interface, method, message)))


def _whole(types: Types, message: MessageName, root: str, required: Iterable[str]) -> str:
    level = types.interface.level
    made = [
        *types.leaves(_all_fields(level)),
        *(part for child in level.children for part in types.collection(child)),
    ]
    return _schema(message, made, root, types.content(level, required))


def _all_fields(level: Level) -> Iterator[str]:
    yield from level.fields
    for child in level.children:
        yield from _all_fields(child)


def _schema(message: MessageName, types: Iterable[str], root: str, content: str) -> str:
    shape = f"{root}TypeShape"
    return (
        f'<xsd:schema elementFormDefault="qualified" targetNamespace="{message.namespace}" '
        f'xmlns="{message.namespace}" xmlns:xsd="{XSD}">{EMPTY}{"".join(types)}{_complex(shape, content)}'
        f'<xsd:element name="{root}" type="{shape}"/></xsd:schema>'
    )


def _complex(name: str, content: str) -> str:
    return f'<xsd:complexType name="{name}"><xsd:sequence>{content}</xsd:sequence></xsd:complexType>'


def _leaf(tag: str, field: Field) -> str:
    if field.kind == "char":
        limit = f'<xsd:maxLength value="{field.length}"/>'
        kind = f'<xsd:restriction base="xsd:string">{limit}</xsd:restriction>'
    else:
        base = "date" if field.kind == "date" else "decimal"
        kind = f'<xsd:union memberTypes="xsd:{base} emptyString"/>'
    return (
        f'<xsd:simpleType name="{tag}_TypeDef">{kind}</xsd:simpleType>'
        f'<xsd:complexType name="{tag}TypeShape"><xsd:simpleContent><xsd:extension base="{tag}_TypeDef">'
        '<xsd:attribute name="IsChanged" type="xsd:string" use="optional"/>'
        "</xsd:extension></xsd:simpleContent></xsd:complexType>"
    )


def _text(name: str) -> str:
    return (
        f'<xsd:complexType name="{name}TypeShape"><xsd:simpleContent><xsd:extension base="xsd:string"/>'
        "</xsd:simpleContent></xsd:complexType>"
    )
