"""XML in and out: no document type, no entity, no network, names compared without namespace."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

_REFERENCES = {
    ("http://schemas.xmlsoap.org/wsdl/", "import"): "location",
    ("http://www.w3.org/2001/XMLSchema", "import"): "schemaLocation",
    ("http://www.w3.org/2001/XMLSchema", "include"): "schemaLocation",
    ("http://www.w3.org/2001/XMLSchema", "redefine"): "schemaLocation",
}


class UnusableXml(ValueError):
    """No well-formed document, or one with a document type declaration."""


def parse(content: bytes) -> etree._Element:
    """The outermost element.

    The SOAP connector itself fell to entities once (CVE-2017-3548), so they are refused here too.

    Raises:
        UnusableXml: not well-formed, cut off, or with a document type declaration.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content.strip(), parser)
    except etree.XMLSyntaxError as error:
        raise UnusableXml(f"not well-formed: {error.msg}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnusableXml("the document has a document type declaration")
    return root


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(etree.QName(element).localname)


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of that local name."""
    return next((one for one in element if local(one) == name), None)


def descendant(element: etree._Element, name: str) -> etree._Element | None:
    """The first element of that local name, itself included."""
    return next((one for one in element.iter("*") if local(one) == name), None)


def text(element: etree._Element | None) -> str:
    """All text inside, trimmed; blank where there is no element."""
    return "" if element is None else "".join(element.itertext()).strip()


def references(content: bytes) -> Iterator[str]:
    """What a description or schema imports or includes, as it is written there.

    Raises:
        UnusableXml: see :func:`parse`.
    """
    for element in parse(content).iter("*"):
        name = etree.QName(element)
        attribute = _REFERENCES.get((name.namespace or "", name.localname))
        place = element.get(attribute) if attribute else None
        if place:
            yield place
