"""What an answer of a component interface holds: a notification with messages, rows, or a fault."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from ml_connector.peoplesoft.soap.messages import Fault, Message
from ml_connector.peoplesoft.soap.xml import UnusableXml, child, descendant, local, parse, text

_CODE = re.compile(r"\((\d+),\s*(\d+)\)")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the component interface.

    Attributes:
        root: the answer's element.
        notification: ``1`` for success, ``0`` for a refusal; None where the answer has none.
        messages: what PeopleSoft says about it, errors first.
    """

    root: etree._Element
    notification: str | None
    messages: tuple[Message, ...]

    @property
    def keys(self) -> etree._Element | None:
        """The element of ``detail`` that holds the object's keys."""
        detail = child(self.root, "detail")
        rows = [] if detail is None else [one for one in detail if local(one) != "messages"]
        return rows[0] if rows else None


def read(body: bytes) -> Reply | Fault:
    """Read an answer, whatever its status was. Prefixes differ between faults and answers.

    Raises:
        UnusableXml: no answer of the SOAP connector: a page, a part of an answer, nothing.
    """
    root = parse(body)
    if local(root) == "IBResponse":
        return _ib_fault(root)
    if local(root) != "Envelope":
        raise UnusableXml(f"an XML document of an unknown kind: {local(root)}")
    content = child(root, "Body")
    if content is None or not len(content):
        raise UnusableXml("an envelope without content")
    first = content[0]
    if local(first) == "Fault":
        return _fault(first)
    if local(first) == "IBResponse":
        return _ib_fault(first)
    found = child(first, "notification")
    return Reply(first, None if found is None else text(found), _messages(first))


def _fault(element: etree._Element) -> Fault:
    response = descendant(element, "IBResponse")
    if response is not None:
        return _ib_fault(response)
    words = [text(child(element, name)) for name in ("faultstring", "Reason", "detail", "Detail")]
    return _coded("; ".join(word for word in words if word and word != "null") or "no text")


def _ib_fault(response: etree._Element) -> Fault:
    if response.get("type", "error") != "error":
        raise UnusableXml("an IBResponse that is neither an answer nor an error")
    message = text(child(response, "DefaultMessage")) or text(child(response, "DefaultTitle"))
    return _coded(message or "no text")


def _coded(message: str) -> Fault:
    """The message number stands at the end of the text; what is quoted before it may look like one."""
    codes = _CODE.findall(message)
    return Fault(",".join(codes[-1]) if codes else "", message)


def _messages(root: etree._Element) -> tuple[Message, ...]:
    detail = child(root, "detail")
    found = [] if detail is None else [_message(one) for one in detail if local(one) == "messages"]
    return tuple(sorted(found, key=lambda message: not message.is_error))


def _message(element: etree._Element) -> Message:
    number = [text(child(element, name)) for name in ("messagesetnumber", "messagenumber")]
    words = text(child(element, "messagetext")) or text(child(element, "explaintext"))
    return Message(text(child(element, "type")), ",".join(number) if all(number) else "", words or "no text")
