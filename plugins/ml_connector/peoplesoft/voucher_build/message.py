"""The VOUCHER_BUILD message of one voucher: as rowset XML, in its IBRequest, and as the REST twin's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from ml_connector.core.contract import Payload
from ml_connector.core.errors import Rejected
from ml_connector.peoplesoft.soap.values import to_text
from ml_connector.peoplesoft.voucher_build.records import CONTROL, HEADER, StagingRecord

_KEYS = ("BUSINESS_UNIT", "VOUCHER_ID")
_DEFAULTS: Payload = {"VOUCHER_STYLE": "REG"}
_REFERENCE_FIELD = "DESCR254_MIXED"
_REFERENCE_LENGTH = 254
_CONTROL_VALUES = {
    "AUDIT_ACTN": "A",
    "BASE_LANGUAGE_CD": "ENG",
    "PROCESS_INSTANCE": "0",
}  # A: a row to be added


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One row for a staging record; ``fields`` holds XML texts by name."""

    record: StagingRecord
    fields: dict[str, str]
    children: list[StagedRow] = field(default_factory=list)


def staged(body: Payload, voucher_id: str, reference: str) -> StagedRow:
    """The rows of a voucher.

    Args:
        body: as for the voucher's component interface.
        voucher_id: our own number, under which a repetition is recognised.
        reference: what stands in the voucher for a person, and for us.

    Raises:
        Rejected: a staging record has no such field.
    """
    keys = {"BUSINESS_UNIT": str(body.get("BUSINESS_UNIT") or ""), "VOUCHER_ID": voucher_id}
    text = with_reference(str(body.get(_REFERENCE_FIELD) or ""), reference)
    payments = body.get("PYMNT_VCHR_XREF") or [{}]
    values = {**_DEFAULTS, **body, "PYMNT_VCHR_XREF": payments, _REFERENCE_FIELD: text}
    return _row(HEADER, values, keys, HEADER.name)


def with_reference(text: str, reference: str) -> str:
    """A description that ends with our reference, cut to what the field holds."""
    room = max(_REFERENCE_LENGTH - len(mark(reference)) - 1, 0)
    return f"{text[:room].rstrip()} {mark(reference)}".strip()


def mark(reference: str) -> str:
    """Our reference as it stands in a description: its end is marked, so that none is part of another."""
    return f"[{reference}]"


def _row(record: StagingRecord, values: Payload, keys: dict[str, str], place: str) -> StagedRow:
    row = StagedRow(record, dict(keys))
    for name, value in values.items():
        if name in record.children:
            continue
        if name not in record.fields:
            raise Rejected(f"Voucher Build has no field {name} in {record.name}", field=f"{place}.{name}")
        if name not in keys and (text := to_text(f"{place}.{name}", value)):
            row.fields[name] = text
    for name, child in record.children.items():
        for number, below in enumerate(values.get(name) or (), 1):
            own = str(below.get(child.number) or number)
            inner = {**keys, str(child.number): own}
            row.children.append(_row(child, below, inner, f"{name}[{number}]"))
    return row


def rowset(row: StagedRow) -> etree._Element:
    """The message: types of the fields that are sent, then one transaction."""
    message = etree.Element("VOUCHER_BUILD")
    types = etree.SubElement(message, "FieldTypes")
    for record, names in _used(row).items():
        element = _record(types, record.name)
        for name in names:
            etree.SubElement(element, name, type=record.fields[name])
    control = _record(types, "PSCAMA")
    for name, kind in CONTROL.items():
        etree.SubElement(control, name, type=kind)
    transaction = etree.SubElement(etree.SubElement(message, "MsgData"), "Transaction")
    _append(transaction, row)
    control = _record(transaction, "PSCAMA")
    for name in CONTROL:
        etree.SubElement(control, name).text = _CONTROL_VALUES.get(name)
    return message


def _used(row: StagedRow) -> dict[StagingRecord, list[str]]:
    """Fields that occur, by record, in the order in which they first do."""
    used: dict[str, dict[str, None]] = {}
    records: dict[str, StagingRecord] = {}
    for one in _walk(row):
        records[one.record.name] = one.record
        used.setdefault(one.record.name, {}).update(dict.fromkeys(one.fields))
    return {records[name]: list(names) for name, names in used.items()}


def _walk(row: StagedRow) -> Iterator[StagedRow]:
    yield row
    for child in row.children:
        yield from _walk(child)


def _record(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, name, attrib={"class": "R"})


def _append(parent: etree._Element, row: StagedRow) -> None:
    element = _record(parent, row.record.name)
    for name, text in row.fields.items():
        etree.SubElement(element, name).text = text
    for child in row.children:
        _append(element, child)


def ib_request(row: StagedRow, *, operation: str, requesting: str, password: str, node: str) -> bytes:
    """The envelope of the HTTP listening connector, with the message in a CDATA section.

    Args:
        operation: external name of the service operation.
        requesting: node that stands for us in PeopleSoft.
        password: of that node.
        node: default local node of the database.
    """
    request = etree.Element("IBRequest")
    etree.SubElement(request, "ExternalOperationName").text = operation
    etree.SubElement(request, "OperationType").text = "async"
    sender = etree.SubElement(request, "From")
    etree.SubElement(sender, "RequestingNode").text = requesting
    etree.SubElement(sender, "Password").text = password
    etree.SubElement(etree.SubElement(request, "To"), "DestinationNode").text = node
    section = etree.SubElement(etree.SubElement(request, "ContentSections"), "ContentSection")
    # Inside the document every ">" is escaped, so it cannot end the section.
    etree.SubElement(section, "Data").text = etree.CDATA(f'<?xml version="1.0"?>{_unicode(rowset(row))}')
    return bytes(etree.tostring(request, encoding="UTF-8", xml_declaration=True))


def _unicode(element: etree._Element) -> str:
    return str(etree.tostring(element, encoding="unicode"))


def rest_body(row: StagedRow, group: str) -> Payload:
    """The JSON of a REST service that takes vouchers in; ``group`` is its name for the list."""
    return {"RequestBody": [{group: [{row.record.name: [_json(row)]}]}]}


def _json(row: StagedRow) -> Payload:
    made: dict[str, Any] = dict(row.fields)
    for child in row.children:
        made.setdefault(child.record.name, []).append(_json(child))
    return made
