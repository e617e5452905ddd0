"""WSDL of the component interfaces: where it lies, what it says, and what differs between databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from sandbox import credentials
from sandbox.peoplesoft.soap.fields import FIELDS
from sandbox.peoplesoft.soap.interfaces import INTERFACES, Level

from .shapes import sample
from .soap_client import METHODS, TODAY, Site, journal, texts, voucher

CIS = [interface.ci for interface in INTERFACES]
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


def fetch(site: Site, path: str, **params: str) -> requests.Response:
    with site.http() as session:
        return session.get(f"{site.url}{path}", params=params, timeout=30)


def document(site: Site, ci: str = "AP_VOUCHER") -> Any:
    return etree.fromstring(fetch(site, f"/{credentials.NODE}/CI_{ci}.1.wsdl").content)


def namespaces(root: Any) -> list[str]:
    return [schema.get("targetNamespace") for schema in root.iter(f"{XSD}schema")]


def shapes(root: Any) -> dict[str, set[str]]:
    """Element names by the local name of the type that holds them, over all messages."""
    made: dict[str, set[str]] = {}
    for shape in root.iter(f"{XSD}complexType"):
        elements = {element.get("name") for element in shape.iter(f"{XSD}element")}
        if elements:
            made.setdefault(shape.get("name"), set()).update(elements)
    return made


def levels(level: Level) -> Iterator[Level]:
    yield level
    for child in level.children:
        yield from levels(child)


def test_every_form_of_the_address_gives_the_same_document(site: Site) -> None:
    node, file = credentials.NODE, "CI_AP_VOUCHER.1.wsdl"
    query = {"Operation": "GetWSDL", "wsdl": "CI_AP_VOUCHER.1"}
    answers = [
        fetch(site, f"/{node}/{file}"),
        fetch(site, f"/{file}"),
        fetch(site, "", **query),
        fetch(site, f"/{node}", **query),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["Content-Type"].startswith("text/xml")


@pytest.mark.parametrize(
    "path",
    [
        "/PSFT_HR/CI_AP_VOUCHER.1.wsdl",
        "/CI_AP_VOUCHER.2.wsdl",
        "/CI_NOTHING.1.wsdl",
        "/PSFT_EP/x",
        "",
        "/PSFT_EP",
    ],
)
def test_other_addresses_are_404(site: Site, path: str) -> None:
    assert fetch(site, path).status_code == 404


@pytest.mark.parametrize("ci", CIS)
def test_zeep_loads_it(site: Site, ci: str) -> None:
    client = site.client(f"CI_{ci}")
    binding = client.service._binding
    operations = {f"CI_{ci}_{ending}" for ending in METHODS.values()}
    assert set(binding._operations) == operations
    assert {op.soapaction for op in binding._operations.values()} == {f"{name}.V1" for name in operations}
    assert client.service._binding_options["address"] == f"{site.url}/{credentials.NODE}"


def test_it_holds_what_the_constructed_sample_holds(site: Site, facts: Path) -> None:
    path = facts / "peoplesoft/wsdl/CI_AP_VOUCHER.1.wsdl"
    documented, ours = etree.parse(str(path)).getroot(), document(site)
    ours_shapes = shapes(ours)
    for name, elements in shapes(documented).items():
        assert elements <= ours_shapes[name], name
    wanted, made = (zeep.Client(str(path)), site.client("CI_AP_VOUCHER"))
    assert set(wanted.service._binding._operations) == set(made.service._binding._operations)


def test_field_lengths_are_the_documented_ones(facts: Path) -> None:
    records = sample(facts, "peoplesoft/records.json")["records"]
    documented = {field["name"]: field for record in records.values() for field in record["fields"]}
    for name, field in FIELDS.items():
        known = documented.get(name)
        if known is None or field.kind == "date":
            continue
        if field.kind == "number" and field.decimals:  # a signed length counts sign and point
            assert (field.length + 2, field.decimals) == (known["length"], known["decimals"]), name
        else:
            assert field.length == known["length"], name
    own = {name for name in FIELDS if name.startswith("EDI_")}  # of records that this site made
    assert {name for name in FIELDS if name not in documented} - own == {"PHONE", "VAT_ENTRD_AMT"} | {
        name for name in ("INV_RECPT_DT", "INVOICE_RCPT_DT", "VCHR_SRC") if name not in documented
    }


def test_every_property_is_in_the_dictionary() -> None:
    for interface in INTERFACES:
        for level in levels(interface.level):
            assert set(level.fields) <= set(FIELDS)
            assert set(level.keys) <= set(level.fields)
        assert set(interface.search) <= set(interface.level.fields)


def test_every_message_has_a_namespace_of_its_own(site: Site) -> None:
    found = [namespace for ci in CIS for namespace in namespaces(document(site, ci))]
    assert len(found) == len(set(found)) == 10 * len(CIS)


def test_another_database_has_other_namespaces(site: Site) -> None:
    first = namespaces(document(site))
    again = namespaces(document(site))
    site.switch(database="EPPRD")
    other = namespaces(document(site))
    assert first == again
    assert not set(first) & set(other)
    assert site.create("AP_VOUCHER", **voucher()).saved


def test_the_address_may_name_another_host(site: Site) -> None:
    site.switch(soap_host="https://psft-internal.example:8443/")
    locations = [address.get("location") for address in document(site).iter(f"{SOAP}address")]
    path = f"/PSIGW/PeopleSoftServiceListeningConnector/{credentials.NODE}"
    assert locations == [f"https://psft-internal.example:8443{path}"]


def test_aliases_are_what_the_site_chose(site: Site) -> None:
    site.switch(aliases={"CI_AP_VOUCHER_C": "Create.V1", "CI_JOURNAL_ENTRY_C": "Create.V1"})
    operation = site.client("CI_AP_VOUCHER").service._binding._operations["CI_AP_VOUCHER_C"]
    assert operation.soapaction == "Create.V1"
    assert site.create("AP_VOUCHER", **voucher()).saved
    assert site.create("JOURNAL_ENTRY", **journal()).saved  # the same alias, told apart by the body
    assert site.sandbox.calls.count("peoplesoft SOAP Create.V1") == 2


def test_a_site_may_call_everything_by_other_names(site: Site) -> None:
    names = {"BUSINESS_UNIT": "KEYPROP_BUSINESS_UNIT", "JRNL_LN": "COLL_JRNL_LN", "DESCR": "PROP_DESCR"}
    change = {"name": "ML_JOURNAL", "service": "CI_ML_JRNL", "version": "2", "properties": names}
    site.switch(interfaces={"JOURNAL_ENTRY": change})
    assert fetch(site, "/CI_JOURNAL_ENTRY.1.wsdl").status_code == 404
    client = site.client("CI_ML_JRNL", "2")
    assert client.service._binding._operations["CI_ML_JRNL_C"].soapaction == "CI_ML_JRNL_C.V2"
    given = {names.get(name, name): value for name, value in journal().items()}
    answer = client.service.CI_ML_JRNL_C(**texts(given))
    assert answer.notification._value_1 == "1"
    key = answer.detail.ML_JOURNAL
    assert key.KEYPROP_BUSINESS_UNIT._value_1 == "US001"
    read = client.service.CI_ML_JRNL_G(
        KEYPROP_BUSINESS_UNIT="US001", JOURNAL_ID=key.JOURNAL_ID._value_1, JOURNAL_DATE=TODAY
    )
    assert read.PROP_DESCR._value_1 == "BILL payment"
    assert [line.ACCOUNT._value_1 for line in read.COLL_JRNL_LN] == ["200000", "100000"]


def test_it_may_need_a_password(site: Site) -> None:
    site.switch(wsdl_verification="basic")
    assert fetch(site, "/CI_AP_VOUCHER.1.wsdl").status_code == 200
    site.basic = None
    answer = fetch(site, "/CI_AP_VOUCHER.1.wsdl")
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True)
