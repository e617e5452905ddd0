"""Messages and answers held against the published samples of component interfaces."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ml_connector.core.errors import AuthenticationError, ConnectorError, NotActivated, Rejected
from ml_connector.core.http import HandlerTransport, Request, Response
from ml_connector.peoplesoft.settings import PeopleSoftSettings
from ml_connector.peoplesoft.soap import (
    ComponentInterfaces,
    Created,
    Interface,
    InterfaceName,
    MemoryWsdlCache,
    make_client,
)

XSD = "{http://www.w3.org/2001/XMLSchema}"
VOUCHER = InterfaceName("AP_VOUCHER")
VALUES: dict[str, Any] = {
    "BUSINESS_UNIT": "US001", "VOUCHER_ID": "NEXT", "VOUCHER_STYLE": "REG", "INVOICE_ID": "BW-778812",
    "INVOICE_DT": "2026-10-02", "VENDOR_ID": "0000000012", "GROSS_AMT": Decimal("1250.50"),
    "TXN_CURRENCY_CD": "USD",
    "VOUCHER_LINE": [
        {
            "VOUCHER_LINE_NUM": 1, "DESCR": "Office supplies", "MERCHANDISE_AMT": Decimal("1250.50"),
            "DISTRIB_LINE": [
                {
                    "DISTRIB_LINE_NUM": 1, "BUSINESS_UNIT_GL": "US001", "ACCOUNT": "641000",
                    "DEPTID": "10200", "MERCHANDISE_AMT": Decimal("1250.50"),
                }
            ],
        }
    ],
}  # fmt: skip


class Documented:
    """Serves the published description, and answers with one of the samples."""

    def __init__(self, facts: Path) -> None:
        self.facts = facts
        self.wsdl = (facts / "wsdl" / "CI_AP_VOUCHER.1.wsdl").read_bytes()
        self.answer = ""
        self.status = 200
        self.sent: list[Request] = []

    async def handle(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(200, {}, self.wsdl)
        self.sent.append(request)
        return Response(self.status, {"Content-Type": "text/xml"}, self.sample(self.answer))

    def sample(self, name: str) -> bytes:
        return (self.facts / "samples" / f"soap_{name}.xml").read_bytes()

    async def interface(self, *, wsse: bool = True) -> Interface:
        extra = {"node": "PSFT_EP", "soap_auth": "wsse" if wsse else "basic"}
        settings = PeopleSoftSettings.from_connection(
            host="https://erp.example.com", login="OPRID_HERE", password="PASSWORD_HERE", extra=extra
        )
        client = make_client(settings, transport=HandlerTransport(self.handle))
        return await ComponentInterfaces(settings, client, MemoryWsdlCache()).interface(VOUCHER)


@pytest.fixture
def documented(facts: Path) -> Documented:
    return Documented(facts)


def tree(element: etree._Element) -> tuple[str, dict[str, str], str, list[Any]]:
    """An element without prefixes and blanks between elements."""
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return str(element.tag), attributes, (element.text or "").strip(), [tree(one) for one in element]


def validate(wsdl: bytes, message: bytes) -> None:
    """Check the body by the schema of its namespace."""
    content = etree.fromstring(message).find("{*}Body")[0]
    space = etree.QName(content).namespace
    schemas = etree.fromstring(wsdl).iter(f"{XSD}schema")
    (schema,) = (one for one in schemas if one.get("targetNamespace") == space)
    etree.XMLSchema(copy.deepcopy(schema)).assertValid(content)


async def test_a_create_is_the_published_request(documented: Documented) -> None:
    documented.answer = "ci_create_response_ok"
    created = await (await documented.interface()).create(dict(reversed(VALUES.items())))
    assert created == Created({"BUSINESS_UNIT": "US001", "VOUCHER_ID": "00001235"})
    (request,) = documented.sent
    assert request.body is not None
    assert tree(etree.fromstring(request.body)) == tree(
        etree.fromstring(documented.sample("ci_create_request"))
    )
    assert request.url == "https://erp.example.com/PSIGW/PeopleSoftServiceListeningConnector/PSFT_EP"
    assert request.headers["SOAPAction"] == '"CI_AP_VOUCHER_C.V1"'
    assert "Authorization" not in request.headers


async def test_every_operation_sends_what_its_schema_allows(documented: Documented) -> None:
    documented.answer = "ci_create_response_ok"
    one = await documented.interface(wsse=False)
    keys = {"BUSINESS_UNIT": "US001", "VOUCHER_ID": "00001235"}
    await one.create(VALUES)
    await one.update(VALUES | keys)
    await one.update_data(keys | {"DESCR254_MIXED": "x" * 254})
    for look_up in (one.get, one.find):
        with pytest.raises(ConnectorError):  # the sample answers another operation
            await look_up({**keys, "INVOICE_ID": "BW-778812"} if look_up == one.find else keys)
    assert len(documented.sent) == 5
    for request in documented.sent:
        assert request.body is not None
        validate(documented.wsdl, request.body)
        assert etree.fromstring(request.body).find("{*}Header") is None


async def test_a_refusal_is_the_document_s(documented: Documented) -> None:
    documented.answer = "ci_create_response_rejected"
    with pytest.raises(Rejected, match=r"^Duplicate invoice") as caught:
        await (await documented.interface()).create(VALUES)
    assert caught.value.code == "0,0"


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fault_bad_password", AuthenticationError),
        ("fault_username_not_defined", AuthenticationError),
        ("fault_not_authorized", NotActivated),
        ("fault_xml_parse", Rejected),
    ],
)
async def test_published_faults(
    documented: Documented, status: int, name: str, kind: type[ConnectorError]
) -> None:
    documented.answer, documented.status = name, status
    one = await documented.interface()
    with pytest.raises(kind) as caught:
        await one.create(VALUES)
    code = {"fault_bad_password": 45, "fault_username_not_defined": 55, "fault_not_authorized": 536}.get(
        name, 5
    )
    assert f",{code})" in str(caught.value)
    if isinstance(caught.value, NotActivated):
        assert caught.value.operation == "CI_AP_VOUCHER_C"
    if kind is AuthenticationError:
        with pytest.raises(AuthenticationError, match="a moment ago"):
            await one.create(VALUES)
        assert len(documented.sent) == 1
