"""A small service description of our own, with the message numbers that a database would give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

XSD = "http://www.w3.org/2001/XMLSchema"
SCHEMAS = "http://xmlns.oracle.com/Enterprise/Tools/schemas"
OUTSIDE = "https://psoft.internal.example:8443/PSIGW/PeopleSoftServiceListeningConnector"
"""What PeopleSoft believes to be its own address."""

LEAVES = {
    "SETID": '<xsd:restriction base="xsd:string"><xsd:maxLength value="5"/></xsd:restriction>',
    "THING_ID": '<xsd:restriction base="xsd:string"><xsd:maxLength value="10"/></xsd:restriction>',
    "DESCR": '<xsd:restriction base="xsd:string"/>',
    "AMOUNT": '<xsd:union memberTypes="xsd:decimal blank"/>',
    "EFFDT": '<xsd:union memberTypes="xsd:date blank"/>',
    "COUNTER": '<xsd:restriction base="xsd:integer"/>',
    "PART_NBR": '<xsd:restriction base="xsd:decimal"/>',
    "NOTE": '<xsd:restriction base="xsd:string"/>',
    "COLOUR": '<xsd:restriction base="xsd:string"/>',
}
Tree = Mapping[str, "str | Tree"]
THING: Tree = {
    "SETID": "1", "THING_ID": "0", "DESCR": "0", "AMOUNT": "0", "EFFDT": "0", "COUNTER": "0",
    "PART": {"PART_NBR": "1", "NOTE": "0", "SUB": {"COLOUR": "0"}},
}  # fmt: skip
"""Properties with their ``minOccurs``; a mapping is a collection."""
KEYS: Tree = {"SETID": "0", "THING_ID": "0"}
MESSAGE: Tree = dict.fromkeys(
    ("type", "messagesetnumber", "messagenumber", "messagetext", "explaintext"), "0"
)


def _answers(kind: str, ci: str) -> str:
    leaves = "".join(f'<xsd:element name="{name}" type="xsd:string" minOccurs="0"/>' for name in MESSAGE)
    if kind == "found":
        return _element(ci, KEYS, many=True)
    return (
        '<xsd:element name="notification" type="xsd:string"/><xsd:element name="detail" minOccurs="0">'
        f"<xsd:complexType><xsd:sequence>{_element(ci, KEYS)}"
        '<xsd:element name="messages" minOccurs="0" maxOccurs="unbounded"><xsd:complexType><xsd:sequence>'
        f"{leaves}</xsd:sequence></xsd:complexType></xsd:element></xsd:sequence></xsd:complexType></xsd:element>"
    )


def _element(name: str, tree: Tree, *, many: bool = False) -> str:
    bound = ' maxOccurs="unbounded"' if many else ""
    return (
        f'<xsd:element name="{name}" minOccurs="0"{bound}><xsd:complexType><xsd:sequence>{_sequence(tree)}'
        "</xsd:sequence></xsd:complexType></xsd:element>"
    )


def _sequence(tree: Tree) -> str:
    return "".join(
        f'<xsd:element name="{name}" type="{_kind(name)}TypeShape" minOccurs="{below}"/>'
        if isinstance(below, str)
        else _element(name, below, many=True)
        for name, below in tree.items()
    )


def _kind(name: str) -> str:
    return name.removeprefix("KEYPROP_").removeprefix("PROP_")


@dataclass
class Wsdl:
    """The description of one service.

    Attributes:
        number: of the first message; every database has its own.
        service: name of the web service.
        ci: name of the component interface.
        thing: properties of the object.
        verbs: operations by suffix.
        imported: schemas stand in files of their own, named with the address of ``OUTSIDE``.
        address: of the service.
        operation: name of an operation, from service and suffix.
    """

    number: int = 100001
    service: str = "CI_THING"
    ci: str = "THING"
    thing: Tree = field(default_factory=lambda: dict(THING))
    verbs: Mapping[str, str] = field(
        default_factory=lambda: {
            "C": "Create", "G": "Get", "F": "Find", "UP": "Update", "UD": "Updatedata",
        }
    )  # fmt: skip
    imported: bool = False
    address: str = f"{OUTSIDE}/PSFT_EP"
    operation: str = "{service}_{suffix}"

    @property
    def operations(self) -> dict[str, str]:
        """SOAPAction to the input's root element; the action is not what one would build."""
        return {
            f"{self._operation(suffix)}.V1x": f"{verb}__CompIntfc__{self.ci}" for suffix, verb in self._all()
        }

    def namespace(self, root: str) -> str:
        """Namespace of a root element."""
        for place, (_, verb) in enumerate(self._all()):
            plain = f"{verb}__CompIntfc__{self.ci}"
            if root in {plain, f"{plain}Response"}:
                return f"{SCHEMAS}/M{self.number + 2 * place + root.endswith('Response')}.V1"
        raise KeyError(root)

    def schemas(self) -> dict[str, str]:
        """Schema of each message by its name."""
        return {
            self.namespace(root).removeprefix(f"{SCHEMAS}/"): self._schema(root, suffix)
            for suffix, verb in self._all()
            for root in (f"{verb}__CompIntfc__{self.ci}", f"{verb}__CompIntfc__{self.ci}Response")
        }

    def text(self) -> str:
        """The description."""
        spaces = " ".join(f'xmlns:{name}="{SCHEMAS}/{name}"' for name in self.schemas())
        types = "".join(
            f'<xsd:schema><xsd:import namespace="{SCHEMAS}/{name}" '
            f'schemaLocation="{OUTSIDE}/PSFT_EP/{name}.xsd"/></xsd:schema>'
            if self.imported
            else schema
            for name, schema in self.schemas().items()
        )
        return (
            f'<?xml version="1.0"?><wsdl:definitions name="{self.service}.1" '
            f'targetNamespace="urn:{self.service}" xmlns:tns="urn:{self.service}" '
            'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
            f'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xsd="{XSD}" {spaces}>'
            f"<wsdl:types>{types}</wsdl:types>{self._messages()}{self._port_type()}{self._binding()}"
            f'<wsdl:service name="{self.service}"><wsdl:port name="Port" binding="tns:Binding">'
            f'<soap:address location="{self.address}"/></wsdl:port></wsdl:service></wsdl:definitions>'
        )

    def _all(self) -> list[tuple[str, str]]:
        return list(self.verbs.items())

    def _operation(self, suffix: str) -> str:
        return self.operation.format(service=self.service, suffix=suffix)

    def _schema(self, root: str, suffix: str) -> str:
        answer, space = root.endswith("Response"), self.namespace(root)
        thing = {**self.thing}
        if answer and suffix not in {"G", "F"}:
            body = _answers("written", self.ci)
        elif answer and suffix == "F":
            body = _answers("found", self.ci)
        else:
            body = _sequence(self._keys(thing) if suffix in {"G", "F"} and not answer else thing)
        leaves = "".join(
            f'<xsd:simpleType name="{name}_Def">{kind}</xsd:simpleType>'
            f'<xsd:complexType name="{name}TypeShape">'
            f'<xsd:simpleContent><xsd:extension base="{name}_Def">'
            '<xsd:attribute name="IsChanged" type="xsd:string"/></xsd:extension></xsd:simpleContent>'
            "</xsd:complexType>"
            for name, kind in LEAVES.items()
        )
        return (
            f'<xsd:schema xmlns:xsd="{XSD}" xmlns="{space}" targetNamespace="{space}" '
            'elementFormDefault="qualified"><xsd:simpleType name="blank"><xsd:restriction base="xsd:string">'
            f'<xsd:length value="0"/></xsd:restriction></xsd:simpleType>{leaves}<xsd:element name="{root}">'
            f"<xsd:complexType><xsd:sequence>{body}</xsd:sequence></xsd:complexType></xsd:element></xsd:schema>"
        )

    @staticmethod
    def _keys(thing: Tree) -> Tree:
        return {name: "0" for name in thing if _kind(name) in {"SETID", "THING_ID", "DESCR"}}

    def _roots(self) -> list[str]:
        plain = [f"{verb}__CompIntfc__{self.ci}" for _, verb in self._all()]
        return [root for one in plain for root in (one, f"{one}Response")]

    def _messages(self) -> str:
        return "".join(
            f'<wsdl:message name="{root}"><wsdl:part name="parameter" element="{self._short(root)}:{root}"/>'
            "</wsdl:message>"
            for root in self._roots()
        )

    def _short(self, root: str) -> str:
        return self.namespace(root).rpartition("/")[2]

    def _port_type(self) -> str:
        body = "".join(
            f'<wsdl:operation name="{self._operation(suffix)}">'
            f'<wsdl:input message="tns:{verb}__CompIntfc__{self.ci}"/>'
            f'<wsdl:output message="tns:{verb}__CompIntfc__{self.ci}Response"/></wsdl:operation>'
            for suffix, verb in self._all()
        )
        return f'<wsdl:portType name="PortType">{body}</wsdl:portType>'

    def _binding(self) -> str:
        literal = '<soap:body use="literal"/>'
        body = "".join(
            f'<wsdl:operation name="{self._operation(suffix)}">'
            f'<soap:operation soapAction="{self._operation(suffix)}.V1x" style="document"/>'
            f"<wsdl:input>{literal}</wsdl:input><wsdl:output>{literal}</wsdl:output></wsdl:operation>"
            for suffix, _ in self._all()
        )
        return (
            '<wsdl:binding name="Binding" type="tns:PortType"><soap:binding style="document" '
            f'transport="http://schemas.xmlsoap.org/soap/http"/>{body}</wsdl:binding>'
        )
